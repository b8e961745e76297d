// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILedger} from "../money/ILedger.sol";

/// @title LeaseBook, pay per second for verified seconds
/// @notice A renter opens a lease on an offer that a node's provider signed, and funds it for a number of seconds.
/// Each second is earmarked: once settled it is paid to the provider if the lease's policy attests it, else refunded.
/// When the funded seconds run out the lease is in grace, at the hold rate, out of a reserve taken at the opening; then
/// it ends. Anyone may settle, and every lease ends and pays out by a time that the state tells, whoever is gone.
/// @dev Terms live in calldata and in `LeaseOpened`; a lease is one storage slot; `leaseId = keccak256(abi.encode(terms))`.
///
/// Time line of a lease, in seconds: full rate on [start, fundedUntil), hold rate on [fundedUntil, fundedUntil +
/// graceSeconds) and on the one past grace [holdFrom, holdTo) that a top-up ended. `endsAt` cuts it once it is known.
interface ILeaseBook {
    /// @notice What a provider signs (EIP-712, by the node's key or by the node's owner, who may be a contract).
    struct Offer {
        address node; // the node, named by its key
        uint32 units; // of the node's resource that one lease takes
        address token; // that the lease is paid in
        uint96 rate; // wei per second for all units
        uint32 minSeconds; // paid for at least, if attested
        uint32 maxSeconds; // that a lease may last, grace included
        uint32 graceSeconds; // at the hold rate, once the funds have run out
        uint16 holdRateBps; // basis points of the rate
        uint32 noticeSeconds; // before the provider may reclaim without a price
        uint128 reclaimPrice; // wei that the provider pays the renter for closing without notice
        address policy; // that releases the payments
        address renter; // who may open, 0 for anyone
        bool reusable; // whether more than one lease may be opened on it, as far as the node's capacity goes
        uint64 deadline; // unix seconds; no lease opens after it
        uint256 nonce; // one offer per (node, nonce); reusable offers are only cancelled by it
    }

    /// @notice What a renter asks for.
    struct Request {
        address renter; // who pays and gets refunds
        uint32 fundedSeconds; // in [minSeconds, maxSeconds - graceSeconds]
        bytes32 salt; // makes the lease unique
    }

    /// @notice The terms of a lease, frozen when it opens.
    struct Terms {
        bytes32 offerHash; // EIP-712 digest of the offer
        address renter;
        address operator; // who opened it for the renter out of an allowance, else 0
        address provider; // owner of the node at the opening: the payee
        address node;
        address token;
        address policy;
        uint96 rate;
        uint32 units;
        uint16 feeBps; // the protocol's share of each payment, basis points, rounded down
        uint16 holdRateBps;
        uint32 minSeconds;
        uint32 maxSeconds;
        uint32 graceSeconds;
        uint32 noticeSeconds;
        uint128 reclaimPrice;
        uint40 start; // unix seconds
        bytes32 salt;
    }

    /// @notice Where a lease stands.
    /// @dev Open: runs on while funded. Ending: its end is fixed and lies ahead. Ended: over, its units are free, some
    /// seconds await their verdict. Closed: every wei is paid or refunded.
    enum Status {
        None,
        Open,
        Ending,
        Ended,
        Closed
    }

    /// @notice The state of a lease: one slot.
    struct Lease {
        uint40 settledTo; // unix seconds; every second before it is paid or refunded
        uint40 fundedUntil; // unix seconds; end of the full rate
        uint40 holdFrom; // past grace, [holdFrom, holdTo), at the hold rate
        uint40 holdTo;
        uint40 endsAt; // unix seconds; 0 while open
        Status status;
    }

    /// @notice A lease opened; `funded` wei are in escrow, grace reserve included.
    event LeaseOpened(
        bytes32 indexed leaseId,
        address indexed renter,
        address indexed node,
        Terms terms,
        uint256 fundedUntil,
        uint256 funded
    );

    /// @notice A lease was given more seconds; a grace that this ended is the hold [holdFrom, holdTo).
    event LeaseToppedUp(
        bytes32 indexed leaseId,
        address indexed payer,
        uint256 amount,
        uint256 fundedUntil,
        uint256 holdFrom,
        uint256 holdTo
    );

    /// @notice The seconds [from, to) were settled: wei to the provider, to the protocol, and back to the renter.
    event LeaseSettled(bytes32 indexed leaseId, uint256 from, uint256 to, uint256 payment, uint256 fee, uint256 refund);

    /// @notice The end of a lease was fixed by `by` (the zero address when its funds ran out); `refund` wei went back
    /// to the renter at once, and `penalty` wei of the provider's with them.
    event LeaseEnding(bytes32 indexed leaseId, address indexed by, uint256 endsAt, uint256 refund, uint256 penalty);

    /// @notice A lease is over and its units are free.
    event LeaseEnded(bytes32 indexed leaseId, address indexed node, uint256 units);

    /// @notice Every wei of a lease is paid or refunded.
    event LeaseClosed(bytes32 indexed leaseId);

    /// @notice An offer's nonce was used or cancelled by `by`.
    event OfferNonceUsed(address indexed node, uint256 nonce, address indexed by);

    /// @notice The protocol's share of payments in `token` was set for leases that open from now on.
    event FeeSet(address indexed token, uint256 feeBps);

    /// @notice New leases may name `policy`, or no longer.
    event PolicySet(address indexed policy, bool allowed);

    /// @notice Thrown when an offer's deadline has passed.
    error LeaseBook_OfferExpired(uint256 deadline, uint256 now_);

    /// @notice Thrown when neither the node's key nor its owner signed these bytes: altered, or signed by another.
    error LeaseBook_InvalidOfferSignature(address node, bytes32 offerHash);

    /// @notice Thrown when an offer's nonce was used or cancelled.
    error LeaseBook_OfferUsed(address node, uint256 nonce);

    /// @notice Thrown when an offer is for another renter.
    error LeaseBook_OfferNotForRenter(address renter, address expected);

    /// @notice Thrown when the node is not registered and active.
    error LeaseBook_NodeNotActive(address node);

    /// @notice Thrown when an offer's numbers contradict each other or a bound.
    error LeaseBook_InvalidOffer(bytes32 reason);

    /// @notice Thrown when an offer names a policy that new leases may not name.
    error LeaseBook_PolicyNotAllowed(address policy);

    /// @notice Thrown when the node has too few free units.
    error LeaseBook_CapacityExceeded(address node, uint256 leased, uint256 asked, uint256 capacity);

    /// @notice Thrown when the funded seconds are outside the offer's bounds.
    error LeaseBook_SecondsOutOfBounds(uint256 asked, uint256 minimum, uint256 maximum);

    /// @notice Thrown when these terms were opened before.
    error LeaseBook_LeaseExists(bytes32 leaseId);

    /// @notice Thrown when no lease has these terms, or its status does not allow the call.
    error LeaseBook_WrongStatus(bytes32 leaseId, Status status);

    /// @notice Thrown when the caller may not do this to the lease or the offer.
    error LeaseBook_NotAuthorized(address caller);

    /// @notice Thrown when a top-up would have to follow a second grace before the first one is settled.
    error LeaseBook_HoldUnsettled(bytes32 leaseId, uint256 settledTo, uint256 holdTo);

    /// @notice Thrown when a money authorization is not the renter's, or not in the lease's token.
    error LeaseBook_AuthorizationMismatch(address from, address token);

    /// @notice Thrown when too little gas is left to ask a policy: a starved policy would answer "nothing yet".
    error LeaseBook_InsufficientGas(uint256 left, uint256 needed);

    /// @notice Thrown when a fee is above its bound (basis points).
    error LeaseBook_FeeTooHigh(uint256 feeBps, uint256 maximum);

    /// @notice Opens a lease with money from the renter's Ledger balance. The caller is the renter, or an operator with
    /// an allowance.
    function open(Offer calldata offer, bytes calldata signature, Request calldata request)
        external
        returns (bytes32 leaseId);

    /// @notice As `open`, pulling exactly the needed tokens from the caller, who is the renter and has approved the Ledger.
    function openWithTransfer(Offer calldata offer, bytes calldata signature, Request calldata request)
        external
        returns (bytes32 leaseId);

    /// @notice As `open`, with money that the renter's ERC-3009 signature brings. Anyone may send it.
    /// @dev The authorization's nonce binds `openAction(offerHash, request)`; its amount may exceed what is needed, the
    /// rest stays in the renter's balance.
    function openWithAuthorization(
        Offer calldata offer,
        bytes calldata signature,
        Request calldata request,
        ILedger.Authorization calldata authorization
    ) external returns (bytes32 leaseId);

    /// @notice Adds `extraSeconds` to a lease, paid from the caller's Ledger balance. In grace, the grace ends and the
    /// used part of the reserve is refilled; anyone but the renter must then bring at least `graceSeconds`.
    /// @return amount Wei paid.
    function topUp(Terms calldata terms, uint256 extraSeconds) external returns (uint256 amount);

    /// @notice Pays and refunds all that the policy has decided. Anyone may.
    /// @return settledTo Up to which second the lease is settled now.
    function settle(Terms calldata terms) external returns (uint256 settledTo);

    /// @notice `settle` for each of `terms`; those that are closed already are passed over.
    function settleMany(Terms[] calldata terms) external;

    /// @notice Ends a lease. The renter at any time (seconds up to `minSeconds` stay funded), the provider at any time
    /// for `reclaimPrice` out of its Ledger balance, anyone once it has run out. What lies beyond the end is refunded
    /// at once, whatever the policy does.
    function close(Terms calldata terms) external;

    /// @notice The provider ends the lease `noticeSeconds` from now, without a price.
    function reclaim(Terms calldata terms) external;

    /// @notice Burns an offer's nonce. The node's key or its owner.
    function cancelOffer(address node, uint256 nonce) external;

    /// @notice Sets the protocol's share of payments in `token`, at most 1,000 basis points. Restricted.
    function setFee(address token, uint256 feeBps) external;

    /// @notice Allows or forbids `policy` in new leases. Restricted.
    function setPolicy(address policy, bool allowed) external;

    /// @notice The state of a lease.
    function leaseOf(bytes32 leaseId) external view returns (Lease memory);

    /// @notice For how many seconds from now the full rate is funded, and how many until the lease ends.
    function runwayOf(Terms calldata terms) external view returns (uint256 funded, uint256 untilEnd);

    /// @notice Wei in escrow for a lease: not yet paid, not yet refunded.
    function escrowOf(Terms calldata terms) external view returns (uint256);

    /// @notice Units of a node that are leased now.
    function leasedUnits(address node) external view returns (uint256);

    /// @notice Whether an offer's nonce was used or cancelled.
    function isNonceUsed(address node, uint256 nonce) external view returns (bool);

    /// @notice The protocol's share of payments in `token`, in basis points.
    function feeOf(address token) external view returns (uint256);

    /// @notice Whether new leases may name `policy`.
    function isPolicyAllowed(address policy) external view returns (bool);

    /// @notice The EIP-712 digest that an offer's signer signs.
    function hashOffer(Offer calldata offer) external view returns (bytes32);

    /// @notice The id of the lease with these terms.
    function hashTerms(Terms calldata terms) external pure returns (bytes32);

    /// @notice What an ERC-3009 authorization for `openWithAuthorization` binds:
    /// `keccak256(abi.encode(offerHash, request))`.
    function openAction(bytes32 offerHash, Request calldata request) external pure returns (bytes32);

    /// @notice Wei that a lease on `offer` needs for `fundedSeconds`: the rate for each, and the grace reserve.
    function quote(Offer calldata offer, uint256 fundedSeconds) external pure returns (uint256);
}
