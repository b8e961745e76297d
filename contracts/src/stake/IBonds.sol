// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOutageClock} from "../governance/IOutageClock.sol";

/// @title Bonds of providers, gateways and verifiers
/// @notice A bond is 1:1 in an allow-listed token. Leaving takes a thaw, and thawing money stays slashable pro rata. A
/// slash makes the harmed whole first, then rewards the reporter up to a cap, and burns the rest.
/// @notice Claims lock a provider's bond behind fees that were paid before they were final: what is locked cannot thaw,
/// and the claimer that locked it may seize it for whoever was harmed.
/// @notice A hold reserves what a judgement may take. While it lasts, claims, new locks and withdrawals reach unlocked money
/// only beyond it; locks that exist are not touched. It ends by itself after the shortest thaw, and holds that follow each
/// other keep a thawed bucket from claims no longer than that. What a hold kept from claims leaves two days after they may
/// reach it again.
/// @dev For each token: deposited == active + thawing + slashed + seized + withdrawn, and the token balance of this
/// contract == active + thawing + owed. A lock only marks active money; without a slash, locked <= active.
interface IBonds {
    /// @notice What a bond is for.
    enum Role {
        Provider,
        Gateway,
        Verifier
    }

    /// @notice A bond.
    struct Bond {
        uint96 active; // wei
        uint96 thawing; // wei, one bucket
        uint40 thawedAt; // unix seconds, without outages; when the bucket may be withdrawn, 0 if it is empty
        uint96 locked; // wei behind claims, which cannot thaw
        uint96 windowLeft; // wei that the slash window may still lose without proof, as of the last such loss
        uint40 windowStart; // unix seconds
        uint96 held; // wei that a judgement to come may take, as far as no claim has locked them
        uint40 heldUntil; // unix seconds, without outages; when nothing is held any more
        uint96 windowCap; // wei that it may lose in all
    }

    /// @notice Who gets what of a slash.
    struct Slash {
        uint256 amount; // wei asked for
        address harmed; // made whole first
        uint256 loss; // wei that the harmed has proved
        address reporter; // gets at most the reporter's share of what is left; nothing if it is the owner
        bool uncapped; // a proof that needs no judgement: the window's cap does not bind, the reporter's share is smaller
    }

    /// @notice `payer` bonded `amount` wei for `owner`.
    event Bonded(
        Role indexed role, address indexed owner, address indexed token, address payer, uint256 amount, uint256 active
    );

    /// @notice `amount` wei began to thaw; the whole bucket of `thawing` wei may be withdrawn from `thawedAt` on,
    /// and later by the outages of the sequencer in the seven days before.
    event ThawStarted(
        Role indexed role,
        address indexed owner,
        address indexed token,
        uint256 amount,
        uint256 thawing,
        uint256 thawedAt
    );

    /// @notice The whole bucket went back to active.
    event ThawCancelled(Role indexed role, address indexed owner, address indexed token, uint256 amount);

    /// @notice `amount` wei of a thawed bucket left to `to`: all but what is held.
    event BondWithdrawn(Role indexed role, address indexed owner, address indexed token, address to, uint256 amount);

    /// @notice A bond was slashed by `fromActive + fromThawing == toHarmed + toReporter + burned` wei.
    event Slashed(
        Role indexed role,
        address indexed owner,
        address indexed token,
        uint256 fromActive,
        uint256 fromThawing,
        address harmed,
        uint256 toHarmed,
        address reporter,
        uint256 toReporter,
        uint256 burned,
        bool uncapped
    );

    /// @notice `claimer` locked `amount` wei of a provider's bond; it has locked `lockedBy` and all claimers `locked`.
    event ClaimLocked(
        address indexed claimer,
        address indexed provider,
        address indexed token,
        uint256 amount,
        uint256 lockedBy,
        uint256 locked
    );

    /// @notice `amount` wei that `claimer` had locked are free.
    event ClaimUnlocked(
        address indexed claimer,
        address indexed provider,
        address indexed token,
        uint256 amount,
        uint256 lockedBy,
        uint256 locked
    );

    /// @notice `claimer` seized `fromActive + fromThawing` wei, last of what it had locked; they are owed to `harmed`.
    event ClaimSeized(
        address indexed claimer,
        address indexed provider,
        address indexed token,
        uint256 fromActive,
        uint256 fromThawing,
        address harmed,
        uint256 lockedBy,
        uint256 locked
    );

    /// @notice `held` wei of a bond wait for a judgement until `heldUntil`, and longer by the outages of the sequencer since.
    event BondHeld(Role indexed role, address indexed owner, address indexed token, uint256 held, uint256 heldUntil);

    /// @notice `claimer` was given the right to lock and seize bonds of providers, or lost it.
    event ClaimerSet(address indexed claimer, bool allowed);

    /// @notice `slasher` was given the right to slash, or lost it.
    event SlasherSet(address indexed slasher, bool allowed);

    /// @notice New bonds were stopped, or let in again.
    event PausedSet(bool paused);

    /// @notice The `amount` wei owed to `account` were paid to `to`; both are the burn address for what was burned.
    event OwedCollected(address indexed account, address indexed token, address to, uint256 amount);

    /// @notice `token` may be bonded; a bond counts from `minimum` wei on. 0 forbids new bonds.
    event MinimumSet(Role indexed role, address indexed token, uint256 minimum);

    /// @notice The thaw of future requests was set, in seconds.
    event ThawPeriodSet(uint256 thawPeriod);

    /// @notice Thrown when a token may not be bonded for a role.
    error Bonds_TokenNotAllowed(Role role, address token);

    /// @notice Thrown when an amount of 0 is given.
    error Bonds_ZeroAmount();

    /// @notice Thrown when an account is the zero address.
    error Bonds_InvalidAccount(address account);

    /// @notice Thrown when what is neither locked nor held does not cover an amount (wei).
    error Bonds_InsufficientBond(uint256 available, uint256 asked);

    /// @notice Thrown when a claimer would unlock more than it has locked (wei).
    error Bonds_InsufficientLock(uint256 locked, uint256 asked);

    /// @notice Thrown when the caller is no claimer or no slasher, or `unlockFormer` names an account that is a claimer.
    error Bonds_NotAuthorized(address caller);

    /// @notice Thrown when new bonds are paused.
    error Bonds_Paused();

    /// @notice Thrown when a bucket is empty, still thaws or is held: its `thawing` wei may leave from `leavesAt` on (unix
    /// seconds).
    error Bonds_NotThawed(uint256 thawing, uint256 leavesAt);

    /// @notice Thrown when a slash would take more in its window than the cap allows (wei).
    error Bonds_SlashCapExceeded(uint256 asked, uint256 available);

    /// @notice Thrown when there is nothing at stake, or nothing owed.
    error Bonds_NothingThere(address account);

    /// @notice Thrown when a setting is outside its bounds.
    error Bonds_OutOfBounds(uint256 value, uint256 minimum, uint256 maximum);

    /// @notice Adds `amount` wei to the bond of `owner`. It touches no thaw.
    function bond(Role role, address owner, address token, uint256 amount) external;

    /// @notice Moves `amount` wei of the caller's bond into its thaw bucket, whose thaw restarts.
    function thaw(Role role, address token, uint256 amount) external;

    /// @notice Takes the caller's whole bucket back; not where it would fall to locks while it is held.
    function cancelThaw(Role role, address token) external;

    /// @notice Withdraws the caller's thawed bucket to `to`, but for what is held of it.
    function withdraw(Role role, address token, address to) external;

    /// @notice Slashes a bond: active and thawing pro rata, the rounding against active. Only slashers. It leaves locks as
    /// they are, so that what is left stays locked.
    /// @dev Of what the harmed leave, a reporter gets at most REPORTER_CAP_BPS after a judgement. After a proof, which its
    /// own offender can bring under another name, it gets at most PROOF_REPORTER_CAP_BPS, and no more than the minimum
    /// bond: reporting oneself saves at most that.
    /// Beyond the bond, a proof takes as much again of what was delegated to it (see IDelegation).
    /// @return slashed Wei taken of the bond; less than asked only if less is there.
    function slash(Role role, address owner, address token, Slash calldata order) external returns (uint256 slashed);

    /// @notice Holds what a slash window may take of a bond without proof. Only slashers. Several holds together hold no
    /// more than the largest, and what a judgement took is held no longer.
    function hold(Role role, address owner, address token) external;

    /// @notice Locks `amount` wei of a provider's active bond behind a claim of the caller. Only claimers.
    function lock(address provider, address token, uint256 amount) external;

    /// @notice Frees `amount` wei of what the caller has locked. A former claimer may, too.
    function unlock(address provider, address token, uint256 amount) external;

    /// @notice Frees all that a former claimer has locked of a provider's bond. Anyone may.
    function unlockFormer(address claimer, address provider, address token) external;

    /// @notice Takes up to `amount` wei, and owes it to `harmed`: out of what thaws, then out of what nobody has locked, both
    /// but for what is held, then up to `mostLocked` wei of what the caller has locked. No cap of a window binds it. Only
    /// claimers. Where a slash has left less than is locked, claimers are served in the order in which they come.
    /// @return seized Wei taken; less than asked only if no more of those is there.
    /// @return freed Wei of them that the caller had locked, and has no longer.
    function seize(address provider, address token, uint256 amount, address harmed, uint256 mostLocked)
        external
        returns (uint256 seized, uint256 freed);

    /// @notice Pays to `to` what the caller is owed for slashes, claims, commissions and rewards that nobody's shares got.
    /// @return amount Wei paid.
    function collect(address token, address to) external returns (uint256 amount);

    /// @notice Sends what slashes burned to the burn address, to which it is owed until then. Anyone may. It is no part
    /// of a slash, so that no token can block one.
    /// @return amount Wei burned.
    function collectBurned(address token) external returns (uint256 amount);

    /// @notice Sets from how many wei on a bond counts, 0 to forbid new ones. Restricted.
    function setMinimum(Role role, address token, uint256 minimum) external;

    /// @notice Sets the thaw period of future requests, in [7 days, 60 days]. Restricted.
    function setThawPeriod(uint256 thawPeriod) external;

    /// @notice Lets `claimer` lock and seize, or withdraws that right; what it has locked stays locked until it is unlocked.
    /// Restricted.
    function setClaimer(address claimer, bool allowed) external;

    /// @notice Lets `slasher` slash, or withdraws that right. Restricted.
    function setSlasher(address slasher, bool allowed) external;

    /// @notice Stops new bonds, or lets them in again; every way out stays open, and so do locks and slashes. Restricted.
    function setPaused(bool paused) external;

    /// @notice A bond.
    function bondOf(Role role, address owner, address token) external view returns (Bond memory);

    /// @notice Whether the active bond reaches the minimum of an allowed token.
    function isBonded(Role role, address owner, address token) external view returns (bool);

    /// @notice From how many wei on a bond counts; 0 if the token may not be bonded.
    function minimumOf(Role role, address token) external view returns (uint256);

    /// @notice Wei of a provider's bond that claimers have locked.
    function lockedOf(address provider, address token) external view returns (uint256);

    /// @notice Wei of a provider's bond that a claimer may lock now.
    function lockableOf(address provider, address token) external view returns (uint256);

    /// @notice Wei of a provider's bond that `claimer` has locked.
    function lockedBy(address claimer, address provider, address token) external view returns (uint256);

    /// @notice Whether `account` may lock and seize.
    function isClaimer(address account) external view returns (bool);

    /// @notice Whether `account` may slash.
    function isSlasher(address account) external view returns (bool);

    /// @notice Whether new bonds are paused.
    function paused() external view returns (bool);

    /// @notice Wei that `account` is owed for slashes, claims, commissions and rewards that nobody's shares got.
    function owedTo(address account, address token) external view returns (uint256);

    /// @notice Counts the sequencer's outages; the zero address for none.
    function clock() external view returns (IOutageClock);

    /// @notice Seconds that a thaw takes.
    function thawPeriod() external view returns (uint256);

    /// @notice Most of a bond that one window of 7 days may lose without proof, in basis points: of the largest stake in the
    /// window, counting what it has lost already; or, if that is more, what was held when the window began.
    function SLASH_CAP_BPS() external view returns (uint256);

    /// @notice Most of a judged slash, after the harmed, that a reporter gets, in basis points.
    function REPORTER_CAP_BPS() external view returns (uint256);

    /// @notice Most of a proved slash, after the harmed, that a reporter gets, in basis points.
    function PROOF_REPORTER_CAP_BPS() external view returns (uint256);

    /// @notice Nobody's address, that burned money goes to.
    function BURN_ADDRESS() external view returns (address);
}
