// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Drip, money that reaches its owners linearly, so that nobody can step in for one payment
/// @notice What still drips is `undripped` wei at one moment, `duration` seconds before `endsAt`.
library Drip {
    /// @notice Most seconds that anything takes to drip.
    uint256 internal constant PERIOD = 7 days;

    /// @notice What has not dripped by now, and the seconds that it still takes. Rounded up: what has dripped rounds down.
    function left(uint256 undripped, uint256 duration, uint256 endsAt)
        internal
        view
        returns (uint256 undrippedNow, uint256 remaining)
    {
        if (block.timestamp >= endsAt) return (0, 0);
        remaining = endsAt - block.timestamp;
        undrippedNow = Math.ceilDiv(undripped * remaining, duration);
    }

    /// @notice How many seconds `undripped` wei take of which `old` wei would take `remaining` seconds more: no longer than a
    /// PERIOD, and the rate never falls by what is added.
    function durationOf(uint256 undripped, uint256 old, uint256 remaining) internal pure returns (uint256 duration) {
        duration = PERIOD;
        // Rounded down: a second more than the old rate needs would let a flow of dust hold the rest back.
        if (old != 0) duration = Math.min(duration, Math.mulDiv(undripped, remaining, old));
    }
}
