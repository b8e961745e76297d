// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../lease/ILeaseBook.sol";

/// @title StandingTopUps, leases that do not run dry while their renter sleeps
/// @notice A renter authorises once, by a transaction or a signature, that anyone may top up its lease when the runway
/// falls below a threshold, for a tip. The seconds of each top-up are the order's, the rate is the lease's, and the money
/// is the renter's: out of its Ledger balance, or out of its wallet if the order says so.
/// @dev A module of the Ledger without administration. It holds nothing: what it takes, it spends in the same call.
interface IStandingTopUps {
    /// @notice What a renter authorises (EIP-712).
    struct Order {
        address renter;
        address token; // that the leases are paid in
        bytes32 leaseId; // the lease, or 0 for every lease of the renter on `node`
        address node; // 0 if a lease is named
        uint96 maxRate; // wei per second that a lease may cost
        uint104 budget; // wei in all, tips included
        uint104 periodCap; // wei in one period, tips included
        uint32 period; // seconds; one begins with the first top-up after the last one's end
        uint32 threshold; // seconds of runway at the full rate below which a top-up may come
        uint32 chunk; // seconds that a top-up adds, or more where the lease asks for more at once
        uint16 tipBps; // for whoever tops up, in basis points of the amount, at most 100
        uint104 maxTip; // wei for one top-up
        bool fromWallet; // whether the Ledger may pull the tokens where the balance does not cover a top-up
        uint40 expiry; // unix seconds; from then on nothing more, and the signature is worth nothing
        uint256 nonce; // makes the order unique
    }

    /// @notice Whether an order may be used. A revoked one stays so.
    enum Status {
        None,
        Active,
        Revoked
    }

    /// @notice What became of an order: one slot.
    struct State {
        Status status;
        uint40 periodStart; // unix seconds
        uint104 periodSpent; // wei since then
        uint104 spent; // wei in all
    }

    /// @notice An order may be used from now on.
    event OrderAuthorized(bytes32 indexed orderId, address indexed renter, Order order);

    /// @notice An order was revoked.
    event OrderRevoked(bytes32 indexed orderId, address indexed renter);

    /// @notice `keeper` topped up a lease by `extraSeconds` for `amount` wei, and got `tip` wei into its Ledger balance.
    /// The order has spent `spent` wei now, `periodSpent` of them since `periodStart` (unix seconds).
    event OrderUsed(
        bytes32 indexed orderId,
        bytes32 indexed leaseId,
        address indexed keeper,
        uint256 extraSeconds,
        uint256 amount,
        uint256 tip,
        uint256 spent,
        uint256 periodSpent,
        uint256 periodStart
    );

    /// @notice Thrown when an order's numbers contradict each other or a bound.
    /// @param reason The field: "leaseId" (neither a lease nor a node is named, or both), "threshold", "chunk", "period" (0),
    /// or "tipBps" (above MAX_TIP_BPS).
    error StandingTopUps_InvalidOrder(bytes32 reason);

    /// @notice Thrown when the caller, or the signer, is not the order's renter.
    error StandingTopUps_NotAuthorized(address caller, address renter);

    /// @notice Thrown when an order was authorised or revoked before, or is not active.
    error StandingTopUps_WrongStatus(bytes32 orderId, Status status);

    /// @notice Thrown when an order has expired (unix seconds).
    error StandingTopUps_Expired(bytes32 orderId, uint256 expiry);

    /// @notice Thrown when an order does not cover a lease: another renter, token, lease or node, or a higher rate.
    error StandingTopUps_NotCovered(bytes32 orderId, bytes32 leaseId);

    /// @notice Thrown when a lease still has `funded` seconds, and the order waits for less than `threshold`.
    error StandingTopUps_RunwayNotLow(bytes32 leaseId, uint256 funded, uint256 threshold);

    /// @notice Thrown when a top-up would spend more in all than the order's budget (wei).
    error StandingTopUps_BudgetExceeded(bytes32 orderId, uint256 spent, uint256 budget);

    /// @notice Thrown when a top-up would spend more in a period than the order allows (wei).
    error StandingTopUps_PeriodCapExceeded(bytes32 orderId, uint256 periodSpent, uint256 cap);

    /// @notice Thrown when a lease took another amount than this contract computed (wei).
    error StandingTopUps_UnexpectedAmount(uint256 computed, uint256 taken);

    /// @notice Authorises the caller's order.
    function authorize(Order calldata order) external returns (bytes32 orderId);

    /// @notice Authorises an order on its renter's signature over `hashOrder` (ERC-1271 too). Anyone may bring it.
    function authorizeBySignature(Order calldata order, bytes calldata signature) external returns (bytes32 orderId);

    /// @notice Revokes the caller's order at once and for good, whether it was authorised yet or is only signed.
    function revoke(Order calldata order) external;

    /// @notice Tops up the lease with these terms, if its runway is below the order's threshold. Anyone may.
    /// @return extraSeconds Seconds that the lease got.
    /// @return amount Wei that it cost.
    /// @return tip Wei that the caller got into its Ledger balance.
    function topUp(Order calldata order, ILeaseBook.Terms calldata terms)
        external
        returns (uint256 extraSeconds, uint256 amount, uint256 tip);

    /// @notice What a top-up of this lease would do now, whether or not its runway is low and the money is there.
    /// @return extraSeconds Seconds that the lease would get.
    /// @return amount Wei that it would cost.
    /// @return tip Wei that the caller would get.
    function quote(Order calldata order, ILeaseBook.Terms calldata terms)
        external
        view
        returns (uint256 extraSeconds, uint256 amount, uint256 tip);

    /// @notice What became of an order.
    function stateOf(bytes32 orderId) external view returns (State memory);

    /// @notice The EIP-712 digest that a renter signs, and the order's id.
    function hashOrder(Order calldata order) external view returns (bytes32 orderId);

    /// @notice Highest tip, in basis points of the amount.
    function MAX_TIP_BPS() external view returns (uint256);
}
