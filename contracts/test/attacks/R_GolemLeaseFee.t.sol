// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeaseTest} from "../lease/LeaseTest.sol";

/// @title Golem's closeDeposit took the fee of a deposit once more when it was closed
/// @notice A lease's fee is a share of what was paid, and is taken with the payment; an end takes none.
contract GolemLeaseFeeTest is LeaseTest {
    function testFuzz_theFeeIsTakenOnce(uint256 settleAt, uint256 closeAt, bool byProvider) public {
        ledger.setFeeCollector(makeAddr("treasury"));
        ILeaseBook.Terms memory terms = _openUsual();
        settleAt = bound(settleAt, 100, FUNDED - 1);
        closeAt = bound(closeAt, settleAt, FUNDED);
        vm.warp(START + settleAt);
        book.settle(terms);
        vm.warp(START + closeAt);
        if (byProvider) _fund(provider, terms.reclaimPrice);
        vm.prank(byProvider ? provider : alice);
        book.close(terms);
        if (_lease(terms).status != ILeaseBook.Status.Closed) book.settle(terms);
        _assertStatus(terms, ILeaseBook.Status.Closed);

        uint256 fee = settleAt * RATE * FEE_BPS / 10_000 + (closeAt - settleAt) * RATE * FEE_BPS / 10_000;
        assertEq(ledger.feesOf(address(book), address(token)), fee);
        assertEq(ledger.collectFees(address(book), address(token)), fee);
        assertEq(ledger.collectFees(address(book), address(token)), 0);
    }
}
