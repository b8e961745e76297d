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

/// @notice Permit2, as far as the Ledger calls it.
interface ISignatureTransfer {
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    struct PermitTransferFrom {
        TokenPermissions permitted;
        uint256 nonce;
        uint256 deadline;
    }

    struct SignatureTransferDetails {
        address to;
        uint256 requestedAmount;
    }

    function permitWitnessTransferFrom(
        PermitTransferFrom memory permit,
        SignatureTransferDetails calldata transferDetails,
        address owner,
        bytes32 witness,
        string calldata witnessTypeString,
        bytes calldata signature
    ) external;
}

/// @title Ledger
/// @dev Immutable. It trusts allowed tokens not to rebase and not to charge the sender above the amount, and admitted
/// modules to act only for their caller. What one module holds and has committed is out of reach of every other.
contract Ledger is ILedger, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev What a module holds in a token, in wei, and whether it may take more: one slot.
    struct Holdings {
        uint120 escrowed;
        uint120 fees;
        bool admitted; // set by the first escrow, while the module has a product; cleared when it is stopped
    }

    /// @dev What a deposit must know of its token: one slot.
    struct Intake {
        bool listed; // among `_tokens`
        bool allowed;
        bool paused; // the same for all tokens
    }

    /// @inheritdoc ILedger
    address public constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;

    /// @inheritdoc ILedger
    uint256 public constant MAX_TOKENS = 64;

    bytes32 private constant PURPOSE_TYPEHASH = keccak256("Purpose(address module,bytes32 action)");
    string private constant WITNESS_TYPE =
        "Purpose witness)Purpose(address module,bytes32 action)TokenPermissions(address token,uint256 amount)";

    mapping(address token => mapping(address owner => uint256)) private _balances;
    mapping(address module => mapping(address token => Holdings)) private _holdings;
    mapping(address token => mapping(address owner => mapping(address operator => Allowance))) private _allowances;
    mapping(address token => mapping(address owner => mapping(address operator => Usage))) private _usage;

    /// @dev The part of a usage that came through one module; only that module can lower it.
    mapping(address module => mapping(bytes32 usageKey => Usage)) private _moduleUsage;

    mapping(address token => Intake) private _intakes;
    address[] private _tokens;

    /// @inheritdoc ILedger
    mapping(address module => bytes32) public productOf;

    /// @inheritdoc ILedger
    address public feeCollector;

    /// @inheritdoc ILedger
    bool public paused;

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc ILedger
    function deposit(address token, address owner, uint256 amount) external nonReentrant returns (uint256) {
        _checkIntake(token, owner, amount);
        return _credit(token, owner, msg.sender, _pull(token, msg.sender, amount));
    }

    /// @inheritdoc ILedger
    function depositWithPermit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
        returns (uint256)
    {
        _checkIntake(token, msg.sender, amount);
        // Anybody can spend a permit first; what counts is the token allowance, which the transfer checks.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        return _credit(token, msg.sender, msg.sender, _pull(token, msg.sender, amount));
    }

    /// @inheritdoc ILedger
    function depositWithAuthorization(Authorization calldata authorization) external nonReentrant returns (uint256) {
        uint256 arrived = _pullAuthorized(authorization, address(0), 0);
        return _credit(authorization.token, authorization.from, authorization.from, arrived);
    }

    /// @inheritdoc ILedger
    function depositWithPermit2(Permit calldata permit) external nonReentrant returns (uint256) {
        return _credit(permit.token, permit.from, permit.from, _pullPermitted(permit, address(0), 0));
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
        emit AllowanceSet(
            msg.sender, operator, token, allowance.rateCap, allowance.exposureCap, allowance.expiry, allowance.maxTail
        );
    }

    /// @inheritdoc ILedger
    function escrow(address token, address owner, address spender, uint256 amount, uint256 rate, uint256 tail)
        external
    {
        _hold(token, amount);
        if (spender != owner) _commit(token, owner, spender, amount, rate, tail);
        _debit(token, owner, amount);
        emit Escrowed(msg.sender, owner, token, amount);
    }

    /// @inheritdoc ILedger
    function pullAndEscrow(address token, address payer, uint256 amount) external nonReentrant {
        _hold(token, amount);
        _checkIntake(token, payer, amount);
        _escrowArrived(token, payer, _pull(token, payer, amount), amount);
    }

    /// @inheritdoc ILedger
    function pullWithAuthorizationAndEscrow(Authorization calldata authorization, bytes32 action, uint256 amount)
        external
        nonReentrant
    {
        _hold(authorization.token, amount);
        uint256 arrived = _pullAuthorized(authorization, msg.sender, action);
        _escrowArrived(authorization.token, authorization.from, arrived, amount);
    }

    /// @inheritdoc ILedger
    function pullWithPermit2AndEscrow(Permit calldata permit, bytes32 action, uint256 amount) external nonReentrant {
        _hold(permit.token, amount);
        _escrowArrived(permit.token, permit.from, _pullPermitted(permit, msg.sender, action), amount);
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
        holdings.escrowed = uint120(escrowed - needed); // less than what was there
        // forge-lint: disable-next-line(unsafe-typecast)
        if (fee != 0) holdings.fees += uint120(fee); // at most what was in escrow
        if (payment != 0) _add(token, payee, payment);
        if (refund != 0) _add(token, payer, refund);
        emit Released(msg.sender, payee, payer, token, payment, fee, refund);
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
        _add(token, collector, amount);
        emit FeesCollected(module, token, collector, amount);
    }

    /// @inheritdoc ILedger
    function setToken(address token, bool allowed) external restricted {
        _checkAccount(token);
        Intake storage intake = _intakes[token];
        if (allowed && !intake.listed) {
            if (_tokens.length == MAX_TOKENS) revert Ledger_TooManyTokens(MAX_TOKENS);
            _tokens.push(token);
            (intake.listed, intake.paused) = (true, paused);
        }
        intake.allowed = allowed;
        emit TokenSet(token, allowed);
    }

    /// @inheritdoc ILedger
    function setModule(address module, bytes32 product) external restricted {
        _checkAccount(module);
        productOf[module] = product;
        if (product == 0) {
            for (uint256 i = 0; i < _tokens.length; ++i) {
                _holdings[module][_tokens[i]].admitted = false;
            }
        }
        emit ModuleSet(module, product);
    }

    /// @inheritdoc ILedger
    function setFeeCollector(address collector) external restricted {
        _checkAccount(collector);
        feeCollector = collector;
        emit FeeCollectorSet(collector);
    }

    /// @inheritdoc ILedger
    function setPaused(bool paused_) external restricted {
        paused = paused_;
        // Each token carries the flag, so that a deposit reads one slot.
        for (uint256 i = 0; i < _tokens.length; ++i) {
            _intakes[_tokens[i]].paused = paused_;
        }
        emit PausedSet(paused_);
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
    function isTokenAllowed(address token) external view returns (bool) {
        return _intakes[token].allowed;
    }

    /// @inheritdoc ILedger
    function authorizationNonce(address module, bytes32 action, bytes32 salt) public pure returns (bytes32) {
        uint256 sequence = uint256(salt) <= type(uint64).max ? uint256(salt) : 0;
        bytes32 key = keccak256(abi.encode(module, action, sequence == 0 ? salt : bytes32(0)));
        return key & ~bytes32(uint256(type(uint64).max)) | bytes32(sequence);
    }

    function _pull(address token, address payer, uint256 amount) private returns (uint256 arrived) {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(payer, address(this), amount);
        return _arrived(token, before);
    }

    function _pullAuthorized(Authorization calldata a, address module, bytes32 action) private returns (uint256) {
        _checkIntake(a.token, a.from, a.amount);
        bytes32 nonce = authorizationNonce(module, action, a.salt);
        uint256 before = IERC20(a.token).balanceOf(address(this));
        IReceiveWithAuthorization(a.token)
            .receiveWithAuthorization(a.from, address(this), a.amount, a.validAfter, a.validBefore, nonce, a.signature);
        return _arrived(a.token, before);
    }

    function _pullPermitted(Permit calldata p, address module, bytes32 action) private returns (uint256) {
        _checkIntake(p.token, p.from, p.amount);
        uint256 before = IERC20(p.token).balanceOf(address(this));
        ISignatureTransfer(PERMIT2)
            .permitWitnessTransferFrom(
                ISignatureTransfer.PermitTransferFrom(
                    ISignatureTransfer.TokenPermissions(p.token, p.amount), p.nonce, p.deadline
                ),
                ISignatureTransfer.SignatureTransferDetails(address(this), p.amount),
                p.from,
                keccak256(abi.encode(PURPOSE_TYPEHASH, module, action)),
                WITNESS_TYPE,
                p.signature
            );
        return _arrived(p.token, before);
    }

    /// @dev What came in since the balance was `before`, in wei.
    function _arrived(address token, uint256 before) private view returns (uint256 arrived) {
        arrived = IERC20(token).balanceOf(address(this)) - before;
        if (arrived == 0) revert Ledger_ZeroAmount();
    }

    function _credit(address token, address owner, address payer, uint256 arrived) private returns (uint256) {
        _add(token, owner, arrived);
        emit Deposited(token, owner, payer, arrived);
        return arrived;
    }

    /// @dev Takes `amount` wei into the escrow of the calling module, if it is one.
    function _hold(address token, uint256 amount) private {
        if (amount == 0) revert Ledger_ZeroAmount();
        Holdings storage holdings = _holdings[msg.sender][token];
        if (!holdings.admitted) {
            if (productOf[msg.sender] == 0) revert Ledger_NotModule(msg.sender);
            holdings.admitted = true;
        }
        // Escrow and fees together fit one field, so that moving from one to the other cannot overflow.
        uint256 escrowed = holdings.escrowed;
        uint256 room = type(uint120).max - escrowed - holdings.fees;
        if (amount > room) revert Ledger_AmountTooLarge(amount, room);
        // forge-lint: disable-next-line(unsafe-typecast)
        holdings.escrowed = uint120(escrowed + amount); // at most `room` more
    }

    /// @dev Settles what arrived with the `amount` wei that went into escrow.
    function _escrowArrived(address token, address owner, uint256 arrived, uint256 amount) private {
        if (arrived > amount) _add(token, owner, arrived - amount);
        if (arrived < amount) _debit(token, owner, amount - arrived);
        emit EscrowedFromWallet(msg.sender, owner, token, arrived, amount);
    }

    function _checkIntake(address token, address owner, uint256 amount) private view {
        Intake storage intake = _intakes[token];
        if (!intake.allowed) revert Ledger_TokenNotAllowed(token);
        if (intake.paused) revert Ledger_Paused();
        if (amount == 0) revert Ledger_ZeroAmount();
        _checkAccount(owner);
    }

    function _checkAccount(address account) private view {
        if (account == address(0) || account == address(this)) revert Ledger_InvalidAccount(account);
    }

    function _add(address token, address owner, uint256 amount) private {
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
    function _commit(address token, address owner, address operator, uint256 amount, uint256 rate, uint256 tail)
        private
    {
        if (rate > type(uint128).max) revert Ledger_AmountTooLarge(rate, type(uint128).max);
        Usage storage whole = _usage[token][owner][operator];
        (uint256 newRate, uint256 newExposure) = (whole.rate + rate, whole.exposure + amount);
        _checkAllowance(_allowances[token][owner][operator], owner, operator, newRate, newExposure, tail);

        _setUsage(whole, newRate, newExposure);
        Usage storage own = _moduleUsage[msg.sender][_usageKey(token, owner, operator)];
        _setUsage(own, own.rate + rate, own.exposure + amount);
        emit UsageChanged(owner, operator, token, newRate, newExposure);
    }

    function _checkAllowance(
        Allowance memory allowance,
        address owner,
        address operator,
        uint256 rate,
        uint256 exposure,
        uint256 tail
    ) private view {
        if (block.timestamp >= allowance.expiry) {
            revert Ledger_AllowanceExpired(owner, operator, allowance.expiry);
        }
        if (rate > allowance.rateCap) revert Ledger_RateCapExceeded(owner, operator, rate, allowance.rateCap);
        if (exposure > allowance.exposureCap) {
            revert Ledger_ExposureCapExceeded(owner, operator, exposure, allowance.exposureCap);
        }
        if (tail > allowance.maxTail) revert Ledger_TailExceeded(owner, operator, tail, allowance.maxTail);
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
