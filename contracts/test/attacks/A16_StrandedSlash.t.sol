// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {StakeBlockingToken} from "../mocks/StakeTokens.sol";

/// @title Slashed money that nobody can reach, or that reaches the wrong one
contract A16_StrandedSlash is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Provider;

    Bonds private bonds;
    StakeBlockingToken private token;
    address private owner = makeAddr("owner");
    address private delegator = makeAddr("delegator");
    address private harmed = makeAddr("harmed");
    address private reporter = makeAddr("reporter");

    function setUp() public {
        vm.warp(1_800_000_000);
        bonds = new Bonds(address(new AccessManager(address(this))), IOutageClock(address(0)));
        token = new StakeBlockingToken();
        bonds.setMinimum(ROLE, address(token), 1e6);
        bonds.setSlasher(address(this), true);
        bonds.setClaimer(address(this), true);
        token.mint(address(this), 1e30);
        token.approve(address(bonds), type(uint256).max);
    }

    /// Slashes, seizures and exits in any proportion: every wei ends with the owner, its delegator, the harmed, the
    /// reporter or nobody, and none stays behind.
    function testFuzz_EveryWeiCanBeTakenOut(uint256 own, uint256 delegated, uint256 seed, bool uncapped) public {
        own = bound(own, 100, 1e24);
        delegated = bound(delegated, 1, 1e24);
        bonds.bond(ROLE, owner, address(token), own);
        token.transfer(delegator, delegated);
        vm.startPrank(delegator);
        token.approve(address(bonds), delegated);
        bonds.delegate(ROLE, owner, address(token), delegated);
        bonds.undelegate(ROLE, owner, address(token), 1 + seed % (delegated * 1e6));
        vm.stopPrank();
        bonds.reward(ROLE, owner, address(token), 1 + seed % 1e20);
        uint256 all = token.balanceOf(address(bonds));
        uint256 locked = 1 + seed % (own / 2 - 1);
        bonds.lock(owner, address(token), locked);
        vm.prank(owner);
        bonds.thaw(ROLE, address(token), 1 + seed % (own - locked));
        bonds.seize(owner, address(token), locked / 2, harmed, locked);
        bonds.unlock(owner, address(token), bonds.lockedBy(address(this), owner, address(token)));
        uint256 amount = uncapped ? 1 + seed % (3 * own) : 1 + seed % (own / 20 + 1);
        bonds.slash(ROLE, owner, address(token), IBonds.Slash(amount, harmed, amount / 3, reporter, uncapped));

        _leave();
        uint256 taken = token.balanceOf(owner) + token.balanceOf(delegator) + token.balanceOf(harmed)
            + token.balanceOf(reporter) + token.balanceOf(bonds.BURN_ADDRESS());
        assertEq(taken, all);
        assertEq(token.balanceOf(address(bonds)), 0, "stranded");
    }

    /// A token that refuses the harmed, the reporter or the burn address delays nobody else, and a slash is not its to
    /// refuse.
    function testFuzz_AFrozenRecipientStrandsNobodyElse(bool isHarmed, bool isReporter, bool isBurn) public {
        bonds.bond(ROLE, owner, address(token), 1e9);
        token.setBlocked(harmed, isHarmed);
        token.setBlocked(reporter, isReporter);
        token.setBlocked(bonds.BURN_ADDRESS(), isBurn);
        bonds.slash(ROLE, owner, address(token), IBonds.Slash(5e8, harmed, 1e8, reporter, true));
        _collect(harmed, isHarmed, 1e8);
        // The reporter's share of a proof ends at the minimum bond.
        _collect(reporter, isReporter, 1e6);
        if (isBurn) vm.expectRevert("blocked");
        bonds.collectBurned(address(token));
        vm.startPrank(owner);
        bonds.thaw(ROLE, address(token), 5e8);
        skip(14 days);
        bonds.withdraw(ROLE, address(token), owner);
        vm.stopPrank();
        assertEq(token.balanceOf(owner), 5e8);
    }

    function _collect(address account, bool isBlocked, uint256 due) private {
        vm.startPrank(account);
        if (isBlocked) {
            vm.expectRevert("blocked");
            bonds.collect(address(token), account);
            bonds.collect(address(token), address(0xbeef));
        } else {
            assertEq(bonds.collect(address(token), account), due);
        }
        vm.stopPrank();
    }

    function _leave() private {
        uint256 active = bonds.bondOf(ROLE, owner, address(token)).active;
        vm.prank(owner);
        if (active != 0) bonds.thaw(ROLE, address(token), active);
        uint256 shares = bonds.positionOf(ROLE, owner, address(token), delegator).shares;
        if (shares != 0) {
            vm.prank(delegator);
            bonds.undelegate(ROLE, owner, address(token), shares);
        }
        skip(14 days);
        if (bonds.bondOf(ROLE, owner, address(token)).thawing != 0) {
            vm.prank(owner);
            bonds.withdraw(ROLE, address(token), owner);
        }
        if (bonds.positionOf(ROLE, owner, address(token), delegator).thawingShares != 0) {
            vm.prank(delegator);
            bonds.withdrawDelegation(ROLE, owner, address(token), delegator);
        }
        address[3] memory owed = [owner, harmed, reporter];
        for (uint256 i; i < 3; ++i) {
            if (bonds.owedTo(owed[i], address(token)) == 0) continue;
            vm.prank(owed[i]);
            bonds.collect(address(token), owed[i]);
        }
        if (bonds.owedTo(bonds.BURN_ADDRESS(), address(token)) != 0) bonds.collectBurned(address(token));
    }
}
