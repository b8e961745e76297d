// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IOutageClock} from "./IOutageClock.sol";

/// @title Windows that last longer by the outages in them
/// @notice A window in which somebody can lose money does not run while nobody can act. A clock of address(0) knows of no
/// outage.
library Outages {
    /// @notice Most seconds by which outages extend one window: no exit hangs on what a feed reports.
    uint256 internal constant MAX_EXTENSION = 7 days;

    /// @dev Gas for a question whose answer must not decide over the caller's: many unread rounds of a feed take more.
    uint256 private constant QUESTION_GAS = 200_000;

    /// @notice The end (unix seconds) of a window of `length` seconds from `start` on, as seen at `time`: with the outages
    /// until then.
    /// @dev A window that is over at some time is over at any later one. Of one that is over, what is returned may lie
    /// after its end, but not after `time`.
    function deadline(IOutageClock clock, uint256 start, uint256 length, uint256 time)
        internal
        view
        returns (uint256 end)
    {
        end = start + length;
        if (address(clock) != address(0)) end += Math.min(clock.outageBetween(start, time), MAX_EXTENSION);
    }

    /// @notice A time (unix seconds) such that every window of `length` seconds that began before is over. A clock that
    /// cannot answer is taken to know of the longest outage.
    function expired(IOutageClock clock, uint256 length) internal view returns (uint256 before) {
        before = Math.saturatingSub(block.timestamp, length);
        if (address(clock) == address(0)) return before;
        uint256 earliest = Math.saturatingSub(before, MAX_EXTENSION);
        try clock.outageBetween{gas: QUESTION_GAS}(earliest, block.timestamp) returns (uint256 outage) {
            return Math.max(Math.saturatingSub(before, outage), earliest);
        } catch {
            return earliest;
        }
    }
}
