// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {IAttestationPolicy} from "../../src/verification/IAttestationPolicy.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {VerifierSet} from "../../src/verification/VerifierSet.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {RegistryWallet} from "../mocks/RegistryWallet.sol";
import {VerificationFixture} from "./VerificationFixture.sol";

/// @title Bringing verdicts to the VerifierSet
contract VerdictsTest is VerificationFixture {
    uint256 private constant FIELDS = 28;

    function setUp() public override {
        super.setUp();
        _joinVerifiers(3);
        skip(3 hours);
    }

    function testFuzz_Submit_RecordsAPass(uint256 count, uint256 gpuCount, address caller) public {
        count = bound(count, 2, 3);
        IVerifierSet.Verdict memory verdict = _verdict();
        verdict.gpuCount = uint16(bound(gpuCount, 1, 8));
        IVerifierSet.Signature[] memory signatures = _signed(verdict, count);
        address[] memory signers = new address[](count);
        for (uint256 i; i < count; ++i) {
            signers[i] = signatures[i].signer;
        }

        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.VerdictAccepted(
            verdict.sessionId, node, verdict.leaseId, verifierSet.hashVerdict(verdict), verdict, signers
        );
        vm.expectCall(
            address(policy),
            abi.encodeCall(policy.record, (node, block.timestamp, verdict.validUntil, verdict.gpuCount, true))
        );
        vm.prank(caller);
        verifierSet.submit(verdict, signatures);
        assertEq(policy.standingOf(node).units, verdict.gpuCount);
    }

    function testFuzz_Submit_RecordsAFailure(uint256 result, uint16 floorClass, uint16 gpuCount) public {
        IVerifierSet.Verdict memory verdict = _verdict();
        verdict.result = uint8(bound(result, 2, 4));
        verdict.floorClass = floorClass;
        verdict.gpuCount = gpuCount;
        vm.expectCall(
            address(policy), abi.encodeCall(policy.record, (node, block.timestamp, verdict.validUntil, gpuCount, false))
        );
        _submit(verdict);
        assertEq(policy.standingOf(node).units, 0);
        assertEq(policy.standingOf(node).measuredAt, block.timestamp);
    }

    function test_Submit_CountsInADrawnCommittee() public {
        for (uint256 i = 3; i < 20; ++i) {
            _joinVerifier(i);
        }
        skip(2 hours);
        _submit(_verdict());
        assertEq(policy.standingOf(node).measuredAt, block.timestamp);
    }

    function testFuzz_Submit_MeasurementNeedsTheBeaconOfItsRoundOrTheOneBefore(uint64 beaconRound) public {
        uint64 round = uint64(verifierSet.roundAt(block.timestamp));
        if (beaconRound % 2 == 0) beaconRound = uint64(bound(beaconRound, round - 3, round + 3));
        IVerifierSet.Verdict memory verdict = _verdict();
        verdict.beaconRound = beaconRound;
        IVerifierSet.Signature[] memory signatures = _signedBy(verdict, verifierSet.verifiers());
        if (beaconRound != round && beaconRound != round - 1) {
            vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_StaleBeacon.selector, beaconRound, round));
        }
        verifierSet.submit(verdict, signatures);
    }

    function testFuzz_Submit_RevertWhen_TheResultSaysNothing(uint8 result) public {
        vm.assume(result == 0 || result > 4);
        IVerifierSet.Verdict memory verdict = _verdict();
        verdict.result = result;
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 2);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_InvalidResult.selector, result));
        verifierSet.submit(verdict, signatures);
    }

    function testFuzz_Submit_RevertWhen_TheProviderIsAnother(address other) public {
        vm.assume(other != provider);
        IVerifierSet.Verdict memory verdict = _verdict();
        verdict.provider = other;
        _expectMismatch(verdict);
    }

    function testFuzz_Submit_RevertWhen_TheClassIsAnother(uint16 class) public {
        vm.assume(class != GPU);
        IVerifierSet.Verdict memory verdict = _verdict();
        verdict.claimedClass = class;
        verdict.floorClass = class;
        _expectMismatch(verdict);
    }

    function testFuzz_Submit_RevertWhen_TheNodeIsUnknown(address unknown) public {
        vm.assume(unknown != node);
        IVerifierSet.Verdict memory verdict = _verdict();
        verdict.node = unknown;
        _expectMismatch(verdict);
        verdict.provider = address(0);
        verdict.claimedClass = 0;
        verdict.floorClass = 0;
        _expectMismatch(verdict);
    }

    function testFuzz_Submit_RevertWhen_APassFallsBelowItsClaim(uint16 floorClass) public {
        vm.assume(floorClass != GPU);
        IVerifierSet.Verdict memory verdict = _verdict();
        verdict.floorClass = floorClass;
        _expectBelowClaim(verdict);
    }

    function testFuzz_Submit_RevertWhen_APassAttestsNothingOrTooMuch(uint16 gpuIndex, uint16 gpuCount) public {
        vm.assume(gpuCount == 0 || uint256(gpuIndex) + gpuCount > 8);
        IVerifierSet.Verdict memory verdict = _verdict();
        verdict.gpuIndex = gpuIndex;
        verdict.gpuCount = gpuCount;
        _expectBelowClaim(verdict);
    }

    // Signers

    function test_Submit_RevertWhen_TooFewSigned() public {
        IVerifierSet.Verdict memory verdict = _verdict();
        for (uint256 count; count < 2; ++count) {
            IVerifierSet.Signature[] memory signatures = _signed(verdict, count);
            vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_QuorumNotReached.selector, count, 2));
            verifierSet.submit(verdict, signatures);
        }
    }

    function testFuzz_Submit_RevertWhen_OneSignsTwice(uint256 which) public {
        IVerifierSet.Verdict memory verdict = _verdict();
        address[] memory signers = new address[](2);
        signers[0] = signers[1] = verifierSet.verifiers()[which % 3];
        IVerifierSet.Signature[] memory signatures = _signedBy(verdict, signers);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_DuplicateOrUnsortedSigner.selector, signers[0]));
        verifierSet.submit(verdict, signatures);
    }

    function test_Submit_RevertWhen_SignersAreUnsorted() public {
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 3);
        (signatures[1], signatures[2]) = (signatures[2], signatures[1]);
        vm.expectRevert(
            abi.encodeWithSelector(IVerifierSet.VerifierSet_DuplicateOrUnsortedSigner.selector, signatures[2].signer)
        );
        verifierSet.submit(verdict, signatures);
    }

    function test_Submit_RevertWhen_ASignerIsZero() public {
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 2);
        signatures[0].signer = address(0);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_DuplicateOrUnsortedSigner.selector, address(0)));
        verifierSet.submit(verdict, signatures);
    }

    function testFuzz_Submit_RevertWhen_ASignerIsNotDrawn(uint256 which) public {
        for (uint256 i = 3; i < 12; ++i) {
            _joinVerifier(i);
        }
        skip(2 hours);
        IVerifierSet.Verdict memory verdict = _verdict();
        address[] memory committee = verifierSet.committeeOf(node, verdict.beaconRound);
        address[] memory signers = new address[](2);
        signers[0] = committee[0];
        signers[1] = verifierSet.verifiers()[which % 12];
        vm.assume(!_contains(committee, signers[1]));
        address outsider = signers[1];
        IVerifierSet.Signature[] memory signatures = _signedBy(verdict, signers);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerifierSet.VerifierSet_NotInCommittee.selector,
                outsider,
                verifierSet.shardOf(node),
                verdict.beaconRound
            )
        );
        verifierSet.submit(verdict, signatures);
    }

    function test_Submit_RevertWhen_ASignerHasLeft() public {
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 2);
        vm.prank(signatures[1].signer);
        verifierSet.leave();
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerifierSet.VerifierSet_NotInCommittee.selector,
                signatures[1].signer,
                verifierSet.shardOf(node),
                verdict.beaconRound
            )
        );
        verifierSet.submit(verdict, signatures);
    }

    function test_Submit_RevertWhen_AnyFieldIsAltered() public {
        for (uint256 field; field < FIELDS; ++field) {
            IVerifierSet.Verdict memory verdict = _verdict();
            verdict.gpuCount = 4;
            IVerifierSet.Signature[] memory signatures = _signed(verdict, 2);
            bytes32 signedDigest = verifierSet.hashVerdict(verdict);
            _alter(verdict, field);
            bytes32 digest = verifierSet.hashVerdict(verdict);
            assertNotEq(signedDigest, digest);

            bool isClaim = field == 2 || field == 3 || field == 6;
            if (isClaim) vm.expectPartialRevert(IVerifierSet.VerifierSet_ClaimMismatch.selector);
            else if (field == 7) vm.expectPartialRevert(IVerifierSet.VerifierSet_PassBelowClaim.selector);
            else _expectInvalidSignature(signatures[0].signer, digest);
            verifierSet.submit(verdict, signatures);
        }
    }

    function testFuzz_Submit_RevertWhen_SignedForAnotherChain(uint64 chainId) public {
        vm.assume(chainId != block.chainid && chainId != 0);
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 2);
        vm.chainId(chainId);
        _expectInvalidSignature(signatures[0].signer, verifierSet.hashVerdict(verdict));
        verifierSet.submit(verdict, signatures);
    }

    function test_Submit_RevertWhen_SignedForAnotherContract() public {
        IVerifierSet.Verdict memory verdict = _verdict();
        VerifierSet here = verifierSet;
        verifierSet = new VerifierSet(address(authority), bonds, registry, IOutageClock(address(0)));
        address[] memory signers = here.verifiers();
        IVerifierSet.Signature[] memory signatures = _signedBy(verdict, signers);
        verifierSet = here;
        _expectInvalidSignature(signatures[0].signer, verifierSet.hashVerdict(verdict));
        verifierSet.submit(verdict, signatures);
    }

    function testFuzz_Submit_RevertWhen_ASignatureIsGarbage(bytes memory garbage) public {
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 2);
        signatures[1].signature = garbage;
        _expectInvalidSignature(signatures[1].signer, verifierSet.hashVerdict(verdict));
        verifierSet.submit(verdict, signatures);
    }

    function test_Submit_TakesAContractsSignature() public {
        (IVerifierSet.Verdict memory verdict, IVerifierSet.Signature[] memory signatures,) = _withContract();
        verifierSet.submit(verdict, signatures);
        assertEq(policy.standingOf(node).units, 8);
    }

    function test_Submit_RevertWhen_AContractDenies() public {
        (IVerifierSet.Verdict memory verdict, IVerifierSet.Signature[] memory signatures, RegistryWallet wallet) =
            _withContract();
        wallet.deny();
        _expectInvalidSignature(address(wallet), verifierSet.hashVerdict(verdict));
        verifierSet.submit(verdict, signatures);
    }

    function test_Submit_AKeyStillSignsForAnAccountWithCode() public {
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 2);
        RegistryWallet wallet = new RegistryWallet(stranger);
        vm.etch(signatures[0].signer, address(wallet).code);
        verifierSet.submit(verdict, signatures);
        assertEq(policy.standingOf(node).units, 8);
    }

    // Pause

    function test_Submit_APauseStopsPassesOnly() public {
        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.PausedSet(true);
        verifierSet.setPaused(true);
        assertTrue(verifierSet.paused());
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 2);
        vm.expectRevert(IVerifierSet.VerifierSet_Paused.selector);
        verifierSet.submit(verdict, signatures);

        verdict.result = uint8(IVerifierSet.Result.Timeout);
        _submit(verdict);
        assertEq(policy.standingOf(node).measuredAt, block.timestamp);
        skip(1);
        verifierSet.setPaused(false);
        _submit(_verdict());
        assertEq(policy.standingOf(node).units, 8);
    }

    // Replays

    /// @dev A committee that comes back does not bring back what it signed.
    function testFuzz_Submit_RevertWhen_RotationWouldReviveADigest(uint256 away) public {
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 3);
        verifierSet.submit(verdict, signatures);
        address[] memory members = verifierSet.verifiers();
        for (uint256 i; i < 3; ++i) {
            vm.prank(members[i]);
            verifierSet.leave();
        }
        skip(bound(away, 0, 47 hours));
        for (uint256 i; i < 3; ++i) {
            _joinAs(members[i], keccak256("tip"));
        }
        // Who comes back signs for rounds to come.
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerifierSet.VerifierSet_NotInCommittee.selector,
                signatures[0].signer,
                verifierSet.shardOf(node),
                verdict.beaconRound
            )
        );
        verifierSet.submit(verdict, signatures);
    }

    function testFuzz_Submit_RevertWhen_Replayed(uint256 count, uint256 later) public {
        IVerifierSet.Verdict memory verdict = _verdict();
        _submit(verdict);
        uint256 measuredAt = block.timestamp;
        // The same digest with other signers is as stale as with the same ones.
        IVerifierSet.Signature[] memory signatures = _signed(verdict, bound(count, 2, 3));
        skip(bound(later, 0, 365 days));
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationPolicy.AttestationPolicy_NotNewer.selector, node, measuredAt, measuredAt)
        );
        verifierSet.submit(verdict, signatures);
    }

    function test_Submit_RevertWhen_NoPolicyIsSet() public {
        verifierSet.setPolicy(address(0));
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 2);
        vm.expectRevert(bytes(""));
        verifierSet.submit(verdict, signatures);
    }

    function test_HashSessionCommit_CoversEveryField() public view {
        IVerifierSet.SessionCommit memory commit = IVerifierSet.SessionCommit({
            sessionId: keccak256("session"),
            node: node,
            s0: keccak256("seed"),
            sessionRoot: keccak256("root"),
            jobs: 1,
            m: 2,
            n: 3,
            k: 4
        });
        bytes32[] memory words = abi.decode(abi.encodePacked(uint256(32), uint256(8), abi.encode(commit)), (bytes32[]));
        bytes32 digest = verifierSet.hashSessionCommit(commit);
        for (uint256 i; i < words.length; ++i) {
            bytes memory altered = abi.encode(commit);
            assembly ("memory-safe") {
                let word := add(altered, mul(add(i, 1), 32))
                mstore(word, xor(mload(word), 1))
            }
            assertNotEq(digest, verifierSet.hashSessionCommit(abi.decode(altered, (IVerifierSet.SessionCommit))));
        }
    }

    function _withContract()
        private
        returns (IVerifierSet.Verdict memory verdict, IVerifierSet.Signature[] memory signatures, RegistryWallet wallet)
    {
        vm.prank(verifierSet.verifiers()[0]);
        verifierSet.leave();
        address owner = _makeVerifier(99);
        wallet = new RegistryWallet(owner);
        keyOf[address(wallet)] = keyOf[owner];
        _bond(IBonds.Role.Verifier, address(wallet), MINIMUM_BOND);
        _joinAs(address(wallet), keccak256("tip"));
        skip(2 hours);
        verdict = _verdict();
        signatures = _signed(verdict, 3);
    }

    function _expectMismatch(IVerifierSet.Verdict memory verdict) private {
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 2);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerifierSet.VerifierSet_ClaimMismatch.selector, verdict.node, verdict.provider, verdict.claimedClass
            )
        );
        verifierSet.submit(verdict, signatures);
    }

    function _expectBelowClaim(IVerifierSet.Verdict memory verdict) private {
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 2);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerifierSet.VerifierSet_PassBelowClaim.selector, verdict.floorClass, verdict.gpuCount
            )
        );
        verifierSet.submit(verdict, signatures);
    }

    function _expectInvalidSignature(address signer, bytes32 digest) private {
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_InvalidSignature.selector, signer, digest));
    }

    /// @dev Changes one field by the least that still decodes.
    function _alter(IVerifierSet.Verdict memory verdict, uint256 field) private pure {
        if (field == 0) verdict.leaseId ^= bytes32(uint256(1));
        else if (field == 1) verdict.sessionId ^= bytes32(uint256(1));
        else if (field == 2) verdict.provider = address(uint160(verdict.provider) ^ 1);
        else if (field == 3) verdict.node = address(uint160(verdict.node) ^ 1);
        else if (field == 4) ++verdict.gpuIndex;
        else if (field == 5) ++verdict.gpuCount;
        else if (field == 6) ++verdict.claimedClass;
        else if (field == 7) ++verdict.floorClass;
        else if (field == 8) ++verdict.backend;
        else if (field == 9) --verdict.beaconRound;
        else if (field == 10) verdict.s0 ^= bytes32(uint256(1));
        else if (field == 11) verdict.sessionRoot ^= bytes32(uint256(1));
        else if (field == 12) verdict.vramRoot ^= bytes32(uint256(1));
        else if (field == 13) ++verdict.result;
        else if (field == 14) ++verdict.evidenceFlags;
        else if (field == 15) verdict.evidenceHash ^= bytes32(uint256(1));
        else if (field == 16) verdict.policyHash ^= bytes32(uint256(1));
        else if (field == 17) ++verdict.issuedAt;
        else if (field == 18) ++verdict.validUntil;
        else _alter(verdict.measurement, field - 19);
    }

    function _alter(IVerifierSet.Measurement memory measurement, uint256 field) private pure {
        if (field == 0) ++measurement.startMs;
        else if (field == 1) ++measurement.endMs;
        else if (field == 2) ++measurement.jobs;
        else if (field == 3) ++measurement.gigaOpsPerSec;
        else if (field == 4) ++measurement.memMBps;
        else if (field == 5) ++measurement.vramMiB;
        else if (field == 6) ++measurement.leafSamples;
        else if (field == 7) ++measurement.pageSamples;
        else ++measurement.rounds;
    }
}
