// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAttestationPolicy} from "../../src/verification/IAttestationPolicy.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {BatchFixture} from "../verification/BatchFixture.sol";

/// @title Replays: what was signed counts once, whoever brings it, whatever its signature looks like
contract A09_SignatureReplay is BatchFixture {
    uint256 private constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function setUp() public override {
        super.setUp();
        _joinVerifiers(3);
    }

    /// The twin with the other s is another signature of the same key over the same digest. It is refused, and would not
    /// count again if it were not, since state hangs on what was said.
    function testFuzz_AMalleableTwinDoesNotCount(uint256 which) public {
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 3);
        which %= 3;
        signatures[which].signature = _highTwin(signatures[which].signature);
        bytes memory invalid = abi.encodeWithSelector(
            IVerifierSet.VerifierSet_InvalidSignature.selector,
            signatures[which].signer,
            verifierSet.hashVerdict(verdict)
        );
        vm.expectRevert(invalid);
        verifierSet.submit(verdict, signatures);
        _submit(verdict);
        vm.expectRevert(invalid);
        verifierSet.submit(verdict, signatures);
    }

    /// A contract that accepts any bytes as its signature still says a thing only once.
    function testFuzz_OtherBytesOfAContractsSignatureDoNotCountAgain(bytes memory other) public {
        vm.prank(verifierSet.verifiers()[0]);
        verifierSet.leave();
        AgreesToAll account = new AgreesToAll();
        _bond(IBonds.Role.Verifier, address(account), MINIMUM_BOND);
        _joinAs(address(account), keccak256("tip"));
        IVerifierSet.Verdict memory verdict = _verdict();
        address[] memory signers = verifierSet.verifiers();
        _sort(signers);
        IVerifierSet.Signature[] memory signatures = new IVerifierSet.Signature[](3);
        for (uint256 i; i < 3; ++i) {
            bytes memory signature = signers[i] == address(account) ? other : _signVerdict(signers[i], verdict);
            signatures[i] = IVerifierSet.Signature(signers[i], signature);
        }
        verifierSet.submit(verdict, signatures);
        for (uint256 i; i < 3; ++i) {
            if (signers[i] == address(account)) signatures[i].signature = abi.encode(other, "again");
        }
        _expectStale();
        verifierSet.submit(verdict, signatures);
    }

    /// A verdict and the finding that names it are one statement: each way in shuts the other.
    function test_AVerdictDoesNotCountAgainAsAFinding() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(1);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Signature[] memory signatures = _signedBatch(batch, 3);
        _submit(verdicts[0]);
        _expectStale();
        verifierSet.submitFinding(batch, signatures, findings[0], new bytes32[](0));
        assertEq(verifierSet.submitBatch(batch, signatures, findings), 0);
    }

    function test_AFindingDoesNotCountAgainAsAVerdict() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(1);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        assertEq(verifierSet.submitBatch(batch, _signedBatch(batch, 3), findings), 1);
        IVerifierSet.Signature[] memory signatures = _signed(verdicts[0], 3);
        _expectStale();
        verifierSet.submit(verdicts[0], signatures);
    }

    /// The signatures of a verdict are none of a batch with its digest as the root, nor the other way round.
    function test_ASignatureOfOneKindIsNoneOfAnother() public {
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Finding[] memory findings = new IVerifierSet.Finding[](1);
        findings[0] = _finding(verdict);
        IVerifierSet.VerdictBatch memory batch = _batchOf(verdict, findings);
        IVerifierSet.Signature[] memory signatures = _signed(verdict, 3);
        vm.expectPartialRevert(IVerifierSet.VerifierSet_InvalidSignature.selector);
        verifierSet.submitBatch(batch, signatures, findings);
        signatures = _signedBatch(batch, 3);
        vm.expectPartialRevert(IVerifierSet.VerifierSet_InvalidSignature.selector);
        verifierSet.submit(verdict, signatures);
    }

    function _expectStale() private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAttestationPolicy.AttestationPolicy_NotNewer.selector, node, block.timestamp, block.timestamp
            )
        );
    }

    function _highTwin(bytes memory signature) private pure returns (bytes memory) {
        (bytes32 r, bytes32 s, uint8 v) = _parts(signature);
        return abi.encodePacked(r, N - uint256(s), v == 27 ? uint8(28) : uint8(27));
    }

    function _parts(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }
}

contract AgreesToAll {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return 0x1626ba7e;
    }
}
