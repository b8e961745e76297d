// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {RewardsTest} from "../rewards/RewardsTest.sol";
import {RewardTree} from "../rewards/RewardTree.sol";

/// @title An inner node as a leaf, or a leaf under another index: no proof but the whole one leads to the root
contract A07_InnerNode is RewardsTest {
    using RewardTree for bytes32[][];

    uint256 private constant COUNT = 300;

    function testFuzz_AnInnerNodeIsNoLeaf(uint256 level, uint256 position, address account, uint256 amount) public {
        bytes32[][] memory tree = _postEpoch(1, COUNT);
        skip(48 hours);
        level = bound(level, 1, tree.length - 1);
        position = bound(position, 0, tree[level].length - 1);
        bytes32[] memory upper = new bytes32[](tree.length - 1 - level);
        for (uint256 i; i < upper.length; ++i) {
            upper[i] = tree[level + i][(position >> i) ^ 1];
        }
        if (position >= COUNT) return;
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 1, position));
        distributor.claim(1, position, IDistributor.Reward(account, amount), upper);
        // Two words of an inner node, read as a reward.
        IDistributor.Reward memory children = IDistributor.Reward(
            address(uint160(uint256(tree[level - 1][2 * position]))), uint256(tree[level - 1][2 * position + 1])
        );
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 1, position));
        distributor.claim(1, position, children, upper);
    }

    /// @dev Whoever chooses the tree can put the words of a reward in the place of two leaves, and their node in that of one.
    function testFuzz_AnInnerNodeOfAChosenTreeIsNoLeaf(address account, uint256 amount) public {
        vm.assume(account != address(0));
        amount = bound(amount, 1, 1e18);
        bytes32[] memory leaves = new bytes32[](COUNT);
        (leaves[0], leaves[1]) = (bytes32(uint256(uint160(account))), bytes32(amount));
        bytes32[][] memory tree = RewardTree.build(leaves);
        _post(1, tree.root(), 1e20, COUNT);
        skip(48 hours);
        bytes32[] memory upper = new bytes32[](tree.length - 2);
        for (uint256 i; i < upper.length; ++i) {
            upper[i] = tree[1 + i][1];
        }
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 1, 0));
        distributor.claim(1, 0, IDistributor.Reward(account, amount), upper);
    }

    /// @dev Bits of an index above the tree would give one leaf many names.
    function testFuzz_AnIndexHasOneName(uint256 index, uint256 claimed) public {
        bytes32[][] memory tree = _postEpoch(1, COUNT);
        skip(48 hours);
        index = bound(index, 0, COUNT - 1);
        if (claimed % 2 == 0) claimed %= COUNT;
        vm.assume(claimed != index);
        bytes32[] memory proof = tree.proof(index);
        IDistributor.Reward memory reward = _reward(1, index);
        vm.expectPartialRevert(
            claimed < COUNT
                ? IDistributor.Distributor_InvalidProof.selector
                : IDistributor.Distributor_InvalidRange.selector
        );
        distributor.claim(1, claimed, reward, proof);
        vm.expectPartialRevert(IDistributor.Distributor_InvalidRange.selector);
        distributor.claim(1, index + (1 << (tree.length - 1)), reward, proof);
    }

    /// @dev Nor does a range of inner nodes pass for one of leaves.
    function testFuzz_ALongerOrShorterProofFails(uint256 index, uint256 length) public {
        bytes32[][] memory tree = _postEpoch(1, COUNT);
        skip(48 hours);
        index = bound(index, 0, COUNT - 1);
        length = bound(length, 0, 20);
        bytes32[] memory right = tree.proof(index);
        vm.assume(length != right.length);
        bytes32[] memory proof = new bytes32[](length);
        for (uint256 i; i < length && i < right.length; ++i) {
            proof[i] = right[i];
        }
        IDistributor.Reward memory reward = _reward(1, index);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 1, index));
        distributor.claim(1, index, reward, proof);
    }
}
