// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IDelegation} from "../../src/stake/IDelegation.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";

/// @title First depositor and donation: who makes shares dear to round others down gives away more than it wins
contract A03_ShareInflation is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Provider;

    Bonds private bonds;
    StakeToken private token;
    address private owner = makeAddr("owner");
    address private attacker = makeAddr("attacker");
    address private victim = makeAddr("victim");

    function setUp() public {
        vm.warp(1_800_000_000);
        bonds = new Bonds(address(new AccessManager(address(this))), IOutageClock(address(0)));
        token = new StakeToken();
        bonds.setMinimum(ROLE, address(token), 1);
        for (uint256 i; i < 2; ++i) {
            address account = i == 0 ? attacker : victim;
            token.mint(account, 1e36);
            vm.prank(account);
            token.approve(address(bonds), type(uint256).max);
        }
    }

    /// The attacker is first with `seed` wei, gives `gift` wei to the pool, and leaves before or after the victim, who
    /// brought `amount`. Whatever the victim lost, the attacker is never richer.
    function testFuzz_NobodyProfitsByRoundingAnotherDown(uint256 seed, uint256 gift, uint256 amount, bool isLast)
        public
    {
        seed = bound(seed, 1, 1e6);
        gift = bound(gift, 1, 1e26);
        amount = bound(amount, 1, 1e30);
        _delegate(attacker, seed);
        vm.prank(attacker);
        bonds.reward(ROLE, owner, address(token), gift);
        skip(7 days);
        vm.prank(victim);
        try bonds.delegate(ROLE, owner, address(token), amount) {} catch {}
        _leave(isLast ? victim : attacker);
        _leave(isLast ? attacker : victim);
        assertLe(token.balanceOf(attacker), 1e36, "profit");
    }

    /// Tokens that are sent to the contract raise no price at all.
    function testFuzz_ATransferIsNoDonation(uint256 gift, uint256 amount) public {
        gift = bound(gift, 1, 1e30);
        amount = bound(amount, 1, 1e30);
        _delegate(attacker, 1);
        vm.prank(attacker);
        token.transfer(address(bonds), gift);
        assertEq(_delegate(victim, amount), amount * 1e6);
        _leave(victim);
        assertEq(token.balanceOf(victim), 1e36);
    }

    /// A deposit that would buy nothing is refused instead of taken.
    function test_ADepositThatBuysNothingIsRefused() public {
        _delegate(attacker, 1e6);
        vm.prank(attacker);
        bonds.reward(ROLE, owner, address(token), 1e24);
        skip(7 days);
        vm.prank(victim);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.Delegation_TooSmall.selector, 1e11));
        bonds.delegate(ROLE, owner, address(token), 1e11);
        assertEq(token.balanceOf(victim), 1e36);
    }

    /// The victim of a full-blown attack loses a millionth of what the attacker burns for it, but for a rounding.
    function testFuzz_TheAttackCostsAMillionTimesTheHarm(uint256 seed, uint256 amount) public {
        seed = bound(seed, 1e12, 1e15);
        amount = bound(amount, 1, 1e13);
        _delegate(attacker, seed);
        vm.prank(attacker);
        bonds.reward(ROLE, owner, address(token), 1e24);
        skip(7 days);
        vm.prank(victim);
        try bonds.delegate(ROLE, owner, address(token), amount) {} catch {}
        _leave(victim);
        _leave(attacker);
        uint256 harm = 1e36 - token.balanceOf(victim);
        uint256 cost = 1e36 - token.balanceOf(attacker);
        assertGe(2 * cost, harm * 1e6);
    }

    /// A bond is 1:1 and has no shares that anybody could make dear.
    function testFuzz_ABondHasNoShares(uint256 gift, uint256 amount) public {
        gift = bound(gift, 1, 1e30);
        amount = bound(amount, 1, type(uint96).max);
        vm.prank(attacker);
        token.transfer(address(bonds), gift);
        vm.startPrank(victim);
        bonds.bond(ROLE, victim, address(token), amount);
        bonds.thaw(ROLE, address(token), amount);
        skip(14 days);
        bonds.withdraw(ROLE, address(token), victim);
        vm.stopPrank();
        assertEq(token.balanceOf(victim), 1e36);
    }

    function _delegate(address account, uint256 amount) private returns (uint256) {
        vm.prank(account);
        return bonds.delegate(ROLE, owner, address(token), amount);
    }

    function _leave(address account) private {
        uint256 shares = bonds.positionOf(ROLE, owner, address(token), account).shares;
        if (shares == 0) return;
        vm.startPrank(account);
        bonds.undelegate(ROLE, owner, address(token), shares);
        skip(14 days);
        // Shares that were rounded to nothing leave nothing to withdraw.
        if (bonds.positionOf(ROLE, owner, address(token), account).thawingShares != 0) {
            bonds.withdrawDelegation(ROLE, owner, address(token), account);
        }
        vm.stopPrank();
    }
}
