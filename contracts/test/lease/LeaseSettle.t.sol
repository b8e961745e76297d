// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {PolicyCalls} from "../../src/lease/PolicyCalls.sol";
import {LeasePolicy} from "../mocks/LeasePolicy.sol";
import {LeaseTest} from "./LeaseTest.sol";

contract LeaseSettleTest is LeaseTest {
    ILeaseBook.Terms private terms;
    bytes32 private leaseId;

    function setUp() public override {
        super.setUp();
        terms = _openUsual();
        leaseId = book.hashTerms(terms);
    }

    function _settleAt(uint256 time) private returns (uint256 settledTo) {
        vm.warp(time);
        settledTo = book.settle(terms);
        assertEq(settledTo, _lease(terms).settledTo);
        _assertEscrow(terms);
    }

    function test_settle_paysTheProviderAndTheFee() public {
        vm.warp(START + 50);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseSettled(leaseId, START, START + 50, 49_000, 1_000, 0);
        _settleAt(START + 50);
        assertEq(_balance(provider), 49_000);
        assertEq(ledger.feesOf(address(book), address(token)), 1_000);
        _assertStatus(terms, ILeaseBook.Status.Open);
    }

    function test_settle_refundsWhatIsNotAttested() public {
        policy.setMode(LeasePolicy.Mode.PaysNone);
        uint256 before = _balance(alice);
        _settleAt(START + 50);
        assertEq(_balance(provider), 0);
        assertEq(_balance(alice), before + 50_000);
    }

    function test_settle_splitsAPartialVerdict() public {
        policy.setMode(LeasePolicy.Mode.LiesHalf);
        uint256 before = _balance(alice);
        assertEq(_settleAt(START + 50), START + 25);
        // It asks for all of the proposed 50,000 for half of the way: it gets that half.
        assertEq(_balance(provider), 24_500);
        assertEq(_balance(alice), before);
    }

    function test_settle_feeIsRoundedDown() public {
        ILeaseBook.Offer memory offer = _offer();
        offer.rate = 49;
        ILeaseBook.Request memory request = _request();
        request.salt = "odd";
        ILeaseBook.Terms memory odd = _open(offer, request, alice);
        vm.warp(START + 1);
        book.settle(odd);
        assertEq(_balance(provider), 49);
        assertEq(ledger.feesOf(address(book), address(token)), 0);
    }

    function test_settle_twiceInASecondMovesNothing() public {
        _settleAt(START + 50);
        vm.recordLogs();
        _settleAt(START + 50);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_settle_withoutProgressIsSilent() public {
        LeasePolicy.Mode[5] memory modes = [
            LeasePolicy.Mode.Waits,
            LeasePolicy.Mode.Reverts,
            LeasePolicy.Mode.BurnsGas,
            LeasePolicy.Mode.ReturnsTooLittle,
            LeasePolicy.Mode.LiesBackwards
        ];
        for (uint256 i = 0; i < modes.length; ++i) {
            policy.setMode(modes[i]);
            vm.recordLogs();
            assertEq(_settleAt(START + 50), START);
            assertEq(vm.getRecordedLogs().length, 0);
        }
    }

    function test_settle_cutsLies() public {
        LeasePolicy.Mode[2] memory modes = [LeasePolicy.Mode.LiesAbove, LeasePolicy.Mode.ReturnsBomb];
        for (uint256 i = 0; i < modes.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            policy.setMode(modes[i]);
            assertEq(_settleAt(START + 50), START + 50);
            assertEq(_balance(provider), 49_000);
            vm.revertToState(snapshot);
        }
    }

    function test_settle_policyWithoutCodeAnswersNothing() public {
        vm.etch(address(policy), "");
        assertEq(_settleAt(START + 50), START);
    }

    function test_settle_gasOfAPolicyIsCapped() public {
        policy.setMode(LeasePolicy.Mode.BurnsGas);
        vm.warp(START + 50);
        uint256 before = gasleft();
        book.settle(terms);
        assertLt(before - gasleft(), PolicyCalls.POLICY_GAS + 60_000);
        policy.setMode(LeasePolicy.Mode.ReturnsBomb);
        before = gasleft();
        book.settle(terms);
        assertLt(before - gasleft(), PolicyCalls.POLICY_GAS + 120_000);
    }

    function testFuzz_settle_cannotStarveThePolicy(uint256 gasLimit) public {
        gasLimit = bound(gasLimit, 20_000, 1_200_000);
        // A policy that needs nearly all of what it is given, and would pay.
        vm.etch(address(policy), address(new GreedyPolicy(PolicyCalls.POLICY_GAS - 10_000)).code);
        vm.warp(START + 15 days);
        uint256 before = _balance(alice);
        (bool success, bytes memory answer) =
            address(book).call{gas: gasLimit}(abi.encodeCall(ILeaseBook.settle, (terms)));
        if (success) {
            assertEq(_balance(provider), (uint256(RATE) * FUNDED + HOLD * GRACE) * 98 / 100);
        } else if (answer.length != 0) {
            assertEq(bytes4(answer), ILeaseBook.LeaseBook_InsufficientGas.selector);
        }
        assertEq(_balance(alice), before, "a starved policy refunds nothing");
    }

    function test_settle_refundsWhatStaysUndecided() public {
        ILeaseBook.Offer memory offer = _offer();
        offer.maxSeconds = 60 days;
        ILeaseBook.Request memory request = _request();
        request.fundedSeconds = 40 days;
        terms = _open(offer, request, alice);
        policy.setHalt(START + 1 days);
        vm.warp(START + 20 days);
        uint256 before = _balance(alice);
        book.settle(terms);
        assertEq(_lease(terms).settledTo, START + 6 days);
        assertEq(_balance(provider), 1 days * uint256(RATE) * 98 / 100);
        assertEq(_balance(alice), before + 5 days * uint256(RATE));
        policy.setMode(LeasePolicy.Mode.PaysAll);
        book.settle(terms);
        assertEq(_lease(terms).settledTo, START + 20 days);
        assertEq(_balance(provider), 15 days * uint256(RATE) * 98 / 100);
    }

    function test_settle_fallbackWaitsUntilItsTime() public {
        policy.setMode(LeasePolicy.Mode.Reverts);
        vm.warp(START + 14 days);
        book.settle(terms);
        assertEq(_lease(terms).settledTo, START);
        vm.warp(START + 14 days + 1);
        book.settle(terms);
        assertEq(_lease(terms).settledTo, START + 1);
    }

    function test_settle_graceAtTheHoldRate() public {
        _settleAt(START + FUNDED + 400);
        assertEq(_balance(provider), (uint256(RATE) * FUNDED + HOLD * 400) * 98 / 100);
        _assertStatus(terms, ILeaseBook.Status.Open);
    }

    function test_settle_endsAndClosesWhatRanOut() public {
        uint256 end = START + FUNDED + GRACE;
        uint256 all = uint256(RATE) * FUNDED + HOLD * GRACE;
        vm.warp(end + 7);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseEnding(leaseId, address(0), end, 0, 0);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseSettled(leaseId, START, end, all * 98 / 100, all * 2 / 100, 0);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseEnded(leaseId, node, 2);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseClosed(leaseId);
        _settleAt(end + 7);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        assertEq(_lease(terms).endsAt, end);
        assertEq(_balance(provider), all * 98 / 100);
        assertEq(_escrow(), 0);
        assertEq(book.leasedUnits(node), 0);
    }

    function test_settle_endsEvenIfThePolicyWaits() public {
        policy.setMode(LeasePolicy.Mode.Waits);
        uint256 end = START + FUNDED + GRACE;
        _settleAt(end);
        _assertStatus(terms, ILeaseBook.Status.Ended);
        assertEq(book.leasedUnits(node), 0);
        assertEq(_lease(terms).settledTo, START);
        policy.setMode(LeasePolicy.Mode.PaysAll);
        _settleAt(end + 1);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        assertEq(book.leasedUnits(node), 0);
    }

    function test_settle_freeHoldNeedsNoVerdict() public {
        ILeaseBook.Offer memory offer = _offer();
        offer.holdRateBps = 0;
        ILeaseBook.Request memory request = _request();
        request.salt = "free";
        ILeaseBook.Terms memory free = _open(offer, request, alice);
        policy.setHalt(START + FUNDED);
        vm.warp(START + FUNDED + GRACE);
        book.settle(free);
        _assertStatus(free, ILeaseBook.Status.Closed);
    }

    function test_settle_revertsOnClosed() public {
        _settleAt(START + FUNDED + GRACE);
        vm.expectRevert(
            abi.encodeWithSelector(ILeaseBook.LeaseBook_WrongStatus.selector, leaseId, ILeaseBook.Status.Closed)
        );
        book.settle(terms);
    }

    function test_settle_revertsOnUnknownTerms() public {
        terms.rate += 1;
        bytes memory error = abi.encodeWithSelector(
            ILeaseBook.LeaseBook_WrongStatus.selector, book.hashTerms(terms), ILeaseBook.Status.None
        );
        vm.expectRevert(error);
        book.settle(terms);
        vm.expectRevert(error);
        book.close(terms);
        vm.expectRevert(error);
        book.topUp(terms, 1);
        vm.expectRevert(error);
        book.reclaim(terms);
        vm.expectRevert(error);
        book.escrowOf(terms);
        vm.expectRevert(error);
        book.runwayOf(terms);
        ILeaseBook.Terms[] memory many = new ILeaseBook.Terms[](1);
        many[0] = terms;
        vm.expectRevert(error);
        book.settleMany(many);
    }

    function test_settleMany_passesOverTheClosed() public {
        ILeaseBook.Request memory request = _request();
        request.salt = "second";
        request.fundedSeconds = 50_000;
        ILeaseBook.Terms memory second = _open(_offer(), request, alice);
        _settleClosed();
        uint256 before = _balance(provider);
        ILeaseBook.Terms[] memory many = new ILeaseBook.Terms[](2);
        (many[0], many[1]) = (terms, second);
        book.settleMany(many);
        assertEq(_lease(second).settledTo, block.timestamp);
        assertEq(_balance(provider), before + uint256(RATE) * (FUNDED + GRACE) * 98 / 100);
        _assertEscrow(second);
    }

    function _settleClosed() private {
        vm.warp(START + FUNDED + GRACE);
        book.settle(terms);
        _assertStatus(terms, ILeaseBook.Status.Closed);
    }

    function testFuzz_settle_inAnyStepsPaysTheSame(uint256[6] memory steps) public {
        uint256 end = START + FUNDED + GRACE;
        uint256 time = START;
        for (uint256 i = 0; i < steps.length; ++i) {
            time += bound(steps[i], 0, (FUNDED + GRACE) / 6);
            _settleAt(time);
        }
        if (_lease(terms).status != ILeaseBook.Status.Closed) _settleAt(end);
        uint256 all = uint256(RATE) * FUNDED + HOLD * GRACE;
        uint256 fees = ledger.feesOf(address(book), address(token));
        assertEq(_balance(provider) + fees, all);
        // One wei of fee at most is lost to rounding by each settlement.
        assertApproxEqAbs(fees, all * FEE_BPS / 10_000, 7);
        assertEq(_escrow(), 0);
    }

    function test_runwayOf_counts() public {
        _assertRunway(FUNDED, FUNDED + GRACE);
        vm.warp(START + FUNDED - 1);
        _assertRunway(1, GRACE + 1);
        vm.warp(START + FUNDED + 10);
        _assertRunway(0, GRACE - 10);
        vm.warp(START + FUNDED + GRACE + 10);
        _assertRunway(0, 0);
        book.settle(terms);
        _assertRunway(0, 0);
    }

    function test_runwayOf_endsWhereTheLeaseDoes() public {
        vm.prank(provider);
        book.reclaim(terms);
        _assertRunway(500, 500);
    }

    function _assertRunway(uint256 funded, uint256 untilEnd) private view {
        (uint256 funded_, uint256 untilEnd_) = book.runwayOf(terms);
        assertEq(funded_, funded, "funded");
        assertEq(untilEnd_, untilEnd, "until the end");
    }
}

/// @notice Pays everything, after burning a fixed amount of gas.
contract GreedyPolicy {
    uint256 private immutable BURN;

    constructor(uint256 burn) {
        BURN = burn;
    }

    function release(bytes32, address, uint256, uint256 to, uint256 proposed)
        external
        view
        returns (uint256, uint256, uint256)
    {
        uint256 start = gasleft();
        while (start - gasleft() < BURN - 2_000) {}
        return (proposed, to, 0);
    }
}
