// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IStakedSpon} from "../../src/token/IStakedSpon.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {Spon} from "../../src/token/Spon.sol";
import {StakedSpon} from "../../src/token/StakedSpon.sol";

/// @title First depositor, donation and repeated rounding in sSPON: who makes shares dear gives away more than it wins
/// @dev A deposit that buys one share and pays for almost two leaves the rest to the others, which are the virtual ones.
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
            vm.expectRevert(IStakedSpon.StakedSpon_ZeroAmount.selector);
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

    /// @dev Without a stake of others, 1,000 rounds leave the price of the least stake as it was: one SPON.
    function test_RoundingDoesNotMakeTheLeastStakeDear() public {
        uint256 before = spon.balanceOf(attacker);
        vm.startPrank(attacker);
        for (uint256 i; i < 1_000; ++i) {
            _round();
        }
        vm.stopPrank();
        assertLe(before - spon.balanceOf(attacker), 1e6, "it costs next to nothing");
        assertLe(vault.previewMint(1e21), 1.01e18, "the least stake");

        vm.prank(victim);
        vault.deposit(2e18, victim);
        vm.prank(victim);
        vault.fund(7e18);
        skip(7 days);
        assertApproxEqRel(vault.totalAssets(), 9e18, 0.01e18, "revenue drips to two SPON");
    }

    /// @dev IStakedSpon: "no share can become so dear that a deposit loses more than 10^6 wei by rounding".
    function test_ADepositLosesNoMoreThanAMillionWei() public {
        vm.startPrank(attacker);
        uint256 before = spon.balanceOf(attacker);
        // Rounding alone lifts a share to one wei; a week's drip to oneself lifts it beyond.
        vault.deposit(1e18, attacker);
        vault.fund(2_000e18);
        skip(7 days);
        vault.requestRedeem(vault.balanceOf(attacker), attacker, attacker);
        for (uint256 i; i < 15_000; ++i) {
            _round();
        }
        skip(14 days);
        vault.redeem(vault.maxRedeem(attacker), attacker, attacker);
        vm.stopPrank();
        assertLe(before - spon.balanceOf(attacker), 1e13, "it costs next to nothing");
        uint256 brought = vault.previewMint(2) - 1;
        vm.prank(victim);
        uint256 shares = vault.deposit(brought, victim);
        assertGe(vault.convertToAssets(shares) + 1e6, brought, "the deposit lost");
    }

    /// @dev While a share is worth less than a wei, gives up shares worth almost a wei more than they pay; from then on pays
    /// almost two shares for one.
    function _round() private {
        bool isCheap = vault.previewMint(1) <= 1;
        vault.deposit(isCheap ? 2 : vault.previewMint(2) - 1, attacker);
        uint256 shares = vault.balanceOf(attacker);
        if (isCheap) {
            uint256 worth = vault.convertToAssets(shares);
            shares = vault.convertToShares(worth);
            if (vault.convertToAssets(shares) == worth) --shares;
            if (vault.convertToAssets(shares) == 0) return;
        } else if (shares < 30) {
            return;
        }
        vault.requestRedeem(shares, attacker, attacker);
    }
}
