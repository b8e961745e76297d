// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {BatchFixture} from "../verification/BatchFixture.sol";

/// @title Prime Intellect's ValidatorQuorum wrote past the end of an array that it never grew, so that no call ever
/// reached a quorum. Here every quorum that can be set can be reached, by exactly as many signers as it asks for
contract R_PrimeDeadQuorum is BatchFixture {
    function testFuzz_EveryQuorumThatCanBeSetIsReached(uint256 size, uint256 count, uint256 members) public {
        size = bound(size, 1, 16);
        count = bound(count, size / 2 + 1, size);
        members = bound(members, size, 24);
        _joinVerifiers(members);
        verifierSet.setQuorum(size, count);
        skip(2 hours);

        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory tooFew = _signed(verdict, count - 1);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_QuorumNotReached.selector, count - 1, count));
        verifierSet.submit(verdict, tooFew);
        verifierSet.submit(verdict, _signed(verdict, count));
        assertEq(policy.standingOf(node).units, 8);

        skip(1);
        IVerifierSet.Verdict[] memory verdicts = _verdicts(2);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        tooFew = _signedBatch(batch, count - 1);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_QuorumNotReached.selector, count - 1, count));
        verifierSet.submitBatch(batch, tooFew, findings);
        assertEq(verifierSet.submitBatch(batch, _signedBatch(batch, count), findings), 3);
    }

    /// A set that has shrunk below its quorum decides nothing, and decides again once others have joined.
    function test_ASetBelowItsQuorumRecovers() public {
        _joinVerifiers(3);
        skip(2 hours);
        verifierSet.setQuorum(3, 3);
        vm.prank(_makeVerifier(0));
        verifierSet.leave();
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 2);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_QuorumNotReached.selector, 2, 3));
        verifierSet.submit(verdict, signatures);

        _joinVerifier(7);
        skip(2 hours);
        verdict = _verdict();
        verifierSet.submit(verdict, _signed(verdict, 3));
        assertEq(policy.standingOf(node).units, 8);
    }

    /// No quorum is so high that the committee could not reach it, nor so low that two could decide apart.
    function testFuzz_NoQuorumOutOfReachCanBeSet(uint256 size, uint256 count) public {
        size = bound(size, 0, 20);
        count = bound(count, 0, 20);
        bool isReachable = size != 0 && size <= 16 && count <= size && 2 * count > size;
        if (!isReachable) vm.expectPartialRevert(IVerifierSet.VerifierSet_InvalidQuorum.selector);
        verifierSet.setQuorum(size, count);
    }
}
