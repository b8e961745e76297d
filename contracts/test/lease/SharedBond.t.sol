// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {System} from "../System.sol";
import {UptimeFeed} from "../mocks/UptimeFeed.sol";

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

    /// @dev What a cover must reach is as long as a verdict can attest.
    function test_TheMostThatCanBePaidTooEarlyIsWhatAVerdictAttests() public view {
        assertEq(leaseBook.MAX_EXPOSURE(), policy.maxValidity());
    }

    function test_freeCover_freesNoMoreThanSeizuresLeftOfTheCover() public {
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
        uint256 left = MINIMUM_BOND - 19_800 * 25_000 - cover;
        assertEq(bonds.lockedOf(provider, address(dollar)), cover + left);

        _fail(node, began + 200);
        _fail(node, began + 20_000);
        leaseBook.settle(honest);
        assertEq(uint256(leaseBook.leaseOf(leaseBook.hashTerms(honest)).status), uint256(ILeaseBook.Status.Open));
        vm.warp(began + 20_000 + 4 days);
        assertEq(leaseBook.freeCover(own), left);
        assertEq(bonds.lockedOf(provider, address(dollar)), cover, "what covers the honest lease");
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
        skip(4 days);
        vm.expectPartialRevert(ILeaseBook.LeaseBook_NothingToFree.selector);
        leaseBook.freeCover(own);
        assertEq(bonds.lockedOf(provider, address(dollar)), cover);
    }

    /// @dev The provider ends the lease as soon as it knows that it failed, and lets its other account lease its other node,
    /// which nobody measures, so that it locks all that it can.
    function test_clawBack_isNotDodgedByALeaseThatLocksTheBondAnew() public {
        _market(10_000);
        _attest(node);
        ILeaseBook.Terms memory honest = _lease(renter, node, nodeKey, 10_000, 30 days, 29 days);
        vm.warp(began + 10 hours);
        leaseBook.settle(honest);
        assertEq(ledger.balanceOf(address(dollar), provider), 10 hours * 10_000 * 98 / 100);

        vm.prank(provider);
        leaseBook.close(honest);
        assertEq(leaseBook.freeCover(honest), 16 hours * 10_000);
        (ILeaseBook.Offer memory offer, bytes memory signature) = _endless(6_838);
        vm.expectPartialRevert(IBonds.Bonds_InsufficientBond.selector);
        vm.prank(sock);
        leaseBook.open(offer, signature, ILeaseBook.Request(sock, 1, "lock"));
        (offer, signature) = _endless(6_837);
        vm.prank(sock);
        leaseBook.open(offer, signature, ILeaseBook.Request(sock, 1, "lock"));

        _fail(node, began + 100);
        _fail(node, began + 10 hours);
        leaseBook.clawBack(honest);
        ILeaseBook.Claim memory claim = leaseBook.claimOf(leaseBook.hashTerms(honest));
        assertEq(claim.revoked, 10 hours - 100);
        skip(365 days);
        if (claim.owed != 0) leaseBook.clawBack(honest);
        claim = leaseBook.claimOf(leaseBook.hashTerms(honest));
        assertEq(claim.seized, (10 hours - 100) * 10_000, "the bond had this locked behind the lease");
    }

    /// @dev An outage before the end, too, keeps what is taken back from being final. The cover waits for that and for claims.
    function test_freeCover_waitsUntilWhatIsTakenBackCanBeClaimed() public {
        _market(10_000);
        UptimeFeed feed = new UptimeFeed();
        outageClock.setFeed(address(feed));
        ILeaseBook.Terms memory terms = _lease(renter, node, nodeKey, 10_000, 30 days, 29 days);
        feed.goDown(block.timestamp);
        skip(3 days);
        feed.comeUp(block.timestamp);
        uint256 measured = block.timestamp;
        _record(measured, true);
        skip(10 hours);
        leaseBook.settle(terms);
        vm.prank(provider);
        leaseBook.close(terms);
        _record(measured + 100, false);

        uint256 end = block.timestamp;
        vm.warp(end + 4 days);
        vm.expectPartialRevert(ILeaseBook.LeaseBook_NothingToFree.selector);
        leaseBook.freeCover(terms);
        vm.warp(end + 5 days - 1);
        vm.expectPartialRevert(ILeaseBook.LeaseBook_NothingRevoked.selector);
        leaseBook.clawBack(terms);
        vm.warp(end + 7 days - 1);
        vm.expectPartialRevert(ILeaseBook.LeaseBook_NothingToFree.selector);
        leaseBook.freeCover(terms);
        uint256 snapshot = vm.snapshotState();
        vm.warp(end + 5 days);
        assertEq(leaseBook.clawBack(terms), (10 hours - 100) * 10_000);
        vm.revertToState(snapshot);
        vm.warp(end + 7 days);
        assertEq(leaseBook.freeCover(terms), 26 hours * 10_000);
        assertEq(bonds.lockedOf(provider, address(dollar)), 0);
    }

    /// @dev Locks of a former claimer are anybody's to open; leases end without them.
    function test_freeCover_revertsWhereTheBondsFreedItAlready() public {
        _market(10_000);
        ILeaseBook.Terms memory terms = _lease(renter, node, nodeKey, 10_000, 30 days, 29 days);
        bonds.setClaimer(address(leaseBook), false);
        uint256 snapshot = vm.snapshotState();
        vm.warp(began + 29 days + 4 days);
        leaseBook.settle(terms);
        assertEq(leaseBook.freeCover(terms), 26 hours * 10_000, "a former claimer frees what it locked");
        vm.revertToState(snapshot);

        bonds.unlockFormer(address(leaseBook), provider, address(dollar));
        vm.prank(renter);
        leaseBook.close(terms);
        assertEq(leaseBook.escrowOf(terms), 100 * 10_000, "the least seconds await their end");
        skip(100 + 4 days);
        leaseBook.settle(terms);
        assertEq(leaseBook.escrowOf(terms), 0);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientLock.selector, 0, 26 hours * 10_000));
        leaseBook.freeCover(terms);
    }

    /// @dev An offer on the second node for a second, and an endless grace that costs nothing.
    function _endless(uint96 rate) private returns (ILeaseBook.Offer memory offer, bytes memory signature) {
        offer = _offer(node2);
        offer.nonce = 1;
        offer.rate = rate;
        (offer.minSeconds, offer.maxSeconds) = (0, type(uint32).max);
        (offer.graceSeconds, offer.holdRateBps) = (type(uint32).max - 1, 0);
        signature = _signOffer(offer, key2);
    }

    /// @dev As the VerifierSet would have it, whose committees slept through the outage.
    function _record(uint256 measuredAt, bool passed) private {
        vm.prank(address(verifierSet));
        policy.record(node, measuredAt, passed ? measuredAt + 1 days : 0, passed ? UNITS : 0, passed);
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
