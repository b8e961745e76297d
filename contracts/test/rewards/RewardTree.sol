// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice The Distributor's tree, built the slow and plain way.
library RewardTree {
    uint256 internal constant RANGE = 256;

    /// @notice The levels of the tree over `leaves`, from the padded leaves to the root.
    function build(bytes32[] memory leaves) internal pure returns (bytes32[][] memory levels) {
        uint256 size = RANGE;
        uint256 depth = 8;
        while (size < leaves.length) (size, depth) = (size * 2, depth + 1);

        levels = new bytes32[][](depth + 1);
        levels[0] = new bytes32[](size);
        for (uint256 i; i < leaves.length; ++i) {
            levels[0][i] = leaves[i];
        }
        for (uint256 level = 1; level <= depth; ++level) {
            levels[level] = new bytes32[](levels[level - 1].length / 2);
            for (uint256 i; i < levels[level].length; ++i) {
                levels[level][i] = keccak256(abi.encodePacked(levels[level - 1][2 * i], levels[level - 1][2 * i + 1]));
            }
        }
    }

    function root(bytes32[][] memory levels) internal pure returns (bytes32) {
        return levels[levels.length - 1][0];
    }

    /// @notice The siblings of leaf `index`, bottom up.
    function proof(bytes32[][] memory levels, uint256 index) internal pure returns (bytes32[] memory) {
        return _siblings(levels, 0, index);
    }

    /// @notice The siblings of the subtree of 256 leaves from `start` on, bottom up.
    function rangeProof(bytes32[][] memory levels, uint256 start) internal pure returns (bytes32[] memory) {
        return _siblings(levels, 8, start / RANGE);
    }

    function _siblings(bytes32[][] memory levels, uint256 from, uint256 position)
        private
        pure
        returns (bytes32[] memory siblings)
    {
        siblings = new bytes32[](levels.length - 1 - from);
        for (uint256 i; i < siblings.length; ++i) {
            siblings[i] = levels[from + i][(position >> i) ^ 1];
        }
    }
}
