// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {System} from "../System.sol";

/// @title Claims on a lease whose grace costs nothing
contract LeaseFreeGraceTest is System {
    uint96 private constant PRICE = 10_000;
    uint32 private constant PAID = 20_000;
    address private keeper = makeAddr("keeper");
    uint256 private began;
    ILeaseBook.Terms private terms;

    /// @dev A lease for 20,000 seconds and a grace of 80 days that costs nothing, all paid and all of it failed.
    function setUp() public override {
        super.setUp();
        began = block.timestamp;
        vm.prank(renter);
        ledger.deposit(address(dollar), renter, FORTUNE);
        _record(began, true);
        ILeaseBook.Offer memory offer = _offer(node);
        offer.rate = PRICE;
        offer.maxSeconds = 90 days;
        (offer.graceSeconds, offer.holdRateBps) = (80 days, 0);
        bytes memory signature = _signOffer(offer, nodeKey);
        vm.recordLogs();
        vm.prank(renter);
        leaseBook.open(offer, signature, ILeaseBook.Request(renter, PAID, "free"));
        terms = _openedTerms();
        vm.warp(began + PAID);
        leaseBook.settle(terms);
        assertGt(ledger.balanceOf(address(dollar), provider), 0);
        _record(began + 100, false);
    }

    /// @dev Settling moves a free grace on without a verdict. Whoever does so every two days must not keep the claim away
    /// until what is not locked of the bond has left.
    function test_clawBack_isNotHeldUpBySettlingAFreeGrace() public {
        vm.prank(provider);
        bonds.thaw(IBonds.Role.Provider, address(dollar), MINIMUM_BOND);
        uint256 seized;
        while (block.timestamp < began + 16 days) {
            skip(47 hours);
            vm.prank(keeper);
            leaseBook.settle(terms);
            try leaseBook.clawBack(terms) returns (uint256 amount) {
                seized += amount;
            } catch {}
        }
        vm.prank(provider);
        bonds.withdraw(IBonds.Role.Provider, address(dollar), provider);
        assertEq(seized, (PAID - 100) * uint256(PRICE), "the seconds before the grace were final after two days");
    }

    /// @dev As the VerifierSet would have it.
    function _record(uint256 measuredAt, bool passed) private {
        vm.prank(address(verifierSet));
        policy.record(node, measuredAt, passed ? measuredAt + 26 hours : 0, passed ? UNITS : 0, passed);
    }
}
