// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IReleasePolicy} from "../lease/IReleasePolicy.sol";
import {INodeRegistry} from "../registry/INodeRegistry.sol";
import {IAttestationPolicy} from "./IAttestationPolicy.sol";

/// @title AttestationPolicy
/// @dev A node's latest verdict and last window share one slot, which is all that most calls read or write. Windows
/// never touch: a pass within a window extends it, and after a failure the next window begins later than the cut.
contract AttestationPolicy is IAttestationPolicy {
    /// @notice A node's latest verdict and its last window: one slot.
    struct Head {
        uint40 measuredAt; // 0 if there is no verdict
        uint32 units; // attested, 0 if it failed
        uint40 start;
        uint40 end; // 0 if there is no window
        uint40 before;
        uint32 closed; // number of windows before the last one
    }

    uint256 private constant VERDICT_DEADLINE = 48 hours;
    uint256 private constant MAX_VALIDITY = 26 hours;

    /// @inheritdoc IAttestationPolicy
    address public immutable verifierSet;

    /// @notice Where a node's claim and status are.
    INodeRegistry public immutable registry;

    mapping(address node => Head) private _heads;
    mapping(address node => mapping(uint256 index => Window)) private _closed;

    constructor(address verifierSet_, INodeRegistry registry_) {
        verifierSet = verifierSet_;
        registry = registry_;
    }

    /// @inheritdoc IAttestationPolicy
    function record(address node, uint256 measuredAt, uint256 validUntil, uint256 units, bool passed) external {
        if (msg.sender != verifierSet) revert AttestationPolicy_NotVerifierSet(msg.sender);
        Head memory head = _heads[node];
        _checkTimes(node, head.measuredAt, measuredAt, validUntil, passed);
        // forge-lint: disable-start(unsafe-typecast) both times are at most a day away from now
        head.measuredAt = uint40(measuredAt);
        if (passed) {
            head.units = SafeCast.toUint32(units);
            _extend(node, head, uint40(measuredAt), uint40(validUntil));
        } else {
            head.units = 0;
            if (head.end > measuredAt) head.end = uint40(measuredAt);
        }
        // forge-lint: disable-end(unsafe-typecast)
        _heads[node] = head;
        emit AttestationRecorded(node, passed, measuredAt, head.units, head.closed, head.start, head.end, head.before);
    }

    /// @inheritdoc IReleasePolicy
    function release(bytes32, address node, uint256 from, uint256 to, uint256 proposed)
        external
        view
        returns (uint256 amount, uint256 advanceTo)
    {
        Head memory head = _heads[node];
        advanceTo = Math.min(to, _decidedUntil(head));
        if (advanceTo <= from) return (0, from);
        uint256 attested = _attestedSeconds(node, head, advanceTo) - _attestedSeconds(node, head, from);
        // `proposed` is one rate for the whole range, so this is the rate times the attested seconds, to the wei.
        amount = Math.mulDiv(proposed, attested, to - from);
    }

    /// @inheritdoc IReleasePolicy
    function capacityOf(address node) external view returns (uint256 units) {
        INodeRegistry.Node memory found = registry.nodeOf(node);
        if (found.status != INodeRegistry.Status.Active) return 0;
        Head memory head = _heads[node];
        // The first lease may come before the first verdict: without one nothing is paid, so nobody gains by the claim.
        return head.measuredAt == 0 ? found.units : Math.min(found.units, head.units);
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
        Head memory head = _heads[node];
        return Standing({measuredAt: head.measuredAt, units: head.units});
    }

    /// @inheritdoc IAttestationPolicy
    function windowCount(address node) external view returns (uint256) {
        Head memory head = _heads[node];
        return head.end == 0 ? 0 : uint256(head.closed) + 1;
    }

    /// @inheritdoc IAttestationPolicy
    function windowAt(address node, uint256 index) external view returns (Window memory) {
        Head memory head = _heads[node];
        if (index != head.closed) return _closed[node][index];
        return Window({start: head.start, end: head.end, before: head.before});
    }

    /// @inheritdoc IAttestationPolicy
    function verdictDeadline() external pure returns (uint256) {
        return VERDICT_DEADLINE;
    }

    /// @inheritdoc IAttestationPolicy
    function maxValidity() external pure returns (uint256) {
        return MAX_VALIDITY;
    }

    /// @dev A pass inside the last window extends it; else that one is closed and a new one begins.
    function _extend(address node, Head memory head, uint40 measuredAt, uint40 validUntil) private {
        if (head.end != 0 && measuredAt <= head.end) {
            if (validUntil > head.end) head.end = validUntil;
            return;
        }
        if (head.end != 0) {
            _closed[node][head.closed++] = Window({start: head.start, end: head.end, before: head.before});
            head.before += head.end - head.start;
        }
        head.start = measuredAt;
        head.end = validUntil;
    }

    function _checkTimes(address node, uint256 latest, uint256 measuredAt, uint256 validUntil, bool passed)
        private
        view
    {
        if (measuredAt <= latest) revert AttestationPolicy_NotNewer(node, measuredAt, latest);
        bool isValid = !passed || (validUntil > measuredAt && validUntil - measuredAt <= MAX_VALIDITY);
        if (measuredAt > block.timestamp || !isValid) revert AttestationPolicy_InvalidWindow(measuredAt, validUntil);
        uint256 deadline = measuredAt + VERDICT_DEADLINE;
        if (block.timestamp > deadline) revert AttestationPolicy_TooLate(measuredAt, deadline);
    }

    /// @dev A pass to come is measured after the latest verdict and within the deadline, and adds no second before its
    /// measurement or before the last window's end.
    function _decidedUntil(Head memory head) private view returns (uint256) {
        uint256 expired = Math.saturatingSub(block.timestamp, VERDICT_DEADLINE);
        return Math.max(expired, Math.max(head.end, head.measuredAt));
    }

    function _attestedSeconds(address node, Head memory head, uint256 time) private view returns (uint256) {
        if (time >= head.start) return head.before + Math.min(time, head.end) - head.start;
        if (head.closed == 0) return 0;
        // A lease is mostly settled over the last two windows; the others are found by halving.
        Window memory window = _closed[node][head.closed - 1];
        if (time < window.start) {
            uint256 low;
            uint256 high = head.closed - 1;
            // Windows below `low` start at or before `time`, those from `high` on after it.
            while (low < high) {
                uint256 middle = (low + high) / 2;
                if (_closed[node][middle].start <= time) low = middle + 1;
                else high = middle;
            }
            if (low == 0) return 0;
            window = _closed[node][low - 1];
        }
        return window.before + Math.min(time, window.end) - window.start;
    }
}
