// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBonds} from "../../src/stake/IBonds.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {RegistryToken} from "../mocks/RegistryToken.sol";
import {RegistryWallet} from "../mocks/RegistryWallet.sol";
import {BatchFixture} from "./BatchFixture.sol";

/// @title Two conflicting verdicts of one signer cost it its bond
contract EquivocationTest is BatchFixture {
    address private verifier;
    address private reporter = makeAddr("reporter");
    IVerifierSet.Verdict private first;
    IVerifierSet.Verdict private second;

    function setUp() public override {
        super.setUp();
        _joinVerifiers(3);
        skip(3 hours);
        verifier = _makeVerifier(0);
        _findTwice();
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
        IVerifierSet.Statement memory a = _alone(isSecond ? verifier : forger, first);
        IVerifierSet.Statement memory b = _alone(isSecond ? forger : verifier, second);
        bytes32 digest = verifierSet.hashVerdict(isSecond ? second : first);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_InvalidSignature.selector, verifier, digest));
        verifierSet.reportEquivocation(a, b, verifier);
    }

    function testFuzz_Report_RevertWhen_SignedForAnotherChain(uint64 chainId) public {
        vm.assume(chainId != block.chainid && chainId != 0);
        IVerifierSet.Statement memory a = _alone(verifier, first);
        IVerifierSet.Statement memory b = _alone(verifier, second);
        vm.chainId(chainId);
        bytes32 digest = verifierSet.hashVerdict(first);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_InvalidSignature.selector, verifier, digest));
        verifierSet.reportEquivocation(a, b, verifier);
    }

    function test_Report_RevertWhen_NeverAVerifier() public {
        verifier = _makeVerifier(50);
        _bond(IBonds.Role.Verifier, verifier, MINIMUM_BOND);
        _expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotVerifier.selector, verifier));
    }

    function test_Report_RevertWhen_TheVerifierReportsItself() public {
        IVerifierSet.Statement memory a = _alone(verifier, first);
        IVerifierSet.Statement memory b = _alone(verifier, second);
        vm.prank(verifier);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_SelfReport.selector, verifier));
        verifierSet.reportEquivocation(a, b, verifier);
    }

    function testFuzz_Report_CostsTheDelegatorsNoMoreThanTheVerifier(uint256 delegated) public {
        delegated = bound(delegated, 1, 1e27);
        token.mint(address(this), delegated);
        token.approve(address(bonds), delegated);
        bonds.delegate(IBonds.Role.Verifier, verifier, address(token), delegated);
        _report();
        uint256 lost = delegated < MINIMUM_BOND ? delegated : MINIMUM_BOND;
        assertEq(bonds.poolOf(IBonds.Role.Verifier, verifier, address(token)).value, delegated - lost);
        assertEq(bonds.owedTo(reporter, address(token)), MINIMUM_BOND / 20);
    }

    // Batches

    /// @dev The two verdicts in any mix of alone, in one batch and in another.
    function testFuzz_Report_CountsBatchesToo(bool isABatched, bool isBBatched, bool isSameBatch, uint256 others)
        public
    {
        IVerifierSet.Verdict[] memory verdicts = _withOthers(others);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        uint256 last = verdicts.length - 1;
        IVerifierSet.Statement memory a = _alone(verifier, first);
        if (isABatched) a = _inBatch(verifier, first, batch, findings, last - 1);
        (batch,) = _batch(verdicts);
        if (!isSameBatch) batch.deadline += 1;
        IVerifierSet.Statement memory b = _alone(verifier, second);
        if (isBBatched) b = _inBatch(verifier, second, batch, findings, last);
        vm.prank(reporter);
        verifierSet.reportEquivocation(a, b, verifier);
        assertEq(bonds.bondOf(IBonds.Role.Verifier, verifier, address(token)).active, 0);
    }

    function test_Report_RevertWhen_TheFindingIsNotInTheBatch() public {
        IVerifierSet.Verdict[] memory verdicts = _withOthers(3);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Statement memory a = _alone(verifier, first);
        IVerifierSet.Statement memory b = _inBatch(verifier, second, batch, findings, verdicts.length - 1);
        b.summary ^= 1;
        vm.expectPartialRevert(IVerifierSet.VerifierSet_NotInBatch.selector);
        verifierSet.reportEquivocation(a, b, verifier);
    }

    function test_Report_RevertWhen_TheBatchIsNotTheVerifiers() public {
        IVerifierSet.Verdict[] memory verdicts = _withOthers(3);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        IVerifierSet.Statement memory a = _alone(verifier, first);
        IVerifierSet.Statement memory b = _inBatch(_makeVerifier(1), second, batch, findings, verdicts.length - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerifierSet.VerifierSet_InvalidSignature.selector, verifier, verifierSet.hashBatch(batch)
            )
        );
        verifierSet.reportEquivocation(a, b, verifier);
    }

    function testFuzz_ReportMisstatement_TakesABatchThatContradictsItsVerdict(uint256 bits) public {
        bits = bound(bits, 1, type(uint256).max);
        IVerifierSet.Finding[] memory findings = new IVerifierSet.Finding[](2);
        findings[0] = _finding(second);
        findings[1] = IVerifierSet.Finding(verifierSet.hashVerdict(first), verifierSet.summaryOf(first) ^ bits);
        IVerifierSet.VerdictBatch memory batch = _batchOf(first, findings);
        IVerifierSet.Statement memory statement = _inBatch(verifier, first, batch, findings, 1);
        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.Equivocated(verifier, first.sessionId, reporter, MINIMUM_BOND);
        vm.prank(reporter);
        verifierSet.reportMisstatement(statement, verifier);
        assertFalse(_contains(verifierSet.verifiers(), verifier));
    }

    function test_ReportMisstatement_TakesAFindingOfWhatFoundNothing() public {
        first.result = uint8(IVerifierSet.Result.Inconclusive);
        _assertMisstated();
    }

    /// @dev The summary has no room for such a time: it names another one, and the finding would count as measured then.
    function testFuzz_ReportMisstatement_TakesATimeThatIsNotTheVerdicts(uint256 laps, uint8 result) public {
        laps = bound(laps, 1, 16_000) << 40;
        first.result = uint8(bound(result, 1, 4));
        first.measurement.startMs += uint64(laps * 1000);
        first.validUntil += uint64(laps);
        _assertMisstated();
    }

    /// @dev Alone it would be refused; in a batch it would count as a failure, which nobody has found.
    function testFuzz_ReportMisstatement_TakesAPassThatCouldNotCountAlone(uint16 floorClass, bool isValid) public {
        if (floorClass == first.claimedClass) isValid = false;
        first.floorClass = floorClass;
        if (!isValid) first.validUntil = first.measurement.startMs / 1000;
        _assertMisstated();
    }

    function testFuzz_ReportMisstatement_RevertWhen_TheStatementIsTrue(uint8 result, uint16 floorClass) public {
        first.result = uint8(bound(result, 1, 4));
        if (first.result != uint8(IVerifierSet.Result.Pass)) first.floorClass = floorClass;
        IVerifierSet.Finding[] memory findings = new IVerifierSet.Finding[](1);
        findings[0] = _finding(first);
        IVerifierSet.VerdictBatch memory batch = _batchOf(first, findings);
        bytes memory isTrue =
            abi.encodeWithSelector(IVerifierSet.VerifierSet_NotMisstated.selector, verifierSet.hashVerdict(first));
        IVerifierSet.Statement memory batched = _inBatch(verifier, first, batch, findings, 0);
        vm.expectRevert(isTrue);
        verifierSet.reportMisstatement(batched, verifier);
        IVerifierSet.Statement memory alone = _alone(verifier, first);
        alone.summary = 1;
        vm.expectRevert(isTrue);
        verifierSet.reportMisstatement(alone, verifier);
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

    /// @dev Up to 9 verdicts on other sessions, then the two that conflict.
    function _withOthers(uint256 others) private returns (IVerifierSet.Verdict[] memory verdicts) {
        others %= 10;
        verdicts = new IVerifierSet.Verdict[](others + 2);
        for (uint256 i; i < others; ++i) {
            verdicts[i] = _verdict();
        }
        verdicts[others] = first;
        verdicts[others + 1] = second;
    }

    function _contractVerifier() private returns (RegistryWallet wallet) {
        vm.prank(verifier);
        verifierSet.leave();
        wallet = new RegistryWallet(verifier);
        keyOf[address(wallet)] = keyOf[verifier];
        verifier = address(wallet);
        _bond(IBonds.Role.Verifier, verifier, MINIMUM_BOND);
        _joinAs(verifier, keccak256("tip"));
        skip(2 hours);
        _findTwice();
    }

    /// @dev One session with two findings.
    function _findTwice() private {
        first = _verdict();
        second = first;
        second.result = uint8(IVerifierSet.Result.WrongComputation);
    }

    /// @dev To have put the first verdict into a batch costs the verifier its seat.
    function _assertMisstated() private {
        IVerifierSet.Finding[] memory findings = new IVerifierSet.Finding[](1);
        findings[0] = _finding(first);
        IVerifierSet.VerdictBatch memory batch = _batchOf(first, findings);
        vm.prank(reporter);
        verifierSet.reportMisstatement(_inBatch(verifier, first, batch, findings, 0), verifier);
        assertFalse(_contains(verifierSet.verifiers(), verifier));
    }

    function _report() private {
        IVerifierSet.Statement memory a = _alone(verifier, first);
        IVerifierSet.Statement memory b = _alone(verifier, second);
        vm.prank(reporter);
        verifierSet.reportEquivocation(a, b, verifier);
    }

    function _expectRevert(bytes memory reason) private {
        IVerifierSet.Statement memory a = _alone(verifier, first);
        IVerifierSet.Statement memory b = _alone(verifier, second);
        vm.prank(reporter);
        vm.expectRevert(reason);
        verifierSet.reportEquivocation(a, b, verifier);
    }
}
