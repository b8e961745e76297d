// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {Spon} from "../../src/token/Spon.sol";
import {StakedSpon} from "../../src/token/StakedSpon.sol";

/// @title Revenue that drips while nobody is staked is lost: here it waits for the next staker, to the wei
contract A02_RewardsWithoutStakers is Test {
    Spon private spon;
    StakedSpon private vault;

    function setUp() public {
        vm.warp(1_800_000_000);
        AccessManager manager = new AccessManager(address(this));
        spon = new Spon(address(manager));
        vault = new StakedSpon(address(manager), spon);
        spon.mint(address(this), 1e27);
        spon.approve(address(vault), type(uint256).max);
    }

    function testFuzz_RevenueWaitsForAStaker(uint256 revenue, uint256 stake, uint256 away) public {
        revenue = bound(revenue, 1e18, 1e25);
        stake = bound(stake, 1e18, 1e25);
        vault.fund(revenue);
        skip(bound(away, 1, 52 weeks));
        (uint256 left,) = vault.drip();
        assertEq(left, revenue, "it dripped to nobody");
        vault.deposit(stake, address(this));
        assertEq(vault.totalAssets(), stake, "the first staker finds no gift");
        skip(7 days);
        assertEq(vault.totalAssets(), stake + revenue);
        _leave();
        assertGe(spon.balanceOf(address(this)) + _dust(stake, revenue), 1e27, "revenue was lost");
    }

    function testFuzz_RevenueWaitsWhileAllHaveLeft(uint256 revenue, uint256 stayed, uint256 away) public {
        revenue = bound(revenue, 1e18, 1e25);
        vault.deposit(1e24, address(this));
        vault.fund(revenue);
        skip(bound(stayed, 0, 7 days - 1));
        vault.requestRedeem(vault.balanceOf(address(this)), address(this), address(this));
        (uint256 left,) = vault.drip();
        skip(bound(away, 1, 52 weeks));
        (uint256 leftNow,) = vault.drip();
        assertEq(leftNow, left, "it dripped to nobody");

        uint256 before = vault.totalAssets();
        vault.deposit(1e24, address(this));
        assertEq(vault.totalAssets(), before + 1e24, "who comes back finds no gift");
        skip(7 days);
        assertEq(vault.totalAssets(), before + 1e24 + left, "what waited drips on");
    }

    function _leave() private {
        vault.requestRedeem(vault.balanceOf(address(this)), address(this), address(this));
        skip(14 days);
        vault.redeem(vault.maxRedeem(address(this)), address(this), address(this));
    }

    /// @dev What the virtual shares, of a million wei at first, may keep.
    function _dust(uint256 stake, uint256 revenue) private pure returns (uint256) {
        return revenue * 1e6 / stake + 2;
    }
}
