// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Bonds of providers, gateways and verifiers
/// @notice A bond is 1:1 in an allow-listed token. Leaving takes a thaw, and thawing money stays slashable pro rata. A
/// slash makes the harmed whole first, then rewards the reporter up to a cap, and burns the rest.
/// @dev For each token: deposited == active + thawing + slashed + withdrawn, and the token balance of this contract ==
/// active + thawing + owed.
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
        uint40 thawedAt; // unix seconds; when the bucket may be withdrawn, 0 if it is empty
        uint96 windowStake; // wei at stake when the slash window began
        uint96 windowSlashed; // wei slashed in it without proof
        uint40 windowStart; // unix seconds
    }

    /// @notice Who gets what of a slash.
    struct Slash {
        uint256 amount; // wei asked for
        address harmed; // made whole first
        uint256 loss; // wei that the harmed has proved
        address reporter; // gets at most the reporter's share of what is left
        bool uncapped; // a proof that needs no judgement: the window's cap does not bind
    }

    /// @notice `payer` bonded `amount` wei for `owner`.
    event Bonded(
        Role indexed role, address indexed owner, address indexed token, address payer, uint256 amount, uint256 active
    );

    /// @notice `amount` wei began to thaw; the whole bucket of `thawing` wei may be withdrawn from `thawedAt` on.
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

    /// @notice A thawed bucket of `amount` wei left to `to`.
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

    /// @notice What slashes had owed `account` was paid to `to`; both are the burn address for what they burned.
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

    /// @notice Thrown when a token delivered another amount than was asked: it takes fees or rebases.
    error Bonds_UnexpectedAmount(uint256 asked, uint256 arrived);

    /// @notice Thrown when a bond does not cover an amount.
    error Bonds_InsufficientBond(uint256 active, uint256 asked);

    /// @notice Thrown when a bucket is empty or has not thawed yet.
    error Bonds_NotThawed(uint256 thawing, uint256 thawedAt);

    /// @notice Thrown when a slash would take more in its window than the cap allows.
    error Bonds_SlashCapExceeded(uint256 asked, uint256 available);

    /// @notice Thrown when there is nothing at stake, or nothing owed.
    error Bonds_NothingThere(address account);

    /// @notice Thrown when a setting is outside its bounds.
    error Bonds_OutOfBounds(uint256 value, uint256 minimum, uint256 maximum);

    /// @notice Adds `amount` wei to the bond of `owner`. It touches no thaw.
    function bond(Role role, address owner, address token, uint256 amount) external;

    /// @notice Moves `amount` wei of the caller's bond into its thaw bucket, whose thaw restarts.
    function thaw(Role role, address token, uint256 amount) external;

    /// @notice Takes the caller's whole bucket back.
    function cancelThaw(Role role, address token) external;

    /// @notice Withdraws the caller's thawed bucket to `to`.
    function withdraw(Role role, address token, address to) external;

    /// @notice Slashes a bond: active and thawing pro rata, the rounding against active. Restricted: the slashers.
    /// @return slashed Wei taken; less than asked only if less is there.
    function slash(Role role, address owner, address token, Slash calldata order) external returns (uint256 slashed);

    /// @notice Pays what slashes owe the caller to `to`.
    function collect(address token, address to) external returns (uint256 amount);

    /// @notice Sends what slashes burned to the burn address, to which it is owed until then. Anyone may. It is no part
    /// of a slash, so that no token can block one.
    function collectBurned(address token) external returns (uint256 amount);

    /// @notice Sets from how many wei on a bond counts, 0 to forbid new ones. Restricted.
    function setMinimum(Role role, address token, uint256 minimum) external;

    /// @notice Sets the thaw period of future requests, in [7 days, 60 days]. Restricted.
    function setThawPeriod(uint256 thawPeriod) external;

    /// @notice A bond.
    function bondOf(Role role, address owner, address token) external view returns (Bond memory);

    /// @notice Whether the active bond reaches the minimum of an allowed token.
    function isBonded(Role role, address owner, address token) external view returns (bool);

    /// @notice From how many wei on a bond counts; 0 if the token may not be bonded.
    function minimumOf(Role role, address token) external view returns (uint256);

    /// @notice What slashes owe `account`, in wei.
    function owedTo(address account, address token) external view returns (uint256);

    /// @notice Seconds that a thaw takes.
    function thawPeriod() external view returns (uint256);

    /// @notice Most of a bond that one window (7 days) may lose without proof, in basis points.
    function SLASH_CAP_BPS() external view returns (uint256);

    /// @notice Most of a slash, after the harmed, that a reporter gets, in basis points.
    function REPORTER_CAP_BPS() external view returns (uint256);

    /// @notice Nobody's address, that burned money goes to.
    function BURN_ADDRESS() external view returns (address);
}
