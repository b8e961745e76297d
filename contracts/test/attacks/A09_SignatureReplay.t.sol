// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAttestationPolicy} from "../../src/verification/IAttestationPolicy.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {IStandingTopUps} from "../../src/money/IStandingTopUps.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {System} from "../System.sol";
import {BatchFixture} from "../verification/BatchFixture.sol";

/// @title Replays: what was signed counts once, whoever brings it, whatever its signature looks like
contract A09_SignatureReplay is BatchFixture {
    uint256 private constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function setUp() public override {
        super.setUp();
        _joinVerifiers(3);
        skip(3 hours);
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
        skip(2 hours);
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
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_FindingRefused.selector, findings[0].digest));
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

/// @title What a node or a renter signed once is used once, and not again after it was taken back
contract A09_SignedOnce is System {
    /// An offer that is not reusable opens one lease, and one that was cancelled none.
    function test_AnOfferOpensOneLease() public {
        _deposit(FORTUNE);
        ILeaseBook.Offer memory offer = _offer(node);
        ILeaseBook.Offer memory cancelled = _offer(node);
        // Others before them are still to come.
        (offer.nonce, cancelled.nonce) = (5, 7);
        _open(offer, nodeKey);
        _expectUsed(offer, abi.encodeWithSelector(ILeaseBook.LeaseBook_OfferUsed.selector, node, offer.nonce));
        vm.prank(provider);
        leaseBook.cancelOffer(node, cancelled.nonce);
        _expectUsed(cancelled, abi.encodeWithSelector(ILeaseBook.LeaseBook_OfferUsed.selector, node, cancelled.nonce));
    }

    /// The signature of an order that its renter revoked is still there, and authorizes nothing any more.
    function test_ARevokedOrderIsNotAuthorizedAgain() public {
        IStandingTopUps.Order memory order;
        (order.renter, order.token, order.node) = (renter, address(dollar), node);
        (order.maxRate, order.budget, order.periodCap, order.period) = (RATE, 1e9, 1e9, 1 days);
        (order.threshold, order.chunk, order.expiry) = (100, 100, uint40(block.timestamp + 30 days));
        bytes32 orderId = standingTopUps.hashOrder(order);
        bytes memory signature = _sign(renterKey, orderId);
        standingTopUps.authorizeBySignature(order, signature);
        vm.prank(renter);
        standingTopUps.revoke(order);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStandingTopUps.StandingTopUps_WrongStatus.selector, orderId, IStandingTopUps.Status.Revoked
            )
        );
        standingTopUps.authorizeBySignature(order, signature);
    }

    /// A consent to a claim is used up by it: a provider cannot go back to a claim that its node has agreed to before.
    function test_AConsentServesOneClaim() public {
        (address account, uint256 key) = makeAddrAndKey("another node");
        bytes memory first = _consent(provider, account, key, _claim());
        uint64 deadline = uint64(block.timestamp);
        vm.startPrank(provider);
        registry.registerNode(account, _claim(), deadline, first);
        INodeRegistry.Claim memory less = _claim();
        less.units = 1;
        registry.changeClaim(account, less, deadline, _consent(provider, account, key, less));
        vm.expectPartialRevert(INodeRegistry.NodeRegistry_InvalidConsent.selector);
        registry.changeClaim(account, _claim(), deadline, first);
        assertEq(registry.nodeOf(account).units, 1);
    }

    function _expectUsed(ILeaseBook.Offer memory offer, bytes memory used) private {
        bytes memory signature = _signOffer(offer, nodeKey);
        ILeaseBook.Request memory request = _request();
        vm.expectRevert(used);
        vm.prank(renter);
        leaseBook.open(offer, signature, request);
    }
}

contract AgreesToAll {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return 0x1626ba7e;
    }
}
