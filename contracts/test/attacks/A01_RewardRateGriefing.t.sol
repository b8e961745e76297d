// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {Spon} from "../../src/token/Spon.sol";
import {StakedSpon} from "../../src/token/StakedSpon.sol";

/// @title Whoever stretches a reward period with dust lowers everybody's rate: here no call lowers it
contract A01_RewardRateGriefing is Test {
    Spon private spon;
    StakedSpon private vault;
    address private staker = makeAddr("staker");
    address private griefer = makeAddr("griefer");

    function setUp() public {
        vm.warp(1_800_000_000);
        AccessManager manager = new AccessManager(address(this));
        spon = new Spon(address(manager));
        vault = new StakedSpon(address(manager), spon);
        for (uint256 i; i < 2; ++i) {
            address account = i == 0 ? staker : griefer;
            spon.mint(account, 1e26);
            vm.prank(account);
            spon.approve(address(vault), type(uint256).max);
        }
        vm.prank(staker);
        vault.deposit(1e24, staker);
    }

    /// @dev A week of dust, a wei a minute at most, and the revenue is out when it would have been.
    function testFuzz_DustHoldsNoRevenueBack(uint256 revenue, uint256[50] memory dust) public {
        revenue = bound(revenue, 1e18, 1e24);
        vm.prank(staker);
        vault.fund(revenue);
        (, uint256 endsAt) = vault.drip();
        uint256 given;
        for (uint256 i; i < dust.length; ++i) {
            skip(60);
            (uint256 left, uint256 end) = vault.drip();
            uint256 amount = bound(dust[i], 1, 1e6);
            vm.prank(griefer);
            vault.fund(amount);
            given += amount;
            (uint256 newLeft, uint256 newEnd) = vault.drip();
            assertGe(newLeft * (end - block.timestamp), left * (newEnd - block.timestamp), "the rate fell");
        }
        // The dust itself takes no longer than the old rate needs for it.
        (, uint256 last) = vault.drip();
        assertLe(last, endsAt + given * 7 days / revenue + 1, "the end moved away");
        vm.warp(endsAt);
        assertGe(vault.totalAssets(), 1e24 + revenue, "revenue was held back");
    }

    /// @dev Nothing but funding moves the end, and nothing at all lowers what has dripped.
    function testFuzz_NoOtherCallTouchesTheRate(uint256 revenue, uint256 amount, uint256 elapsed) public {
        vm.prank(staker);
        vault.fund(bound(revenue, 1e18, 1e24));
        skip(bound(elapsed, 0, 7 days - 1));
        (uint256 left, uint256 end) = vault.drip();
        amount = bound(amount, 1e6, 1e25);
        vm.startPrank(griefer);
        uint256 shares = vault.deposit(amount, griefer);
        vault.requestRedeem(shares, griefer, griefer);
        spon.transfer(address(vault), amount);
        vm.stopPrank();
        (uint256 leftNow, uint256 endNow) = vault.drip();
        assertEq(leftNow, left);
        assertEq(endNow, end);
    }
}
