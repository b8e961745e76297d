// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeaseTest} from "./LeaseTest.sol";

/// @title The events of a lease say for how many held seconds claims may still allow
/// @notice Two graces are over, [10,000, 10,300) and [11,300, 11,600), and a third one runs from 12,600 on.
contract LeaseHeldEventsTest is LeaseTest {
    ILeaseBook.Terms private terms;

    function setUp() public override {
        super.setUp();
        bonds.setStake(1e15);
        terms = _openUsual();
        _topUpAt(START + FUNDED + 300);
        _topUpAt(START + FUNDED + 1_600);
        vm.warp(START + FUNDED + 2_800);
        book.settle(terms);
    }

    function test_ofTheGracesBeforeTheLastOne() public {
        _expectRevised(_revoke(START + FUNDED, 100), 200, 0, 0);
        assertEq(_owedFor(START, 400), 200 * RATE + 200 * HOLD);
    }

    function test_ofTheLastOne() public {
        _expectRevised(_revoke(START + FUNDED + 1_300, 100), 300, 100, 0);
        assertEq(_owedFor(START, 400), 100 * RATE + 300 * HOLD);
    }

    function test_ofTheRunningOne() public {
        _expectRevised(_revoke(START + FUNDED + 2_600, 50), 300, 0, 50);
        _topUpAt(START + FUNDED + 2_810);
        assertEq(_lease(terms).heldBefore, 600);
        vm.warp(START + FUNDED + 2_900);
        book.settle(terms);
        _expectRevised(_revoke(START, 10), 590, 50, 0);
    }

    function _expectRevised(bytes memory data, uint256 heldBefore, uint256 allowedPast, uint256 allowedRunning)
        private
        view
    {
        uint256[6] memory words = abi.decode(data, (uint256[6]));
        assertEq(words[3], heldBefore, "graces before the last one");
        assertEq(words[3], _lease(terms).heldBefore);
        assertEq(words[4], allowedPast, "the last one");
        assertEq(words[5], allowedRunning, "the running one");
    }

    /// @dev What the LeaseBook says when `seconds_` are taken back from `from` on.
    function _revoke(uint256 from, uint256 seconds_) private returns (bytes memory) {
        vm.recordLogs();
        _owedFor(from, seconds_);
        return _logged(ILeaseBook.LeaseRevised.selector).data;
    }

    function _owedFor(uint256 from, uint256 seconds_) private returns (uint256) {
        policy.revoke(from, from + seconds_);
        return book.clawBack(terms);
    }

    function _topUpAt(uint256 time) private {
        vm.warp(time);
        vm.prank(alice);
        book.topUp(terms, 1_000);
    }
}
