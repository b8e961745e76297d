// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeaseMath} from "../../src/lease/LeaseMath.sol";

/// @notice The time line against its slow twin, which looks at one second at a time.
contract LeaseMathTest is Test {
    using LeaseMath for ILeaseBook.Lease;

    /// @dev A lease in good order within 200 seconds.
    function _lease(uint8 a, uint8 b, uint8 c, bool held) private pure returns (ILeaseBook.Lease memory lease) {
        uint256 holdFrom = bound(a, 1, 60);
        uint256 holdTo = bound(b, holdFrom, 120);
        lease.fundedUntil = uint40(bound(c, holdTo, 180));
        if (held) (lease.holdFrom, lease.holdTo) = (uint40(holdFrom), uint40(holdTo));
    }

    function _isHeld(ILeaseBook.Lease memory lease, uint256 second) private pure returns (bool) {
        return second >= lease.fundedUntil || (second >= lease.holdFrom && second < lease.holdTo);
    }

    function testFuzz_cost_isTheSumOverSeconds(uint8 a, uint8 b, uint8 c, bool held, uint8 from, uint8 to) public pure {
        ILeaseBook.Lease memory lease = _lease(a, b, c, held);
        uint256 sum;
        for (uint256 second = from; second < to; ++second) {
            sum += _isHeld(lease, second) ? 7 : 1_000;
        }
        assertEq(lease.cost(from, to, 1_000, 7), sum);
    }

    function testFuzz_cost_isAdditive(uint8 a, uint8 b, uint8 c, bool held, uint8 from, uint8 middle, uint8 to)
        public
        pure
    {
        ILeaseBook.Lease memory lease = _lease(a, b, c, held);
        to = uint8(bound(to, from, 255));
        middle = uint8(bound(middle, from, to));
        assertEq(lease.cost(from, middle, 1_000, 7) + lease.cost(middle, to, 1_000, 7), lease.cost(from, to, 1_000, 7));
    }

    function testFuzz_segment_coversInOrderAtOneRate(uint8 a, uint8 b, uint8 c, bool held, uint8 from, uint8 to)
        public
        pure
    {
        ILeaseBook.Lease memory lease = _lease(a, b, c, held);
        to = uint8(bound(to, from, 255));
        uint256 cursor = from;
        uint256 segments;
        while (cursor < to) {
            (uint256 stop, bool atHold) = lease.segment(cursor, to);
            assertGt(stop, cursor);
            assertLe(stop, to);
            for (uint256 second = cursor; second < stop; ++second) {
                assertEq(_isHeld(lease, second), atHold);
            }
            cursor = stop;
            ++segments;
        }
        assertLe(segments, 4);
    }

    function testFuzz_end(uint40 fundedUntil, uint40 endsAt, uint32 grace) public pure {
        ILeaseBook.Lease memory lease;
        (lease.fundedUntil, lease.endsAt) = (fundedUntil, endsAt);
        assertEq(lease.end(grace), endsAt == 0 ? uint256(fundedUntil) + grace : endsAt);
    }

    function testFuzz_shares_roundDown(uint128 gross, uint16 bps) public pure {
        bps = uint16(bound(bps, 0, 10_000));
        uint256 share = LeaseMath.fee(gross, bps);
        assertLe(share * 10_000, uint256(gross) * bps);
        assertGt((share + 1) * 10_000, uint256(gross) * bps);
        assertEq(LeaseMath.holdRate(gross, bps), share);
    }
}
