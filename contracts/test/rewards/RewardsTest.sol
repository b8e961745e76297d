// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";

import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Distributor} from "../../src/rewards/Distributor.sol";
import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";
import {RewardTree} from "./RewardTree.sol";

/// @notice A Distributor that the test administers and funds, and epochs for it.
abstract contract RewardsTest is Test {
    using RewardTree for bytes32[][];

    Distributor internal distributor;
    StakeToken internal token;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        token = new StakeToken();
        token.mint(address(this), 1e30);
        _deploy();
    }

    function _deploy() internal {
        distributor = new Distributor(address(new AccessManager(address(this))), IOutageClock(address(0)));
        token.approve(address(distributor), type(uint256).max);
    }

    /// @dev Posts an epoch of `leafCount` leaves of the same accounts, funded to the wei.
    function _postEpoch(uint256 epoch, uint256 leafCount) internal returns (bytes32[][] memory tree) {
        IDistributor.Reward[] memory rewards = _rewards(epoch, leafCount);
        uint256 cap;
        for (uint256 i; i < leafCount; ++i) {
            cap += rewards[i].amount;
        }
        tree = _tree(epoch, rewards);
        _post(epoch, tree.root(), cap, leafCount);
    }

    function _post(uint256 epoch, bytes32 root, uint256 cap, uint256 leafCount) internal {
        distributor.fund(epoch, address(token), cap);
        distributor.post(epoch, address(token), root, cap, leafCount, "evidence");
    }

    function _tree(uint256 epoch, IDistributor.Reward[] memory rewards) internal view returns (bytes32[][] memory) {
        bytes32[] memory leaves = new bytes32[](rewards.length);
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = distributor.hashLeaf(epoch, i, rewards[i]);
        }
        return RewardTree.build(leaves);
    }

    function _rewards(uint256 epoch, uint256 leafCount) internal pure returns (IDistributor.Reward[] memory rewards) {
        rewards = new IDistributor.Reward[](leafCount);
        for (uint256 i; i < leafCount; ++i) {
            rewards[i] = _reward(epoch, i);
        }
    }

    function _reward(uint256 epoch, uint256 index) internal pure returns (IDistributor.Reward memory) {
        return IDistributor.Reward(
            address(uint160(uint256(keccak256(abi.encode("account", index))))),
            1e18 + uint256(keccak256(abi.encode("amount", epoch, index))) % 1e18
        );
    }
}
