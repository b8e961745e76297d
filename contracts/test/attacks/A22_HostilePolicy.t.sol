// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {IReleasePolicy} from "../../src/lease/IReleasePolicy.sol";
import {LeasePolicy} from "../mocks/LeasePolicy.sol";
import {LeaseTest} from "../lease/LeaseTest.sol";

/// @notice Calls back into the LeaseBook whenever it is asked something.
contract ReentrantPolicy is IReleasePolicy {
    address private immutable BOOK;
    bytes private _call;

    constructor(address book) {
        BOOK = book;
    }

    function setCall(bytes calldata call) external {
        _call = call;
    }

    function release(bytes32, address, uint256, uint256 to, uint256 proposed)
        external
        view
        returns (uint256, uint256, uint256)
    {
        _reenter();
        return (proposed, to, 1);
    }

    function revokedSeconds(address, uint256, uint256 from, uint256 to) external view returns (uint256, uint256) {
        _reenter();
        return (to - from, 1);
    }

    function capacityOf(address) external view returns (uint256) {
        _reenter();
        return 100;
    }

    function _reenter() private view {
        (bool done,) = BOOK.staticcall(_call);
        require(_call.length == 0 || !done, "reentered");
    }
}

/// @title A policy that reverts, burns its gas, returns a bomb or lies delays payments, and does nothing else
contract HostilePolicyTest is LeaseTest {
    uint256 private constant EXIT_GAS = 250_000;
    // Two questions of 300,000 at the most, and what is done with the answers.
    uint256 private constant SETTLE_GAS = 1_000_000;

    function _hostile(uint256 mode) private pure returns (LeasePolicy.Mode) {
        return LeasePolicy.Mode(bound(mode, uint256(LeasePolicy.Mode.Reverts), uint256(type(LeasePolicy.Mode).max)));
    }

    /// @dev Whether a policy in this mode answers with three words that say something.
    function _answers(LeasePolicy.Mode mode) private pure returns (bool) {
        return mode != LeasePolicy.Mode.Reverts && mode != LeasePolicy.Mode.BurnsGas
            && mode != LeasePolicy.Mode.ReturnsTooLittle && mode != LeasePolicy.Mode.LiesBackwards;
    }

    /// @dev With gas in plenty, of which a policy takes its part and no more.
    function _settleMeasured(ILeaseBook.Terms memory terms) private {
        uint256 before = gasleft();
        book.settle{gas: 20 * SETTLE_GAS}(terms);
        assertLt(before - gasleft(), SETTLE_GAS, "a policy took more than its gas");
    }

    /// @dev Exits work with less gas than a policy would be given, and refund at once what was not used.
    function testFuzz_exitsDoNotAskIt(uint256 mode, uint256 at, bool byProvider) public {
        ILeaseBook.Terms memory terms = _openUsual();
        policy.setMode(_hostile(mode));
        at = bound(at, 100, FUNDED - 1);
        vm.warp(START + at);
        _fund(provider, terms.reclaimPrice);
        uint256 before = _balance(alice);
        vm.prank(byProvider ? provider : alice);
        book.close{gas: EXIT_GAS}(terms);
        uint256 price = byProvider ? terms.reclaimPrice : 0;
        assertEq(_balance(alice), before + (FUNDED - at) * RATE + GRACE * HOLD + price);
        assertEq(book.leasedUnits(node), 0);
    }

    /// @dev Whatever it answers, the provider gets no more than the elapsed seconds cost, and the renter no less than the rest.
    function testFuzz_settlementsAreCut(uint256 mode, uint256 at, uint256 again) public {
        ILeaseBook.Terms memory terms = _openUsual();
        policy.setMode(_hostile(mode));
        at = bound(at, 1, FUNDED);
        again = bound(again, at, FUNDED);
        vm.warp(START + at);
        _settleMeasured(terms);
        vm.warp(START + again);
        _settleMeasured(terms);
        uint256 fees = ledger.feesOf(address(book), address(token));
        assertLe(_balance(provider) + fees, again * RATE);
        if (!_answers(policy.mode())) assertEq(_balance(provider) + fees, 0, "no answer pays nothing");
        _assertEscrow(terms);
        try book.clawBack(terms) {} catch {}
        _assertEscrow(terms);
    }

    /// @dev Nor can whoever settles make a policy fail, by bringing too little gas for it.
    function testFuzz_nobodyStarvesAPolicy(uint256 brought) public {
        ILeaseBook.Terms memory terms = _openUsual();
        vm.warp(START + 100);
        brought = bound(brought, 150_000, 300_000);
        vm.expectPartialRevert(ILeaseBook.LeaseBook_InsufficientGas.selector);
        book.settle{gas: brought}(terms);
        assertEq(book.settle(terms), START + 100);
    }

    /// @dev In a batch it costs its own leases their payment, and the others nothing.
    function testFuzz_othersInABatchArePaid(uint256 mode) public {
        LeasePolicy good = new LeasePolicy();
        good.setCapacity(node, 8);
        _setMarket(address(token), address(good), 200);
        ILeaseBook.Terms[] memory many = new ILeaseBook.Terms[](2);
        many[0] = _openUsual();
        ILeaseBook.Offer memory offer = _offer();
        offer.policy = address(good);
        many[1] = _open(offer, _request(), alice);
        policy.setMode(_hostile(mode));
        vm.warp(START + 100);
        book.settleMany{gas: 2 * SETTLE_GAS}(many);
        assertEq(_lease(many[1]).settledTo, START + 100);
        assertGe(_balance(provider), 98 * RATE);
    }

    function test_itCannotReenter() public {
        ReentrantPolicy reentrant = new ReentrantPolicy(address(book));
        _setMarket(address(token), address(reentrant), 200);
        ILeaseBook.Offer memory offer = _offer();
        offer.policy = address(reentrant);
        ILeaseBook.Terms memory terms = _open(offer, _request(), alice);
        bytes[5] memory calls = [
            abi.encodeCall(ILeaseBook.settle, (terms)),
            abi.encodeCall(ILeaseBook.close, (terms)),
            abi.encodeCall(ILeaseBook.topUp, (terms, 1)),
            abi.encodeCall(ILeaseBook.clawBack, (terms)),
            abi.encodeCall(ILeaseBook.cancelOffer, (node, 1))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            reentrant.setCall(calls[i]);
            skip(100);
            book.settle(terms);
            assertEq(_lease(terms).settledTo, block.timestamp, "it answered, so it had not got in");
        }
    }
}
