// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IUptimeFeed} from "../../src/governance/IUptimeFeed.sol";

/// @title An uptime feed as Chainlink's: a round per change of status, and phases
contract UptimeFeed is IUptimeFeed {
    struct Round {
        int256 answer;
        uint256 startedAt;
    }

    uint80 public latest;
    bool public broken;
    bool public isBomb;
    mapping(uint80 id => Round) private _rounds;

    constructor() {
        _append(1, 0, block.timestamp);
    }

    function goDown(uint256 at) external {
        _append(latest + 1, 1, at);
    }

    function comeUp(uint256 at) external {
        _append(latest + 1, 0, at);
    }

    /// @dev A round that the sequencer's status did not change in.
    function append(int256 answer, uint256 at) external {
        _append(latest + 1, answer, at);
    }

    function beginPhase(int256 answer, uint256 at) external {
        _append((((latest >> 64) + 1) << 64) | 1, answer, at);
    }

    function forget(uint80 id) external {
        delete _rounds[id];
    }

    function setBroken(bool broken_) external {
        broken = broken_;
    }

    function setBomb(bool isBomb_) external {
        isBomb = isBomb_;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(latest);
    }

    function getRoundData(uint80 id) public view returns (uint80, int256, uint256, uint256, uint80) {
        require(!broken, "no data");
        if (isBomb) {
            assembly ("memory-safe") {
                return(0, 50000)
            }
        }
        Round memory round = _rounds[id];
        require(round.startedAt != 0, "no data");
        return (id, round.answer, round.startedAt, block.timestamp, id);
    }

    function _append(uint80 id, int256 answer, uint256 at) private {
        latest = id;
        _rounds[id] = Round({answer: answer, startedAt: at});
    }
}
