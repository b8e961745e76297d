// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

/// @title sSPON, the token holders' stake
/// @notice ERC-4626 over SPON. Entry is at once; an exit takes a cooldown and follows ERC-7540's names: `requestRedeem`
/// burns the shares at today's price, `redeem` or `withdraw` pays once the cooldown has passed. Revenue drips in
/// linearly, so that nobody can step in for one payment. Votes (ERC-5805) count on a timestamp clock.
/// @dev Assets are counted, not read from the token balance: a donation changes no price. Virtual shares (10^9, of
/// 10^6 virtual wei) and rounding towards the vault make a first-depositor attack a loss, and leave nothing to gain by
/// repeating a rounding. The drip stands still while fewer than 10^21 shares are staked, a SPON's worth at first: revenue
/// waits, and no share can become so dear that a deposit loses more than 10^6 wei by rounding. As shares become dearer,
/// so does that least stake.
/// Votes count once delegated, to oneself too, and `getPastTotalSupply` is the sum of delegated votes: shares of whoever
/// does not vote are no part of it, so a quorum that is a share of it wants a floor in votes beside it.
/// Pausing stops deposits, and nothing else.
interface IStakedSpon is IERC4626 {
    /// @notice An exit of one controller.
    struct Exit {
        uint104 shares; // burned, still owed
        uint96 assets; // SPON in wei that they are worth, fixed at the request
        uint56 claimableAt; // unix seconds
    }

    /// @notice Shares were burned into an exit. Adding to a pending exit restarts its cooldown.
    /// @param controller Who may claim.
    /// @param owner Whose shares were burned.
    /// @param shares Shares burned now.
    /// @param assets SPON (wei) that they are worth.
    /// @param claimableAt When the controller's whole exit may be claimed (unix seconds).
    event ExitRequested(
        address indexed controller, address indexed owner, uint256 shares, uint256 assets, uint256 claimableAt
    );

    /// @notice ERC-7540's event for the same request; `requestId` is always 0: one exit per controller.
    event RedeemRequest(
        address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 shares
    );

    /// @notice An operator was allowed to request and claim for a controller, or forbidden to (ERC-7540).
    event OperatorSet(address indexed controller, address indexed operator, bool approved);

    /// @notice Revenue came in. From `updatedAt` on, `undripped` wei reach the stakers linearly until `endsAt`.
    event DripFunded(address indexed from, uint256 amount, uint256 undripped, uint256 updatedAt, uint256 endsAt);

    /// @notice The drip stood still because less than the least stake was there: it now runs from `updatedAt` to `endsAt`.
    event DripShifted(uint256 undripped, uint256 updatedAt, uint256 endsAt);

    /// @notice The cooldown of future exits was set, in seconds.
    event CooldownSet(uint256 cooldown);

    /// @notice Deposits were stopped, or let in again.
    event PausedSet(bool paused);

    /// @notice Thrown when `claimed` exceeds what the controller can claim at this time.
    error StakedSpon_NotClaimable(address controller, uint256 claimed, uint256 claimable, uint256 claimableAt);

    /// @notice Thrown when the caller is neither the account nor its operator.
    error StakedSpon_NotAuthorized(address caller, address account);

    /// @notice Thrown when an amount of 0, or one that is worth 0 shares, is given.
    error StakedSpon_ZeroAmount();

    /// @notice Thrown when an amount does not fit the accounting.
    error StakedSpon_AmountTooLarge(uint256 amount, uint256 maximum);

    /// @notice Thrown when a cooldown is outside its bounds (seconds).
    error StakedSpon_CooldownOutOfBounds(uint256 cooldown, uint256 minimum, uint256 maximum);

    /// @notice Thrown by `previewRedeem` and `previewWithdraw`, as ERC-7540 asks.
    error StakedSpon_PreviewUnavailable();

    /// @notice Starts an exit of `shares`. The caller is `owner`, its operator, or holds its allowance; and it is
    /// `controller` or its operator, so that no stranger can restart a cooldown.
    /// @return requestId Always 0.
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 requestId);

    /// @notice Shares of a controller whose cooldown still runs; `requestId` is ignored.
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @notice Shares of a controller that can be claimed now; `requestId` is ignored.
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @notice Allows or forbids `operator` to request and claim for the caller.
    function setOperator(address operator, bool approved) external returns (bool);

    /// @notice Whether `operator` may act for `controller`.
    function isOperator(address controller, address operator) external view returns (bool);

    /// @notice Pulls `amount` wei of SPON and drips it to the stakers. Anyone may; the rate never falls by it: the new
    /// end is at most a week away, and no further than the old rate needs.
    function fund(uint256 amount) external;

    /// @notice The exit of a controller.
    function exitOf(address controller) external view returns (Exit memory);

    /// @notice Wei not yet dripped, as of now, and when the drip ends (unix seconds; 0 if nothing drips). While less
    /// than the least stake is there that end moves along with time.
    function drip() external view returns (uint256 undripped, uint256 endsAt);

    /// @notice Seconds between a request and its claim.
    function cooldown() external view returns (uint256);

    /// @notice Stops deposits, or lets them in again. Exits, revenue and votes go on. Restricted.
    function setPaused(bool paused) external;

    /// @notice Whether deposits are stopped; `maxDeposit` and `maxMint` are 0 then.
    function paused() external view returns (bool);

    /// @notice Sets the cooldown of future exits, in [2 days, 30 days]. Restricted.
    function setCooldown(uint256 cooldown) external;
}
