// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {LeaseTest} from "./LeaseTest.sol";

/// @title The largest amounts and times that an offer can name
contract LeaseBoundsTest is LeaseTest {
    uint256 private constant FIRST = 1 << 23;

    function _largest() private view returns (ILeaseBook.Offer memory offer) {
        offer = _offer();
        offer.rate = type(uint96).max;
        offer.minSeconds = 0;
        offer.maxSeconds = type(uint32).max;
        offer.graceSeconds = 1_000;
        offer.noticeSeconds = type(uint32).max;
    }

    /// @dev More than the Ledger's escrow has room for is refused before anything moves.
    function test_open_revertsOnMoreThanTheLedgerHolds() public {
        ILeaseBook.Offer memory offer = _largest();
        bytes memory signature = _signOffer(offer);
        uint256 needed = book.quote(offer, 1 << 24);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_AmountTooLarge.selector, needed, type(uint120).max));
        book.open(offer, signature, ILeaseBook.Request(alice, 1 << 24, "salt"));
    }

    /// @dev A lease at the highest rate, for months, through a grace, a notice that never comes, a claw-back and its end.
    function testFuzz_theLargestLeaseConserves(uint256 at, uint256 late) public {
        ILeaseBook.Offer memory offer = _largest();
        uint256 rich = 3 << 118;
        _fund(alice, rich);
        rich += RICH;
        bonds.setStake(type(uint96).max);
        ILeaseBook.Terms memory terms = _open(offer, ILeaseBook.Request(alice, uint32(FIRST), "salt"), alice);
        at = bound(at, 1, FIRST);
        vm.warp(START + at);
        assertEq(book.settle(terms), START + at);
        uint256 gross = at * type(uint96).max;
        assertEq(_balance(provider), gross - gross * FEE_BPS / 10_000);
        policy.revoke(START, START + 1);
        assertEq(book.clawBack(terms), type(uint96).max);
        vm.warp(START + FIRST + bound(late, 0, 999));
        vm.prank(alice);
        book.topUp(terms, 1_000);
        vm.prank(provider);
        book.reclaim(terms);
        _assertEscrow(terms);
        vm.warp(_lease(terms).endsAt);
        book.settle(terms);
        _assertStatus(terms, ILeaseBook.Status.Closed);
        uint256 fees = ledger.feesOf(address(book), address(token));
        assertEq(_balance(alice) + _balance(provider) + fees, rich);
        assertEq(_escrow(), 0);
    }
}
