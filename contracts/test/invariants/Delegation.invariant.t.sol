// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// Delegation: for each pool, delegated + rewarded == value + thawing + slashed + withdrawn + swept, and the balance of the
// contract == bonds + pools + owed. A slash strands nothing.
// What has not dripped is a part of the value, no exit takes any of it along, and its rate never falls but by a slash.
// However deep the slashes, a delegation fits; if they left less than a hundredth of the shares' worth, nobody is taken in.
// No sequence of delegations, rewards and exits wins another's money: nobody holds more than it put in and was given, and
// nobody's position falls but by a slash or a wei of rounding.

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IDelegation} from "../../src/stake/IDelegation.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";

contract DelegationHandler is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Gateway;

    Bonds public immutable bonds;
    StakeToken public immutable token;
    address public owner = makeAddr("owner");
    address public harmed = makeAddr("harmed");
    address[3] public delegators = [makeAddr("delegator 0"), makeAddr("delegator 1"), makeAddr("delegator 2")];

    uint256 public bonded;
    uint256 public delegated;
    uint256 public rewarded;
    uint256 public withdrawn;
    uint256 public slashed;
    uint256 public bondSlashed;

    constructor(AccessManager manager) {
        bonds = new Bonds(address(manager), IOutageClock(address(0)));
        token = new StakeToken();
        token.approve(address(bonds), type(uint256).max);
    }

    function bond(uint256 amount) external {
        amount = bound(amount, 1, 1e20);
        token.mint(address(this), amount);
        bonds.bond(ROLE, owner, address(token), amount);
        bonded += amount;
    }

    function delegate(uint256 which, uint256 amount) external checked(which, false) {
        address delegator = delegators[which % 3];
        amount = bound(amount, 1, which % 5 == 0 ? 10 : 1e20);
        IDelegation.Pool memory p = pool();
        if (amount * (uint256(p.shares) + 1e6) / (_earning() + 1) == 0) return;
        token.mint(delegator, amount);
        vm.startPrank(delegator);
        token.approve(address(bonds), amount);
        bool isSpent = _isSpent();
        if (isSpent) vm.expectPartialRevert(IDelegation.Delegation_PoolSpent.selector);
        bonds.delegate(ROLE, owner, address(token), amount);
        vm.stopPrank();
        if (!isSpent) delegated += amount;
    }

    function undelegate(uint256 which, uint256 shares) public checked(which, false) {
        address delegator = delegators[which % 3];
        uint256 own = position(delegator).shares;
        if (own == 0) return;
        vm.prank(delegator);
        bonds.undelegate(ROLE, owner, address(token), which % 4 == 0 ? own : bound(shares, 1, own));
    }

    function cancel(uint256 which) external checked(which, false) {
        address delegator = delegators[which % 3];
        (, uint256 thawing) = bonds.valueOf(ROLE, owner, address(token), delegator);
        IDelegation.Pool memory p = pool();
        uint256 shares = position(delegator).thawingShares;
        if (shares == 0) return;
        // What is left behind counts: rounding may make a spent pile of one that was not yet.
        if (_areSpent(p.shares, _earning()) || _areSpent(p.thawingShares - shares, p.thawing - thawing)) return;
        if (thawing * (uint256(p.shares) + 1e6) / (_earning() + 1) == 0) return;
        vm.prank(delegator);
        bonds.cancelUndelegation(ROLE, owner, address(token));
    }

    function withdraw(uint256 which) public checked(which, true) {
        address delegator = delegators[which % 3];
        IDelegation.Position memory own = position(delegator);
        if (own.thawingShares == 0 || block.timestamp < own.thawedAt) return;
        vm.prank(delegator);
        withdrawn += bonds.withdrawDelegation(ROLE, owner, address(token), delegator);
    }

    function reward(uint256 amount) external {
        amount = bound(amount, 1, 1e20);
        token.mint(address(this), amount);
        uint256 owed = bonds.owedTo(owner, address(token));
        (uint256 old, uint256 end) = bonds.dripOf(ROLE, owner, address(token));
        bonds.reward(ROLE, owner, address(token), amount);
        (uint256 left, uint256 newEnd) = bonds.dripOf(ROLE, owner, address(token));
        if (old != 0) assertGe(left * (end - block.timestamp), old * (newEnd - block.timestamp), "the rate fell");
        rewarded += amount - (bonds.owedTo(owner, address(token)) - owed);
    }

    function setCommission(uint256 commission) external {
        vm.prank(owner);
        bonds.setCommission(ROLE, address(token), bound(commission, 0, 2_000));
    }

    function slash(uint256 amount, uint256 loss, bool isAll) external {
        IBonds.Bond memory b = bonds.bondOf(ROLE, owner, address(token));
        uint256 stake = uint256(b.active) + b.thawing;
        if (stake == 0) return;
        IDelegation.Pool memory before = pool();
        amount = isAll ? type(uint256).max : bound(amount, 1, 2 * stake);
        loss = bound(loss, 0, 2 * stake);
        bondSlashed += bonds.slash(ROLE, owner, address(token), IBonds.Slash(amount, harmed, loss, address(0), true));
        uint256 taken = uint256(before.value) + before.thawing - total();
        slashed += taken;
        // Shares that end leave less than a thousandth of their first worth, which is burned.
        IDelegation.Pool memory p = pool();
        if (p.generation != before.generation) stake += before.shares / 1e9;
        if (p.thawGeneration != before.thawGeneration) stake += before.thawingShares / 1e9;
        assertLe(taken, stake, "the delegators lost more than the owner");
    }

    function passTime(uint256 elapsed) external {
        skip(bound(elapsed, 1, 20 days));
    }

    /// @dev Everybody takes out what is theirs.
    function leave() external {
        for (uint256 i; i < 3; ++i) {
            uint256 own = position(delegators[i]).shares;
            if (own == 0) continue;
            vm.prank(delegators[i]);
            bonds.undelegate(ROLE, owner, address(token), own);
        }
        skip(60 days);
        for (uint256 i; i < 3; ++i) {
            withdraw(i);
        }
    }

    function pool() public view returns (IDelegation.Pool memory) {
        return bonds.poolOf(ROLE, owner, address(token));
    }

    function position(address delegator) public view returns (IDelegation.Position memory) {
        return bonds.positionOf(ROLE, owner, address(token), delegator);
    }

    function total() public view returns (uint256) {
        IDelegation.Pool memory p = pool();
        return uint256(p.value) + p.thawing;
    }

    function _isSpent() private view returns (bool) {
        IDelegation.Pool memory p = pool();
        return _areSpent(p.shares, _earning()) || _areSpent(p.thawingShares, p.thawing);
    }

    function _areSpent(uint256 shares, uint256 value) private pure returns (bool) {
        return shares > value * 1e8;
    }

    function _earning() private view returns (uint256) {
        return bonds.earningOf(ROLE, owner, address(token));
    }

    /// @dev What one delegator does costs no other more than a wei of rounding in each pile, and nobody takes along what has
    /// not dripped: the last share leaves it.
    modifier checked(uint256 which, bool isExit) {
        (uint256 undripped,) = bonds.dripOf(ROLE, owner, address(token));
        uint256[3] memory before;
        for (uint256 i; i < 3; ++i) {
            before[i] = _worth(delegators[i]);
        }
        _;
        for (uint256 i; i < 3; ++i) {
            uint256 worth = _worth(delegators[i]);
            if (i != which % 3) assertGe(worth + 2, before[i], "another paid");
            else if (isExit) assertLe(worth, before[i], "left with more");
        }
        (uint256 left,) = bonds.dripOf(ROLE, owner, address(token));
        assertEq(left, pool().shares == 0 ? 0 : undripped, "took what had not dripped");
    }

    function _worth(address delegator) private view returns (uint256) {
        (uint256 value, uint256 thawing) = bonds.valueOf(ROLE, owner, address(token), delegator);
        return value + thawing;
    }
}

contract DelegationInvariantTest is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Gateway;

    DelegationHandler private handler;
    Bonds private bonds;
    StakeToken private token;

    function setUp() public {
        vm.warp(1_800_000_000);
        AccessManager manager = new AccessManager(address(this));
        handler = new DelegationHandler(manager);
        (bonds, token) = (handler.bonds(), handler.token());
        bonds.setMinimum(ROLE, address(token), 1);
        bonds.setSlasher(address(handler), true);
        targetContract(address(handler));
        bytes4[] memory exit = new bytes4[](1);
        exit[0] = handler.leave.selector;
        excludeSelector(FuzzSelector({addr: address(handler), selectors: exit}));
    }

    function invariant_WhatWasDelegatedIsStillSomewhere() public view {
        uint256 owed = _owed();
        IBonds.Bond memory b = bonds.bondOf(ROLE, handler.owner(), address(token));
        assertEq(token.balanceOf(address(bonds)), handler.total() + b.active + b.thawing + owed, "balance");
        assertEq(uint256(b.active) + b.thawing, handler.bonded() - handler.bondSlashed(), "bond");
        // What the pool has lost beside slashes and exits was swept, and sweeps are burned or the owner's.
        uint256 gone = handler.slashed() + handler.withdrawn();
        uint256 swept = handler.delegated() + handler.rewarded() - gone - handler.total();
        assertLe(swept + handler.slashed() + handler.bondSlashed(), owed, "owed");
    }

    function invariant_SharesOwnNoMoreThanThePool() public view {
        IDelegation.Pool memory p = handler.pool();
        uint256[4] memory sums;
        for (uint256 i; i < 3; ++i) {
            address delegator = handler.delegators(i);
            IDelegation.Position memory own = handler.position(delegator);
            (uint256 value, uint256 thawing) = bonds.valueOf(ROLE, handler.owner(), address(token), delegator);
            sums[0] += own.shares;
            sums[1] += own.thawingShares;
            sums[2] += value;
            sums[3] += thawing;
            assertEq(own.thawedAt == 0, own.thawingShares == 0, "a bucket has a time if it has shares");
        }
        assertEq(sums[0], p.shares, "shares");
        assertEq(sums[1], p.thawingShares, "thawing shares");
        (uint256 undripped,) = bonds.dripOf(ROLE, handler.owner(), address(token));
        assertLe(sums[2] + undripped, p.value, "value");
        assertLe(sums[3], p.thawing, "thawing");
    }

    function afterInvariant() public {
        handler.leave();
        assertEq(handler.total(), 0, "stranded");
    }

    function _owed() private view returns (uint256) {
        return bonds.owedTo(handler.owner(), address(token)) + bonds.owedTo(handler.harmed(), address(token))
            + bonds.owedTo(bonds.BURN_ADDRESS(), address(token));
    }
}
