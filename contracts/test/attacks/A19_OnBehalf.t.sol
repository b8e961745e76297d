// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IDelegation} from "../../src/stake/IDelegation.sol";
import {Spon} from "../../src/token/Spon.sol";
import {IStakedSpon, StakedSpon} from "../../src/token/StakedSpon.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";

/// @title What a third party does for somebody only adds value: it moves no timer, no lock and no share
contract A19_OnBehalf is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Provider;

    Bonds private bonds;
    StakeToken private token;
    address private owner = makeAddr("owner");
    address private delegator = makeAddr("delegator");
    address private stranger = makeAddr("stranger");

    function setUp() public {
        vm.warp(1_800_000_000);
        bonds = new Bonds(address(new AccessManager(address(this))), IOutageClock(address(0)));
        token = new StakeToken();
        bonds.setMinimum(ROLE, address(token), 1);
        bonds.setClaimer(address(this), true);
        _fund(address(this));
        _fund(delegator);
        _fund(stranger);
        bonds.bond(ROLE, owner, address(token), 1e18);
        bonds.lock(owner, address(token), 1e17);
        vm.prank(owner);
        bonds.thaw(ROLE, address(token), 3e17);
        vm.startPrank(delegator);
        bonds.delegate(ROLE, owner, address(token), 1e18);
        bonds.undelegate(ROLE, owner, address(token), 4e23);
        vm.stopPrank();
    }

    /// Livepeer's unlocks could be cancelled by a deposit of one wei, and its claims reset by a bond.
    function testFuzz_ABondForAnotherOnlyAdds(uint256 amount, uint256 elapsed, uint256 times) public {
        IBonds.Bond memory before = bonds.bondOf(ROLE, owner, address(token));
        times = bound(times, 1, 5);
        amount = bound(amount, 1, 1e24);
        for (uint256 i; i < times; ++i) {
            skip(bound(elapsed, 0, 3 days));
            vm.prank(stranger);
            bonds.bond(ROLE, owner, address(token), amount);
        }
        IBonds.Bond memory later = bonds.bondOf(ROLE, owner, address(token));
        assertEq(later.active, before.active + times * amount);
        assertEq(later.thawing, before.thawing);
        assertEq(later.thawedAt, before.thawedAt);
        assertEq(later.locked, before.locked);
        assertEq(later.windowStart, before.windowStart);
        vm.warp(before.thawedAt);
        vm.prank(owner);
        bonds.withdraw(ROLE, address(token), owner);
        assertEq(token.balanceOf(owner), 3e17);
    }

    function testFuzz_ARewardOrADelegationOfAnotherOnlyAdds(uint256 amount, bool isReward) public {
        amount = bound(amount, 1, 1e24);
        IDelegation.Position memory before = bonds.positionOf(ROLE, owner, address(token), delegator);
        (uint256 value, uint256 thawing) = bonds.valueOf(ROLE, owner, address(token), delegator);
        vm.startPrank(stranger);
        if (isReward) bonds.reward(ROLE, owner, address(token), amount);
        else bonds.delegate(ROLE, owner, address(token), amount);
        vm.stopPrank();
        IDelegation.Position memory later = bonds.positionOf(ROLE, owner, address(token), delegator);
        assertEq(later.shares, before.shares);
        assertEq(later.thawingShares, before.thawingShares);
        assertEq(later.thawedAt, before.thawedAt);
        (uint256 newValue, uint256 newThawing) = bonds.valueOf(ROLE, owner, address(token), delegator);
        assertGe(newValue + 1, value);
        assertEq(newThawing, thawing);
        assertEq(bonds.commissionOf(ROLE, owner, address(token)), 0);
    }

    /// Nobody moves, thaws or takes what is another's: these functions act on their caller alone.
    function test_NothingElseActsForAnother() public {
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, 0, 1));
        bonds.thaw(ROLE, address(token), 1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, 0, 0));
        bonds.cancelThaw(ROLE, address(token));
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, 0, 0));
        bonds.withdraw(ROLE, address(token), stranger);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.Delegation_InsufficientShares.selector, 0, 1));
        bonds.undelegate(ROLE, owner, address(token), 1);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.Delegation_NotThawed.selector, 0, 0));
        bonds.cancelUndelegation(ROLE, owner, address(token));
        vm.expectRevert(abi.encodeWithSelector(IDelegation.Delegation_NotThawed.selector, 0, 0));
        bonds.withdrawDelegation(ROLE, owner, address(token), stranger);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, stranger));
        bonds.unlockFormer(address(this), owner, address(token));
        vm.stopPrank();
    }

    /// Setting one's own commission leaves another's pool as it is.
    function test_ACommissionIsItsOwners() public {
        vm.prank(stranger);
        bonds.setCommission(ROLE, address(token), 2_000);
        skip(14 days);
        assertEq(bonds.commissionOf(ROLE, stranger, address(token)), 2_000);
        assertEq(bonds.commissionOf(ROLE, owner, address(token)), 0);
    }

    function _fund(address account) private {
        token.mint(account, 1e28);
        vm.prank(account);
        token.approve(address(bonds), type(uint256).max);
    }
}

/// @title Nor does anybody touch the exit of a staker: what is added to one begins its cooldown anew
contract A19_OnBehalfOfStakers is Test {
    Spon private spon;
    StakedSpon private vault;
    address private staker = makeAddr("staker");

    function setUp() public {
        vm.warp(1_800_000_000);
        AccessManager manager = new AccessManager(address(this));
        spon = new Spon(address(manager));
        vault = new StakedSpon(address(manager), spon);
        spon.mint(address(this), 10e18);
        spon.approve(address(vault), 10e18);
        vault.deposit(4e18, staker);
        vm.prank(staker);
        vault.requestRedeem(2e21, staker, staker);
    }

    function testFuzz_AnExitIsItsControllersAlone(address stranger, uint256 elapsed) public {
        vm.assume(stranger != staker && stranger != address(0) && stranger != address(vault));
        vault.deposit(1e18, stranger);
        IStakedSpon.Exit memory exit = vault.exitOf(staker);
        skip(bound(elapsed, 0, 30 days));
        bytes memory refused = abi.encodeWithSelector(IStakedSpon.StakedSpon_NotAuthorized.selector, stranger, staker);
        vm.startPrank(stranger);
        vm.expectRevert(refused);
        vault.requestRedeem(1e18, staker, stranger);
        vm.expectRevert(refused);
        vault.redeem(exit.shares, stranger, staker);
        vm.expectRevert(refused);
        vault.withdraw(exit.assets, stranger, staker);
        vm.stopPrank();
        vm.warp(exit.claimableAt);
        vm.prank(staker);
        vault.redeem(exit.shares, staker, staker);
        assertEq(spon.balanceOf(staker), 2e18);
    }
}
