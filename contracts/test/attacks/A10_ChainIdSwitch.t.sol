// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {BatchFixture} from "../verification/BatchFixture.sol";

/// @title A chain id that changes under a contract: nothing that was cached makes an old signature count
contract A10_ChainIdSwitch is BatchFixture {
    function setUp() public override {
        super.setUp();
        _joinVerifiers(3);
        skip(3 hours);
    }

    function testFuzz_AVerdictStaysOnItsChain(uint64 chainId) public {
        _assumeOther(chainId);
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 3);
        uint256 here = block.chainid;
        bytes32 digest = verifierSet.hashVerdict(verdict);
        vm.chainId(chainId);
        assertNotEq(verifierSet.hashVerdict(verdict), digest);
        vm.expectPartialRevert(IVerifierSet.VerifierSet_InvalidSignature.selector);
        verifierSet.submit(verdict, signatures);

        // Signed anew it counts there, and what was signed at home still counts at home.
        uint256 snapshot = vm.snapshotState();
        verifierSet.submit(verdict, _signed(verdict, 3));
        assertEq(policy.standingOf(node).units, 8);
        vm.revertToState(snapshot);
        vm.chainId(here);
        verifierSet.submit(verdict, signatures);
    }

    function testFuzz_ABatchStaysOnItsChain(uint64 chainId) public {
        _assumeOther(chainId);
        IVerifierSet.Verdict[] memory verdicts = _verdicts(2);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 3);
        bytes32[] memory proof = _proof(findings, 0);
        vm.chainId(chainId);
        vm.expectPartialRevert(IVerifierSet.VerifierSet_InvalidSignature.selector);
        verifierSet.submitBatch(batch, signatures, findings);
        vm.expectPartialRevert(IVerifierSet.VerifierSet_InvalidSignature.selector);
        verifierSet.submitFinding(batch, signatures, findings[0], proof);
    }

    /// Nobody is slashed here for what it said of the same session on another chain.
    function testFuzz_AStatementElsewhereIsNoConflictHere(uint64 chainId) public {
        _assumeOther(chainId);
        address verifier = _makeVerifier(0);
        IVerifierSet.Verdict memory first = _verdict();
        IVerifierSet.Verdict memory second = _verdict();
        second.sessionId = first.sessionId;
        second.result = uint8(IVerifierSet.Result.Timeout);
        IVerifierSet.Statement memory a = _alone(verifier, first);
        uint256 here = block.chainid;
        vm.chainId(chainId);
        IVerifierSet.Statement memory b = _alone(verifier, second);
        vm.chainId(here);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerifierSet.VerifierSet_InvalidSignature.selector, verifier, verifierSet.hashVerdict(second)
            )
        );
        verifierSet.reportEquivocation(a, b, verifier);
        assertTrue(_contains(verifierSet.verifiers(), verifier));

        // Had it been said here, it would be one.
        verifierSet.reportEquivocation(a, _alone(verifier, second), verifier);
        assertFalse(_contains(verifierSet.verifiers(), verifier));
    }

    function test_TheDomainIsPublished() public {
        vm.chainId(8453);
        (, string memory name, string memory version, uint256 chainId, address contract_,,) = verifierSet.eip712Domain();
        assertEq(name, "Spheron VerifierSet");
        assertEq(version, "1");
        assertEq(chainId, 8453);
        assertEq(contract_, address(verifierSet));
    }

    function _assumeOther(uint64 chainId) private view {
        vm.assume(chainId != block.chainid && chainId != 0);
    }
}
