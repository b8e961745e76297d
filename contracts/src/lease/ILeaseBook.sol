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
///
/// Payment is immediate but punishable: what was paid for seconds that the policy takes back later is owed to the renter
/// out of the provider's bond, fee included (`clawBack`). A part of the bond, the lease's cover, is locked for that from
/// the opening until nothing can be taken back any more (`freeCover`). A second is refunded or clawed back, never both, as
/// long as the policy takes back only what it had released.
///
/// Offers carry a nonce in [floor, floor + 192), where a node's floor is the lowest nonce, from 1 on, that is neither used
/// nor cancelled. A reusable offer uses up no nonce.
///
/// Receipts: the ranges of a lease's `LeaseSettled` events follow each other without a gap, so that nobody can leave one
/// out or add one. Whoever wants one word for a lease's whole history computes
/// `receipt_n = keccak256(abi.encode(receipt_{n-1}, leaseId, from, to, payment, fee, refund))`, `receipt_0 = 0`. It is not
/// stored: a lease's slot has no room for it, and a second slot would cost each settlement 5,000 gas.
interface ILeaseBook {
    /// @notice What a provider signs (EIP-712): the node's operator or its owner, either of which may be a contract.
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
        uint256 nonce; // in [floor, floor + 192) of the node; reusable offers are only cancelled by it
    }

    /// @notice What a renter asks for.
    struct Request {
        address renter; // who pays and gets refunds
        uint32 fundedSeconds; // in [minSeconds, maxSeconds - graceSeconds]
        bytes32 salt; // makes the lease unique
    }

    /// @notice The terms of a lease, frozen when it opens.
    struct Terms {
        address renter;
        address operator; // who opened it for the renter out of an allowance, else 0
        address provider; // owner of the node at the opening: the payee
        address node;
        address token;
        address policy;
        uint96 rate;
        uint32 units;
        uint16 feeBps; // the protocol's share of each payment, basis points, rounded down
        uint16 coverBps; // of the exposure, locked out of the provider's bond until it is freed, rounded up
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
        uint16 heldBefore; // seconds of past graces before that one, less those that claims allowed for; at most 65,535
        uint32 revision; // of the policy, up to which what it took back is booked
    }

    /// @notice What leases in `token` under `policy` open with from now on: one slot.
    struct Market {
        bool isOpen; // whether leases may open
        uint16 feeBps; // the protocol's share of payments, basis points
        uint16 coverBps; // of a lease's exposure, the cost of min(maxSeconds, 26 hours); 0 for no cover
        uint96 minFunds; // wei that a lease opens with at least, grace reserve included
        uint96 minTopUp; // wei that a top-up brings at least, unless it funds all seconds that are left to fund
    }

    /// @notice What a lease's renter is owed out of the provider's bond: one slot.
    struct Claim {
        uint128 owed; // wei, not yet seized
        uint96 seized; // wei
        uint32 revoked; // seconds that the policy has taken back
    }

    /// @notice A lease opened on the offer with this EIP-712 digest, whose nonce is used up unless it is reusable;
    /// `funded` wei are in escrow, grace reserve included.
    event LeaseOpened(
        bytes32 indexed leaseId,
        address indexed renter,
        address indexed node,
        Terms terms,
        bytes32 offerHash,
        uint256 nonce,
        bool reusable,
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
    /// to the renter at once, and with them `penalty` wei that the provider pays.
    event LeaseEnding(bytes32 indexed leaseId, address indexed by, uint256 endsAt, uint256 refund, uint256 penalty);

    /// @notice A lease is over and its units are free.
    event LeaseEnded(bytes32 indexed leaseId, address indexed node, uint256 units);

    /// @notice Every wei of a lease is paid or refunded.
    event LeaseClosed(bytes32 indexed leaseId);

    /// @notice The policy's `revision` was booked: it took back `revoked` seconds, for which `amount` wei had been paid. Of the
    /// seconds that are taken back later, as many count as held as claims have not allowed for yet: `heldBefore` of earlier
    /// graces; of the last past grace all but `allowedPast`, of the running one all but `allowedRunning`.
    event LeaseRevised(
        bytes32 indexed leaseId,
        uint256 revision,
        uint256 revoked,
        uint256 amount,
        uint256 heldBefore,
        uint256 allowedPast,
        uint256 allowedRunning
    );

    /// @notice `amount` wei of the provider's bond are the renter's (in Bonds) for what was revoked; `owed` are left.
    event LeaseCompensated(bytes32 indexed leaseId, address indexed renter, uint256 amount, uint256 owed);

    /// @notice `amount` wei of a lease's cover were freed.
    event CoverFreed(bytes32 indexed leaseId, uint256 amount);

    /// @notice The offers of `node` with this nonce were cancelled by `by`.
    event OfferCancelled(address indexed node, uint256 nonce, address indexed by);

    /// @notice The offers of `node` with nonces below `floor` were cancelled by `by`.
    event OffersCancelledBelow(address indexed node, uint256 floor, address indexed by);

    /// @notice A market was set, for leases that open from now on; `minTopUp` holds for all.
    event MarketSet(address indexed token, address indexed policy, Market market);

    /// @notice Opening leases was stopped in all markets, or let in again.
    event PausedSet(bool paused);

    /// @notice Thrown when an offer's deadline has passed.
    error LeaseBook_OfferExpired(uint256 deadline, uint256 now_);

    /// @notice Thrown when neither the node's operator nor its owner signed these bytes: altered, or signed by another.
    error LeaseBook_InvalidOfferSignature(address node, bytes32 offerHash);

    /// @notice Thrown when an offer's nonce was used or cancelled.
    error LeaseBook_OfferUsed(address node, uint256 nonce);

    /// @notice Thrown when an offer is for another renter.
    error LeaseBook_OfferNotForRenter(address renter, address expected);

    /// @notice Thrown when the node is not registered and active.
    error LeaseBook_NodeNotActive(address node);

    /// @notice Thrown when an offer's numbers contradict each other or a bound.
    /// @param reason What: "units" or "rate" (0), "holdRateBps" (above 10,000), "seconds" (the bounds leave none), or
    /// "range" (a field is outside of its type).
    error LeaseBook_InvalidOffer(bytes32 reason);

    /// @notice Thrown when an offer's nonce is too far above the node's floor, or a new floor is not above it.
    error LeaseBook_NonceOutOfRange(address node, uint256 nonce, uint256 floor);

    /// @notice Thrown when no lease may open in this token under this policy.
    error LeaseBook_MarketClosed(address token, address policy);

    /// @notice Thrown when opening leases is paused.
    error LeaseBook_Paused();

    /// @notice Thrown when a lease would open, or be topped up, with less than its market's minimum (wei).
    error LeaseBook_FundsTooLow(uint256 amount, uint256 minimum);

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

    /// @notice Thrown when a top-up would end a second grace while the first one is not settled.
    error LeaseBook_HoldUnsettled(bytes32 leaseId, uint256 settledTo, uint256 holdTo);

    /// @notice Thrown when a money authorization is not the renter's, or not in the lease's token.
    error LeaseBook_AuthorizationMismatch(address from, address token);

    /// @notice Thrown when too little gas is left to ask a policy: a starved policy would answer "nothing yet".
    error LeaseBook_InsufficientGas(uint256 left, uint256 needed);

    /// @notice Thrown when a setting is above its bound (basis points).
    error LeaseBook_AboveBound(uint256 value, uint256 maximum);

    /// @notice Thrown when nothing that was paid has been taken back for good, or all of it came back.
    error LeaseBook_NothingRevoked(bytes32 leaseId);

    /// @notice Thrown when the provider has no bond left to seize in the lease's token.
    error LeaseBook_BondExhausted(address provider, uint256 owed);

    /// @notice Thrown when nothing is left of a lease's cover, or what is left still stands behind it.
    error LeaseBook_NothingToFree(bytes32 leaseId);

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

    /// @notice As `openWithAuthorization`, with money that the renter's Permit2 signature brings. Anyone may send it.
    /// @dev The permit's witness is `Purpose(address module,bytes32 action)` with this contract and
    /// `openAction(offerHash, request)`.
    function openWithPermit2(
        Offer calldata offer,
        bytes calldata signature,
        Request calldata request,
        ILedger.Permit calldata permit
    ) external returns (bytes32 leaseId);

    /// @notice Adds `extraSeconds` to a lease, paid from the caller's Ledger balance. In grace, the grace ends and the
    /// used part of the reserve is refilled; anyone but the renter must then bring at least `graceSeconds`, or all that are
    /// left to fund.
    /// @return amount Wei paid.
    function topUp(Terms calldata terms, uint256 extraSeconds) external returns (uint256 amount);

    /// @notice Pays and refunds all that the policy has decided. Anyone may.
    /// @return settledTo Up to which second the lease is settled now.
    function settle(Terms calldata terms) external returns (uint256 settledTo);

    /// @notice `settle` for each of `terms`; those that are closed already are passed over.
    function settleMany(Terms[] calldata terms) external;

    /// @notice Ends a lease. The renter at any time (seconds up to `minSeconds` stay funded), the provider at any time
    /// for `reclaimPrice` out of its Ledger balance, in grace without a price, anyone once it has run out. What lies beyond
    /// the end is refunded at once, whatever the policy does.
    function close(Terms calldata terms) external;

    /// @notice The provider ends the lease without a price: `noticeSeconds` from now, or when its funds and grace run out if
    /// that is sooner. It takes no top-up from then on: whoever wants the whole notice keeps the lease funded for it.
    function reclaim(Terms calldata terms) external;

    /// @notice Books what the policy has taken back for good since the lease was settled, and seizes what is owed out of
    /// the provider's bond, for the renter to collect from Bonds. Anyone may, also after the lease has closed.
    /// @return amount Wei seized; what the bond did not cover stays owed.
    function clawBack(Terms calldata terms) external returns (uint256 amount);

    /// @notice Frees the cover of a lease that is over (Ended or Closed): at once what goes beyond the cover of a lease that
    /// lasts as long as it did, and the rest 4 days after its end, later by the outages of the sequencer in the 11 days before
    /// the call, at most by 7 days. Anyone may.
    /// @return freed Wei; reverts if there are none.
    function freeCover(Terms calldata terms) external returns (uint256 freed);

    /// @notice Cancels the offers with a nonce. The node's operator or its owner.
    function cancelOffer(address node, uint256 nonce) external;

    /// @notice Cancels all offers with nonces below `floor`, which must be above the node's. The node's operator or its owner.
    function cancelOffersBelow(address node, uint256 floor) external;

    /// @notice Sets what leases in `token` under `policy` open with from now on; the fee is at most 1,000 basis points,
    /// the cover at most 10,000. Restricted.
    function setMarket(address token, address policy, Market calldata market) external;

    /// @notice Stops leases from opening in every market, or lets them again. Nothing else is paused. Restricted.
    function setPaused(bool paused) external;

    /// @notice The state of a lease.
    function leaseOf(bytes32 leaseId) external view returns (Lease memory);

    /// @notice For how many seconds from now the full rate is funded, and how many until the lease ends.
    function runwayOf(Terms calldata terms) external view returns (uint256 funded, uint256 untilEnd);

    /// @notice Wei in escrow for a lease: not yet paid, not yet refunded.
    function escrowOf(Terms calldata terms) external view returns (uint256);

    /// @notice Units of a node that are leased now.
    function leasedUnits(address node) external view returns (uint256);

    /// @notice What a lease's renter is owed, and got, out of the provider's bond.
    function claimOf(bytes32 leaseId) external view returns (Claim memory);

    /// @notice Whether an offer's nonce was used or cancelled.
    function isNonceUsed(address node, uint256 nonce) external view returns (bool);

    /// @notice The lowest nonce of a node that is neither used nor cancelled; the next 191 may be offered too.
    function nonceFloor(address node) external view returns (uint256);

    /// @notice What leases in `token` under `policy` open with.
    function marketOf(address token, address policy) external view returns (Market memory);

    /// @notice Whether opening leases is paused.
    function paused() external view returns (bool);

    /// @notice The EIP-712 digest that an offer's signer signs.
    function hashOffer(Offer calldata offer) external view returns (bytes32);

    /// @notice The id of the lease with these terms.
    function hashTerms(Terms calldata terms) external pure returns (bytes32);

    /// @notice What an ERC-3009 authorization for `openWithAuthorization` and a permit for `openWithPermit2` bind:
    /// `keccak256(abi.encode(offerHash, request))`.
    function openAction(bytes32 offerHash, Request calldata request) external pure returns (bytes32);

    /// @notice Wei that a lease on `offer` needs for `fundedSeconds`: the rate for each, and the grace reserve.
    function quote(Offer calldata offer, uint256 fundedSeconds) external view returns (uint256);
}
