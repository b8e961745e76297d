// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {LeasePolicy} from "../mocks/LeasePolicy.sol";
import {LeaseTest} from "../lease/LeaseTest.sol";

/// @title Filecoin Pay left a lockup behind when a validator reduced a settlement
/// @notice Here what a policy does not release is refunded by the same call, and leaves the operator's usage with it.
contract FilecoinLeftoverLockupTest is LeaseTest {
    function testFuzz_aReducedSettlementLeavesNoLockup(uint256 at, bool paysHalf) public {
        vm.prank(alice);
        ledger.setAllowance(
            address(token),
            operator,
            ILedger.Allowance(type(uint128).max, type(uint128).max, type(uint40).max, type(uint32).max)
        );
        ILeaseBook.Terms memory terms = _open(_offer(), _request(), operator);
        policy.setMode(paysHalf ? LeasePolicy.Mode.LiesHalf : LeasePolicy.Mode.PaysNone);
        vm.warp(START + bound(at, 1, FUNDED));
        book.settle(terms);
        assertEq(_escrow(), book.escrowOf(terms));
        assertEq(ledger.usageOf(address(token), alice, operator).exposure, _escrow());

        policy.setMode(LeasePolicy.Mode.PaysNone);
        vm.warp(START + FUNDED + GRACE);
        book.settle(terms);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        assertEq(_escrow(), 0);
        assertEq(ledger.usageOf(address(token), alice, operator).exposure, 0);
        assertEq(ledger.usageOf(address(token), alice, operator).rate, 0);
    }
}
