// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {RewardsTest} from "../rewards/RewardsTest.sol";
import {RewardTree} from "../rewards/RewardTree.sol";

/// @title One bad root that drains everything: here it pays what its own epoch was funded with, and no more
contract A06_BadRoot is RewardsTest {
    using RewardTree for bytes32[][];

    function testFuzz_ABadRootPaysItsCapAtMost(uint256 cap, uint256[8] memory amounts) public {
        _postEpoch(1, 3);
        uint256 others = token.balanceOf(address(distributor));
        cap = bound(cap, 1, 1e20);
        IDistributor.Reward[] memory rewards = new IDistributor.Reward[](8);
        for (uint256 i; i < 8; ++i) {
            rewards[i] = IDistributor.Reward(address(this), amounts[i] % (i % 2 == 0 ? 1e20 : type(uint256).max));
        }
        bytes32[][] memory tree = _tree(2, rewards);
        _post(2, tree.root(), cap, 8);
        skip(48 hours);
        uint256 before = token.balanceOf(address(this));
        try distributor.payRange(2, 0, rewards, tree.rangeProof(0)) {} catch {}
        for (uint256 i; i < 8; ++i) {
            try distributor.claim(2, i, rewards[i], tree.proof(i)) {} catch {}
        }
        assertLe(token.balanceOf(address(this)) - before, cap);
        assertGe(token.balanceOf(address(distributor)), others, "it paid out of another epoch");
    }
}
