// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Payout, pushes what providers earned to their reward wallets
/// @notice A provider that opts in for a token is paid out by anyone, to the reward wallet that the NodeRegistry has for
/// it. A transfer that fails leaves the credit in the Ledger where it was.
/// @dev A module of the Ledger that acts on a provider's own standing instruction. It holds nothing between calls.
interface IPayout {
    /// @notice The provider's balance in `token` is to be paid out from `minimum` wei on, or not at all if that is 0.
    event MinimumSet(address indexed provider, address indexed token, uint256 minimum);

    /// @notice `amount` wei of the provider's balance went to its reward wallet.
    event PaidOut(address indexed provider, address indexed token, address indexed rewardWallet, uint256 amount);

    /// @notice A payout in a batch failed, and the provider's balance is what it was.
    event PayoutFailed(address indexed provider, address indexed token, bytes4 reason);

    /// @notice Thrown when the provider has not opted in for the token.
    error Payout_NotOptedIn(address provider, address token);

    /// @notice Thrown when the provider's balance is below its minimum (wei).
    error Payout_BelowMinimum(uint256 balance, uint256 minimum);

    /// @notice Thrown when an account is no provider.
    error Payout_NotProvider(address account);

    /// @notice Thrown when too little gas is left to try a payout, which would fail for want of it.
    error Payout_InsufficientGas(uint256 left, uint256 needed);

    /// @notice Opts the caller in for `token` from `minimum` wei on, or out with 0.
    function setMinimum(address token, uint256 minimum) external;

    /// @notice Sends all of the provider's balance in `token` to its reward wallet. Anyone may.
    /// @return amount Wei sent.
    function payOut(address provider, address token) external returns (uint256 amount);

    /// @notice `payOut` for each of `providers`; those for whom it fails are passed over.
    function payOutMany(address[] calldata providers, address token) external;

    /// @notice From how many wei on a provider is paid out, 0 if it has not opted in.
    function minimumOf(address provider, address token) external view returns (uint256);
}
