// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title What a contract with an intake to pause has
interface IPausable {
    /// @notice Stops the contract's intake, or lets it in again. Never an exit. Restricted.
    function setPaused(bool paused) external;
}
