// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {IStandingTopUps} from "../../src/money/IStandingTopUps.sol";
import {StandingTopUps} from "../../src/money/StandingTopUps.sol";
import {LeaseTest} from "../lease/LeaseTest.sol";
import {LeasePolicy} from "../mocks/LeasePolicy.sol";
import {MoneyDecimalsToken} from "../mocks/MoneyTokens.sol";

/// @title Tokens of 6, 8 and 18 decimals: nothing is scaled, and every remainder falls against whoever could exploit it
contract A29_Decimals is LeaseTest {
    function testFuzz_ALeaseConservesEveryWei(uint256 which, uint256 centsPerHour, uint256 elapsed, uint256 mode)
        public
    {
        uint8 decimals = [6, 8, 18][which % 3];
        MoneyDecimalsToken paid = new MoneyDecimalsToken(decimals);
        ledger.setToken(address(paid), true);
        _setMarket(address(paid), address(policy), uint16(FEE_BPS));
        ILeaseBook.Offer memory offer = _offer();
        offer.token = address(paid);
        // From a cent to 100 dollars an hour; with 6 decimals a cent an hour is 2 wei a second.
        offer.rate = uint96(bound(centsPerHour, 1, 10_000) * 10 ** decimals / 100 / 3_600);
        uint256 funds = book.quote(offer, FUNDED);
        paid.mint(alice, funds);
        vm.startPrank(alice);
        paid.approve(address(ledger), funds);
        ledger.deposit(address(paid), alice, funds);
        vm.stopPrank();
        ILeaseBook.Terms memory terms = _open(offer, _request(), alice);
        assertEq(ledger.balanceOf(address(paid), alice), 0);

        // It pays for a while, and then pays or waits.
        skip(bound(elapsed, 0, FUNDED + GRACE));
        book.settle(terms);
        policy.setMode(LeasePolicy.Mode(mode % 3));
        vm.warp(START + FUNDED + GRACE);
        if (_lease(terms).status != ILeaseBook.Status.Closed) book.close(terms);
        skip(book.FALLBACK());
        if (_lease(terms).status != ILeaseBook.Status.Closed) book.settle(terms);

        uint256 payment = ledger.balanceOf(address(paid), provider);
        uint256 fee = ledger.feesOf(address(book), address(paid));
        uint256 refund = ledger.balanceOf(address(paid), alice);
        assertEq(payment + fee + refund, funds, "a wei was lost or made");
        assertEq(ledger.escrowOf(address(book), address(paid)), 0);
        assertLe(fee * 10_000, (payment + fee) * FEE_BPS, "the fee rounds down");
    }

    function testFuzz_ATipRoundsDown(uint256 which, uint96 rate, uint16 tipBps) public {
        uint8 decimals = [6, 8, 18][which % 3];
        StandingTopUps standing = new StandingTopUps(ledger, book);
        ILeaseBook.Terms memory terms = _openUsual();
        terms.rate = uint96(bound(rate, 1, 10 ** decimals));
        IStandingTopUps.Order memory order;
        (order.chunk, order.tipBps, order.maxTip) = (1, uint16(bound(tipBps, 0, 100)), type(uint104).max);
        vm.warp(START + 1);
        // Terms that nobody opened have run out long ago, and are quoted all the same.
        (, uint256 amount, uint256 tip) = standing.quote(order, terms);
        assertLe(tip * 100, amount);
    }
}
