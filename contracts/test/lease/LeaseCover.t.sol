// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeaseBonds} from "../mocks/LeaseBonds.sol";
import {LeaseTest} from "./LeaseTest.sol";

/// @title Cover is locked out of the provider's bond until nothing that it stands behind can be taken back any more
contract LeaseCoverTest is LeaseTest {
    uint256 private constant COVER = uint256(RATE) * 26 hours / 4;
    uint256 private constant PERIOD = 4 days;

    function setUp() public override {
        super.setUp();
        _setCover(2_500);
        bonds.setStake(COVER);
    }

    function _setCover(uint16 coverBps) private {
        book.setMarket(address(token), address(policy), ILeaseBook.Market(true, 200, coverBps, 0, 0));
    }

    /// @dev The usual lease, closed by its renter after `time` seconds.
    function _openAndClose(uint256 time) private returns (ILeaseBook.Terms memory terms) {
        terms = _openUsual();
        vm.warp(START + time);
        vm.prank(alice);
        book.close(terms);
    }

    /// @dev A lease that lasts longer than what is paid before it is final, 99,000 seconds and its grace, settled.
    function _openLong() private returns (ILeaseBook.Terms memory terms) {
        terms = _open(_offer(), ILeaseBook.Request(alice, 99_000, "long"), alice);
        vm.warp(START + 99_000 + GRACE);
        book.settle(terms);
    }

    function _openAnother() private returns (ILeaseBook.Terms memory) {
        ILeaseBook.Request memory request = _request();
        request.salt = "another";
        return _open(_offer(), request, alice);
    }

    function _free(ILeaseBook.Terms memory terms) private returns (uint256) {
        vm.prank(bob);
        return book.freeCover(terms);
    }

    function _expectNothing(ILeaseBook.Terms memory terms) private {
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_NothingToFree.selector, book.hashTerms(terms)));
        book.freeCover(terms);
    }

    function _expectStatus(ILeaseBook.Terms memory terms, ILeaseBook.Status status) private {
        vm.expectRevert(
            abi.encodeWithSelector(ILeaseBook.LeaseBook_WrongStatus.selector, book.hashTerms(terms), status)
        );
        book.freeCover(terms);
    }

    function test_open_locksTheCover() public {
        ILeaseBook.Terms memory terms = _openUsual();
        assertEq(terms.coverBps, 2_500);
        assertEq(bonds.locked(), COVER);
        ILeaseBook.Request memory request = _request();
        request.salt = "another";
        bytes memory signature = _signOffer(_offer());
        vm.prank(alice);
        vm.expectRevert("uncovered");
        book.open(_offer(), signature, request);
    }

    function test_open_locksNoMoreThanTheLeaseCanCost() public {
        ILeaseBook.Offer memory offer = _offer();
        offer.maxSeconds = 10_001;
        (offer.graceSeconds, offer.rate) = (0, 3);
        bonds.setStake(10_001);
        _open(offer, ILeaseBook.Request(alice, 10_001, "salt"), alice);
        assertEq(bonds.locked(), 7_501, "rounded up");
    }

    function test_close_leavesTheCoverLocked() public {
        _openAndClose(200);
        assertEq(bonds.locked(), COVER);
    }

    function test_settle_leavesTheCoverOfWhatRanOutLocked() public {
        ILeaseBook.Terms memory terms = _openUsual();
        vm.warp(START + FUNDED + GRACE);
        book.settle(terms);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        assertEq(bonds.locked(), COVER);
    }

    function test_close_worksWhateverTheBondsDo() public {
        LeaseBonds.Mode[2] memory modes = [LeaseBonds.Mode.Reverts, LeaseBonds.Mode.BurnsGas];
        for (uint256 i = 0; i < modes.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            ILeaseBook.Terms memory terms = _openUsual();
            bonds.setMode(modes[i]);
            vm.warp(START + 200);
            uint256 before = _balance(alice);
            vm.prank(alice);
            book.close{gas: 500_000}(terms);
            assertGt(_balance(alice), before);
            book.settle(terms);
            _assertStatus(terms, ILeaseBook.Status.Closed);
            assertEq(book.leasedUnits(node), 0);
            vm.revertToState(snapshot);
        }
    }

    function test_freeCover_freesAtOnceWhatOnlyALongerLeaseWouldNeed() public {
        ILeaseBook.Terms memory terms = _openAndClose(201);
        uint256 kept = 201 * uint256(RATE) / 4;
        vm.expectEmit(address(book));
        emit ILeaseBook.CoverFreed(book.hashTerms(terms), COVER - kept);
        assertEq(_free(terms), COVER - kept);
        assertEq(bonds.locked(), kept);
        _expectNothing(terms);
    }

    function test_freeCover_freesTheRestWhenNothingCanBeTakenBackAnyMore() public {
        ILeaseBook.Terms memory terms = _openAndClose(201);
        uint256 freed = _free(terms);
        vm.warp(START + 201 + PERIOD - 1);
        _expectNothing(terms);
        vm.warp(START + 201 + PERIOD);
        vm.expectEmit(address(book));
        emit ILeaseBook.CoverFreed(book.hashTerms(terms), COVER - freed);
        assertEq(_free(terms), COVER - freed);
        assertEq(bonds.locked(), 0);
        _expectNothing(terms);
        skip(365 days);
        _expectNothing(terms);
    }

    function test_freeCover_freesNothingEarlyOfALongLease() public {
        ILeaseBook.Terms memory terms = _openLong();
        _expectNothing(terms);
        skip(PERIOD);
        assertEq(_free(terms), COVER);
        assertEq(bonds.locked(), 0);
    }

    function test_freeCover_freesAllOfALeaseThatNeverRan() public {
        ILeaseBook.Offer memory offer = _offer();
        offer.minSeconds = 0;
        ILeaseBook.Terms memory terms = _open(offer, _request(), alice);
        vm.prank(alice);
        book.close(terms);
        assertEq(_free(terms), COVER);
        assertEq(bonds.locked(), 0);
    }

    function test_freeCover_revertsBeforeTheLeaseIsOver() public {
        ILeaseBook.Terms memory terms = _openUsual();
        _expectStatus(terms, ILeaseBook.Status.Open);
        vm.warp(START + 50);
        vm.prank(alice);
        book.close(terms);
        _expectStatus(terms, ILeaseBook.Status.Ending);
        vm.warp(START + 100);
        _expectStatus(terms, ILeaseBook.Status.Ending);
        book.settle(terms);
        assertEq(_free(terms), COVER - 100 * uint256(RATE) / 4);
        terms.rate += 1;
        _expectStatus(terms, ILeaseBook.Status.None);
    }

    function test_freeCover_goesByTheEndAndNotByWhatIsSettled() public {
        policy.setHalt(START + 50);
        ILeaseBook.Terms memory terms = _openAndClose(200);
        book.settle(terms);
        _assertStatus(terms, ILeaseBook.Status.Ended);
        assertEq(_free(terms), COVER - 200 * uint256(RATE) / 4, "by when it ended, not by what is settled");
        skip(PERIOD);
        assertEq(_free(terms), 200 * uint256(RATE) / 4);
        _assertStatus(terms, ILeaseBook.Status.Ended);
    }

    function test_freeCover_withoutACoverFreesNothing() public {
        _setCover(0);
        ILeaseBook.Terms memory terms = _openAndClose(200);
        _expectNothing(terms);
        skip(PERIOD);
        _expectNothing(terms);
    }

    /// @dev What a market covers later is not what this lease locked.
    function test_freeCover_isOfTheLeasesOwnTerms() public {
        ILeaseBook.Terms memory terms = _openAndClose(200);
        _setCover(10_000);
        skip(PERIOD);
        assertEq(_free(terms), COVER);
    }

    function test_freeCover_freesNoMoreThanSeizuresLeft() public {
        ILeaseBook.Terms memory terms = _openAndClose(200);
        book.settle(terms);
        policy.revoke(START + 180, START + 1_000);
        assertEq(book.clawBack(terms), 20 * RATE, "of the cover, after the end");
        uint256 kept = 200 * uint256(RATE) / 4;
        assertEq(_free(terms), COVER - 20 * RATE - kept);
        skip(PERIOD);
        assertEq(_free(terms), kept);
        assertEq(bonds.locked(), 0);
    }

    function test_clawBack_afterAnEarlyFreeingFindsTheRest() public {
        bonds.setStake(2 * COVER);
        ILeaseBook.Terms memory terms = _openAndClose(200);
        book.settle(terms);
        uint256 kept = 200 * uint256(RATE) / 4;
        _free(terms);
        // The provider locks the rest behind leases of its own.
        _openAnother();
        bonds.setStake(COVER + kept);
        skip(PERIOD - 1);
        policy.revoke(START + 100, START + 1_000);
        assertEq(book.clawBack(terms), kept);
        assertEq(bonds.locked(), COVER, "the cover of the other lease");
        assertEq(book.claimOf(book.hashTerms(terms)).owed, 100 * uint256(RATE) - kept);
        skip(PERIOD);
        _expectNothing(terms);
        vm.expectPartialRevert(ILeaseBook.LeaseBook_BondExhausted.selector);
        book.clawBack(terms);
    }

    function test_freeCover_leavesTheCoverOfOthers() public {
        bonds.setStake(2 * COVER);
        ILeaseBook.Terms memory terms = _openUsual();
        ILeaseBook.Terms memory other = _openAnother();
        vm.warp(START + 200);
        book.settle(terms);
        policy.revoke(START + 100, START + 1_000);
        book.clawBack(terms);
        assertEq(bonds.locked(), 2 * COVER - 100 * RATE, "all of the bond is locked");
        vm.prank(alice);
        book.close(terms);
        skip(PERIOD);
        assertEq(_free(terms), COVER - 100 * RATE);
        assertEq(bonds.locked(), COVER, "the other lease is covered as before");
        _expectNothing(terms);
        book.settle(other);
        skip(PERIOD);
        assertEq(_free(other), COVER);
        assertEq(bonds.locked(), 0);
    }

    /// @dev Whatever is seized and freed in whatever order, all of the cover is used or free in the end, and no more.
    function testFuzz_freeCover_conserves(uint256 lasts, uint256 revoked, uint256 wait, uint16 coverBps, bool early)
        public
    {
        coverBps = uint16(bound(coverBps, 1, 10_000));
        lasts = bound(lasts, 100, FUNDED);
        revoked = bound(revoked, 1, lasts);
        wait = bound(wait, 0, PERIOD - 1);
        _setCover(coverBps);
        uint256 all = (uint256(RATE) * 26 hours * coverBps + 9_999) / 10_000;
        uint256 kept = (uint256(RATE) * lasts * coverBps + 9_999) / 10_000;
        bonds.setStake(all);
        ILeaseBook.Terms memory terms = _openAndClose(lasts);
        book.settle(terms);

        uint256 freed = early ? _free(terms) : 0;
        skip(wait);
        policy.revoke(START + lasts - revoked, START + FUNDED);
        bonds.setStake(all - freed);
        uint256 owed = revoked * RATE;
        uint256 seized = book.clawBack(terms);
        assertEq(seized, owed < all - freed ? owed : all - freed);
        if (seized != owed) assertGe(seized, kept);
        vm.warp(START + lasts + PERIOD);
        if (freed + seized < all) freed += _free(terms);
        assertEq(freed + seized, all);
        assertEq(bonds.locked(), 0);
        _expectNothing(terms);
    }

    function testFuzz_freeCover_waitsForTheOutagesAfterTheEnd(uint256 start, uint256 length) public {
        ILeaseBook.Terms memory terms = _openLong();
        uint256 due = block.timestamp + PERIOD;
        length = bound(length, 1, 7 days);
        start = bound(start, block.timestamp, due - 1);
        bonds.clock().setOutage(start, start + length);
        vm.warp(due + length - 1);
        _expectNothing(terms);
        vm.warp(due + length);
        assertEq(_free(terms), COVER);
    }

    /// @dev What the policy takes back is not final as long as an outage in the week before might have kept a verdict away.
    function testFuzz_freeCover_waitsForTheOutagesBeforeTheEnd(uint256 ago, uint256 length) public {
        ILeaseBook.Terms memory terms = _openLong();
        uint256 due = block.timestamp + PERIOD;
        length = bound(length, 1, 3 days);
        uint256 start = block.timestamp - bound(ago, length, 4 days);
        bonds.clock().setOutage(start, start + length);
        vm.warp(due + length - 1);
        _expectNothing(terms);
        vm.warp(due + length);
        assertEq(_free(terms), COVER);
    }

    function test_freeCover_waitsAWeekLongerAtMost() public {
        ILeaseBook.Terms memory terms = _openLong();
        uint256 due = block.timestamp + PERIOD + 7 days;
        bonds.clock().setOutage(START, START + 1_000 days);
        vm.warp(due - 1);
        _expectNothing(terms);
        vm.warp(due);
        assertEq(_free(terms), COVER);
    }

    function test_freeCover_doesNotHangOnTheClock() public {
        ILeaseBook.Terms memory terms = _openLong();
        uint256 due = block.timestamp + PERIOD + 7 days;
        vm.mockCallRevert(address(bonds.clock()), bytes(""), bytes("no"));
        vm.warp(due - 1);
        _expectNothing(terms);
        vm.warp(due);
        assertEq(_free(terms), COVER);
    }

    /// @dev Whoever starves the clock, or the bonds, frees nothing too early and loses nothing.
    function testFuzz_freeCover_cannotBeStarved(uint256 gasLimit) public {
        ILeaseBook.Terms memory terms = _openLong();
        skip(PERIOD);
        bonds.clock().setOutage(block.timestamp - 1, block.timestamp);
        bytes memory call = abi.encodeCall(ILeaseBook.freeCover, (terms));
        (bool success,) = address(book).call{gas: bound(gasLimit, 30_000, 500_000)}(call);
        assertFalse(success);
        skip(1);
        (success,) = address(book).call{gas: bound(gasLimit, 30_000, 500_000)}(call);
        assertEq(bonds.locked(), success ? 0 : COVER);
        if (!success) assertEq(_free(terms), COVER);
    }

    function test_freeCover_canBeTriedAgainWhenTheBondsFailed() public {
        ILeaseBook.Terms memory terms = _openLong();
        skip(PERIOD);
        bonds.setMode(LeaseBonds.Mode.Reverts);
        vm.expectRevert(bytes("no"));
        book.freeCover(terms);
        bonds.setMode(LeaseBonds.Mode.Works);
        assertEq(_free(terms), COVER);
    }
}
