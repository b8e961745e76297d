// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {GasTest} from "./GasTest.sol";

contract VerificationGasTest is GasTest {
    string private constant GROUP = "verification";

    function test_Verdict() public {
        _submit("verdict with three signers, the node's first");
        skip(1 hours);
        _submit("verdict with three signers, extending");
        _skipWithVerifiers(3 days);
        _submit("verdict with three signers, after a gap");
    }

    function test_Batch() public {
        uint256 count = 30;
        IVerifierSet.Verdict[] memory verdicts = new IVerifierSet.Verdict[](count);
        for (uint256 i; i < count; ++i) {
            verdicts[i] = _verdict(i == 0 ? node : _nodeInShard(i));
        }
        _watch();
        _submitBatch(verdicts);
        _keepEach(GROUP, "verdict in a batch of 30, the nodes' first", count);
        skip(1 hours);
        for (uint256 i; i < count; ++i) {
            verdicts[i] = _verdict(verdicts[i].node);
        }
        _watch();
        _submitBatch(verdicts);
        _keepEach(GROUP, "verdict in a batch of 30", count, 15_000);
    }

    /// @dev Another node of the provider with the committee of `node`.
    function _nodeInShard(uint256 number) private returns (address account) {
        uint256 key;
        for (uint256 salt;; ++salt) {
            (account, key) = makeAddrAndKey(string.concat("node ", vm.toString(number), "/", vm.toString(salt)));
            if (verifierSet.shardOf(account) == verifierSet.shardOf(node)) break;
        }
        _registerNode(provider, account, key);
    }

    function _submitBatch(IVerifierSet.Verdict[] memory verdicts) private {
        IVerifierSet.Finding[] memory findings = new IVerifierSet.Finding[](verdicts.length);
        bytes32[] memory layer = new bytes32[](verdicts.length);
        for (uint256 i; i < verdicts.length; ++i) {
            findings[i] = IVerifierSet.Finding({
                digest: verifierSet.hashVerdict(verdicts[i]), summary: verifierSet.summaryOf(verdicts[i])
            });
            layer[i] = keccak256(abi.encode(keccak256(abi.encode(findings[i].digest, findings[i].summary))));
        }
        IVerifierSet.VerdictBatch memory batch = IVerifierSet.VerdictBatch({
            root: _root(layer),
            beaconRound: verdicts[0].beaconRound,
            shard: uint8(verifierSet.shardOf(node)),
            count: uint16(findings.length),
            deadline: uint64(block.timestamp + 1 hours)
        });
        IVerifierSet.Signature[] memory signatures = _signedBy(node, batch.beaconRound, verifierSet.hashBatch(batch));
        uint256 accepted = verifierSet.submitBatch(batch, signatures, findings);
        assertEq(accepted, 2 ** verdicts.length - 1, "all count");
    }

    /// @dev Pairs in ascending order, layer by layer; a last one without a pair moves up.
    function _root(bytes32[] memory layer) private pure returns (bytes32) {
        while (layer.length > 1) {
            bytes32[] memory above = new bytes32[]((layer.length + 1) / 2);
            for (uint256 i; i < above.length; ++i) {
                above[i] = layer[2 * i];
                if (2 * i + 1 == layer.length) continue;
                bytes32 other = layer[2 * i + 1];
                above[i] =
                    above[i] < other ? keccak256(abi.encode(above[i], other)) : keccak256(abi.encode(other, above[i]));
            }
            layer = above;
        }
        return layer[0];
    }

    function _submit(string memory name) private {
        IVerifierSet.Verdict memory verdict = _verdict(node);
        IVerifierSet.Signature[] memory signatures = _signed(verdict);
        _watch();
        verifierSet.submit(verdict, signatures);
        _keep(GROUP, name);
    }
}
