// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title A rule that says how much of a lease's elapsed time may be paid
/// @notice A lease names its policy in its terms, for good. Amount and progress are separate answers, and neither may
/// exceed what was proposed: the LeaseBook cuts both, and treats a call that fails as "nothing yet".
interface IReleasePolicy {
    /// @notice How much of `proposed` may be paid for the seconds [from, to), and up to which second the lease may move.
    /// @param leaseId The lease.
    /// @param node The node that it runs on.
    /// @param from First second (unix).
    /// @param to End, exclusive (unix seconds).
    /// @param proposed Wei for the whole range, at one constant rate.
    /// @return amount Wei to pay for [from, advanceTo), at most the share of `proposed` that falls there.
    /// @return advanceTo In [from, to]. Time beyond it may still be proved; time before it is settled for good.
    function release(bytes32 leaseId, address node, uint256 from, uint256 to, uint256 proposed)
        external
        view
        returns (uint256 amount, uint256 advanceTo);

    /// @notice How many units of the node may be leased at once.
    function capacityOf(address node) external view returns (uint256 units);
}
