// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {VerificationFixture} from "./VerificationFixture.sol";

/// @title Nodes of one shard, and batches of verdicts on them
abstract contract BatchFixture is VerificationFixture {
    /// @dev A registered node in the shard of `node`.
    function _nodeInShard(uint256 number) internal returns (address account) {
        uint256 key;
        uint256 shard = verifierSet.shardOf(node);
        for (uint256 salt;; ++salt) {
            (account, key) = makeAddrAndKey(string.concat("node ", vm.toString(number), "/", vm.toString(salt)));
            if (verifierSet.shardOf(account) == shard) break;
        }
        _registerNode(provider, account, key, _claim());
    }

    /// @dev A verdict for each of `count` nodes of one shard, the first of them `node`.
    function _verdicts(uint256 count) internal returns (IVerifierSet.Verdict[] memory verdicts) {
        verdicts = new IVerifierSet.Verdict[](count);
        for (uint256 i; i < count; ++i) {
            verdicts[i] = _verdict();
            if (i != 0) verdicts[i].node = _nodeInShard(i);
        }
    }

    function _finding(IVerifierSet.Verdict memory verdict) internal view returns (IVerifierSet.Finding memory) {
        return IVerifierSet.Finding({digest: verifierSet.hashVerdict(verdict), summary: verifierSet.summaryOf(verdict)});
    }

    function _batch(IVerifierSet.Verdict[] memory verdicts)
        internal
        view
        returns (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings)
    {
        findings = new IVerifierSet.Finding[](verdicts.length);
        for (uint256 i; i < verdicts.length; ++i) {
            findings[i] = _finding(verdicts[i]);
        }
        batch = _batchOf(verdicts[0], findings);
    }

    /// @dev A batch of the shard and round of `verdict`, good for an hour.
    function _batchOf(IVerifierSet.Verdict memory verdict, IVerifierSet.Finding[] memory findings)
        internal
        view
        returns (IVerifierSet.VerdictBatch memory)
    {
        return IVerifierSet.VerdictBatch({
            root: _root(findings),
            beaconRound: verdict.beaconRound,
            shard: uint8(verifierSet.shardOf(verdict.node)),
            count: uint16(findings.length),
            deadline: uint64(block.timestamp + 1 hours)
        });
    }

    /// @dev Signed by the first `count` of the committee of `node`, in ascending order.
    function _signedBatch(IVerifierSet.VerdictBatch memory batch, uint256 count)
        internal
        view
        returns (IVerifierSet.Signature[] memory)
    {
        address[] memory committee = verifierSet.committeeOf(node, batch.beaconRound);
        address[] memory signers = new address[](count);
        for (uint256 i; i < count; ++i) {
            signers[i] = committee[i];
        }
        return _batchSignedBy(batch, signers);
    }

    function _batchSignedBy(IVerifierSet.VerdictBatch memory batch, address[] memory signers)
        internal
        view
        returns (IVerifierSet.Signature[] memory signatures)
    {
        _sort(signers);
        signatures = new IVerifierSet.Signature[](signers.length);
        for (uint256 i; i < signers.length; ++i) {
            signatures[i] = IVerifierSet.Signature(signers[i], _signBatch(signers[i], batch));
        }
    }

    function _signBatch(address signer, IVerifierSet.VerdictBatch memory batch) internal view returns (bytes memory) {
        return _sign(keyOf[signer], verifierSet.hashBatch(batch));
    }

    /// @dev A verdict that `signer` signed alone.
    function _alone(address signer, IVerifierSet.Verdict memory verdict)
        internal
        view
        returns (IVerifierSet.Statement memory statement)
    {
        statement.verdict = verdict;
        statement.signature = _signVerdict(signer, verdict);
    }

    /// @dev A verdict that `signer` signed as finding number `index` of a batch.
    function _inBatch(
        address signer,
        IVerifierSet.Verdict memory verdict,
        IVerifierSet.VerdictBatch memory batch,
        IVerifierSet.Finding[] memory findings,
        uint256 index
    ) internal view returns (IVerifierSet.Statement memory statement) {
        statement.verdict = verdict;
        statement.batch = batch;
        statement.summary = findings[index].summary;
        statement.proof = _proof(findings, index);
        statement.signature = _signBatch(signer, batch);
    }

    // The tree, layer by layer, as a stranger would build it from the interface's words.

    function _root(IVerifierSet.Finding[] memory findings) internal pure returns (bytes32) {
        bytes32[] memory layer = _leaves(findings);
        while (layer.length > 1) {
            layer = _above(layer);
        }
        return layer[0];
    }

    function _proof(IVerifierSet.Finding[] memory findings, uint256 index)
        internal
        pure
        returns (bytes32[] memory proof)
    {
        bytes32[] memory layer = _leaves(findings);
        proof = new bytes32[](16);
        uint256 length;
        while (layer.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < layer.length) proof[length++] = layer[sibling];
            layer = _above(layer);
            index /= 2;
        }
        assembly ("memory-safe") {
            mstore(proof, length)
        }
    }

    function _leaves(IVerifierSet.Finding[] memory findings) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](findings.length);
        for (uint256 i; i < findings.length; ++i) {
            bytes32 once = keccak256(abi.encode(findings[i].digest, findings[i].summary));
            leaves[i] = keccak256(abi.encode(once));
        }
    }

    function _above(bytes32[] memory layer) private pure returns (bytes32[] memory above) {
        above = new bytes32[]((layer.length + 1) / 2);
        for (uint256 i; i < above.length; ++i) {
            bytes32 a = layer[2 * i];
            if (2 * i + 1 == layer.length) {
                above[i] = a;
            } else {
                bytes32 b = layer[2 * i + 1];
                above[i] = a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
            }
        }
    }
}
