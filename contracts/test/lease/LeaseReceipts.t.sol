// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeaseTest} from "./LeaseTest.sol";

/// @title Receipts: what `ILeaseBook` says of the ranges of settlements and of their hash
contract LeaseReceiptsTest is LeaseTest {
    string private constant PATH = "test-fixtures/receipts.json";

    function test_receiptsAreThoseOfTheFixture() public view {
        string memory json = vm.readFile(PATH);
        bytes32[] memory expected = vm.parseJsonBytes32Array(json, ".receipts");
        bytes32 leaseId = vm.parseJsonBytes32(json, ".leaseId");
        bytes32 receipt;
        for (uint256 i; i < expected.length; ++i) {
            uint256[] memory s = vm.parseJsonUintArray(json, string.concat(".settlements[", vm.toString(i), "]"));
            receipt = _receipt(receipt, leaseId, s[0], s[1], abi.encode(s[2], s[3], s[4]));
            assertEq(receipt, expected[i], "receipt");
        }
    }

    /// @dev Payments, a grace, a top-up and an early end leave no gap and no overlap.
    function test_settlementsFollowEachOtherFromStartToEnd() public {
        ILeaseBook.Terms memory terms = _openUsual();
        bytes32 leaseId = book.hashTerms(terms);
        vm.recordLogs();
        _settleAfter(terms, 10);
        _settleAfter(terms, 0);
        ILeaseBook.Lease memory lease = _lease(terms);
        vm.warp(lease.fundedUntil + terms.graceSeconds / 2);
        book.settle(terms);
        vm.prank(terms.renter);
        book.topUp(terms, terms.graceSeconds);
        _settleAfter(terms, 5);
        vm.prank(terms.renter);
        book.close(terms);
        _settleAfter(terms, 1);

        (uint256 reached, uint256 count) = _follow(vm.getRecordedLogs(), leaseId, terms.start);
        assertEq(reached, _lease(terms).endsAt, "up to the end");
        assertGt(count, 2, "several");
        _assertStatus(terms, ILeaseBook.Status.Closed);
    }

    function _settleAfter(ILeaseBook.Terms memory terms, uint256 time) private {
        skip(time);
        if (_lease(terms).status != ILeaseBook.Status.Closed) book.settle(terms);
    }

    function _follow(Vm.Log[] memory logs, bytes32 leaseId, uint256 reached) private pure returns (uint256, uint256) {
        uint256 count;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != ILeaseBook.LeaseSettled.selector) continue;
            assertEq(logs[i].topics[1], leaseId);
            (uint256 from, uint256 to) = abi.decode(logs[i].data, (uint256, uint256));
            assertEq(from, reached, "no gap");
            assertGt(to, from, "no empty settlement");
            (reached, count) = (to, count + 1);
        }
        return (reached, count);
    }

    function _receipt(bytes32 before, bytes32 leaseId, uint256 from, uint256 to, bytes memory amounts)
        private
        pure
        returns (bytes32)
    {
        (uint256 payment, uint256 fee, uint256 refund) = abi.decode(amounts, (uint256, uint256, uint256));
        return keccak256(abi.encode(before, leaseId, from, to, payment, fee, refund));
    }
}
