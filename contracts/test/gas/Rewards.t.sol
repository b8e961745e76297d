// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {RewardTree} from "../rewards/RewardTree.sol";
import {GasTest} from "./GasTest.sol";

/// @title Epochs of 44,000 nodes: trees 16 deep
contract RewardsGasTest is GasTest {
    using RewardTree for bytes32[][];

    string private constant GROUP = "rewards";
    uint256 private constant NODES = 44_000;
    uint256 private constant RANGE = 256;
    uint256 private constant CAP = 1_000e18;

    /// @dev The first 256 leaves' subtree; of the rest of the tree the siblings on the way to the root are enough.
    bytes32[][] private _tree;

    function setUp() public override {
        super.setUp();
        spon.mint(address(this), 10 * CAP);
        spon.approve(address(distributor), type(uint256).max);
    }

    function test_Epochs() public {
        _post(1, "post a root, the first of all");
        _payRange(1, "pay one of 256, new holders", 28_000);
        _post(2, "post a root");
        _payRange(2, "pay one of 256", 10_500);
        _post(3, "post a root");
        _watch();
        distributor.claim(3, 0, _reward(0), _proof(0));
        _keep(GROUP, "claim, the first of its 256");
        _watch();
        distributor.claim(3, 1, _reward(1), _proof(1));
        _keep(GROUP, "claim");
    }

    function _post(uint256 epoch, string memory name) private {
        bytes32[] memory leaves = new bytes32[](RANGE);
        for (uint256 i; i < RANGE; ++i) {
            leaves[i] = distributor.hashLeaf(epoch, i, _reward(i));
        }
        _tree = RewardTree.build(leaves);
        bytes32 root = _tree.root();
        for (uint256 i; i < 8; ++i) {
            root = keccak256(abi.encodePacked(root, _others()[i]));
        }
        _watch();
        distributor.fund(epoch, address(spon), CAP);
        _keep(GROUP, epoch == 1 ? "fund an epoch, the first of all" : "fund an epoch");
        _watch();
        distributor.post(epoch, address(spon), root, CAP, NODES, keccak256("evidence"));
        _keep(GROUP, name, 75_000);
        skip(48 hours);
        distributor.activate(epoch);
    }

    function _payRange(uint256 epoch, string memory name, uint256 ceiling) private {
        IDistributor.Reward[] memory rewards = new IDistributor.Reward[](RANGE);
        for (uint256 i; i < RANGE; ++i) {
            rewards[i] = _reward(i);
        }
        _watch();
        distributor.payRange(epoch, 0, rewards, _others());
        _keepEach(GROUP, name, RANGE, ceiling);
    }

    function _proof(uint256 index) private view returns (bytes32[] memory proof) {
        bytes32[] memory inner = _tree.proof(index);
        proof = new bytes32[](16);
        for (uint256 i; i < 8; ++i) {
            (proof[i], proof[8 + i]) = (inner[i], _others()[i]);
        }
    }

    function _others() private pure returns (bytes32[] memory others) {
        others = new bytes32[](8);
        for (uint256 i; i < 8; ++i) {
            others[i] = keccak256(abi.encode("sibling", i));
        }
    }

    function _reward(uint256 index) private pure returns (IDistributor.Reward memory) {
        return IDistributor.Reward(address(uint160(uint256(keccak256(abi.encode(index))))), 1e18);
    }
}
