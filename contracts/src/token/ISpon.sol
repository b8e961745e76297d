// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title SPON, the token of the network
/// @notice ERC-20 with 18 decimals and a hard cap; ERC-2612 permits, ERC-3009 authorizations, and ERC-7802 mint and
/// burn for bridges within rate limits. It has no votes: those live in the stake, since they triple every transfer.
interface ISpon is IERC20 {
    /// @notice A bridge's limit was set. Each direction has a bucket of `capacity` that refills over `window`.
    /// @param bridge The bridge contract.
    /// @param capacity Most that may be minted, and most that may be burned, at once, and as much again over each window
    /// (wei); 0 shuts the bridge.
    /// @param window Seconds in which an empty bucket refills.
    event BridgeLimitSet(address indexed bridge, uint256 capacity, uint256 window);

    /// @notice Thrown when a mint would lift the supply above the cap.
    error Spon_CapExceeded(uint256 supply, uint256 cap);

    /// @notice Thrown when a bridge's window is outside [1 hour, 30 days].
    error Spon_WindowOutOfBounds(uint256 window, uint256 minimum, uint256 maximum);

    /// @notice Thrown when a bridge asks for more than its limit leaves it.
    error Spon_BridgeLimitExceeded(address bridge, uint256 amount, uint256 available);

    /// @notice The most SPON that can exist on this chain: 1,000,000,000 * 10^18 wei.
    function CAP() external view returns (uint256);

    /// @notice Creates `amount` wei for `to`. Restricted: the issuance contracts.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` wei of the caller.
    function burn(uint256 amount) external;

    /// @notice Destroys `amount` wei of `from`, out of the caller's allowance.
    function burnFrom(address from, uint256 amount) external;

    /// @notice Sets what a bridge may mint and burn; it burns from any account, and needs no allowance. Restricted.
    function setBridgeLimit(address bridge, uint256 capacity, uint256 window) external;

    /// @notice Shuts a bridge at once. Restricted: the guardian.
    function shutBridge(address bridge) external;

    /// @notice What a bridge may mint and burn right now, in wei.
    function bridgeAvailable(address bridge) external view returns (uint256 mintable, uint256 burnable);
}
