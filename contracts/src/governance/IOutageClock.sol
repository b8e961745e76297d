// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title OutageClock, for how long the chain's sequencer was down
/// @notice Keeps the outages that the chain's uptime feed reports. Whoever is about to lose a right because time has
/// passed can be given the seconds in which nobody could have acted. Without a feed there are no outages.
/// @dev The feed is trusted to report an outage when the chain is up again, before windows in it are acted upon: seconds
/// that were refunded by then could be attested, and clawed back, once more.
/// A feed can delay by at most `MAX_OUTAGE` per outage that it reports, and a feed that does not answer reports
/// none: no exit hangs on it.
interface IOutageClock {
    /// @notice An outage that is over: [start, end).
    struct Outage {
        uint40 start; // unix seconds
        uint40 end; // unix seconds
        uint40 before; // seconds of all earlier outages
    }

    /// @notice The uptime feed is `feed` from its round `round` on, address(0) for none.
    event FeedSet(address indexed feed, uint256 round);

    /// @notice Rounds of the feed were read up to `round`. The sequencer is down since `downSince` (unix seconds), or up
    /// if that is 0.
    event RoundsRead(uint256 round, uint256 downSince);

    /// @notice Outage number `index`, [start, end), was kept.
    event OutageRecorded(uint256 indexed index, uint256 start, uint256 end);

    /// @notice Thrown when a feed does not answer as an uptime feed does.
    error OutageClock_InvalidFeed(address feed);

    /// @notice Thrown when too little gas is left to ask the feed: an answer must not be lost for want of it.
    error OutageClock_InsufficientGas(uint256 left, uint256 needed);

    /// @notice Reads the feed's rounds since the last call, at most `MAX_ROUNDS` of them. Anyone may.
    /// @return more Whether there are more.
    function poke() external returns (bool more);

    /// @notice Sets the uptime feed, address(0) for none. What the former one has reported counts, up to
    /// `MAX_ROUNDS` rounds that nobody has read; an outage that is running under it ends now.
    /// Restricted.
    function setFeed(address feed) external;

    /// @notice Seconds of outage in [from, to), up to now. It also counts up to `MAX_ROUNDS` rounds
    /// that nobody has read yet.
    function outageBetween(uint256 from, uint256 to) external view returns (uint256 seconds_);

    /// @notice Number of outages that are over and recorded.
    function outageCount() external view returns (uint256);

    /// @notice A recorded outage; reverts past the last one.
    function outageAt(uint256 index) external view returns (Outage memory);

    /// @notice The uptime feed; address(0) if there is none.
    function feed() external view returns (address);

    /// @notice Most seconds that one outage counts.
    function MAX_OUTAGE() external view returns (uint256);

    /// @notice Most rounds that one call reads.
    function MAX_ROUNDS() external view returns (uint256);
}
