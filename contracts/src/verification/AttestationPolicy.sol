// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IOutageClock} from "../governance/IOutageClock.sol";
import {Outages} from "../governance/Outages.sol";
import {IReleasePolicy} from "../lease/IReleasePolicy.sol";
import {IAttestationPolicy, ILeasedUnits} from "./IAttestationPolicy.sol";
import {Verdicts} from "./Verdicts.sol";

/// @title AttestationPolicy
/// @dev A node's latest verdict and last window share one slot, which is all that most calls read or write. Windows
/// never touch: a pass within a window extends it, and after a failure the next window begins later than the cut.
/// Cuts are in order and never overlap either; the last one may be followed by a tail, which begins where the last
/// window ends.
contract AttestationPolicy is IAttestationPolicy {
    using SafeCast for uint256;

    /// @notice A node's latest verdict, its last window, and its numbers of windows and cuts: one slot.
    struct Head {
        uint40 measuredAt; // 0 if there is no verdict
        uint32 units; // attested, 0 if it failed
        uint40 start;
        uint40 end; // 0 if there is no window
        uint40 before;
        uint32 closed; // number of windows before the last one
        uint32 cuts; // the node's revision
    }

    uint256 private constant VERDICT_DEADLINE = 48 hours;
    uint256 private constant MAX_VALIDITY = 26 hours;

    /// @dev In the word of a Head: measuredAt, units and end, which a pass changes that extends the last window.
    uint256 private constant EXTENDED_BITS = 2 ** 72 - 1 | (2 ** 40 - 1) << 112;

    /// @inheritdoc IAttestationPolicy
    address public immutable verifierSet;

    /// @inheritdoc IAttestationPolicy
    ILeasedUnits public immutable leaseBook;

    /// @inheritdoc IAttestationPolicy
    IOutageClock public immutable clock;

    mapping(address node => Head) private _heads;
    mapping(address node => mapping(uint256 index => Window)) private _closed;
    mapping(address node => mapping(uint256 index => Window)) private _cuts;

    constructor(address verifierSet_, ILeasedUnits leaseBook_, IOutageClock clock_) {
        verifierSet = verifierSet_;
        leaseBook = leaseBook_;
        clock = clock_;
    }

    /// @inheritdoc IAttestationPolicy
    function record(address node, uint256 measuredAt, uint256 validUntil, uint256 units, bool passed) external {
        _checkCaller();
        Head memory head;
        _load(node, head);
        if (measuredAt <= head.measuredAt) revert AttestationPolicy_NotNewer(node, measuredAt, head.measuredAt);
        if (!_isWindow(measuredAt, validUntil, passed)) revert AttestationPolicy_InvalidWindow(measuredAt, validUntil);
        if (!_isInTime(measuredAt)) revert AttestationPolicy_TooLate(measuredAt, verdictUntil(measuredAt));
        _record(node, head, measuredAt, validUntil, passed ? units : 0);
    }

    /// @inheritdoc IAttestationPolicy
    function recordBatch(uint256[] calldata summaries) external returns (uint256 accepted) {
        _checkCaller();
        for (uint256 i; i < summaries.length; ++i) {
            uint256 summary = summaries[i];
            if (summary == 0) continue;
            // forge-lint: disable-next-line(unsafe-typecast) the lowest bits name the node
            address node = address(uint160(summary));
            Head storage slot = _heads[node];
            uint256 extended = _extended(_wordOf(slot), summary);
            if (extended != 0) _store(node, slot, extended);
            else if (!_recordSummary(summary)) continue;
            accepted |= uint256(1) << i;
        }
    }

    /// @inheritdoc IReleasePolicy
    function release(bytes32, address node, uint256 from, uint256 to, uint256 proposed)
        external
        view
        returns (uint256 amount, uint256 advanceTo, uint256 revision)
    {
        Head memory head;
        _load(node, head);
        revision = head.cuts;
        // Most of the time a lease is settled within the last window.
        if (head.start <= from && from < to && to <= head.end) return (proposed, to, revision);
        advanceTo = Math.min(to, _decidedUntil(head));
        if (advanceTo <= from) return (0, from, revision);
        uint256 attested = _attestedSeconds(node, head, advanceTo) - _attestedSeconds(node, head, from);
        // `proposed` is one rate for the whole range, so this is the rate times the attested seconds, to the wei.
        amount = Math.mulDiv(proposed, attested, to - from);
    }

    /// @inheritdoc IReleasePolicy
    function revokedSeconds(address node, uint256 since, uint256 from, uint256 to)
        external
        view
        returns (uint256 revoked, uint256 revision)
    {
        Head memory head;
        _load(node, head);
        if (since >= head.cuts || _decidedUntil(head) < to) return (0, since);
        // Cuts are in the order of time, so that those after `since` lie from the first of them on.
        from = Math.max(from, _cuts[node][since].start);
        if (from < to) {
            revoked = _secondsUntil(_cuts[node], head.cuts, to) - _secondsUntil(_cuts[node], head.cuts, from);
        }
        revision = head.cuts;
    }

    /// @inheritdoc IReleasePolicy
    function capacityOf(address node) external view returns (uint256 units) {
        Head storage head = _heads[node];
        // The first lease may come before the first verdict: without one nothing is paid, so nobody gains by the claim.
        return head.measuredAt == 0 ? type(uint256).max : head.units;
    }

    /// @inheritdoc IAttestationPolicy
    function attestedSeconds(address node, uint256 time) external view returns (uint256) {
        return _attestedSeconds(node, _heads[node], time);
    }

    /// @inheritdoc IAttestationPolicy
    function decidedUntil(address node) external view returns (uint256) {
        return _decidedUntil(_heads[node]);
    }

    /// @inheritdoc IAttestationPolicy
    function standingOf(address node) external view returns (Standing memory) {
        Head memory head;
        _load(node, head);
        return Standing({measuredAt: head.measuredAt, units: head.units});
    }

    /// @inheritdoc IAttestationPolicy
    function windowCount(address node) external view returns (uint256) {
        Head memory head;
        _load(node, head);
        return head.end == 0 ? 0 : uint256(head.closed) + 1;
    }

    /// @inheritdoc IAttestationPolicy
    function windowAt(address node, uint256 index) external view returns (Window memory) {
        Head memory head;
        _load(node, head);
        if (index != head.closed) return _closed[node][index];
        return Window({start: head.start, end: head.end, before: head.before});
    }

    /// @inheritdoc IAttestationPolicy
    function cutCount(address node) external view returns (uint256) {
        return _heads[node].cuts;
    }

    /// @inheritdoc IAttestationPolicy
    function cutAt(address node, uint256 index) external view returns (Window memory) {
        return _cuts[node][index];
    }

    /// @inheritdoc IAttestationPolicy
    function verdictDeadline() external pure returns (uint256) {
        return VERDICT_DEADLINE;
    }

    /// @inheritdoc IAttestationPolicy
    function verdictUntil(uint256 measuredAt) public view returns (uint256) {
        return Outages.deadline(clock, measuredAt, VERDICT_DEADLINE, block.timestamp);
    }

    /// @inheritdoc IAttestationPolicy
    function maxValidity() external pure returns (uint256) {
        return MAX_VALIDITY;
    }

    /// @dev Records a verdict that attests `units`, or a failure if they are 0. No lease opens on more units than the latest
    /// verdict attested, so that only after a failure, and where fewer are attested now, more could be leased.
    function _record(address node, Head memory head, uint256 measuredAt, uint256 validUntil, uint256 units) private {
        if (units != 0 && (head.units == 0 || units < head.units)) {
            uint256 leased = leaseBook.leasedUnits(node);
            if (units < leased) {
                emit AttestationTooNarrow(node, measuredAt, units, leased);
                units = 0;
            }
        }
        // forge-lint: disable-start(unsafe-typecast) both times are at most a day away from now
        head.measuredAt = uint40(measuredAt);
        head.units = units.toUint32();
        if (units != 0) _extend(node, head, uint40(measuredAt), uint40(validUntil));
        else if (head.end > measuredAt) _cut(node, head, uint40(measuredAt));
        // forge-lint: disable-end(unsafe-typecast)
        _save(node, head);
    }

    /// @dev A pass inside the last window extends it; else that one is closed and a new one begins.
    function _extend(address node, Head memory head, uint40 measuredAt, uint40 validUntil) private {
        if (head.end != 0 && measuredAt <= head.end) {
            if (validUntil <= head.end) return;
            _giveBack(node, head, measuredAt, head.end, validUntil);
            head.end = validUntil;
            return;
        }
        if (head.end != 0) {
            _closed[node][head.closed++] = Window({start: head.start, end: head.end, before: head.before});
            head.before += head.end - head.start;
        }
        _giveBack(node, head, measuredAt, measuredAt, validUntil);
        head.start = measuredAt;
        head.end = validUntil;
    }

    /// @dev Takes the seconds from `at` on out of the last window. A tail that follows it joins the new cut.
    function _cut(address node, Head memory head, uint40 at) private {
        Window memory cut = Window({start: at, end: head.end, before: 0});
        if (head.cuts != 0) {
            Window memory last = _cuts[node][head.cuts - 1];
            if (last.start == head.end) {
                cut.end = last.end;
                (last.start, last.end) = (at, at);
                _setCut(node, head.cuts - 1, last);
            }
            cut.before = last.before + last.end - last.start;
        }
        _setCut(node, head.cuts++, cut);
        head.end = at;
    }

    /// @dev Takes the seconds [from, to), which a pass attests again, out of the last cut; what lies behind them is its tail.
    /// A tail of which nothing is left stays as an empty cut, at the pass's time of measurement: before all cuts to come.
    function _giveBack(address node, Head memory head, uint40 measuredAt, uint40 from, uint40 to) private {
        if (head.cuts == 0) return;
        Window memory last = _cuts[node][head.cuts - 1];
        uint40 end = last.end;
        if (from >= end) return;
        if (last.start == from) (last.start, from) = (measuredAt, measuredAt);
        last.end = from;
        _setCut(node, head.cuts - 1, last);
        if (to >= end) return;
        _setCut(node, head.cuts++, Window({start: to, end: end, before: last.before + from - last.start}));
    }

    function _setCut(address node, uint256 index, Window memory cut) private {
        _cuts[node][index] = cut;
        emit CutSet(node, index, cut.start, cut.end, cut.before);
    }

    /// @dev Records what a summary says unless `record` would refuse it.
    function _recordSummary(uint256 summary) private returns (bool recorded) {
        (address node, uint256 measuredAt, uint256 validFor, uint256 units,) = Verdicts.read(summary);
        Head memory head;
        _load(node, head);
        uint256 validUntil = measuredAt + validFor;
        bool isWindow = measuredAt > head.measuredAt && _isWindow(measuredAt, validUntil, validFor != 0);
        if (!isWindow || !_isInTime(measuredAt)) return false;
        _record(node, head, measuredAt, validUntil, validFor == 0 ? 0 : units);
        return true;
    }

    /// @dev What becomes of the word of a head by a summary that only extends the last window, as most do: a pass of
    /// the latest units or more, in time without outages, with no cut behind which it might give seconds back. Else 0.
    function _extended(uint256 word, uint256 summary) private view returns (uint256) {
        // forge-lint: disable-start(unsafe-typecast) each cast cuts its own field out of a word
        unchecked {
            (uint256 measuredAt, uint256 validFor) = (uint40(summary >> 160), uint24(summary >> 200));
            if (block.timestamp - measuredAt > VERDICT_DEADLINE || validFor > MAX_VALIDITY) return 0;
            (uint256 end, uint256 validUntil) = (uint40(word >> 112), measuredAt + validFor);
            if (measuredAt <= uint40(word) || measuredAt > end || validUntil <= end) return 0;
            (uint256 latest, uint256 units) = (uint32(word >> 40), uint16(summary >> 224));
            if (latest == 0 || units < latest || word >> 224 != 0) return 0;
            return word & ~EXTENDED_BITS | measuredAt | units << 40 | validUntil << 112;
        }
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @dev The compiler would read and write the slot field by field.
    function _wordOf(Head storage slot) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(slot.slot)
        }
    }

    function _load(address node, Head memory head) private view {
        _read(_wordOf(_heads[node]), head);
    }

    function _read(uint256 word, Head memory head) private pure {
        // forge-lint: disable-start(unsafe-typecast) each cast cuts its own field out of the word
        head.measuredAt = uint40(word);
        head.units = uint32(word >> 40);
        head.start = uint40(word >> 72);
        head.end = uint40(word >> 112);
        head.before = uint40(word >> 152);
        head.closed = uint32(word >> 192);
        head.cuts = uint32(word >> 224);
        // forge-lint: disable-end(unsafe-typecast)
    }

    function _save(address node, Head memory head) private {
        _store(
            node,
            _heads[node],
            head.measuredAt | uint256(head.units) << 40 | uint256(head.start) << 72 | uint256(head.end) << 112
                | uint256(head.before) << 152 | uint256(head.closed) << 192 | uint256(head.cuts) << 224
        );
    }

    /// @dev Writes the word of a head, and emits AttestationRecorded.
    function _store(address node, Head storage slot, uint256 word) private {
        bytes32 topic = AttestationRecorded.selector;
        assembly ("memory-safe") {
            sstore(slot.slot, word)
            mstore(0x00, word)
            log2(0x00, 0x20, topic, shr(96, shl(96, node)))
        }
    }

    function _checkCaller() private view {
        if (msg.sender != verifierSet) revert AttestationPolicy_NotVerifierSet(msg.sender);
    }

    /// @dev Whether something could be measured then, and attest as long.
    function _isWindow(uint256 measuredAt, uint256 validUntil, bool passed) private view returns (bool) {
        if (measuredAt > block.timestamp) return false;
        return !passed || (validUntil > measuredAt && validUntil - measuredAt <= MAX_VALIDITY);
    }

    /// @dev Most verdicts come long before the deadline, and need not ask the clock.
    function _isInTime(uint256 measuredAt) private view returns (bool) {
        return block.timestamp <= measuredAt + VERDICT_DEADLINE || block.timestamp <= verdictUntil(measuredAt);
    }

    /// @dev A pass to come is measured after the latest verdict and within the deadline, and adds no second before its
    /// measurement or before the last window's end.
    function _decidedUntil(Head memory head) private view returns (uint256) {
        uint256 decided = Math.max(head.end, head.measuredAt);
        // The clock is asked only where it matters.
        if (decided + VERDICT_DEADLINE >= block.timestamp) return decided;
        return Math.max(decided, Outages.expired(clock, VERDICT_DEADLINE));
    }

    function _attestedSeconds(address node, Head memory head, uint256 time) private view returns (uint256) {
        if (time >= head.start) return head.before + Math.min(time, head.end) - head.start;
        return _secondsUntil(_closed[node], head.closed, time);
    }

    /// @dev Seconds before `time` in the first `count` windows.
    function _secondsUntil(mapping(uint256 index => Window) storage windows, uint256 count, uint256 time)
        private
        view
        returns (uint256)
    {
        if (count == 0) return 0;
        // A lease is mostly settled over the last two windows; the others are found by halving.
        Window memory window = windows[count - 1];
        if (time < window.start) {
            uint256 low;
            uint256 high = count - 1;
            // Windows below `low` start at or before `time`, those from `high` on after it.
            while (low < high) {
                uint256 middle = (low + high) / 2;
                if (windows[middle].start <= time) low = middle + 1;
                else high = middle;
            }
            if (low == 0) return 0;
            window = windows[low - 1];
        }
        return window.before + Math.min(time, window.end) - window.start;
    }
}
