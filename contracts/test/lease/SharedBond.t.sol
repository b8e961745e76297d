// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {System} from "../System.sol";

/// @title Leases whose covers are locked in one provider's bond
/// @notice A dollar lease of an honest renter on one node, and one of the provider's own other account on another node.
contract SharedBondTest is System {
    address private sock = makeAddr("the provider's other account");
    address private node2;
    uint256 private key2;
    uint256 private began;
    uint256 private salts;

    function setUp() public override {
        super.setUp();
        (node2, key2) = makeAddrAndKey("node 2");
        _registerNode(provider, node2, key2);
        _enrich(sock);
        _enrich(renter);
        began = block.timestamp;
    }

    function test_close_freesNoMoreThanSeizuresLeftOfTheCover() public {
        _market(10_000);
        _attest(node);
        _attest(node2);
        ILeaseBook.Terms memory honest = _lease(renter, node, nodeKey, 5_000, 30 days, 29 days);
        ILeaseBook.Terms memory own = _lease(sock, node2, key2, 25_000, 20_000, 20_000);
        uint256 cover = 26 hours * 5_000;
        assertEq(bonds.lockedOf(provider, address(dollar)), cover + 500e6);

        vm.warp(began + 19_900);
        leaseBook.settle(own);
        _fail(node2, began + 100);
        vm.warp(began + 19_950);
        _fail(node2, began + 19_940);
        assertEq(leaseBook.clawBack(own), 19_800 * 25_000);
        vm.warp(began + 20_000);
        leaseBook.settle(own);
        assertEq(bonds.lockedOf(provider, address(dollar)), cover, "what covers the honest lease");

        _fail(node, began + 200);
        _fail(node, began + 20_000);
        leaseBook.settle(honest);
        assertEq(uint256(leaseBook.leaseOf(leaseBook.hashTerms(honest)).status), uint256(ILeaseBook.Status.Open));
    }

    function test_clawBack_takesNoOtherLeasesCover() public {
        _market(2_500);
        _attest(node);
        _attest(node2);
        ILeaseBook.Terms memory honest = _lease(renter, node, nodeKey, 20_000, 30 days, 1 days);
        ILeaseBook.Terms memory own = _lease(sock, node2, key2, 100_000, 20_000, 20_000);
        uint256 cover = 26 hours * 20_000 / 4;
        vm.warp(began + 11_000);
        leaseBook.settle(own);
        leaseBook.settle(honest);
        _fail(node2, began + 100);
        _fail(node2, began + 11_000);
        assertEq(leaseBook.clawBack(own), MINIMUM_BOND - cover, "the free part and its own cover");
        assertEq(bonds.lockedOf(provider, address(dollar)), cover);
        assertGt(leaseBook.claimOf(leaseBook.hashTerms(own)).owed, 0, "the rest stays owed");

        vm.warp(began + 20_000);
        leaseBook.settle(own);
        assertEq(bonds.lockedOf(provider, address(dollar)), cover);
        vm.expectPartialRevert(ILeaseBook.LeaseBook_BondExhausted.selector);
        leaseBook.clawBack(own);
    }

    function _enrich(address account) private {
        dollar.mint(account, 1e15);
        vm.startPrank(account);
        dollar.approve(address(ledger), type(uint256).max);
        ledger.deposit(address(dollar), account, 2e14);
        vm.stopPrank();
    }

    function _market(uint16 coverBps) private {
        leaseBook.setMarket(address(dollar), address(policy), ILeaseBook.Market(true, uint16(FEE_BPS), coverBps, 0, 0));
    }

    function _lease(address who, address on, uint256 key, uint96 rate, uint32 most, uint32 funded)
        private
        returns (ILeaseBook.Terms memory)
    {
        ILeaseBook.Offer memory offer = _offer(on);
        offer.nonce = 1;
        offer.rate = rate;
        offer.maxSeconds = most;
        offer.graceSeconds = 0;
        bytes memory signature = _signOffer(offer, key);
        vm.recordLogs();
        vm.prank(who);
        leaseBook.open(offer, signature, ILeaseBook.Request(who, funded, bytes32(++salts)));
        return _openedTerms();
    }

    function _fail(address on, uint256 measuredAt) private {
        IVerifierSet.Verdict memory verdict = _verdict(on);
        verdict.measurement.startMs = uint64(measuredAt * 1000);
        verdict.measurement.endMs = uint64(measuredAt * 1000 + 1);
        verdict.beaconRound = uint64(verifierSet.roundAt(measuredAt));
        verdict.result = uint8(IVerifierSet.Result.Timeout);
        verifierSet.submit(verdict, _signed(verdict));
    }
}
