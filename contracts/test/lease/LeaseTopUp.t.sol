// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {LeasePolicy} from "../mocks/LeasePolicy.sol";
import {LeaseTest} from "./LeaseTest.sol";

contract LeaseTopUpTest is LeaseTest {
    ILeaseBook.Terms private terms;
    bytes32 private leaseId;

    function setUp() public override {
        super.setUp();
        terms = _openUsual();
        leaseId = book.hashTerms(terms);
        _fund(bob, RICH);
    }

    function _topUp(address payer, uint256 extraSeconds) private returns (uint256 amount) {
        uint256 before = _balance(payer);
        vm.prank(payer);
        amount = book.topUp(terms, extraSeconds);
        assertEq(_balance(payer), before - amount, "what it says is what it takes");
        _assertEscrow(terms);
    }

    function _expectOutOfBounds(uint256 asked, uint256 minimum, uint256 maximum) private {
        vm.expectRevert(
            abi.encodeWithSelector(ILeaseBook.LeaseBook_SecondsOutOfBounds.selector, asked, minimum, maximum)
        );
    }

    function test_topUp_prolongs() public {
        vm.warp(START + 4_000);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseToppedUp(leaseId, bob, 50_000, START + FUNDED + 50, 0, 0);
        assertEq(_topUp(bob, 50), 50_000);
        assertEq(_lease(terms).fundedUntil, START + FUNDED + 50);
    }

    function test_topUp_inGraceRefillsTheReserve() public {
        uint256 now_ = START + FUNDED + 300;
        vm.warp(now_);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseToppedUp(leaseId, alice, 50_000 + 300 * HOLD, now_ + 50, START + FUNDED, now_);
        assertEq(_topUp(alice, 50), 50_000 + 300 * HOLD);
        ILeaseBook.Lease memory lease = _lease(terms);
        assertEq(lease.holdFrom, START + FUNDED);
        assertEq(lease.holdTo, now_);
        assertEq(lease.fundedUntil, now_ + 50);
    }

    function test_topUp_atTheStartOfGraceHoldsNothing() public {
        vm.warp(START + FUNDED);
        assertEq(_topUp(alice, 50), 50_000);
    }

    function test_topUp_inGraceWhosePartIsSettled() public {
        vm.warp(START + FUNDED + 200);
        book.settle(terms);
        vm.warp(START + FUNDED + 300);
        assertEq(_topUp(alice, 50), 50_000 + 300 * HOLD);
    }

    function test_topUp_allRatesSettleInOneCall() public {
        vm.warp(START + FUNDED + 300);
        _topUp(alice, 50);
        vm.warp(START + FUNDED + 300 + 50 + GRACE);
        book.settle(terms);
        uint256 all = uint256(RATE) * (FUNDED + 50) + HOLD * (300 + GRACE);
        assertEq(_balance(provider) + ledger.feesOf(address(book), address(token)), all);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        assertEq(_escrow(), 0);
    }

    function test_topUp_secondGraceSettlesTheFirst() public {
        vm.warp(START + FUNDED + 300);
        _topUp(alice, 50);
        vm.warp(START + FUNDED + 300 + 50 + 10);
        assertEq(_topUp(alice, 60), 60_000 + 10 * HOLD);
        ILeaseBook.Lease memory lease = _lease(terms);
        assertEq(lease.settledTo, block.timestamp);
        assertEq(lease.holdFrom, START + FUNDED + 350);
        assertEq(lease.holdTo, block.timestamp);
        uint256 gross = uint256(RATE) * (FUNDED + 50) + HOLD * 310;
        assertEq(_balance(provider) + ledger.feesOf(address(book), address(token)), gross);
    }

    function test_topUp_revertsWhileTheFirstGraceIsUnsettled() public {
        uint256 holdTo = START + FUNDED + 300;
        vm.warp(holdTo);
        _topUp(alice, 50);
        policy.setHalt(holdTo - 1);
        vm.warp(holdTo + 60);
        vm.expectRevert(
            abi.encodeWithSelector(ILeaseBook.LeaseBook_HoldUnsettled.selector, leaseId, holdTo - 1, holdTo)
        );
        vm.prank(alice);
        book.topUp(terms, 50);
        policy.setHalt(holdTo);
        _topUp(alice, 50);
    }

    function test_topUp_beforeASecondGraceNeedsNoVerdict() public {
        vm.warp(START + FUNDED + 300);
        _topUp(alice, 50);
        policy.setMode(LeasePolicy.Mode.Waits);
        vm.warp(START + FUNDED + 310);
        assertEq(_topUp(bob, 1), 1_000);
    }

    function test_topUp_inGraceOthersBringAWholeGrace() public {
        vm.warp(START + FUNDED + 300);
        uint256 maximum = 99_000 - FUNDED - 300;
        _expectOutOfBounds(GRACE - 1, GRACE, maximum);
        vm.prank(bob);
        book.topUp(terms, GRACE - 1);
        _topUp(bob, GRACE);
    }

    /// @dev With less left to fund than a grace has, the grace that follows lasts as long as the lease may.
    function test_topUp_inTheLastGraceOthersBringAllThatIsLeft() public {
        _topUp(alice, 99_000 - FUNDED - 500);
        vm.warp(START + 98_510);
        _expectOutOfBounds(489, 490, 490);
        vm.prank(bob);
        book.topUp(terms, 489);
        _topUp(bob, 490);
        (uint256 funded, uint256 untilEnd) = book.runwayOf(terms);
        assertEq(funded, 490);
        assertEq(untilEnd, 490 + GRACE);
        vm.warp(START + 99_000);
        _expectOutOfBounds(1, 1, 0);
        vm.prank(bob);
        book.topUp(terms, 1);
    }

    function test_topUp_upToTheMaximum() public {
        uint256 maximum = 99_000 - FUNDED;
        _expectOutOfBounds(maximum + 1, 1, maximum);
        vm.prank(alice);
        book.topUp(terms, maximum + 1);
        _topUp(alice, maximum);
        _expectOutOfBounds(1, 1, 0);
        vm.prank(alice);
        book.topUp(terms, 1);
        (, uint256 untilEnd) = book.runwayOf(terms);
        assertEq(untilEnd, terms.maxSeconds);
    }

    function test_topUp_revertsOnNothingAndOnTooMuch() public {
        uint256 maximum = 99_000 - FUNDED;
        _expectOutOfBounds(0, 1, maximum);
        vm.prank(alice);
        book.topUp(terms, 0);
        _expectOutOfBounds(type(uint256).max, 1, maximum);
        vm.prank(alice);
        book.topUp(terms, type(uint256).max);
    }

    function test_topUp_revertsPastTheMaximumInGrace() public {
        ILeaseBook.Request memory request = _request();
        request.salt = "long";
        request.fundedSeconds = 99_000;
        terms = _open(_offer(), request, alice);
        vm.warp(START + 99_000 + 500);
        _expectOutOfBounds(1, 1, 0);
        vm.prank(alice);
        book.topUp(terms, 1);
    }

    function test_topUp_revertsWithoutMoney() public {
        address poor = makeAddr("poor");
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_InsufficientBalance.selector, address(token), poor, 0, 1_000)
        );
        vm.prank(poor);
        book.topUp(terms, 1);
    }

    function test_topUp_revertsOnceItRanOut() public {
        vm.warp(START + FUNDED + GRACE);
        _expectWrongStatus(ILeaseBook.Status.Ended);
        book.topUp(terms, 1);
    }

    function test_topUp_revertsWhenItsEndIsFixed() public {
        vm.prank(provider);
        book.reclaim(terms);
        _expectWrongStatus(ILeaseBook.Status.Ending);
        book.topUp(terms, 1);
        vm.warp(START + 500);
        book.settle(terms);
        _expectWrongStatus(ILeaseBook.Status.Closed);
        book.topUp(terms, 1);
    }

    function _expectWrongStatus(ILeaseBook.Status status) private {
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_WrongStatus.selector, leaseId, status));
    }

    function testFuzz_topUp_anyHistoryConserves(uint256[8] memory waits, uint256[8] memory extras, uint256 closeAfter)
        public
    {
        uint256 funded = book.escrowOf(terms);
        uint256 before = _balance(alice);
        uint256 spent;
        for (uint256 i = 0; i < waits.length; ++i) {
            (, uint256 untilEnd) = book.runwayOf(terms);
            vm.warp(block.timestamp + bound(waits[i], 0, untilEnd - 1));
            spent += _topUp(bob, bound(extras[i], GRACE, GRACE * 3));
            if (extras[i] % 2 == 0) book.settle(terms);
        }
        vm.warp(block.timestamp + bound(closeAfter, 0, FUNDED));
        vm.prank(alice);
        book.close(terms);
        _assertEscrow(terms);
        if (_lease(terms).status != ILeaseBook.Status.Closed) book.settle(terms);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        uint256 paid = _balance(provider) + ledger.feesOf(address(book), address(token));
        assertEq(paid + _balance(alice) - before, funded + spent);
    }
}

contract LeaseOperatorTest is LeaseTest {
    uint256 private constant NEEDED = uint256(RATE) * FUNDED + HOLD * GRACE;

    ILeaseBook.Terms private terms;

    function setUp() public override {
        super.setUp();
        vm.prank(alice);
        ledger.setAllowance(
            address(token),
            operator,
            ILedger.Allowance(RATE * 2, uint128(NEEDED * 2), uint40(START + 1 days), FUNDED + GRACE)
        );
        terms = _open(_offer(), _request(), operator);
    }

    function _assertUsage(uint256 rate, uint256 exposure) private view {
        ILedger.Usage memory usage = ledger.usageOf(address(token), alice, operator);
        assertEq(usage.rate, rate, "rate");
        assertEq(usage.exposure, exposure, "exposure");
    }

    function test_open_byOperatorUsesItsAllowance() public view {
        assertEq(terms.operator, operator);
        assertEq(terms.renter, alice);
        _assertUsage(RATE, NEEDED);
    }

    function test_open_byOperatorStopsAtItsCaps() public {
        ILeaseBook.Request memory request = _request();
        request.salt = "second";
        _open(_offer(), request, operator);
        request.salt = "third";
        bytes memory signature = _signOffer(_offer());
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_RateCapExceeded.selector, alice, operator, RATE * 3, RATE * 2)
        );
        vm.prank(operator);
        book.open(_offer(), signature, request);
    }

    function test_open_byOperatorForNobodyElse() public {
        ILeaseBook.Request memory request = _request();
        request.renter = bob;
        bytes memory signature = _signOffer(_offer());
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_AllowanceExpired.selector, bob, operator, 0));
        vm.prank(operator);
        book.open(_offer(), signature, request);
    }

    function test_settle_lowersUsage() public {
        vm.warp(START + 50);
        book.settle(terms);
        _assertUsage(RATE, NEEDED - 50_000);
        policy.setMode(LeasePolicy.Mode.PaysNone);
        vm.warp(START + 80);
        book.settle(terms);
        _assertUsage(RATE, NEEDED - 80_000);
    }

    function test_close_lowersUsage() public {
        vm.warp(START + 4_000);
        vm.prank(alice);
        book.close(terms);
        _assertUsage(0, uint256(RATE) * 4_000);
        book.settle(terms);
        _assertUsage(0, 0);
    }

    function test_penalty_isNotTheOperators() public {
        _fund(provider, 777);
        vm.warp(START + 4_000);
        vm.prank(provider);
        book.close(terms);
        _assertUsage(0, uint256(RATE) * 4_000);
        book.settle(terms);
        _assertUsage(0, 0);
    }

    function test_topUp_byOthersLeavesUsage() public {
        _fund(bob, RICH);
        vm.prank(bob);
        book.topUp(terms, 1_000);
        _assertUsage(RATE, NEEDED);
        // What leaves counts against the operator's own first.
        vm.warp(START + FUNDED + 1_000);
        book.settle(terms);
        _assertUsage(RATE, 0);
        vm.warp(START + FUNDED + 1_000 + GRACE);
        book.settle(terms);
        _assertUsage(0, 0);
        _assertStatus(terms, ILeaseBook.Status.Closed);
    }

    function test_operator_hasNoOtherPower() public {
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_NotAuthorized.selector, operator));
        vm.prank(operator);
        book.close(terms);
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_InsufficientBalance.selector, address(token), operator, 0, 1_000)
        );
        vm.prank(operator);
        book.topUp(terms, 1);
    }

    function test_exits_workWhenTheAllowanceIsGone() public {
        ILedger.Allowance memory none;
        vm.prank(alice);
        ledger.setAllowance(address(token), operator, none);
        ledger.setModule(address(book), 0);
        vm.warp(START + FUNDED + GRACE);
        book.settle(terms);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        _assertUsage(0, 0);
    }
}
