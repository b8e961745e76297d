// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAttestationPolicy} from "../../src/verification/IAttestationPolicy.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {BatchFixture} from "../verification/BatchFixture.sol";

/// @title Livepeer keyed a winning ticket by its signature's bytes: written the EIP-2098 way it won a second time
contract R_LivepeerCompactSignatureTwin is BatchFixture {
    function setUp() public override {
        super.setUp();
        _joinVerifiers(3);
        skip(3 hours);
    }

    function testFuzz_ACompactTwinOfAVerdictCountsNoSecondTime(uint256 which) public {
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 3);
        verifierSet.submit(verdict, signatures);
        uint256 attested = policy.attestedSeconds(node, type(uint256).max);
        for (uint256 i; i < 3; ++i) {
            if (which >> i & 1 == 1 || which % 8 == 0) signatures[i].signature = _compact(signatures[i].signature);
        }
        vm.expectPartialRevert(IVerifierSet.VerifierSet_InvalidSignature.selector);
        verifierSet.submit(verdict, signatures);
        assertEq(policy.attestedSeconds(node, type(uint256).max), attested);
    }

    function test_ACompactTwinOfABatchCountsNoSecondTime() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(3);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 2);
        assertEq(verifierSet.submitBatch(batch, signatures, findings), 7);
        assertEq(verifierSet.submitBatch(batch, signatures, findings), 0, "the same bytes");
        signatures[0].signature = _compact(signatures[0].signature);
        vm.expectPartialRevert(IVerifierSet.VerifierSet_InvalidSignature.selector);
        verifierSet.submitBatch(batch, signatures, findings);
    }

    /// What counts is keyed by what was said: no other bytes, and no other signers, say it again.
    function test_OtherSignersOfTheSameVerdictCountNoSecondTime() public {
        IVerifierSet.Verdict memory verdict = _verdict();
        address[] memory members = verifierSet.verifiers();
        address[] memory signers = new address[](2);
        (signers[0], signers[1]) = (members[0], members[1]);
        verifierSet.submit(verdict, _signedBy(verdict, signers));
        (signers[0], signers[1]) = (members[1], members[2]);
        IVerifierSet.Signature[] memory others = _signedBy(verdict, signers);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAttestationPolicy.AttestationPolicy_NotNewer.selector, node, block.timestamp, block.timestamp
            )
        );
        verifierSet.submit(verdict, others);
    }

    /// Two spellings of one signature are one statement, and slash nobody.
    function test_ACompactTwinIsNoSecondStatement() public {
        address verifier = _makeVerifier(0);
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Statement memory a = _alone(verifier, verdict);
        IVerifierSet.Statement memory b = _alone(verifier, verdict);
        bytes32 digest = verifierSet.hashVerdict(verdict);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NoConflict.selector, digest, digest));
        verifierSet.reportEquivocation(a, b, verifier);
        b.signature = _compact(b.signature);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_InvalidSignature.selector, verifier, digest));
        verifierSet.reportEquivocation(a, b, verifier);
        assertTrue(_contains(verifierSet.verifiers(), verifier));
    }

    /// @dev r and yParityAndS, 64 bytes.
    function _compact(bytes memory signature) private pure returns (bytes memory) {
        bytes32 r;
        uint256 s;
        uint8 v;
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
        return abi.encodePacked(r, s | uint256(v - 27) << 255);
    }
}
