// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title PauseSwitch, bits that pause the intake of contracts
/// @notice Each bit stands for one contract. A guardian sets bits at once; only governance clears them early; anybody
/// may end a pause after `MAX_PAUSE`, and the guardian can set its bit again only `REST` after that.
/// @dev What a bit pauses is the contract's matter: intake only, never an exit.
interface IPauseSwitch {
    /// @notice A bit: one slot.
    struct Bit {
        address target; // what it pauses; address(0) if it stands for nothing
        uint40 pausedUntil; // unix seconds; when its latest pause ends at the latest, 0 if governance cleared it
        bool paused;
    }

    /// @notice Bit `bit` stands for `target`, or for nothing if that is 0.
    event TargetSet(uint256 indexed bit, address indexed target);

    /// @notice The intake of `target` is paused, until `pausedUntil` (unix seconds) at the latest.
    event Paused(uint256 indexed bit, address indexed target, uint256 pausedUntil);

    /// @notice The intake of `target` is no longer paused: by governance, or because its time was over.
    event Unpaused(uint256 indexed bit, address indexed target, bool expired);

    /// @notice Thrown when a bit is not below 256, or stands for nothing.
    error PauseSwitch_UnknownBit(uint256 bit);

    /// @notice Thrown when a bit is paused and should not be, or the other way round.
    error PauseSwitch_WrongState(uint256 bit, bool paused);

    /// @notice Thrown when a bit's pause has not expired, or its rest not passed, before `time` (unix seconds).
    error PauseSwitch_TooEarly(uint256 bit, uint256 time);

    /// @notice Thrown when another bit stands for a target already.
    error PauseSwitch_TargetTaken(address target);

    /// @notice Pauses what the bits of `mask` stand for. Restricted: the guardian, at once.
    function pause(uint256 mask) external;

    /// @notice Ends pauses early. Restricted: governance, after its delay.
    function unpause(uint256 mask) external;

    /// @notice Ends pauses whose time is over. Anyone may.
    function expire(uint256 mask) external;

    /// @notice Says what a bit stands for, which must not be paused. Restricted: governance.
    function setTarget(uint256 bit, address target) external;

    /// @notice A bit.
    function bitOf(uint256 bit) external view returns (Bit memory);

    /// @notice Bits that are set.
    function pausedBits() external view returns (uint256 mask);

    /// @notice Most seconds that a pause takes.
    function MAX_PAUSE() external view returns (uint256);

    /// @notice Seconds between the end of a pause that expired and the guardian's next one of the same bit.
    function REST() external view returns (uint256);
}
