// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {OneOutage} from "./OneOutage.sol";

/// @notice What the LeaseBook asks of the Bonds, for one provider and token, and ways to refuse it.
contract LeaseBonds {
    enum Mode {
        Works,
        Reverts,
        BurnsGas
    }

    OneOutage public immutable clock = new OneOutage();
    Mode public mode;
    uint256 public stake;
    uint256 public locked;
    mapping(address harmed => uint256) public owed;

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function setStake(uint256 stake_) external {
        stake = stake_;
    }

    function lock(address, address, uint256 amount) external {
        _misbehave();
        require(stake >= locked + amount, "uncovered");
        locked += amount;
    }

    function unlock(address, address, uint256 amount) external {
        _misbehave();
        locked -= amount;
    }

    function seize(address, address, uint256 amount, address harmed, uint256 mostLocked)
        external
        returns (uint256 seized, uint256 freed)
    {
        _misbehave();
        // What is locked goes last.
        uint256 free = stake > locked ? stake - locked : 0;
        seized = amount < free ? amount : free;
        freed = amount - seized;
        if (freed > mostLocked) freed = mostLocked;
        if (freed > stake - seized) freed = stake - seized;
        seized += freed;
        stake -= seized;
        locked -= freed;
        owed[harmed] += seized;
    }

    function _misbehave() private view {
        if (mode == Mode.Reverts) revert("no");
        if (mode == Mode.BurnsGas) while (true) {}
    }
}
