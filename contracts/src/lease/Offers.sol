// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {LibBit} from "solady/utils/LibBit.sol";

import {INodeRegistry} from "../registry/INodeRegistry.sol";
import {ILeaseBook} from "./ILeaseBook.sol";
import {IReleasePolicy} from "./IReleasePolicy.sol";
import {LeaseMath} from "./LeaseMath.sol";
import {Slots} from "./Slots.sol";

/// @title What leases open on: signed offers, their nodes' units and nonces, and the markets
abstract contract Offers is ILeaseBook, AccessManaged, EIP712 {
    using SafeCast for uint256;
    using Slots for Slots.Desk;
    using Slots for Market;

    uint256 private constant MAX_FEE_BPS = 1_000;
    uint256 private constant MAX_COVER_BPS = 10_000;
    uint256 private constant BASIS_POINTS = 10_000;
    uint32 private constant FIRST_NONCE = 1;

    /// @dev Words of `Offer`, whose fields are all static.
    uint256 private constant OFFER_BYTES = 15 * 32;

    bytes32 private constant OFFER_TYPEHASH = keccak256(
        "Offer(address node,uint32 units,address token,uint96 rate,uint32 minSeconds,uint32 maxSeconds,uint32 graceSeconds,uint16 holdRateBps,uint32 noticeSeconds,uint128 reclaimPrice,address policy,address renter,bool reusable,uint64 deadline,uint256 nonce)"
    );

    INodeRegistry public immutable registry;

    mapping(address node => Slots.Desk) private _desks;
    mapping(address token => mapping(address policy => Market)) private _markets;

    /// @inheritdoc ILeaseBook
    bool public paused;

    constructor(address authority, INodeRegistry registry_) AccessManaged(authority) {
        registry = registry_;
    }

    /// @inheritdoc ILeaseBook
    function cancelOffer(address node, uint256 nonce) external {
        _checkOwner(node);
        Slots.Desk memory desk = _deskOf(node);
        _use(desk, _unused(desk, node, nonce));
        _desks[node].save(desk);
        emit OfferCancelled(node, nonce, msg.sender);
    }

    /// @inheritdoc ILeaseBook
    function cancelOffersBelow(address node, uint256 floor) external {
        _checkOwner(node);
        Slots.Desk memory desk = _deskOf(node);
        if (floor <= desk.floor) revert LeaseBook_NonceOutOfRange(node, floor, desk.floor);
        _advance(desk, floor - desk.floor);
        _desks[node].save(desk);
        emit OffersCancelledBelow(node, floor, msg.sender);
    }

    /// @inheritdoc ILeaseBook
    function setMarket(address token, address policy, Market calldata market) external restricted {
        _checkBound(market.feeBps, MAX_FEE_BPS);
        _checkBound(market.coverBps, MAX_COVER_BPS);
        _markets[token][policy] = market;
        emit MarketSet(token, policy, market);
    }

    /// @inheritdoc ILeaseBook
    function setPaused(bool paused_) external restricted {
        paused = paused_;
        emit PausedSet(paused_);
    }

    /// @inheritdoc ILeaseBook
    function leasedUnits(address node) external view returns (uint256) {
        return _desks[node].leasedUnits;
    }

    /// @inheritdoc ILeaseBook
    function isNonceUsed(address node, uint256 nonce) external view returns (bool) {
        return _isUsed(_deskOf(node), nonce);
    }

    /// @inheritdoc ILeaseBook
    function nonceFloor(address node) external view returns (uint256) {
        return _deskOf(node).floor;
    }

    /// @inheritdoc ILeaseBook
    function marketOf(address token, address policy) public view returns (Market memory market) {
        _markets[token][policy].load(market);
    }

    /// @inheritdoc ILeaseBook
    function quote(Offer calldata offer, uint256 fundedSeconds) external view returns (uint256) {
        (Offer memory offer_,) = _copy(offer);
        return _funds(offer_, fundedSeconds);
    }

    /// @inheritdoc ILeaseBook
    function hashOffer(Offer calldata offer) external view returns (bytes32 offerHash) {
        (, offerHash) = _copy(offer);
    }

    /// @inheritdoc ILeaseBook
    function openAction(bytes32 offerHash, Request calldata request) public pure returns (bytes32) {
        return keccak256(abi.encode(offerHash, request));
    }

    /// @dev A copy of an offer, whose fields are in the ranges of their types, and its EIP-712 digest. All fields are static,
    /// so that their words are the encoding that EIP-712 asks for.
    function _copy(Offer calldata offer) internal view returns (Offer memory copied, bytes32 offerHash) {
        bytes32 typehash = OFFER_TYPEHASH;
        uint256 excess;
        assembly ("memory-safe") {
            calldatacopy(copied, offer, OFFER_BYTES)
            let pointer := mload(0x40)
            mstore(pointer, typehash)
            mcopy(add(pointer, 0x20), copied, OFFER_BYTES)
            offerHash := keccak256(pointer, add(OFFER_BYTES, 0x20))

            excess := or(shr(160, mload(copied)), shr(32, mload(add(copied, 0x20)))) // node, units
            excess := or(excess, shr(160, mload(add(copied, 0x40)))) // token
            excess := or(excess, shr(96, mload(add(copied, 0x60)))) // rate
            excess := or(excess, shr(32, mload(add(copied, 0x80)))) // minSeconds
            excess := or(excess, shr(32, mload(add(copied, 0xa0)))) // maxSeconds
            excess := or(excess, shr(32, mload(add(copied, 0xc0)))) // graceSeconds
            excess := or(excess, shr(16, mload(add(copied, 0xe0)))) // holdRateBps
            excess := or(excess, shr(32, mload(add(copied, 0x100)))) // noticeSeconds
            excess := or(excess, shr(128, mload(add(copied, 0x120)))) // reclaimPrice
            excess := or(excess, shr(160, mload(add(copied, 0x140)))) // policy
            excess := or(excess, shr(160, mload(add(copied, 0x160)))) // renter
            excess := or(excess, shr(1, mload(add(copied, 0x180)))) // reusable
            excess := or(excess, shr(64, mload(add(copied, 0x1a0)))) // deadline
        }
        _require(excess == 0, "range");
        offerHash = _hashTypedData(offerHash);
    }

    /// @dev All that can be said against an offer and a request without their signature and the node. Lengths of time have
    /// 32 bits and the rate 96, so that no sum of them passes 40 bits and no cost 128.
    /// @return market The offer's market.
    /// @return funded Wei that the lease needs.
    function _checkOffer(Offer memory offer, Request calldata request)
        internal
        view
        returns (Market memory market, uint256 funded)
    {
        if (block.timestamp > offer.deadline) revert LeaseBook_OfferExpired(offer.deadline, block.timestamp);
        if (request.renter == address(0) || (offer.renter != address(0) && offer.renter != request.renter)) {
            revert LeaseBook_OfferNotForRenter(request.renter, offer.renter);
        }
        _require(offer.units != 0, "units");
        _require(offer.rate != 0, "rate");
        _require(offer.holdRateBps <= BASIS_POINTS, "holdRateBps");
        _markets[offer.token][offer.policy].load(market);
        if (!market.isOpen) revert LeaseBook_MarketClosed(offer.token, offer.policy);
        if (paused) revert LeaseBook_Paused();
        funded = _funds(offer, request.fundedSeconds);
        _checkFunds(funded, market.minFunds);
    }

    /// @dev The node's owner and its claimed units. Either its operator or its owner must have signed.
    function _checkSigner(address node, bytes32 offerHash, bytes calldata signature)
        internal
        view
        returns (address provider, uint256 units)
    {
        INodeRegistry.Node memory found = _nodeOf(node);
        if (found.status != INodeRegistry.Status.Active) revert LeaseBook_NodeNotActive(node);
        (provider, units) = (found.provider, found.units);
        // A key's own signature counts first: it is the usual one, and no code on its account can disown it.
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(offerHash, signature);
        if (failure == ECDSA.RecoverError.NoError && (signer == found.operator || signer == provider)) {
            return (provider, units);
        }
        if (
            !SignatureChecker.isValidERC1271SignatureNowCalldata(provider, offerHash, signature)
                && !SignatureChecker.isValidERC1271SignatureNowCalldata(found.operator, offerHash, signature)
        ) revert LeaseBook_InvalidOfferSignature(node, offerHash);
    }

    /// @dev Takes the offer's units, within what the node claims and what the policy allows, and its nonce.
    function _take(Offer memory offer, uint256 claimed) internal {
        Slots.Desk memory desk = _deskOf(offer.node);
        uint256 bit = _unused(desk, offer.node, offer.nonce);
        uint256 capacity = Math.min(claimed, IReleasePolicy(offer.policy).capacityOf(offer.node));
        uint256 leased = uint256(desk.leasedUnits) + offer.units;
        if (leased > capacity) {
            revert LeaseBook_CapacityExceeded(offer.node, desk.leasedUnits, offer.units, capacity);
        }
        // forge-lint: disable-next-line(unsafe-typecast) at most the claim, which has 32 bits
        desk.leasedUnits = uint32(leased);
        if (!offer.reusable) _use(desk, bit);
        _desks[offer.node].save(desk);
    }

    function _giveBack(address node, uint32 units) internal {
        Slots.Desk memory desk;
        _desks[node].load(desk);
        desk.leasedUnits -= units;
        _desks[node].save(desk);
    }

    function _domainNameAndVersion() internal pure override returns (string memory name, string memory version) {
        return ("Spheron LeaseBook", "1");
    }

    function _checkSeconds(uint256 asked, uint256 minimum, uint256 maximum) internal pure {
        if (asked < minimum || asked > maximum) revert LeaseBook_SecondsOutOfBounds(asked, minimum, maximum);
    }

    function _checkFunds(uint256 amount, uint256 minimum) internal pure {
        if (amount < minimum) revert LeaseBook_FundsTooLow(amount, minimum);
    }

    function _require(bool holds, bytes32 reason) private pure {
        if (!holds) revert LeaseBook_InvalidOffer(reason);
    }

    /// @dev Wei for `fundedSeconds` and the grace reserve; the seconds must be within the offer's bounds.
    function _funds(Offer memory offer, uint256 fundedSeconds) private pure returns (uint256) {
        uint256 minimum = Math.max(offer.minSeconds, 1);
        uint256 maximum = Math.saturatingSub(offer.maxSeconds, offer.graceSeconds);
        _require(minimum <= maximum, "seconds");
        _checkSeconds(fundedSeconds, minimum, maximum);
        return
            fundedSeconds * offer.rate + uint256(offer.graceSeconds) * LeaseMath.holdRate(offer.rate, offer.holdRateBps);
    }

    function _checkBound(uint256 value, uint256 maximum) private pure {
        if (value > maximum) revert LeaseBook_AboveBound(value, maximum);
    }

    function _checkOwner(address node) private view {
        INodeRegistry.Node memory found = _nodeOf(node);
        if (msg.sender != found.operator && msg.sender != found.provider) {
            revert LeaseBook_NotAuthorized(msg.sender);
        }
    }

    function _nodeOf(address node) private view returns (INodeRegistry.Node memory) {
        return registry.nodeOf(node);
    }

    function _deskOf(address node) private view returns (Slots.Desk memory desk) {
        _desks[node].load(desk);
        if (desk.floor == 0) desk.floor = FIRST_NONCE;
    }

    /// @dev Which bit stands for a nonce that is neither used nor cancelled.
    function _unused(Slots.Desk memory desk, address node, uint256 nonce) private pure returns (uint256 bit) {
        if (_isUsed(desk, nonce)) revert LeaseBook_OfferUsed(node, nonce);
        bit = nonce - desk.floor;
        if (bit >= Slots.NONCES) revert LeaseBook_NonceOutOfRange(node, nonce, desk.floor);
    }

    function _isUsed(Slots.Desk memory desk, uint256 nonce) private pure returns (bool) {
        return nonce < desk.floor || uint256(desk.used) >> (nonce - desk.floor) & 1 == 1;
    }

    function _use(Slots.Desk memory desk, uint256 bit) private pure {
        // forge-lint: disable-next-line(unsafe-typecast) one of 192 bits
        desk.used |= uint192(uint256(1) << bit);
        if (bit == 0) _advance(desk, 0);
    }

    /// @dev Moves the floor up by `steps`, and on over all nonces that are used or cancelled there.
    function _advance(Slots.Desk memory desk, uint256 steps) private pure {
        uint256 used = uint256(desk.used) >> steps;
        uint256 run = LibBit.ffs(~used);
        desk.floor = (desk.floor + steps + run).toUint32();
        // forge-lint: disable-next-line(unsafe-typecast) no bits are added
        desk.used = uint192(used >> run);
    }
}
