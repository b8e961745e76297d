// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ILeaseBook} from "./ILeaseBook.sol";

/// @title LeaseMath, the time line of a lease and what its seconds cost
/// @notice The rate of a second depends on where it lies: full on [start, fundedUntil), hold from fundedUntil on and on
/// the past grace [holdFrom, holdTo). What is in escrow is the cost of the seconds from settledTo to the end.
/// @dev Pure. A lease is in good order when holdFrom <= holdTo <= fundedUntil; without a past grace both are 0.
library LeaseMath {
    /// @dev Words of `ILeaseBook.Terms`, whose fields are all static.
    uint256 internal constant TERMS_BYTES = 18 * 32;

    /// @notice Most seconds that can be paid before they are taken back: a verdict attests no longer.
    uint256 internal constant MAX_EXPOSURE = 26 hours;

    uint256 private constant BASIS_POINTS = 10_000;

    /// @notice Copies terms over `copied`, and hashes them. The copy may be looked at once a lease is known by the hash: bits
    /// that do not belong to a field change the hash, and are in the terms of no lease.
    function copy(ILeaseBook.Terms calldata terms, ILeaseBook.Terms memory copied)
        internal
        pure
        returns (bytes32 leaseId)
    {
        assembly ("memory-safe") {
            calldatacopy(copied, terms, TERMS_BYTES)
            leaseId := keccak256(copied, TERMS_BYTES)
        }
    }

    /// @notice `keccak256(abi.encode(terms))`: all fields are static, so that their words in memory are the encoding.
    function hash(ILeaseBook.Terms memory terms) internal pure returns (bytes32 leaseId) {
        assembly ("memory-safe") {
            leaseId := keccak256(terms, TERMS_BYTES)
        }
    }

    /// @notice Wei per second in grace, rounded down.
    function holdRate(uint256 rate, uint256 holdRateBps) internal pure returns (uint256) {
        return rate * holdRateBps / BASIS_POINTS;
    }

    /// @notice The protocol's share of `gross` wei, rounded down; the rest is the provider's.
    function fee(uint256 gross, uint256 feeBps) internal pure returns (uint256) {
        return gross * feeBps / BASIS_POINTS;
    }

    /// @notice Wei of the provider's bond that a lease locks: a part of what can be paid too early, rounded up, against the
    /// provider.
    function cover(uint256 rate, uint256 maxSeconds, uint256 coverBps) internal pure returns (uint256) {
        return (rate * _min(maxSeconds, MAX_EXPOSURE) * coverBps + BASIS_POINTS - 1) / BASIS_POINTS;
    }

    /// @notice When the lease ends (unix seconds): as fixed, else once its grace has passed.
    function end(ILeaseBook.Lease memory lease, uint256 graceSeconds) internal pure returns (uint256) {
        return lease.endsAt != 0 ? lease.endsAt : lease.fundedUntil + graceSeconds;
    }

    /// @notice Seconds after `from` that top-ups can still fund at the full rate: the grace comes out of `maxSeconds` too.
    function fundable(uint256 start, uint256 maxSeconds, uint256 graceSeconds, uint256 from)
        internal
        pure
        returns (uint256)
    {
        return Math.saturatingSub(start + maxSeconds - graceSeconds, from);
    }

    /// @notice The first stretch of [from, to) with one rate: where it stops, and whether that is the hold rate.
    function segment(ILeaseBook.Lease memory lease, uint256 from, uint256 to)
        internal
        pure
        returns (uint256 stop, bool held)
    {
        if (from < lease.holdFrom) return (_min(to, lease.holdFrom), false);
        if (from < lease.holdTo) return (_min(to, lease.holdTo), true);
        if (from < lease.fundedUntil) return (_min(to, lease.fundedUntil), false);
        return (to, true);
    }

    /// @notice Wei for the seconds [from, to).
    function cost(ILeaseBook.Lease memory lease, uint256 from, uint256 to, uint256 rate, uint256 rateHeld)
        internal
        pure
        returns (uint256)
    {
        if (from >= to) return 0;
        uint256 held = _overlap(from, to, lease.holdFrom, lease.holdTo) + _overlap(from, to, lease.fundedUntil, to);
        return (to - from - held) * rate + held * rateHeld;
    }

    /// @dev Seconds of [from, to) that lie in [start, stop).
    function _overlap(uint256 from, uint256 to, uint256 start, uint256 stop) private pure returns (uint256) {
        uint256 first = from > start ? from : start;
        uint256 last = _min(to, stop);
        return last > first ? last - first : 0;
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
