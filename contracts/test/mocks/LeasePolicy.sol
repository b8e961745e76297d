// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IReleasePolicy} from "../../src/lease/IReleasePolicy.sol";

/// @notice A policy that behaves, or misbehaves, as it is told.
contract LeasePolicy is IReleasePolicy {
    enum Mode {
        PaysAll,
        PaysNone, // advances over everything and pays nothing
        Waits, // neither pays nor advances
        Halts, // pays up to `haltAt` and waits there
        Reverts,
        BurnsGas,
        ReturnsBomb, // as much as its gas buys, the highest amount and advance in front
        ReturnsTooLittle, // 95 bytes
        LiesAbove, // the highest amount and advance there are
        LiesBackwards, // the highest amount for an advance before the start
        LiesHalf // more than its share for half of the way
    }

    Mode public mode;
    uint256 public haltAt;
    uint256 public revision;
    uint256 public revokedFrom;
    uint256 public revokedTo;
    mapping(address node => uint256) public capacityOf;

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function setHalt(uint256 haltAt_) external {
        (mode, haltAt) = (Mode.Halts, haltAt_);
    }

    /// @notice Takes back the seconds [from, to) after all that was settled before.
    function revoke(uint256 from, uint256 to) external {
        (revokedFrom, revokedTo) = (from, to);
        ++revision;
    }

    function setCapacity(address node, uint256 units) external {
        capacityOf[node] = units;
    }

    function release(bytes32, address, uint256 from, uint256 to, uint256 proposed)
        external
        view
        returns (uint256 amount, uint256 advanceTo, uint256 revision_)
    {
        revision_ = revision;
        if (mode == Mode.ReturnsBomb) _return(1 << 18);
        if (mode == Mode.ReturnsTooLittle) _return(95);
        (amount, advanceTo) = _release(from, to, proposed);
    }

    /// @dev Of the last revocation only.
    function revokedSeconds(address, uint256 since, uint256 from, uint256 to)
        external
        view
        returns (uint256 revoked, uint256 revision_)
    {
        if (mode == Mode.ReturnsBomb) _return(1 << 18);
        if (mode == Mode.ReturnsTooLittle) _return(63);
        if (mode == Mode.LiesAbove) return (type(uint256).max, since + 1);
        _misbehave();
        if (since >= revision) return (0, since);
        if (from < revokedFrom) from = revokedFrom;
        if (to > revokedTo) to = revokedTo;
        return (to > from ? to - from : 0, revision);
    }

    function _release(uint256 from, uint256 to, uint256 proposed)
        private
        view
        returns (uint256 amount, uint256 advanceTo)
    {
        if (mode == Mode.PaysAll) return (proposed, to);
        if (mode == Mode.PaysNone) return (0, to);
        if (mode == Mode.Waits) return (0, from);
        if (mode == Mode.Halts) {
            if (haltAt >= to) return (proposed, to);
            return haltAt <= from ? (0, from) : (proposed * (haltAt - from) / (to - from), haltAt);
        }
        _misbehave();
        if (mode == Mode.LiesAbove) return (type(uint256).max, type(uint256).max);
        if (mode == Mode.LiesBackwards) return (type(uint256).max, from - 1);
        return (proposed, from + (to - from) / 2);
    }

    function _misbehave() private view {
        if (mode == Mode.Reverts) revert("no");
        if (mode == Mode.BurnsGas) while (true) {}
    }

    function _return(uint256 size) private pure {
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            mstore(pointer, not(0))
            mstore(add(pointer, 0x20), not(0))
            return(pointer, size)
        }
    }
}
