// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";

/// @title A verdict as verifiers give it
library SampleVerdict {
    /// @notice A pass of `gpuCount` GPUs of `class` on `node`, measured now, for the beacon of `round`, good for a day.
    function pass(address node, uint16 gpuCount, uint16 class, uint256 round)
        internal
        view
        returns (IVerifierSet.Verdict memory verdict)
    {
        verdict.node = node;
        verdict.gpuCount = gpuCount;
        verdict.claimedClass = class;
        verdict.floorClass = class;
        verdict.backend = 2;
        verdict.beaconRound = uint64(round);
        verdict.s0 = keccak256("seed");
        verdict.sessionRoot = keccak256("root");
        verdict.vramRoot = keccak256("memory root");
        verdict.measurement = IVerifierSet.Measurement({
            startMs: uint64(block.timestamp * 1000),
            endMs: uint64(block.timestamp * 1000 + 60_123),
            jobs: 1000,
            gigaOpsPerSec: 1_000_000,
            memMBps: 3_350_000,
            vramMiB: 81_920,
            leafSamples: 128,
            pageSamples: 64,
            rounds: 3
        });
        verdict.result = uint8(IVerifierSet.Result.Pass);
        verdict.evidenceFlags = 1;
        verdict.evidenceHash = keccak256("evidence");
        verdict.policyHash = keccak256("policy");
        verdict.issuedAt = uint64(block.timestamp);
        verdict.validUntil = uint64(block.timestamp + 1 days);
    }
}
