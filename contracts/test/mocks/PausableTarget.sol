// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IPausable} from "../../src/governance/IPausable.sol";

/// @title Something to pause
contract PausableTarget is IPausable, AccessManaged {
    bool public paused;

    constructor(address authority) AccessManaged(authority) {}

    function setPaused(bool paused_) external restricted {
        paused = paused_;
    }
}
