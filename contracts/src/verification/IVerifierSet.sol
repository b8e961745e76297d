// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title VerifierSet, verdicts by a quorum of bonded verifiers
/// @notice Bonded verifiers join. For each shard of the nodes and each round a committee is drawn from the round's beacon;
/// a verdict counts with the signatures of a quorum of that committee, alone or in a signed batch. Two conflicting
/// statements of one verifier, or one that contradicts itself, cost it its bond.
/// @dev Committees. A node is in one of SHARDS by the last bits of its key, so that one committee is the right one for
/// every finding of a batch. Whoever would choose a shard once the beacon is known could as well have a key in each, so
/// choosing wins nothing; a captured committee reaches more nodes than if each node had its own, but as much less often.
/// @dev Beacon. The beacon of a round mixes what verifiers revealed in the round before: each reveals the next preimage
/// of a hash chain that it committed to when it joined, and the order of reveals does not matter. So nobody chooses a
/// beacon, but whoever reveals late can withhold, at the price of its place: as long as two thirds of the seats reveal, only
/// those are drawn. The last k verifiers thus choose among 2^k beacons, and lose the places of those that withhold. With a
/// third of the seats that controls a small committee; only for a committee as large as the set it is worth nothing.
/// @dev Who joins in a round reveals from the next one on, and is drawn from the second one on. A reveal asks for the bond,
/// so that whose bond has left is not drawn. No block hash and no PREVRANDAO is mixed in: on Arbitrum the one is the
/// sequencer's to make and the other a constant, on Base they follow the L1 with a delay that its sequencer sees first.
/// @dev What remains: on both chains one sequencer orders the reveals, and could leave some out of a round (for at most the
/// 24 hours after which Arbitrum can be forced, the 12 of Base), so that a sequencer in league with a member chooses among
/// the beacons of the subsets that it admits. With no reveal a beacon is predictable. Neither lets anybody sign for
/// another, and the verifiers' own reveals inside a session keep its seed fresh.
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

    /// @notice What a batch says about one verdict.
    struct Finding {
        bytes32 digest; // EIP-712 digest of the verdict
        uint256 summary; // `summaryOf` the verdict: what is recorded of it, in one word
    }

    /// @notice What a verifier signs (EIP-712) for many verdicts at once, all of one shard and round.
    /// @dev The tree: leaves are keccak256(keccak256(abi.encode(digest, summary))), pairs are hashed in ascending order, a
    /// last one without a pair moves up as it is.
    struct VerdictBatch {
        bytes32 root;
        uint64 beaconRound;
        uint8 shard;
        uint16 count; // findings, 1 to MAX_BATCH
        uint64 deadline; // unix seconds; it counts no later
    }

    /// @notice A verdict as one verifier signed it: alone if `batch.root` is 0, else as a finding of that batch.
    struct Statement {
        Verdict verdict;
        VerdictBatch batch;
        uint256 summary; // that the batch gives of the verdict
        bytes32[] proof; // of the finding in the batch
        bytes signature; // over the verdict's digest, or the batch's
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

    /// @notice A verifier left, lost its seat to one with more at stake, or was ejected because its bond had become too small
    /// or it had been absent for too long.
    event VerifierLeft(address indexed verifier, address indexed by);

    /// @notice A verifier revealed `preimage` for the beacon of `round`, which is mixed from `mix` now: the former one, 0 at
    /// first, XOR the first 22 bytes of keccak256(abi.encode(verifier, preimage)).
    event BeaconRevealed(uint256 indexed round, address indexed verifier, bytes32 preimage, bytes22 mix);

    /// @notice A verdict counted.
    event VerdictAccepted(
        bytes32 indexed sessionId,
        address indexed node,
        bytes32 indexed leaseId,
        bytes32 digest,
        Verdict verdict,
        address[] signers
    );

    /// @notice A batch counted, as far as the bits of `accepted` say (bit i for findings[i]); the others were refused: older
    /// than what is known of their node, not what it claims, or passes under a pause.
    event BatchAccepted(
        bytes32 indexed root,
        uint256 indexed beaconRound,
        uint256 indexed shard,
        uint256 accepted,
        Finding[] findings,
        address[] signers
    );

    /// @notice A verifier was slashed by `slashed` wei of its bond for two statements that conflict, or one that contradicts
    /// itself, on this session.
    event Equivocated(address indexed verifier, bytes32 indexed sessionId, address indexed reporter, uint256 slashed);

    /// @notice The policy that verdicts are recorded in was set.
    event PolicySet(address indexed policy);

    /// @notice Passing verdicts were stopped, or let in again.
    event PausedSet(bool paused);

    /// @notice Committee size and quorum were set.
    event QuorumSet(uint256 committeeSize, uint256 quorum);

    /// @notice Thrown when a verifier is already in the set.
    error VerifierSet_AlreadyJoined(address verifier);

    /// @notice Thrown when an account is not in the set.
    error VerifierSet_NotVerifier(address account);

    /// @notice Thrown when the set is full, and nobody in it has so little at stake that the caller could take the seat.
    error VerifierSet_Full(uint256 maximum);

    /// @notice Thrown when a verifier's bond is too small to join or to reveal.
    error VerifierSet_NotBonded(address verifier, address bondToken);

    /// @notice Thrown when a verifier's bond is large enough to stay, or when it joins with another token while its bond in
    /// the former one still answers for what it signed.
    error VerifierSet_StillBonded(address verifier, address bondToken);

    /// @notice Thrown when a verifier was slashed for conflicting statements or for a misstatement: it is out for good.
    error VerifierSet_Banned(address verifier);

    /// @notice Thrown when a reveal is not the preimage of the verifier's tip.
    error VerifierSet_WrongPreimage(address verifier, bytes32 tip);

    /// @notice Thrown when a verifier reveals twice in a round, or in the round that it joined in.
    error VerifierSet_AlreadyRevealed(address verifier, uint256 round);

    /// @notice Thrown when too few verifiers signed.
    error VerifierSet_QuorumNotReached(uint256 signers, uint256 quorum);

    /// @notice Thrown when signers are not in strictly ascending order: unsorted, or one signed twice.
    error VerifierSet_DuplicateOrUnsortedSigner(address signer);

    /// @notice Thrown when a signer is not in the committee of that shard and round.
    error VerifierSet_NotInCommittee(address signer, uint256 shard, uint256 round);

    /// @notice Thrown when findings are none, too many or not as many as the batch was signed for.
    error VerifierSet_InvalidBatch(uint256 findings, uint256 count);

    /// @notice Thrown when findings do not hash to the root that was signed, or a proof does not lead to it.
    error VerifierSet_NotInBatch(bytes32 hashed, bytes32 root);

    /// @notice Thrown when a batch comes after its deadline (unix seconds).
    error VerifierSet_BatchExpired(uint256 deadline);

    /// @notice Thrown when a finding cannot count: of another shard or round, or not what its node claims.
    error VerifierSet_FindingRefused(bytes32 digest);

    /// @notice Thrown when a verdict passes while passes are paused.
    error VerifierSet_Paused();

    /// @notice Thrown when a verifier has been absent for fewer rounds than cost it its seat.
    error VerifierSet_NotAbsent(address verifier, uint256 rounds);

    /// @notice Thrown when a verifier would report itself.
    error VerifierSet_SelfReport(address verifier);

    /// @notice Thrown when a statement does not contradict itself.
    error VerifierSet_NotMisstated(bytes32 digest);

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

    /// @notice Joins with the tip of a hash chain. The caller needs a bond as verifier in `bondToken`. In a full set it takes
    /// the seat of the verifier with the least in bond in the same token, delegations and thawing money not counted, if its
    /// own bond is OUTBID_BPS larger.
    /// @dev Each join takes a new chain: of one that was revealed from before, everybody can compute the later tips.
    /// `joinsOf` gives a number to derive a chain from.
    function join(address bondToken, bytes32 tip) external;

    /// @notice Leaves the set. The bond may thaw before that or after; a member whose bond falls below the minimum may be
    /// ejected, and cannot reveal.
    function leave() external;

    /// @notice Removes a verifier whose bond has become too small. Anyone may.
    function eject(address verifier) external;

    /// @notice Removes a verifier that has not revealed for MAX_ABSENCE rounds. Anyone may.
    function ejectAbsent(address verifier) external;

    /// @notice Reveals the preimage of the caller's tip, which becomes the new tip, into the next round's beacon. Reverts if its
    /// bond has become too small.
    function reveal(bytes32 preimage) external;

    /// @notice Brings a verdict with its quorum, signers in ascending order. Anyone may.
    function submit(Verdict calldata verdict, Signature[] calldata signatures) external;

    /// @notice Brings a whole batch with its quorum, signers in ascending order. Anyone may. A finding that cannot count,
    /// because it was brought alone before or its node has changed, does not stop the others.
    /// @return accepted Bit i is set if findings[i] counts.
    function submitBatch(VerdictBatch calldata batch, Signature[] calldata signatures, Finding[] calldata findings)
        external
        returns (uint256 accepted);

    /// @notice Brings one finding of a batch, with its proof. Anyone may.
    function submitFinding(
        VerdictBatch calldata batch,
        Signature[] calldata signatures,
        Finding calldata finding,
        bytes32[] calldata proof
    ) external;

    /// @notice Slashes a verifier that made two conflicting statements on one session: same session, node and lease, but
    /// another result, seed or root. It loses its whole bond, thawing or not, its delegators as much again at most, and it
    /// its place for good. Anyone else may; the caller is the reporter.
    /// @dev What a contract signed (ERC-1271) and later denies counts if a verdict brought it to the chain before.
    function reportEquivocation(Statement calldata a, Statement calldata b, address verifier) external;

    /// @notice Slashes, as `reportEquivocation` does, a verifier whose batch gives a summary that is not the verdict's, or
    /// lists as a failure a pass that could not count alone (of another class than claimed, or without validity), or a verdict
    /// whose time no summary can name (2^40 seconds or more).
    function reportMisstatement(Statement calldata statement, address verifier) external;

    /// @notice Sets the policy that verdicts are recorded in. Restricted. Leases that run under the former one get no verdict
    /// from then on: their later seconds go back to the renter once the former policy's `verdictDeadline` has passed. So a
    /// market under the new one opens first, and the former one's stays closed for as long as its leases last.
    function setPolicy(address policy) external;

    /// @notice Sets committee size (1 to 16) and quorum, which must be more than half of it: two quorums of one round then
    /// have a common signer, unless members leave in between. A session that spans two rounds has two committees. Restricted.
    function setQuorum(uint256 committeeSize, uint256 quorum) external;

    /// @notice Stops passing verdicts, or lets them in again. Restricted. Nothing else is ever paused: not failing verdicts, not
    /// reports, not membership.
    /// @dev It blocks no exit: a lease closes and refunds without a verdict, and seconds that no pass attests in time go
    /// back to the renter. What a provider loses by a pause is pay for seconds from then on, so whoever holds the switch
    /// must not be able to hold it for good.
    function setPaused(bool paused) external;

    /// @notice The round at `time` (unix seconds); a round is an hour.
    function roundAt(uint256 time) external view returns (uint256);

    /// @notice The beacon of `round`, final once the round has begun.
    function beaconOf(uint256 round) external view returns (bytes32);

    /// @notice The committee of a node's shard in a round, in the order drawn. The candidates are the verifiers that revealed
    /// for the round, if they are at least two thirds of the seats; else all that joined two rounds before or earlier and
    /// joined or revealed within MAX_ABSENCE rounds, outages not counted. Who revealed and then left is not drawn, but its seat
    /// still counts.
    function committeeOf(address node, uint256 round) external view returns (address[] memory);

    /// @notice The verifiers, at most 64.
    function verifiers() external view returns (address[] memory);

    /// @notice The tip of a verifier's hash chain, 0 if it is not in the set.
    function tipOf(address verifier) external view returns (bytes32);

    /// @notice How often an account has joined.
    function joinsOf(address verifier) external view returns (uint256);

    /// @notice Committee size and quorum.
    function quorum() external view returns (uint256 committeeSize, uint256 signatures);

    /// @notice The policy that verdicts are recorded in.
    function policy() external view returns (address);

    /// @notice Whether passing verdicts are paused.
    function paused() external view returns (bool);

    /// @notice The shard that a node is in: the last bits of its key.
    function shardOf(address node) external pure returns (uint256);

    /// @notice What a batch says of a verdict, from the lowest bit on: node (160 bits), time of measurement (40, unix
    /// seconds), seconds that it attests (24, 0 for a failure), units (16), class that the node claims (16).
    function summaryOf(Verdict calldata verdict) external pure returns (uint256);

    /// @notice The root of the tree over findings.
    function rootOf(Finding[] calldata findings) external pure returns (bytes32);

    /// @notice The EIP-712 digest of a batch.
    function hashBatch(VerdictBatch calldata batch) external view returns (bytes32);

    /// @notice The EIP-712 digest of a verdict.
    function hashVerdict(Verdict calldata verdict) external view returns (bytes32);

    /// @notice The EIP-712 digest of a session commitment.
    function hashSessionCommit(SessionCommit calldata commit) external view returns (bytes32);
}
