// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ILedger} from "../money/ILedger.sol";
import {INodeRegistry} from "../registry/INodeRegistry.sol";
import {IBonds} from "../stake/IBonds.sol";
import {Clawbacks} from "./Clawbacks.sol";
import {ILeaseBook} from "./ILeaseBook.sol";
import {LeaseMath} from "./LeaseMath.sol";
import {Offers} from "./Offers.sol";
import {PolicyCalls} from "./PolicyCalls.sol";
import {Slots} from "./Slots.sol";

/// @title LeaseBook
/// @dev Immutable; it holds no tokens, the Ledger does. Its escrow there is the sum of `escrowOf` over its leases.
/// A policy is only ever asked inside `settle` and `clawBack` (and a top-up that must settle a grace first), by a static
/// call with capped gas; `close` and `reclaim` never ask it, so it cannot stand in their way.
/// What an operator committed leaves its usage first: wei that leave the escrow of a lease count against what the
/// operator put in until that is used up, whoever topped the lease up since. Its rate leaves when the lease is over.
/// Grace is not prolonged by an outage of the sequencer: its reserve pays for its seconds and no more. Whoever must not
/// lose a lease to an outage funds it for longer.
contract LeaseBook is Offers, Clawbacks, ReentrancyGuardTransient {
    using LeaseMath for Lease;
    using Slots for Lease;

    /// @dev Wei that leave the escrow for one provider and at most one renter.
    struct Release {
        address token;
        address provider;
        address renter; // whose the refund is
        uint256 payment;
        uint256 fee;
        uint256 refund;
    }

    /// @notice Seconds after which time that the policy left undecided is refunded.
    uint256 public constant FALLBACK = 14 days;

    ILedger public immutable ledger;

    mapping(bytes32 leaseId => Lease) private _leases;

    /// @dev Wei in escrow that an operator's usage still counts, for leases that an operator opened.
    mapping(bytes32 leaseId => uint256) private _exposures;

    constructor(address authority, ILedger ledger_, INodeRegistry registry_, IBonds bonds_)
        Offers(authority, registry_)
        Clawbacks(bonds_)
    {
        ledger = ledger_;
    }

    /// @inheritdoc ILeaseBook
    function open(Offer calldata offer, bytes calldata signature, Request calldata request)
        external
        nonReentrant
        returns (bytes32 leaseId)
    {
        address operator = msg.sender == request.renter ? address(0) : msg.sender;
        uint256 funded;
        (leaseId,, funded) = _open(offer, signature, request, operator);
        uint256 tail = uint256(request.fundedSeconds) + offer.graceSeconds;
        _escrow(offer.token, request.renter, msg.sender, funded, offer.rate, tail);
    }

    /// @inheritdoc ILeaseBook
    function openWithTransfer(Offer calldata offer, bytes calldata signature, Request calldata request)
        external
        nonReentrant
        returns (bytes32 leaseId)
    {
        if (msg.sender != request.renter) revert LeaseBook_NotAuthorized(msg.sender);
        uint256 funded;
        (leaseId,, funded) = _open(offer, signature, request, address(0));
        ledger.pullAndEscrow(offer.token, msg.sender, funded);
    }

    /// @inheritdoc ILeaseBook
    function openWithAuthorization(
        Offer calldata offer,
        bytes calldata signature,
        Request calldata request,
        ILedger.Authorization calldata authorization
    ) external nonReentrant returns (bytes32 leaseId) {
        _checkMoney(authorization.from, authorization.token, offer, request);
        bytes32 offerHash;
        uint256 funded;
        (leaseId, offerHash, funded) = _open(offer, signature, request, address(0));
        ledger.pullWithAuthorizationAndEscrow(authorization, openAction(offerHash, request), funded);
    }

    /// @inheritdoc ILeaseBook
    function openWithPermit2(
        Offer calldata offer,
        bytes calldata signature,
        Request calldata request,
        ILedger.Permit calldata permit
    ) external nonReentrant returns (bytes32 leaseId) {
        _checkMoney(permit.from, permit.token, offer, request);
        bytes32 offerHash;
        uint256 funded;
        (leaseId, offerHash, funded) = _open(offer, signature, request, address(0));
        ledger.pullWithPermit2AndEscrow(permit, openAction(offerHash, request), funded);
    }

    /// @inheritdoc ILeaseBook
    function topUp(Terms calldata terms, uint256 extraSeconds) external nonReentrant returns (uint256 amount) {
        (bytes32 leaseId, Lease memory lease, Terms memory terms_) = _load(terms);
        if (lease.status != Status.Open) _revertStatus(leaseId, lease.status);
        if (block.timestamp >= lease.end(terms_.graceSeconds)) _revertStatus(leaseId, Status.Ended);

        bool inGrace = block.timestamp >= lease.fundedUntil;
        amount = _checkExtra(terms_, extraSeconds, inGrace ? block.timestamp : lease.fundedUntil, inGrace);
        if (inGrace) {
            if (lease.holdTo > lease.settledTo) _settleAlone(leaseId, lease, terms_);
            if (lease.holdTo > lease.settledTo) {
                revert LeaseBook_HoldUnsettled(leaseId, lease.settledTo, lease.holdTo);
            }
            amount += (block.timestamp - lease.fundedUntil) * _holdRate(terms_);
            _forgetHold(leaseId, lease);
            (lease.holdFrom, lease.holdTo) = (lease.fundedUntil, uint40(block.timestamp));
            lease.fundedUntil = uint40(block.timestamp);
        }
        // forge-lint: disable-next-line(unsafe-typecast) at most what the terms allow, which has 32 bits
        lease.fundedUntil += uint40(extraSeconds);
        _save(leaseId, lease);

        emit LeaseToppedUp(leaseId, msg.sender, amount, lease.fundedUntil, lease.holdFrom, lease.holdTo);
        _escrow(terms_.token, msg.sender, msg.sender, amount, 0, 0);
    }

    /// @inheritdoc ILeaseBook
    function settle(Terms calldata terms) external nonReentrant returns (uint256 settledTo) {
        (bytes32 leaseId, Lease memory lease, Terms memory terms_) = _load(terms);
        if (lease.status == Status.Closed) _revertStatus(leaseId, Status.Closed);
        _settleAlone(leaseId, lease, terms_);
        return lease.settledTo;
    }

    /// @inheritdoc ILeaseBook
    function settleMany(Terms[] calldata terms) external nonReentrant {
        Release memory release;
        uint256 free = _freeMemory();
        for (uint256 i = 0; i < terms.length; ++i) {
            (bytes32 leaseId, Lease memory lease, Terms memory terms_) = _load(terms[i]);
            if (lease.status != Status.Closed) _settle(leaseId, lease, terms_, release);
            // Nothing of a lease is kept but what is in the release.
            _setFreeMemory(free);
        }
        _pay(release);
    }

    /// @inheritdoc ILeaseBook
    function close(Terms calldata terms) external nonReentrant {
        (bytes32 leaseId, Lease memory lease, Terms memory terms_) = _load(terms);
        if (block.timestamp >= lease.end(terms_.graceSeconds)) {
            _fixEnd(leaseId, lease, terms_, block.timestamp, 0);
        } else if (msg.sender == terms_.renter) {
            uint256 paidUntil = uint256(terms_.start) + terms_.minSeconds;
            _fixEnd(leaseId, lease, terms_, Math.max(block.timestamp, paidUntil), 0);
        } else if (msg.sender == terms_.provider) {
            // Notice that was given but has not passed is no reason to be let off.
            uint256 penalty = block.timestamp < lease.fundedUntil ? terms_.reclaimPrice : 0;
            _fixEnd(leaseId, lease, terms_, block.timestamp, penalty);
        } else {
            revert LeaseBook_NotAuthorized(msg.sender);
        }
    }

    /// @inheritdoc ILeaseBook
    function reclaim(Terms calldata terms) external nonReentrant {
        (bytes32 leaseId, Lease memory lease, Terms memory terms_) = _load(terms);
        if (msg.sender != terms_.provider) revert LeaseBook_NotAuthorized(msg.sender);
        _fixEnd(leaseId, lease, terms_, block.timestamp + terms_.noticeSeconds, 0);
    }

    /// @inheritdoc ILeaseBook
    function clawBack(Terms calldata terms) external nonReentrant returns (uint256 amount) {
        (bytes32 leaseId, Lease memory lease, Terms memory terms_) = _load(terms);
        if (_book(leaseId, lease, terms_)) _save(leaseId, lease);
        return _seize(leaseId, terms_);
    }

    /// @inheritdoc ILeaseBook
    function freeCover(Terms calldata terms) external nonReentrant returns (uint256 freed) {
        (bytes32 leaseId, Lease memory lease, Terms memory terms_) = _load(terms);
        if (lease.status < Status.Ended) _revertStatus(leaseId, lease.status);
        return _freeCover(leaseId, lease, terms_);
    }

    /// @inheritdoc ILeaseBook
    function leaseOf(bytes32 leaseId) external view returns (Lease memory lease) {
        _leases[leaseId].load(lease);
    }

    /// @inheritdoc ILeaseBook
    function runwayOf(Terms calldata terms) external view returns (uint256 funded, uint256 untilEnd) {
        (, Lease memory lease, Terms memory terms_) = _load(terms);
        untilEnd = Math.saturatingSub(lease.end(terms_.graceSeconds), block.timestamp);
        funded = Math.min(Math.saturatingSub(lease.fundedUntil, block.timestamp), untilEnd);
    }

    /// @inheritdoc ILeaseBook
    function escrowOf(Terms calldata terms) external view returns (uint256) {
        (, Lease memory lease, Terms memory terms_) = _load(terms);
        return _cost(lease, terms_, lease.settledTo, lease.end(terms_.graceSeconds));
    }

    /// @inheritdoc ILeaseBook
    function hashTerms(Terms calldata terms) external pure returns (bytes32 leaseId) {
        Terms memory terms_;
        return LeaseMath.copy(terms, terms_);
    }

    /// @dev Everything about opening but the money. `operator` is 0 when the renter itself is behind the call.
    function _open(Offer calldata signed, bytes calldata signature, Request calldata request, address operator)
        private
        returns (bytes32 leaseId, bytes32 offerHash, uint256 funded)
    {
        (Offer memory offer, bytes32 digest) = _copy(signed);
        offerHash = digest;
        Terms memory terms;
        {
            Market memory market;
            (market, funded) = _checkOffer(offer, request);
            (terms.feeBps, terms.coverBps) = (market.feeBps, market.coverBps);
        }
        uint256 claimed;
        (terms.provider, claimed) = _checkSigner(offer.node, offerHash, signature);
        _fillTerms(terms, offer);
        (terms.renter, terms.operator, terms.salt) = (request.renter, operator, request.salt);
        leaseId = LeaseMath.hash(terms);

        if (_leases[leaseId].status != Status.None) revert LeaseBook_LeaseExists(leaseId);
        Lease memory lease;
        lease.settledTo = terms.start;
        lease.fundedUntil = terms.start + request.fundedSeconds;
        lease.status = Status.Open;
        _save(leaseId, lease);
        if (operator != address(0)) _exposures[leaseId] = funded;
        _take(offer, claimed);
        _lockCover(terms);

        _emitOpened(leaseId, terms, offer, offerHash, lease.fundedUntil, funded);
    }

    function _emitOpened(
        bytes32 leaseId,
        Terms memory terms,
        Offer memory offer,
        bytes32 offerHash,
        uint256 fundedUntil,
        uint256 funded
    ) private {
        // Terms are static, so that their words in memory are their encoding, with the other fields behind them.
        bytes32 topic = LeaseOpened.selector;
        (uint256 nonce, bool reusable) = (offer.nonce, offer.reusable);
        (address renter, address node) = (terms.renter, terms.node);
        uint256 termsBytes = LeaseMath.TERMS_BYTES;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mcopy(data, terms, termsBytes)
            let rest := add(data, termsBytes)
            mstore(rest, offerHash)
            mstore(add(rest, 0x20), nonce)
            mstore(add(rest, 0x40), reusable)
            mstore(add(rest, 0x60), fundedUntil)
            mstore(add(rest, 0x80), funded)
            log4(data, add(termsBytes, 0xa0), topic, leaseId, renter, node)
        }
    }

    function _fillTerms(Terms memory terms, Offer memory offer) private view {
        terms.node = offer.node;
        terms.token = offer.token;
        terms.policy = offer.policy;
        terms.rate = offer.rate;
        terms.units = offer.units;
        terms.holdRateBps = offer.holdRateBps;
        terms.minSeconds = offer.minSeconds;
        terms.maxSeconds = offer.maxSeconds;
        terms.graceSeconds = offer.graceSeconds;
        terms.noticeSeconds = offer.noticeSeconds;
        terms.reclaimPrice = offer.reclaimPrice;
        terms.start = uint40(block.timestamp);
    }

    /// @dev The bounds of a top-up that funds `extraSeconds` from `from` on. Whoever ends a grace for the renter must bring
    /// as many full seconds as the grace has, or all that is left to fund: the renter then never has less time left to act
    /// than before.
    /// @return amount Wei for those seconds.
    function _checkExtra(Terms memory terms, uint256 extraSeconds, uint256 from, bool inGrace)
        private
        view
        returns (uint256 amount)
    {
        uint256 maximum = LeaseMath.fundable(terms.start, terms.maxSeconds, terms.graceSeconds, from);
        uint256 minimum = inGrace && msg.sender != terms.renter ? Math.max(Math.min(terms.graceSeconds, maximum), 1) : 1;
        _checkSeconds(extraSeconds, minimum, maximum);
        amount = extraSeconds * terms.rate;
        if (extraSeconds != maximum) _checkFunds(amount, marketOf(terms.token, terms.policy).minTopUp);
    }

    /// @dev Ends a lease at `at`, or when it would end anyway if that is sooner, and refunds what lies beyond.
    function _fixEnd(bytes32 leaseId, Lease memory lease, Terms memory terms, uint256 at, uint256 penalty) private {
        uint256 end = lease.end(terms.graceSeconds);
        bool ranOut = block.timestamp >= end;
        if (at > end) at = end;
        bool moves = lease.status == Status.Open || (lease.status == Status.Ending && at < end);
        if (!moves && (lease.status != Status.Ending || !ranOut)) _revertStatus(leaseId, lease.status);

        uint256 refund;
        if (moves) {
            refund = _cost(lease, terms, at, end);
            // forge-lint: disable-next-line(unsafe-typecast) at most the lease's end
            (lease.endsAt, lease.status) = (uint40(at), Status.Ending);
            emit LeaseEnding(leaseId, ranOut ? address(0) : msg.sender, at, refund, penalty);
        }
        bool over = _endIfOver(leaseId, lease, terms);
        _save(leaseId, lease);
        if (penalty != 0) _escrow(terms.token, terms.provider, terms.provider, penalty, 0, 0);
        _pay(Release(terms.token, terms.provider, terms.renter, 0, 0, refund + penalty));
        _relax(leaseId, terms, refund, over);
    }

    function _settleAlone(bytes32 leaseId, Lease memory lease, Terms memory terms) private {
        Release memory release;
        _settle(leaseId, lease, terms, release);
        _pay(release);
    }

    /// @dev Asks the policy about every elapsed second that is not settled yet, and adds what moves to `release`. `lease` is
    /// brought up to date in memory and in storage. Does nothing if nothing can move.
    function _settle(bytes32 leaseId, Lease memory lease, Terms memory terms, Release memory release) private {
        uint256 end = lease.end(terms.graceSeconds);
        if (lease.status == Status.Open && block.timestamp >= end) {
            // forge-lint: disable-next-line(unsafe-typecast) a time far below 2^40
            (lease.endsAt, lease.status) = (uint40(end), Status.Ending);
            emit LeaseEnding(leaseId, address(0), end, 0, 0);
        }

        uint256 from = lease.settledTo;
        (uint256 settledTo, uint256 released, uint256 gross, uint256 revision) =
            _ask(leaseId, lease, terms, Math.min(block.timestamp, end));
        if (settledTo != from) {
            // What was taken back before it was settled was never paid; what was paid before must be booked first.
            if (revision != lease.revision) _book(leaseId, lease, terms);
            // forge-lint: disable-next-line(unsafe-typecast) at most the lease's end
            lease.settledTo = uint40(settledTo);
            uint256 fee = LeaseMath.fee(gross, terms.feeBps);
            emit LeaseSettled(leaseId, from, settledTo, gross - fee, fee, released - gross);
            _add(release, terms, gross - fee, fee, released - gross);
        }
        bool over = _endIfOver(leaseId, lease, terms);
        if (settledTo == from && !over) return;
        _save(leaseId, lease);
        _relax(leaseId, terms, released, over);
    }

    /// @dev Walks the seconds up to `to`, one rate at a time, until the policy stops.
    /// @return settledTo Up to where the policy went, and at least FALLBACK ago.
    /// @return released Wei that the way costs.
    /// @return gross Wei of them that it released.
    /// @return revision Of the node, as far as it said.
    function _ask(bytes32 leaseId, Lease memory lease, Terms memory terms, uint256 to)
        private
        view
        returns (uint256 settledTo, uint256 released, uint256 gross, uint256 revision)
    {
        settledTo = lease.settledTo;
        revision = lease.revision;
        while (settledTo < to) {
            (uint256 stop, bool held) = lease.segment(settledTo, to);
            uint256 rate = held ? _holdRate(terms) : terms.rate;
            uint256 amount;
            uint256 advanceTo = stop; // what costs nothing needs no verdict
            if (rate != 0) {
                (amount, advanceTo, revision) =
                    PolicyCalls.release(terms.policy, leaseId, terms.node, settledTo, stop, rate, revision);
            }
            released += rate * (advanceTo - settledTo);
            gross += amount;
            settledTo = advanceTo;
            if (advanceTo < stop) break;
        }
        uint256 fallbackTo = Math.min(to, block.timestamp - FALLBACK);
        if (fallbackTo > settledTo) {
            released += _cost(lease, terms, settledTo, fallbackTo);
            settledTo = fallbackTo;
        }
    }

    /// @dev Frees the units of a lease whose end has come, once, and closes it when all of it is settled.
    function _endIfOver(bytes32 leaseId, Lease memory lease, Terms memory terms) private returns (bool over) {
        if (lease.endsAt == 0 || block.timestamp < lease.endsAt) return false;
        if (lease.status == Status.Ending) {
            over = true;
            lease.status = Status.Ended;
            _giveBack(terms.node, terms.units);
            emit LeaseEnded(leaseId, terms.node, terms.units);
        }
        if (lease.settledTo == lease.endsAt) {
            lease.status = Status.Closed;
            emit LeaseClosed(leaseId);
        }
    }

    /// @dev Adds to a release; one to another provider or in another token, or that would refund another renter, is paid
    /// first.
    function _add(Release memory release, Terms memory terms, uint256 payment, uint256 fee, uint256 refund) private {
        bool isOther = release.provider != terms.provider || release.token != terms.token;
        if (isOther || (refund != 0 && release.refund != 0 && release.renter != terms.renter)) {
            _pay(release);
            (release.token, release.provider) = (terms.token, terms.provider);
            (release.payment, release.fee, release.refund) = (0, 0, 0);
        }
        release.payment += payment;
        release.fee += fee;
        if (refund != 0) {
            release.renter = terms.renter;
            release.refund += refund;
        }
    }

    function _pay(Release memory release) private {
        if (release.payment + release.fee + release.refund == 0) return;
        ledger.release(release.token, release.provider, release.renter, release.payment, release.fee, release.refund);
    }

    /// @dev Takes wei that left a lease's escrow out of its operator's usage; its rate too when the lease is over.
    function _relax(bytes32 leaseId, Terms memory terms, uint256 released, bool over) private {
        if (terms.operator == address(0)) return;
        uint256 exposure = _exposures[leaseId];
        uint256 amount = Math.min(released, exposure);
        if (amount != 0) _exposures[leaseId] = exposure - amount;
        uint256 rate = over ? terms.rate : 0;
        if (amount + rate != 0) ledger.relax(terms.token, terms.renter, terms.operator, amount, rate);
    }

    function _load(Terms calldata terms_)
        private
        view
        returns (bytes32 leaseId, Lease memory lease, Terms memory terms)
    {
        leaseId = LeaseMath.copy(terms_, terms);
        _leases[leaseId].load(lease);
        if (lease.status == Status.None) _revertStatus(leaseId, Status.None);
    }

    function _escrow(address token, address owner, address spender, uint256 amount, uint256 rate, uint256 tail)
        private
    {
        ledger.escrow(token, owner, spender, amount, rate, tail);
    }

    /// @dev What is signed away must be the renter's, in the lease's token.
    function _checkMoney(address from, address token, Offer calldata offer, Request calldata request) private pure {
        if (from != request.renter || token != offer.token) revert LeaseBook_AuthorizationMismatch(from, token);
    }

    function _revertStatus(bytes32 leaseId, Status status) private pure {
        revert LeaseBook_WrongStatus(leaseId, status);
    }

    function _freeMemory() private pure returns (uint256 free) {
        assembly ("memory-safe") {
            free := mload(0x40)
        }
    }

    function _setFreeMemory(uint256 free) private pure {
        assembly ("memory-safe") {
            mstore(0x40, free)
        }
    }

    function _save(bytes32 leaseId, Lease memory lease) private {
        _leases[leaseId].save(lease);
    }

    /// @dev Wei for the seconds [from, to).
    function _cost(Lease memory lease, Terms memory terms, uint256 from, uint256 to) private pure returns (uint256) {
        return lease.cost(from, to, terms.rate, _holdRate(terms));
    }

    function _holdRate(Terms memory terms) private pure returns (uint256) {
        return LeaseMath.holdRate(terms.rate, terms.holdRateBps);
    }
}
