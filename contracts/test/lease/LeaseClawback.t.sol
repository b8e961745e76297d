// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeasePolicy} from "../mocks/LeasePolicy.sol";
import {LeaseTest} from "./LeaseTest.sol";

/// @title What was paid for seconds that are taken back is owed out of the provider's bond
contract LeaseClawbackTest is LeaseTest {
    ILeaseBook.Terms private terms;

    function setUp() public override {
        super.setUp();
        terms = _openUsual();
        bonds.setStake(1e9);
    }

    function _claim() private view returns (ILeaseBook.Claim memory) {
        return book.claimOf(book.hashTerms(terms));
    }

    function _settleAt(uint256 time) private {
        vm.warp(time);
        book.settle(terms);
    }

    function test_clawBack_returnsTheWholePriceOutOfTheBond() public {
        _settleAt(START + 100);
        policy.revoke(START + 60, START + 1_000);
        bytes32 leaseId = book.hashTerms(terms);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseRevised(leaseId, 1, 40, 40 * RATE, 0, 0, 0);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseCompensated(leaseId, alice, 40 * RATE, 0);
        vm.prank(bob);
        assertEq(book.clawBack(terms), 40 * RATE);
        assertEq(bonds.owed(alice), 40 * RATE, "the fee included");
        assertEq(_lease(terms).revision, 1);
        assertEq(_claim().revoked, 40);
        assertEq(_claim().seized, 40 * RATE);
    }

    function test_clawBack_revertsWithoutReason() public {
        bytes memory nothing =
            abi.encodeWithSelector(ILeaseBook.LeaseBook_NothingRevoked.selector, book.hashTerms(terms));
        vm.expectRevert(nothing);
        book.clawBack(terms);
        _settleAt(START + 100);
        vm.expectRevert(nothing);
        book.clawBack(terms);
        policy.revoke(START + 60, START + 1_000);
        book.clawBack(terms);
        vm.expectRevert(nothing);
        book.clawBack(terms);
        terms.rate += 1;
        vm.expectPartialRevert(ILeaseBook.LeaseBook_WrongStatus.selector);
        book.clawBack(terms);
    }

    function test_settle_booksBeforeItMovesOn() public {
        _settleAt(START + 100);
        policy.revoke(START + 60, START + 130);
        // The policy takes back what the lease settled before; what it settles from now on is not in that.
        _settleAt(START + 200);
        assertEq(_claim().revoked, 40);
        assertEq(_claim().owed, 40 * RATE);
        assertEq(book.clawBack(terms), 40 * RATE);
        _assertEscrow(terms);
    }

    function test_settle_forgetsWhatWasTakenBackBeforeItBegan() public {
        policy.revoke(START - 100, START + 100);
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseRevised(book.hashTerms(terms), 1, 0, 0, 0, 0, 0);
        _settleAt(START + 50);
        assertEq(_claim().owed, 0);
        assertEq(_lease(terms).revision, 1);
    }

    function test_clawBack_afterTheLeaseHasClosed() public {
        _settleAt(START + FUNDED + GRACE);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        policy.revoke(START + FUNDED - 100, START + 1_000_000);
        assertEq(book.clawBack(terms), 100 * RATE + GRACE * HOLD);
        _assertStatus(terms, ILeaseBook.Status.Closed);
    }

    function test_clawBack_valuesAPastGraceAtItsRate() public {
        vm.warp(START + FUNDED + 300);
        vm.prank(alice);
        book.topUp(terms, 1_000);
        _settleAt(START + FUNDED + 500);
        policy.revoke(START + FUNDED - 10, START + 1_000_000);
        assertEq(book.clawBack(terms), 10 * RATE + 300 * HOLD + 200 * RATE);
    }

    function test_clawBack_valuesSeveralPastGracesAtTheirRate() public {
        uint256 held = 300;
        for (uint256 i = 0; i < 3; ++i) {
            _settleAt(_lease(terms).fundedUntil + held);
            vm.prank(alice);
            book.topUp(terms, 1_000);
        }
        uint256 end = _lease(terms).holdTo;
        _settleAt(end + 100);
        assertEq(_lease(terms).heldBefore, 2 * held);
        policy.revoke(START, START + 1_000_000);
        assertEq(book.clawBack(terms), 3 * held * HOLD + (end + 100 - START - 3 * held) * RATE);
        assertEq(_lease(terms).heldBefore, 0, "allowed for once");
    }

    /// @dev Graces that the provider ends itself, after a second each, cost the renter no more than these seconds.
    function test_clawBack_isNotCutByTopUpsOfTheProvider() public {
        _fund(provider, 1e9);
        for (uint256 i = 0; i < 2; ++i) {
            _settleAt(_lease(terms).fundedUntil + 1);
            vm.prank(provider);
            book.topUp(terms, GRACE);
        }
        _settleAt(_lease(terms).holdTo);
        uint256 settled = _lease(terms).settledTo - START;
        policy.revoke(START, START + 1_000_000);
        assertEq(book.clawBack(terms), settled * RATE - 2 * (RATE - HOLD));
    }

    function test_clawBack_whatTheBondDoesNotCoverStaysOwed() public {
        _settleAt(START + 100);
        policy.revoke(START + 60, START + 1_000);
        bonds.setStake(10 * RATE);
        assertEq(book.clawBack(terms), 10 * RATE);
        assertEq(_claim().owed, 30 * RATE);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_BondExhausted.selector, provider, 30 * RATE));
        book.clawBack(terms);
        bonds.setStake(1e9);
        assertEq(book.clawBack(terms), 30 * RATE);
        assertEq(bonds.owed(alice), 40 * RATE);
    }

    /// @dev Whatever a policy claims and however often, no more comes back than the settled seconds cost.
    function testFuzz_clawBack_isBoundedUnderALiar(uint256 settledFor, uint256 times) public {
        settledFor = bound(settledFor, 1, FUNDED + GRACE);
        _settleAt(START + settledFor);
        policy.setMode(LeasePolicy.Mode.LiesAbove);
        for (uint256 i = bound(times, 1, 5); i != 0; --i) {
            try book.clawBack(terms) {} catch {}
        }
        assertEq(_claim().revoked, settledFor);
        assertLe(bonds.owed(alice), settledFor * RATE);
    }

    function test_clawBack_aPolicyThatFailsTakesNothingBack() public {
        _settleAt(START + 100);
        LeasePolicy.Mode[4] memory modes = [
            LeasePolicy.Mode.Reverts,
            LeasePolicy.Mode.BurnsGas,
            LeasePolicy.Mode.ReturnsTooLittle,
            LeasePolicy.Mode.PaysAll
        ];
        for (uint256 i = 0; i < modes.length; ++i) {
            policy.setMode(modes[i]);
            vm.expectPartialRevert(ILeaseBook.LeaseBook_NothingRevoked.selector);
            book.clawBack(terms);
        }
    }

    function testFuzz_clawBack_cannotBeStarved(uint256 gasLimit) public {
        _settleAt(START + 100);
        policy.revoke(START + 60, START + 1_000);
        gasLimit = bound(gasLimit, 30_000, 600_000);
        (bool success,) = address(book).call{gas: gasLimit}(abi.encodeCall(ILeaseBook.clawBack, (terms)));
        assertEq(_claim().seized, success ? 40 * RATE : 0);
        assertEq(_lease(terms).revision, success ? 1 : 0);
    }
}

/// @title A top-up brings its market's minimum, or all that is left to fund
contract LeaseDustTest is LeaseTest {
    function setUp() public override {
        super.setUp();
        book.setMarket(address(token), address(policy), ILeaseBook.Market(true, 200, 0, 0, uint96(500 * RATE)));
    }

    function test_topUp_revertsBelowTheMarketsMinimum() public {
        ILeaseBook.Terms memory terms = _openUsual();
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_FundsTooLow.selector, 499 * RATE, 500 * RATE));
        book.topUp(terms, 499);
        book.topUp(terms, 500);
        // 99,000 seconds may be funded in all: the last ones need no minimum.
        book.topUp(terms, 99_000 - FUNDED - 500 - 7);
        book.topUp(terms, 7);
        assertEq(_lease(terms).fundedUntil, START + 99_000);
    }
}
