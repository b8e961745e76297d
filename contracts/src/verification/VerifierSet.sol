// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";

import {INodeRegistry} from "../registry/INodeRegistry.sol";
import {IBonds} from "../stake/IBonds.sol";
import {IAttestationPolicy} from "./IAttestationPolicy.sol";
import {IVerifierSet} from "./IVerifierSet.sol";

/// @title VerifierSet
/// @dev Verifiers sit on 64 numbered seats. Beacon, node and round alone put the seats in an order; the first ones whose
/// verifier may serve in the round are the committee. So whoever leaves frees a place for the next in that order, whoever
/// joins waits until a beacon that is still unknown, and neither can draw a committee anew.
contract VerifierSet is IVerifierSet, AccessManaged, EIP712 {
    /// @notice A verifier; it is kept when the verifier leaves, since its bond answers for what it signed.
    struct Member {
        address bondToken; // of the latest join
        uint8 seat;
        bool joined;
        bool banned; // signed two conflicting verdicts
        uint40 revealedIn; // the round of its latest reveal, or of its join
        bytes32 tip;
    }

    /// @notice A seat: one slot.
    struct Seat {
        address verifier;
        uint40 since; // the first round that the verifier is drawn in
    }

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
    bytes32 private constant SESSION_COMMIT_TYPEHASH = keccak256(
        "SessionCommit(bytes32 sessionId,address node,bytes32 s0,bytes32 sessionRoot,uint64 jobs,uint32 m,uint32 n,"
        "uint32 k)"
    );

    /// @notice Most verifiers in the set.
    uint256 public constant MAX_VERIFIERS = 64;

    /// @notice Largest committee.
    uint256 public constant MAX_COMMITTEE_SIZE = 16;

    /// @notice Seconds of a round.
    uint256 public constant ROUND = 1 hours;

    /// @dev Two rounds after a join the beacon mixes reveals of which none was known at the join.
    uint256 private constant ROUNDS_UNTIL_DRAWN = 2;

    /// @dev The numbers of the seats, a byte each.
    bytes private constant SEATS = hex"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        hex"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

    /// @notice Where a verifier's bond is.
    IBonds public immutable bonds;

    /// @notice Where a node's provider and class are.
    INodeRegistry public immutable registry;

    /// @inheritdoc IVerifierSet
    address public policy;
    uint8 private _committeeSize = 3;
    uint8 private _quorum = 2;
    uint64 private _taken; // bit i: seat i is taken

    Seat[MAX_VERIFIERS] private _seats;
    mapping(address verifier => Member) private _members;
    mapping(uint256 round => bytes32) private _mixes;
    mapping(address signer => mapping(bytes32 digest => bool)) private _endorsed;

    constructor(address initialAuthority, IBonds bonds_, INodeRegistry registry_)
        AccessManaged(initialAuthority)
        EIP712("Spheron VerifierSet", "1")
    {
        bonds = bonds_;
        registry = registry_;
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
        if (formerToken != bondToken && _stakeOf(msg.sender, formerToken) != 0) {
            revert VerifierSet_StillBonded(msg.sender, formerToken);
        }
        uint256 taken = _taken;
        if (taken == type(uint64).max) revert VerifierSet_Full(MAX_VERIFIERS);

        uint256 seat = LibBit.ffs(~taken);
        uint256 round = roundAt(block.timestamp);
        // forge-lint: disable-start(unsafe-typecast) a seat is below 64, a round far below 2^40
        _taken = uint64(taken | (uint256(1) << seat));
        _seats[seat] = Seat({verifier: msg.sender, since: uint40(round + ROUNDS_UNTIL_DRAWN)});
        // It counts as having revealed: who joins after the others' reveals could choose its own, and the beacon by it.
        _members[msg.sender] = Member({
            bondToken: bondToken, seat: uint8(seat), joined: true, banned: false, revealedIn: uint40(round), tip: tip
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
        _checkRound(verdict.beaconRound, measuredAt);
        bool passed = _checkClaim(verdict);
        bytes32 digest = hashVerdict(verdict);
        address[] memory signers = _checkSignatures(verdict, digest, signatures);
        emit VerdictAccepted(verdict.sessionId, verdict.node, verdict.leaseId, digest, verdict, signers);
        IAttestationPolicy(policy).record(verdict.node, measuredAt, verdict.validUntil, verdict.gpuCount, passed);
    }

    /// @inheritdoc IVerifierSet
    function reportEquivocation(
        Verdict calldata a,
        Verdict calldata b,
        address verifier,
        bytes calldata signatureA,
        bytes calldata signatureB
    ) external {
        Member storage member = _members[verifier];
        if (member.bondToken == address(0)) revert VerifierSet_NotVerifier(verifier);
        if (member.banned) revert VerifierSet_Banned(verifier);
        bytes32 digestA = hashVerdict(a);
        bytes32 digestB = hashVerdict(b);
        if (!_conflict(a, b)) revert VerifierSet_NoConflict(digestA, digestB);
        _checkSignature(verifier, digestA, signatureA);
        _checkSignature(verifier, digestB, signatureB);

        member.banned = true;
        if (member.joined) _remove(verifier);
        emit Equivocated(verifier, a.sessionId, msg.sender, _slash(verifier, member.bondToken));
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
        return _hashTypedDataV4(keccak256(abi.encode(SESSION_COMMIT_TYPEHASH, commit)));
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
        return _hashTypedDataV4(_hashStruct(verdict));
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
        uint256 taken = _taken;
        uint256 size = _committeeSize;
        if (LibBit.popCount(taken) <= size) return verifiers();

        bytes32 seed = keccak256(abi.encode(beaconOf(round), node, round));
        bytes memory order = SEATS;
        members = new address[](size);
        uint256 found;
        for (uint256 i; i < MAX_VERIFIERS && found < size; ++i) {
            uint256 j = i + uint256(EfficientHashLib.hash(seed, bytes32(i))) % (MAX_VERIFIERS - i);
            uint256 drawn = uint8(order[j]);
            order[j] = order[i];
            if (taken >> drawn & 1 == 0) continue;
            Seat memory seat = _seats[drawn];
            if (seat.since <= round) members[found++] = seat.verifier;
        }
        assembly ("memory-safe") {
            mstore(members, found)
        }
    }

    function _checkSignatures(Verdict calldata verdict, bytes32 digest, Signature[] calldata signatures)
        private
        returns (address[] memory signers)
    {
        if (signatures.length < _quorum) revert VerifierSet_QuorumNotReached(signatures.length, _quorum);
        address[] memory committee = committeeOf(verdict.node, verdict.beaconRound);
        signers = new address[](signatures.length);
        address last;
        for (uint256 i; i < signatures.length; ++i) {
            address signer = signatures[i].signer;
            if (signer <= last) revert VerifierSet_DuplicateOrUnsortedSigner(signer);
            if (!_contains(committee, signer)) {
                revert VerifierSet_NotInCommittee(signer, verdict.node, verdict.beaconRound);
            }
            _checkSignature(signer, digest, signatures[i].signature);
            last = signers[i] = signer;
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

    function _slash(address verifier, address bondToken) private returns (uint256 slashed) {
        uint256 stake = _stakeOf(verifier, bondToken);
        if (stake == 0) return 0;
        return bonds.slash(
            IBonds.Role.Verifier,
            verifier,
            bondToken,
            IBonds.Slash({amount: stake, harmed: address(0), loss: 0, reporter: msg.sender, uncapped: true})
        );
    }

    function _remove(address verifier) private {
        Member storage member = _members[verifier];
        member.joined = false;
        delete _seats[member.seat];
        _taken &= ~(uint64(1) << member.seat);
        emit VerifierLeft(verifier, msg.sender);
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
        if (verdict.result == uint8(Result.Inconclusive) || verdict.result > uint8(Result.Timeout)) {
            revert VerifierSet_InvalidResult(verdict.result);
        }
        INodeRegistry.Node memory node = registry.nodeOf(verdict.node);
        if (node.provider == address(0) || verdict.provider != node.provider || verdict.claimedClass != node.resource) {
            revert VerifierSet_ClaimMismatch(verdict.node, verdict.provider, verdict.claimedClass);
        }
        passed = verdict.result == uint8(Result.Pass);
        if (!passed) return false;
        uint256 unitsEnd = uint256(verdict.gpuIndex) + verdict.gpuCount;
        if (verdict.floorClass != verdict.claimedClass || verdict.gpuCount == 0 || unitsEnd > node.units) {
            revert VerifierSet_PassBelowClaim(verdict.floorClass, verdict.gpuCount);
        }
    }

    /// @dev A verdict is 28 words in calldata: 13, the 9 of its measurement, and 6. A word that is out of its type's range
    /// gives a digest that nobody signs, and reverts where its field is read.
    function _hashStruct(Verdict calldata verdict) private pure returns (bytes32 structHash) {
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

    function _checkRound(uint256 beaconRound, uint256 measuredAt) private pure {
        uint256 measuredIn = roundAt(measuredAt);
        if (beaconRound != measuredIn && beaconRound + 1 != measuredIn) {
            revert VerifierSet_StaleBeacon(beaconRound, measuredIn);
        }
    }

    function _conflict(Verdict calldata a, Verdict calldata b) private pure returns (bool) {
        bool isSameSession = a.sessionId == b.sessionId && a.node == b.node && a.leaseId == b.leaseId;
        bool isSameFinding = a.result == b.result && a.s0 == b.s0 && a.sessionRoot == b.sessionRoot;
        return isSameSession && !isSameFinding;
    }

    function _contains(address[] memory members, address account) private pure returns (bool) {
        for (uint256 i; i < members.length; ++i) {
            if (members[i] == account) return true;
        }
        return false;
    }
}
