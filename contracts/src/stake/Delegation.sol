// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Drip} from "../money/Drip.sol";
import {Custody} from "./Custody.sol";
import {IDelegation} from "./IDelegation.sol";

/// @title Delegation, the pools behind the bonds
/// @dev A pool is two piles of shares, one that earns and one that thaws, so that each of them loses pro rata and thawed
/// money neither earns nor counts while it waits. Both round against whoever moves.
abstract contract Delegation is IDelegation, Custody {
    using SafeCast for uint256;

    /// @dev Thawing shares of a delegator.
    struct Bucket {
        uint128 shares;
        uint40 thawedAt;
    }

    /// @inheritdoc IDelegation
    uint256 public constant MAX_COMMISSION_BPS = 2_000;
    /// @inheritdoc IDelegation
    uint256 public constant COMMISSION_NOTICE = 14 days;
    /// @inheritdoc IDelegation
    uint256 public constant MAX_LEVERAGE = 4;

    /// @dev Shares that a pool's virtual wei has.
    uint256 private constant VIRTUAL_SHARES = 1e6;
    /// @dev Shares without which a reward is the owner's: the virtual ones would have more than a millionth of it, and what
    /// they have is burned in the end.
    uint256 private constant LEAST_SHARES = 1e12;
    /// @dev Shares per wei beyond which they end: a thousand times as many as at first. 2^96 wei then still fit.
    uint256 private constant MOST_SHARES_PER_WEI = 1e9;
    /// @dev Shares per wei beyond which nobody is taken in: a hundred times as many as at first, so that slashes have taken
    /// nine tenths of what anybody brought before they end its shares.
    uint256 private constant SPENT_SHARES_PER_WEI = 1e8;

    mapping(Role role => mapping(address owner => mapping(address token => Pool))) private _pools;
    mapping(bytes32 generation => mapping(address delegator => uint256)) private _shares;
    mapping(bytes32 generation => mapping(address delegator => Bucket)) private _buckets;

    /// @inheritdoc IDelegation
    function delegate(Role role, address owner, address token, uint256 amount)
        external
        nonReentrant
        returns (uint256 shares)
    {
        _takeIn(role, owner, token, amount);
        Pool storage pool = _pools[role][owner][token];
        shares = _addValue(pool, amount);
        _shares[_id(role, owner, token, pool.generation)][msg.sender] += shares;
        emit Delegated(role, owner, token, msg.sender, amount, shares);
    }

    /// @inheritdoc IDelegation
    function undelegate(Role role, address owner, address token, uint256 shares) external returns (uint256 amount) {
        if (shares == 0) revert Bonds_ZeroAmount();
        Pool storage pool = _pools[role][owner][token];
        mapping(address delegator => uint256) storage sharesOf = _shares[_id(role, owner, token, pool.generation)];
        uint256 own = sharesOf[msg.sender];
        if (shares > own) revert Delegation_InsufficientShares(own, shares);
        sharesOf[msg.sender] = own - shares;

        amount = _toValue(shares, _earning(pool), pool.shares);
        uint256 thawingShares = _toShares(amount, pool.thawing, pool.thawingShares);
        Bucket storage bucket = _bucketOf(role, owner, token, pool, msg.sender);
        // Shares worth nothing are given up without a thaw.
        uint256 thawedAt = amount == 0 ? bucket.thawedAt : block.timestamp + thawPeriod();
        // forge-lint: disable-start(unsafe-typecast) shares and their worth are at most the pool's, a time far below 2^40
        pool.value -= uint128(amount);
        pool.shares -= uint128(shares);
        pool.thawing += uint128(amount);
        pool.thawingShares += thawingShares.toUint128();
        bucket.shares += uint128(thawingShares);
        bucket.thawedAt = uint40(thawedAt);
        // forge-lint: disable-end(unsafe-typecast)
        emit UndelegationStarted(role, owner, token, msg.sender, shares, amount, thawingShares, thawedAt);
        _sweep(role, owner, token, pool);
    }

    /// @inheritdoc IDelegation
    function cancelUndelegation(Role role, address owner, address token) external returns (uint256 shares) {
        Pool storage pool = _pools[role][owner][token];
        Bucket storage bucket = _bucketOf(role, owner, token, pool, msg.sender);
        uint256 thawingShares = bucket.shares;
        if (thawingShares == 0) revert Delegation_NotThawed(0, 0);
        uint256 amount = _emptyBucket(pool, bucket, thawingShares);
        shares = _addValue(pool, amount);
        _shares[_id(role, owner, token, pool.generation)][msg.sender] += shares;
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
        Bucket storage bucket = _bucketOf(role, owner, token, pool, msg.sender);
        uint256 thawingShares = bucket.shares;
        if (thawingShares == 0) revert Delegation_NotThawed(0, bucket.thawedAt);
        uint256 leavesAt = _leavesAt(bucket.thawedAt);
        if (block.timestamp < leavesAt) revert Delegation_NotThawed(thawingShares, leavesAt);
        amount = _emptyBucket(pool, bucket, thawingShares);
        emit DelegationWithdrawn(role, owner, token, msg.sender, to, thawingShares, amount);
        _sweep(role, owner, token, pool);
        _push(token, to, amount);
    }

    /// @inheritdoc IDelegation
    function reward(Role role, address owner, address token, uint256 amount) external nonReentrant {
        if (owner == address(0)) revert Bonds_InvalidAccount(owner);
        Pool storage pool = _poolIn(role, owner, token);
        _pull(token, amount);
        uint256 commission = pool.shares < LEAST_SHARES ? amount : amount * _commissionOf(pool) / BASIS_POINTS;
        uint256 toPool = amount - commission;
        pool.value = (pool.value + toPool).toUint128();
        _owe(owner, token, commission);
        emit PoolRewarded(role, owner, token, msg.sender, toPool, commission);
        if (toPool == 0) return;
        (uint256 old, uint256 remaining) = _dripNow(pool);
        uint256 undripped = old + toPool;
        _setDrip(role, owner, token, pool, undripped, Drip.durationOf(undripped, old, remaining));
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
    function earningOf(Role role, address owner, address token) public view returns (uint256) {
        return _earning(_pools[role][owner][token]);
    }

    /// @inheritdoc IDelegation
    function dripOf(Role role, address owner, address token) external view returns (uint256 undripped, uint256 endsAt) {
        Pool storage pool = _pools[role][owner][token];
        (undripped,) = _dripNow(pool);
        if (undripped != 0) endsAt = pool.dripEndsAt;
    }

    /// @inheritdoc IDelegation
    function positionOf(Role role, address owner, address token, address delegator)
        public
        view
        returns (Position memory)
    {
        Pool storage pool = _pools[role][owner][token];
        Bucket storage bucket = _bucketOf(role, owner, token, pool, delegator);
        return Position({
            // forge-lint: disable-next-line(unsafe-typecast) a part of the pool's shares, which fit
            shares: uint128(_shares[_id(role, owner, token, pool.generation)][delegator]),
            thawingShares: bucket.shares,
            thawedAt: bucket.thawedAt
        });
    }

    /// @inheritdoc IDelegation
    function valueOf(Role role, address owner, address token, address delegator)
        external
        view
        returns (uint256 value, uint256 thawing)
    {
        Pool memory pool = poolOf(role, owner, token);
        Position memory position = positionOf(role, owner, token, delegator);
        value = _toValue(position.shares, earningOf(role, owner, token), pool.shares);
        thawing = _toValue(position.thawingShares, pool.thawing, pool.thawingShares);
    }

    /// @inheritdoc IDelegation
    function commissionOf(Role role, address owner, address token) external view returns (uint256) {
        return _commissionOf(_pools[role][owner][token]);
    }

    /// @dev Takes up to `amount` wei out of a pool: first to the harmed, for `loss` at most, and the rest is burned.
    function _slashPool(Role role, address owner, address token, uint256 amount, address harmed, uint256 loss)
        internal
    {
        Pool storage pool = _pools[role][owner][token];
        uint256 taken = Math.min(amount, uint256(pool.value) + pool.thawing);
        if (taken == 0) return;
        uint256 fromUndripped = _takeUndripped(role, owner, token, pool, taken);
        (uint256 fromValue, uint256 fromThawing) = _takeShared(pool, taken - fromUndripped);
        fromValue += fromUndripped;

        uint256 toHarmed = harmed == address(0) ? 0 : Math.min(loss, taken);
        _owe(harmed, token, toHarmed);
        _owe(BURN_ADDRESS, token, taken - toHarmed);
        emit PoolSlashed(
            role,
            owner,
            token,
            fromValue,
            fromThawing,
            harmed,
            toHarmed,
            taken - toHarmed,
            pool.generation,
            pool.thawGeneration
        );
        _sweep(role, owner, token, pool);
    }

    /// @dev Takes up to `amount` wei of what has not dripped.
    function _takeUndripped(Role role, address owner, address token, Pool storage pool, uint256 amount)
        private
        returns (uint256 taken)
    {
        (uint256 undripped, uint256 remaining) = _dripNow(pool);
        taken = Math.min(amount, undripped);
        if (taken == 0) return 0;
        // forge-lint: disable-next-line(unsafe-typecast) a part of it
        pool.value -= uint128(taken);
        _setDrip(role, owner, token, pool, undripped - taken, remaining);
    }

    /// @dev Takes `rest` wei of what earns and what thaws, pro rata, the rounding against what earns; and ends shares that
    /// are left with next to nothing. By then nothing is left that has not dripped.
    function _takeShared(Pool storage pool, uint256 rest) private returns (uint256 fromValue, uint256 fromThawing) {
        if (rest == 0) return (0, 0);
        (uint256 value, uint256 thawing) = (pool.value, pool.thawing);
        fromThawing = rest * thawing / (value + thawing);
        fromValue = rest - fromThawing;
        // forge-lint: disable-start(unsafe-typecast) each is at most what it is taken from
        pool.value = uint128(value - fromValue);
        pool.thawing = uint128(thawing - fromThawing);
        // forge-lint: disable-end(unsafe-typecast)
        if (pool.shares > (value - fromValue) * MOST_SHARES_PER_WEI) {
            pool.shares = 0;
            ++pool.generation;
        }
        if (pool.thawingShares > (thawing - fromThawing) * MOST_SHARES_PER_WEI) {
            pool.thawingShares = 0;
            ++pool.thawGeneration;
        }
    }

    /// @dev Adds `amount` wei that earn, for new shares. Neither pile may be spent: who leaves is in the other one.
    function _addValue(Pool storage pool, uint256 amount) private returns (uint256 shares) {
        uint256 earning = _earning(pool);
        _checkNotSpent(pool.shares, earning);
        _checkNotSpent(pool.thawingShares, pool.thawing);
        shares = _toShares(amount, earning, pool.shares);
        if (shares == 0) revert Delegation_TooSmall(amount);
        pool.value = (pool.value + amount).toUint128();
        pool.shares = (pool.shares + shares).toUint128();
    }

    function _emptyBucket(Pool storage pool, Bucket storage bucket, uint256 thawingShares)
        private
        returns (uint256 amount)
    {
        amount = _toValue(thawingShares, pool.thawing, pool.thawingShares);
        // forge-lint: disable-start(unsafe-typecast) shares and their worth are at most the pool's
        pool.thawing -= uint128(amount);
        pool.thawingShares -= uint128(thawingShares);
        // forge-lint: disable-end(unsafe-typecast)
        bucket.shares = 0;
        bucket.thawedAt = 0;
    }

    /// @dev Burns what is left without a share; no delegator's last share may win it. What has not dripped is the owner's,
    /// as a reward without a share is.
    function _sweep(Role role, address owner, address token, Pool storage pool) private {
        uint256 fromValue = pool.shares == 0 ? pool.value : 0;
        uint256 fromThawing = pool.thawingShares == 0 ? pool.thawing : 0;
        if (fromValue + fromThawing == 0) return;
        uint256 undripped;
        if (fromValue != 0) {
            (undripped,) = _dripNow(pool);
            fromValue -= undripped;
            pool.value = 0;
            if (undripped != 0) _setDrip(role, owner, token, pool, 0, 0);
        }
        if (fromThawing != 0) pool.thawing = 0;
        _owe(BURN_ADDRESS, token, fromValue + fromThawing);
        _owe(owner, token, undripped);
        emit PoolSwept(role, owner, token, fromValue, fromThawing, undripped);
    }

    /// @dev From now on, `undripped` wei drip for `duration` seconds.
    function _setDrip(Role role, address owner, address token, Pool storage pool, uint256 undripped, uint256 duration)
        private
    {
        uint256 endsAt = block.timestamp + duration;
        pool.undripped = undripped.toUint88();
        // forge-lint: disable-start(unsafe-typecast) a week at most, and a time far below 2^40
        pool.dripDuration = uint24(duration);
        pool.dripEndsAt = uint40(endsAt);
        // forge-lint: disable-end(unsafe-typecast)
        emit PoolDripSet(role, owner, token, undripped, block.timestamp, endsAt);
    }

    /// @dev Wei of a pool's value not yet dripped, and the seconds that they still take.
    function _dripNow(Pool storage pool) private view returns (uint256 undripped, uint256 remaining) {
        return Drip.left(pool.undripped, pool.dripDuration, pool.dripEndsAt);
    }

    /// @dev Wei of a pool that its shares own.
    function _earning(Pool storage pool) private view returns (uint256) {
        (uint256 undripped,) = _dripNow(pool);
        return pool.value - undripped;
    }

    /// @dev A pool in a token that may be bonded, or was when its shares were made. No other token gets into the log.
    function _poolIn(Role role, address owner, address token) private view returns (Pool storage pool) {
        pool = _pools[role][owner][token];
        if (minimumOf[role][token] == 0 && pool.shares == 0) revert Bonds_TokenNotAllowed(role, token);
    }

    function _commissionOf(Pool storage pool) private view returns (uint256) {
        return block.timestamp < pool.nextCommissionFrom ? pool.commissionBps : pool.nextCommissionBps;
    }

    function _bucketOf(Role role, address owner, address token, Pool storage pool, address delegator)
        private
        view
        returns (Bucket storage)
    {
        return _buckets[_id(role, owner, token, pool.thawGeneration)][delegator];
    }

    /// @dev A generation of a pool's shares, or of its thawing shares.
    function _id(Role role, address owner, address token, uint256 generation) private pure returns (bytes32) {
        return keccak256(abi.encode(role, owner, token, generation));
    }

    function _checkNotSpent(uint256 shares, uint256 value) private pure {
        if (shares > value * SPENT_SHARES_PER_WEI) revert Delegation_PoolSpent(shares, value);
    }

    function _toShares(uint256 amount, uint256 value, uint256 shares) private pure returns (uint256) {
        return Math.mulDiv(amount, shares + VIRTUAL_SHARES, value + 1);
    }

    function _toValue(uint256 shares, uint256 value, uint256 allShares) private pure returns (uint256) {
        return Math.mulDiv(shares, value + 1, allShares + VIRTUAL_SHARES);
    }
}
