// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBonds} from "../../src/stake/IBonds.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {BatchFixture} from "../verification/BatchFixture.sol";

/// @title Verifiers that collude, say two things, sign blindly, or are not there
contract A26_VerifierCollusion is BatchFixture {
    address private reporter = makeAddr("reporter");

    function setUp() public override {
        super.setUp();
        _joinVerifiers(12);
        verifierSet.setQuorum(5, 3);
        skip(3 hours);
    }

    /// Every coalition of fewer than a quorum of the committee decides nothing, however many outsiders join it.
    function testFuzz_LessThanAQuorumDecidesNothing(uint256 coalition, uint256 lag) public {
        IVerifierSet.Verdict memory verdict = _verdict();
        verdict.beaconRound -= uint64(lag % 2);
        address[] memory committee = verifierSet.committeeOf(node, verdict.beaconRound);
        address[] memory members = verifierSet.verifiers();
        address[] memory signers = new address[](12);
        uint256 count;
        uint256 inside;
        for (uint256 i; i < 12; ++i) {
            if (coalition >> i & 1 == 0) continue;
            signers[count++] = members[i];
            if (_contains(committee, members[i])) ++inside;
        }
        assembly ("memory-safe") {
            mstore(signers, count)
        }
        IVerifierSet.Signature[] memory signatures = _signedBy(verdict, signers);
        bool isQuorum = inside >= 3 && inside == count;
        if (!isQuorum) vm.expectRevert();
        verifierSet.submit(verdict, signatures);
        assertEq(policy.standingOf(node).measuredAt != 0, isQuorum);
    }

    /// One verifier is not three.
    function testFuzz_OneSignatureManyTimesIsNoQuorum(uint256 which, uint256 copies) public {
        IVerifierSet.Verdict memory verdict = _verdict();
        IVerifierSet.Signature[] memory signatures = new IVerifierSet.Signature[](bound(copies, 3, 5));
        signatures[0] = _signed(verdict, 3)[which % 3];
        for (uint256 i = 1; i < signatures.length; ++i) {
            signatures[i] = signatures[0];
        }
        vm.expectRevert(
            abi.encodeWithSelector(IVerifierSet.VerifierSet_DuplicateOrUnsortedSigner.selector, signatures[0].signer)
        );
        verifierSet.submit(verdict, signatures);
    }

    /// Two quorums of one committee share a signer, so that two verdicts on a session always leave somebody to slash.
    function testFuzz_TwoVerdictsOnASessionLeaveSomebodyToSlash(uint256 first, uint256 second, bool isBatched) public {
        IVerifierSet.Verdict memory a = _verdict();
        IVerifierSet.Verdict memory b = _verdict();
        b.sessionId = a.sessionId;
        b.result = uint8(IVerifierSet.Result.BelowClaim);
        address[] memory committee = verifierSet.committeeOf(node, a.beaconRound);
        uint256 shared;
        for (uint256 i; i < 5; ++i) {
            bool inBoth = _isAmongThree(first, i) && _isAmongThree(second, i);
            if (!inBoth) continue;
            ++shared;
            IVerifierSet.Statement memory one = _alone(committee[i], a);
            IVerifierSet.Statement memory other = _alone(committee[i], b);
            if (isBatched) {
                IVerifierSet.Finding[] memory findings = new IVerifierSet.Finding[](1);
                findings[0] = _finding(b);
                other = _inBatch(committee[i], b, _batchOf(b, findings), findings, 0);
            }
            vm.prank(reporter);
            verifierSet.reportEquivocation(one, other, committee[i]);
            assertEq(bonds.bondOf(IBonds.Role.Verifier, committee[i], address(token)).active, 0);
            assertFalse(_contains(verifierSet.verifiers(), committee[i]));
            _bond(IBonds.Role.Verifier, committee[i], MINIMUM_BOND);
            vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_Banned.selector, committee[i]));
            vm.prank(committee[i]);
            verifierSet.join(address(token), "tip");
        }
        assertGe(shared, 1);
    }

    /// An offender that reports itself under another name keeps a twentieth, or no more than the minimum bond.
    function testFuzz_ReportingOneselfIsNoWayOut(uint256 extra) public {
        extra = bound(extra, 0, 1e27);
        address offender = _makeVerifier(0);
        if (extra != 0) _bond(IBonds.Role.Verifier, offender, extra);
        IVerifierSet.Verdict memory a = _verdict();
        IVerifierSet.Verdict memory b = _verdict();
        b.sessionId = a.sessionId;
        b.s0 = keccak256("another seed");
        IVerifierSet.Statement memory one = _alone(offender, a);
        IVerifierSet.Statement memory other = _alone(offender, b);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_SelfReport.selector, offender));
        vm.prank(offender);
        verifierSet.reportEquivocation(one, other, offender);
        vm.prank(reporter);
        verifierSet.reportEquivocation(one, other, offender);
        uint256 saved = bonds.owedTo(reporter, address(token));
        assertLe(saved * 20, MINIMUM_BOND + extra);
        assertLe(saved, MINIMUM_BOND);
    }

    /// A batch that says "pass" of a verdict that says "fail" is its signer's own confession.
    function test_ABatchThatLiesAboutItsVerdictsIsSlashed() public {
        IVerifierSet.Verdict memory verdict = _verdict();
        uint256 pass = verifierSet.summaryOf(verdict);
        verdict.result = uint8(IVerifierSet.Result.Timeout);
        IVerifierSet.Finding[] memory findings = new IVerifierSet.Finding[](1);
        findings[0] = IVerifierSet.Finding(verifierSet.hashVerdict(verdict), pass);
        IVerifierSet.VerdictBatch memory batch = _batchOf(verdict, findings);
        address[] memory committee = verifierSet.committeeOf(node, verdict.beaconRound);
        for (uint256 i; i < 5; ++i) {
            IVerifierSet.Statement memory statement = _inBatch(committee[i], verdict, batch, findings, 0);
            vm.prank(reporter);
            verifierSet.reportMisstatement(statement, committee[i]);
        }
        assertEq(verifierSet.verifiers().length, 7);
    }

    function test_ABatchThatTellsTheTruthIsNoOffence() public {
        IVerifierSet.Verdict[] memory verdicts = _verdicts(1);
        (IVerifierSet.VerdictBatch memory batch, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        address honest = verifierSet.committeeOf(node, batch.beaconRound)[0];
        IVerifierSet.Statement memory statement = _inBatch(honest, verdicts[0], batch, findings, 0);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotMisstated.selector, findings[0].digest));
        vm.prank(reporter);
        verifierSet.reportMisstatement(statement, honest);
        assertTrue(_contains(verifierSet.verifiers(), honest));
    }

    /// Who takes a seat and is never there loses it, and its place in every committee of later rounds.
    function test_AbsenceCostsTheSeat() public {
        for (uint256 i; i < 8; ++i) {
            skip(10 hours);
            for (uint256 j = 1; j < 12; ++j) {
                _reveal(_makeVerifier(j));
            }
        }
        address absent = _makeVerifier(0);
        verifierSet.ejectAbsent(absent);
        assertEq(verifierSet.verifiers().length, 11);
        uint256 round = verifierSet.roundAt(block.timestamp);
        for (uint160 shard; shard < 16; ++shard) {
            assertFalse(_contains(verifierSet.committeeOf(address(shard), round), absent));
        }
        address present = _makeVerifier(1);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotAbsent.selector, present, 0));
        verifierSet.ejectAbsent(present);
    }

    /// Whoever withholds its reveal, and picks the beacon by that, is in no committee of the round.
    function test_WithholdingCostsThePlace() public {
        for (uint256 i; i < 8; ++i) {
            _reveal(_makeVerifier(i));
        }
        uint256 round = verifierSet.roundAt(block.timestamp) + 1;
        for (uint160 shard; shard < 16; ++shard) {
            address[] memory committee = verifierSet.committeeOf(address(shard), round);
            for (uint256 i = 8; i < 12; ++i) {
                assertFalse(_contains(committee, _makeVerifier(i)));
            }
        }
    }

    /// Whoever reveals in another order, or as whoever comes last, gets the same beacon.
    function testFuzz_TheOrderOfTheRevealsChoosesNothing(uint256 first) public {
        uint256 round = verifierSet.roundAt(block.timestamp) + 1;
        uint256 snapshot = vm.snapshotState();
        for (uint256 i; i < 12; ++i) {
            _reveal(_makeVerifier(i));
        }
        bytes32 beacon = verifierSet.beaconOf(round);
        vm.revertToState(snapshot);
        for (uint256 i; i < 12; ++i) {
            _reveal(_makeVerifier((first % 12 + 5 * i) % 12));
        }
        assertEq(verifierSet.beaconOf(round), beacon);
    }

    /// A sequencer that lets in the reveals of a few does not put them in charge: fewer than two thirds of all seats decide
    /// no more than before.
    function test_FewRevealsPutNobodyInCharge() public {
        for (uint256 i; i < 7; ++i) {
            _reveal(_makeVerifier(i));
        }
        uint256 round = verifierSet.roundAt(block.timestamp) + 1;
        uint256 silent;
        for (uint160 shard; shard < 16; ++shard) {
            address[] memory committee = verifierSet.committeeOf(address(shard), round);
            for (uint256 i = 7; i < 12; ++i) {
                if (_contains(committee, _makeVerifier(i))) ++silent;
            }
        }
        // Five of twelve would have 33 of 80 places on average.
        assertGt(silent, 15);
    }

    /// Whose bond has left signs for no round that begins later.
    function test_ABondThatLeftServesNoMore() public {
        address gone = _makeVerifier(0);
        vm.prank(gone);
        bonds.thaw(IBonds.Role.Verifier, address(token), MINIMUM_BOND);
        for (uint256 i = 1; i < 12; ++i) {
            _reveal(_makeVerifier(i));
        }
        bytes32 preimage = chainOf[gone][7];
        vm.prank(gone);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotBonded.selector, gone, address(token)));
        verifierSet.reveal(preimage);
        uint256 round = verifierSet.roundAt(block.timestamp) + 1;
        for (uint160 shard; shard < 16; ++shard) {
            assertFalse(_contains(verifierSet.committeeOf(address(shard), round), gone));
        }
    }

    /// @dev Whether `index` is in the subset of three of five that starts at `seed` and leaves two out.
    function _isAmongThree(uint256 seed, uint256 index) private pure returns (bool) {
        uint256 out = seed % 5;
        uint256 otherOut = (out + 1 + seed / 5 % 4) % 5;
        return index != out && index != otherOut;
    }
}
