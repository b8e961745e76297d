// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IOutageClock} from "../governance/IOutageClock.sol";
import {Outages} from "../governance/Outages.sol";
import {ExactTransfer} from "../money/ExactTransfer.sol";
import {IBonds} from "./IBonds.sol";
import {IDisputes} from "./IDisputes.sol";

/// @title Disputes
/// @dev Immutable. Bonds must know it as a slasher; what it slashes there is paid there, and what it
/// may slash is held there.
contract Disputes is IDisputes, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IDisputes
    uint256 public constant RESPONSE_PERIOD = 48 hours;
    /// @inheritdoc IDisputes
    uint256 public constant RULING_PERIOD = 72 hours;

    uint256 private constant MAX_URI_BYTES = 256;
    uint256 private constant BASIS_POINTS = 10_000;

    /// @notice Where the bonds are.
    IBonds public immutable bonds;
    /// @notice Counts the seconds in which nobody could act; address(0) for none.
    IOutageClock public immutable clock;

    address private immutable _burnAddress;
    uint256 private immutable _slashCapBps;

    /// @inheritdoc IDisputes
    bool public paused;
    uint64 private _count;
    /// @inheritdoc IDisputes
    mapping(address token => uint256) public depositOf;
    /// @inheritdoc IDisputes
    mapping(address account => mapping(address token => uint256)) public owedTo;

    mapping(uint256 id => Dispute) private _disputes;

    constructor(address initialAuthority, IBonds bonds_, IOutageClock clock_) AccessManaged(initialAuthority) {
        bonds = bonds_;
        clock = clock_;
        _burnAddress = bonds_.BURN_ADDRESS();
        _slashCapBps = bonds_.SLASH_CAP_BPS();
    }

    /// @inheritdoc IDisputes
    function open(IBonds.Role role, address accused, address token, bytes32 evidenceHash, string calldata uri)
        external
        nonReentrant
        returns (uint256 id)
    {
        if (paused) revert Disputes_Paused();
        if (accused == msg.sender) revert Disputes_InvalidAccount(accused);
        _checkUri(uri);
        uint256 deposit = depositOf[token];
        if (deposit == 0) revert Disputes_TokenNotAllowed(token);
        IBonds.Bond memory bond = bonds.bondOf(role, accused, token);
        uint96 stake = bond.active + bond.thawing;
        if (stake == 0) revert Disputes_NothingAtStake(accused, token);

        id = ++_count;
        _disputes[id] = Dispute({
            opener: msg.sender,
            // forge-lint: disable-next-line(unsafe-typecast) setDeposit bounds it
            deposit: uint96(deposit),
            accused: accused,
            openedAt: uint40(block.timestamp),
            role: role,
            status: Status.Open,
            isAnswered: false,
            token: token,
            stake: stake
        });
        emit DisputeOpened(id, accused, msg.sender, role, token, deposit, stake, evidenceHash, uri);
        bonds.hold(role, accused, token);
        ExactTransfer.pull(token, deposit);
    }

    /// @inheritdoc IDisputes
    function answer(uint256 id, bytes32 evidenceHash, string calldata uri) external {
        Dispute storage dispute = _openDispute(id);
        if (msg.sender != dispute.accused) revert Disputes_NotAccused(msg.sender);
        if (dispute.isAnswered) revert Disputes_AlreadyAnswered(id);
        _requireInTime(id);
        _checkUri(uri);
        dispute.isAnswered = true;
        emit DisputeAnswered(id, msg.sender, evidenceHash, uri);
    }

    /// @inheritdoc IDisputes
    function accept(uint256 id, uint256 amount, address harmed, uint256 loss)
        external
        restricted
        returns (uint256 slashed)
    {
        Dispute storage dispute = _openDispute(id);
        _requireInTime(id);
        (uint256 answerBy,) = deadlinesOf(id);
        if (!dispute.isAnswered && block.timestamp < answerBy) revert Disputes_TooEarly(id, answerBy);
        uint256 maximum = dispute.stake * _slashCapBps / BASIS_POINTS;
        if (amount > maximum) revert Disputes_SlashTooHigh(amount, maximum);

        (address opener, address token) = (dispute.opener, dispute.token);
        dispute.status = Status.Accepted;
        _owe(opener, token, dispute.deposit);
        if (amount != 0) {
            IBonds.Slash memory order =
                IBonds.Slash({amount: amount, harmed: harmed, loss: loss, reporter: opener, uncapped: false});
            slashed = bonds.slash(dispute.role, dispute.accused, token, order);
        }
        emit DisputeAccepted(id, slashed, harmed, loss);
    }

    /// @inheritdoc IDisputes
    function reject(uint256 id) external restricted {
        Dispute storage dispute = _openDispute(id);
        _requireInTime(id);
        dispute.status = Status.Rejected;
        // Were all of it the accused's, it could keep the arbiter busy with accusations of its own.
        uint256 toAccused = dispute.deposit / 2;
        uint256 burned = dispute.deposit - toAccused;
        _owe(dispute.accused, dispute.token, toAccused);
        _owe(_burnAddress, dispute.token, burned);
        emit DisputeRejected(id, toAccused, burned);
    }

    /// @inheritdoc IDisputes
    function draw(uint256 id) external restricted {
        _requireInTime(id);
        _draw(id);
    }

    /// @inheritdoc IDisputes
    function expire(uint256 id) external {
        (, uint256 ruleBy) = deadlinesOf(id);
        if (block.timestamp < ruleBy) revert Disputes_TooEarly(id, ruleBy);
        _draw(id);
    }

    /// @inheritdoc IDisputes
    function collect(address token, address to) external returns (uint256 amount) {
        amount = _collect(msg.sender, token, to);
    }

    /// @inheritdoc IDisputes
    function collectBurned(address token) external returns (uint256 amount) {
        amount = _collect(_burnAddress, token, _burnAddress);
    }

    /// @inheritdoc IDisputes
    function setDeposit(address token, uint256 amount) external restricted {
        if (token == address(0)) revert Disputes_InvalidAccount(token);
        if (amount > type(uint96).max) revert Disputes_DepositTooHigh(amount, type(uint96).max);
        depositOf[token] = amount;
        emit DepositSet(token, amount);
    }

    /// @inheritdoc IDisputes
    function setPaused(bool paused_) external restricted {
        paused = paused_;
        emit PausedSet(paused_);
    }

    /// @inheritdoc IDisputes
    function disputeOf(uint256 id) external view returns (Dispute memory) {
        return _disputes[id];
    }

    /// @inheritdoc IDisputes
    function disputeCount() external view returns (uint256) {
        return _count;
    }

    /// @inheritdoc IDisputes
    function deadlinesOf(uint256 id) public view returns (uint256 answerBy, uint256 ruleBy) {
        uint256 openedAt = _disputes[id].openedAt;
        answerBy = Outages.deadline(clock, openedAt, RESPONSE_PERIOD, block.timestamp);
        ruleBy = Outages.deadline(clock, openedAt, RESPONSE_PERIOD + RULING_PERIOD, block.timestamp);
    }

    function _checkUri(string calldata uri) private pure {
        uint256 length = bytes(uri).length;
        if (length > MAX_URI_BYTES) revert Disputes_UriTooLong(length, MAX_URI_BYTES);
    }

    function _draw(uint256 id) private {
        Dispute storage dispute = _openDispute(id);
        dispute.status = Status.Drawn;
        _owe(dispute.opener, dispute.token, dispute.deposit);
        emit DisputeDrawn(id, msg.sender);
    }

    function _owe(address account, address token, uint256 amount) private {
        owedTo[account][token] += amount;
    }

    function _collect(address account, address token, address to) private nonReentrant returns (uint256 amount) {
        amount = owedTo[account][token];
        if (amount == 0) revert Disputes_NothingThere(account);
        if (to == address(0) || to == address(this)) revert Disputes_InvalidAccount(to);
        owedTo[account][token] = 0;
        emit OwedCollected(account, token, to, amount);
        IERC20(token).safeTransfer(to, amount);
    }

    function _openDispute(uint256 id) private view returns (Dispute storage dispute) {
        dispute = _disputes[id];
        if (dispute.status != Status.Open) revert Disputes_NotOpen(id, dispute.status);
    }

    function _requireInTime(uint256 id) private view {
        (, uint256 ruleBy) = deadlinesOf(id);
        if (block.timestamp >= ruleBy) revert Disputes_TooLate(id, ruleBy);
    }
}
