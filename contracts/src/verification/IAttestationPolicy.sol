// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOutageClock} from "../governance/IOutageClock.sol";
import {IReleasePolicy} from "../lease/IReleasePolicy.sol";

/// @notice Where it is known how many units of a node are leased: the LeaseBook.
interface ILeasedUnits {
    /// @notice Units of a node that are leased now.
    function leasedUnits(address node) external view returns (uint256);
}

/// @title AttestationPolicy, pays for attested seconds only
/// @notice For every node it keeps A(t), the attested seconds up to time t, as windows: a passing verdict opens or
/// extends one from its time of measurement, a failing one closes it there. A lease's seconds [from, to) are paid
/// `rate * (A(to) - A(from))`. Seconds whose verdict may still come wait; once `verdictDeadline` has passed, and the
/// outages of the sequencer in it, they settle to zero. No proof, no pay.
/// @notice A pass must attest at least the units that are leased when it is brought, else it counts as a failure: what is
/// paid for was delivered to every lease. So verifiers measure all units that are attested, not only those that are leased.
/// @notice Verdicts count in the order of their measurements: one that comes after a later one is lost, and whoever has
/// several brings them in order, in one transaction.
/// @dev The LeaseBook is asked only by a pass that follows a failure, or attests fewer units than the verdict before it,
/// since no lease opens on units that are not attested. Leases on another policy count then as well; units of a lease that
/// ended between the measurement and the verdict do not.
/// @dev A failure takes back the attested seconds from its measurement to its window's end: a cut. A later pass that is
/// measured inside the cut gives back what it attests again, as long as a verdict may still come. A node's revision is its
/// number of cuts, so that a lease knows which ones came after it was settled.
interface IAttestationPolicy is IReleasePolicy {
    /// @notice Seconds in which a node is attested: [start, end).
    struct Window {
        uint40 start; // unix seconds
        uint40 end; // unix seconds
        uint40 before; // attested seconds of all earlier windows
    }

    /// @notice The latest verdict on a node.
    struct Standing {
        uint40 measuredAt; // unix seconds, 0 if there is none
        uint32 units; // that it attested, 0 if it failed
    }

    /// @notice A verdict was recorded.
    /// @param head All of the node that changes, in one word, from the lowest bit on: the time of measurement (40 bits, unix
    /// seconds), units attested (32, 0 for a failure), start and end of the node's last window (40 each, unix seconds; both
    /// 0 if it has none, and equal if it was closed where it began), attested seconds of the windows before it (40), the
    /// number of those windows (32), the number of cuts (32).
    event AttestationRecorded(address indexed node, uint256 head);

    /// @notice A pass attested fewer units than were leased, and counts as a failure.
    event AttestationTooNarrow(address indexed node, uint256 measuredAt, uint256 units, uint256 leased);

    /// @notice The node's cut number `index` is [start, end) now, `before` the seconds of the cuts before it.
    event CutSet(address indexed node, uint256 index, uint256 start, uint256 end, uint256 before);

    /// @notice Thrown when the caller is not the VerifierSet.
    error AttestationPolicy_NotVerifierSet(address caller);

    /// @notice Thrown when a verdict is not newer than the node's latest: a replay, or out of order.
    error AttestationPolicy_NotNewer(address node, uint256 measuredAt, uint256 latest);

    /// @notice Thrown when a verdict comes after the deadline for its measurement.
    error AttestationPolicy_TooLate(uint256 measuredAt, uint256 deadline);

    /// @notice Thrown when a measurement lies in the future, or its validity is empty or too long.
    error AttestationPolicy_InvalidWindow(uint256 measuredAt, uint256 validUntil);

    /// @notice Records a verdict: `units` attested from `measuredAt` until `validUntil`, or a failure if `passed` is
    /// false. Only the VerifierSet.
    function record(address node, uint256 measuredAt, uint256 validUntil, uint256 units, bool passed) external;

    /// @notice Records what verdicts say, each in the word of IVerifierSet.summaryOf; a word of 0 is left out, and so is a
    /// verdict that `record` would refuse. Only the VerifierSet.
    /// @return accepted Bit i is set if summaries[i] was recorded.
    function recordBatch(uint256[] calldata summaries) external returns (uint256 accepted);

    /// @notice A(t): attested seconds of `node` up to `time` (unix seconds).
    function attestedSeconds(address node, uint256 time) external view returns (uint256);

    /// @notice Up to which time the node's attestation is decided: nothing before it can change any more by a passing
    /// verdict (unix seconds).
    function decidedUntil(address node) external view returns (uint256);

    /// @notice The node's latest verdict.
    function standingOf(address node) external view returns (Standing memory);

    /// @notice Number of windows of a node.
    function windowCount(address node) external view returns (uint256);

    /// @notice A window of a node; all 0 past the last one.
    function windowAt(address node, uint256 index) external view returns (Window memory);

    /// @notice Number of cuts of a node: its revision.
    function cutCount(address node) external view returns (uint256);

    /// @notice A cut of a node: attested seconds that were taken back; all 0 past the last one.
    function cutAt(address node, uint256 index) external view returns (Window memory);

    /// @notice Seconds after a measurement within which its verdict may be brought, without outages.
    function verdictDeadline() external view returns (uint256);

    /// @notice Until when the verdict on a measurement may be brought (unix seconds), with the outages until now.
    function verdictUntil(uint256 measuredAt) external view returns (uint256);

    /// @notice Most seconds that one passing verdict attests.
    function maxValidity() external view returns (uint256);

    /// @notice The contract whose verdicts count.
    function verifierSet() external view returns (address);

    /// @notice Where the units that are leased are known.
    function leaseBook() external view returns (ILeasedUnits);

    /// @notice Counts the sequencer's outages, which put the deadline of verdicts off; the zero address for none.
    function clock() external view returns (IOutageClock);
}
