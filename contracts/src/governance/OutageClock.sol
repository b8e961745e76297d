// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IOutageClock} from "./IOutageClock.sol";
import {IUptimeFeed} from "./IUptimeFeed.sol";

/// @title OutageClock
contract OutageClock is IOutageClock, AccessManaged {
    /// @dev Where reading the feed stands: one slot.
    struct Cursor {
        uint80 round; // last one read
        uint40 downSince; // unix seconds, 0 while the sequencer is up
        uint40 earliest; // unix seconds; no outage to come begins before
    }

    /// @dev What a round says.
    struct Round {
        uint80 id;
        bool down;
        uint256 at; // unix seconds
    }

    /// @inheritdoc IOutageClock
    uint256 public constant MAX_OUTAGE = 7 days;
    /// @inheritdoc IOutageClock
    uint256 public constant MAX_ROUNDS = 16;

    // Asking a feed through its proxy takes some 20,000.
    uint256 private constant FEED_GAS = 60_000;
    uint256 private constant FEED_GAS_NEEDED = FEED_GAS * 64 / 63 + 5_000;
    uint256 private constant PHASE_OFFSET = 64;

    /// @inheritdoc IOutageClock
    address public feed;

    Cursor private _cursor;
    Outage[] private _outages;

    constructor(address initialAuthority) AccessManaged(initialAuthority) {}

    /// @inheritdoc IOutageClock
    function poke() public returns (bool more) {
        Cursor memory cursor = _cursor;
        uint256 first = cursor.round;
        (, Round memory latest) = _latest();
        for (uint256 i; i < MAX_ROUNDS && cursor.round < latest.id; ++i) {
            (uint256 start, uint256 end) = _advance(cursor, latest);
            if (end != 0) _record(start, end);
        }
        if (cursor.round == first) return false;
        _cursor = cursor;
        emit RoundsRead(cursor.round, cursor.downSince);
        return cursor.round < latest.id;
    }

    /// @inheritdoc IOutageClock
    function setFeed(address feed_) external restricted {
        // What the former feed has reported counts, read or not: windows that it extended must not shrink.
        poke();
        uint256 downSince = _cursor.downSince;
        if (downSince != 0) _record(downSince, _cut(downSince, block.timestamp));
        feed = feed_;
        Cursor memory cursor;
        cursor.earliest = uint40(block.timestamp);
        if (feed_ != address(0)) {
            (bool answered, Round memory latest) = _latest();
            if (!answered) revert OutageClock_InvalidFeed(feed_);
            cursor.round = latest.id;
            if (latest.down) cursor.downSince = cursor.earliest;
        }
        _cursor = cursor;
        emit FeedSet(feed_, cursor.round);
        emit RoundsRead(cursor.round, cursor.downSince);
    }

    /// @inheritdoc IOutageClock
    function outageBetween(uint256 from, uint256 to) external view returns (uint256 seconds_) {
        to = Math.min(to, block.timestamp);
        if (from >= to) return 0;
        seconds_ = _recordedUntil(to) - _recordedUntil(from);

        Cursor memory cursor = _cursor;
        (, Round memory latest) = _latest();
        for (uint256 i; i < MAX_ROUNDS && cursor.round < latest.id; ++i) {
            (uint256 start, uint256 end) = _advance(cursor, latest);
            seconds_ += _overlap(start, end, from, to);
        }
        if (cursor.downSince != 0) {
            seconds_ += _overlap(cursor.downSince, _cut(cursor.downSince, block.timestamp), from, to);
        }
    }

    /// @inheritdoc IOutageClock
    function outageCount() external view returns (uint256) {
        return _outages.length;
    }

    /// @inheritdoc IOutageClock
    function outageAt(uint256 index) external view returns (Outage memory) {
        return _outages[index];
    }

    /// @dev Moves `cursor` one round on towards `latest`, in memory.
    /// @return start Of the outage that this round ended, and its end; 0 if it ended none.
    function _advance(Cursor memory cursor, Round memory latest) private view returns (uint256 start, uint256 end) {
        Round memory round = _next(cursor, latest);
        cursor.round = round.id;
        if (round.at == 0 || round.down == (cursor.downSince != 0)) return (0, 0);
        // A feed writes the time of L1, which may be ahead of the chain's.
        uint40 at = uint40(Math.max(Math.min(round.at, block.timestamp), cursor.earliest));
        cursor.earliest = at;
        if (round.down) {
            cursor.downSince = at;
        } else {
            (start, cursor.downSince) = (cursor.downSince, 0);
            end = _cut(start, at);
        }
    }

    /// @dev The round after the cursor's. Where a new phase has begun it is the latest one: old phases cannot be walked.
    function _next(Cursor memory cursor, Round memory latest) private view returns (Round memory round) {
        if (cursor.round + 1 == latest.id || cursor.round >> PHASE_OFFSET != latest.id >> PHASE_OFFSET) return latest;
        (, round) = _ask(abi.encodeCall(IUptimeFeed.getRoundData, (cursor.round + 1)));
        // A round that cannot be read says nothing, and does not stop those behind it.
        round.id = cursor.round + 1;
    }

    function _latest() private view returns (bool answered, Round memory round) {
        return _ask(abi.encodeCall(IUptimeFeed.latestRoundData, ()));
    }

    /// @dev The feed's answer; a round of zeros if it has none. A feed can neither revert nor return a bomb.
    function _ask(bytes memory question) private view returns (bool answered, Round memory round) {
        address feed_ = feed;
        if (feed_ == address(0)) return (false, round);
        if (gasleft() < FEED_GAS_NEEDED) revert OutageClock_InsufficientGas(gasleft(), FEED_GAS_NEEDED);
        uint256 id;
        uint256 answer;
        uint256 at;
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            answered := staticcall(FEED_GAS, feed_, add(question, 0x20), mload(question), pointer, 0x60)
            answered := and(answered, gt(returndatasize(), 0x9f))
            id := mload(pointer)
            answer := mload(add(pointer, 0x20))
            at := mload(add(pointer, 0x40))
        }
        if (!answered || id > type(uint80).max || answer > 1) return (false, round);
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        round = Round({id: uint80(id), down: answer == 1, at: at});
    }

    function _record(uint256 start, uint256 end) private {
        if (end == start) return;
        uint256 index = _outages.length;
        uint256 before;
        if (index != 0) {
            Outage memory last = _outages[index - 1];
            before = uint256(last.before) + last.end - last.start;
        }
        // forge-lint: disable-next-line(unsafe-typecast) times that have passed
        _outages.push(Outage({start: uint40(start), end: uint40(end), before: uint40(before)}));
        emit OutageRecorded(index, start, end);
    }

    /// @dev Seconds of recorded outages before `time`.
    function _recordedUntil(uint256 time) private view returns (uint256) {
        uint256 low;
        uint256 high = _outages.length;
        while (low < high) {
            uint256 middle = Math.average(low, high);
            if (_outages[middle].start < time) low = middle + 1;
            else high = middle;
        }
        if (low == 0) return 0;
        Outage memory last = _outages[low - 1];
        return uint256(last.before) + Math.min(last.end, time) - last.start;
    }

    function _cut(uint256 start, uint256 end) private pure returns (uint256) {
        return Math.min(end, start + MAX_OUTAGE);
    }

    /// @dev Seconds of [start, end) that lie in [from, to).
    function _overlap(uint256 start, uint256 end, uint256 from, uint256 to) private pure returns (uint256) {
        return Math.saturatingSub(Math.min(end, to), Math.max(start, from));
    }
}
