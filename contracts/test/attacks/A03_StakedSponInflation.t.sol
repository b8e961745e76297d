// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {Spon} from "../../src/token/Spon.sol";
import {StakedSpon} from "../../src/token/StakedSpon.sol";

/// @title First depositor and donation in sSPON: who makes shares dear gives away more than it wins
contract A03_StakedSponInflation is Test {
    Spon private spon;
    StakedSpon private vault;
    address private attacker = makeAddr("attacker");
    address private victim = makeAddr("victim");

    function setUp() public {
        vm.warp(1_800_000_000);
        AccessManager manager = new AccessManager(address(this));
        spon = new Spon(address(manager));
        vault = new StakedSpon(address(manager), spon);
        for (uint256 i; i < 2; ++i) {
            address account = i == 0 ? attacker : victim;
            spon.mint(account, 1e26);
            vm.prank(account);
            spon.approve(address(vault), type(uint256).max);
        }
    }

    /// @dev Seed, donate, let the victim in, leave: by a transfer, which counts for nothing, or as revenue, which waits for
    /// a whole SPON.
    function testFuzz_TheAttackLoses(uint256 seed, uint256 gift, uint256 brought, bool asRevenue, uint8 scale) public {
        bool isWhole = scale % 2 == 0;
        seed = isWhole ? bound(seed, 1e18, 1e20) : bound(seed, 1, 1e18 - 1);
        gift = bound(gift, 1, 1e25);
        brought = bound(brought, 1, scale % 4 < 2 ? 1e4 : 1e24);
        vm.startPrank(attacker);
        vault.deposit(seed, attacker);
        if (asRevenue) vault.fund(gift);
        else spon.transfer(address(vault), gift);
        vm.stopPrank();
        skip(7 days);
        bool dripped = isWhole && asRevenue;
        assertEq(vault.totalAssets(), dripped ? seed + gift : seed, "revenue drips to a whole SPON");

        vm.startPrank(victim);
        if (vault.previewDeposit(brought) == 0) {
            vm.expectRevert();
            vault.deposit(brought, victim);
            vm.stopPrank();
            brought = 0;
        } else {
            vault.deposit(brought, victim);
            uint256 worth = vault.convertToAssets(vault.balanceOf(victim));
            // A share's price at the most, and there are 10^21 shares or more when anything drips.
            assertGe(worth + (dripped ? (gift + seed) / 1e21 : 0) + 2, brought, "the victim lost");
            vm.stopPrank();
        }

        uint256 taken = vault.convertToAssets(vault.balanceOf(attacker));
        assertLe(taken, seed + (asRevenue ? gift : 0), "the attacker won");
    }
}
