// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";

/// @title What a judgement may take waits for it. The test is the slasher and the claimer.
contract HoldsTest is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Provider;
    uint256 private constant START = 1_800_000_000;
    uint256 private constant STAKE = 10_000;
    uint256 private constant HELD = 1_000;
    address private constant CLOCK = address(0xC10C);

    Bonds private bonds;
    address private token;
    address private provider = makeAddr("provider");
    address private harmed = makeAddr("harmed");

    function setUp() public {
        vm.warp(START);
        vm.etch(CLOCK, hex"00");
        _outage(0);
        bonds = new Bonds(address(new AccessManager(address(this))), IOutageClock(CLOCK));
        StakeToken stakeToken = new StakeToken();
        token = address(stakeToken);
        bonds.setMinimum(ROLE, token, 1);
        bonds.setSlasher(address(this), true);
        bonds.setClaimer(address(this), true);
        stakeToken.mint(address(this), STAKE);
        stakeToken.approve(address(bonds), STAKE);
        bonds.bond(ROLE, provider, token, STAKE);
    }

    function testFuzz_Hold_KeepsATenthOfTheStakeForAWeek(uint256 thawing) public {
        _thaw(bound(thawing, 0, STAKE));
        vm.expectEmit(address(bonds));
        emit IBonds.BondHeld(ROLE, provider, token, HELD, START + 7 days);
        bonds.hold(ROLE, provider, token);
        IBonds.Bond memory b = bonds.bondOf(ROLE, provider, token);
        assertEq(b.held, HELD);
        assertEq(b.heldUntil, START + 7 days);
    }

    function test_Hold_RevertWhen_TheCallerIsNoSlasher() public {
        vm.prank(harmed);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, harmed));
        bonds.hold(ROLE, provider, token);
    }

    function test_Hold_ManyHoldNoMoreThanTheLargest() public {
        bonds.hold(ROLE, provider, token);
        _seize(STAKE / 2);
        skip(1 days);
        bonds.hold(ROLE, provider, token);
        IBonds.Bond memory b = bonds.bondOf(ROLE, provider, token);
        assertEq(b.held, HELD);
        assertEq(b.heldUntil, START + 8 days);
        skip(7 days);
        bonds.hold(ROLE, provider, token);
        assertEq(bonds.bondOf(ROLE, provider, token).held, HELD / 2, "what was held before has ended");
    }

    function testFuzz_Seize_LeavesWhatIsHeld(uint256 thawing, uint256 locked, uint256 asked) public {
        thawing = bound(thawing, 0, STAKE);
        locked = bound(locked, 0, STAKE - thawing);
        asked = bound(asked, STAKE, type(uint128).max);
        _thaw(thawing);
        bonds.lock(provider, token, locked);
        bonds.hold(ROLE, provider, token);
        uint256 free = STAKE - locked;
        uint256 left = free < HELD ? free : HELD;

        // A cover is there for its claim in full, and nothing else is.
        (uint256 seized, uint256 freed) = bonds.seize(provider, token, asked, harmed, locked);
        assertEq(seized, STAKE - left);
        assertEq(freed, locked);
        (seized,) = bonds.seize(provider, token, asked, harmed, locked);
        assertEq(seized, 0);
        skip(7 days);
        (seized,) = bonds.seize(provider, token, asked, harmed, 0);
        assertEq(seized, left, "nothing is held for ever");
    }

    /// @dev What was behind leases at first is held once they end.
    function test_Seize_LeavesWhatIsUnlockedLater() public {
        bonds.lock(provider, token, STAKE);
        bonds.hold(ROLE, provider, token);
        bonds.unlock(provider, token, STAKE);
        (uint256 seized,) = bonds.seize(provider, token, STAKE, harmed, 0);
        assertEq(seized, STAKE - HELD);
    }

    function testFuzz_Lock_LeavesWhatIsHeld(uint256 thawing) public {
        thawing = bound(thawing, 0, STAKE);
        _thaw(thawing);
        bonds.hold(ROLE, provider, token);
        uint256 lockable = thawing < HELD ? STAKE - HELD : STAKE - thawing;
        assertEq(bonds.lockableOf(provider, token), lockable);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, lockable, lockable + 1));
        bonds.lock(provider, token, lockable + 1);
        bonds.lock(provider, token, lockable);
    }

    /// @dev A bucket that may leave while the hold lasts stands for nothing: else the provider locked the rest behind leases
    /// of its own, withdrew the bucket, and seized what it had locked.
    function testFuzz_Lock_LeavesWhatIsHeldWhereTheBucketMayLeave(uint256 thawing, uint256 waited) public {
        thawing = bound(thawing, 1, STAKE - HELD);
        waited = bound(waited, 14 days + 1, 60 days);
        _thaw(thawing);
        skip(waited);
        bonds.hold(ROLE, provider, token);
        uint256 lockable = bonds.lockableOf(provider, token);
        bonds.lock(provider, token, lockable);
        if (waited < 21 days) skip(21 days - waited);
        vm.prank(provider);
        bonds.withdraw(ROLE, token, provider);
        bonds.seize(provider, token, STAKE, harmed, lockable);
        uint256 taken = bonds.slash(ROLE, provider, token, IBonds.Slash(HELD, harmed, HELD, address(0), false));
        assertEq(taken, HELD, "what was held is there for the ruling");
    }

    /// @dev Where a slash has left less than is locked, a bucket that comes back falls to the locks.
    function testFuzz_Cancel_LeavesWhatIsHeld(uint256 thawing, uint256 locked, uint256 proved) public {
        thawing = bound(thawing, 1, STAKE - 1);
        locked = bound(locked, 0, STAKE - thawing);
        proved = bound(proved, 1, STAKE - 1);
        _thaw(thawing);
        bonds.lock(provider, token, locked);
        bonds.slash(ROLE, provider, token, IBonds.Slash(proved, harmed, 0, address(0), true));
        bonds.hold(ROLE, provider, token);
        IBonds.Bond memory b = bonds.bondOf(ROLE, provider, token);
        uint256 unlocked = b.thawing + (b.active > b.locked ? b.active - b.locked : 0);
        uint256 held = unlocked < b.held ? unlocked : b.held;
        vm.prank(provider);
        try bonds.cancelThaw(ROLE, token) {} catch {}
        bonds.seize(provider, token, STAKE, harmed, locked);
        b = bonds.bondOf(ROLE, provider, token);
        assertGe(b.active + b.thawing, held, "what was held is there for the ruling");
    }

    function testFuzz_Withdraw_LeavesWhatIsHeld(uint256 thawing) public {
        thawing = bound(thawing, STAKE - HELD + 1, STAKE);
        _thaw(thawing);
        skip(14 days - 1);
        bonds.hold(ROLE, provider, token);
        skip(1);
        uint256 kept = thawing - (STAKE - HELD);
        vm.expectEmit(address(bonds));
        emit IBonds.BondWithdrawn(ROLE, provider, token, provider, STAKE - HELD);
        vm.startPrank(provider);
        bonds.withdraw(ROLE, token, provider);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, kept, START + 23 days - 1));
        bonds.withdraw(ROLE, token, provider);
        skip(9 days - 2);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, kept, START + 23 days - 1));
        bonds.withdraw(ROLE, token, provider);
        skip(1);
        bonds.withdraw(ROLE, token, provider);
        assertEq(bonds.bondOf(ROLE, provider, token).thawing, 0);
        assertEq(bonds.bondOf(ROLE, provider, token).thawedAt, 0);
    }

    /// @dev Whoever accuses again and again keeps nobody's money.
    function test_Withdraw_IsHeldUpForNineDaysAtMost() public {
        _thaw(STAKE);
        for (uint256 i; i < 22; ++i) {
            skip(1 days);
            bonds.hold(ROLE, provider, token);
        }
        vm.startPrank(provider);
        bonds.withdraw(ROLE, token, provider);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, HELD, START + 23 days));
        bonds.withdraw(ROLE, token, provider);
        skip(1 days);
        bonds.withdraw(ROLE, token, provider);
        assertEq(bonds.bondOf(ROLE, provider, token).thawing, 0);
    }

    function testFuzz_Hold_LastsLongerByTheOutages(uint256 outage) public {
        outage = bound(outage, 0, 30 days);
        bonds.hold(ROLE, provider, token);
        _outage(outage);
        uint256 end = START + 7 days + (outage < 7 days ? outage : 7 days);
        vm.warp(end - 1);
        assertEq(bonds.lockableOf(provider, token), STAKE - HELD);
        vm.warp(end);
        assertEq(bonds.lockableOf(provider, token), STAKE);
    }

    function testFuzz_Slash_AJudgementTakesWhatWasHeldAndFreesIt(uint256 amount) public {
        amount = bound(amount, 1, HELD);
        bonds.hold(ROLE, provider, token);
        _seize(STAKE);
        assertEq(bonds.slash(ROLE, provider, token, IBonds.Slash(amount, harmed, amount, address(0), false)), amount);
        assertEq(bonds.bondOf(ROLE, provider, token).held, HELD - amount);
    }

    function test_Slash_WhatIsHeldNoLongerIsWithinTheCapOfWhatIsLeft() public {
        bonds.hold(ROLE, provider, token);
        _seize(STAKE);
        skip(7 days);
        _seize(HELD / 2);
        bonds.hold(ROLE, provider, token);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_SlashCapExceeded.selector, HELD / 2, HELD / 20));
        bonds.slash(ROLE, provider, token, IBonds.Slash(HELD / 2, harmed, 0, address(0), false));
    }

    function test_Slash_AProofFreesNothing() public {
        bonds.hold(ROLE, provider, token);
        bonds.slash(ROLE, provider, token, IBonds.Slash(STAKE / 2, harmed, 0, address(0), true));
        assertEq(bonds.bondOf(ROLE, provider, token).held, HELD);
    }

    function _seize(uint256 amount) private {
        bonds.seize(provider, token, amount, harmed, 0);
    }

    function _thaw(uint256 amount) private {
        if (amount == 0) return;
        vm.prank(provider);
        bonds.thaw(ROLE, token, amount);
    }

    function _outage(uint256 elapsed) private {
        vm.mockCall(CLOCK, abi.encodeWithSelector(IOutageClock.outageBetween.selector), abi.encode(elapsed));
    }
}
