// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {System} from "../System.sol";
import {StateGas} from "./StateGas.sol";

/// @title Figures of whole transactions, kept in contracts/snapshots
/// @notice To be run with `FOUNDRY_PROFILE=gas`: each call is a transaction then, with its intrinsic gas, its calldata,
/// cold storage, and refunds.
abstract contract GasTest is System {
    /// @dev Set where accesses are recorded in place of gas: forge's recording warms the slots that it looks at.
    bool internal isRecorded;

    /// @dev To be called right before the call that is to be kept.
    function _watch() internal {
        if (!isRecorded) return;
        vm.startStateDiffRecording();
        vm.recordLogs();
    }

    /// @dev Keeps what the last call cost.
    function _keep(string memory group, string memory name) internal {
        _keep(group, name, type(uint256).max);
    }

    /// @dev The same, and the ceiling that it must stay below.
    function _keep(string memory group, string memory name, uint256 ceiling) internal {
        _keepEach(group, name, 1, ceiling);
    }

    /// @dev The same for a call that does `count` things at once; the figure is that of one of them.
    function _keepEach(string memory group, string memory name, uint256 count) internal {
        _keepEach(group, name, count, type(uint256).max);
    }

    /// @dev The same, and the ceiling that it must stay below.
    function _keepEach(string memory group, string memory name, uint256 count, uint256 ceiling) internal {
        if (isRecorded) return _keepState(group, name, count);
        uint256 each = uint256(vm.lastCallGas().gasTotalUsed) / count;
        assertLe(each, ceiling, name);
        if (count == 1) vm.snapshotGasLastCall(group, name);
        else vm.snapshotValue(group, name, each);
    }

    /// @dev Keeps the gas of several calls.
    function _keepSum(string memory group, string memory name, uint256 gas, uint256 ceiling) internal {
        if (isRecorded) return;
        assertLe(gas, ceiling, name);
        vm.snapshotValue(group, name, gas);
    }

    /// @dev Keeps how much of it no code could save that touches the same.
    function _keepState(string memory group, string memory name, uint256 count) private {
        uint256 gas = StateGas.cost(vm.stopAndReturnStateDiff(), vm.getRecordedLogs());
        vm.snapshotValue("state", string.concat(group, ": ", name), gas / count);
    }
}
