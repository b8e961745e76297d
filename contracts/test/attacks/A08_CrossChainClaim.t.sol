// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {RewardsTest} from "../rewards/RewardsTest.sol";
import {RewardTree} from "../rewards/RewardTree.sol";

/// @title One proof on two chains: a leaf, and a signature over it, are of one chain and one contract
contract A08_CrossChainClaim is RewardsTest {
    using RewardTree for bytes32[][];

    /// @dev The same root is posted at the same address of the second chain, as a careless operator might.
    function testFuzz_AProofIsOfOneChain(uint256 index, bool byRange) public {
        index = bound(index, 0, 2);
        vm.chainId(42_161);
        bytes32[][] memory tree = _postEpoch(1, 3);
        skip(48 hours);
        vm.chainId(8453);
        bytes32[] memory proof = byRange ? tree.rangeProof(0) : tree.proof(index);
        IDistributor.Reward[] memory rewards = _rewards(1, 3);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 1, byRange ? 0 : index));
        if (byRange) distributor.payRange(1, 0, rewards, proof);
        else distributor.claim(1, index, rewards[index], proof);
        vm.chainId(42_161);
        if (byRange) distributor.payRange(1, 0, rewards, proof);
        else distributor.claim(1, index, rewards[index], proof);
    }

    function test_AProofIsOfOneContract() public {
        bytes32[][] memory tree = _postEpoch(1, 3);
        address first = address(distributor);
        _deploy();
        assertNotEq(address(distributor), first);
        _post(1, tree.root(), 1e20, 3);
        skip(48 hours);
        IDistributor.Reward memory reward = _reward(1, 0);
        bytes32[] memory proof = tree.proof(0);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 1, 0));
        distributor.claim(1, 0, reward, proof);
    }

    function test_ASignatureIsOfOneChain() public {
        vm.chainId(42_161);
        _postEpoch(1, 3);
        bytes32 digest = distributor.hashClaimTo(1, 0, _reward(1, 0), address(this), block.timestamp);
        vm.chainId(8453);
        assertNotEq(digest, distributor.hashClaimTo(1, 0, _reward(1, 0), address(this), block.timestamp));
    }
}
