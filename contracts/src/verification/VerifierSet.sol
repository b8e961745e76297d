// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {MerkleProofLib} from "solady/utils/MerkleProofLib.sol";

import {IOutageClock} from "../governance/IOutageClock.sol";
import {INodeRegistry} from "../registry/INodeRegistry.sol";
import {NodeSlot} from "../registry/NodeSlot.sol";
import {IBonds} from "../stake/IBonds.sol";
import {Committees} from "./Committees.sol";
import {IAttestationPolicy} from "./IAttestationPolicy.sol";
import {IVerifierSet} from "./IVerifierSet.sol";
import {Verdicts} from "./Verdicts.sol";

/// @title VerifierSet
/// @dev Takes verdicts in, alone or in batches, and what verifiers contradicted themselves with.
contract VerifierSet is Committees, EIP712 {
    /// @notice Most findings in a batch.
    uint256 public constant MAX_BATCH = 256;

    /// @notice Where a node's provider and class are.
    INodeRegistry public immutable registry;

    /// @inheritdoc IVerifierSet
    address public policy;
    /// @inheritdoc IVerifierSet
    bool public paused;

    mapping(address signer => mapping(bytes32 digest => bool)) private _endorsed;

    constructor(address initialAuthority, IBonds bonds_, INodeRegistry registry_, IOutageClock clock_)
        AccessManaged(initialAuthority)
        Committees(bonds_, clock_)
        EIP712("Spheron VerifierSet", "1")
    {
        registry = registry_;
    }

    /// @inheritdoc IVerifierSet
    function submit(Verdict calldata verdict, Signature[] calldata signatures) external {
        uint256 measuredAt = verdict.measurement.startMs / 1000;
        (uint256 beaconRound, address node) = (verdict.beaconRound, verdict.node);
        if (!_isFresh(beaconRound, measuredAt)) revert VerifierSet_StaleBeacon(beaconRound, roundAt(measuredAt));
        bool passed = _checkClaim(verdict);
        bytes32 digest = hashVerdict(verdict);
        address[] memory signers = _checkSignatures(shardOf(node), beaconRound, digest, signatures);
        _emitVerdictAccepted(verdict, digest, signers);
        IAttestationPolicy(policy).record(node, measuredAt, verdict.validUntil, verdict.gpuCount, passed);
    }

    /// @inheritdoc IVerifierSet
    function submitBatch(VerdictBatch calldata batch, Signature[] calldata signatures, Finding[] calldata findings)
        external
        returns (uint256 accepted)
    {
        uint256 count = findings.length;
        if (count == 0 || count > MAX_BATCH || count != batch.count) {
            revert VerifierSet_InvalidBatch(count, batch.count);
        }
        (bytes32 root, uint256[] memory summaries) = Verdicts.rootOf(findings);
        if (root != batch.root) revert VerifierSet_NotInBatch(root, batch.root);
        address[] memory signers = _checkBatch(batch, signatures);
        accepted = _record(batch, summaries);
        _emitBatchAccepted(batch, accepted, findings, signers);
    }

    /// @inheritdoc IVerifierSet
    function submitFinding(
        VerdictBatch calldata batch,
        Signature[] calldata signatures,
        Finding calldata finding,
        bytes32[] calldata proof
    ) external {
        _requireInBatch(batch.root, Verdicts.leaf(finding), proof);
        address[] memory signers = _checkBatch(batch, signatures);
        uint256[] memory summaries = new uint256[](1);
        summaries[0] = finding.summary;
        if (_record(batch, summaries) == 0) revert VerifierSet_FindingRefused(finding.digest);
        Finding[] memory findings = new Finding[](1);
        findings[0] = finding;
        emit BatchAccepted(batch.root, batch.beaconRound, batch.shard, 1, findings, signers);
    }

    /// @inheritdoc IVerifierSet
    function reportEquivocation(Statement calldata a, Statement calldata b, address verifier) external {
        bytes32 digestA = _checkStatement(a, verifier);
        bytes32 digestB = _checkStatement(b, verifier);
        if (!Verdicts.conflict(a.verdict, b.verdict)) revert VerifierSet_NoConflict(digestA, digestB);
        _punish(verifier, a.verdict.sessionId);
    }

    /// @inheritdoc IVerifierSet
    function reportMisstatement(Statement calldata statement, address verifier) external {
        bytes32 digest = _checkStatement(statement, verifier);
        bool isTrue = Verdicts.isTrueSummary(statement.verdict, statement.summary);
        if (statement.batch.root == 0 || isTrue) revert VerifierSet_NotMisstated(digest);
        _punish(verifier, statement.verdict.sessionId);
    }

    /// @inheritdoc IVerifierSet
    function setPolicy(address newPolicy) external restricted {
        policy = newPolicy;
        emit PolicySet(newPolicy);
    }

    /// @inheritdoc IVerifierSet
    function setPaused(bool paused_) external restricted {
        paused = paused_;
        emit PausedSet(paused_);
    }

    /// @inheritdoc IVerifierSet
    function hashSessionCommit(SessionCommit calldata commit) external view returns (bytes32) {
        return _hashTypedDataV4(Verdicts.hash(commit));
    }

    /// @inheritdoc IVerifierSet
    function summaryOf(Verdict calldata verdict) external pure returns (uint256) {
        return Verdicts.summaryOf(verdict);
    }

    /// @inheritdoc IVerifierSet
    function rootOf(Finding[] calldata findings) external pure returns (bytes32 root) {
        if (findings.length != 0) (root,) = Verdicts.rootOf(findings);
    }

    /// @inheritdoc IVerifierSet
    function hashVerdict(Verdict calldata verdict) public view returns (bytes32) {
        return _hashTypedDataV4(Verdicts.hash(verdict));
    }

    /// @inheritdoc IVerifierSet
    function hashBatch(VerdictBatch calldata batch) public view returns (bytes32) {
        return _hashTypedDataV4(Verdicts.hash(batch));
    }

    /// @dev Emits BatchAccepted as the compiler would, but copies the findings as they lie in calldata.
    function _emitBatchAccepted(
        VerdictBatch calldata batch,
        uint256 accepted,
        Finding[] calldata findings,
        address[] memory signers
    ) private {
        (bytes32 topic, bytes32 root) = (BatchAccepted.selector, batch.root);
        (uint256 round, uint256 shard) = (batch.beaconRound, batch.shard);
        assembly ("memory-safe") {
            let data := mload(0x40)
            let size := shl(6, findings.length)
            mstore(data, accepted)
            mstore(add(data, 0x20), 0x60)
            mstore(add(data, 0x40), add(size, 0x80))
            mstore(add(data, 0x60), findings.length)
            calldatacopy(add(data, 0x80), findings.offset, size)
            let rest := shl(5, add(mload(signers), 1))
            mcopy(add(data, add(size, 0x80)), signers, rest)
            log4(data, add(add(size, 0x80), rest), topic, root, round, shard)
        }
    }

    function _checkBatch(VerdictBatch calldata batch, Signature[] calldata signatures)
        private
        returns (address[] memory signers)
    {
        if (block.timestamp > batch.deadline) revert VerifierSet_BatchExpired(batch.deadline);
        return _checkSignatures(batch.shard, batch.beaconRound, hashBatch(batch), signatures);
    }

    /// @dev Records those findings of a batch that can count. `summaries` is used up.
    /// @return accepted Bit i is set if finding i counts.
    function _record(VerdictBatch calldata batch, uint256[] memory summaries) private returns (uint256 accepted) {
        uint256[] memory claims = registry.claimsOf(summaries);
        (uint256 shard, uint256 opensAt, bool isPaused) = (batch.shard, batch.beaconRound * ROUND, paused);
        for (uint256 i; i < claims.length; ++i) {
            if (!_canCount(summaries[i], claims[i], shard, opensAt, isPaused)) summaries[i] = 0;
        }
        return IAttestationPolicy(policy).recordBatch(summaries);
    }

    function _checkSignatures(uint256 shard, uint256 round, bytes32 digest, Signature[] calldata signatures)
        private
        returns (address[] memory signers)
    {
        if (signatures.length < _quorum) revert VerifierSet_QuorumNotReached(signatures.length, _quorum);
        uint256 first = _firstSeats(shard, round);
        signers = new address[](signatures.length);
        address last;
        address[] memory committee;
        for (uint256 i; i < signatures.length; ++i) {
            Signature calldata given = signatures[i];
            address signer = given.signer;
            if (signer <= last) revert VerifierSet_DuplicateOrUnsortedSigner(signer);
            bool isMember;
            (isMember, committee) = _serves(signer, first, shard, round, committee);
            if (!isMember) revert VerifierSet_NotInCommittee(signer, shard, round);
            _checkSignature(signer, digest, given.signature);
            last = signers[i] = signer;
        }
    }

    /// @dev Returns the digest of the verdict that `verifier` signed, alone or in a batch.
    function _checkStatement(Statement calldata statement, address verifier) private returns (bytes32 digest) {
        digest = hashVerdict(statement.verdict);
        bytes32 root = statement.batch.root;
        if (root == 0) {
            _checkSignature(verifier, digest, statement.signature);
        } else {
            _requireInBatch(root, Verdicts.leaf(digest, statement.summary), statement.proof);
            _checkSignature(verifier, hashBatch(statement.batch), statement.signature);
        }
    }

    /// @dev The key's own signature always counts, so that code put on its account (EIP-7702) cannot disown it.
    function _checkSignature(address signer, bytes32 digest, bytes calldata signature) private {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return;
        if (_endorsed[signer][digest]) return;
        if (!SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature)) {
            revert VerifierSet_InvalidSignature(signer, digest);
        }
        // A contract may deny later what it signs now: remember it, so that equivocation stays provable.
        _endorsed[signer][digest] = true;
    }

    /// @dev Bans `verifier` and takes all of its bond; Bonds lets its delegators lose as much at most.
    function _punish(address verifier, bytes32 sessionId) private {
        Member storage member = _members[verifier];
        address bondToken = member.bondToken;
        if (bondToken == address(0)) revert VerifierSet_NotVerifier(verifier);
        if (member.banned) revert VerifierSet_Banned(verifier);
        if (msg.sender == verifier) revert VerifierSet_SelfReport(verifier);
        member.banned = true;
        if (member.joined) _remove(verifier);
        uint256 slashed;
        if (_stakeOf(verifier, bondToken) != 0) {
            IBonds.Slash memory order = IBonds.Slash({
                amount: type(uint256).max, harmed: address(0), loss: 0, reporter: msg.sender, uncapped: true
            });
            slashed = bonds.slash(IBonds.Role.Verifier, verifier, bondToken, order);
        }
        emit Equivocated(verifier, sessionId, msg.sender, slashed);
    }

    /// @dev Emits VerdictAccepted as the compiler would, but copies the verdict as it lies in calldata, for a third of the
    /// gas.
    function _emitVerdictAccepted(Verdict calldata verdict, bytes32 digest, address[] memory signers) private {
        bytes32 topic = VerdictAccepted.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, digest)
            calldatacopy(add(data, 0x20), verdict, 0x380)
            mstore(add(data, 0x3a0), 0x3c0)
            let size := shl(5, add(mload(signers), 1))
            mcopy(add(data, 0x3c0), signers, size)
            log4(
                data,
                add(0x3c0, size),
                topic,
                calldataload(add(verdict, 0x20)),
                calldataload(add(verdict, 0x60)),
                calldataload(verdict)
            )
        }
    }

    function _checkClaim(Verdict calldata verdict) private view returns (bool passed) {
        if (!Verdicts.isConclusive(verdict.result)) revert VerifierSet_InvalidResult(verdict.result);
        (address provider, uint256 resource, uint256 units) = _claimOf(verdict.node);
        passed = verdict.result == uint8(Result.Pass);
        // A failure is the node's, whoever it belongs to by now: nobody gets past it by moving the node.
        bool isOther = passed && verdict.provider != provider;
        if (provider == address(0) || isOther || verdict.claimedClass != resource) {
            revert VerifierSet_ClaimMismatch(verdict.node, verdict.provider, verdict.claimedClass);
        }
        if (!passed) return false;
        if (paused) revert VerifierSet_Paused();
        uint256 unitsEnd = uint256(verdict.gpuIndex) + verdict.gpuCount;
        if (verdict.floorClass != verdict.claimedClass || verdict.gpuCount == 0 || unitsEnd > units) {
            revert VerifierSet_PassBelowClaim(verdict.floorClass, verdict.gpuCount);
        }
    }

    function _claimOf(address node) private view returns (address provider, uint256 resource, uint256 units) {
        uint256[] memory nodes = new uint256[](1);
        nodes[0] = uint160(node);
        return NodeSlot.readClaim(registry.claimsOf(nodes)[0]);
    }

    /// @dev Whether a finding is one on a node of the shard, measured in the two rounds from `opensAt` on, which claims the
    /// class measured, and the units that a pass attests.
    function _canCount(uint256 summary, uint256 claim, uint256 shard, uint256 opensAt, bool isPaused)
        private
        pure
        returns (bool)
    {
        // forge-lint: disable-start(unsafe-typecast) each cast cuts its own field out of a word
        unchecked {
            // The lowest bits are the node's; for a measurement before `opensAt` the difference wraps around.
            if (summary % SHARDS != shard || uint40(summary >> 160) - opensAt >= 2 * ROUND) return false;
            // Seconds, units and class of the one, provider, resource and units of the other.
            if (claim << 96 == 0 || uint16(claim >> 160) != summary >> 240) return false;
            if (uint24(summary >> 200) == 0) return true;
            uint256 units = uint16(summary >> 224);
            return units != 0 && units <= claim >> 176 && !isPaused;
        }
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @dev A measurement needs the beacon of its round or of the one before.
    function _isFresh(uint256 beaconRound, uint256 measuredAt) private pure returns (bool) {
        uint256 measuredIn = roundAt(measuredAt);
        return beaconRound == measuredIn || beaconRound + 1 == measuredIn;
    }

    function _requireInBatch(bytes32 root, bytes32 leaf, bytes32[] calldata proof) private pure {
        if (!MerkleProofLib.verifyCalldata(proof, root, leaf)) revert VerifierSet_NotInBatch(leaf, root);
    }
}
