// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Test} from "forge-std/Test.sol";

import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {OutageClock} from "../../src/governance/OutageClock.sol";
import {UptimeFeed} from "../mocks/UptimeFeed.sol";

contract OutageClockTest is Test {
    uint256 private constant START = 1_800_000_000;

    OutageClock private clock;
    UptimeFeed private feed;

    function setUp() public {
        vm.warp(START);
        clock = new OutageClock(address(new AccessManager(address(this))));
        feed = new UptimeFeed();
        clock.setFeed(address(feed));
    }

    function test_OutageBetween_WithoutAFeedThereIsNone() public {
        OutageClock bare = new OutageClock(clock.authority());
        vm.warp(START + 30 days);
        assertEq(bare.outageBetween(0, type(uint256).max), 0);
        assertFalse(bare.poke());
    }

    function test_OutageBetween_CountsARunningOutageUntilNow() public {
        feed.goDown(START + 100);
        vm.warp(START + 400);
        assertEq(clock.outageBetween(0, type(uint256).max), 300, "before anybody poked");
        clock.poke();
        assertEq(clock.outageBetween(0, type(uint256).max), 300);
        vm.warp(START + 500);
        assertEq(clock.outageBetween(START + 150, START + 450), 300);
        assertEq(clock.outageCount(), 0);
    }

    /// @dev Windows that the former feed extended, read or not, must not shrink.
    function test_SetFeed_KeepsWhatNobodyHasRead() public {
        feed.goDown(START + 1 hours);
        vm.warp(START + 49 hours);
        feed.comeUp(START + 48 hours);
        assertEq(clock.outageBetween(0, block.timestamp), 47 hours);
        UptimeFeed next = new UptimeFeed();
        clock.setFeed(address(next));
        assertEq(clock.outageBetween(0, block.timestamp), 47 hours);
        next.goDown(block.timestamp);
        skip(1 days);
        clock.setFeed(address(0));
        assertEq(clock.outageBetween(0, block.timestamp), 47 hours + 1 days, "nor one that is running");
    }

    function test_Poke_RecordsWhatIsOver() public {
        feed.goDown(START + 100);
        vm.warp(START + 1000);
        feed.comeUp(START + 900);
        vm.expectEmit(address(clock));
        emit IOutageClock.OutageRecorded(0, START + 100, START + 900);
        vm.expectEmit(address(clock));
        emit IOutageClock.RoundsRead(3, 0);
        assertFalse(clock.poke());
        assertEq(clock.outageCount(), 1);
        IOutageClock.Outage memory outage = clock.outageAt(0);
        assertEq(outage.start, START + 100);
        assertEq(outage.end, START + 900);
        assertEq(outage.before, 0);
    }

    function test_Poke_SaysNothingWhenThereIsNothing() public {
        vm.recordLogs();
        assertFalse(clock.poke());
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function testFuzz_OutageBetween_IsTheOverlapAndPokingDoesNotChangeIt(
        uint16[12] memory lengths,
        uint32 from,
        uint32 to,
        uint256 pokes
    ) public {
        uint256 time = START;
        uint256 expected;
        from = uint32(bound(from, 0, 1_000_000));
        to = uint32(bound(to, from, 1_000_000));
        for (uint256 i; i < lengths.length; i += 2) {
            uint256 start = time + 1 + lengths[i];
            uint256 end = start + lengths[i + 1];
            vm.warp(end);
            feed.goDown(start);
            feed.comeUp(end);
            expected += _overlap(start, end, START + from, START + to);
            if (pokes & (1 << i) != 0) clock.poke();
            time = end;
        }
        assertEq(clock.outageBetween(START + from, START + to), expected);
        clock.poke();
        assertEq(clock.outageBetween(START + from, START + to), expected);
    }

    function test_Poke_ReadsManyRoundsInSteps() public {
        for (uint256 i; i < 20; ++i) {
            vm.warp(block.timestamp + 10);
            feed.goDown(block.timestamp - 5);
            feed.comeUp(block.timestamp);
        }
        assertTrue(clock.poke());
        assertEq(clock.outageCount(), 8);
        assertEq(clock.outageBetween(0, block.timestamp), 16 * 5, "eight read, eight ahead");
        assertTrue(clock.poke());
        assertFalse(clock.poke());
        assertEq(clock.outageCount(), 20);
        assertEq(clock.outageBetween(0, block.timestamp), 100);
    }

    function test_OutageBetween_OneOutageCountsAWeekAtMost() public {
        feed.goDown(START);
        vm.warp(START + 100 days);
        assertEq(clock.outageBetween(0, block.timestamp), 7 days);
        feed.comeUp(START + 90 days);
        clock.poke();
        assertEq(clock.outageBetween(0, block.timestamp), 7 days);
        assertEq(clock.outageAt(0).end, START + 7 days);
    }

    function test_Poke_ATimeAheadOfTheChainsIsNow() public {
        feed.goDown(START + 1000);
        clock.poke();
        vm.warp(START + 10);
        assertEq(clock.outageBetween(0, block.timestamp), 10);
    }

    function test_Poke_NoOutageBeginsBeforeTheFormerEnded() public {
        vm.warp(START + 1000);
        feed.goDown(START + 100);
        feed.comeUp(START + 500);
        feed.goDown(START + 50);
        feed.comeUp(START + 600);
        assertEq(clock.outageBetween(0, block.timestamp), 500);
        clock.poke();
        assertEq(clock.outageBetween(0, block.timestamp), 500);
    }

    function test_Poke_ARoundWithoutAChangeChangesNothing() public {
        vm.warp(START + 1000);
        feed.append(0, START + 10);
        feed.goDown(START + 100);
        feed.append(1, START + 200);
        feed.comeUp(START + 300);
        clock.poke();
        assertEq(clock.outageBetween(0, block.timestamp), 200);
    }

    function test_Poke_ARoundThatCannotBeReadIsSkipped() public {
        vm.warp(START + 1000);
        feed.goDown(START + 100);
        feed.forget(feed.latest());
        feed.comeUp(START + 300);
        feed.goDown(START + 400);
        feed.comeUp(START + 450);
        clock.poke();
        assertEq(clock.outageBetween(0, block.timestamp), 50);
    }

    function test_Poke_GoesOnInANewPhase() public {
        feed.goDown(START + 100);
        vm.warp(START + 1000);
        clock.poke();
        feed.beginPhase(0, START + 300);
        clock.poke();
        assertEq(clock.outageBetween(0, block.timestamp), 200);
        feed.goDown(START + 900);
        assertEq(clock.outageBetween(0, block.timestamp), 300);
    }

    function test_OutageBetween_AFeedThatDoesNotAnswerReportsNothing() public {
        feed.goDown(START + 100);
        vm.warp(START + 1000);
        feed.comeUp(START + 200);
        clock.poke();
        feed.setBroken(true);
        assertEq(clock.outageBetween(0, block.timestamp), 100);
        assertFalse(clock.poke());
        feed.setBroken(false);
        feed.setBomb(true);
        assertEq(clock.outageBetween(0, block.timestamp), 100);
        vm.etch(address(feed), "");
        assertEq(clock.outageBetween(0, block.timestamp), 100);
    }

    function test_OutageBetween_RevertWhen_TheCallerLeavesTooLittleGasToAskTheFeed() public {
        feed.goDown(START);
        vm.warp(START + 100);
        vm.expectPartialRevert(IOutageClock.OutageClock_InsufficientGas.selector);
        this.outageWithGas(60_000);
        assertEq(this.outageWithGas(200_000), 100);
    }

    function outageWithGas(uint256 gasLimit) external view returns (uint256) {
        return clock.outageBetween{gas: gasLimit}(0, block.timestamp);
    }

    function test_SetFeed_EndsARunningOutageAndBeginsAfresh() public {
        feed.goDown(START);
        vm.warp(START + 100);
        clock.poke();
        UptimeFeed next = new UptimeFeed();
        next.goDown(START + 10);
        vm.expectEmit(address(clock));
        emit IOutageClock.OutageRecorded(0, START, START + 100);
        vm.expectEmit(address(clock));
        emit IOutageClock.FeedSet(address(next), 2);
        clock.setFeed(address(next));
        vm.warp(START + 130);
        assertEq(clock.outageBetween(0, block.timestamp), 130, "down under both");

        clock.setFeed(address(0));
        vm.warp(START + 1000);
        assertEq(clock.outageBetween(0, block.timestamp), 130);
        assertEq(clock.feed(), address(0));
    }

    function test_SetFeed_RevertWhen_ItDoesNotAnswer() public {
        vm.expectRevert(abi.encodeWithSelector(IOutageClock.OutageClock_InvalidFeed.selector, address(this)));
        clock.setFeed(address(this));
        vm.expectRevert(abi.encodeWithSelector(IOutageClock.OutageClock_InvalidFeed.selector, address(0xdead)));
        clock.setFeed(address(0xdead));
    }

    function test_SetFeed_RevertWhen_TheCallerHasNoRole() public {
        vm.prank(address(0xbad));
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(0xbad)));
        clock.setFeed(address(0));
    }

    function _overlap(uint256 start, uint256 end, uint256 from, uint256 to) private pure returns (uint256) {
        uint256 first = start > from ? start : from;
        uint256 last = end < to ? end : to;
        return last > first ? last - first : 0;
    }
}
