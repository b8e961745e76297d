// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAttestationPolicy} from "../../src/verification/IAttestationPolicy.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {BatchFixture} from "./BatchFixture.sol";

/// @title Bringing many verdicts under one signed root
contract BatchesTest is BatchFixture {
    function setUp() public override {
        super.setUp();
        _joinVerifiers(3);
        skip(3 hours);
    }

    // A whole batch

    function testFuzz_SubmitBatch_RecordsEachFinding(uint256 count, uint256 failures, address caller) public {
        count = bound(count, 1, 12);
        IVerifierSet.Verdict[] memory verdicts = _verdicts(count);
        for (uint256 i; i < count; ++i) {
            verdicts[i].gpuCount = uint16(1 + i % 8);
            if (failures >> i & 1 == 1) verdicts[i].result = uint8(2 + i % 3);
        }
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 2);
        assertEq(verifierSet.rootOf(findings), batch.root);

        address[] memory signers = new address[](2);
        (signers[0], signers[1]) = (signatures[0].signer, signatures[1].signer);
        uint256 all = (1 << count) - 1;
        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.BatchAccepted(batch.root, batch.beaconRound, batch.shard, all, findings, signers);
        vm.prank(caller);
        assertEq(verifierSet.submitBatch(batch, signatures, findings), all);
        for (uint256 i; i < count; ++i) {
            bool passed = failures >> i & 1 == 0;
            assertEq(policy.standingOf(verdicts[i].node).measuredAt, block.timestamp);
            assertEq(policy.standingOf(verdicts[i].node).units, passed ? 1 + i % 8 : 0);
            uint256 attested = policy.attestedSeconds(verdicts[i].node, type(uint256).max);
            assertEq(attested, passed ? 1 days : 0);
        }
    }

    function test_SubmitBatch_SkipsWhatWasBroughtBefore() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(4);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 2);
        _submit(verdicts[2]);
        assertEq(verifierSet.submitBatch(batch, signatures, findings), 11);
        // Each digest has counted once, alone or in the batch, and does not count again.
        assertEq(verifierSet.submitBatch(batch, signatures, findings), 0);
        for (uint256 i; i < 4; ++i) {
            assertEq(policy.attestedSeconds(verdicts[i].node, type(uint256).max), 1 days);
        }
    }

    function test_SubmitBatch_SkipsWhatCannotCount() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(8);
        verdicts[1].claimedClass = verdicts[1].floorClass = OTHER_GPU;
        verdicts[2].gpuCount = 9;
        verdicts[3].gpuCount = 0;
        verdicts[4].node = address(uint160(verdicts[4].node) ^ 1); // another shard
        verdicts[5].node = address(uint160(verdicts[5].node) ^ 1 << 100); // nobody's
        verdicts[6].measurement.startMs -= 2 hours * 1000; // another round
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        assertEq(verifierSet.submitBatch(batch, _signedBatch(batch, 2), findings), 1 + 128);
        for (uint256 i = 1; i < 7; ++i) {
            assertEq(policy.standingOf(verdicts[i].node).measuredAt, 0);
        }
    }

    function test_SubmitBatch_APauseStopsPassesOnly() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(3);
        verdicts[1].result = uint8(IVerifierSet.Result.Timeout);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 2);
        verifierSet.setPaused(true);
        assertEq(verifierSet.submitBatch(batch, signatures, findings), 2);
        verifierSet.setPaused(false);
        assertEq(verifierSet.submitBatch(batch, signatures, findings), 5);
    }

    function test_SubmitBatch_CountsAFailureWithoutUnitsOrFloor() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(1);
        verdicts[0].result = uint8(IVerifierSet.Result.WrongComputation);
        verdicts[0].gpuCount = 0;
        verdicts[0].floorClass = 0;
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        assertEq(verifierSet.submitBatch(batch, _signedBatch(batch, 2), findings), 1);
        assertEq(policy.standingOf(node).measuredAt, block.timestamp);
    }

    function test_SubmitBatch_RevertWhen_ItIsNotAsItWasSigned() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(3);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 2);

        findings[1].summary ^= 1 << 224;
        bytes32 root = verifierSet.rootOf(findings);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotInBatch.selector, root, batch.root));
        verifierSet.submitBatch(batch, signatures, findings);
        batch.root = root;
        _expectInvalid(signatures[0].signer, batch);
        verifierSet.submitBatch(batch, signatures, findings);

        (batch, findings) = _batch(verdicts);
        ++batch.deadline;
        _expectInvalid(signatures[0].signer, batch);
        verifierSet.submitBatch(batch, signatures, findings);
        --batch.deadline;
        --batch.beaconRound;
        _expectInvalid(signatures[0].signer, batch);
        verifierSet.submitBatch(batch, signatures, findings);
    }

    function test_SubmitBatch_RevertWhen_ItsCountIsWrong() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(2);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 2);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_InvalidBatch.selector, 0, 2));
        verifierSet.submitBatch(batch, signatures, new IVerifierSet.Finding[](0));
        batch.count = 3;
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_InvalidBatch.selector, 2, 3));
        verifierSet.submitBatch(batch, signatures, findings);
        batch.count = 257;
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_InvalidBatch.selector, 257, 257));
        verifierSet.submitBatch(batch, signatures, new IVerifierSet.Finding[](257));
    }

    function testFuzz_SubmitBatch_RevertWhen_ItsDeadlineHasPassed(uint256 late) public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(2);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 2);
        vm.warp(batch.deadline + bound(late, 1, 365 days));
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_BatchExpired.selector, batch.deadline));
        verifierSet.submitBatch(batch, signatures, findings);
    }

    function test_SubmitBatch_RevertWhen_TheQuorumIsNotTheShards() public {
        for (uint256 i = 3; i < 30; ++i) {
            _joinVerifier(i);
        }
        skip(2 hours);
        IVerifierSet.Verdict[] memory verdicts = _verdicts(2);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory one = _signedBatch(batch, 1);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_QuorumNotReached.selector, 1, 2));
        verifierSet.submitBatch(batch, one, findings);

        // The committee of another shard signs for this one.
        address[] memory others = verifierSet.committeeOf(address(uint160(node) ^ 1), batch.beaconRound);
        IVerifierSet.Signature[] memory theirs = _batchSignedBy(batch, others);
        vm.expectPartialRevert(IVerifierSet.VerifierSet_NotInCommittee.selector);
        verifierSet.submitBatch(batch, theirs, findings);
        // Or says that the nodes are in its own: they do not count.
        batch.shard ^= 1;
        others = verifierSet.committeeOf(address(uint160(node) ^ 1), batch.beaconRound);
        assertEq(verifierSet.submitBatch(batch, _batchSignedBy(batch, others), findings), 0);
    }

    // One finding

    function testFuzz_SubmitFinding_RecordsOne(uint256 count, uint256 index) public {
        count = bound(count, 1, 12);
        index = bound(index, 0, count - 1);
        IVerifierSet.Verdict[] memory verdicts = _verdicts(count);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 3);
        verifierSet.submitFinding(batch, signatures, findings[index], _proof(findings, index));
        for (uint256 i; i < count; ++i) {
            assertEq(policy.standingOf(verdicts[i].node).units, i == index ? 8 : 0);
        }
        vm.expectRevert(
            abi.encodeWithSelector(IVerifierSet.VerifierSet_FindingRefused.selector, findings[index].digest)
        );
        verifierSet.submitFinding(batch, signatures, findings[index], _proof(findings, index));
    }

    function test_SubmitFinding_RevertWhen_ItIsNotInTheBatch() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(5);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 3);
        bytes32[] memory proof = _proof(findings, 1);
        vm.expectPartialRevert(IVerifierSet.VerifierSet_NotInBatch.selector);
        verifierSet.submitFinding(batch, signatures, findings[0], proof);
    }

    /// @dev An inner node is 64 bytes, as a finding is, but a leaf is hashed twice.
    function test_SubmitFinding_RevertWhen_AnInnerNodePassesForAFinding() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(2);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 3);
        bytes32 a = _proof(findings, 1)[0];
        bytes32 b = _proof(findings, 0)[0];
        IVerifierSet.Finding memory inner =
            a < b ? IVerifierSet.Finding(a, uint256(b)) : IVerifierSet.Finding(b, uint256(a));
        vm.expectPartialRevert(IVerifierSet.VerifierSet_NotInBatch.selector);
        verifierSet.submitFinding(batch, signatures, inner, new bytes32[](0));
    }

    function test_SubmitFinding_RevertWhen_ItCannotCount() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(2);
        verdicts[1].gpuCount = 9;
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 3);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_FindingRefused.selector, findings[1].digest));
        verifierSet.submitFinding(batch, signatures, findings[1], _proof(findings, 1));
        vm.warp(batch.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_BatchExpired.selector, batch.deadline));
        verifierSet.submitFinding(batch, signatures, findings[0], _proof(findings, 0));
    }

    // Hashes

    function testFuzz_RootOf_IsTheTreeOfTheInterface(uint256 count, uint256 seed) public view {
        count = bound(count, 1, 256);
        IVerifierSet.Finding[] memory findings = new IVerifierSet.Finding[](count);
        for (uint256 i; i < count; ++i) {
            findings[i] = IVerifierSet.Finding(keccak256(abi.encode(seed, i)), uint256(keccak256(abi.encode(i, seed))));
        }
        assertEq(verifierSet.rootOf(findings), _root(findings));
        assertEq(verifierSet.rootOf(new IVerifierSet.Finding[](0)), 0);
    }

    function testFuzz_SummaryOf_HasWhatIsRecorded(IVerifierSet.Verdict memory verdict, bool isPass) public view {
        verdict.result = isPass ? 1 : uint8(bound(verdict.result, 2, 4));
        verdict.measurement.startMs = uint64(bound(verdict.measurement.startMs, 0, 1e15));
        verdict.floorClass = verdict.claimedClass;
        uint256 measuredAt = verdict.measurement.startMs / 1000;
        verdict.validUntil = uint64(bound(verdict.validUntil, measuredAt + 1, measuredAt + 26 hours));
        uint256 summary = verifierSet.summaryOf(verdict);
        assertEq(address(uint160(summary)), verdict.node);
        assertEq(uint40(summary >> 160), measuredAt);
        assertEq(uint24(summary >> 200), isPass ? verdict.validUntil - measuredAt : 0);
        assertEq(uint16(summary >> 224), verdict.gpuCount);
        assertEq(uint16(summary >> 240), verdict.claimedClass);
    }

    function test_SummaryOf_APassBelowItsClaimOrWithoutValidityIsNone() public {
        IVerifierSet.Verdict memory verdict = _verdict();
        verdict.validUntil = uint64(block.timestamp);
        assertEq(uint24(verifierSet.summaryOf(verdict) >> 200), 0);
        verdict.validUntil += 2 ** 24;
        assertEq(uint24(verifierSet.summaryOf(verdict) >> 200), 0);
        verdict.validUntil -= 1;
        assertEq(uint24(verifierSet.summaryOf(verdict) >> 200), 2 ** 24 - 1);
        verdict.floorClass = OTHER_GPU;
        assertEq(uint24(verifierSet.summaryOf(verdict) >> 200), 0);
    }

    function testFuzz_HashBatch_IsItsTypedData(IVerifierSet.VerdictBatch memory batch) public view {
        bytes32 typehash =
            keccak256("VerdictBatch(bytes32 root,uint64 beaconRound,uint8 shard,uint16 count,uint64 deadline)");
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Spheron VerifierSet"),
                keccak256("1"),
                block.chainid,
                address(verifierSet)
            )
        );
        bytes32 structHash =
            keccak256(abi.encode(typehash, batch.root, batch.beaconRound, batch.shard, batch.count, batch.deadline));
        assertEq(verifierSet.hashBatch(batch), keccak256(abi.encodePacked(hex"1901", domain, structHash)));
    }

    function _expectInvalid(address signer, IVerifierSet.VerdictBatch memory batch) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerifierSet.VerifierSet_InvalidSignature.selector, signer, verifierSet.hashBatch(batch)
            )
        );
    }
}
