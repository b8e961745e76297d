// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAttestationPolicy} from "../../src/verification/IAttestationPolicy.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {BatchFixture} from "../verification/BatchFixture.sol";

/// @title Whoever sets the block's time wins nothing by a few seconds: time draws nobody, and is no randomness
contract A28_Timestamps is BatchFixture {
    function setUp() public override {
        super.setUp();
        _joinVerifiers(12);
        skip(2 hours);
    }

    /// A beacon and its committees are the same in each second, block and PREVRANDAO of a round.
    function testFuzz_TimeDrawsNobody(uint256 second, uint256 number, uint256 randao, uint256 lag) public {
        uint256 round = verifierSet.roundAt(block.timestamp) - lag % 2;
        bytes32 beacon = verifierSet.beaconOf(round);
        address[] memory committee = verifierSet.committeeOf(node, round);
        vm.warp(verifierSet.roundAt(block.timestamp) * 1 hours + second % 1 hours);
        vm.roll(bound(number, 1, type(uint64).max));
        vm.prevrandao(randao);
        assertEq(verifierSet.beaconOf(round), beacon);
        assertEq(verifierSet.committeeOf(node, round), committee);
    }

    /// What is revealed in a round changes no beacon that has begun.
    function testFuzz_ALateRevealChangesNoBeaconThatHasBegun(uint256 who, uint256 second) public {
        uint256 round = verifierSet.roundAt(block.timestamp);
        bytes32 beacon = verifierSet.beaconOf(round);
        vm.warp(round * 1 hours + second % 1 hours);
        _reveal(_makeVerifier(who % 12));
        assertEq(verifierSet.beaconOf(round), beacon);
    }

    /// A measurement in the future counts in no form, however little ahead it is.
    function testFuzz_NoMeasurementLiesAhead(uint256 ahead) public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(1);
        ahead = bound(ahead, 1, 30 minutes);
        verdicts[0].measurement.startMs += uint64(ahead * 1000);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        assertEq(verifierSet.submitBatch(batch, _signedBatch(batch, 2), findings), 0);
        IVerifierSet.Signature[] memory signatures = _signed(verdicts[0], 2);
        vm.expectPartialRevert(IAttestationPolicy.AttestationPolicy_InvalidWindow.selector);
        verifierSet.submit(verdicts[0], signatures);
    }

    /// A thaw ends in the second that it names and not before, and drift moves nobody's other amounts.
    function testFuzz_AThawEndsInItsSecond(uint256 drift) public {
        address verifier = _makeVerifier(0);
        vm.prank(verifier);
        bonds.thaw(IBonds.Role.Verifier, address(token), 1);
        uint256 thawedAt = block.timestamp + bonds.thawPeriod();
        vm.warp(thawedAt - bound(drift, 1, 15));
        vm.prank(verifier);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, 1, thawedAt));
        bonds.withdraw(IBonds.Role.Verifier, address(token), verifier);
        vm.warp(thawedAt);
        vm.prank(verifier);
        bonds.withdraw(IBonds.Role.Verifier, address(token), verifier);
    }
}
