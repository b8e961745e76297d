// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";

/// @title Claims lock a provider's bond behind fees that were paid before they were final
contract ClaimsTest is Test {
    IBonds.Role private constant PROVIDER = IBonds.Role.Provider;
    uint256 private constant MOST = type(uint96).max;

    Bonds private bonds;
    StakeToken private token;
    address private provider = makeAddr("provider");
    address private harmed = makeAddr("harmed");
    address private claimer = makeAddr("claimer");
    address private other = makeAddr("other claimer");

    function setUp() public {
        vm.warp(1_800_000_000);
        bonds = new Bonds(address(new AccessManager(address(this))), IOutageClock(address(0)));
        token = new StakeToken();
        bonds.setMinimum(PROVIDER, address(token), 1);
        bonds.setClaimer(claimer, true);
        bonds.setClaimer(other, true);
        bonds.setSlasher(address(this), true);
        token.mint(address(this), MOST);
        token.approve(address(bonds), type(uint256).max);
    }

    function test_SetClaimer_TellsWhoMayLock() public {
        vm.expectEmit(address(bonds));
        emit IBonds.ClaimerSet(harmed, true);
        bonds.setClaimer(harmed, true);
        assertTrue(bonds.isClaimer(harmed));
        bonds.setClaimer(harmed, false);
        assertFalse(bonds.isClaimer(harmed));
    }

    // Lock

    function testFuzz_Lock_TakesWhatIsActiveAndFree(uint256 bonded, uint256 first, uint256 second) public {
        bonded = bound(bonded, 1, MOST);
        first = bound(first, 0, bonded);
        second = bound(second, 0, bonded - first);
        _bond(bonded);
        vm.expectEmit(address(bonds));
        emit IBonds.ClaimLocked(claimer, provider, address(token), first, first, first);
        _lock(claimer, first);
        vm.expectEmit(address(bonds));
        emit IBonds.ClaimLocked(other, provider, address(token), second, second, first + second);
        _lock(other, second);
        assertEq(bonds.lockedOf(provider, address(token)), first + second);
        assertEq(bonds.lockedBy(claimer, provider, address(token)), first);
        assertEq(bonds.lockedBy(other, provider, address(token)), second);
        assertEq(_bondOf().active, bonded, "a lock moves nothing");
    }

    function testFuzz_Lock_RevertWhen_TheFreeBondIsTooSmall(uint256 bonded, uint256 locked, uint256 thawing) public {
        bonded = bound(bonded, 1, MOST);
        locked = bound(locked, 0, bonded);
        thawing = bound(thawing, 0, bonded - locked);
        _bond(bonded);
        _lock(claimer, locked);
        if (thawing != 0) _thaw(thawing);
        uint256 free = bonded - locked - thawing;
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, free, free + 1));
        _lock(other, free + 1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, free, type(uint256).max));
        _lock(other, type(uint256).max);
    }

    function test_Lock_RevertWhen_TheCallerIsNoClaimer() public {
        _bond(10);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, harmed));
        _lock(harmed, 1);
    }

    function test_Lock_OnlyMarksTheBondOfAProvider() public {
        bonds.setMinimum(IBonds.Role.Gateway, address(token), 1);
        bonds.bond(IBonds.Role.Gateway, provider, address(token), 10);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, 0, 1));
        _lock(claimer, 1);
    }

    // What is locked cannot thaw

    function testFuzz_Thaw_RevertWhen_TheMoneyIsLocked(uint256 bonded, uint256 locked) public {
        bonded = bound(bonded, 1, MOST);
        locked = bound(locked, 1, bonded);
        _bond(bonded);
        _lock(claimer, locked);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, bonded - locked, bonded));
        _thaw(bonded);
        if (bonded != locked) _thaw(bonded - locked);
        _unlock(claimer, locked);
        _thaw(locked);
        assertEq(_bondOf().thawing, bonded);
    }

    function test_Thaw_RevertWhen_ASlashTookWhatWasLocked() public {
        _bond(100);
        _lock(claimer, 80);
        bonds.slash(PROVIDER, provider, address(token), IBonds.Slash(50, harmed, 50, address(0), true));
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, 0, 1));
        _thaw(1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, 0, 1));
        _lock(claimer, 1);
        _unlock(claimer, 80);
        _thaw(50);
    }

    // Unlock

    function testFuzz_Unlock_FreesTheCallersOwnLockOnly(uint256 first, uint256 second, uint256 freed) public {
        first = bound(first, 1, MOST / 2);
        second = bound(second, 0, MOST / 2);
        freed = bound(freed, 1, first);
        _bond(MOST);
        _lock(claimer, first);
        _lock(other, second);
        vm.expectEmit(address(bonds));
        emit IBonds.ClaimUnlocked(claimer, provider, address(token), freed, first - freed, first + second - freed);
        _unlock(claimer, freed);
        vm.expectRevert(
            abi.encodeWithSelector(IBonds.Bonds_InsufficientLock.selector, first - freed, first - freed + 1)
        );
        _unlock(claimer, first - freed + 1);
        assertEq(bonds.lockedBy(other, provider, address(token)), second);
        assertEq(bonds.lockedOf(provider, address(token)), first - freed + second);
    }

    function test_Unlock_IsOpenToAFormerClaimer() public {
        _bond(10);
        _lock(claimer, 10);
        bonds.setClaimer(claimer, false);
        _unlock(claimer, 4);
        assertEq(bonds.lockedOf(provider, address(token)), 6);
    }

    function test_UnlockFormer_FreesWhatAFormerClaimerLeftLocked() public {
        _bond(10);
        _lock(claimer, 7);
        _lock(other, 3);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, provider));
        _unlockFormer();

        bonds.setClaimer(claimer, false);
        vm.expectEmit(address(bonds));
        emit IBonds.ClaimUnlocked(claimer, provider, address(token), 7, 0, 3);
        _unlockFormer();
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, claimer));
        _lock(claimer, 1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, claimer));
        _seize(claimer, 1);
    }

    // Seize

    function testFuzz_Seize_PaysTheHarmedAndTakesWhatIsLockedLast(
        uint256 active,
        uint256 thawing,
        uint256 locked,
        uint256 amount
    ) public {
        active = bound(active, 1, MOST - 1);
        thawing = bound(thawing, 0, MOST - active);
        locked = bound(locked, 1, active);
        amount = bound(amount, 1, type(uint256).max);
        _bond(active + thawing);
        if (thawing != 0) _thaw(thawing);
        _lock(claimer, locked);

        uint256 seized = amount < active + thawing ? amount : active + thawing;
        uint256 fromThawing = seized < thawing ? seized : thawing;
        uint256 free = thawing + active - locked;
        uint256 freed = seized > free ? seized - free : 0;
        vm.expectEmit(address(bonds));
        emit IBonds.ClaimSeized(
            claimer, provider, address(token), seized - fromThawing, fromThawing, harmed, locked - freed, locked - freed
        );
        assertEq(_seize(claimer, amount), seized);
        assertEq(bonds.owedTo(harmed, address(token)), seized);
        assertEq(_bondOf().active, active + fromThawing - seized);
        assertEq(_bondOf().thawing, thawing - fromThawing);
        assertGe(_bondOf().active, bonds.lockedOf(provider, address(token)));
        vm.prank(harmed);
        bonds.collect(address(token), harmed);
        assertEq(token.balanceOf(harmed), seized);
    }

    function test_Seize_LeavesWhatOthersHaveLocked() public {
        _bond(100);
        _lock(claimer, 10);
        _lock(other, 60);
        assertEq(_seize(claimer, 100), 40);
        assertEq(_seize(claimer, 100), 0);
        assertEq(bonds.lockedBy(other, provider, address(token)), 60);
    }

    function test_Seize_TakesWhatASlashHasLeft() public {
        _bond(100);
        _lock(claimer, 100);
        bonds.slash(PROVIDER, provider, address(token), IBonds.Slash(70, harmed, 0, address(0), true));
        assertEq(_seize(claimer, 100), 30);
        assertEq(bonds.lockedOf(provider, address(token)), 70);
        assertEq(_seize(claimer, 100), 0);
        _unlock(claimer, 70);
    }

    function test_Seize_IsNoSlashOfAWindow() public {
        _bond(1000);
        _lock(claimer, 1000);
        assertEq(_seize(claimer, 500), 500);
        assertEq(_bondOf().windowStart, 0);
        bonds.slash(PROVIDER, provider, address(token), IBonds.Slash(50, harmed, 0, address(0), false));
    }

    function test_Seize_RevertWhen_NobodyWasHarmed() public {
        _bond(10);
        _lock(claimer, 10);
        vm.prank(claimer);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InvalidAccount.selector, address(0)));
        bonds.seize(provider, address(token), 1, address(0), 1);
    }

    function test_Seize_RevertWhen_TheCallerIsNoClaimer() public {
        _bond(10);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, harmed));
        _seize(harmed, 1);
    }

    function _bond(uint256 amount) private {
        bonds.bond(PROVIDER, provider, address(token), amount);
    }

    function _thaw(uint256 amount) private {
        vm.prank(provider);
        bonds.thaw(PROVIDER, address(token), amount);
    }

    function _lock(address by, uint256 amount) private {
        vm.prank(by);
        bonds.lock(provider, address(token), amount);
    }

    function _unlock(address by, uint256 amount) private {
        vm.prank(by);
        bonds.unlock(provider, address(token), amount);
    }

    function _unlockFormer() private {
        vm.prank(provider);
        bonds.unlockFormer(claimer, provider, address(token));
    }

    function _seize(address by, uint256 amount) private returns (uint256) {
        vm.prank(by);
        (uint256 seized,) = bonds.seize(provider, address(token), amount, harmed, type(uint256).max);
        return seized;
    }

    function _bondOf() private view returns (IBonds.Bond memory) {
        return bonds.bondOf(PROVIDER, provider, address(token));
    }
}
