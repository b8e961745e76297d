// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";

/// @title Prime Intellect's StakeManager moved past a matured unbond when it slashed: stake 100, unbond 40 (matured),
/// unbond 30, slash 50, and 40 tokens could never be withdrawn
contract R_PrimeSlashSkip is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Provider;

    Bonds private bonds;
    StakeToken private token;
    address private owner = makeAddr("owner");
    address private harmed = makeAddr("harmed");

    function setUp() public {
        vm.warp(1_800_000_000);
        bonds = new Bonds(address(new AccessManager(address(this))), IOutageClock(address(0)));
        token = new StakeToken();
        bonds.setMinimum(ROLE, address(token), 1);
        bonds.setSlasher(address(this), true);
        token.mint(address(this), 1e30);
        token.approve(address(bonds), type(uint256).max);
    }

    function test_TheirSequence() public {
        _play(100, 40, 30, 50);
        assertEq(token.balanceOf(owner), 50);
        assertEq(token.balanceOf(harmed), 50);
    }

    function test_AnUnbondThatMaturedIsSlashed() public {
        _play(100, 40, 0, 50);
        assertEq(token.balanceOf(owner), 50);
        assertEq(token.balanceOf(harmed), 50);
        assertEq(token.balanceOf(address(bonds)), 0, "stranded");
    }

    function testFuzz_AnySequence(uint256 stake, uint256 first, uint256 second, uint256 slashed) public {
        stake = bound(stake, 1, 1e27);
        first = bound(first, 0, stake);
        second = bound(second, 0, stake - first);
        slashed = bound(slashed, 1, stake);
        _play(stake, first, second, slashed);
        assertEq(token.balanceOf(owner), stake - slashed);
        assertEq(token.balanceOf(harmed), slashed);
        assertEq(token.balanceOf(address(bonds)), 0, "stranded");
    }

    /// The same over the pool of a delegator.
    function testFuzz_AnySequenceOfADelegator(uint256 amount, uint256 first, uint256 second, uint256 slashed) public {
        amount = bound(amount, 2, 1e27);
        first = bound(first, 1, amount / 2);
        second = bound(second, 1, amount / 2);
        slashed = bound(slashed, 1, amount);
        bonds.bond(ROLE, harmed, address(token), slashed);
        token.transfer(owner, amount);
        vm.startPrank(owner);
        token.approve(address(bonds), amount);
        bonds.delegate(ROLE, harmed, address(token), amount);
        bonds.undelegate(ROLE, harmed, address(token), first * 1e6);
        skip(14 days);
        bonds.undelegate(ROLE, harmed, address(token), second * 1e6);
        vm.stopPrank();
        bonds.slash(ROLE, harmed, address(token), IBonds.Slash(2 * slashed, address(0), 0, address(0), true));

        uint256 rest = bonds.positionOf(ROLE, harmed, address(token), owner).shares;
        vm.startPrank(owner);
        if (rest != 0) bonds.undelegate(ROLE, harmed, address(token), rest);
        skip(14 days);
        if (bonds.positionOf(ROLE, harmed, address(token), owner).thawingShares != 0) {
            bonds.withdrawDelegation(ROLE, harmed, address(token), owner);
        }
        vm.stopPrank();
        bonds.collectBurned(address(token));
        assertEq(token.balanceOf(address(bonds)), 0, "stranded");
        uint256 left = amount - slashed;
        assertLe(token.balanceOf(owner), left + 2);
        // Of a thousandth and less the shares end, and what is left is burned.
        if (left * 1_000 > amount + 3_000) assertGe(token.balanceOf(owner) + 2, left);
    }

    function _play(uint256 stake, uint256 first, uint256 second, uint256 slashed) private {
        bonds.bond(ROLE, owner, address(token), stake);
        _thaw(first);
        skip(14 days);
        _thaw(second);
        bonds.slash(ROLE, owner, address(token), IBonds.Slash(slashed, harmed, slashed, address(0), true));
        skip(14 days);
        _withdraw();
        _thaw(bonds.bondOf(ROLE, owner, address(token)).active);
        skip(14 days);
        _withdraw();
        vm.prank(harmed);
        bonds.collect(address(token), harmed);
    }

    function _thaw(uint256 amount) private {
        if (amount == 0) return;
        vm.prank(owner);
        bonds.thaw(ROLE, address(token), amount);
    }

    function _withdraw() private {
        if (bonds.bondOf(ROLE, owner, address(token)).thawing == 0) return;
        vm.prank(owner);
        bonds.withdraw(ROLE, address(token), owner);
    }
}
