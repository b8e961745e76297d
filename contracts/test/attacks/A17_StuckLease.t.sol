// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeasePolicy} from "../mocks/LeasePolicy.sol";
import {LeaseTest} from "../lease/LeaseTest.sol";

/// @title A settlement that a policy reduces leaves nothing behind, and no lease is ever stuck
contract StuckLeaseTest is LeaseTest {
    /// @dev From every status, whatever the policy does, a stranger's settlements close the lease two weeks after its end.
    function testFuzz_everyStatusEnds(uint256 mode, uint256 wait, uint256 exit, uint256 mode2) public {
        ILeaseBook.Terms memory terms = _openUsual();
        policy.setHalt(START + 777);
        policy.setMode(LeasePolicy.Mode(bound(mode, 0, uint256(type(LeasePolicy.Mode).max))));
        vm.warp(START + bound(wait, 1, FUNDED + GRACE - 1));
        book.settle(terms);
        if (exit % 3 == 1) {
            vm.prank(alice);
            book.close(terms);
        } else if (exit % 3 == 2) {
            vm.prank(provider);
            book.reclaim(terms);
        }
        policy.setMode(LeasePolicy.Mode(bound(mode2, 0, uint256(type(LeasePolicy.Mode).max))));
        uint256 end = _lease(terms).endsAt;
        if (end == 0) end = START + FUNDED + GRACE;
        vm.warp(end + book.FALLBACK());
        if (_lease(terms).status != ILeaseBook.Status.Closed) {
            vm.prank(bob);
            book.settle(terms);
        }
        _assertStatus(terms, ILeaseBook.Status.Closed);
        assertEq(book.leasedUnits(node), 0);
        assertEq(_escrow(), 0);
        uint256 fees = ledger.feesOf(address(book), address(token));
        assertEq(_balance(alice) + _balance(provider) + fees, RICH, "everyone has what is theirs");
    }
}
