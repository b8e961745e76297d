// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ILeaseBook} from "../lease/ILeaseBook.sol";
import {LeaseMath} from "../lease/LeaseMath.sol";
import {ILedger} from "./ILedger.sol";
import {IStandingTopUps} from "./IStandingTopUps.sol";

/// @title StandingTopUps
/// @dev Immutable. As a module of the Ledger it moves the renter's money through its own escrow into its own balance,
/// from which the LeaseBook takes it: a top-up is paid by whoever calls.
contract StandingTopUps is IStandingTopUps, EIP712, ReentrancyGuardTransient {
    /// @inheritdoc IStandingTopUps
    uint256 public constant MAX_TIP_BPS = 100;

    uint256 private constant BASIS_POINTS = 10_000;

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(address renter,address token,bytes32 leaseId,address node,uint96 maxRate,uint104 budget,uint104 periodCap,uint32 period,uint32 threshold,uint32 chunk,uint16 tipBps,uint104 maxTip,bool fromWallet,uint40 expiry,uint256 nonce)"
    );

    ILedger public immutable ledger;
    ILeaseBook public immutable leaseBook;

    mapping(bytes32 orderId => State) private _states;

    constructor(ILedger ledger_, ILeaseBook leaseBook_) EIP712("Spheron StandingTopUps", "1") {
        (ledger, leaseBook) = (ledger_, leaseBook_);
    }

    /// @inheritdoc IStandingTopUps
    function authorize(Order calldata order) external returns (bytes32 orderId) {
        if (msg.sender != order.renter) revert StandingTopUps_NotAuthorized(msg.sender, order.renter);
        orderId = hashOrder(order);
        _authorize(orderId, order);
    }

    /// @inheritdoc IStandingTopUps
    function authorizeBySignature(Order calldata order, bytes calldata signature) external returns (bytes32 orderId) {
        orderId = hashOrder(order);
        if (!SignatureChecker.isValidSignatureNowCalldata(order.renter, orderId, signature)) {
            revert StandingTopUps_NotAuthorized(msg.sender, order.renter);
        }
        _authorize(orderId, order);
    }

    /// @inheritdoc IStandingTopUps
    function revoke(Order calldata order) external {
        if (msg.sender != order.renter) revert StandingTopUps_NotAuthorized(msg.sender, order.renter);
        bytes32 orderId = hashOrder(order);
        State storage state = _states[orderId];
        if (state.status == Status.Revoked) revert StandingTopUps_WrongStatus(orderId, Status.Revoked);
        state.status = Status.Revoked;
        emit OrderRevoked(orderId, order.renter);
    }

    /// @inheritdoc IStandingTopUps
    function topUp(Order calldata order, ILeaseBook.Terms calldata terms)
        external
        nonReentrant
        returns (uint256 extraSeconds, uint256 amount, uint256 tip)
    {
        bytes32 orderId = hashOrder(order);
        bytes32 leaseId = LeaseMath.hash(terms);
        _checkCovered(orderId, order, leaseId, terms);
        (uint256 funded,) = leaseBook.runwayOf(terms);
        if (funded >= order.threshold) revert StandingTopUps_RunwayNotLow(leaseId, funded, order.threshold);

        (extraSeconds, amount, tip) = quote(order, terms);
        State memory state = _spend(orderId, order, amount + tip);
        emit OrderUsed(
            orderId, leaseId, msg.sender, extraSeconds, amount, tip, state.spent, state.periodSpent, state.periodStart
        );
        _take(order, amount, tip);
        uint256 taken = leaseBook.topUp(terms, extraSeconds);
        if (taken != amount) revert StandingTopUps_UnexpectedAmount(amount, taken);
    }

    /// @inheritdoc IStandingTopUps
    function stateOf(bytes32 orderId) external view returns (State memory) {
        return _states[orderId];
    }

    /// @inheritdoc IStandingTopUps
    function quote(Order calldata order, ILeaseBook.Terms calldata terms)
        public
        view
        returns (uint256 extraSeconds, uint256 amount, uint256 tip)
    {
        uint256 fundedUntil = leaseBook.leaseOf(LeaseMath.hash(terms)).fundedUntil;
        bool inGrace = block.timestamp >= fundedUntil;
        // The LeaseBook asks for a least amount, and for a full grace from whoever is not the renter; or for all that is left.
        uint256 minTopUp = leaseBook.marketOf(terms.token, terms.policy).minTopUp;
        extraSeconds = Math.max(order.chunk, Math.ceilDiv(minTopUp, terms.rate));
        if (inGrace) extraSeconds = Math.max(extraSeconds, terms.graceSeconds);
        uint256 from = Math.max(fundedUntil, block.timestamp);
        extraSeconds =
            Math.min(extraSeconds, LeaseMath.fundable(terms.start, terms.maxSeconds, terms.graceSeconds, from));

        amount = extraSeconds * terms.rate;
        if (inGrace) amount += (block.timestamp - fundedUntil) * LeaseMath.holdRate(terms.rate, terms.holdRateBps);
        tip = Math.min(amount * order.tipBps / BASIS_POINTS, order.maxTip);
    }

    /// @inheritdoc IStandingTopUps
    function hashOrder(Order calldata order) public view returns (bytes32 orderId) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER_TYPEHASH, order)));
    }

    function _authorize(bytes32 orderId, Order calldata order) private {
        if ((order.leaseId == 0) == (order.node == address(0))) revert StandingTopUps_InvalidOrder("leaseId");
        if (order.threshold == 0) revert StandingTopUps_InvalidOrder("threshold");
        if (order.chunk == 0) revert StandingTopUps_InvalidOrder("chunk");
        if (order.period == 0) revert StandingTopUps_InvalidOrder("period");
        if (order.tipBps > MAX_TIP_BPS) revert StandingTopUps_InvalidOrder("tipBps");
        if (block.timestamp >= order.expiry) revert StandingTopUps_Expired(orderId, order.expiry);
        State storage state = _states[orderId];
        if (state.status != Status.None) revert StandingTopUps_WrongStatus(orderId, state.status);
        state.status = Status.Active;
        emit OrderAuthorized(orderId, order.renter, order);
    }

    function _checkCovered(bytes32 orderId, Order calldata order, bytes32 leaseId, ILeaseBook.Terms calldata terms)
        private
        view
    {
        if (block.timestamp >= order.expiry) revert StandingTopUps_Expired(orderId, order.expiry);
        bool named = order.leaseId != 0 ? order.leaseId == leaseId : order.node == terms.node;
        if (!named || terms.renter != order.renter || terms.token != order.token || terms.rate > order.maxRate) {
            revert StandingTopUps_NotCovered(orderId, leaseId);
        }
    }

    /// @dev Counts `needed` wei in the order's budget and in its period.
    function _spend(bytes32 orderId, Order calldata order, uint256 needed) private returns (State memory state) {
        state = _states[orderId];
        if (state.status != Status.Active) revert StandingTopUps_WrongStatus(orderId, state.status);
        if (block.timestamp >= uint256(state.periodStart) + order.period) {
            (state.periodStart, state.periodSpent) = (uint40(block.timestamp), 0);
        }
        uint256 spent = state.spent + needed;
        uint256 periodSpent = state.periodSpent + needed;
        if (spent > order.budget) revert StandingTopUps_BudgetExceeded(orderId, spent, order.budget);
        if (periodSpent > order.periodCap) {
            revert StandingTopUps_PeriodCapExceeded(orderId, periodSpent, order.periodCap);
        }
        // forge-lint: disable-next-line(unsafe-typecast)
        (state.spent, state.periodSpent) = (uint104(spent), uint104(periodSpent)); // within the caps
        _states[orderId] = state;
    }

    /// @dev Brings `amount` wei of the renter's into this contract's balance, and `tip` wei into the caller's.
    function _take(Order calldata order, uint256 amount, uint256 tip) private {
        uint256 needed = amount + tip;
        if (order.fromWallet && ledger.balanceOf(order.token, order.renter) < needed) {
            ledger.pullAndEscrow(order.token, order.renter, needed);
        } else {
            ledger.escrow(order.token, order.renter, order.renter, needed, 0, 0);
        }
        ledger.release(order.token, address(this), msg.sender, amount, 0, tip);
    }
}
