// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBonds} from "./IBonds.sol";

/// @notice As IBonds describes.
/// @dev Immutable. A token without a minimum takes no new bonds, and every way out of it stays open.
contract Bonds is IBonds, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev How a slash is split (wei).
    struct Split {
        uint256 fromActive;
        uint256 fromThawing;
        uint256 toHarmed;
        uint256 toReporter;
        uint256 burned;
    }

    /// @inheritdoc IBonds
    uint256 public constant SLASH_CAP_BPS = 1_000;
    /// @inheritdoc IBonds
    uint256 public constant REPORTER_CAP_BPS = 5_000;
    /// @inheritdoc IBonds
    address public constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;

    uint256 private constant BPS = 10_000;
    uint256 private constant SLASH_WINDOW = 7 days;
    uint256 private constant MIN_THAW_PERIOD = 7 days;
    uint256 private constant MAX_THAW_PERIOD = 60 days;

    /// @inheritdoc IBonds
    uint256 public thawPeriod = 14 days;
    /// @inheritdoc IBonds
    mapping(Role role => mapping(address token => uint256)) public minimumOf;
    /// @inheritdoc IBonds
    mapping(address account => mapping(address token => uint256)) public owedTo;

    mapping(Role role => mapping(address owner => mapping(address token => Bond))) private _bonds;

    constructor(address initialAuthority) AccessManaged(initialAuthority) {}

    /// @inheritdoc IBonds
    function bond(Role role, address owner, address token, uint256 amount) external nonReentrant {
        require(minimumOf[role][token] != 0, Bonds_TokenNotAllowed(role, token));
        require(owner != address(0), Bonds_InvalidAccount(owner));
        require(amount != 0, Bonds_ZeroAmount());
        _pull(token, amount);

        Bond storage b = _bonds[role][owner][token];
        // The sum with the bucket must fit too, so that the bucket can always come back.
        b.active = SafeCast.toUint96(amount + b.active + b.thawing) - b.thawing;
        emit Bonded(role, owner, token, msg.sender, amount, b.active);
    }

    /// @inheritdoc IBonds
    function thaw(Role role, address token, uint256 amount) external {
        Bond storage b = _bonds[role][msg.sender][token];
        require(amount != 0, Bonds_ZeroAmount());
        require(amount <= b.active, Bonds_InsufficientBond(b.active, amount));
        uint256 thawedAt = block.timestamp + thawPeriod;
        b.active -= uint96(amount);
        b.thawing += uint96(amount);
        b.thawedAt = uint40(thawedAt);
        emit ThawStarted(role, msg.sender, token, amount, b.thawing, thawedAt);
    }

    /// @inheritdoc IBonds
    function cancelThaw(Role role, address token) external {
        Bond storage b = _bonds[role][msg.sender][token];
        uint96 amount = b.thawing;
        require(amount != 0, Bonds_NotThawed(0, 0));
        b.active += amount;
        b.thawing = 0;
        b.thawedAt = 0;
        emit ThawCancelled(role, msg.sender, token, amount);
    }

    /// @inheritdoc IBonds
    function withdraw(Role role, address token, address to) external nonReentrant {
        Bond storage b = _bonds[role][msg.sender][token];
        uint256 amount = b.thawing;
        require(amount != 0 && block.timestamp >= b.thawedAt, Bonds_NotThawed(amount, b.thawedAt));
        b.thawing = 0;
        b.thawedAt = 0;
        emit BondWithdrawn(role, msg.sender, token, to, amount);
        _push(token, to, amount);
    }

    /// @inheritdoc IBonds
    function slash(Role role, address owner, address token, Slash calldata order)
        external
        restricted
        returns (uint256 slashed)
    {
        Bond memory b = _bonds[role][owner][token];
        uint256 stake = uint256(b.active) + b.thawing;
        require(stake != 0, Bonds_NothingThere(owner));
        require(order.amount != 0, Bonds_ZeroAmount());
        slashed = Math.min(order.amount, stake);
        if (!order.uncapped) _countInWindow(b, stake, slashed);

        Split memory split = _split(order, slashed);
        split.fromThawing = slashed * b.thawing / stake;
        split.fromActive = slashed - split.fromThawing;
        b.active -= uint96(split.fromActive);
        b.thawing -= uint96(split.fromThawing);
        if (b.thawing == 0) b.thawedAt = 0;
        _bonds[role][owner][token] = b;

        if (split.toHarmed != 0) owedTo[order.harmed][token] += split.toHarmed;
        if (split.toReporter != 0) owedTo[order.reporter][token] += split.toReporter;
        if (split.burned != 0) owedTo[BURN_ADDRESS][token] += split.burned;
        _emitSlashed(role, owner, token, order, split);
    }

    /// @inheritdoc IBonds
    function collect(address token, address to) external returns (uint256 amount) {
        amount = _collect(msg.sender, token, to);
    }

    /// @inheritdoc IBonds
    function collectBurned(address token) external returns (uint256 amount) {
        amount = _collect(BURN_ADDRESS, token, BURN_ADDRESS);
    }

    /// @inheritdoc IBonds
    function setMinimum(Role role, address token, uint256 minimum) external restricted {
        require(token != address(0), Bonds_InvalidAccount(token));
        minimumOf[role][token] = minimum;
        emit MinimumSet(role, token, minimum);
    }

    /// @inheritdoc IBonds
    function setThawPeriod(uint256 period) external restricted {
        require(
            period >= MIN_THAW_PERIOD && period <= MAX_THAW_PERIOD,
            Bonds_OutOfBounds(period, MIN_THAW_PERIOD, MAX_THAW_PERIOD)
        );
        thawPeriod = period;
        emit ThawPeriodSet(period);
    }

    /// @inheritdoc IBonds
    function bondOf(Role role, address owner, address token) external view returns (Bond memory) {
        return _bonds[role][owner][token];
    }

    /// @inheritdoc IBonds
    function isBonded(Role role, address owner, address token) external view returns (bool) {
        uint256 minimum = minimumOf[role][token];
        return minimum != 0 && _bonds[role][owner][token].active >= minimum;
    }

    /// @dev Counts `slashed` wei in the slash window of `b`, beginning one if none is open.
    function _countInWindow(Bond memory b, uint256 stake, uint256 slashed) private view {
        if (block.timestamp >= b.windowStart + SLASH_WINDOW) {
            b.windowStart = uint40(block.timestamp);
            b.windowStake = uint96(stake);
            b.windowSlashed = 0;
        }
        uint256 available = b.windowStake * SLASH_CAP_BPS / BPS - b.windowSlashed;
        require(slashed <= available, Bonds_SlashCapExceeded(slashed, available));
        b.windowSlashed += uint96(slashed);
    }

    /// @dev The harmed first, then the reporter, and the rest is burned.
    function _split(Slash calldata order, uint256 slashed) private pure returns (Split memory split) {
        if (order.harmed != address(0)) split.toHarmed = Math.min(order.loss, slashed);
        uint256 left = slashed - split.toHarmed;
        if (order.reporter != address(0)) split.toReporter = left * REPORTER_CAP_BPS / BPS;
        split.burned = left - split.toReporter;
    }

    function _emitSlashed(Role role, address owner, address token, Slash calldata order, Split memory split) private {
        emit Slashed(
            role,
            owner,
            token,
            split.fromActive,
            split.fromThawing,
            order.harmed,
            split.toHarmed,
            order.reporter,
            split.toReporter,
            split.burned,
            order.uncapped
        );
    }

    function _collect(address account, address token, address to) private nonReentrant returns (uint256 amount) {
        amount = owedTo[account][token];
        require(amount != 0, Bonds_NothingThere(account));
        owedTo[account][token] = 0;
        emit OwedCollected(account, token, to, amount);
        _push(token, to, amount);
    }

    function _pull(address token, uint256 amount) private {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 arrived = IERC20(token).balanceOf(address(this)) - before;
        require(arrived == amount, Bonds_UnexpectedAmount(amount, arrived));
    }

    function _push(address token, address to, uint256 amount) private {
        require(to != address(0) && to != address(this), Bonds_InvalidAccount(to));
        IERC20(token).safeTransfer(to, amount);
    }
}
