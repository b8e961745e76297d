// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBonds} from "../../src/stake/IBonds.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {RegistryToken} from "../mocks/RegistryToken.sol";
import {RegistryWallet} from "../mocks/RegistryWallet.sol";
import {VerificationFixture} from "./VerificationFixture.sol";

/// @title Two conflicting verdicts of one signer cost it its bond
contract EquivocationTest is VerificationFixture {
    address private verifier;
    address private reporter = makeAddr("reporter");
    IVerifierSet.Verdict private first;
    IVerifierSet.Verdict private second;

    function setUp() public override {
        super.setUp();
        _joinVerifiers(3);
        verifier = _makeVerifier(0);
        first = _verdict();
        second = first;
        second.result = uint8(IVerifierSet.Result.WrongComputation);
    }

    function testFuzz_Report_TakesTheWholeStakeThawingOrNot(uint256 extra, uint256 thawing) public {
        extra = bound(extra, 0, 1e27);
        if (extra != 0) _bond(IBonds.Role.Verifier, verifier, extra);
        uint256 stake = MINIMUM_BOND + extra;
        thawing = bound(thawing, 1, stake);
        vm.prank(verifier);
        bonds.thaw(IBonds.Role.Verifier, address(token), thawing);

        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.VerifierLeft(verifier, reporter);
        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.Equivocated(verifier, first.sessionId, reporter, stake);
        _report();

        IBonds.Bond memory bond = bonds.bondOf(IBonds.Role.Verifier, verifier, address(token));
        assertEq(bond.active, 0);
        assertEq(bond.thawing, 0);
        uint256 share = stake * bonds.PROOF_REPORTER_CAP_BPS() / 10_000;
        assertEq(bonds.owedTo(reporter, address(token)), share < MINIMUM_BOND ? share : MINIMUM_BOND);
        assertFalse(_contains(verifierSet.verifiers(), verifier));
    }

    function testFuzz_Report_AnyOfResultSeedAndRootConflicts(uint256 which, bytes32 value) public {
        vm.assume(value != first.s0 && value != first.sessionRoot);
        second = first;
        if (which % 3 == 0) second.result = uint8(IVerifierSet.Result.Timeout);
        if (which % 3 == 1) second.s0 = value;
        if (which % 3 == 2) second.sessionRoot = value;
        _report();
        assertFalse(_contains(verifierSet.verifiers(), verifier));
    }

    function testFuzz_Report_RevertWhen_NothingConflicts(uint256 which, bytes32 value) public {
        vm.assume(uint160(uint256(value)) > 10 && value != first.sessionId && value != first.leaseId);
        if (which % 5 == 0) second.sessionId = value;
        if (which % 5 == 1) second.leaseId = value;
        if (which % 5 == 2) second.node = address(uint160(uint256(value)));
        if (which % 5 == 3) second = first;
        if (which % 5 == 4) {
            second = first;
            second.measurement.jobs += 1;
            second.validUntil += 1;
        }
        _expectRevert(
            abi.encodeWithSelector(
                IVerifierSet.VerifierSet_NoConflict.selector,
                verifierSet.hashVerdict(first),
                verifierSet.hashVerdict(second)
            )
        );
    }

    function testFuzz_Report_RevertWhen_OneIsNotTheVerifiers(bool isSecond, uint256 other) public {
        address forger = _makeVerifier(1 + other % 100);
        bytes memory signatureA = _signVerdict(isSecond ? verifier : forger, first);
        bytes memory signatureB = _signVerdict(isSecond ? forger : verifier, second);
        bytes32 digest = verifierSet.hashVerdict(isSecond ? second : first);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_InvalidSignature.selector, verifier, digest));
        verifierSet.reportEquivocation(first, second, verifier, signatureA, signatureB);
    }

    function testFuzz_Report_RevertWhen_SignedForAnotherChain(uint64 chainId) public {
        vm.assume(chainId != block.chainid && chainId != 0);
        bytes memory signatureA = _signVerdict(verifier, first);
        bytes memory signatureB = _signVerdict(verifier, second);
        vm.chainId(chainId);
        bytes32 digest = verifierSet.hashVerdict(first);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_InvalidSignature.selector, verifier, digest));
        verifierSet.reportEquivocation(first, second, verifier, signatureA, signatureB);
    }

    function test_Report_RevertWhen_NeverAVerifier() public {
        verifier = _makeVerifier(50);
        _bond(IBonds.Role.Verifier, verifier, MINIMUM_BOND);
        _expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotVerifier.selector, verifier));
    }

    // No way to dodge

    function test_Report_ReachesWhoHasLeft() public {
        vm.startPrank(verifier);
        verifierSet.leave();
        bonds.thaw(IBonds.Role.Verifier, address(token), MINIMUM_BOND);
        vm.stopPrank();
        skip(bonds.thawPeriod() - 1);
        _report();
        vm.prank(verifier);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, 0, 0));
        bonds.withdraw(IBonds.Role.Verifier, address(token), verifier);
    }

    function test_Report_ReachesWhoLeftAndCameBack() public {
        vm.startPrank(verifier);
        verifierSet.leave();
        verifierSet.join(address(token), keccak256("tip"));
        vm.stopPrank();
        _report();
        assertEq(bonds.bondOf(IBonds.Role.Verifier, verifier, address(token)).active, 0);
        assertFalse(_contains(verifierSet.verifiers(), verifier));
    }

    function test_Report_ReachesWhoPutCodeOnItsAccount() public {
        vm.etch(verifier, address(new RegistryWallet(stranger)).code);
        _report();
        assertEq(bonds.bondOf(IBonds.Role.Verifier, verifier, address(token)).active, 0);
    }

    function test_Report_ReachesAContractThatDeniesWhatItBrought() public {
        RegistryWallet wallet = _contractVerifier();
        _submit(first);
        skip(1);
        second.measurement.startMs = uint64(block.timestamp * 1000);
        verifierSet.submit(second, _signed(second, 3));
        wallet.deny();
        _report();
        assertEq(bonds.bondOf(IBonds.Role.Verifier, verifier, address(token)).active, 0);
    }

    function test_Report_RevertWhen_AContractDeniesWhatWasNeverBrought() public {
        RegistryWallet wallet = _contractVerifier();
        wallet.deny();
        _expectRevert(
            abi.encodeWithSelector(
                IVerifierSet.VerifierSet_InvalidSignature.selector, verifier, verifierSet.hashVerdict(first)
            )
        );
    }

    function test_Report_BansForGood() public {
        _report();
        bytes memory banned = abi.encodeWithSelector(IVerifierSet.VerifierSet_Banned.selector, verifier);
        _expectRevert(banned);
        _bond(IBonds.Role.Verifier, verifier, MINIMUM_BOND);
        _expectRevert(banned);
        vm.prank(verifier);
        vm.expectRevert(banned);
        verifierSet.join(address(token), keccak256("tip"));
    }

    function test_Report_BansWhoHasNothingLeft() public {
        vm.startPrank(verifier);
        bonds.thaw(IBonds.Role.Verifier, address(token), MINIMUM_BOND);
        skip(bonds.thawPeriod());
        bonds.withdraw(IBonds.Role.Verifier, address(token), verifier);
        vm.stopPrank();
        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.Equivocated(verifier, first.sessionId, reporter, 0);
        _report();
        assertFalse(_contains(verifierSet.verifiers(), verifier));
    }

    function test_Report_LeavesOtherTokensAlone() public {
        RegistryToken otherToken = new RegistryToken();
        bonds.setMinimum(IBonds.Role.Verifier, address(otherToken), 1);
        _bond(IBonds.Role.Verifier, verifier, otherToken, 5);
        _report();
        assertEq(bonds.bondOf(IBonds.Role.Verifier, verifier, address(otherToken)).active, 5);
    }

    function _contractVerifier() private returns (RegistryWallet wallet) {
        vm.prank(verifier);
        verifierSet.leave();
        wallet = new RegistryWallet(verifier);
        keyOf[address(wallet)] = keyOf[verifier];
        verifier = address(wallet);
        _bond(IBonds.Role.Verifier, verifier, MINIMUM_BOND);
        _joinAs(verifier, keccak256("tip"));
    }

    function _report() private {
        bytes memory signatureA = _signVerdict(verifier, first);
        bytes memory signatureB = _signVerdict(verifier, second);
        vm.prank(reporter);
        verifierSet.reportEquivocation(first, second, verifier, signatureA, signatureB);
    }

    function _expectRevert(bytes memory reason) private {
        bytes memory signatureA = _signVerdict(verifier, first);
        bytes memory signatureB = _signVerdict(verifier, second);
        vm.prank(reporter);
        vm.expectRevert(reason);
        verifierSet.reportEquivocation(first, second, verifier, signatureA, signatureB);
    }
}
