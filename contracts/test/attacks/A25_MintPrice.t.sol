// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";
import {ISpon} from "../../src/token/ISpon.sol";
import {Spon} from "../../src/token/Spon.sol";

/// @title A price that somebody moves to mint more: no contract asks for one, and what can be minted is bounded without
contract A25_MintPrice is Test {
    Spon private spon;
    address private bridge = makeAddr("bridge");

    function setUp() public {
        vm.warp(1_800_000_000);
        spon = new Spon(address(new AccessManager(address(this))));
    }

    function test_NoSourceAsksForAPrice() public {
        // How the usual oracles and pools are asked; the only feed that there is says whether a sequencer is up.
        string[8] memory questions = [
            "latestAnswer", "latestRoundData", "getReserves", "slot0", "sqrtPrice", "observe(", "consult(", "getPrice"
        ];
        Vm.DirEntry[] memory entries = vm.readDir("contracts/src", 8);
        uint256 files;
        for (uint256 i; i < entries.length; ++i) {
            if (entries[i].isDir) continue;
            ++files;
            string memory source = vm.readFile(entries[i].path);
            bool isUptime = vm.contains(entries[i].path, "UptimeFeed") || vm.contains(entries[i].path, "/OutageClock");
            for (uint256 j; j < questions.length; ++j) {
                if (isUptime && j == 1) continue;
                assertFalse(vm.contains(source, questions[j]), entries[i].path);
            }
        }
        assertGt(files, 30, "the sources were found");
    }

    function testFuzz_TheCapBindsWhoeverMints(uint256 first, uint256 above, bool byBridge) public {
        spon.setBridgeLimit(bridge, type(uint128).max, 1 hours);
        uint256 cap = spon.CAP();
        first = bound(first, 0, cap);
        above = bound(above, 1, 1e30);
        spon.mint(address(this), first);
        vm.expectRevert(abi.encodeWithSelector(ISpon.Spon_CapExceeded.selector, cap + above, cap));
        if (byBridge) vm.prank(bridge);
        byBridge
            ? spon.crosschainMint(address(this), cap - first + above)
            : spon.mint(address(this), cap - first + above);
    }

    /// @dev Whatever a bridge does, and however often, no more comes out of it than a bucket and its refill.
    function testFuzz_ABridgeMintsWithinItsLimit(uint256 limit, uint256 elapsed, uint256[8] memory amounts) public {
        limit = bound(limit, 1e18, 1e24);
        spon.setBridgeLimit(bridge, limit, 1 days);
        uint256 waited;
        for (uint256 i; i < amounts.length; ++i) {
            vm.prank(bridge);
            try spon.crosschainMint(address(this), bound(amounts[i], 1, 2 * limit)) {} catch {}
            elapsed = bound(elapsed, 0, 1 days);
            skip(elapsed);
            waited += elapsed;
        }
        assertLe(spon.totalSupply(), limit + limit * waited / 1 days + amounts.length);
    }
}
