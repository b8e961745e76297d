// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {GasTest} from "./GasTest.sol";

contract TokenGasTest is GasTest {
    string private constant GROUP = "token";

    function setUp() public override {
        super.setUp();
        spon.mint(renter, 1_000e18);
        vm.prank(renter);
        spon.approve(address(stakedSpon), type(uint256).max);
    }

    function test_Transfer() public {
        vm.startPrank(renter);
        _watch();
        spon.transfer(provider, 1e18);
        _keep(GROUP, "transfer, to a new holder");
        _watch();
        spon.transfer(provider, 1e18);
        _keep(GROUP, "transfer", 35_000);
    }

    function test_StakeAndLeave() public {
        vm.startPrank(renter);
        _watch();
        stakedSpon.deposit(100e18, renter);
        _keep(GROUP, "stake, the first of all");
        vm.stopPrank();
        spon.mint(provider, 101e18);
        vm.startPrank(provider);
        spon.approve(address(stakedSpon), type(uint256).max);
        _watch();
        stakedSpon.deposit(50e18, provider);
        _keep(GROUP, "stake, first", 85_000);
        _watch();
        stakedSpon.deposit(50e18, provider);
        _keep(GROUP, "stake, again");
        _watch();
        stakedSpon.requestRedeem(stakedSpon.balanceOf(provider) / 2, provider, provider);
        _keep(GROUP, "begin exit, first");
        _watch();
        stakedSpon.requestRedeem(stakedSpon.balanceOf(provider) / 2, provider, provider);
        _keep(GROUP, "begin exit, on top of one");
        skip(30 days);
        _watch();
        stakedSpon.redeem(stakedSpon.maxRedeem(provider), provider, provider);
        _keep(GROUP, "finish exit", 48_000);
    }

    function test_LeaveWithoutOtherTokens() public {
        vm.startPrank(renter);
        stakedSpon.deposit(1_000e18, renter);
        stakedSpon.requestRedeem(stakedSpon.balanceOf(renter), renter, renter);
        skip(30 days);
        _watch();
        stakedSpon.redeem(stakedSpon.maxRedeem(renter), renter, renter);
        _keep(GROUP, "finish exit, without other SPON");
    }
}
