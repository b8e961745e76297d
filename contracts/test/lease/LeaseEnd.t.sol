// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {LeasePolicy} from "../mocks/LeasePolicy.sol";
import {LeaseTest} from "./LeaseTest.sol";

contract LeaseEndTest is LeaseTest {
    uint256 private constant PRICE = 777;

    ILeaseBook.Terms private terms;
    bytes32 private leaseId;

    function setUp() public override {
        super.setUp();
        terms = _openUsual();
        leaseId = book.hashTerms(terms);
    }

    function _closeAs(address caller) private {
        vm.prank(caller);
        book.close(terms);
        _assertEscrow(terms);
    }

    function _expectWrongStatus(ILeaseBook.Status status) private {
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_WrongStatus.selector, leaseId, status));
    }

    function test_close_byRenterRefundsTheRest() public {
        vm.warp(START + 4_000);
        uint256 refund = uint256(RATE) * 6_000 + HOLD * GRACE;
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseEnding(leaseId, alice, START + 4_000, refund, 0);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseEnded(leaseId, node, 2);
        uint256 before = _balance(alice);
        _closeAs(alice);
        assertEq(_balance(alice), before + refund);
        assertEq(_escrow(), uint256(RATE) * 4_000);
        assertEq(book.leasedUnits(node), 0);
        _assertStatus(terms, ILeaseBook.Status.Ended);
        book.settle(terms);
        assertEq(_balance(provider), uint256(RATE) * 4_000 * 98 / 100);
        _assertStatus(terms, ILeaseBook.Status.Closed);
    }

    function test_close_byRenterKeepsTheMinimum() public {
        vm.warp(START + 40);
        uint256 before = _balance(alice);
        _closeAs(alice);
        _assertStatus(terms, ILeaseBook.Status.Ending);
        assertEq(_lease(terms).endsAt, START + 100);
        assertEq(_balance(alice), before + uint256(RATE) * 9_900 + HOLD * GRACE);
        assertEq(book.leasedUnits(node), 2);
        _expectWrongStatus(ILeaseBook.Status.Ending);
        _closeAs(alice);
        vm.warp(START + 100);
        book.settle(terms);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        assertEq(_balance(provider), uint256(RATE) * 100 * 98 / 100);
    }

    function test_close_inTheFirstSecondClosesForGood() public {
        ILeaseBook.Offer memory offer = _offer();
        offer.minSeconds = 0;
        terms = _open(offer, _request(), alice);
        leaseId = book.hashTerms(terms);
        uint256 before = _balance(alice);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseClosed(leaseId);
        vm.prank(alice);
        book.close(terms);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        assertEq(book.escrowOf(terms), 0);
        assertEq(_balance(alice), before + uint256(RATE) * FUNDED + HOLD * GRACE);
    }

    function test_close_byRenterInGrace() public {
        vm.warp(START + FUNDED + 300);
        uint256 before = _balance(alice);
        _closeAs(alice);
        assertEq(_balance(alice), before + HOLD * 700);
        assertEq(_lease(terms).endsAt, START + FUNDED + 300);
    }

    function test_close_byProviderPaysThePrice() public {
        _fund(provider, PRICE);
        vm.warp(START + 4_000);
        uint256 refund = uint256(RATE) * 6_000 + HOLD * GRACE;
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseEnding(leaseId, provider, START + 4_000, refund, PRICE);
        uint256 before = _balance(alice);
        _closeAs(provider);
        assertEq(_balance(alice), before + refund + PRICE);
        assertEq(_balance(provider), 0);
        _assertStatus(terms, ILeaseBook.Status.Ended);
    }

    function test_close_byProviderRevertsWithoutThePrice() public {
        _fund(provider, PRICE - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILedger.Ledger_InsufficientBalance.selector, address(token), provider, PRICE - 1, PRICE
            )
        );
        _closeAs(provider);
    }

    function test_close_byProviderIsFreeInGrace() public {
        vm.warp(START + FUNDED);
        uint256 before = _balance(alice);
        _closeAs(provider);
        assertEq(_balance(alice), before + HOLD * GRACE);
        _assertStatus(terms, ILeaseBook.Status.Ended);
    }

    function test_close_byProviderBeforeItsNoticePassedCostsThePrice() public {
        vm.prank(provider);
        book.reclaim(terms);
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_InsufficientBalance.selector, address(token), provider, 0, PRICE)
        );
        _closeAs(provider);
        _fund(provider, PRICE);
        _closeAs(provider);
        assertEq(_lease(terms).endsAt, START);
        _assertStatus(terms, ILeaseBook.Status.Closed);
    }

    function test_close_revertsForOthersWhileItRuns() public {
        vm.warp(START + FUNDED + GRACE - 1);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_NotAuthorized.selector, bob));
        _closeAs(bob);
    }

    function test_close_byAnyoneOnceItRanOut() public {
        uint256 end = START + FUNDED + GRACE;
        vm.warp(end);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseEnding(leaseId, address(0), end, 0, 0);
        _closeAs(bob);
        _assertStatus(terms, ILeaseBook.Status.Ended);
        assertEq(book.leasedUnits(node), 0);
        _expectWrongStatus(ILeaseBook.Status.Ended);
        _closeAs(bob);
    }

    function test_close_byAnyoneOnceTheEndingHasPassed() public {
        vm.prank(provider);
        book.reclaim(terms);
        vm.warp(START + 500);
        vm.recordLogs();
        _closeAs(bob);
        assertEq(_logged(ILeaseBook.LeaseEnding.selector).topics.length, 0);
        _assertStatus(terms, ILeaseBook.Status.Ended);
        assertEq(_lease(terms).endsAt, START + 500);
    }

    function test_close_byProviderOnceItRanOutIsFree() public {
        vm.warp(START + FUNDED + GRACE);
        _closeAs(provider);
        _assertStatus(terms, ILeaseBook.Status.Ended);
    }

    function test_close_revertsWhenClosed() public {
        vm.warp(START + FUNDED + GRACE);
        book.settle(terms);
        _expectWrongStatus(ILeaseBook.Status.Closed);
        _closeAs(alice);
    }

    function test_close_byRenterShortensANotice() public {
        vm.prank(provider);
        book.reclaim(terms);
        vm.warp(START + 200);
        uint256 before = _balance(alice);
        _closeAs(alice);
        assertEq(_balance(alice), before + uint256(RATE) * 300);
        assertEq(_lease(terms).endsAt, START + 200);
    }

    function test_close_neverAsksThePolicy() public {
        vm.warp(START + 4_000);
        policy.setMode(LeasePolicy.Mode.BurnsGas);
        vm.expectCall(address(policy), abi.encodePacked(LeasePolicy.release.selector), 0);
        uint256 before = gasleft();
        _closeAs(alice);
        assertLt(before - gasleft(), 150_000);
    }

    function test_close_worksWithAStoppedModule() public {
        ledger.setModule(address(book), 0);
        vm.warp(START + 4_000);
        _closeAs(alice);
        book.settle(terms);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        assertEq(_escrow(), 0);
    }

    function test_reclaim_endsAfterTheNotice() public {
        vm.warp(START + 1_000);
        uint256 refund = uint256(RATE) * 8_500 + HOLD * GRACE;
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseEnding(leaseId, provider, START + 1_500, refund, 0);
        uint256 before = _balance(alice);
        vm.prank(provider);
        book.reclaim(terms);
        assertEq(_balance(alice), before + refund);
        _assertStatus(terms, ILeaseBook.Status.Ending);
        _assertEscrow(terms);
        vm.warp(START + 9_000);
        book.settle(terms);
        assertEq(_balance(provider), uint256(RATE) * 1_500 * 98 / 100);
        _assertStatus(terms, ILeaseBook.Status.Closed);
    }

    function test_reclaim_neverProlongs() public {
        uint256 end = START + FUNDED + GRACE;
        vm.warp(end - 100);
        vm.prank(provider);
        book.reclaim(terms);
        assertEq(_lease(terms).endsAt, end);
        _assertStatus(terms, ILeaseBook.Status.Ending);
    }

    function test_reclaim_revertsTwice() public {
        vm.startPrank(provider);
        book.reclaim(terms);
        vm.warp(START + 1);
        _expectWrongStatus(ILeaseBook.Status.Ending);
        book.reclaim(terms);
    }

    function test_reclaim_revertsForOthers() public {
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_NotAuthorized.selector, alice));
        vm.prank(alice);
        book.reclaim(terms);
    }

    function test_reclaim_onceItRanOutEndsIt() public {
        vm.warp(START + FUNDED + GRACE + 5);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseEnding(leaseId, address(0), START + FUNDED + GRACE, 0, 0);
        vm.prank(provider);
        book.reclaim(terms);
        _assertStatus(terms, ILeaseBook.Status.Ended);
    }

    function testFuzz_close_conserves(uint256 settleAt, uint256 closeAt, uint256 mode, bool byRenter) public {
        uint256 total = uint256(RATE) * FUNDED + HOLD * GRACE;
        _fund(provider, PRICE);
        uint256 before = _balance(alice);
        settleAt = bound(settleAt, START, START + FUNDED + GRACE - 1);
        closeAt = bound(closeAt, settleAt, START + FUNDED + GRACE + 10);
        policy.setMode(LeasePolicy.Mode(bound(mode, 0, uint256(type(LeasePolicy.Mode).max))));
        vm.warp(settleAt);
        book.settle(terms);
        vm.warp(closeAt);
        _closeAs(byRenter ? alice : provider);

        // Whatever the policy does, two weeks after the end one call closes the lease.
        vm.warp(_lease(terms).endsAt + book.FALLBACK());
        if (_lease(terms).status != ILeaseBook.Status.Closed) book.settle(terms);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        assertEq(_escrow(), 0);
        uint256 received = _balance(alice) - before;
        uint256 paid = _balance(provider) + ledger.feesOf(address(book), address(token));
        assertEq(received + paid, total + PRICE);
    }
}
