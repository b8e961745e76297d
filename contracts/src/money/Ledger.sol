// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ILedger} from "./ILedger.sol";

/// @notice The ERC-3009 overload that takes the signature as bytes, hence also an ERC-1271 one.
interface IReceiveWithAuthorization {
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) external;
}

/// @title Ledger
/// @dev Immutable. It trusts allowed tokens not to rebase and not to charge the sender above the amount, and admitted
/// modules to act only for their caller. What one module holds and has committed is out of reach of every other.
contract Ledger is ILedger, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Wei that a module holds in a token: one slot.
    struct Holdings {
        uint128 escrowed;
        uint128 fees;
    }

    mapping(address token => mapping(address owner => uint256)) private _balances;
    mapping(address module => mapping(address token => Holdings)) private _holdings;
    mapping(address token => mapping(address owner => mapping(address operator => Allowance))) private _allowances;
    mapping(address token => mapping(address owner => mapping(address operator => Usage))) private _usage;

    /// @dev The part of a usage that came through one module; only that module can lower it.
    mapping(address module => mapping(bytes32 usageKey => Usage)) private _moduleUsage;

    /// @inheritdoc ILedger
    mapping(address token => bool) public isTokenAllowed;

    /// @inheritdoc ILedger
    mapping(address module => bytes32) public productOf;

    /// @inheritdoc ILedger
    address public feeCollector;

    modifier onlyModule() {
        if (productOf[msg.sender] == 0) revert Ledger_NotModule(msg.sender);
        _;
    }

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc ILedger
    function deposit(address token, address owner, uint256 amount) external nonReentrant returns (uint256) {
        return _depositFrom(token, owner, msg.sender, amount);
    }

    /// @inheritdoc ILedger
    function depositWithPermit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
        returns (uint256)
    {
        _checkDeposit(token, msg.sender, amount);
        // Anybody can spend a permit first; what counts is the token allowance, which the transfer checks.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        return _depositFrom(token, msg.sender, msg.sender, amount);
    }

    /// @inheritdoc ILedger
    function depositWithAuthorization(Authorization calldata authorization) external nonReentrant returns (uint256) {
        return _depositAuthorized(authorization, authorizationNonce(address(0), 0, authorization.salt));
    }

    /// @inheritdoc ILedger
    function withdraw(address token, address to, uint256 amount) external nonReentrant {
        if (amount == 0) revert Ledger_ZeroAmount();
        _checkAccount(to);
        _debit(token, msg.sender, amount);
        emit Withdrawn(token, msg.sender, to, amount);
        IERC20(token).safeTransfer(to, amount);
    }

    /// @inheritdoc ILedger
    function setAllowance(address token, address operator, Allowance calldata allowance) external {
        _checkAccount(operator);
        _allowances[token][msg.sender][operator] = allowance;
        emit AllowanceSet(msg.sender, operator, token, allowance.rateCap, allowance.exposureCap, allowance.expiry);
    }

    /// @inheritdoc ILedger
    function pull(address token, address payer, uint256 amount) external onlyModule nonReentrant returns (uint256) {
        return _depositFrom(token, payer, payer, amount);
    }

    /// @inheritdoc ILedger
    function pullWithAuthorization(Authorization calldata authorization, bytes32 action)
        external
        onlyModule
        nonReentrant
        returns (uint256)
    {
        return _depositAuthorized(authorization, authorizationNonce(msg.sender, action, authorization.salt));
    }

    /// @inheritdoc ILedger
    function escrow(address token, address owner, address spender, uint256 amount, uint256 rate) external onlyModule {
        if (amount == 0) revert Ledger_ZeroAmount();
        Holdings storage holdings = _holdings[msg.sender][token];
        // Escrow and fees together fit one half of the slot, so that moving from one to the other cannot overflow.
        uint256 room = type(uint128).max - uint256(holdings.escrowed) - holdings.fees;
        if (amount > room) revert Ledger_AmountTooLarge(amount, room);

        if (spender != owner) _commit(token, owner, spender, amount, rate);
        _debit(token, owner, amount);
        // forge-lint: disable-next-line(unsafe-typecast)
        holdings.escrowed += uint128(amount); // at most `room`
        emit Escrowed(msg.sender, token, owner, amount);
    }

    /// @inheritdoc ILedger
    function release(address token, address payee, address payer, uint256 payment, uint256 fee, uint256 refund)
        external
    {
        Holdings storage holdings = _holdings[msg.sender][token];
        uint256 escrowed = holdings.escrowed;
        // Each term is held against the escrow before the sum is, which then cannot overflow.
        uint256 largest = payment > fee ? payment : fee;
        if (refund > largest) largest = refund;
        uint256 needed = largest > escrowed ? largest : payment + fee + refund;
        if (needed > escrowed) revert Ledger_InsufficientEscrow(msg.sender, token, escrowed, needed);
        if (needed == 0) revert Ledger_ZeroAmount();

        // forge-lint: disable-next-line(unsafe-typecast)
        holdings.escrowed = uint128(escrowed - needed); // less than what was there
        // forge-lint: disable-next-line(unsafe-typecast)
        if (fee != 0) holdings.fees += uint128(fee); // at most what was in escrow
        if (payment != 0) _credit(token, payee, payment);
        if (refund != 0) _credit(token, payer, refund);
        emit Released(msg.sender, token, payee, payer, payment, fee, refund);
    }

    /// @inheritdoc ILedger
    function relax(address token, address owner, address operator, uint256 amount, uint256 rate) external {
        if (amount == 0 && rate == 0) revert Ledger_ZeroAmount();
        Usage storage own = _moduleUsage[msg.sender][_usageKey(token, owner, operator)];
        (uint256 ownRate, uint256 ownExposure) = (own.rate, own.exposure);
        if (rate > ownRate) revert Ledger_AmountTooLarge(rate, ownRate);
        if (amount > ownExposure) revert Ledger_AmountTooLarge(amount, ownExposure);

        // The module's part is never more than the whole, so neither subtraction can fall below zero.
        Usage storage whole = _usage[token][owner][operator];
        (uint256 newRate, uint256 newExposure) = (whole.rate - rate, whole.exposure - amount);
        _setUsage(own, ownRate - rate, ownExposure - amount);
        _setUsage(whole, newRate, newExposure);
        emit UsageChanged(owner, operator, token, newRate, newExposure);
    }

    /// @inheritdoc ILedger
    function collectFees(address module, address token) external returns (uint256 amount) {
        Holdings storage holdings = _holdings[module][token];
        amount = holdings.fees;
        if (amount == 0) return 0;
        address collector = feeCollector;
        holdings.fees = 0;
        _credit(token, collector, amount);
        emit FeesCollected(module, token, collector, amount);
    }

    /// @inheritdoc ILedger
    function setToken(address token, bool allowed) external restricted {
        _checkAccount(token);
        isTokenAllowed[token] = allowed;
        emit TokenSet(token, allowed);
    }

    /// @inheritdoc ILedger
    function setModule(address module, bytes32 product) external restricted {
        _checkAccount(module);
        productOf[module] = product;
        emit ModuleSet(module, product);
    }

    /// @inheritdoc ILedger
    function setFeeCollector(address collector) external restricted {
        _checkAccount(collector);
        feeCollector = collector;
        emit FeeCollectorSet(collector);
    }

    /// @inheritdoc ILedger
    function balanceOf(address token, address owner) external view returns (uint256) {
        return _balances[token][owner];
    }

    /// @inheritdoc ILedger
    function escrowOf(address module, address token) external view returns (uint256) {
        return _holdings[module][token].escrowed;
    }

    /// @inheritdoc ILedger
    function feesOf(address module, address token) external view returns (uint256) {
        return _holdings[module][token].fees;
    }

    /// @inheritdoc ILedger
    function allowanceOf(address token, address owner, address operator) external view returns (Allowance memory) {
        return _allowances[token][owner][operator];
    }

    /// @inheritdoc ILedger
    function usageOf(address token, address owner, address operator) external view returns (Usage memory) {
        return _usage[token][owner][operator];
    }

    /// @inheritdoc ILedger
    function authorizationNonce(address module, bytes32 action, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(module, action, salt)) & ~bytes32(uint256(type(uint64).max));
    }

    function _depositFrom(address token, address owner, address payer, uint256 amount) private returns (uint256) {
        _checkDeposit(token, owner, amount);
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(payer, address(this), amount);
        return _creditArrived(token, owner, payer, before);
    }

    function _depositAuthorized(Authorization calldata a, bytes32 nonce) private returns (uint256) {
        _checkDeposit(a.token, a.from, a.amount);
        uint256 before = IERC20(a.token).balanceOf(address(this));
        IReceiveWithAuthorization(a.token)
            .receiveWithAuthorization(a.from, address(this), a.amount, a.validAfter, a.validBefore, nonce, a.signature);
        return _creditArrived(a.token, a.from, a.from, before);
    }

    function _creditArrived(address token, address owner, address payer, uint256 before)
        private
        returns (uint256 credited)
    {
        credited = IERC20(token).balanceOf(address(this)) - before;
        if (credited == 0) revert Ledger_ZeroAmount();
        _credit(token, owner, credited);
        emit Deposited(token, owner, payer, credited);
    }

    function _checkDeposit(address token, address owner, uint256 amount) private view {
        if (!isTokenAllowed[token]) revert Ledger_TokenNotAllowed(token);
        if (amount == 0) revert Ledger_ZeroAmount();
        _checkAccount(owner);
    }

    function _checkAccount(address account) private view {
        if (account == address(0) || account == address(this)) revert Ledger_InvalidAccount(account);
    }

    function _credit(address token, address owner, uint256 amount) private {
        if (owner == address(0)) revert Ledger_InvalidAccount(owner);
        _balances[token][owner] += amount;
    }

    function _debit(address token, address owner, uint256 amount) private {
        uint256 balance = _balances[token][owner];
        if (amount > balance) revert Ledger_InsufficientBalance(token, owner, balance, amount);
        unchecked {
            _balances[token][owner] = balance - amount;
        }
    }

    /// @dev Grows an operator's usage within its allowance. `amount` fits 128 bits.
    function _commit(address token, address owner, address operator, uint256 amount, uint256 rate) private {
        if (rate > type(uint128).max) revert Ledger_AmountTooLarge(rate, type(uint128).max);
        Allowance storage allowance = _allowances[token][owner][operator];
        uint256 expiry = allowance.expiry;
        if (block.timestamp >= expiry) revert Ledger_AllowanceExpired(owner, operator, expiry);

        Usage storage whole = _usage[token][owner][operator];
        (uint256 newRate, uint256 newExposure) = (whole.rate + rate, whole.exposure + amount);
        (uint256 rateCap, uint256 exposureCap) = (allowance.rateCap, allowance.exposureCap);
        if (newRate > rateCap) revert Ledger_RateCapExceeded(owner, operator, newRate, rateCap);
        if (newExposure > exposureCap) revert Ledger_ExposureCapExceeded(owner, operator, newExposure, exposureCap);

        Usage storage own = _moduleUsage[msg.sender][_usageKey(token, owner, operator)];
        _setUsage(own, own.rate + rate, own.exposure + amount);
        _setUsage(whole, newRate, newExposure);
        emit UsageChanged(owner, operator, token, newRate, newExposure);
    }

    /// @dev Both values fit: the whole is at most a 128-bit cap, a module's part at most the whole.
    function _setUsage(Usage storage usage, uint256 rate, uint256 exposure) private {
        // forge-lint: disable-next-line(unsafe-typecast)
        (usage.rate, usage.exposure) = (uint128(rate), uint128(exposure));
    }

    function _usageKey(address token, address owner, address operator) private pure returns (bytes32) {
        return keccak256(abi.encode(token, owner, operator));
    }
}
