// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../lease/ILeaseBook.sol";

/// @title MeasurementDemand, a renter's demand for a fresh measurement, against a bond
/// @notice The renter of a running lease escrows a bond and asks for its node to be measured again. The node's latest verdict
/// when the demand is resolved decides: if it was measured after the demand and in time, and is a pass, the bond is the
/// provider's, for the disturbance; if it is a failure, or if nothing is measured in time, or the latest too late, it goes
/// back to the renter.
/// @dev A module of the Ledger, which holds the bonds. One demand per lease at a time; anyone may resolve it, and after its
/// deadline every demand can be resolved whoever is gone. A verdict may be brought until the policy's `verdictUntil` of the
/// demand's deadline; a demand without one can be resolved from then on. The sequencer's outages put both off.
interface IMeasurementDemand {
    /// @notice A demand: one slot.
    struct Demand {
        uint40 madeAt; // unix seconds, 0 if there is none
        uint96 bond; // wei, in the lease's token
    }

    /// @notice The renter demands that `node` is measured after `madeAt` and until `deadline` (unix seconds, without
    /// outages).
    event MeasurementDemanded(
        bytes32 indexed leaseId,
        address indexed node,
        address indexed renter,
        uint256 bond,
        uint256 madeAt,
        uint256 deadline
    );

    /// @notice The demand is over: the node passed, measured at `measuredAt`, and `bond` wei are the provider's; or they
    /// went back to the renter. `measuredAt` is 0 if nothing was measured.
    event DemandResolved(bytes32 indexed leaseId, bool passed, uint256 measuredAt, address to, uint256 bond);

    /// @notice What a demand on a lease in `token` costs was set, 0 for no demands.
    event BondSet(address indexed token, uint256 bond);

    /// @notice New demands were stopped, or let in again.
    event PausedSet(bool paused);

    /// @notice Thrown when the caller is not the lease's renter.
    error MeasurementDemand_NotRenter(address caller);

    /// @notice Thrown when the lease does not run, or not under this contract's policy.
    error MeasurementDemand_NotRunning(bytes32 leaseId);

    /// @notice Thrown when no demands can be made on leases in `token`.
    error MeasurementDemand_NoBond(address token);

    /// @notice Thrown when the lease has a demand already.
    error MeasurementDemand_Pending(bytes32 leaseId);

    /// @notice Thrown when the lease has no demand.
    error MeasurementDemand_NotPending(bytes32 leaseId);

    /// @notice Thrown when a demand waits for a verdict until `until` (unix seconds).
    error MeasurementDemand_Unresolved(bytes32 leaseId, uint256 until);

    /// @notice Thrown when new demands are paused.
    error MeasurementDemand_Paused();

    /// @notice Demands a fresh measurement of the lease's node. Only its renter, out of its Ledger balance.
    function demand(ILeaseBook.Terms calldata terms) external;

    /// @notice Ends a demand that has its answer, or will get none. Anyone may.
    function resolve(ILeaseBook.Terms calldata terms) external;

    /// @notice Sets what a demand on leases in `token` costs, 0 to take none. Restricted.
    function setBond(address token, uint96 bond) external;

    /// @notice Stops new demands, or lets them in again. Restricted.
    function setPaused(bool paused) external;

    /// @notice The demand on a lease.
    function demandOf(bytes32 leaseId) external view returns (Demand memory);

    /// @notice What a demand on leases in `token` costs, in wei.
    function bondOf(address token) external view returns (uint256);

    /// @notice Whether new demands are paused.
    function paused() external view returns (bool);

    /// @notice Seconds after a demand within which the node has to be measured.
    function RESPONSE_PERIOD() external view returns (uint256);
}
