// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title What Chainlink's L2 sequencer uptime feeds answer
/// @notice A round begins when the sequencer goes down or comes up. Round ids count up by one; a new aggregator behind
/// the feed begins a new phase, the id's upper 16 of 80 bits.
interface IUptimeFeed {
    /// @notice The latest round.
    /// @return roundId Its id.
    /// @return answer 0 if the sequencer is up, 1 if it is down.
    /// @return startedAt Unix seconds; since when this is so.
    /// @return updatedAt Unix seconds.
    /// @return answeredInRound Deprecated.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice A round, as above.
    function getRoundData(uint80 roundId)
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
