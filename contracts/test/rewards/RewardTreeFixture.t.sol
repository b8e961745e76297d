// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {Distributor} from "../../src/rewards/Distributor.sol";
import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";
import {RewardTree} from "./RewardTree.sol";

/// @notice The tree in `test-fixtures/rewards/tree.json`, which other languages reproduce.
/// @dev To write it again, let foundry.toml write there (`access = "read-write"`) and run
/// forge script --sig 'write()' contracts/test/rewards/RewardTreeFixture.t.sol
contract RewardTreeFixtureTest is Test {
    using RewardTree for bytes32[][];

    string private constant PATH = "test-fixtures/rewards/tree.json";
    uint256 private constant CHAIN_ID = 31_337;
    uint256 private constant EPOCH = 1;
    uint256 private constant LEAF_COUNT = 300;

    address private admin = makeAddr("admin");
    Distributor private distributor = Distributor(address(uint160(uint256(keccak256("Spheron reward tree fixture")))));

    function setUp() public {
        vm.warp(1_800_000_000);
        vm.chainId(CHAIN_ID);
        deployCodeTo(
            "Distributor.sol:Distributor", abi.encode(new AccessManager(admin), address(0)), address(distributor)
        );
    }

    function test_TheFixtureIsThisTree() public view {
        string memory json = vm.readFile(PATH);
        assertEq(vm.parseJsonUint(json, ".chainId"), block.chainid);
        assertEq(vm.parseJsonAddress(json, ".distributor"), address(distributor));
        assertEq(vm.parseJsonUint(json, ".epoch"), EPOCH);
        assertEq(vm.parseJsonBytes32(json, ".leafDomain"), distributor.LEAF_DOMAIN());

        IDistributor.Reward[] memory rewards = _read(json);
        assertEq(abi.encode(rewards), abi.encode(_rewards()));
        bytes32[][] memory tree = RewardTree.build(_leaves(rewards));
        assertEq(vm.parseJsonBytes32(json, ".root"), tree.root());
        for (uint256 i; i < 5; ++i) {
            string memory at = string.concat(".leaves[", vm.toString(i), "]");
            uint256 index = vm.parseJsonUint(json, string.concat(at, ".index"));
            assertEq(index, _indices()[i]);
            assertEq(vm.parseJsonBytes32(json, string.concat(at, ".hash")), tree[0][index]);
            assertEq(vm.parseJsonBytes32Array(json, string.concat(at, ".proof")), tree.proof(index));
        }
        for (uint256 i; i < 2; ++i) {
            string memory at = string.concat(".ranges[", vm.toString(i), "]");
            assertEq(vm.parseJsonUint(json, string.concat(at, ".start")), i * 256);
            assertEq(vm.parseJsonBytes32Array(json, string.concat(at, ".proof")), tree.rangeProof(i * 256));
        }
    }

    function test_TheDistributorPaysTheFixture() public {
        string memory json = vm.readFile(PATH);
        IDistributor.Reward[] memory rewards = _read(json);
        StakeToken token = new StakeToken();
        token.mint(admin, 1e30);
        vm.startPrank(admin);
        token.approve(address(distributor), 1e30);
        distributor.fund(EPOCH, address(token), 1e26);
        distributor.post(EPOCH, address(token), vm.parseJsonBytes32(json, ".root"), 1e26, LEAF_COUNT, 0);
        skip(48 hours);

        bytes32[] memory proof = vm.parseJsonBytes32Array(json, ".leaves[4].proof");
        distributor.claim(EPOCH, 299, rewards[299], proof);
        distributor.payRange(EPOCH, 0, _slice(rewards, 0, 256), vm.parseJsonBytes32Array(json, ".ranges[0].proof"));
        distributor.payRange(EPOCH, 256, _slice(rewards, 256, 44), vm.parseJsonBytes32Array(json, ".ranges[1].proof"));
        uint256 sum;
        for (uint256 i; i < LEAF_COUNT; ++i) {
            sum += rewards[i].amount;
        }
        assertEq(distributor.epochOf(EPOCH).paid, sum);
    }

    function write() external {
        IDistributor.Reward[] memory rewards = _rewards();
        bytes32[][] memory tree = RewardTree.build(_leaves(rewards));
        string memory json = string.concat(
            '{\n  "chainId": ',
            vm.toString(CHAIN_ID),
            ',\n  "distributor": "',
            vm.toString(address(distributor)),
            '",\n  "epoch": ',
            vm.toString(EPOCH),
            ',\n  "leafDomain": "',
            vm.toString(distributor.LEAF_DOMAIN()),
            '",\n  "root": "',
            vm.toString(tree.root()),
            '",\n'
        );
        json = string.concat(json, '  "ranges": [\n', _rangeJson(tree, 0), ",\n", _rangeJson(tree, 256), "\n  ],\n");
        json = string.concat(json, '  "leaves": [');
        for (uint256 i; i < 5; ++i) {
            json = string.concat(json, i == 0 ? "\n" : ",\n", _leafJson(tree, _indices()[i]));
        }
        json = string.concat(json, '\n  ],\n  "rewards": [');
        for (uint256 i; i < LEAF_COUNT; ++i) {
            json = string.concat(json, i == 0 ? "\n" : ",\n", _rewardJson(rewards[i]));
        }
        vm.writeFile(PATH, string.concat(json, "\n  ]\n}\n"));
    }

    function _rangeJson(bytes32[][] memory tree, uint256 start) private pure returns (string memory) {
        return
            string.concat('    {"start": ', vm.toString(start), ', "proof": ', _proofJson(tree.rangeProof(start)), "}");
    }

    function _leafJson(bytes32[][] memory tree, uint256 index) private pure returns (string memory) {
        return string.concat(
            '    {"index": ',
            vm.toString(index),
            ', "hash": "',
            vm.toString(tree[0][index]),
            '", "proof": ',
            _proofJson(tree.proof(index)),
            "}"
        );
    }

    function _rewardJson(IDistributor.Reward memory reward) private pure returns (string memory) {
        return string.concat(
            '    {"account": "', vm.toString(reward.account), '", "amount": "', vm.toString(reward.amount), '"}'
        );
    }

    function _proofJson(bytes32[] memory proof) private pure returns (string memory json) {
        json = "[";
        for (uint256 i; i < proof.length; ++i) {
            json = string.concat(json, i == 0 ? '"' : ', "', vm.toString(proof[i]), '"');
        }
        return string.concat(json, "]");
    }

    /// @dev Accounts and amounts without a pattern, but for one leaf of nothing and one account with two leaves.
    function _rewards() private pure returns (IDistributor.Reward[] memory rewards) {
        rewards = new IDistributor.Reward[](LEAF_COUNT);
        for (uint256 i; i < LEAF_COUNT; ++i) {
            address account = address(uint160(uint256(keccak256(abi.encode("account", i)))));
            rewards[i] = IDistributor.Reward(account, uint256(keccak256(abi.encode("amount", i))) % 1000e18);
        }
        rewards[7].amount = 0;
        rewards[299].account = rewards[0].account;
    }

    function _indices() private pure returns (uint256[5] memory) {
        return [uint256(0), 7, 255, 256, 299];
    }

    function _read(string memory json) private pure returns (IDistributor.Reward[] memory) {
        return abi.decode(
            vm.parseJsonTypeArray(json, ".rewards", "Reward(address account,uint256 amount)"), (IDistributor.Reward[])
        );
    }

    function _leaves(IDistributor.Reward[] memory rewards) private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](rewards.length);
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = distributor.hashLeaf(EPOCH, i, rewards[i]);
        }
    }

    function _slice(IDistributor.Reward[] memory rewards, uint256 start, uint256 length)
        private
        pure
        returns (IDistributor.Reward[] memory slice)
    {
        slice = new IDistributor.Reward[](length);
        for (uint256 i; i < length; ++i) {
            slice[i] = rewards[start + i];
        }
    }
}
