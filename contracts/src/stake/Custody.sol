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

/// @title Custody, the money of Bonds on its way in and out, and the settings of its stakes
/// @dev What somebody is owed is pulled by them and never pushed, so that no recipient and no token can block a slash.
abstract contract Custody is IBonds, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IBonds
    address public constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;

    uint256 internal constant BASIS_POINTS = 10_000;
    /// @dev The longest that a judgement takes fits into it.
    uint256 internal constant MIN_THAW_PERIOD = 7 days;
    uint256 private constant MAX_THAW_PERIOD = 60 days;

    /// @inheritdoc IBonds
    IOutageClock public immutable clock;

    uint40 private _thawPeriod = 14 days;
    /// @inheritdoc IBonds
    bool public paused;
    /// @inheritdoc IBonds
    mapping(Role role => mapping(address token => uint256)) public minimumOf;
    /// @inheritdoc IBonds
    mapping(address account => mapping(address token => uint256)) public owedTo;

    constructor(IOutageClock clock_) {
        clock = clock_;
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
        if (token == address(0)) revert Bonds_InvalidAccount(token);
        minimumOf[role][token] = minimum;
        emit MinimumSet(role, token, minimum);
    }

    /// @inheritdoc IBonds
    function setThawPeriod(uint256 period) external restricted {
        if (period < MIN_THAW_PERIOD || period > MAX_THAW_PERIOD) {
            revert Bonds_OutOfBounds(period, MIN_THAW_PERIOD, MAX_THAW_PERIOD);
        }
        // forge-lint: disable-next-line(unsafe-typecast) at most 60 days
        _thawPeriod = uint40(period);
        emit ThawPeriodSet(period);
    }

    /// @inheritdoc IBonds
    function setPaused(bool paused_) external restricted {
        paused = paused_;
        emit PausedSet(paused_);
    }

    /// @inheritdoc IBonds
    function thawPeriod() public view returns (uint256) {
        return _thawPeriod;
    }

    /// @dev When what thaws until `thawedAt` may leave: outages of its last days put it off, as they do the claims on it,
    /// all of which are made within the shortest thaw.
    function _leavesAt(uint256 thawedAt) internal view returns (uint256) {
        return Outages.deadline(clock, thawedAt - MIN_THAW_PERIOD, MIN_THAW_PERIOD, block.timestamp);
    }

    /// @dev Takes `amount` wei from the caller for a new stake of `owner`.
    function _takeIn(Role role, address owner, address token, uint256 amount) internal {
        if (paused) revert Bonds_Paused();
        if (minimumOf[role][token] == 0) revert Bonds_TokenNotAllowed(role, token);
        if (owner == address(0)) revert Bonds_InvalidAccount(owner);
        _pull(token, amount);
    }

    function _pull(address token, uint256 amount) internal {
        if (amount == 0) revert Bonds_ZeroAmount();
        ExactTransfer.pull(token, amount);
    }

    function _push(address token, address to, uint256 amount) internal {
        if (to == address(0) || to == address(this)) revert Bonds_InvalidAccount(to);
        IERC20(token).safeTransfer(to, amount);
    }

    function _owe(address account, address token, uint256 amount) internal {
        if (amount != 0) owedTo[account][token] += amount;
    }

    function _collect(address account, address token, address to) private nonReentrant returns (uint256 amount) {
        amount = owedTo[account][token];
        if (amount == 0) revert Bonds_NothingThere(account);
        owedTo[account][token] = 0;
        emit OwedCollected(account, token, to, amount);
        _push(token, to, amount);
    }
}
