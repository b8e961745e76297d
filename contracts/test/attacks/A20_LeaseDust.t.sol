// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeaseTest} from "../lease/LeaseTest.sol";

/// @title Dust costs nobody but who sends it
contract LeaseDustAttackTest is LeaseTest {
    /// @dev Settling every second, by whoever, pays the same to the second, and costs the protocol less than a wei a time.
    function testFuzz_settlingEverySecondChangesNothing(uint96 rate, uint8 steps) public {
        ILeaseBook.Offer memory offer = _offer();
        offer.rate = uint96(bound(rate, 1, 1e12));
        _fund(alice, 1e20);
        ILeaseBook.Terms memory terms = _open(offer, _request(), alice);
        uint256 count = bound(steps, 1, 60);
        for (uint256 i = 1; i <= count; ++i) {
            vm.warp(START + i);
            vm.prank(bob);
            book.settle(terms);
        }
        uint256 fees = ledger.feesOf(address(book), address(token));
        uint256 gross = count * offer.rate;
        assertEq(_balance(provider) + fees, gross);
        assertLe(fees, gross * FEE_BPS / 10_000);
        assertLe(gross * FEE_BPS / 10_000 - fees, count);
        _assertEscrow(terms);
    }

    /// @dev A stranger's second in grace would end the renter's grace: it must bring as many as the grace has.
    function test_aStrangersDustEndsNoGrace() public {
        ILeaseBook.Terms memory terms = _openUsual();
        _fund(bob, RICH);
        vm.warp(START + FUNDED + 900);
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_SecondsOutOfBounds.selector, 1, GRACE, 88_100));
        book.topUp(terms, 1);
        book.topUp(terms, GRACE);
        (uint256 funded,) = book.runwayOf(terms);
        assertEq(funded, GRACE);
    }

    /// @dev Leases too small to be worth a node's units are the market's to refuse, by wei and not by seconds.
    function testFuzz_aMarketRefusesDust(uint96 rate, uint32 fundedSeconds, uint96 minimum) public {
        ILeaseBook.Offer memory offer = _offer();
        offer.rate = uint96(bound(rate, 1, 1e6));
        fundedSeconds = uint32(bound(fundedSeconds, 100, 99_000));
        minimum = uint96(bound(minimum, 1, 1e11));
        book.setMarket(address(token), address(policy), ILeaseBook.Market(true, 0, 0, minimum, 0));
        uint256 needed = book.quote(offer, fundedSeconds);
        bytes memory signature = _signOffer(offer);
        if (needed < minimum) {
            vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_FundsTooLow.selector, needed, minimum));
        }
        vm.prank(alice);
        book.open(offer, signature, ILeaseBook.Request(alice, fundedSeconds, "salt"));
    }

    /// @dev Nor can a market that refuses dust be topped up with it, save for the last seconds that a lease can have.
    function testFuzz_aMarketRefusesDustOnTop(uint32 extra, uint96 minimum) public {
        ILeaseBook.Terms memory terms = _openUsual();
        uint256 most = 100_000 - GRACE - FUNDED;
        uint256 extraSeconds = bound(extra, 1, most);
        minimum = uint96(bound(minimum, 1, most * RATE));
        book.setMarket(address(token), address(policy), ILeaseBook.Market(true, 0, 0, 0, minimum));
        uint256 amount = extraSeconds * RATE;
        if (amount < minimum && extraSeconds != most) {
            vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_FundsTooLow.selector, amount, minimum));
        }
        vm.prank(alice);
        book.topUp(terms, extraSeconds);
    }
}
