// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";

/// @title On Arbitrum the block number is that of L1, and several blocks share one: nothing may read it
contract A13_BlockNumber is Test {
    string private constant SOURCES = "contracts/src";

    function test_NoSourceReadsTheBlockNumber() public {
        Vm.DirEntry[] memory entries = vm.readDir(SOURCES, 8);
        uint256 files;
        for (uint256 i; i < entries.length; ++i) {
            if (entries[i].isDir) continue;
            ++files;
            string memory source = vm.readFile(entries[i].path);
            // As Solidity writes it, as assembly does, and through libraries that do.
            assertFalse(vm.contains(source, "block.number"), entries[i].path);
            assertFalse(vm.contains(source, "blockhash"), entries[i].path);
            assertFalse(vm.contains(source, " number()"), entries[i].path);
            assertFalse(vm.contains(source, "Time.blockNumber"), entries[i].path);
            assertFalse(vm.contains(source, "blockNumberClockMode"), entries[i].path);
        }
        assertGt(files, 30, "the sources were found");
    }
}
