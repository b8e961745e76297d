// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Test} from "forge-std/Test.sol";

import {IPausable} from "../../src/governance/IPausable.sol";
import {IPauseSwitch} from "../../src/governance/IPauseSwitch.sol";
import {PauseSwitch} from "../../src/governance/PauseSwitch.sol";
import {PausableTarget} from "../mocks/PausableTarget.sol";

contract PauseSwitchTest is Test {
    uint256 private constant START = 1_800_000_000;
    uint32 private constant DELAY = 2 days;
    uint64 private constant GOVERNOR = 1;
    uint64 private constant GUARDIAN = 2;
    uint64 private constant PAUSER = 3;
    uint256 private constant BIT = 3;
    uint256 private constant MASK = 1 << BIT;

    address private governor = makeAddr("governor");
    address private guardian = makeAddr("guardian");
    AccessManager private authority;
    PauseSwitch private pauses;
    PausableTarget private target;
    PausableTarget private other;

    function setUp() public {
        vm.warp(START);
        authority = new AccessManager(address(this));
        pauses = new PauseSwitch(address(authority));
        target = new PausableTarget(address(authority));
        other = new PausableTarget(address(authority));
        pauses.setTarget(BIT, address(target));
        pauses.setTarget(255, address(other));
        _assign(address(pauses), IPauseSwitch.pause.selector, GUARDIAN);
        _assign(address(pauses), IPauseSwitch.unpause.selector, GOVERNOR);
        _assign(address(target), IPausable.setPaused.selector, PAUSER);
        _assign(address(other), IPausable.setPaused.selector, PAUSER);
        authority.grantRole(GUARDIAN, guardian, 0);
        authority.grantRole(GOVERNOR, governor, DELAY);
        authority.grantRole(PAUSER, address(pauses), 0);
    }

    function test_Pause_SetsEveryBitOfTheMask() public {
        vm.expectEmit(address(pauses));
        emit IPauseSwitch.Paused(BIT, address(target), START + 14 days);
        vm.expectEmit(address(pauses));
        emit IPauseSwitch.Paused(255, address(other), START + 14 days);
        _pause(MASK | (1 << 255));
        assertTrue(target.paused() && other.paused());
        assertEq(pauses.pausedBits(), MASK | (1 << 255));
        IPauseSwitch.Bit memory bit = pauses.bitOf(BIT);
        assertEq(bit.target, address(target));
        assertEq(bit.pausedUntil, START + 14 days);
        assertTrue(bit.paused);
    }

    function test_Pause_RevertWhen_TheCallerIsNotTheGuardian() public {
        vm.prank(governor);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, governor));
        pauses.pause(MASK);
    }

    function test_Pause_RevertWhen_ABitIsSetOrStandsForNothing() public {
        _pause(MASK);
        vm.startPrank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IPauseSwitch.PauseSwitch_WrongState.selector, BIT, true));
        pauses.pause(MASK);
        vm.expectRevert(abi.encodeWithSelector(IPauseSwitch.PauseSwitch_UnknownBit.selector, 0));
        pauses.pause(1);
    }

    function test_Unpause_IsGovernancesAfterItsDelay() public {
        _pause(MASK);
        bytes memory call = abi.encodeCall(IPauseSwitch.unpause, (MASK));
        vm.startPrank(governor);
        vm.expectPartialRevert(IAccessManager.AccessManagerNotScheduled.selector);
        pauses.unpause(MASK);
        authority.schedule(address(pauses), call, 0);
        vm.warp(START + DELAY);
        vm.expectEmit(address(pauses));
        emit IPauseSwitch.Unpaused(BIT, address(target), false);
        authority.execute(address(pauses), call);
        vm.stopPrank();
        assertFalse(target.paused());
        assertEq(pauses.pausedBits(), 0);
        _pause(MASK);
        assertTrue(target.paused(), "what governance cleared needs no rest");
    }

    function test_Unpause_RevertWhen_TheGuardianTries() public {
        _pause(MASK);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        pauses.unpause(MASK);
    }

    function test_Unpause_RevertWhen_NotPaused() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this)));
        pauses.unpause(MASK);
        authority.grantRole(GOVERNOR, address(this), 0);
        vm.expectRevert(abi.encodeWithSelector(IPauseSwitch.PauseSwitch_WrongState.selector, BIT, false));
        pauses.unpause(MASK);
    }

    function testFuzz_Expire_IsAnybodysOnceTheTimeIsOver(address caller, uint256 late) public {
        _pause(MASK);
        vm.warp(START + 14 days - 1);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IPauseSwitch.PauseSwitch_TooEarly.selector, BIT, START + 14 days));
        pauses.expire(MASK);

        vm.warp(START + 14 days + bound(late, 0, 365 days));
        vm.expectEmit(address(pauses));
        emit IPauseSwitch.Unpaused(BIT, address(target), true);
        vm.prank(caller);
        pauses.expire(MASK);
        assertFalse(target.paused());
        vm.expectRevert(abi.encodeWithSelector(IPauseSwitch.PauseSwitch_WrongState.selector, BIT, false));
        pauses.expire(MASK);
    }

    function test_Pause_RevertWhen_AnExpiredBitHasNotRested() public {
        _pause(MASK);
        vm.warp(START + 14 days);
        pauses.expire(MASK);
        vm.warp(START + 28 days - 1);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IPauseSwitch.PauseSwitch_TooEarly.selector, BIT, START + 28 days));
        pauses.pause(MASK);
        vm.warp(START + 28 days);
        _pause(MASK);
        assertTrue(target.paused());
    }

    /// @dev Else a guardian could end a pause late, and begin the next one in the same transaction.
    function test_Pause_RevertWhen_ABitThatExpiredLateHasNotRested() public {
        _pause(MASK);
        vm.warp(START + 28 days);
        pauses.expire(MASK);
        vm.startPrank(guardian);
        vm.expectPartialRevert(IPauseSwitch.PauseSwitch_TooEarly.selector);
        pauses.pause(MASK);
        skip(14 days);
        pauses.pause(MASK);
        assertTrue(target.paused());
    }

    function test_SetTarget_RevertWhen_TheBitIsPausedOrUnknown() public {
        _pause(MASK);
        vm.expectRevert(abi.encodeWithSelector(IPauseSwitch.PauseSwitch_WrongState.selector, BIT, true));
        pauses.setTarget(BIT, address(0));
        vm.expectRevert(abi.encodeWithSelector(IPauseSwitch.PauseSwitch_UnknownBit.selector, 256));
        pauses.setTarget(256, address(target));
    }

    function test_SetTarget_OneBitPerTarget() public {
        vm.expectRevert(abi.encodeWithSelector(IPauseSwitch.PauseSwitch_TargetTaken.selector, address(target)));
        pauses.setTarget(0, address(target));
        pauses.setTarget(BIT, address(target));
        vm.expectEmit(address(pauses));
        emit IPauseSwitch.TargetSet(BIT, address(0));
        pauses.setTarget(BIT, address(0));
        pauses.setTarget(0, address(target));
        pauses.setTarget(1, address(0));
        assertEq(pauses.bitOf(0).target, address(target));
    }

    function test_SetTarget_RevertWhen_TheCallerHasNoRole() public {
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        pauses.setTarget(0, address(1));
    }

    function _pause(uint256 mask) private {
        vm.prank(guardian);
        pauses.pause(mask);
    }

    function _assign(address target_, bytes4 selector, uint64 role) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        authority.setTargetFunctionRole(target_, selectors, role);
    }
}
