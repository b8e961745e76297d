// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";
import {MerkleProofLib} from "solady/utils/MerkleProofLib.sol";

import {IOutageClock} from "../governance/IOutageClock.sol";
import {Outages} from "../governance/Outages.sol";
import {INodeRegistry} from "../registry/INodeRegistry.sol";
import {IBonds} from "../stake/IBonds.sol";
import {IAttestationPolicy} from "./IAttestationPolicy.sol";
import {IVerifierSet} from "./IVerifierSet.sol";
import {Verdicts} from "./Verdicts.sol";

/// @title VerifierSet
/// @dev Verifiers sit on 64 numbered seats. Beacon and shard alone put the seats of a round in an order; the first ones
/// whose verifier may serve in the round are the committee. So whoever leaves frees a place for the next in that order, whoever
/// joins waits until a beacon that is still unknown, and neither can draw a committee anew.
contract VerifierSet is IVerifierSet, AccessManaged, EIP712 {
    /// @notice A verifier; it is kept when the verifier leaves, since its bond answers for what it signed.
    struct Member {
        address bondToken; // of the latest join
        uint8 seat;
        bool joined;
        bool banned; // signed two conflicting verdicts
        uint40 revealedIn; // the round of its latest reveal, or of its join
        uint32 since; // the first round that it is drawn in
        bytes32 tip;
    }

    /// @notice A seat: one slot.
    struct Seat {
        address verifier;
        uint40 since; // the first round that the verifier is drawn in
    }

    /// @notice What a finding tells.
    struct Summary {
        address node;
        uint256 measuredAt;
        uint256 validUntil;
        uint256 units;
        bool passed;
    }

    /// @notice Most verifiers in the set.
    uint256 public constant MAX_VERIFIERS = 64;

    /// @notice Largest committee.
    uint256 public constant MAX_COMMITTEE_SIZE = 16;

    /// @notice Seconds of a round.
    uint256 public constant ROUND = 1 hours;

    /// @notice Shards that the nodes are in.
    uint256 public constant SHARDS = 16;

    /// @notice Most findings in a batch.
    uint256 public constant MAX_BATCH = 256;

    /// @notice Rounds without a reveal that cost a verifier its seat.
    uint256 public constant MAX_ABSENCE = 72;

    /// @dev Two rounds after a join the beacon mixes reveals of which none was known at the join.
    uint256 private constant ROUNDS_UNTIL_DRAWN = 2;

    /// @notice Where a verifier's bond is.
    IBonds public immutable bonds;

    /// @notice Where a node's provider and class are.
    INodeRegistry public immutable registry;

    /// @notice Counts the sequencer's outages, in which nobody could reveal; the zero address for none.
    IOutageClock public immutable clock;

    /// @inheritdoc IVerifierSet
    address public policy;
    uint8 private _committeeSize = 3;
    uint8 private _quorum = 2;
    uint64 private _taken; // bit i: seat i is taken
    /// @inheritdoc IVerifierSet
    bool public paused;

    Seat[MAX_VERIFIERS] private _seats;
    mapping(address verifier => Member) private _members;
    mapping(uint256 round => bytes32) private _mixes;
    mapping(address signer => mapping(bytes32 digest => bool)) private _endorsed;

    constructor(address initialAuthority, IBonds bonds_, INodeRegistry registry_, IOutageClock clock_)
        AccessManaged(initialAuthority)
        EIP712("Spheron VerifierSet", "1")
    {
        bonds = bonds_;
        registry = registry_;
        clock = clock_;
        emit QuorumSet(_committeeSize, _quorum);
    }

    /// @inheritdoc IVerifierSet
    function join(address bondToken, bytes32 tip) external {
        Member storage member = _members[msg.sender];
        if (member.banned) revert VerifierSet_Banned(msg.sender);
        if (member.joined) revert VerifierSet_AlreadyJoined(msg.sender);
        if (!bonds.isBonded(IBonds.Role.Verifier, msg.sender, bondToken)) {
            revert VerifierSet_NotBonded(msg.sender, bondToken);
        }
        address formerToken = member.bondToken;
        if (
            formerToken != bondToken
                && _stakeOf(msg.sender, formerToken) >= Math.max(bonds.minimumOf(IBonds.Role.Verifier, formerToken), 1)
        ) {
            revert VerifierSet_StillBonded(msg.sender, formerToken);
        }
        uint256 taken = _taken;
        if (taken == type(uint64).max) revert VerifierSet_Full(MAX_VERIFIERS);

        uint256 seat = LibBit.ffs(~taken);
        uint256 round = roundAt(block.timestamp);
        uint256 since = round + ROUNDS_UNTIL_DRAWN;
        // forge-lint: disable-start(unsafe-typecast) a seat is below 64, a round far below 2^40
        _taken = uint64(taken | (uint256(1) << seat));
        _seats[seat] = Seat({verifier: msg.sender, since: uint40(since)});
        // It counts as having revealed: who joins after the others' reveals could choose its own, and the beacon by it.
        _members[msg.sender] = Member({
            bondToken: bondToken,
            seat: uint8(seat),
            joined: true,
            banned: false,
            revealedIn: uint40(round),
            since: uint32(since),
            tip: tip
        });
        // forge-lint: disable-end(unsafe-typecast)
        emit VerifierJoined(msg.sender, bondToken, tip);
    }

    /// @inheritdoc IVerifierSet
    function leave() external {
        _requireMember(msg.sender);
        _remove(msg.sender);
    }

    /// @inheritdoc IVerifierSet
    function eject(address verifier) external {
        address bondToken = _requireMember(verifier).bondToken;
        if (bonds.isBonded(IBonds.Role.Verifier, verifier, bondToken)) {
            revert VerifierSet_StillBonded(verifier, bondToken);
        }
        _remove(verifier);
    }

    /// @inheritdoc IVerifierSet
    function ejectAbsent(address verifier) external {
        uint256 revealedIn = _requireMember(verifier).revealedIn;
        uint256 until = Outages.deadline(clock, revealedIn * ROUND, (MAX_ABSENCE + 1) * ROUND, block.timestamp);
        if (block.timestamp < until) revert VerifierSet_NotAbsent(verifier, roundAt(block.timestamp) - revealedIn);
        _remove(verifier);
    }

    /// @inheritdoc IVerifierSet
    function reveal(bytes32 preimage) external {
        Member storage member = _requireMember(msg.sender);
        uint256 round = roundAt(block.timestamp);
        if (member.revealedIn == round) revert VerifierSet_AlreadyRevealed(msg.sender, round);
        if (keccak256(abi.encode(preimage)) != member.tip) revert VerifierSet_WrongPreimage(msg.sender, member.tip);
        member.tip = preimage;
        // forge-lint: disable-next-line(unsafe-typecast) a round is far below 2^40
        member.revealedIn = uint40(round);
        bytes32 mix = keccak256(abi.encode(_mixes[round + 1], preimage));
        _mixes[round + 1] = mix;
        emit BeaconRevealed(round + 1, msg.sender, preimage, mix);
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
        bytes32 root = Verdicts.root(findings);
        if (root != batch.root) revert VerifierSet_NotInBatch(root, batch.root);
        address[] memory signers = _checkBatch(batch, signatures);
        IAttestationPolicy policy_ = IAttestationPolicy(policy);
        for (uint256 i; i < count; ++i) {
            Finding calldata finding = findings[i];
            (bool counts, Summary memory told) = _checkFinding(batch, finding.summary);
            if (!counts) continue;
            try policy_.record(told.node, told.measuredAt, told.validUntil, told.units, told.passed) {
                accepted |= uint256(1) << i;
            } catch {
                // Older than what is known of the node: brought alone before, or by another batch.
            }
        }
        emit BatchAccepted(root, batch.beaconRound, batch.shard, accepted, findings, signers);
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
        (bool counts, Summary memory told) = _checkFinding(batch, finding.summary);
        if (!counts) revert VerifierSet_FindingRefused(finding.digest);
        Finding[] memory findings = new Finding[](1);
        findings[0] = finding;
        emit BatchAccepted(batch.root, batch.beaconRound, batch.shard, 1, findings, signers);
        IAttestationPolicy(policy).record(told.node, told.measuredAt, told.validUntil, told.units, told.passed);
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
        bool isTrue =
            Verdicts.isConclusive(statement.verdict.result) && statement.summary == Verdicts.summary(statement.verdict);
        if (statement.batch.root == 0 || isTrue) revert VerifierSet_NotMisstated(digest);
        _punish(verifier, statement.verdict.sessionId);
    }

    /// @inheritdoc IVerifierSet
    function setPolicy(address newPolicy) external restricted {
        policy = newPolicy;
        emit PolicySet(newPolicy);
    }

    /// @inheritdoc IVerifierSet
    function setQuorum(uint256 committeeSize, uint256 signatures) external restricted {
        bool isBounded = committeeSize != 0 && committeeSize <= MAX_COMMITTEE_SIZE && signatures <= committeeSize;
        // Two majorities share a signer; one alone decides only in a committee of one.
        if (!isBounded || signatures * 2 <= committeeSize) {
            revert VerifierSet_InvalidQuorum(committeeSize, signatures);
        }
        // forge-lint: disable-start(unsafe-typecast) at most 16
        _committeeSize = uint8(committeeSize);
        _quorum = uint8(signatures);
        // forge-lint: disable-end(unsafe-typecast)
        emit QuorumSet(committeeSize, signatures);
    }

    /// @inheritdoc IVerifierSet
    function setPaused(bool paused_) external restricted {
        paused = paused_;
        emit PausedSet(paused_);
    }

    /// @inheritdoc IVerifierSet
    function quorum() external view returns (uint256 committeeSize, uint256 signatures) {
        return (_committeeSize, _quorum);
    }

    /// @inheritdoc IVerifierSet
    function tipOf(address verifier) external view returns (bytes32) {
        Member storage member = _members[verifier];
        return member.joined ? member.tip : bytes32(0);
    }

    /// @inheritdoc IVerifierSet
    function hashSessionCommit(SessionCommit calldata commit) external view returns (bytes32) {
        return _hashTypedDataV4(Verdicts.hash(commit));
    }

    /// @inheritdoc IVerifierSet
    function summaryOf(Verdict calldata verdict) external pure returns (uint256) {
        return Verdicts.summary(verdict);
    }

    /// @inheritdoc IVerifierSet
    function rootOf(Finding[] calldata findings) external pure returns (bytes32) {
        return findings.length == 0 ? bytes32(0) : Verdicts.root(findings);
    }

    /// @inheritdoc IVerifierSet
    function shardOf(address node) public pure returns (uint256) {
        return uint160(node) % SHARDS;
    }

    /// @inheritdoc IVerifierSet
    function roundAt(uint256 time) public pure returns (uint256) {
        return time / ROUND;
    }

    /// @inheritdoc IVerifierSet
    function beaconOf(uint256 round) public view returns (bytes32) {
        return keccak256(abi.encode("Spheron beacon", block.chainid, address(this), round, _mixes[round]));
    }

    /// @inheritdoc IVerifierSet
    function hashVerdict(Verdict calldata verdict) public view returns (bytes32) {
        return _hashTypedDataV4(Verdicts.hash(verdict));
    }

    /// @inheritdoc IVerifierSet
    function hashBatch(VerdictBatch calldata batch) public view returns (bytes32) {
        return _hashTypedDataV4(Verdicts.hash(batch));
    }

    /// @inheritdoc IVerifierSet
    function verifiers() public view returns (address[] memory members) {
        uint256 rest = _taken;
        members = new address[](LibBit.popCount(rest));
        for (uint256 i; rest != 0; ++i) {
            members[i] = _seats[LibBit.ffs(rest)].verifier;
            rest &= rest - 1;
        }
    }

    /// @inheritdoc IVerifierSet
    function committeeOf(address node, uint256 round) public view returns (address[] memory members) {
        return _committeeOf(shardOf(node), round);
    }

    function _committeeOf(uint256 shard, uint256 round) private view returns (address[] memory members) {
        uint256 rest = _taken;
        uint256 size = _committeeSize;
        uint256 count = LibBit.popCount(rest);
        if (count <= size) return verifiers();

        bytes32 seed = EfficientHashLib.hash(beaconOf(round), bytes32(shard));
        while (true) {
            uint256[] memory keys = _lowest(seed, rest, Math.min(size, count));
            members = new address[](keys.length);
            uint256 late;
            for (uint256 i; i < keys.length; ++i) {
                uint256 seat = keys[i] & (MAX_VERIFIERS - 1);
                Seat memory taken = _seats[seat];
                members[i] = taken.verifier;
                if (taken.since > round) late |= uint256(1) << seat;
            }
            if (late == 0) return members;
            // Seldom: somebody has joined since, so that the next in the order moves up.
            rest &= ~late;
            count -= LibBit.popCount(late);
        }
    }

    /// @dev The seats that come first in the order, as bits: whoever has one and may serve in the round is in the committee.
    /// So is whoever comes next for each of them that joined too late, which `_committeeOf` tells.
    function _firstSeats(uint256 shard, uint256 round) private view returns (uint256 seats) {
        uint256 taken = _taken;
        uint256 size = _committeeSize;
        if (LibBit.popCount(taken) <= size) return 0;
        uint256[] memory keys = _lowest(EfficientHashLib.hash(beaconOf(round), bytes32(shard)), taken, size);
        for (uint256 i; i < size; ++i) {
            seats |= uint256(1) << (keys[i] & (MAX_VERIFIERS - 1));
        }
    }

    /// @dev Whether a signer's own slot shows that it is in the committee; no seat need be read then. Without first seats
    /// everybody is in it.
    function _isFirst(address signer, uint256 firstSeats, uint256 round) private view returns (bool) {
        Member storage member = _members[signer];
        if (firstSeats == 0) return member.joined;
        return member.joined && firstSeats >> member.seat & 1 == 1 && member.since <= round;
    }

    /// @dev The `size` seats of `rest` that come first in the order of `seed`, lowest first, each as 16 bits of chance and
    /// the 6 bits of its number.
    function _lowest(bytes32 seed, uint256 rest, uint256 size) private pure returns (uint256[] memory keys) {
        keys = new uint256[](size);
        assembly ("memory-safe") {
            let first := add(keys, 0x20)
            let limit := add(first, shl(5, size))
            let end := first
            let chances
            mstore(0x00, seed)
            for { let seat := 0 } rest { seat := add(seat, 1) } {
                // A hash has the chances of 16 seats.
                if iszero(and(seat, 15)) {
                    mstore(0x20, seat)
                    chances := keccak256(0x00, 0x40)
                }
                if and(rest, 1) {
                    let key := or(shl(6, and(chances, 0xffff)), seat)
                    // A new place has the highest key.
                    if lt(end, limit) {
                        mstore(end, not(0))
                        end := add(end, 0x20)
                    }
                    let at := sub(end, 0x20)
                    if lt(key, mload(at)) {
                        for {} gt(at, first) { at := sub(at, 0x20) } {
                            let before := mload(sub(at, 0x20))
                            if gt(key, before) { break }
                            mstore(at, before)
                        }
                        mstore(at, key)
                    }
                }
                chances := shr(16, chances)
                rest := shr(1, rest)
            }
        }
    }

    function _checkBatch(VerdictBatch calldata batch, Signature[] calldata signatures)
        private
        returns (address[] memory signers)
    {
        if (block.timestamp > batch.deadline) revert VerifierSet_BatchExpired(batch.deadline);
        return _checkSignatures(batch.shard, batch.beaconRound, hashBatch(batch), signatures);
    }

    /// @dev Reads what a batch tells about a node, and whether it can count.
    function _checkFinding(VerdictBatch calldata batch, uint256 summary)
        private
        view
        returns (bool counts, Summary memory told)
    {
        // forge-lint: disable-start(unsafe-typecast) each cut leaves the bits of its field
        told.node = address(uint160(summary));
        told.measuredAt = uint40(summary >> 160);
        uint256 validFor = uint24(summary >> 200);
        told.units = uint16(summary >> 224);
        // forge-lint: disable-end(unsafe-typecast)
        told.validUntil = told.measuredAt + validFor;
        told.passed = validFor != 0;
        if (shardOf(told.node) != batch.shard || !_isFresh(batch.beaconRound, told.measuredAt)) return (false, told);
        INodeRegistry.Node memory node = registry.nodeOf(told.node);
        if (node.provider == address(0) || node.resource != summary >> 240) return (false, told);
        counts = !told.passed || (!paused && told.units != 0 && told.units <= node.units);
    }

    function _checkSignatures(uint256 shard, uint256 round, bytes32 digest, Signature[] calldata signatures)
        private
        returns (address[] memory signers)
    {
        if (signatures.length < _quorum) revert VerifierSet_QuorumNotReached(signatures.length, _quorum);
        uint256 first = _firstSeats(shard, round);
        signers = new address[](signatures.length);
        address[] memory committee;
        address last;
        for (uint256 i; i < signatures.length; ++i) {
            address signer = signatures[i].signer;
            if (signer <= last) revert VerifierSet_DuplicateOrUnsortedSigner(signer);
            if (!_isFirst(signer, first, round)) {
                if (committee.length == 0) committee = _committeeOf(shard, round);
                if (!_contains(committee, signer)) revert VerifierSet_NotInCommittee(signer, shard, round);
            }
            _checkSignature(signer, digest, signatures[i].signature);
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

    function _remove(address verifier) private {
        Member storage member = _members[verifier];
        member.joined = false;
        delete _seats[member.seat];
        _taken &= ~(uint64(1) << member.seat);
        emit VerifierLeft(verifier, msg.sender);
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

    function _requireMember(address account) private view returns (Member storage member) {
        member = _members[account];
        if (!member.joined) revert VerifierSet_NotVerifier(account);
    }

    function _stakeOf(address verifier, address bondToken) private view returns (uint256) {
        IBonds.Bond memory bond = bonds.bondOf(IBonds.Role.Verifier, verifier, bondToken);
        return uint256(bond.active) + bond.thawing;
    }

    function _checkClaim(Verdict calldata verdict) private view returns (bool passed) {
        if (!Verdicts.isConclusive(verdict.result)) revert VerifierSet_InvalidResult(verdict.result);
        INodeRegistry.Node memory node = registry.nodeOf(verdict.node);
        passed = verdict.result == uint8(Result.Pass);
        // A failure is the node's, whoever it belongs to by now: nobody gets past it by moving the node.
        bool isOther = passed && verdict.provider != node.provider;
        if (node.provider == address(0) || isOther || verdict.claimedClass != node.resource) {
            revert VerifierSet_ClaimMismatch(verdict.node, verdict.provider, verdict.claimedClass);
        }
        if (!passed) return false;
        if (paused) revert VerifierSet_Paused();
        uint256 unitsEnd = uint256(verdict.gpuIndex) + verdict.gpuCount;
        if (verdict.floorClass != verdict.claimedClass || verdict.gpuCount == 0 || unitsEnd > node.units) {
            revert VerifierSet_PassBelowClaim(verdict.floorClass, verdict.gpuCount);
        }
    }

    /// @dev A measurement needs the beacon of its round or of the one before.
    function _isFresh(uint256 beaconRound, uint256 measuredAt) private pure returns (bool) {
        uint256 measuredIn = roundAt(measuredAt);
        return beaconRound == measuredIn || beaconRound + 1 == measuredIn;
    }

    function _requireInBatch(bytes32 root, bytes32 leaf, bytes32[] calldata proof) private pure {
        if (!MerkleProofLib.verifyCalldata(proof, root, leaf)) revert VerifierSet_NotInBatch(leaf, root);
    }

    function _contains(address[] memory members, address account) private pure returns (bool) {
        for (uint256 i; i < members.length; ++i) {
            if (members[i] == account) return true;
        }
        return false;
    }
}
