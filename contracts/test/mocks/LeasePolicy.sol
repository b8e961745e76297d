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
        ReturnsTooLittle, // 63 bytes
        LiesAbove, // the highest amount and advance there are
        LiesBackwards, // the highest amount for an advance before the start
        LiesHalf // more than its share for half of the way
    }

    Mode public mode;
    uint256 public haltAt;
    mapping(address node => uint256) public capacityOf;

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function setHalt(uint256 haltAt_) external {
        (mode, haltAt) = (Mode.Halts, haltAt_);
    }

    function setCapacity(address node, uint256 units) external {
        capacityOf[node] = units;
    }

    function release(bytes32, address, uint256 from, uint256 to, uint256 proposed)
        external
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
        if (mode == Mode.Reverts) revert("no");
        if (mode == Mode.BurnsGas) while (true) {}
        if (mode == Mode.ReturnsBomb) _return(1 << 18);
        if (mode == Mode.ReturnsTooLittle) _return(63);
        if (mode == Mode.LiesAbove) return (type(uint256).max, type(uint256).max);
        if (mode == Mode.LiesBackwards) return (type(uint256).max, from - 1);
        return (proposed, from + (to - from) / 2);
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
