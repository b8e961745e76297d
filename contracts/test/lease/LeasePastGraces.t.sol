// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {AttestationPolicy} from "../../src/verification/AttestationPolicy.sol";
import {ILeasedUnits} from "../../src/verification/IAttestationPolicy.sol";
import {LeaseTest} from "./LeaseTest.sol";

/// @title What is taken back of a grace that another one has followed, under the policy that leases really have
contract LeasePastGracesTest is LeaseTest {
    AttestationPolicy private attestation;
    ILeaseBook.Terms private terms;

    /// @dev A grace on [10,000, 10,300), which is attested, and another 1,000 seconds.
    function setUp() public override {
        super.setUp();
        attestation = new AttestationPolicy(address(this), ILeasedUnits(address(book)), IOutageClock(address(0)));
        _setMarket(address(token), address(attestation), uint16(FEE_BPS));
        bonds.setStake(1e9);
        attestation.record(node, START, START + 26 hours, 8, true);
        ILeaseBook.Offer memory offer = _offer();
        offer.policy = address(attestation);
        terms = _open(offer, _request(), alice);
        vm.warp(START + FUNDED + 300);
    }

    /// @dev The second grace is [11,300, 11,600), and what lies before it is settled up to 11,000. Whether or not the rest of
    /// it is decided when the first one is booked.
    function testFuzz_clawBack_valuesItAtItsRateWheneverItIsBooked(uint256 decidedUntil, bool bySettling) public {
        _topUp();
        _settleAt(START + 11_000);
        vm.warp(START + 11_600);
        _topUp();
        assertEq(_lease(terms).heldBefore, 300);
        decidedUntil = bound(decidedUntil, START + 11_000, START + 11_600);
        attestation.record(node, START + 9_000, 0, 0, false);
        attestation.record(node, decidedUntil, 0, 0, false);
        if (bySettling) book.settle(terms);
        book.clawBack(terms);
        ILeaseBook.Claim memory claim = book.claimOf(book.hashTerms(terms));
        assertEq(claim.revoked, 2_000);
        assertEq(claim.seized, 1_700 * RATE + 300 * HOLD, "what was paid for these seconds");
        assertEq(_lease(terms).heldBefore, 0, "allowed for once");
    }

    /// @dev What was taken back of a grace while it was the last one, or ran, is not allowed for again behind another one.
    function testFuzz_clawBack_allowsForASecondOnce(bool whileItRuns) public {
        if (!whileItRuns) _topUp();
        _settleAt(START + 10_300);
        _revoke(START + 10_000, START + 10_300);
        assertEq(book.clawBack(terms), 300 * HOLD);
        if (whileItRuns) _topUp();
        skip(1);
        attestation.record(node, block.timestamp, block.timestamp + 26 hours, 8, true);
        vm.warp(START + 11_600);
        _topUp();
        _settleAt(START + 11_700);
        _revoke(START + 10_900, START + 11_700);
        assertEq(book.clawBack(terms), 500 * RATE + 300 * HOLD, "400 before the second grace, 100 behind it");
    }

    /// @dev The seconds from `from` on fail, and those before `decidedUntil` are decided.
    function _revoke(uint256 from, uint256 decidedUntil) private {
        attestation.record(node, from, 0, 0, false);
        attestation.record(node, decidedUntil, 0, 0, false);
    }

    function _settleAt(uint256 time) private {
        vm.warp(time);
        book.settle(terms);
    }

    function _topUp() private {
        vm.prank(alice);
        book.topUp(terms, 1_000);
    }
}
