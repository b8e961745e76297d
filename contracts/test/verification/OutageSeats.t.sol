// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {OutageClock} from "../../src/governance/OutageClock.sol";
import {AttestationPolicy} from "../../src/verification/AttestationPolicy.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {VerifierSet} from "../../src/verification/VerifierSet.sol";
import {UptimeFeed} from "../mocks/UptimeFeed.sol";
import {VerificationFixture} from "./VerificationFixture.sol";

/// @title An outage, in which nobody can reveal, leaves the committees as they were
contract OutageSeatsTest is VerificationFixture {
    UptimeFeed private feed;

    function setUp() public override {
        super.setUp();
        OutageClock clock = new OutageClock(address(authority));
        feed = new UptimeFeed();
        clock.setFeed(address(feed));
        verifierSet = new VerifierSet(address(authority), bonds, registry, clock);
        policy = new AttestationPolicy(address(verifierSet), leases, clock);
        verifierSet.setPolicy(address(policy));
        bonds.setSlasher(address(verifierSet), true);
    }

    /// @dev Two of twelve that reveal in the first block after an outage must not be the committee of every node.
    function test_Submit_RevertWhen_OnlyTheFirstToRevealAfterAnOutageSigned() public {
        _joinVerifiers(12);
        skip(2 hours);
        feed.goDown(block.timestamp);
        skip(80 hours);
        feed.comeUp(block.timestamp);
        address[] memory first = new address[](2);
        (first[0], first[1]) = (verifierSet.verifiers()[0], verifierSet.verifiers()[1]);
        _reveal(first[0]);
        _reveal(first[1]);
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signedBy(verdict, first);
        vm.expectPartialRevert(IVerifierSet.VerifierSet_NotInCommittee.selector);
        verifierSet.submit(verdict, signatures);
        assertEq(verifierSet.committeeOf(node, verdict.beaconRound).length, 3, "the others are as present as they");
    }

    /// @dev Who was absent for as long without the outage is not drawn.
    function testFuzz_CommitteeOf_CountsAbsenceWithoutOutages(uint256 length, uint256 later) public {
        _joinVerifiers(3);
        uint256 joined = verifierSet.roundAt(block.timestamp);
        skip(2 hours);
        length = bound(length, 1, 7 days);
        feed.goDown(block.timestamp);
        skip(length);
        feed.comeUp(block.timestamp);
        uint256 absentFrom = (joined + 73) * 1 hours + length;
        uint256 round = bound(later, joined + 2, joined + 14 days / 1 hours);
        uint256 opensAt = round * 1 hours;
        if (opensAt > block.timestamp) vm.warp(opensAt);
        // The outage as far as it had come when the round began.
        if (opensAt < joined * 1 hours + 2 hours + length) absentFrom = type(uint256).max;
        assertEq(verifierSet.committeeOf(node, round).length, opensAt < absentFrom ? 3 : 0);
    }

    /// @dev Who is absent costs a question to the clock, in the worst case for all seats but the quorum's; they are asked once.
    function test_Submit_StaysCheapAmongTheAbsent() public {
        verifierSet.setQuorum(16, 9);
        _joinVerifiers(55);
        skip(80 hours);
        address[] memory signers = new address[](9);
        for (uint256 i; i < 9; ++i) {
            signers[i] = _joinVerifier(55 + i);
        }
        skip(2 hours);
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signedBy(verdict, signers);
        uint256 before = gasleft();
        verifierSet.submit(verdict, signatures);
        assertLt(before - gasleft(), 2_000_000);
    }
}
