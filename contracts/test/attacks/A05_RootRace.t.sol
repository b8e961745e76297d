// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {RewardsTest} from "../rewards/RewardsTest.sol";
import {RewardTree} from "../rewards/RewardTree.sol";

/// @title A new root that makes an old proof worthless, or pays a leaf again: here each epoch keeps its own
contract A05_RootRace is RewardsTest {
    using RewardTree for bytes32[][];

    /// @dev The same accounts in two epochs, claimed in any order: each leaf of each epoch is paid once.
    function testFuzz_RootsDoNotTouchEachOther(bool secondFirst, bool byRange, uint256 index) public {
        index = bound(index, 0, 2);
        bytes32[][] memory first = _postEpoch(1, 3);
        skip(1 hours);
        bytes32[][] memory second = _postEpoch(2, 3);
        skip(48 hours);
        uint256 paid;
        for (uint256 i; i < 4; ++i) {
            uint256 epoch = (i % 2 == 0) == secondFirst ? 2 : 1;
            bytes32[][] memory tree = epoch == 1 ? first : second;
            IDistributor.Reward memory reward = _reward(epoch, index);
            if (distributor.isPaid(epoch, index)) {
                bytes32[] memory proof = tree.proof(index);
                vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_AlreadyPaid.selector, epoch, index));
                distributor.claim(epoch, index, reward, proof);
                if (byRange) assertEq(distributor.payRange(epoch, 0, _rewards(epoch, 3), tree.rangeProof(0)), 0);
            } else {
                if (byRange) distributor.payRange(epoch, 0, _rewards(epoch, 3), tree.rangeProof(0));
                else distributor.claim(epoch, index, reward, tree.proof(index));
                paid += reward.amount;
            }
        }
        assertEq(token.balanceOf(_reward(1, index).account), paid);
    }

    /// @dev While a root can still be disabled, it pays nothing.
    function testFuzz_NoRootPaysBeforeItsDelayIsOver(uint256 early, bool byRange) public {
        bytes32[][] memory tree = _postEpoch(1, 3);
        skip(48 hours - bound(early, 1, 48 hours));
        IDistributor.Reward[] memory rewards = _rewards(1, 3);
        bytes32[] memory proof = byRange ? tree.rangeProof(0) : tree.proof(1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1));
        if (byRange) distributor.payRange(1, 0, rewards, proof);
        else distributor.claim(1, 1, rewards[1], proof);
        distributor.disable(1);
    }

    /// @dev A claim that somebody sends first pays the same account the same wei, and says nothing of where they go.
    function testFuzz_AFrontRunClaimPaysTheAccount(address runner) public {
        bytes32[][] memory tree = _postEpoch(1, 3);
        skip(48 hours);
        IDistributor.Reward memory reward = _reward(1, 1);
        bytes32[] memory proof = tree.proof(1);
        vm.assume(runner != reward.account && runner != address(0));
        vm.startPrank(runner);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotAuthorized.selector, runner, reward.account));
        distributor.claimTo(1, 1, reward, runner, proof);
        distributor.claim(1, 1, reward, proof);
        assertEq(token.balanceOf(reward.account), reward.amount);
    }

    /// @dev Once active, nothing takes an epoch's root away until half a year has passed.
    function testFuzz_AnActiveRootStays(uint256 elapsed) public {
        bytes32[][] memory tree = _postEpoch(1, 3);
        skip(48 hours + bound(elapsed, 0, 26 weeks - 1));
        vm.expectPartialRevert(IDistributor.Distributor_NotPending.selector);
        distributor.disable(1);
        vm.expectPartialRevert(IDistributor.Distributor_NotSweepable.selector);
        distributor.sweep(1);
        vm.expectPartialRevert(IDistributor.Distributor_NotPending.selector);
        distributor.challenge(1, 0, _reward(1, 0));
        distributor.claim(1, 1, _reward(1, 1), tree.proof(1));
    }
}
