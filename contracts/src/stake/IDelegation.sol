// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBonds} from "./IBonds.sol";

/// @title Delegations to the bonds of providers, gateways and verifiers
/// @notice Anyone may put money behind a bond, into its pool, in the same token. A pool is held in shares, its rewards
/// raise their price, and the bond's owner gets a commission on them. Rewards drip in linearly, so that nobody can step in
/// for one payment. Leaving takes a thaw; thawing money earns nothing and stays slashable pro rata.
/// @notice A slash takes the owner's bond first, so that nobody's misconduct costs them less because others trusted them.
/// Only a proof reaches the pool, for no more than it took of the bond, and none of it goes to a reporter, who may be the
/// owner under another name. A judgement never reaches it. It takes what has not dripped first, which is nobody's yet, then
/// what earns and what thaws pro rata.
/// @dev Shares start at 10^6 per wei, and 10^6 virtual shares own one virtual wei: who gives to a pool in order to round
/// others down gives more to the virtual shares than it can win. For each pool: delegated + rewarded == value + thawing +
/// slashed + withdrawn + swept; what no share owns any more is swept, so that nothing is stranded: what has not dripped to
/// the owner, as rewards without a share are its own, and the rest to the burn address.
/// @dev Shares that a slash leaves with less than a thousandth of their first worth would make later ones too many for
/// their type: they own nothing from then on, and what is left is swept. A pool's shares and its thawing shares each end
/// in this way, or when a slash takes all, and a new generation of them begins. Below a hundredth of
/// their first worth they take nobody in, so that slashes have taken nine tenths of what anybody brought before they end its
/// shares.
interface IDelegation {
    /// @notice What was delegated to a bond.
    struct Pool {
        uint128 value; // wei of the shares, with what has not dripped yet
        uint128 shares; // of `value`
        uint128 thawing; // wei on their way out
        uint128 thawingShares; // of `thawing`
        uint16 generation; // grows when a slash ends the shares: those of former generations own nothing
        uint16 thawGeneration; // the same of the thawing shares
        uint16 commissionBps; // of the owner, basis points of each reward
        uint16 nextCommissionBps;
        uint40 nextCommissionFrom; // unix seconds; when `nextCommissionBps` holds, 0 if nothing is announced
        uint88 undripped; // wei of `value` that had not dripped `dripDuration` seconds before `dripEndsAt`
        uint24 dripDuration;
        uint40 dripEndsAt; // unix seconds
    }

    /// @notice What a delegator has in a pool.
    struct Position {
        uint128 shares;
        uint128 thawingShares; // one bucket
        uint40 thawedAt; // unix seconds, without outages; when the bucket may be withdrawn, 0 if it is empty
    }

    /// @notice `delegator` put `amount` wei behind the bond of `owner`, for `shares`.
    event Delegated(
        IBonds.Role role,
        address indexed owner,
        address indexed token,
        address indexed delegator,
        uint256 amount,
        uint256 shares
    );

    /// @notice `shares` worth `amount` wei became `thawingShares`; the whole bucket may be withdrawn from `thawedAt` on,
    /// and later by the outages of the sequencer in the seven days before.
    event UndelegationStarted(
        IBonds.Role role,
        address indexed owner,
        address indexed token,
        address indexed delegator,
        uint256 shares,
        uint256 amount,
        uint256 thawingShares,
        uint256 thawedAt
    );

    /// @notice The whole bucket of `thawingShares`, worth `amount` wei, went back to earning, as `shares`.
    event UndelegationCancelled(
        IBonds.Role role,
        address indexed owner,
        address indexed token,
        address indexed delegator,
        uint256 thawingShares,
        uint256 amount,
        uint256 shares
    );

    /// @notice A thawed bucket of `thawingShares`, worth `amount` wei, left to `to`.
    event DelegationWithdrawn(
        IBonds.Role role,
        address indexed owner,
        address indexed token,
        address indexed delegator,
        address to,
        uint256 thawingShares,
        uint256 amount
    );

    /// @notice `payer` rewarded a pool with `toPool` wei, which drip, and `commission` wei are owed to the owner.
    event PoolRewarded(
        IBonds.Role indexed role,
        address indexed owner,
        address indexed token,
        address payer,
        uint256 toPool,
        uint256 commission
    );

    /// @notice From `updatedAt` on, `undripped` wei of a pool's value reach its shares linearly until `endsAt`.
    event PoolDripSet(
        IBonds.Role indexed role,
        address indexed owner,
        address indexed token,
        uint256 undripped,
        uint256 updatedAt,
        uint256 endsAt
    );

    /// @notice A pool lost `fromValue + fromThawing == toHarmed + burned` wei. Its shares are of `generation` now, its thawing
    /// shares of `thawGeneration`; if that is another one than before, there are none.
    event PoolSlashed(
        IBonds.Role indexed role,
        address indexed owner,
        address indexed token,
        uint256 fromValue,
        uint256 fromThawing,
        address harmed,
        uint256 toHarmed,
        uint256 burned,
        uint256 generation,
        uint256 thawGeneration
    );

    /// @notice The last share left or ended: `fromValue + fromThawing` wei that nobody owns any more are burned, and
    /// `undripped` wei more of the value are owed to the owner.
    event PoolSwept(
        IBonds.Role indexed role,
        address indexed owner,
        address indexed token,
        uint256 fromValue,
        uint256 fromThawing,
        uint256 undripped
    );

    /// @notice The commission of a pool is `commissionBps` from `from` on (unix seconds).
    event CommissionSet(
        IBonds.Role indexed role, address indexed owner, address indexed token, uint256 commissionBps, uint256 from
    );

    /// @notice Thrown when an amount is worth less than one share.
    error Delegation_TooSmall(uint256 amount);

    /// @notice Thrown when slashes have left `shares` that earn or thaw with `value` wei, less than a hundredth of their first
    /// worth: nobody is taken in until they have left.
    error Delegation_PoolSpent(uint256 shares, uint256 value);

    /// @notice Thrown when a delegator has fewer shares than it would use.
    error Delegation_InsufficientShares(uint256 shares, uint256 asked);

    /// @notice Thrown when a bucket is empty, or may leave only from `leavesAt` on (unix seconds).
    error Delegation_NotThawed(uint256 thawingShares, uint256 leavesAt);

    /// @notice Thrown when a commission is above its bound (basis points).
    error Delegation_CommissionTooHigh(uint256 commissionBps, uint256 maximum);

    /// @notice Puts `amount` wei of the caller behind the bond of `owner`. A pool of which slashes have left less than a
    /// hundredth takes none.
    /// @return shares That the caller got.
    function delegate(IBonds.Role role, address owner, address token, uint256 amount) external returns (uint256 shares);

    /// @notice Moves `shares` of the caller into its thaw bucket, whose thaw restarts.
    /// @return amount Wei that they are worth.
    function undelegate(IBonds.Role role, address owner, address token, uint256 shares)
        external
        returns (uint256 amount);

    /// @notice Puts the caller's whole bucket back to earning, at the present price of a share, if the pool still takes any.
    /// @return shares That the caller got.
    function cancelUndelegation(IBonds.Role role, address owner, address token) external returns (uint256 shares);

    /// @notice Withdraws the caller's thawed bucket to `to`.
    /// @return amount Wei paid.
    function withdrawDelegation(IBonds.Role role, address owner, address token, address to)
        external
        returns (uint256 amount);

    /// @notice Gives `amount` wei of the caller to a pool: the commission to its owner, the rest to its shares. If those are
    /// fewer than 10^12, of a million wei at first, all of it goes to the owner. Anyone may. What goes to the shares drips: it
    /// is theirs at most seven days later, and never slower than what dripped before. At most 2^88 - 1 wei drip at once.
    function reward(IBonds.Role role, address owner, address token, uint256 amount) external;

    /// @notice Sets the caller's commission, in basis points: at once if it falls, after COMMISSION_NOTICE if it rises.
    function setCommission(IBonds.Role role, address token, uint256 commissionBps) external;

    /// @notice A pool.
    function poolOf(IBonds.Role role, address owner, address token) external view returns (Pool memory);

    /// @notice Wei of a pool that earn and count now: its value without what has not dripped.
    function earningOf(IBonds.Role role, address owner, address token) external view returns (uint256);

    /// @notice Wei of a pool not yet dripped, as of now, and when the drip ends (unix seconds; 0 if nothing drips).
    function dripOf(IBonds.Role role, address owner, address token)
        external
        view
        returns (uint256 undripped, uint256 endsAt);

    /// @notice What a delegator has in a pool.
    function positionOf(IBonds.Role role, address owner, address token, address delegator)
        external
        view
        returns (Position memory);

    /// @notice What a position is worth.
    /// @return value Wei of the shares that earn.
    /// @return thawing Wei of the bucket.
    function valueOf(IBonds.Role role, address owner, address token, address delegator)
        external
        view
        returns (uint256 value, uint256 thawing);

    /// @notice The commission that holds now, in basis points.
    function commissionOf(IBonds.Role role, address owner, address token) external view returns (uint256);

    /// @notice What a bond weighs: its active wei, and of what is delegated to it at most MAX_LEVERAGE times as much; 0 if it
    /// does not reach the minimum.
    function weightOf(IBonds.Role role, address owner, address token) external view returns (uint256);

    /// @notice Highest commission, in basis points.
    function MAX_COMMISSION_BPS() external view returns (uint256);

    /// @notice Seconds between the announcement of a higher commission and its start.
    function COMMISSION_NOTICE() external view returns (uint256);

    /// @notice How many times a bond's own active wei delegations count at most.
    function MAX_LEVERAGE() external view returns (uint256);
}
