// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IPausable} from "./IPausable.sol";
import {IPauseSwitch} from "./IPauseSwitch.sol";

/// @title PauseSwitch
contract PauseSwitch is IPauseSwitch, AccessManaged {
    /// @inheritdoc IPauseSwitch
    uint256 public constant MAX_PAUSE = 14 days;
    /// @inheritdoc IPauseSwitch
    uint256 public constant REST = 14 days;

    uint256 private constant BITS = 256;

    /// @inheritdoc IPauseSwitch
    uint256 public pausedBits;

    mapping(uint256 bit => Bit) private _bits;
    mapping(address target => bool) private _isTaken;

    constructor(address initialAuthority) AccessManaged(initialAuthority) {}

    /// @inheritdoc IPauseSwitch
    function pause(uint256 mask) external restricted {
        for (uint256 bit; mask != 0; (++bit, mask >>= 1)) {
            if (mask & 1 == 0) continue;
            Bit storage b = _bits[bit];
            _checkState(bit, b, false);
            uint256 rested = b.pausedUntil == 0 ? 0 : b.pausedUntil + REST;
            if (block.timestamp < rested) revert PauseSwitch_TooEarly(bit, rested);
            // forge-lint: disable-next-line(unsafe-typecast) a time two weeks from now
            b.pausedUntil = uint40(block.timestamp + MAX_PAUSE);
            emit Paused(bit, b.target, b.pausedUntil);
            _set(bit, b, true);
        }
    }

    /// @inheritdoc IPauseSwitch
    function unpause(uint256 mask) external restricted {
        for (uint256 bit; mask != 0; (++bit, mask >>= 1)) {
            if (mask & 1 == 0) continue;
            Bit storage b = _bits[bit];
            _checkState(bit, b, true);
            b.pausedUntil = 0;
            emit Unpaused(bit, b.target, false);
            _set(bit, b, false);
        }
    }

    /// @inheritdoc IPauseSwitch
    function expire(uint256 mask) external {
        for (uint256 bit; mask != 0; (++bit, mask >>= 1)) {
            if (mask & 1 == 0) continue;
            Bit storage b = _bits[bit];
            _checkState(bit, b, true);
            if (block.timestamp < b.pausedUntil) revert PauseSwitch_TooEarly(bit, b.pausedUntil);
            // The rest begins when the pause ends, not when it could have.
            // forge-lint: disable-next-line(unsafe-typecast) a time
            b.pausedUntil = uint40(block.timestamp);
            emit Unpaused(bit, b.target, true);
            _set(bit, b, false);
        }
    }

    /// @inheritdoc IPauseSwitch
    function setTarget(uint256 bit, address target) external restricted {
        if (bit >= BITS) revert PauseSwitch_UnknownBit(bit);
        Bit storage b = _bits[bit];
        // Its former target would stay paused with nobody to end it.
        if (b.paused) revert PauseSwitch_WrongState(bit, true);
        // Two bits in turn could pause one target for ever.
        _isTaken[b.target] = false;
        if (_isTaken[target]) revert PauseSwitch_TargetTaken(target);
        if (target != address(0)) _isTaken[target] = true;
        (b.target, b.pausedUntil) = (target, 0);
        emit TargetSet(bit, target);
    }

    /// @inheritdoc IPauseSwitch
    function bitOf(uint256 bit) external view returns (Bit memory) {
        return _bits[bit];
    }

    function _checkState(uint256 bit, Bit storage b, bool paused) private view {
        if (b.target == address(0)) revert PauseSwitch_UnknownBit(bit);
        if (b.paused != paused) revert PauseSwitch_WrongState(bit, b.paused);
    }

    function _set(uint256 bit, Bit storage b, bool paused) private {
        b.paused = paused;
        pausedBits ^= 2 ** bit;
        IPausable(b.target).setPaused(paused);
    }
}
