// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @notice An outage clock that knows of one outage.
contract OneOutage {
    uint256 public start;
    uint256 public end;

    function setOutage(uint256 start_, uint256 end_) external {
        (start, end) = (start_, end_);
    }

    function outageBetween(uint256 from, uint256 to) external view returns (uint256) {
        uint256 first = from > start ? from : start;
        uint256 last = to < end ? to : end;
        return last > first ? last - first : 0;
    }
}
