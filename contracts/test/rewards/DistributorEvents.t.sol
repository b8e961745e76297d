// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {RewardTree} from "./RewardTree.sol";
import {RewardsTest} from "./RewardsTest.sol";

/// @notice Whoever only reads the Distributor's events knows every epoch, and which leaf was paid.
contract DistributorEventsTest is RewardsTest {
    using RewardTree for bytes32[][];

    uint256 private constant COUNT = 300;

    IDistributor.Epoch private _folded;
    IDistributor.Challenge private _challenge;
    uint256 private _bond;
    mapping(uint256 index => bool) private _paid;

    function testFuzz_TheEventsTellTheState(uint256[12] memory steps) public {
        vm.recordLogs();
        bytes32[][] memory tree = _postEpoch(1, COUNT);
        for (uint256 i; i < steps.length; ++i) {
            _step(tree, uint256(keccak256(abi.encode(steps[i], i))));
        }
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == address(distributor)) _fold(logs[i]);
        }
        assertEq(abi.encode(_folded), abi.encode(distributor.epochOf(1)));
        assertEq(abi.encode(_challenge), abi.encode(distributor.challengeOf(1)));
        assertEq(
            token.balanceOf(address(distributor)),
            (_folded.status == IDistributor.Status.Swept ? 0 : _folded.cap - _folded.paid + _folded.forfeited) + _bond
        );
        for (uint256 i; i < COUNT; ++i) {
            assertEq(_paid[i], distributor.isPaid(1, i));
        }
    }

    /// @dev Whatever does not work at that moment does nothing.
    function _step(bytes32[][] memory tree, uint256 seed) private {
        uint256 index = (seed >> 16) % COUNT;
        uint256 start = seed % 2 == 0 ? 0 : 256;
        IDistributor.Reward[] memory range = new IDistributor.Reward[](start == 0 ? 256 : COUNT - 256);
        for (uint256 i; i < range.length; ++i) {
            range[i] = _reward(1, start + i);
        }
        uint256 action = (seed >> 8) % 10;
        if (action == 0) skip((seed >> 32) % 50 hours);
        if (action == 1) try distributor.challenge(1, index, _reward(1, 0)) {} catch {}
        if (action == 2) try distributor.resolve(1, (seed >> 32) % 8 == 0) {} catch {}
        if (action == 3 && seed % 8 == 0) try distributor.expireChallenge(1) {} catch {}
        if (action == 4 && seed % 8 == 0) try distributor.disable(1) {} catch {}
        if (action == 5) try distributor.activate(1) {} catch {}
        if (action == 6) try distributor.claim(1, index, _reward(1, index), tree.proof(index)) {} catch {}
        if (action == 7) try distributor.payRange(1, start, range, tree.rangeProof(start)) {} catch {}
        if (action == 8) skip(3 days);
        if (action == 9 && seed % 4 == 0) try distributor.sweep(1) {} catch {}
    }

    function _fold(Vm.Log memory log) private {
        bytes32 kind = log.topics[0];
        if (kind == IDistributor.EpochFunded.selector) {
            (_folded.token, _folded.funder) = (_topic(log, 2), _topic(log, 3));
            _folded.cap += uint88(abi.decode(log.data, (uint256)));
            (_folded.status, _folded.activatesAt) = (IDistributor.Status.Funded, uint40(block.timestamp));
        } else if (kind == IDistributor.EpochPosted.selector) {
            uint256 leafCount;
            uint256 activatesAt;
            (_folded.root,, leafCount, activatesAt,) =
                abi.decode(log.data, (bytes32, uint256, uint256, uint256, bytes32));
            (_folded.leafCount, _folded.activatesAt) = (uint24(leafCount), uint40(activatesAt));
            _folded.status = IDistributor.Status.Posted;
        } else if (kind == IDistributor.EpochActivated.selector) {
            _folded.status = IDistributor.Status.Active;
        } else if (kind == IDistributor.EpochChallenged.selector) {
            uint256 deadline;
            (,,, _bond, deadline) = abi.decode(log.data, (uint256, address, uint256, uint256, uint256));
            _challenge = IDistributor.Challenge(_topic(log, 2), uint40(deadline));
            _folded.status = IDistributor.Status.Challenged;
        } else if (kind == IDistributor.ChallengeRejected.selector) {
            (uint256 bond, uint256 activatesAt) = abi.decode(log.data, (uint256, uint256));
            _folded.forfeited += uint88(bond);
            (_folded.status, _folded.activatesAt) = (IDistributor.Status.Posted, uint40(activatesAt));
            delete _challenge;
            _bond = 0;
        } else if (kind == IDistributor.EpochDisabled.selector) {
            _folded.status = IDistributor.Status.Disabled;
        } else if (kind == IDistributor.BondReturned.selector) {
            delete _challenge;
            _bond = 0;
        } else if (kind == IDistributor.EpochSwept.selector) {
            _folded.status = IDistributor.Status.Swept;
        } else {
            _foldPayment(log);
        }
    }

    function _foldPayment(Vm.Log memory log) private {
        if (log.topics[0] == IDistributor.RewardPaid.selector) {
            (uint256 index,, uint256 amount) = abi.decode(log.data, (uint256, address, uint256));
            _paid[index] = true;
            _folded.paid += uint88(amount);
        } else if (log.topics[0] == IDistributor.RangePaid.selector) {
            (uint256 start, uint256 leaves, bytes32[] memory payments) =
                abi.decode(log.data, (uint256, uint256, bytes32[]));
            uint256 count;
            for (uint256 i; i < 256; ++i) {
                if (leaves >> i & 1 == 0) continue;
                _paid[start + i] = true;
                _folded.paid += uint88(uint96(uint256(payments[count++])));
            }
        }
    }

    function _topic(Vm.Log memory log, uint256 index) private pure returns (address) {
        return address(uint160(uint256(log.topics[index])));
    }
}
