// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeaseBook} from "../../src/lease/LeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {LeaseBonds} from "../mocks/LeaseBonds.sol";
import {LeasePolicy} from "../mocks/LeasePolicy.sol";
import {LeaseRegistry} from "../mocks/LeaseRegistry.sol";
import {MoneyTest} from "../money/MoneyTest.sol";

/// @notice A LeaseBook over a Ledger, with one node of 8 units, and a renter (alice) who has a balance.
abstract contract LeaseTest is MoneyTest {
    uint96 internal constant RATE = 1_000;
    uint256 internal constant HOLD = 100;
    uint32 internal constant FUNDED = 10_000;
    uint32 internal constant GRACE = 1_000;
    uint256 internal constant FEE_BPS = 200;
    uint256 internal constant RICH = 1e15;

    LeaseBook internal book;
    LeaseRegistry internal registry;
    LeasePolicy internal policy;
    LeaseBonds internal bonds;

    address internal node;
    uint256 internal nodeKey;
    address internal provider;
    uint256 internal providerKey;
    address internal operator = makeAddr("operator");

    function setUp() public virtual override {
        super.setUp();
        registry = new LeaseRegistry();
        policy = new LeasePolicy();
        bonds = new LeaseBonds();
        book = new LeaseBook(address(authority), ledger, INodeRegistry(address(registry)), IBonds(address(bonds)));
        ledger.setModule(address(book), PRODUCT);
        _setMarket(address(token), address(policy), uint16(FEE_BPS));

        (node, nodeKey) = makeAddrAndKey("node");
        (provider, providerKey) = makeAddrAndKey("provider");
        registry.setNode(node, provider, INodeRegistry.Status.Active);
        policy.setCapacity(node, 8);
        _fund(alice, RICH);
    }

    /// @dev An open market without a cover or minima.
    function _setMarket(address token_, address policy_, uint16 feeBps) internal {
        book.setMarket(token_, policy_, ILeaseBook.Market(true, feeBps, 0, 0, 0));
    }

    /// @dev 100 seconds at least, 100,000 at most, grace 1,000 at 10%, notice 500, reclaim price 777.
    function _offer() internal view returns (ILeaseBook.Offer memory offer) {
        offer.node = node;
        offer.units = 2;
        offer.token = address(token);
        offer.rate = RATE;
        offer.minSeconds = 100;
        offer.maxSeconds = 100_000;
        offer.graceSeconds = GRACE;
        offer.holdRateBps = 1_000;
        offer.noticeSeconds = 500;
        offer.reclaimPrice = 777;
        offer.policy = address(policy);
        offer.reusable = true;
        offer.deadline = uint64(START + 365 days);
        offer.nonce = 1;
    }

    function _request() internal view returns (ILeaseBook.Request memory) {
        return ILeaseBook.Request(alice, FUNDED, "salt");
    }

    function _signOffer(ILeaseBook.Offer memory offer) internal view returns (bytes memory) {
        return _sign(nodeKey, book.hashOffer(offer));
    }

    /// @dev Opens the usual lease on the usual offer.
    function _openUsual() internal returns (ILeaseBook.Terms memory) {
        return _open(_offer(), _request(), alice);
    }

    function _open(ILeaseBook.Offer memory offer, ILeaseBook.Request memory request, address caller)
        internal
        returns (ILeaseBook.Terms memory)
    {
        bytes memory signature = _signOffer(offer);
        vm.recordLogs();
        vm.prank(caller);
        book.open(offer, signature, request);
        return _openedTerms();
    }

    /// @dev The terms in the `LeaseOpened` among the recorded logs.
    function _openedTerms() internal returns (ILeaseBook.Terms memory terms) {
        terms = abi.decode(_logged(ILeaseBook.LeaseOpened.selector).data, (ILeaseBook.Terms));
    }

    /// @dev The last recorded log of the LeaseBook with this first topic; without one it has no topics.
    function _logged(bytes32 topic) internal returns (Vm.Log memory found) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(book) && logs[i].topics[0] == topic) found = logs[i];
        }
    }

    function _lease(ILeaseBook.Terms memory terms) internal view returns (ILeaseBook.Lease memory) {
        return book.leaseOf(book.hashTerms(terms));
    }

    function _balance(address owner) internal view returns (uint256) {
        return ledger.balanceOf(address(token), owner);
    }

    function _escrow() internal view returns (uint256) {
        return ledger.escrowOf(address(book), address(token));
    }

    function _assertStatus(ILeaseBook.Terms memory terms, ILeaseBook.Status expected) internal view {
        assertEq(uint256(_lease(terms).status), uint256(expected), "status");
    }

    /// @dev What is at stake in every test: the escrow is exactly what the leases account for.
    function _assertEscrow(ILeaseBook.Terms memory terms) internal view {
        assertEq(book.escrowOf(terms), _escrow(), "escrow of the lease");
    }
}
