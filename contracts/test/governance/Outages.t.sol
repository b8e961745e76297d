// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";

import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Outages} from "../../src/governance/Outages.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IDelegation} from "../../src/stake/IDelegation.sol";
import {AttestationPolicy} from "../../src/verification/AttestationPolicy.sol";
import {IAttestationPolicy} from "../../src/verification/IAttestationPolicy.sol";
import {LeasedUnits} from "../mocks/LeasedUnits.sol";
import {OneOutage} from "../mocks/OneOutage.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";

/// @title What outages do to the windows of stake and of verdicts
contract OutagesTest is Test {
    uint256 private constant START = 1_800_000_000;
    uint256 private constant THAW = 14 days;
    uint256 private constant VERDICTS = 48 hours;
    IBonds.Role private constant ROLE = IBonds.Role.Provider;

    OneOutage private outage = new OneOutage();
    IOutageClock private clock = IOutageClock(address(outage));
    AttestationPolicy private policy;
    Bonds private bonds;
    StakeToken private token;
    address private node = makeAddr("node");

    function setUp() public {
        vm.warp(START);
        policy = new AttestationPolicy(address(this), new LeasedUnits(), clock);
        bonds = new Bonds(address(new AccessManager(address(this))), clock);
        token = new StakeToken();
        bonds.setMinimum(ROLE, address(token), 1);
        token.mint(address(this), 1_000);
        token.approve(address(bonds), 1_000);
    }

    // The library

    function testFuzz_AWindowThatIsOverStaysOver(uint256 from, uint256 length, uint256 first, uint256 later) public {
        outage.setOutage(START + bound(from, 0, 20 days), START + bound(length, 0, 60 days));
        first = START + bound(first, 0, 40 days);
        later = bound(later, first, START + 60 days);
        if (first < Outages.deadline(clock, START, 5 days, first)) return;
        assertLe(Outages.deadline(clock, START, 5 days, later), later);
    }

    /// @dev What is said to be expired takes no verdict any more, whatever the outage.
    function testFuzz_WhatIsExpiredIsOver(uint256 from, uint256 length, uint256 start, uint256 now_) public {
        from = START + bound(from, 0, 20 days);
        outage.setOutage(from, from + bound(length, 0, 20 days));
        now_ = START + bound(now_, 0, 40 days);
        vm.warp(now_);
        uint256 before = Outages.expired(clock, VERDICTS);
        assertGe(before, now_ - VERDICTS - Outages.MAX_EXTENSION);
        assertLe(before, now_ - VERDICTS);
        start = bound(start, now_ - 30 days, before - 1);
        assertLt(Outages.deadline(clock, start, VERDICTS, now_), now_);
    }

    function test_WithoutAClockNothingIsExtended() public view {
        IOutageClock none = IOutageClock(address(0));
        assertEq(Outages.deadline(none, START - 5 days, 1 days, START), START - 4 days);
        assertEq(Outages.expired(none, VERDICTS), START - VERDICTS);
    }

    function test_AClockThatFailsHasSeenTheLongestOutage() public {
        vm.mockCallRevert(address(clock), abi.encodeWithSelector(IOutageClock.outageBetween.selector), "gone");
        assertEq(Outages.expired(clock, VERDICTS), START - VERDICTS - 7 days);
    }

    // Bonds

    function testFuzz_ABondLeavesLaterByTheOutage(uint256 from, uint256 length) public {
        _bondAndThaw();
        uint256 thawedAt = START + THAW;
        from = bound(from, thawedAt - 7 days, thawedAt - 1);
        length = bound(length, 1, 7 days);
        outage.setOutage(from, from + length);
        vm.warp(thawedAt + length - 1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, 100, thawedAt + length));
        bonds.withdraw(ROLE, address(token), address(this));
        skip(1);
        bonds.withdraw(ROLE, address(token), address(this));
        assertEq(token.balanceOf(address(this)), 1_000);
    }

    function test_ABondLeavesLaterByAWeekAtMost() public {
        _bondAndThaw();
        outage.setOutage(START, type(uint40).max);
        skip(THAW + 7 days);
        bonds.withdraw(ROLE, address(token), address(this));
        assertEq(token.balanceOf(address(this)), 1_000);
    }

    function test_AnOutageBeforeTheLastWeekOfAThawDelaysNothing() public {
        _bondAndThaw();
        outage.setOutage(START, START + THAW - 7 days);
        skip(THAW);
        bonds.withdraw(ROLE, address(token), address(this));
        assertEq(token.balanceOf(address(this)), 1_000);
    }

    function test_ADelegationLeavesLaterByTheOutage() public {
        bonds.delegate(ROLE, node, address(token), 100);
        bonds.undelegate(ROLE, node, address(token), bonds.poolOf(ROLE, node, address(token)).shares);
        uint256 thawedAt = START + THAW;
        outage.setOutage(thawedAt - 1 days, thawedAt + 2 days);
        vm.warp(thawedAt + 3 days - 1);
        (bool left, bytes memory reason) =
            address(bonds).call(abi.encodeCall(bonds.withdrawDelegation, (ROLE, node, address(token), address(this))));
        assertFalse(left);
        assertEq(bytes4(reason), IDelegation.Delegation_NotThawed.selector);
        skip(1);
        bonds.withdrawDelegation(ROLE, node, address(token), address(this));
        assertGe(token.balanceOf(address(this)), 999);
    }

    // Verdicts

    function testFuzz_AVerdictMayComeLaterByTheOutage(uint256 length, bool passed) public {
        length = bound(length, 1, 7 days);
        outage.setOutage(START + 1 hours, START + 1 hours + length);
        vm.warp(START + VERDICTS + length + 1);
        uint256 until = START + VERDICTS + length;
        assertEq(policy.verdictUntil(START), until);
        vm.expectRevert(abi.encodeWithSelector(IAttestationPolicy.AttestationPolicy_TooLate.selector, START, until));
        policy.record(node, START, START + 1 hours, 8, passed);
        rewind(1);
        policy.record(node, START, START + 1 hours, 8, passed);
    }

    /// @dev The seconds of a lease wait as long as a verdict on them may come, and not longer than for the outage again.
    function testFuzz_SecondsWaitLongerByTheOutage(uint256 from, uint256 length) public {
        length = bound(length, 1, 7 days);
        from = START + bound(from, 0, VERDICTS);
        outage.setOutage(from, from + length);
        vm.warp(START + VERDICTS + length);
        (, uint256 advanceTo,) = policy.release(0, node, START, START + 100, 100);
        assertEq(advanceTo, START, "a verdict measured at the start may still come");
        policy.record(node, START, START + 100, 8, true);
        (uint256 amount,,) = policy.release(0, node, START, START + 100, 100);
        assertEq(amount, 100);
        skip(200);
        (amount, advanceTo,) = policy.release(0, makeAddr("other"), START, START + 100, 100);
        assertEq(amount, 0);
        assertEq(advanceTo, START + 100);
    }

    function test_SecondsWaitForAWeekMoreAtMost() public {
        outage.setOutage(0, type(uint40).max);
        vm.warp(START + VERDICTS + 7 days + 100);
        (, uint256 advanceTo,) = policy.release(0, node, START, START + 100, 100);
        assertEq(advanceTo, START + 100);
    }

    function _bondAndThaw() private {
        bonds.bond(ROLE, address(this), address(token), 100);
        bonds.thaw(ROLE, address(token), 100);
    }
}
