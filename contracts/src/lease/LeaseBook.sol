// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {ILedger} from "../money/ILedger.sol";
import {INodeRegistry} from "../registry/INodeRegistry.sol";
import {ILeaseBook} from "./ILeaseBook.sol";
import {IReleasePolicy} from "./IReleasePolicy.sol";
import {LeaseMath} from "./LeaseMath.sol";

/// @title LeaseBook
/// @dev Immutable; it holds no tokens, the Ledger does. Its escrow there is the sum of `escrowOf` over its leases.
/// A policy is only ever asked inside `settle` (and a top-up that must settle a grace first), by a static call with
/// capped gas; `close` and `reclaim` never ask it, so it cannot stand in their way.
/// What an operator committed leaves its usage first: wei that leave the escrow of a lease count against what the
/// operator put in until that is used up, whoever topped the lease up since. Its rate leaves when the lease is over.
contract LeaseBook is ILeaseBook, AccessManaged, EIP712, ReentrancyGuardTransient {
    using LeaseMath for Lease;
    using BitMaps for BitMaps.BitMap;
    using SafeCast for uint256;

    /// @dev Wei that one call moves for a lease; all but the penalty leave its escrow.
    struct Flow {
        uint256 payment; // to the provider
        uint256 fee; // to the protocol
        uint256 refund; // to the renter
        uint256 penalty; // to the renter, out of the provider's balance
    }

    /// @notice Seconds after which time that the policy left undecided is refunded.
    uint256 public constant FALLBACK = 14 days;

    /// @notice Gas that a policy is given.
    uint256 public constant POLICY_GAS = 300_000;

    /// @notice Highest fee, in basis points.
    uint256 public constant MAX_FEE_BPS = 1_000;

    /// @dev Gas that must be left for POLICY_GAS to reach the policy: a call passes on 63/64, after a cold access.
    uint256 private constant POLICY_GAS_NEEDED = POLICY_GAS * 64 / 63 + 5_000;

    uint256 private constant BASIS_POINTS = 10_000;

    bytes32 private constant OFFER_TYPEHASH = keccak256(
        "Offer(address node,uint32 units,address token,uint96 rate,uint32 minSeconds,uint32 maxSeconds,uint32 graceSeconds,uint16 holdRateBps,uint32 noticeSeconds,uint128 reclaimPrice,address policy,address renter,bool reusable,uint64 deadline,uint256 nonce)"
    );

    ILedger public immutable ledger;
    INodeRegistry public immutable registry;

    mapping(bytes32 leaseId => Lease) private _leases;
    mapping(address node => BitMaps.BitMap) private _nonces;

    /// @dev Wei in escrow that an operator's usage still counts, for leases that an operator opened.
    mapping(bytes32 leaseId => uint256) private _exposures;

    /// @inheritdoc ILeaseBook
    mapping(address node => uint256) public leasedUnits;

    /// @inheritdoc ILeaseBook
    mapping(address token => uint256) public feeOf;

    /// @inheritdoc ILeaseBook
    mapping(address policy => bool) public isPolicyAllowed;

    constructor(address authority, ILedger ledger_, INodeRegistry registry_)
        AccessManaged(authority)
        EIP712("Spheron LeaseBook", "1")
    {
        ledger = ledger_;
        registry = registry_;
    }

    /// @inheritdoc ILeaseBook
    function open(Offer calldata offer, bytes calldata signature, Request calldata request)
        external
        nonReentrant
        returns (bytes32 leaseId)
    {
        address operator = msg.sender == request.renter ? address(0) : msg.sender;
        uint256 funded;
        (leaseId, funded) = _open(offer, hashOffer(offer), signature, request, operator);
        uint256 tail = uint256(request.fundedSeconds) + offer.graceSeconds;
        ledger.escrow(offer.token, request.renter, msg.sender, funded, offer.rate, tail);
    }

    /// @inheritdoc ILeaseBook
    function openWithTransfer(Offer calldata offer, bytes calldata signature, Request calldata request)
        external
        nonReentrant
        returns (bytes32 leaseId)
    {
        if (msg.sender != request.renter) revert LeaseBook_NotAuthorized(msg.sender);
        uint256 funded;
        (leaseId, funded) = _open(offer, hashOffer(offer), signature, request, address(0));
        ledger.pullAndEscrow(offer.token, msg.sender, funded);
    }

    /// @inheritdoc ILeaseBook
    function openWithAuthorization(
        Offer calldata offer,
        bytes calldata signature,
        Request calldata request,
        ILedger.Authorization calldata authorization
    ) external nonReentrant returns (bytes32 leaseId) {
        if (authorization.from != request.renter || authorization.token != offer.token) {
            revert LeaseBook_AuthorizationMismatch(authorization.from, authorization.token);
        }
        bytes32 offerHash = hashOffer(offer);
        uint256 funded;
        (leaseId, funded) = _open(offer, offerHash, signature, request, address(0));
        ledger.pullWithAuthorizationAndEscrow(authorization, openAction(offerHash, request), funded);
    }

    /// @inheritdoc ILeaseBook
    function topUp(Terms calldata terms, uint256 extraSeconds) external nonReentrant returns (uint256 amount) {
        (bytes32 leaseId, Lease memory lease) = _load(terms);
        if (lease.status != Status.Open) revert LeaseBook_WrongStatus(leaseId, lease.status);
        if (block.timestamp >= lease.end(terms.graceSeconds)) revert LeaseBook_WrongStatus(leaseId, Status.Ended);

        bool inGrace = block.timestamp >= lease.fundedUntil;
        _checkExtra(terms, extraSeconds, inGrace ? block.timestamp : lease.fundedUntil, inGrace);
        amount = extraSeconds * terms.rate;
        if (inGrace) {
            if (lease.holdTo > lease.settledTo) _settle(leaseId, lease, terms);
            if (lease.holdTo > lease.settledTo) {
                revert LeaseBook_HoldUnsettled(leaseId, lease.settledTo, lease.holdTo);
            }
            amount += (block.timestamp - lease.fundedUntil) * _holdRate(terms);
            (lease.holdFrom, lease.holdTo) = (lease.fundedUntil, uint40(block.timestamp));
            lease.fundedUntil = uint40(block.timestamp);
        }
        lease.fundedUntil += extraSeconds.toUint40();
        _leases[leaseId] = lease;

        emit LeaseToppedUp(leaseId, msg.sender, amount, lease.fundedUntil, lease.holdFrom, lease.holdTo);
        ledger.escrow(terms.token, msg.sender, msg.sender, amount, 0, 0);
    }

    /// @inheritdoc ILeaseBook
    function settle(Terms calldata terms) external nonReentrant returns (uint256 settledTo) {
        (bytes32 leaseId, Lease memory lease) = _load(terms);
        if (lease.status == Status.Closed) revert LeaseBook_WrongStatus(leaseId, Status.Closed);
        _settle(leaseId, lease, terms);
        return lease.settledTo;
    }

    /// @inheritdoc ILeaseBook
    function settleMany(Terms[] calldata terms) external nonReentrant {
        for (uint256 i = 0; i < terms.length; ++i) {
            (bytes32 leaseId, Lease memory lease) = _load(terms[i]);
            if (lease.status != Status.Closed) _settle(leaseId, lease, terms[i]);
        }
    }

    /// @inheritdoc ILeaseBook
    function close(Terms calldata terms) external nonReentrant {
        (bytes32 leaseId, Lease memory lease) = _load(terms);
        if (block.timestamp >= lease.end(terms.graceSeconds)) {
            _fixEnd(leaseId, lease, terms, block.timestamp, 0);
        } else if (msg.sender == terms.renter) {
            uint256 paidUntil = uint256(terms.start) + terms.minSeconds;
            _fixEnd(leaseId, lease, terms, Math.max(block.timestamp, paidUntil), 0);
        } else if (msg.sender == terms.provider) {
            // Notice that was given but has not passed is no reason to be let off.
            uint256 penalty = block.timestamp < lease.fundedUntil ? terms.reclaimPrice : 0;
            _fixEnd(leaseId, lease, terms, block.timestamp, penalty);
        } else {
            revert LeaseBook_NotAuthorized(msg.sender);
        }
    }

    /// @inheritdoc ILeaseBook
    function reclaim(Terms calldata terms) external nonReentrant {
        (bytes32 leaseId, Lease memory lease) = _load(terms);
        if (msg.sender != terms.provider) revert LeaseBook_NotAuthorized(msg.sender);
        _fixEnd(leaseId, lease, terms, block.timestamp + terms.noticeSeconds, 0);
    }

    /// @inheritdoc ILeaseBook
    function cancelOffer(address node, uint256 nonce) external {
        if (msg.sender != node && msg.sender != registry.nodeOf(node).provider) {
            revert LeaseBook_NotAuthorized(msg.sender);
        }
        if (isNonceUsed(node, nonce)) revert LeaseBook_OfferUsed(node, nonce);
        _useNonce(node, nonce);
    }

    /// @inheritdoc ILeaseBook
    function setFee(address token, uint256 feeBps) external restricted {
        if (feeBps > MAX_FEE_BPS) revert LeaseBook_FeeTooHigh(feeBps, MAX_FEE_BPS);
        feeOf[token] = feeBps;
        emit FeeSet(token, feeBps);
    }

    /// @inheritdoc ILeaseBook
    function setPolicy(address policy, bool allowed) external restricted {
        isPolicyAllowed[policy] = allowed;
        emit PolicySet(policy, allowed);
    }

    /// @inheritdoc ILeaseBook
    function leaseOf(bytes32 leaseId) external view returns (Lease memory) {
        return _leases[leaseId];
    }

    /// @inheritdoc ILeaseBook
    function runwayOf(Terms calldata terms) external view returns (uint256 funded, uint256 untilEnd) {
        (, Lease memory lease) = _load(terms);
        untilEnd = Math.saturatingSub(lease.end(terms.graceSeconds), block.timestamp);
        funded = Math.min(Math.saturatingSub(lease.fundedUntil, block.timestamp), untilEnd);
    }

    /// @inheritdoc ILeaseBook
    function escrowOf(Terms calldata terms) external view returns (uint256) {
        (, Lease memory lease) = _load(terms);
        return lease.cost(lease.settledTo, lease.end(terms.graceSeconds), terms.rate, _holdRate(terms));
    }

    /// @inheritdoc ILeaseBook
    function hashTerms(Terms calldata terms) external pure returns (bytes32) {
        return LeaseMath.hash(terms);
    }

    /// @inheritdoc ILeaseBook
    function quote(Offer calldata offer, uint256 fundedSeconds) external pure returns (uint256) {
        return _funds(offer, fundedSeconds);
    }

    /// @inheritdoc ILeaseBook
    function isNonceUsed(address node, uint256 nonce) public view returns (bool) {
        return _nonces[node].get(nonce);
    }

    /// @inheritdoc ILeaseBook
    function hashOffer(Offer calldata offer) public view returns (bytes32) {
        // Every field is static, so that the encoding of the struct is the concatenation EIP-712 asks for.
        return _hashTypedDataV4(keccak256(abi.encode(OFFER_TYPEHASH, offer)));
    }

    /// @inheritdoc ILeaseBook
    function openAction(bytes32 offerHash, Request calldata request) public pure returns (bytes32) {
        return keccak256(abi.encode(offerHash, request));
    }

    /// @dev Everything about opening but the money. `operator` is 0 when the renter itself is behind the call.
    function _open(
        Offer calldata offer,
        bytes32 offerHash,
        bytes calldata signature,
        Request calldata request,
        address operator
    ) private returns (bytes32 leaseId, uint256 funded) {
        _checkOffer(offer, request);
        funded = _funds(offer, request.fundedSeconds);

        Terms memory terms;
        terms.provider = _checkSigner(offer.node, offerHash, signature);
        _fillTerms(terms, offer, offerHash);
        (terms.renter, terms.operator, terms.salt) = (request.renter, operator, request.salt);
        leaseId = keccak256(abi.encode(terms));

        Lease storage lease = _leases[leaseId];
        if (lease.status != Status.None) revert LeaseBook_LeaseExists(leaseId);
        uint40 fundedUntil = uint40(block.timestamp + request.fundedSeconds);
        (lease.settledTo, lease.fundedUntil, lease.status) = (terms.start, fundedUntil, Status.Open);
        if (!offer.reusable) _useNonce(offer.node, offer.nonce);
        if (operator != address(0)) _exposures[leaseId] = funded;
        _takeUnits(offer);

        emit LeaseOpened(leaseId, request.renter, offer.node, terms, fundedUntil, funded);
    }

    /// @dev What does not depend on the signature. Lengths of time have 32 bits and the rate 96, so that no sum of them
    /// passes 40 bits and no cost 128.
    function _checkOffer(Offer calldata offer, Request calldata request) private view {
        if (block.timestamp > offer.deadline) revert LeaseBook_OfferExpired(offer.deadline, block.timestamp);
        if (request.renter == address(0) || (offer.renter != address(0) && offer.renter != request.renter)) {
            revert LeaseBook_OfferNotForRenter(request.renter, offer.renter);
        }
        if (offer.units == 0) revert LeaseBook_InvalidOffer("units");
        if (offer.rate == 0) revert LeaseBook_InvalidOffer("rate");
        if (offer.holdRateBps > BASIS_POINTS) revert LeaseBook_InvalidOffer("holdRateBps");
        if (!isPolicyAllowed[offer.policy]) revert LeaseBook_PolicyNotAllowed(offer.policy);
        if (isNonceUsed(offer.node, offer.nonce)) revert LeaseBook_OfferUsed(offer.node, offer.nonce);
    }

    /// @dev Wei for `fundedSeconds` and the grace reserve; the seconds must be within the offer's bounds.
    function _funds(Offer calldata offer, uint256 fundedSeconds) private pure returns (uint256) {
        uint256 minimum = Math.max(offer.minSeconds, 1);
        uint256 maximum = Math.saturatingSub(offer.maxSeconds, offer.graceSeconds);
        if (minimum > maximum) revert LeaseBook_InvalidOffer("seconds");
        if (fundedSeconds < minimum || fundedSeconds > maximum) {
            revert LeaseBook_SecondsOutOfBounds(fundedSeconds, minimum, maximum);
        }
        return fundedSeconds * offer.rate + offer.graceSeconds * LeaseMath.holdRate(offer.rate, offer.holdRateBps);
    }

    /// @dev Returns the node's owner. Either its key or its owner must have signed.
    function _checkSigner(address node, bytes32 offerHash, bytes calldata signature)
        private
        view
        returns (address provider)
    {
        INodeRegistry.Node memory registered = registry.nodeOf(node);
        if (registered.status != INodeRegistry.Status.Active) revert LeaseBook_NodeNotActive(node);
        provider = registered.provider;
        if (
            !SignatureChecker.isValidSignatureNowCalldata(node, offerHash, signature)
                && !SignatureChecker.isValidSignatureNowCalldata(provider, offerHash, signature)
        ) revert LeaseBook_InvalidOfferSignature(node, offerHash);
    }

    function _fillTerms(Terms memory terms, Offer calldata offer, bytes32 offerHash) private view {
        terms.offerHash = offerHash;
        terms.node = offer.node;
        terms.token = offer.token;
        terms.policy = offer.policy;
        terms.rate = offer.rate;
        terms.units = offer.units;
        terms.feeBps = uint16(feeOf[offer.token]);
        terms.holdRateBps = offer.holdRateBps;
        terms.minSeconds = offer.minSeconds;
        terms.maxSeconds = offer.maxSeconds;
        terms.graceSeconds = offer.graceSeconds;
        terms.noticeSeconds = offer.noticeSeconds;
        terms.reclaimPrice = offer.reclaimPrice;
        terms.start = uint40(block.timestamp);
    }

    function _takeUnits(Offer calldata offer) private {
        uint256 leased = leasedUnits[offer.node];
        uint256 capacity = IReleasePolicy(offer.policy).capacityOf(offer.node);
        if (leased + offer.units > capacity) {
            revert LeaseBook_CapacityExceeded(offer.node, leased, offer.units, capacity);
        }
        leasedUnits[offer.node] = leased + offer.units;
    }

    function _useNonce(address node, uint256 nonce) private {
        _nonces[node].set(nonce);
        emit OfferNonceUsed(node, nonce, msg.sender);
    }

    /// @dev The bounds of a top-up that funds `extraSeconds` from `from` on. Whoever ends a grace for the renter must
    /// bring as many full seconds as the grace has: the renter then never has less time left to act than before.
    function _checkExtra(Terms calldata terms, uint256 extraSeconds, uint256 from, bool inGrace) private view {
        uint256 minimum = inGrace && msg.sender != terms.renter ? Math.max(terms.graceSeconds, 1) : 1;
        uint256 latest = uint256(terms.start) + terms.maxSeconds - terms.graceSeconds;
        uint256 maximum = Math.saturatingSub(latest, from);
        if (extraSeconds < minimum || extraSeconds > maximum) {
            revert LeaseBook_SecondsOutOfBounds(extraSeconds, minimum, maximum);
        }
    }

    /// @dev Ends a lease at `at`, or when it would end anyway if that is sooner, and refunds what lies beyond.
    function _fixEnd(bytes32 leaseId, Lease memory lease, Terms calldata terms, uint256 at, uint256 penalty) private {
        uint256 end = lease.end(terms.graceSeconds);
        bool ranOut = block.timestamp >= end;
        if (at > end) at = end;
        bool moves = lease.status == Status.Open || (lease.status == Status.Ending && at < end);
        if (!moves && (lease.status != Status.Ending || !ranOut)) revert LeaseBook_WrongStatus(leaseId, lease.status);

        Flow memory flow;
        if (moves) {
            flow.refund = lease.cost(at, end, terms.rate, _holdRate(terms));
            flow.penalty = penalty;
            (lease.endsAt, lease.status) = (at.toUint40(), Status.Ending);
            emit LeaseEnding(leaseId, ranOut ? address(0) : msg.sender, at, flow.refund, penalty);
        }
        bool over = _endIfOver(leaseId, lease, terms);
        _leases[leaseId] = lease;
        _move(leaseId, terms, flow, over);
    }

    /// @dev Asks the policy about every elapsed second that is not settled yet, and moves the money. `lease` is brought
    /// up to date in memory and in storage. Does nothing if nothing can move.
    function _settle(bytes32 leaseId, Lease memory lease, Terms calldata terms) private {
        uint256 end = lease.end(terms.graceSeconds);
        if (lease.status == Status.Open && block.timestamp >= end) {
            (lease.endsAt, lease.status) = (end.toUint40(), Status.Ending);
            emit LeaseEnding(leaseId, address(0), end, 0, 0);
        }

        uint256 from = lease.settledTo;
        (uint256 settledTo, uint256 gross) = _ask(leaseId, lease, terms, Math.min(block.timestamp, end));
        Flow memory flow;
        if (settledTo != from) {
            lease.settledTo = settledTo.toUint40();
            flow.fee = LeaseMath.fee(gross, terms.feeBps);
            flow.payment = gross - flow.fee;
            flow.refund = lease.cost(from, settledTo, terms.rate, _holdRate(terms)) - gross;
            emit LeaseSettled(leaseId, from, settledTo, flow.payment, flow.fee, flow.refund);
        }
        bool over = _endIfOver(leaseId, lease, terms);
        if (settledTo == from && !over) return;
        _leases[leaseId] = lease;
        _move(leaseId, terms, flow, over);
    }

    /// @dev Walks the seconds up to `to`, one rate at a time, until the policy stops.
    /// @return settledTo Up to where the policy went, and at least FALLBACK ago.
    /// @return gross Wei that it released on the way.
    function _ask(bytes32 leaseId, Lease memory lease, Terms calldata terms, uint256 to)
        private
        view
        returns (uint256 settledTo, uint256 gross)
    {
        settledTo = lease.settledTo;
        while (settledTo < to) {
            (uint256 stop, bool held) = lease.segment(settledTo, to);
            uint256 rate = held ? _holdRate(terms) : terms.rate;
            (uint256 amount, uint256 advanceTo) = _release(leaseId, terms, settledTo, stop, rate);
            settledTo = advanceTo;
            gross += amount;
            if (advanceTo < stop) break;
        }
        settledTo = Math.max(settledTo, Math.min(to, block.timestamp - FALLBACK));
    }

    /// @dev The policy's answer for [from, to) at one rate, cut to what was proposed; nothing if it fails.
    function _release(bytes32 leaseId, Terms calldata terms, uint256 from, uint256 to, uint256 rate)
        private
        view
        returns (uint256 amount, uint256 advanceTo)
    {
        if (rate == 0) return (0, to);
        bytes memory question =
            abi.encodeCall(IReleasePolicy.release, (leaseId, terms.node, from, to, rate * (to - from)));
        address policy = terms.policy;
        if (gasleft() < POLICY_GAS_NEEDED) revert LeaseBook_InsufficientGas(gasleft(), POLICY_GAS_NEEDED);
        bool answered;
        assembly ("memory-safe") {
            answered := staticcall(POLICY_GAS, policy, add(question, 0x20), mload(question), 0x00, 0x40)
            answered := and(answered, gt(returndatasize(), 0x3f))
            amount := mload(0x00)
            advanceTo := mload(0x20)
        }
        if (!answered || advanceTo <= from) return (0, from);
        advanceTo = Math.min(advanceTo, to);
        amount = Math.min(amount, rate * (advanceTo - from));
    }

    /// @dev Frees the units of a lease whose end has come, once, and closes it when all of it is settled.
    function _endIfOver(bytes32 leaseId, Lease memory lease, Terms calldata terms) private returns (bool over) {
        if (lease.endsAt == 0 || block.timestamp < lease.endsAt) return false;
        if (lease.status == Status.Ending) {
            over = true;
            lease.status = Status.Ended;
            leasedUnits[terms.node] -= terms.units;
            emit LeaseEnded(leaseId, terms.node, terms.units);
        }
        if (lease.settledTo == lease.endsAt) {
            lease.status = Status.Closed;
            emit LeaseClosed(leaseId);
        }
    }

    /// @dev Moves money in the Ledger, and takes it out of the operator's usage; its rate too when the lease is over.
    function _move(bytes32 leaseId, Terms calldata terms, Flow memory flow, bool over) private {
        if (flow.penalty != 0) ledger.escrow(terms.token, terms.provider, terms.provider, flow.penalty, 0, 0);
        uint256 released = flow.payment + flow.fee + flow.refund;
        if (released + flow.penalty != 0) {
            uint256 refund = flow.refund + flow.penalty;
            ledger.release(terms.token, terms.provider, terms.renter, flow.payment, flow.fee, refund);
        }
        if (terms.operator == address(0)) return;

        uint256 exposure = _exposures[leaseId];
        uint256 amount = Math.min(released, exposure);
        if (amount != 0) _exposures[leaseId] = exposure - amount;
        uint256 rate = over ? terms.rate : 0;
        if (amount + rate != 0) ledger.relax(terms.token, terms.renter, terms.operator, amount, rate);
    }

    function _load(Terms calldata terms) private view returns (bytes32 leaseId, Lease memory lease) {
        leaseId = LeaseMath.hash(terms);
        lease = _leases[leaseId];
        if (lease.status == Status.None) revert LeaseBook_WrongStatus(leaseId, Status.None);
    }

    function _holdRate(Terms calldata terms) private pure returns (uint256) {
        return LeaseMath.holdRate(terms.rate, terms.holdRateBps);
    }
}
