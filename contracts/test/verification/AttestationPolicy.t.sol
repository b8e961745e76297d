// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {AttestationPolicy} from "../../src/verification/AttestationPolicy.sol";
import {IAttestationPolicy} from "../../src/verification/IAttestationPolicy.sol";
import {Test} from "forge-std/Test.sol";

import {LeasedUnits} from "../mocks/LeasedUnits.sol";

/// @title The policy alone: this test is its VerifierSet
contract AttestationPolicyTest is Test {
    uint256 private constant START = 1_800_000_000;
    uint256 private constant HORIZON = 600;
    uint256 private constant RATE = 3_333_333_333_333;

    struct Settled {
        bool[] paid;
        uint256 to; // seconds from START on
        uint256 since; // revision
    }

    AttestationPolicy private policy;
    LeasedUnits private leases;
    address private node = makeAddr("node");
    address private stranger = makeAddr("stranger");
    uint256 private _clock; // seconds from START on

    function setUp() public {
        vm.warp(START);
        leases = new LeasedUnits();
        policy = new AttestationPolicy(address(this), leases, IOutageClock(address(0)));
    }

    function test_Settings() public view {
        assertEq(policy.verifierSet(), address(this));
        assertEq(address(policy.leaseBook()), address(leases));
        assertEq(policy.verdictDeadline(), 48 hours);
        assertEq(policy.maxValidity(), 26 hours);
    }

    // Recording

    function test_Record_APassOpensAWindow() public {
        _expectRecorded(START, 8, 0, START, START + 100, 0, 0);
        policy.record(node, START, START + 100, 8, true);
        assertEq(policy.windowCount(node), 1);
        _assertWindow(0, START, START + 100, 0);
        assertEq(policy.standingOf(node).measuredAt, START);
        assertEq(policy.standingOf(node).units, 8);
    }

    function testFuzz_Record_APassInTheLastWindowExtendsIt(uint256 at, uint256 validity) public {
        policy.record(node, START, START + 1000, 8, true);
        at = START + bound(at, 1, 1000);
        uint256 end = at + bound(validity, 1, 26 hours);
        vm.warp(at);
        uint256 later = end > START + 1000 ? end : START + 1000;
        _expectRecorded(at, 7, 0, START, later, 0, 0);
        policy.record(node, at, end, 7, true);
        assertEq(policy.windowCount(node), 1);
        assertEq(policy.standingOf(node).units, 7);
    }

    function testFuzz_Record_APassAfterTheLastWindowOpensAnother(uint256 gap, uint256 validity) public {
        policy.record(node, START, START + 1000, 8, true);
        uint256 at = START + 1000 + bound(gap, 1, 1000 days);
        uint256 end = at + bound(validity, 1, 26 hours);
        vm.warp(at);
        _expectRecorded(at, 8, 1, at, end, 1000, 0);
        policy.record(node, at, end, 8, true);
        assertEq(policy.windowCount(node), 2);
        _assertWindow(0, START, START + 1000, 0);
        _assertWindow(1, at, end, 1000);
    }

    function testFuzz_Record_AFailureCutsTheWindowThere(uint256 at, uint256 validUntil) public {
        policy.record(node, START, START + 1000, 8, true);
        at = START + bound(at, 1, 2000);
        vm.warp(START + 2000);
        uint256 end = at < START + 1000 ? at : START + 1000;
        _expectRecorded(at, 0, 0, START, end, 0, at < START + 1000 ? 1 : 0);
        policy.record(node, at, validUntil, 8, false);
        _assertWindow(0, START, end, 0);
        assertEq(policy.standingOf(node).units, 0);
        assertEq(policy.standingOf(node).measuredAt, at);
        assertEq(policy.attestedSeconds(node, type(uint256).max), end - START);
    }

    function test_Record_AFailureMayComeFirst() public {
        _expectRecorded(START, 0, 0, 0, 0, 0, 0);
        policy.record(node, START, 0, 8, false);
        assertEq(policy.windowCount(node), 0);
        assertEq(policy.attestedSeconds(node, START + 1), 0);
        assertEq(policy.decidedUntil(node), START);
    }

    function test_Record_APassAfterAFailureNeverBridgesIt() public {
        policy.record(node, START, START + 1000, 8, true);
        vm.warp(START + 200);
        policy.record(node, START + 100, 0, 8, false);
        policy.record(node, START + 101, START + 1000, 8, true);
        assertEq(policy.windowCount(node), 2);
        _assertWindow(0, START, START + 100, 0);
        _assertWindow(1, START + 101, START + 1000, 100);
        assertEq(policy.attestedSeconds(node, START + 101), 100);
        assertEq(policy.attestedSeconds(node, START + 102), 101);
    }

    function test_Record_WritesOneSlotAndOneMorePerClosedWindow() public {
        assertEq(_slotsWritten(START, START + 100, true), 1);
        vm.warp(START + 1000);
        assertEq(_slotsWritten(START + 50, START + 200, true), 1);
        assertEq(_slotsWritten(START + 300, START + 400, true), 2);
        assertEq(_slotsWritten(START + 350, 0, false), 2, "a cut");
        assertEq(_slotsWritten(START + 351, 0, false), 1);
    }

    function testFuzz_Record_RevertWhen_NotTheVerifierSet(address caller) public {
        vm.assume(caller != address(this));
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IAttestationPolicy.AttestationPolicy_NotVerifierSet.selector, caller));
        policy.record(node, START, START + 1, 8, true);
    }

    function testFuzz_Record_RevertWhen_NotNewer(uint256 measuredAt, bool passed) public {
        policy.record(node, START, START + 100, 8, true);
        measuredAt = bound(measuredAt, START - 48 hours, START);
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationPolicy.AttestationPolicy_NotNewer.selector, node, measuredAt, START)
        );
        policy.record(node, measuredAt, measuredAt + 100, 8, passed);
    }

    function testFuzz_Record_RevertWhen_InTheFuture(uint256 measuredAt, bool passed) public {
        measuredAt = bound(measuredAt, START + 1, type(uint256).max - 26 hours);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAttestationPolicy.AttestationPolicy_InvalidWindow.selector, measuredAt, measuredAt + 1
            )
        );
        policy.record(node, measuredAt, measuredAt + 1, 8, passed);
    }

    function testFuzz_Record_RevertWhen_TheValidityIsEmptyOrTooLong(uint256 validUntil) public {
        if (validUntil > START && validUntil <= START + 26 hours) validUntil += 26 hours;
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationPolicy.AttestationPolicy_InvalidWindow.selector, START, validUntil)
        );
        policy.record(node, START, validUntil, 8, true);
        policy.record(node, START, START + 26 hours, 8, true);
    }

    function testFuzz_Record_RevertWhen_TooLate(uint256 late, bool passed) public {
        vm.warp(START + 48 hours + bound(late, 1, 1000 days));
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationPolicy.AttestationPolicy_TooLate.selector, START, START + 48 hours)
        );
        policy.record(node, START, START + 100, 8, passed);
        vm.warp(START + 48 hours);
        policy.record(node, START, START + 100, 8, passed);
    }

    // A(t)

    function test_AttestedSeconds_CountsUpToTheTimeAsked() public {
        policy.record(node, START, START + 1000, 8, true);
        assertEq(policy.attestedSeconds(node, 0), 0);
        assertEq(policy.attestedSeconds(node, START), 0);
        assertEq(policy.attestedSeconds(node, START + 1), 1);
        assertEq(policy.attestedSeconds(node, START + 999), 999, "a window may reach into the future");
        assertEq(policy.attestedSeconds(node, START + 1000), 1000);
        assertEq(policy.attestedSeconds(node, type(uint256).max), 1000);
        assertEq(policy.attestedSeconds(stranger, type(uint256).max), 0);
    }

    function testFuzz_AttestedSeconds_EqualsANaiveModelPerSecond(uint256 seed) public {
        bool[] memory attested = _recordAtRandom(seed);
        uint256 expected;
        for (uint256 i; i < attested.length; ++i) {
            assertEq(policy.attestedSeconds(node, START + i), expected);
            if (attested[i]) ++expected;
        }
        assertEq(policy.attestedSeconds(node, START + 1000 days), expected);
    }

    function testFuzz_Release_EqualsANaiveModelPerSecond(uint256 seed, uint256 from, uint256 to) public {
        bool[] memory attested = _recordAtRandom(seed);
        vm.warp(START + attested.length);
        from = bound(from, 0, attested.length - 1);
        to = bound(to, from + 1, attested.length);
        (uint256 amount, uint256 advanceTo) = _release(START + from, START + to);
        assertLe(advanceTo, START + to);
        assertGe(advanceTo, START + from);
        uint256 expected;
        for (uint256 i = from; START + i < advanceTo; ++i) {
            if (attested[i]) expected += RATE;
        }
        assertEq(amount, expected);
    }

    // What is decided

    function test_DecidedUntil_WithoutAVerdictIsTheDeadline() public view {
        assertEq(policy.decidedUntil(node), START - 48 hours);
    }

    function test_DecidedUntil_IsTheEndOfTheWindowThenTheDeadline() public {
        policy.record(node, START, START + 26 hours, 8, true);
        assertEq(policy.decidedUntil(node), START + 26 hours);
        skip(26 hours + 48 hours);
        assertEq(policy.decidedUntil(node), START + 26 hours);
        skip(1);
        assertEq(policy.decidedUntil(node), START + 26 hours + 1);
    }

    function test_DecidedUntil_AFailureLeavesTheTimeAfterItOpen() public {
        policy.record(node, START, START + 1000, 8, true);
        vm.warp(START + 600);
        policy.record(node, START + 500, 0, 8, false);
        assertEq(policy.decidedUntil(node), START + 500);
        (uint256 amount, uint256 advanceTo) = _release(START, START + 600);
        assertEq(advanceTo, START + 500);
        assertEq(amount, 500 * RATE);

        policy.record(node, START + 550, START + 900, 8, true);
        assertEq(policy.decidedUntil(node), START + 900);
        (amount, advanceTo) = _release(START, START + 600);
        assertEq(advanceTo, START + 600);
        assertEq(amount, 550 * RATE, "50 seconds stay unpaid");
    }

    function testFuzz_DecidedUntil_NoLaterPassAddsASecondBeforeIt(uint256 seed, uint256 at, uint256 time, uint256 wait)
        public
    {
        _recordAtRandom(seed);
        skip(bound(wait, 0, 50 hours));
        uint256 decided = policy.decidedUntil(node);
        uint256 latest = policy.standingOf(node).measuredAt;
        uint256 oldest = block.timestamp - 48 hours;
        at = bound(at, latest >= oldest ? latest + 1 : oldest, block.timestamp);
        time = bound(time, START - 10, decided);
        uint256 before = policy.attestedSeconds(node, time);
        policy.record(node, at, at + 26 hours, 8, true);
        assertEq(policy.attestedSeconds(node, time), before);
    }

    // Release

    function testFuzz_Release_IsAdditive(uint256 seed, uint256 a, uint256 b, uint256 c) public {
        _recordAtRandom(seed);
        uint256 decided = policy.decidedUntil(node);
        a = bound(a, START - 10, decided - 2);
        c = bound(c, a + 2, decided);
        b = bound(b, a + 1, c - 1);
        (uint256 first,) = _release(a, b);
        (uint256 second,) = _release(b, c);
        (uint256 whole, uint256 advanceTo) = _release(a, c);
        assertEq(first + second, whole);
        assertEq(advanceTo, c);
    }

    function testFuzz_Release_NeverExceedsTheShareOfTheProposal(
        uint256 seed,
        uint256 from,
        uint256 to,
        uint256 proposed
    ) public {
        _recordAtRandom(seed);
        from = bound(from, START - 10, START + 2 * HORIZON);
        to = bound(to, from + 1, from + 2 * HORIZON);
        (uint256 amount, uint256 advanceTo,) = policy.release(0, node, from, to, proposed);
        assertTrue(advanceTo >= from && advanceTo <= to);
        assertLe(amount, proposed);
        if (advanceTo == from) assertEq(amount, 0);
        proposed = bound(proposed, 0, type(uint128).max);
        (amount,,) = policy.release(0, node, from, to, proposed);
        assertLe(amount * (to - from), proposed * (advanceTo - from));
    }

    function test_Release_WaitsForTheVerdictAndThenPaysNothing() public {
        (uint256 amount, uint256 advanceTo) = _release(START - 100, START);
        assertEq(amount, 0);
        assertEq(advanceTo, START - 100, "waits");
        skip(48 hours - 40);
        (amount, advanceTo) = _release(START - 100, START);
        assertEq(amount, 0);
        assertEq(advanceTo, START - 40, "no proof, no pay");
    }

    function test_Release_OfNothingIsNothing() public {
        policy.record(node, START, START + 100, 8, true);
        (uint256 amount, uint256 advanceTo,) = policy.release(0, node, START + 50, START + 50, 1e18);
        assertEq(amount, 0);
        assertEq(advanceTo, START + 50);
    }

    // Capacity

    function test_CapacityOf_IsNotBoundedBeforeTheFirstVerdict() public view {
        assertEq(policy.capacityOf(node), type(uint256).max);
    }

    function testFuzz_CapacityOf_IsWhatStandsAttested(uint32 units) public {
        policy.record(node, START, START + 100, units, true);
        assertEq(policy.capacityOf(node), units);
        vm.warp(START + 10);
        policy.record(node, START + 1, 0, units, false);
        assertEq(policy.capacityOf(node), 0);
        policy.record(node, START + 2, START + 100, units, true);
        assertEq(policy.capacityOf(node), units);
        assertEq(policy.capacityOf(stranger), type(uint256).max);
    }

    // Units

    function testFuzz_Record_APassOfFewerUnitsThanAreLeasedIsAFailure(uint32 leased, uint32 units) public {
        units = uint32(bound(units, 1, type(uint32).max - 1));
        policy.record(node, START, START + 1000, type(uint32).max, true);
        leases.setLeased(node, leased);
        vm.warp(START + 100);
        bool covers = units >= leased;
        if (!covers) {
            vm.expectEmit(address(policy));
            emit IAttestationPolicy.AttestationTooNarrow(node, START + 100, units, leased);
        }
        policy.record(node, START + 100, START + 2000, units, true);
        assertEq(policy.standingOf(node).units, covers ? units : 0);
        _assertWindow(0, START, covers ? START + 2000 : START + 100, 0);
    }

    /// @dev Leases that a failure left behind are not covered by a narrower pass that follows it.
    function testFuzz_Record_APassAfterAFailureMustCoverWhatIsLeased(uint32 leased, uint32 units) public {
        leased = uint32(bound(leased, 1, type(uint32).max));
        units = uint32(bound(units, 1, type(uint32).max));
        policy.record(node, START, START + 1000, leased, true);
        leases.setLeased(node, leased);
        vm.warp(START + 200);
        policy.record(node, START + 100, 0, 0, false);
        policy.record(node, START + 200, START + 2000, units, true);
        assertEq(policy.standingOf(node).units, units < leased ? 0 : units);
    }

    function test_Record_APassOfNoUnitsIsAFailure() public {
        policy.record(node, START, START + 1000, 8, true);
        vm.warp(START + 100);
        _expectRecorded(START + 100, 0, 0, START, START + 100, 0, 1);
        policy.record(node, START + 100, START + 2000, 0, true);
    }

    // Batches

    /// @dev Any verdicts, in any order, in batches of any size: what counts, and what the node is after it, is what `record`
    /// would have done one by one.
    function testFuzz_RecordBatch_DoesWhatRecordDoes(uint256[24] calldata verdicts, uint256 size) public {
        AttestationPolicy single = new AttestationPolicy(address(this), leases, IOutageClock(address(0)));
        leases.setLeased(node, 3);
        vm.warp(START + 3 days);
        size = bound(size, 1, 24);
        for (uint256 from; from < 24; from += size) {
            uint256[] memory summaries = new uint256[](size < 24 - from ? size : 24 - from);
            uint256 expected;
            for (uint256 i; i < summaries.length; ++i) {
                summaries[i] = _summary(verdicts[from + i]);
                if (_recordAlone(single, summaries[i])) expected |= 1 << i;
            }
            assertEq(policy.recordBatch(summaries), expected, "what counts");
            for (uint160 i; i < 2; ++i) {
                address account = address(uint160(node) + i);
                assertEq(vm.load(address(policy), _slotOf(account)), vm.load(address(single), _slotOf(account)));
                assertEq(policy.windowCount(account), single.windowCount(account));
                assertEq(policy.cutCount(account), single.cutCount(account));
            }
        }
    }

    /// @dev A verdict on one of two nodes in three days, mostly in order, some of them in the future or too long.
    function _summary(uint256 seed) private returns (uint256) {
        _clock += seed % 8 == 0 ? 0 : seed % 7 hours;
        uint256 validFor = seed >> 16 & 3 == 0 ? 0 : (seed >> 32) % 27 hours;
        uint256 units = (seed >> 64) % 9;
        if (units == 0) validFor = 0;
        return (uint160(node) + (seed >> 8 & 1)) | (START + _clock) << 160 | validFor << 200 | units << 224;
    }

    function _recordAlone(AttestationPolicy single, uint256 told) private returns (bool) {
        (uint256 measuredAt, uint256 validFor) = (uint40(told >> 160), uint24(told >> 200));
        address account = address(uint160(told));
        try single.record(account, measuredAt, measuredAt + validFor, uint16(told >> 224), validFor != 0) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev Where the policy keeps its word on a node: its first mapping.
    function _slotOf(address account) private pure returns (bytes32) {
        return keccak256(abi.encode(account, uint256(0)));
    }

    function test_RecordBatch_RevertWhen_TheCallerIsNotTheVerifierSet() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAttestationPolicy.AttestationPolicy_NotVerifierSet.selector, stranger));
        policy.recordBatch(new uint256[](1));
    }

    function test_RecordBatch_LeavesOutAnEmptyWord() public {
        uint256[] memory summaries = new uint256[](2);
        summaries[1] = uint160(node) | START << 160 | uint256(100) << 200 | uint256(8) << 224;
        _expectRecorded(START, 8, 0, START, START + 100, 0, 0);
        assertEq(policy.recordBatch(summaries), 2);
    }

    // Cuts

    function test_Cuts_AFailureTakesBackFromItsMeasurementOn() public {
        policy.record(node, START, START + 1000, 8, true);
        vm.warp(START + 900);
        vm.expectEmit(address(policy));
        emit IAttestationPolicy.CutSet(node, 0, START + 500, START + 1000, 0);
        policy.record(node, START + 500, 0, 0, false);
        assertEq(policy.cutCount(node), 1);
        // What may still be attested again is not taken back for good.
        (uint256 revoked, uint256 revision) = policy.revokedSeconds(node, 0, START, START + 800);
        assertEq(revoked, 0);
        assertEq(revision, 0);
        policy.record(node, START + 600, START + 700, 8, true);
        (revoked, revision) = policy.revokedSeconds(node, 0, START, START + 700);
        assertEq(revoked, 100);
        assertEq(revision, 2, "and the tail");
        vm.warp(START + 800 + 48 hours);
        (revoked, revision) = policy.revokedSeconds(node, 0, START, START + 800);
        assertEq(revoked, 200);
        (revoked, revision) = policy.revokedSeconds(node, 1, START, START + 800);
        assertEq(revoked, 100, "the tail alone");
        (revoked, revision) = policy.revokedSeconds(node, 2, START, START + 800);
        assertEq(revoked, 0);
        assertEq(revision, 2);
    }

    function test_Cuts_AFailureTakesTheTailWithIt() public {
        policy.record(node, START, START + 1000, 8, true);
        vm.warp(START + 900);
        policy.record(node, START + 100, 0, 0, false);
        policy.record(node, START + 200, START + 500, 8, true);
        policy.record(node, START + 300, 0, 0, false);
        assertEq(policy.cutCount(node), 3);
        _assertCut(0, START + 100, START + 200, 0);
        _assertCut(1, START + 300, START + 300, 100);
        _assertCut(2, START + 300, START + 1000, 100);
    }

    function test_Cuts_AnExtensionShortensTheTail() public {
        policy.record(node, START, START + 1000, 8, true);
        vm.warp(START + 900);
        policy.record(node, START + 100, 0, 0, false);
        policy.record(node, START + 200, START + 500, 8, true);
        policy.record(node, START + 300, START + 600, 8, true);
        _assertCut(1, START + 300, START + 300, 100);
        _assertCut(2, START + 600, START + 1000, 100);
        policy.record(node, START + 301, START + 1200, 8, true);
        _assertCut(2, START + 301, START + 301, 100);
        assertEq(policy.cutCount(node), 3);
        // A cut may begin before the tail that is gone did.
        policy.record(node, START + 400, 0, 0, false);
        _assertCut(3, START + 400, START + 1200, 100);
        vm.warp(START + 1000 + 48 hours);
        (uint256 revoked,) = policy.revokedSeconds(node, 3, START, START + 1000);
        assertEq(revoked, 600);
        (revoked,) = policy.revokedSeconds(node, 0, START, START + 1000);
        assertEq(revoked, 700);
    }

    /// @dev What a lease that was settled in the middle of any history is told to be taken back, second by second: what was
    /// attested when it was settled, and is not in the end.
    function testFuzz_Revoked_EqualsANaiveModelPerSecond(uint256 seed, uint256 from, uint256 to) public {
        bool[] memory attested = new bool[](2 * HORIZON);
        vm.warp(START + HORIZON);
        Settled memory settled;
        uint256 settleAfter = seed % 12;
        uint256 at;
        for (uint256 i; i < 24; ++i) {
            if (i == settleAfter) settled = _settled(attested);
            seed = uint256(keccak256(abi.encode(seed)));
            at += 1 + seed % 60;
            if (at >= HORIZON) break;
            _recordIn(attested, at, at + 1 + (seed >> 64) % 250, (seed >> 32) % 3 != 0);
        }
        if (settled.paid.length == 0 || settled.to > HORIZON) return;
        skip(48 hours);
        to = bound(to, 0, settled.to);
        from = bound(from, 0, to);
        uint256 expected;
        for (uint256 second = from; second < to; ++second) {
            if (settled.paid[second] && !attested[second]) ++expected;
        }
        (uint256 revoked, uint256 revision) = policy.revokedSeconds(node, settled.since, START + from, START + to);
        assertEq(revoked, expected);
        assertEq(revision, policy.cutCount(node));
    }

    /// @dev What a lease that is settled at this time would have been paid for.
    function _settled(bool[] memory attested) private view returns (Settled memory) {
        uint256 decided = policy.decidedUntil(node);
        return Settled(_copy(attested), decided > START ? decided - START : 0, policy.cutCount(node));
    }

    function _copy(bool[] memory list) private pure returns (bool[] memory copied) {
        copied = new bool[](list.length);
        for (uint256 i; i < list.length; ++i) {
            copied[i] = list[i];
        }
    }

    function _recordIn(bool[] memory attested, uint256 at, uint256 end, bool passed) private {
        policy.record(node, START + at, START + end, 8, passed);
        if (!passed) end = attested.length;
        for (uint256 second = at; second < end; ++second) {
            attested[second] = passed;
        }
    }

    function _assertCut(uint256 index, uint256 start, uint256 end, uint256 before) private view {
        IAttestationPolicy.Window memory cut = policy.cutAt(node, index);
        assertEq(cut.start, start);
        assertEq(cut.end, end);
        assertEq(cut.before, before);
    }

    /// @dev Records up to 24 verdicts on seconds in [0, HORIZON), passes and failures, and says which seconds they
    /// attest, each pass and failure applied to a list of seconds.
    function _recordAtRandom(uint256 seed) private returns (bool[] memory attested) {
        attested = new bool[](2 * HORIZON);
        vm.warp(START + HORIZON);
        uint256 at;
        for (uint256 i; i < 24; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            at += 1 + seed % 60;
            if (at >= HORIZON) break;
            bool passed = (seed >> 32) % 4 != 0;
            uint256 end = passed ? at + 1 + (seed >> 64) % 90 : attested.length;
            policy.record(node, START + at, START + end, 8, passed);
            for (uint256 second = at; second < end; ++second) {
                attested[second] = passed;
            }
        }
    }

    function _release(uint256 from, uint256 to) private view returns (uint256 amount, uint256 advanceTo) {
        (amount, advanceTo,) = policy.release(keccak256("lease"), node, from, to, RATE * (to - from));
    }

    function _slotsWritten(uint256 measuredAt, uint256 validUntil, bool passed) private returns (uint256) {
        vm.record();
        policy.record(node, measuredAt, validUntil, 8, passed);
        (, bytes32[] memory writes) = vm.accesses(address(policy));
        return _distinct(writes);
    }

    function _distinct(bytes32[] memory slots) private pure returns (uint256 count) {
        for (uint256 i; i < slots.length; ++i) {
            uint256 j;
            while (slots[j] != slots[i]) ++j;
            if (j == i) ++count;
        }
    }

    function _assertWindow(uint256 index, uint256 start, uint256 end, uint256 before) private view {
        IAttestationPolicy.Window memory window = policy.windowAt(node, index);
        assertEq(window.start, start);
        assertEq(window.end, end);
        assertEq(window.before, before);
    }

    function _expectRecorded(
        uint256 measuredAt,
        uint256 units,
        uint256 index,
        uint256 start,
        uint256 end,
        uint256 before,
        uint256 cuts
    ) private {
        uint256 head = measuredAt | units << 40 | start << 72 | end << 112 | before << 152 | index << 192 | cuts << 224;
        vm.expectEmit(address(policy));
        emit IAttestationPolicy.AttestationRecorded(node, head);
    }
}
