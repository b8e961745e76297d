// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title VerifierSet, verdicts by a quorum of bonded verifiers
/// @notice Bonded verifiers join. For each node and round a committee is drawn from the round's beacon; a verdict counts
/// with the signatures of a quorum of that committee. Two conflicting signed verdicts of one verifier cost it its bond.
/// @dev The beacon of a round mixes what verifiers revealed in the round before: each reveals the next preimage of a
/// hash chain that it committed to when it joined, so nobody chooses, and the last one to reveal can only withhold. With
/// no reveal the beacon is predictable; the verifiers' own reveals inside a session still keep its seed fresh. Who joins
/// in a round reveals from the next one on, and is drawn from the second one on.
interface IVerifierSet {
    /// @notice What was measured. Nested in a verdict because ABI tools stop at two dozen members in one struct.
    struct Measurement {
        uint64 startMs; // unix milliseconds: the time of measurement
        uint64 endMs; // unix milliseconds
        uint64 jobs; // finished
        uint32 gigaOpsPerSec;
        uint32 memMBps;
        uint32 vramMiB;
        uint16 leafSamples;
        uint16 pageSamples;
        uint8 rounds; // measurements behind the numbers
    }

    /// @notice What a verifier signs (EIP-712) about one measurement of one node.
    struct Verdict {
        bytes32 leaseId; // 0 for a measurement outside of any lease
        bytes32 sessionId;
        address provider;
        address node;
        uint16 gpuIndex; // first unit measured
        uint16 gpuCount; // units measured, and attested by a pass
        uint16 claimedClass; // resource id that the node claims
        uint16 floorClass; // best class that the measurement supports, 0 if none
        uint8 backend; // 0 cpu, 1 wgpu, 2 cuda
        uint64 beaconRound;
        bytes32 s0; // session seed
        bytes32 sessionRoot; // root over the chain of jobs
        bytes32 vramRoot; // 0 if memory was not measured
        Measurement measurement;
        uint8 result; // see Result
        uint32 evidenceFlags;
        bytes32 evidenceHash; // keccak256 of the evidence bundle
        bytes32 policyHash; // thresholds and class table
        uint64 issuedAt; // unix seconds
        uint64 validUntil; // unix seconds
    }

    /// @notice What a node signs (EIP-712) over its finished chain of jobs; a fraud proof opens it.
    struct SessionCommit {
        bytes32 sessionId;
        address node;
        bytes32 s0;
        bytes32 sessionRoot;
        uint64 jobs;
        uint32 m;
        uint32 n;
        uint32 k;
    }

    /// @notice `Verdict.result`.
    enum Result {
        Inconclusive,
        Pass,
        BelowClaim,
        WrongComputation,
        Timeout
    }

    /// @notice One verifier's signature; a contract may sign (ERC-1271).
    struct Signature {
        address signer;
        bytes signature;
    }

    /// @notice A verifier joined with a bond in `bondToken` and the tip of its hash chain.
    event VerifierJoined(address indexed verifier, address indexed bondToken, bytes32 tip);

    /// @notice A verifier left, or was ejected because its bond had become too small.
    event VerifierLeft(address indexed verifier, address indexed by);

    /// @notice A verifier revealed `preimage` for the beacon of `round`, which is mixed from `mix` now.
    event BeaconRevealed(uint256 indexed round, address indexed verifier, bytes32 preimage, bytes32 mix);

    /// @notice A verdict counted.
    event VerdictAccepted(
        bytes32 indexed sessionId,
        address indexed node,
        bytes32 indexed leaseId,
        bytes32 digest,
        Verdict verdict,
        address[] signers
    );

    /// @notice A verifier was slashed for two conflicting verdicts on one session.
    event Equivocated(address indexed verifier, bytes32 indexed sessionId, address indexed reporter, uint256 slashed);

    /// @notice The policy that verdicts are recorded in was set.
    event PolicySet(address indexed policy);

    /// @notice Committee size and quorum were set.
    event QuorumSet(uint256 committeeSize, uint256 quorum);

    /// @notice Thrown when a verifier is already in the set.
    error VerifierSet_AlreadyJoined(address verifier);

    /// @notice Thrown when an account is not in the set.
    error VerifierSet_NotVerifier(address account);

    /// @notice Thrown when the set is full.
    error VerifierSet_Full(uint256 maximum);

    /// @notice Thrown when a verifier's bond is too small to join.
    error VerifierSet_NotBonded(address verifier, address bondToken);

    /// @notice Thrown when a verifier's bond is large enough to stay, or when it joins with another token while its bond in
    /// the former one still answers for what it signed.
    error VerifierSet_StillBonded(address verifier, address bondToken);

    /// @notice Thrown when a verifier has been slashed for two conflicting verdicts: it is out for good.
    error VerifierSet_Banned(address verifier);

    /// @notice Thrown when a reveal is not the preimage of the verifier's tip.
    error VerifierSet_WrongPreimage(address verifier, bytes32 tip);

    /// @notice Thrown when a verifier reveals twice in a round, or in the round that it joined in.
    error VerifierSet_AlreadyRevealed(address verifier, uint256 round);

    /// @notice Thrown when too few verifiers signed.
    error VerifierSet_QuorumNotReached(uint256 signers, uint256 quorum);

    /// @notice Thrown when signers are not in strictly ascending order: unsorted, or one signed twice.
    error VerifierSet_DuplicateOrUnsortedSigner(address signer);

    /// @notice Thrown when a signer is not in the committee of that node and round.
    error VerifierSet_NotInCommittee(address signer, address node, uint256 round);

    /// @notice Thrown when a signature does not fit these bytes: altered, or signed for another chain or contract.
    error VerifierSet_InvalidSignature(address signer, bytes32 digest);

    /// @notice Thrown when the verdict's beacon is not that of the round of its measurement, or of the one before.
    error VerifierSet_StaleBeacon(uint256 round, uint256 measuredIn);

    /// @notice Thrown when a result is inconclusive or unknown: nothing to record.
    error VerifierSet_InvalidResult(uint256 result);

    /// @notice Thrown when the verdict names another provider or class than the registry does.
    error VerifierSet_ClaimMismatch(address node, address provider, uint256 claimedClass);

    /// @notice Thrown when a pass does not reach the class that it claims, or attests no unit or more than are claimed.
    error VerifierSet_PassBelowClaim(uint256 floorClass, uint256 gpuCount);

    /// @notice Thrown when two verdicts do not conflict.
    error VerifierSet_NoConflict(bytes32 digestA, bytes32 digestB);

    /// @notice Thrown when committee size and quorum contradict their bounds.
    error VerifierSet_InvalidQuorum(uint256 committeeSize, uint256 quorum);

    /// @notice Joins with the tip of a hash chain. The caller needs a bond as verifier in `bondToken`.
    function join(address bondToken, bytes32 tip) external;

    /// @notice Leaves the set. The bond can then be thawed.
    function leave() external;

    /// @notice Removes a verifier whose bond has become too small. Anyone may.
    function eject(address verifier) external;

    /// @notice Reveals the preimage of the caller's tip, which becomes the new tip, into the next round's beacon.
    function reveal(bytes32 preimage) external;

    /// @notice Brings a verdict with its quorum, signers in ascending order. Anyone may.
    function submit(Verdict calldata verdict, Signature[] calldata signatures) external;

    /// @notice Slashes a verifier that signed two conflicting verdicts on one session: same session, node and lease, but
    /// another result, seed or root. It loses its whole bond, thawing or not, and its place for good. Anyone may; the
    /// caller is the reporter.
    /// @dev What a contract signed (ERC-1271) and later denies counts if a verdict brought it to the chain before.
    function reportEquivocation(
        Verdict calldata a,
        Verdict calldata b,
        address verifier,
        bytes calldata signatureA,
        bytes calldata signatureB
    ) external;

    /// @notice Sets the policy that verdicts are recorded in. Restricted.
    function setPolicy(address policy) external;

    /// @notice Sets committee size (1 to 16) and quorum (more than half of it, so that two only exist with a common
    /// signer). Restricted.
    function setQuorum(uint256 committeeSize, uint256 quorum) external;

    /// @notice The round at `time` (unix seconds); a round is an hour.
    function roundAt(uint256 time) external view returns (uint256);

    /// @notice The beacon of `round`, final once the round has begun.
    function beaconOf(uint256 round) external view returns (bytes32);

    /// @notice The committee of a node in a round: all verifiers if they are no more than its size, else as many of the
    /// round's verifiers as are there, in the order drawn.
    function committeeOf(address node, uint256 round) external view returns (address[] memory);

    /// @notice The verifiers, at most 64.
    function verifiers() external view returns (address[] memory);

    /// @notice The tip of a verifier's hash chain, 0 if it is not in the set.
    function tipOf(address verifier) external view returns (bytes32);

    /// @notice Committee size and quorum.
    function quorum() external view returns (uint256 committeeSize, uint256 signatures);

    /// @notice The policy that verdicts are recorded in.
    function policy() external view returns (address);

    /// @notice The EIP-712 digest of a verdict.
    function hashVerdict(Verdict calldata verdict) external view returns (bytes32);

    /// @notice The EIP-712 digest of a session commitment.
    function hashSessionCommit(SessionCommit calldata commit) external view returns (bytes32);
}
