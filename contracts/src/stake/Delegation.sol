// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Custody} from "./Custody.sol";
import {IDelegation} from "./IDelegation.sol";

/// @title Delegation, the pools behind the bonds
/// @dev A pool is two piles of shares, one that earns and one that thaws, so that each of them loses pro rata and thawed
/// money neither earns nor counts while it waits. Both round against whoever moves.
abstract contract Delegation is IDelegation, Custody {
    using SafeCast for uint256;

    /// @inheritdoc IDelegation
    uint256 public constant MAX_COMMISSION_BPS = 2_000;
    /// @inheritdoc IDelegation
    uint256 public constant COMMISSION_NOTICE = 14 days;
    /// @inheritdoc IDelegation
    uint256 public constant MAX_LEVERAGE = 4;

    /// @dev Shares that a pool's virtual wei has.
    uint256 private constant VIRTUAL_SHARES = 1e6;

    mapping(Role role => mapping(address owner => mapping(address token => Pool))) private _pools;
    mapping(bytes32 generation => mapping(address delegator => Position)) private _positions;

    /// @inheritdoc IDelegation
    function delegate(Role role, address owner, address token, uint256 amount)
        external
        nonReentrant
        returns (uint256 shares)
    {
        _takeIn(role, owner, token, amount);
        Pool storage pool = _pools[role][owner][token];
        shares = _addValue(pool, amount);
        Position storage position = _positionOf(role, owner, token, pool.generation, msg.sender);
        // forge-lint: disable-next-line(unsafe-typecast) the pool's shares fit, and these are some of them
        position.shares += uint128(shares);
        emit Delegated(role, owner, token, msg.sender, amount, shares);
    }

    /// @inheritdoc IDelegation
    function undelegate(Role role, address owner, address token, uint256 shares) external returns (uint256 amount) {
        if (shares == 0) revert Bonds_ZeroAmount();
        Pool storage pool = _pools[role][owner][token];
        Position storage position = _positionOf(role, owner, token, pool.generation, msg.sender);
        uint256 own = position.shares;
        if (shares > own) revert Delegation_InsufficientShares(own, shares);

        amount = _toValue(shares, pool.value, pool.shares);
        uint256 thawingShares = _toShares(amount, pool.thawing, pool.thawingShares);
        // Shares worth nothing are given up without a thaw.
        uint256 thawedAt = amount == 0 ? position.thawedAt : block.timestamp + thawPeriod();
        // forge-lint: disable-start(unsafe-typecast) shares and their worth are at most the pool's, a time far below 2^40
        pool.value -= uint128(amount);
        pool.shares -= uint128(shares);
        pool.thawing += uint128(amount);
        pool.thawingShares += thawingShares.toUint128();
        position.shares = uint128(own - shares);
        position.thawingShares += uint128(thawingShares);
        position.thawedAt = uint40(thawedAt);
        // forge-lint: disable-end(unsafe-typecast)
        emit UndelegationStarted(role, owner, token, msg.sender, shares, amount, thawingShares, thawedAt);
        _sweep(role, owner, token, pool);
    }

    /// @inheritdoc IDelegation
    function cancelUndelegation(Role role, address owner, address token) external returns (uint256 shares) {
        Pool storage pool = _pools[role][owner][token];
        Position storage position = _positionOf(role, owner, token, pool.generation, msg.sender);
        uint256 thawingShares = position.thawingShares;
        if (thawingShares == 0) revert Delegation_NotThawed(0, 0);
        uint256 amount = _emptyBucket(pool, position, thawingShares);
        shares = _addValue(pool, amount);
        // forge-lint: disable-next-line(unsafe-typecast) the pool's shares fit, and these are some of them
        position.shares += uint128(shares);
        emit UndelegationCancelled(role, owner, token, msg.sender, thawingShares, amount, shares);
        _sweep(role, owner, token, pool);
    }

    /// @inheritdoc IDelegation
    function withdrawDelegation(Role role, address owner, address token, address to)
        external
        nonReentrant
        returns (uint256 amount)
    {
        Pool storage pool = _pools[role][owner][token];
        Position storage position = _positionOf(role, owner, token, pool.generation, msg.sender);
        uint256 thawingShares = position.thawingShares;
        if (thawingShares == 0) revert Delegation_NotThawed(0, position.thawedAt);
        uint256 leavesAt = _leavesAt(position.thawedAt);
        if (block.timestamp < leavesAt) revert Delegation_NotThawed(thawingShares, leavesAt);
        amount = _emptyBucket(pool, position, thawingShares);
        emit DelegationWithdrawn(role, owner, token, msg.sender, to, thawingShares, amount);
        _sweep(role, owner, token, pool);
        _push(token, to, amount);
    }

    /// @inheritdoc IDelegation
    function reward(Role role, address owner, address token, uint256 amount) external nonReentrant {
        if (owner == address(0)) revert Bonds_InvalidAccount(owner);
        Pool storage pool = _poolIn(role, owner, token);
        _pull(token, amount);
        uint256 commission = pool.shares == 0 ? amount : amount * _commissionOf(pool) / BPS;
        uint256 toPool = amount - commission;
        pool.value = (pool.value + toPool).toUint128();
        _owe(owner, token, commission);
        emit PoolRewarded(role, owner, token, msg.sender, toPool, commission);
    }

    /// @inheritdoc IDelegation
    function setCommission(Role role, address token, uint256 commissionBps) external {
        if (commissionBps > MAX_COMMISSION_BPS) {
            revert Delegation_CommissionTooHigh(commissionBps, MAX_COMMISSION_BPS);
        }
        Pool storage pool = _poolIn(role, msg.sender, token);
        uint256 present = _commissionOf(pool);
        uint256 from = commissionBps > present ? block.timestamp + COMMISSION_NOTICE : block.timestamp;
        // forge-lint: disable-start(unsafe-typecast) commissions are at most 2,000, a time far below 2^40
        pool.commissionBps = uint16(present);
        pool.nextCommissionBps = uint16(commissionBps);
        pool.nextCommissionFrom = uint40(from);
        // forge-lint: disable-end(unsafe-typecast)
        emit CommissionSet(role, msg.sender, token, commissionBps, from);
    }

    /// @inheritdoc IDelegation
    function poolOf(Role role, address owner, address token) public view returns (Pool memory) {
        return _pools[role][owner][token];
    }

    /// @inheritdoc IDelegation
    function positionOf(Role role, address owner, address token, address delegator)
        public
        view
        returns (Position memory)
    {
        return _positionOf(role, owner, token, _pools[role][owner][token].generation, delegator);
    }

    /// @inheritdoc IDelegation
    function valueOf(Role role, address owner, address token, address delegator)
        external
        view
        returns (uint256 value, uint256 thawing)
    {
        Pool memory pool = poolOf(role, owner, token);
        Position memory position = positionOf(role, owner, token, delegator);
        value = _toValue(position.shares, pool.value, pool.shares);
        thawing = _toValue(position.thawingShares, pool.thawing, pool.thawingShares);
    }

    /// @inheritdoc IDelegation
    function commissionOf(Role role, address owner, address token) external view returns (uint256) {
        return _commissionOf(_pools[role][owner][token]);
    }

    /// @dev Takes up to `amount` wei out of a pool, earning and thawing pro rata: first to the harmed, for `loss` at most,
    /// and the rest is burned.
    function _slashPool(Role role, address owner, address token, uint256 amount, address harmed, uint256 loss)
        internal
    {
        Pool storage pool = _pools[role][owner][token];
        (uint256 value, uint256 thawing) = (pool.value, pool.thawing);
        uint256 taken = Math.min(amount, value + thawing);
        if (taken == 0) return;
        uint256 fromThawing = taken * thawing / (value + thawing);
        uint256 fromValue = taken - fromThawing;
        // forge-lint: disable-start(unsafe-typecast) each is at most what it is taken from
        pool.value = uint128(value - fromValue);
        pool.thawing = uint128(thawing - fromThawing);
        // forge-lint: disable-end(unsafe-typecast)
        if (taken == value + thawing) {
            // Shares without any worth would price the next ones out.
            pool.shares = 0;
            pool.thawingShares = 0;
            ++pool.generation;
        }

        uint256 toHarmed = harmed == address(0) ? 0 : Math.min(loss, taken);
        _owe(harmed, token, toHarmed);
        _owe(BURN_ADDRESS, token, taken - toHarmed);
        emit PoolSlashed(
            role, owner, token, fromValue, fromThawing, harmed, toHarmed, taken - toHarmed, pool.generation
        );
    }

    /// @dev Adds `amount` wei that earn, for new shares.
    function _addValue(Pool storage pool, uint256 amount) private returns (uint256 shares) {
        shares = _toShares(amount, pool.value, pool.shares);
        if (shares == 0) revert Delegation_TooSmall(amount);
        pool.value = (pool.value + amount).toUint128();
        pool.shares = (pool.shares + shares).toUint128();
    }

    function _emptyBucket(Pool storage pool, Position storage position, uint256 thawingShares)
        private
        returns (uint256 amount)
    {
        amount = _toValue(thawingShares, pool.thawing, pool.thawingShares);
        // forge-lint: disable-start(unsafe-typecast) shares and their worth are at most the pool's
        pool.thawing -= uint128(amount);
        pool.thawingShares -= uint128(thawingShares);
        // forge-lint: disable-end(unsafe-typecast)
        position.thawingShares = 0;
        position.thawedAt = 0;
    }

    /// @dev Burns what rounding left behind the last share; no delegator's last share may win it.
    function _sweep(Role role, address owner, address token, Pool storage pool) private {
        uint256 fromValue = pool.shares == 0 ? pool.value : 0;
        uint256 fromThawing = pool.thawingShares == 0 ? pool.thawing : 0;
        if (fromValue + fromThawing == 0) return;
        if (fromValue != 0) pool.value = 0;
        if (fromThawing != 0) pool.thawing = 0;
        _owe(BURN_ADDRESS, token, fromValue + fromThawing);
        emit PoolSwept(role, owner, token, fromValue, fromThawing);
    }

    /// @dev A pool in a token that may be bonded, or was when its shares were made. No other token gets into the log.
    function _poolIn(Role role, address owner, address token) private view returns (Pool storage pool) {
        pool = _pools[role][owner][token];
        if (minimumOf[role][token] == 0 && pool.shares == 0) revert Bonds_TokenNotAllowed(role, token);
    }

    function _commissionOf(Pool storage pool) private view returns (uint256) {
        return block.timestamp < pool.nextCommissionFrom ? pool.commissionBps : pool.nextCommissionBps;
    }

    function _positionOf(Role role, address owner, address token, uint256 generation, address delegator)
        private
        view
        returns (Position storage)
    {
        return _positions[keccak256(abi.encode(role, owner, token, generation))][delegator];
    }

    function _toShares(uint256 amount, uint256 value, uint256 shares) private pure returns (uint256) {
        return Math.mulDiv(amount, shares + VIRTUAL_SHARES, value + 1);
    }

    function _toValue(uint256 shares, uint256 value, uint256 allShares) private pure returns (uint256) {
        return Math.mulDiv(shares, value + 1, allShares + VIRTUAL_SHARES);
    }
}
