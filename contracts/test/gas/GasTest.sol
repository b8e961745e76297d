// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {System} from "../System.sol";

/// @title Figures of whole transactions, kept in contracts/snapshots
/// @notice To be run with `FOUNDRY_PROFILE=gas`: each call is a transaction then, with its intrinsic gas, its calldata,
/// cold storage, and refunds.
abstract contract GasTest is System {
    /// @dev Keeps what the last call cost.
    function _keep(string memory group, string memory name) internal returns (uint256) {
        return vm.snapshotGasLastCall(group, name);
    }

    /// @dev The same, and the ceiling that it must stay below.
    function _keep(string memory group, string memory name, uint256 ceiling) internal {
        assertLe(_keep(group, name), ceiling, name);
    }

    /// @dev The same for a call that does `count` things at once; the figure is that of one of them.
    function _keepEach(string memory group, string memory name, uint256 count) internal returns (uint256 each) {
        each = uint256(vm.lastCallGas().gasTotalUsed) / count;
        vm.snapshotValue(group, name, each);
    }

    /// @dev The same, and the ceiling that it must stay below.
    function _keepEach(string memory group, string memory name, uint256 count, uint256 ceiling) internal {
        assertLe(_keepEach(group, name, count), ceiling, name);
    }
}
