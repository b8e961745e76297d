// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVerifierSet} from "./IVerifierSet.sol";

/// @title Verdicts, what verifiers sign: hashes, summaries and trees
library Verdicts {
    bytes32 private constant MEASUREMENT_TYPEHASH = keccak256(
        "Measurement(uint64 startMs,uint64 endMs,uint64 jobs,uint32 gigaOpsPerSec,uint32 memMBps,uint32 vramMiB,"
        "uint16 leafSamples,uint16 pageSamples,uint8 rounds)"
    );
    bytes32 private constant VERDICT_TYPEHASH = keccak256(
        "Verdict(bytes32 leaseId,bytes32 sessionId,address provider,address node,uint16 gpuIndex,uint16 gpuCount,"
        "uint16 claimedClass,uint16 floorClass,uint8 backend,uint64 beaconRound,bytes32 s0,bytes32 sessionRoot,"
        "bytes32 vramRoot,Measurement measurement,uint8 result,uint32 evidenceFlags,bytes32 evidenceHash,"
        "bytes32 policyHash,uint64 issuedAt,uint64 validUntil)"
        "Measurement(uint64 startMs,uint64 endMs,uint64 jobs,uint32 gigaOpsPerSec,uint32 memMBps,uint32 vramMiB,"
        "uint16 leafSamples,uint16 pageSamples,uint8 rounds)"
    );
    bytes32 private constant VERDICT_BATCH_TYPEHASH =
        keccak256("VerdictBatch(bytes32 root,uint64 beaconRound,uint8 shard,uint16 count,uint64 deadline)");
    bytes32 private constant SESSION_COMMIT_TYPEHASH = keccak256(
        "SessionCommit(bytes32 sessionId,address node,bytes32 s0,bytes32 sessionRoot,uint64 jobs,uint32 m,uint32 n,"
        "uint32 k)"
    );

    /// @dev A verdict is 28 words in calldata: 13, the 9 of its measurement, and 6. A word that is out of its type's range
    /// gives a digest that nobody signs, and reverts where its field is read.
    function hash(IVerifierSet.Verdict calldata verdict) internal pure returns (bytes32 structHash) {
        bytes32 verdictTypehash = VERDICT_TYPEHASH;
        bytes32 measurementTypehash = MEASUREMENT_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, measurementTypehash)
            calldatacopy(add(words, 0x20), add(verdict, 0x1a0), 0x120)
            let measurementHash := keccak256(words, 0x140)
            mstore(words, verdictTypehash)
            calldatacopy(add(words, 0x20), verdict, 0x1a0)
            mstore(add(words, 0x1c0), measurementHash)
            calldatacopy(add(words, 0x1e0), add(verdict, 0x2c0), 0xc0)
            structHash := keccak256(words, 0x2a0)
        }
    }

    function hash(IVerifierSet.VerdictBatch calldata batch) internal pure returns (bytes32) {
        return keccak256(abi.encode(VERDICT_BATCH_TYPEHASH, batch));
    }

    function hash(IVerifierSet.SessionCommit calldata commit) internal pure returns (bytes32) {
        return keccak256(abi.encode(SESSION_COMMIT_TYPEHASH, commit));
    }

    /// @dev Hashed twice, so that no inner node of a tree, which is 64 bytes too, passes for a leaf.
    function leaf(IVerifierSet.Finding calldata finding) internal pure returns (bytes32) {
        return leaf(finding.digest, finding.summary);
    }

    function leaf(bytes32 digest, uint256 summary) internal pure returns (bytes32 hashed) {
        assembly ("memory-safe") {
            mstore(0x00, digest)
            mstore(0x20, summary)
            mstore(0x00, keccak256(0x00, 0x40))
            hashed := keccak256(0x00, 0x20)
        }
    }

    /// @dev The root over at least one finding, in place of a list of their leaves, and their summaries.
    function rootOf(IVerifierSet.Finding[] calldata findings)
        internal
        pure
        returns (bytes32 root, uint256[] memory summaries)
    {
        uint256 count = findings.length;
        bytes32[] memory nodes = new bytes32[](count);
        summaries = new uint256[](count);
        assembly ("memory-safe") {
            let start := add(nodes, 0x20)
            let summary := add(summaries, 0x20)
            for { let i := 0 } lt(i, shl(5, count)) { i := add(i, 0x20) } {
                // Two words each; the leaf is as in `leaf`.
                calldatacopy(0x00, add(findings.offset, shl(1, i)), 0x40)
                mstore(add(summary, i), mload(0x20))
                mstore(0x00, keccak256(0x00, 0x40))
                mstore(add(start, i), keccak256(0x00, 0x20))
            }
            for {} gt(count, 1) {} {
                let to := start
                let end := add(start, shl(5, count))
                for { let from := start } lt(from, end) { from := add(from, 0x40) } {
                    let a := mload(from)
                    let next := add(from, 0x20)
                    if lt(next, end) {
                        let b := mload(next)
                        let isDescending := gt(a, b)
                        mstore(shl(5, isDescending), a)
                        mstore(shl(5, iszero(isDescending)), b)
                        a := keccak256(0x00, 0x40)
                    }
                    mstore(to, a)
                    to := add(to, 0x20)
                }
                count := shr(5, sub(to, start))
            }
        }
        return (nodes[0], summaries);
    }

    /// @dev See IVerifierSet.summaryOf.
    function summaryOf(IVerifierSet.Verdict calldata verdict) internal pure returns (uint256) {
        uint256 measuredAt = verdict.measurement.startMs / 1000;
        uint256 validFor;
        bool passed = verdict.result == uint8(IVerifierSet.Result.Pass) && verdict.floorClass == verdict.claimedClass;
        if (passed && verdict.validUntil > measuredAt) validFor = verdict.validUntil - measuredAt;
        if (validFor > type(uint24).max) validFor = 0;
        return uint160(verdict.node) | (measuredAt & type(uint40).max) << 160 | validFor << 200
            | uint256(verdict.gpuCount) << 224 | uint256(verdict.claimedClass) << 240;
    }

    /// @dev What a summary says. `validFor` is 0 for a failure.
    function read(uint256 summary)
        internal
        pure
        returns (address node, uint256 measuredAt, uint256 validFor, uint256 units, uint256 resource)
    {
        // forge-lint: disable-start(unsafe-typecast) each cut leaves the bits of its field
        (node, measuredAt) = (address(uint160(summary)), uint40(summary >> 160));
        (validFor, units, resource) = (uint24(summary >> 200), uint16(summary >> 224), summary >> 240);
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @dev Whether one session has two findings.
    function conflict(IVerifierSet.Verdict calldata a, IVerifierSet.Verdict calldata b) internal pure returns (bool) {
        bool isSameSession = a.sessionId == b.sessionId && a.node == b.node && a.leaseId == b.leaseId;
        bool isSameFinding = a.result == b.result && a.s0 == b.s0 && a.sessionRoot == b.sessionRoot;
        return isSameSession && !isSameFinding;
    }

    /// @dev Whether a verdict says anything that could be recorded.
    function isConclusive(uint8 result) internal pure returns (bool) {
        return result != uint8(IVerifierSet.Result.Inconclusive) && result <= uint8(IVerifierSet.Result.Timeout);
    }

    /// @dev Whether a batch may say `summary` of a verdict. A pass that could not count alone would count as a failure there,
    /// and a time beyond what a summary has room for as another one.
    function isTrueSummary(IVerifierSet.Verdict calldata verdict, uint256 summary) internal pure returns (bool) {
        bool isNameable = verdict.measurement.startMs / 1000 <= type(uint40).max;
        if (!isConclusive(verdict.result) || !isNameable || summary != summaryOf(verdict)) return false;
        (,, uint256 validFor,,) = read(summary);
        return validFor != 0 || verdict.result != uint8(IVerifierSet.Result.Pass);
    }
}
