// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeaseTest} from "../lease/LeaseTest.sol";

/// @title No sequence of settlements and endings pays a second twice, out of this lease's escrow or another's
contract DoublePayTest is LeaseTest {
    ILeaseBook.Terms private terms;

    function setUp() public override {
        super.setUp();
        terms = _openUsual();
        // Somebody else's escrow that could pay.
        _fund(bob, RICH);
        _open(_offer(), ILeaseBook.Request(bob, FUNDED, "salt"), bob);
    }

    function test_oneLeaseManyTimesInABatch() public {
        ILeaseBook.Terms[] memory many = new ILeaseBook.Terms[](5);
        for (uint256 i = 0; i < many.length; ++i) {
            many[i] = terms;
        }
        vm.warp(START + 100);
        book.settleMany(many);
        assertEq(_balance(provider), 98 * RATE);
        assertEq(ledger.feesOf(address(book), address(token)), 2 * RATE);
    }

    function testFuzz_anyCallsInAnyOrder(uint256 seed) public {
        uint256 others = _escrow() - book.escrowOf(terms);
        for (uint256 i = 0; i < 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (seed % 2 == 0) skip(seed >> 8 & 0x7ff);
            vm.prank([alice, provider, bob][(seed >> 32) % 3]);
            (bool done,) = address(book)
                .call(
                    [
                        abi.encodeCall(ILeaseBook.settle, (terms)),
                        abi.encodeCall(ILeaseBook.close, (terms)),
                        abi.encodeCall(ILeaseBook.reclaim, (terms))
                    ][(seed >> 64) % 3]
                );
            done;
            uint256 fees = ledger.feesOf(address(book), address(token));
            assertEq(_balance(alice) + _balance(provider) + fees + book.escrowOf(terms), RICH);
            assertEq(_escrow(), others + book.escrowOf(terms), "another lease's escrow");
            bool isOver = uint256(_lease(terms).status) > uint256(ILeaseBook.Status.Ending);
            assertEq(book.leasedUnits(node), isOver ? terms.units : 2 * terms.units, "another lease's units");
        }
    }

    function test_aClosedLeaseMovesNothing() public {
        vm.warp(START + 200);
        vm.prank(alice);
        book.close(terms);
        book.settle(terms);
        bytes memory closed = abi.encodeWithSelector(
            ILeaseBook.LeaseBook_WrongStatus.selector, book.hashTerms(terms), ILeaseBook.Status.Closed
        );
        vm.startPrank(alice);
        vm.expectRevert(closed);
        book.settle(terms);
        vm.expectRevert(closed);
        book.close(terms);
        vm.expectRevert(closed);
        book.topUp(terms, 1);
    }
}
