// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title A rule that says how much of a lease's elapsed time may be paid
/// @notice A lease names its policy in its terms, for good. Amount and progress are separate answers, and neither may
/// exceed what was proposed: the LeaseBook cuts both, and treats a call that fails as "nothing yet".
/// @dev A policy may take back what it had released for a node. Each time it does, the node's revision grows, and
/// `revokedSeconds` says which seconds are concerned. The LeaseBook trusts it that they had been paid, and takes no second
/// back twice, nor for more than its rate.
interface IReleasePolicy {
    /// @notice How much of `proposed` may be paid for the seconds [from, to), and up to which second the lease may move.
    /// @param leaseId The lease.
    /// @param node The node that it runs on.
    /// @param from First second (unix).
    /// @param to End, exclusive (unix seconds).
    /// @param proposed Wei for the whole range, at one constant rate.
    /// @return amount Wei to pay for [from, advanceTo), at most the share of `proposed` that falls there.
    /// @return advanceTo In [from, to]. Time beyond it may still be proved; time before it is settled, and if it is not
    /// paid now it never will be.
    /// @return revision The node's revision, of 32 bits.
    function release(bytes32 leaseId, address node, uint256 from, uint256 to, uint256 proposed)
        external
        view
        returns (uint256 amount, uint256 advanceTo, uint256 revision);

    /// @notice How many of the seconds [from, to), all of which are settled, were taken back after revision `since`.
    /// @return revoked Seconds, final.
    /// @return revision What was taken back up to this revision is counted: the node's, or `since` as long as any second
    /// before `to` may still be given back.
    function revokedSeconds(address node, uint256 since, uint256 from, uint256 to)
        external
        view
        returns (uint256 revoked, uint256 revision);

    /// @notice How many units of the node may be leased at once, whatever it claims.
    function capacityOf(address node) external view returns (uint256 units);
}
