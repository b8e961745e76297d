// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {ExactTransfer} from "../../src/money/ExactTransfer.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {Disputes} from "../../src/stake/Disputes.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IDisputes} from "../../src/stake/IDisputes.sol";
import {StakeFeeToken, StakeToken} from "../mocks/StakeTokens.sol";

/// @title Opening, answering, ruling and expiring disputes. The test is the arbiter.
contract DisputesTest is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Provider;
    uint256 private constant START = 1_800_000_000;
    uint256 private constant DEPOSIT = 51;
    uint256 private constant STAKE = 10_000;
    bytes32 private constant EVIDENCE = keccak256("evidence");
    address private constant BURNED = 0x000000000000000000000000000000000000dEaD;
    address private constant CLOCK = address(0xC10C);

    Bonds private bonds;
    Disputes private disputes;
    StakeToken private token;
    address private accused = makeAddr("accused");
    address private opener = makeAddr("opener");
    address private harmed = makeAddr("harmed");

    function setUp() public {
        vm.warp(START);
        address authority = address(new AccessManager(address(this)));
        bonds = new Bonds(authority, IOutageClock(address(0)));
        vm.etch(CLOCK, hex"00");
        _outage(0);
        disputes = new Disputes(authority, bonds, IOutageClock(CLOCK));
        bonds.setSlasher(address(disputes), true);
        token = new StakeToken();
        bonds.setMinimum(ROLE, address(token), 1);
        disputes.setDeposit(address(token), DEPOSIT);
        token.mint(address(this), STAKE);
        token.approve(address(bonds), STAKE);
        bonds.bond(ROLE, accused, address(token), STAKE);
        token.mint(opener, 10 * DEPOSIT);
        vm.prank(opener);
        token.approve(address(disputes), type(uint256).max);
    }

    function test_ItStartsWithItsConstants() public view {
        assertEq(disputes.RESPONSE_PERIOD(), 48 hours);
        assertEq(disputes.RULING_PERIOD(), 72 hours);
        assertEq(address(disputes.bonds()), address(bonds));
        assertEq(address(disputes.clock()), CLOCK);
        // Answer, ruling and the last verdict fit into the shortest thaw.
        assertLe(disputes.RESPONSE_PERIOD() + disputes.RULING_PERIOD() + 48 hours, 7 days);
    }

    // Open

    function testFuzz_Open_TakesTheDepositAndKeepsTheStake(uint256 thawing) public {
        thawing = bound(thawing, 0, STAKE);
        if (thawing != 0) _thaw(thawing);
        vm.expectEmit(address(disputes));
        emit IDisputes.DisputeOpened(1, accused, opener, ROLE, address(token), DEPOSIT, STAKE, EVIDENCE, "ipfs://1");
        assertEq(_open(), 1);
        IDisputes.Dispute memory dispute = disputes.disputeOf(1);
        assertEq(dispute.opener, opener);
        assertEq(dispute.accused, accused);
        assertEq(dispute.stake, STAKE);
        assertEq(dispute.deposit, DEPOSIT);
        assertEq(uint8(dispute.status), uint8(IDisputes.Status.Open));
        assertEq(token.balanceOf(address(disputes)), DEPOSIT);
        assertEq(_open(), 2);
        assertEq(disputes.disputeCount(), 2);
    }

    function test_Open_RevertWhen_ItCannotBe() public {
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_InvalidAccount.selector, accused));
        _openBy(accused, accused);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_NothingAtStake.selector, harmed, address(token)));
        _openBy(opener, harmed);
        disputes.setDeposit(address(token), 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_TokenNotAllowed.selector, address(token)));
        _open();
    }

    function test_Open_RevertWhen_TheTokenTakesFees() public {
        StakeFeeToken feeToken = new StakeFeeToken();
        bonds.setMinimum(ROLE, address(feeToken), 1);
        disputes.setDeposit(address(feeToken), 100);
        vm.mockCall(
            address(bonds),
            abi.encodeCall(bonds.bondOf, (ROLE, accused, address(feeToken))),
            abi.encode(IBonds.Bond(1, 0, 0, 0, 0, 0, 0, 0, 0))
        );
        feeToken.mint(opener, 100);
        vm.startPrank(opener);
        feeToken.approve(address(disputes), 100);
        vm.expectRevert(abi.encodeWithSelector(ExactTransfer.ExactTransfer_UnexpectedAmount.selector, 100, 99));
        disputes.open(ROLE, accused, address(feeToken), EVIDENCE, "");
    }

    // Answer

    function test_Answer_IsTheAccusedsOnceAndInTime() public {
        _open();
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_NotAccused.selector, address(this)));
        disputes.answer(1, EVIDENCE, "");
        vm.startPrank(accused);
        vm.expectEmit(address(disputes));
        emit IDisputes.DisputeAnswered(1, accused, EVIDENCE, "ipfs://2");
        disputes.answer(1, EVIDENCE, "ipfs://2");
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_AlreadyAnswered.selector, 1));
        disputes.answer(1, EVIDENCE, "");
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_NotOpen.selector, 2, IDisputes.Status.None));
        disputes.answer(2, EVIDENCE, "");
        vm.stopPrank();
        _open();
        skip(5 days);
        vm.prank(accused);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_TooLate.selector, 2, START + 5 days));
        disputes.answer(2, EVIDENCE, "");
    }

    // Accept

    function testFuzz_Accept_SlashesAndReturnsTheDeposit(uint256 amount, uint256 loss) public {
        amount = bound(amount, 1, STAKE / 10);
        loss = bound(loss, 0, amount);
        _open();
        skip(48 hours);
        vm.expectEmit(address(disputes));
        emit IDisputes.DisputeAccepted(1, amount, harmed, loss);
        assertEq(disputes.accept(1, amount, harmed, loss), amount);
        assertEq(bonds.owedTo(harmed, address(token)), loss);
        assertEq(bonds.owedTo(opener, address(token)), (amount - loss) / 2);
        assertEq(disputes.owedTo(opener, address(token)), DEPOSIT);
        assertEq(uint8(disputes.disputeOf(1).status), uint8(IDisputes.Status.Accepted));
        _expectOver();
    }

    function test_Accept_OfNothingSlashesNothing() public {
        _open();
        skip(48 hours);
        assertEq(disputes.accept(1, 0, address(0), 0), 0);
        assertEq(bonds.bondOf(ROLE, accused, address(token)).active, STAKE);
        assertEq(disputes.owedTo(opener, address(token)), DEPOSIT);
    }

    function testFuzz_Accept_WaitsForTheAnswerOrItsTime(uint256 elapsed, uint256 outage) public {
        elapsed = bound(elapsed, 0, 48 hours - 1);
        outage = bound(outage, 0, 7 days);
        _outage(outage);
        _open();
        skip(elapsed + outage);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_TooEarly.selector, 1, START + 48 hours + outage));
        disputes.accept(1, 1, harmed, 1);
        _answer();
        disputes.accept(1, 1, harmed, 1);
    }

    function testFuzz_Accept_RevertWhen_AboveTheStakeOfTheOpening(uint256 added, uint256 amount) public {
        _open();
        added = bound(added, 1, 1e20);
        amount = bound(amount, STAKE / 10 + 1, type(uint256).max);
        token.mint(address(this), added);
        token.approve(address(bonds), added);
        bonds.bond(ROLE, accused, address(token), added);
        skip(48 hours);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_SlashTooHigh.selector, amount, STAKE / 10));
        disputes.accept(1, amount, harmed, 0);
    }

    function test_Accept_RevertWhen_TheWindowHasNoMore() public {
        _open();
        _open();
        skip(48 hours);
        disputes.accept(1, 600, harmed, 0);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_SlashCapExceeded.selector, 600, 400));
        disputes.accept(2, 600, harmed, 0);
        disputes.accept(2, 400, harmed, 0);
    }

    function test_Accept_ReachesWhatThawsMeanwhile() public {
        _thaw(STAKE);
        _open();
        skip(5 days - 1);
        assertEq(disputes.accept(1, 1000, harmed, 1000), 1000);
        skip(14 days);
        vm.prank(accused);
        bonds.withdraw(ROLE, address(token), accused);
        assertEq(token.balanceOf(accused), STAKE - 1000);
    }

    /// @dev A provider that leases its own node seizes its own bond before the ruling.
    function testFuzz_Accept_FindsWhatItMayTakeAfterClaims(uint256 thawing, uint256 asked, uint256 elapsed) public {
        thawing = bound(thawing, 0, STAKE);
        if (thawing != 0) _thaw(thawing);
        bonds.setClaimer(address(this), true);
        _open();
        skip(bound(elapsed, 0, 5 days - 1));
        bonds.seize(accused, address(token), bound(asked, 0, 2 * STAKE), harmed, type(uint256).max);
        _answer();
        assertEq(disputes.accept(1, STAKE / 10, opener, STAKE / 10), STAKE / 10);
    }

    function test_Accept_ThenClaimsReachTheRest() public {
        bonds.setClaimer(address(this), true);
        _open();
        _answer();
        bonds.seize(accused, address(token), STAKE, harmed, 0);
        disputes.accept(1, STAKE / 20, opener, STAKE / 20);
        bonds.seize(accused, address(token), STAKE, harmed, 0);
        assertEq(bonds.owedTo(harmed, address(token)), STAKE * 9 / 10, "another ruling may come");
        skip(7 days);
        bonds.seize(accused, address(token), STAKE, harmed, 0);
        assertEq(bonds.owedTo(harmed, address(token)), STAKE * 19 / 20);
    }

    // Reject, draw, expire

    function test_Reject_HalvesTheDeposit() public {
        _open();
        vm.expectEmit(address(disputes));
        emit IDisputes.DisputeRejected(1, 25, 26);
        disputes.reject(1);
        assertEq(disputes.owedTo(accused, address(token)), 25);
        assertEq(disputes.owedTo(BURNED, address(token)), 26);
        _expectOver();
        vm.prank(accused);
        disputes.collect(address(token), accused);
        disputes.collectBurned(address(token));
        assertEq(token.balanceOf(BURNED), 26);
        assertEq(token.balanceOf(address(disputes)), 0);
    }

    function test_Draw_ReturnsTheDeposit() public {
        _open();
        vm.expectEmit(address(disputes));
        emit IDisputes.DisputeDrawn(1, address(this));
        disputes.draw(1);
        assertEq(disputes.owedTo(opener, address(token)), DEPOSIT);
        _expectOver();
    }

    function testFuzz_Expire_IsAnybodysOnceNobodyRuled(uint256 elapsed, uint256 outage, bool isAnswered) public {
        outage = bound(outage, 0, 7 days);
        _open();
        if (isAnswered) _answer();
        _outage(outage);
        uint256 ruleBy = START + 5 days + outage;
        vm.warp(bound(elapsed, START, ruleBy - 1));
        vm.prank(harmed);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_TooEarly.selector, 1, ruleBy));
        disputes.expire(1);

        vm.warp(ruleBy);
        bytes memory late = abi.encodeWithSelector(IDisputes.Disputes_TooLate.selector, 1, ruleBy);
        vm.expectRevert(late);
        disputes.accept(1, 1, harmed, 1);
        vm.expectRevert(late);
        disputes.reject(1);
        vm.expectRevert(late);
        disputes.draw(1);
        vm.prank(harmed);
        disputes.expire(1);
        assertEq(disputes.owedTo(opener, address(token)), DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_NotOpen.selector, 1, IDisputes.Status.Drawn));
        disputes.expire(1);
    }

    function test_Deadlines_OutagesExtendThemByAWeekAtMost() public {
        _open();
        _outage(30 days);
        (uint256 answerBy, uint256 ruleBy) = disputes.deadlinesOf(1);
        assertEq(answerBy, START + 48 hours + 7 days);
        assertEq(ruleBy, START + 5 days + 7 days);
    }

    function test_Open_AndAnswerTakeLinksOf256Bytes() public {
        string memory longest = string(new bytes(256));
        string memory tooLong = string(new bytes(257));
        bytes memory refusal = abi.encodeWithSelector(IDisputes.Disputes_UriTooLong.selector, 257, 256);
        vm.startPrank(opener);
        vm.expectRevert(refusal);
        disputes.open(ROLE, accused, address(token), EVIDENCE, tooLong);
        disputes.open(ROLE, accused, address(token), EVIDENCE, longest);
        vm.startPrank(accused);
        vm.expectRevert(refusal);
        disputes.answer(1, EVIDENCE, tooLong);
        disputes.answer(1, EVIDENCE, longest);
    }

    function test_Deadlines_WithoutAClockCountNoOutage() public {
        disputes = new Disputes(bonds.authority(), bonds, IOutageClock(address(0)));
        bonds.setSlasher(address(disputes), true);
        disputes.setDeposit(address(token), DEPOSIT);
        vm.prank(opener);
        token.approve(address(disputes), DEPOSIT);
        _open();
        (uint256 answerBy, uint256 ruleBy) = disputes.deadlinesOf(1);
        assertEq(answerBy, START + 48 hours);
        assertEq(ruleBy, START + 5 days);
    }

    // Money and settings

    function test_Collect_PaysOnce() public {
        _open();
        disputes.draw(1);
        vm.startPrank(opener);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_InvalidAccount.selector, address(0)));
        disputes.collect(address(token), address(0));
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_InvalidAccount.selector, address(disputes)));
        disputes.collect(address(token), address(disputes));
        vm.expectEmit(address(disputes));
        emit IDisputes.OwedCollected(opener, address(token), harmed, DEPOSIT);
        disputes.collect(address(token), harmed);
        assertEq(token.balanceOf(harmed), DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_NothingThere.selector, opener));
        disputes.collect(address(token), harmed);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_NothingThere.selector, BURNED));
        disputes.collectBurned(address(token));
    }

    function test_APauseStopsOnlyNewDisputes() public {
        _open();
        _open();
        vm.expectEmit(address(disputes));
        emit IDisputes.PausedSet(true);
        disputes.setPaused(true);
        vm.expectRevert(IDisputes.Disputes_Paused.selector);
        _open();
        _answer();
        disputes.accept(1, 10, harmed, 10);
        skip(5 days);
        disputes.expire(2);
        vm.prank(opener);
        assertEq(disputes.collect(address(token), opener), 2 * DEPOSIT);
    }

    function test_SetDeposit_IsBounded() public {
        vm.expectEmit(address(disputes));
        emit IDisputes.DepositSet(address(token), 7);
        disputes.setDeposit(address(token), 7);
        assertEq(disputes.depositOf(address(token)), 7);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_InvalidAccount.selector, address(0)));
        disputes.setDeposit(address(0), 7);
        uint256 most = type(uint96).max;
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_DepositTooHigh.selector, most + 1, most));
        disputes.setDeposit(address(token), most + 1);
    }

    function test_TheArbitersFunctionsAreRestricted() public {
        _open();
        bytes memory denied = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, opener);
        vm.startPrank(opener);
        vm.expectRevert(denied);
        disputes.accept(1, 1, opener, 1);
        vm.expectRevert(denied);
        disputes.reject(1);
        vm.expectRevert(denied);
        disputes.draw(1);
        vm.expectRevert(denied);
        disputes.setDeposit(address(token), 1);
        vm.expectRevert(denied);
        disputes.setPaused(true);
    }

    function _open() private returns (uint256) {
        return _openBy(opener, accused);
    }

    function _openBy(address by, address against) private returns (uint256) {
        vm.prank(by);
        return disputes.open(ROLE, against, address(token), EVIDENCE, "ipfs://1");
    }

    function _answer() private {
        vm.prank(accused);
        disputes.answer(1, EVIDENCE, "");
    }

    function _thaw(uint256 amount) private {
        vm.prank(accused);
        bonds.thaw(ROLE, address(token), amount);
    }

    function _outage(uint256 seconds_) private {
        vm.mockCall(CLOCK, abi.encodeWithSelector(IOutageClock.outageBetween.selector), abi.encode(seconds_));
    }

    function _expectOver() private {
        IDisputes.Status status = disputes.disputeOf(1).status;
        bytes memory over = abi.encodeWithSelector(IDisputes.Disputes_NotOpen.selector, 1, status);
        vm.expectRevert(over);
        disputes.accept(1, 1, harmed, 1);
        vm.expectRevert(over);
        disputes.reject(1);
        vm.expectRevert(over);
        disputes.draw(1);
        vm.warp(START + 30 days);
        vm.expectRevert(over);
        disputes.expire(1);
    }
}
