// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";

import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {AttestationPolicy} from "../../src/verification/AttestationPolicy.sol";
import {IAttestationPolicy} from "../../src/verification/IAttestationPolicy.sol";
import {VerificationFixture} from "../verification/VerificationFixture.sol";

/// @title Verifiers, liars and a lease on each of two nodes
contract AttestationHandler is VerificationFixture {
    uint256 private constant VERIFIERS = 8;
    uint256 private constant RATE = 777_777_777_777;

    /// @notice A lease as the LeaseBook settles it.
    struct Lease {
        uint256 start;
        uint256 settledTo;
        uint256 paid;
    }

    address[] public nodes;
    mapping(address node => Lease) public leaseOf;

    uint256 public accepted;
    uint256 public rejected;
    uint256 public replaysTried;
    uint256 public replaysThatCounted;
    uint256 public wrongDecisions;
    uint256 public additivityBreaks;
    uint256 public overpayments;

    IVerifierSet.Verdict[] private _brought;
    address[] private _accounts;

    constructor() {
        setUp();
        (address second, uint256 secondKey) = makeAddrAndKey("second node");
        _registerNode(provider, second, secondKey, _claim());
        nodes = [node, second];
        for (uint256 i; i < VERIFIERS; ++i) {
            _accounts.push(i < 5 ? _joinVerifier(i) : _makeVerifier(i));
            if (i >= 5) _bond(IBonds.Role.Verifier, _accounts[i], MINIMUM_BOND);
        }
        skip(2 hours);
        for (uint256 i; i < 2; ++i) {
            leaseOf[nodes[i]] = Lease({start: block.timestamp, settledTo: block.timestamp, paid: 0});
        }
    }

    function wait(uint256 time) external {
        skip(bound(time, 1, 8 hours));
    }

    function joinOrLeave(uint256 which) external {
        address account = _accounts[which % VERIFIERS];
        if (_contains(verifierSet.verifiers(), account)) {
            vm.prank(account);
            verifierSet.leave();
        } else {
            _joinAs(account, _newChain(account));
        }
    }

    function revealSome(uint256 which) external {
        skip(1 hours);
        address account = _accounts[which % VERIFIERS];
        if (_contains(verifierSet.verifiers(), account) && chainOf[account].length != 0) _reveal(account);
    }

    /// @notice The committee of the moment measures and brings a verdict.
    function measure(uint256 which, uint256 validity, uint256 gpuCount, bool passes) external {
        skip(1);
        IVerifierSet.Verdict memory verdict = _verdictOn(which, 0, validity, gpuCount, passes);
        address[] memory committee = verifierSet.committeeOf(verdict.node, verdict.beaconRound);
        if (committee.length < 2) return;
        _bring(verdict, committee);
    }

    /// @notice Any set of accounts signs any verdict, old or new, some twice.
    function sign(uint256 which, uint256 age, uint256 validity, uint256 signers, bool signsTwice, bool passes)
        external
    {
        address[] memory chosen = new address[](_countOf(signers));
        uint256 count;
        for (uint256 i; i < VERIFIERS; ++i) {
            if (signers >> i & 1 == 1) chosen[count++] = _accounts[i];
        }
        if (signsTwice && count > 1) chosen[1] = chosen[0];
        _bring(_verdictOn(which, age, validity, 8, passes), chosen);
    }

    /// @notice Whoever likes brings an accepted verdict once more.
    function replay(uint256 which) external {
        if (_brought.length == 0) return;
        IVerifierSet.Verdict memory verdict = _brought[which % _brought.length];
        address[] memory committee = verifierSet.committeeOf(verdict.node, verdict.beaconRound);
        uint256 before = policy.attestedSeconds(verdict.node, type(uint256).max);
        ++replaysTried;
        try verifierSet.submit(verdict, _signedBy(verdict, committee)) {
            ++replaysThatCounted;
        } catch {
            if (policy.attestedSeconds(verdict.node, type(uint256).max) != before) ++replaysThatCounted;
        }
    }

    /// @notice Settles a lease up to now, after looking at the same time in two parts.
    function settle(uint256 which, uint256 middle) external {
        address account = nodes[which % 2];
        Lease storage lease = leaseOf[account];
        uint256 from = lease.settledTo;
        if (block.timestamp <= from) return;
        (uint256 amount, uint256 advanceTo) = _release(account, from, block.timestamp);
        if (advanceTo < from || advanceTo > block.timestamp || amount > RATE * (advanceTo - from)) ++overpayments;

        middle = bound(middle, from, advanceTo);
        (uint256 first,) = _release(account, from, middle);
        (uint256 second,) = _release(account, middle, advanceTo);
        if (first + second != amount) ++additivityBreaks;
        lease.paid += amount;
        lease.settledTo = advanceTo;
    }

    function paidSeconds(address account) external view returns (uint256) {
        return leaseOf[account].paid / RATE;
    }

    function policyOf() external view returns (AttestationPolicy) {
        return policy;
    }

    function registered(address account) external view returns (INodeRegistry.Node memory) {
        return registry.nodeOf(account);
    }

    function _bring(IVerifierSet.Verdict memory verdict, address[] memory signers) private {
        bool isDue = _isQuorum(verdict, signers) && _isTimely(verdict);
        IVerifierSet.Signature[] memory signatures = _signedBy(verdict, signers);
        try verifierSet.submit(verdict, signatures) {
            ++accepted;
            if (!isDue) ++wrongDecisions;
            _brought.push(verdict);
        } catch {
            ++rejected;
            if (isDue) ++wrongDecisions;
        }
    }

    function _verdictOn(uint256 which, uint256 age, uint256 validity, uint256 gpuCount, bool passes)
        private
        returns (IVerifierSet.Verdict memory verdict)
    {
        uint256 measuredAt = block.timestamp - bound(age, 0, 50 hours);
        verdict = _verdict();
        verdict.node = nodes[which % 2];
        verdict.gpuCount = uint16(bound(gpuCount, 1, 8));
        verdict.beaconRound = uint64(verifierSet.roundAt(measuredAt));
        verdict.measurement.startMs = uint64(measuredAt * 1000);
        verdict.validUntil = uint64(measuredAt + bound(validity, 1, 26 hours));
        if (!passes) verdict.result = uint8(IVerifierSet.Result.Timeout);
    }

    function _release(address account, uint256 from, uint256 to)
        private
        view
        returns (uint256 amount, uint256 advanceTo)
    {
        (amount, advanceTo,) = policy.release(0, account, from, to, RATE * (to - from));
    }

    /// @dev At least two different signers, each a member and drawn.
    function _isQuorum(IVerifierSet.Verdict memory verdict, address[] memory signers) private view returns (bool) {
        address[] memory committee = verifierSet.committeeOf(verdict.node, verdict.beaconRound);
        address[] memory members = verifierSet.verifiers();
        for (uint256 i; i < signers.length; ++i) {
            if (!_contains(committee, signers[i]) || !_contains(members, signers[i])) return false;
            for (uint256 j; j < i; ++j) {
                if (signers[i] == signers[j]) return false;
            }
        }
        return signers.length >= 2;
    }

    function _isTimely(IVerifierSet.Verdict memory verdict) private view returns (bool) {
        uint256 measuredAt = verdict.measurement.startMs / 1000;
        return measuredAt > policy.standingOf(verdict.node).measuredAt && measuredAt + 48 hours >= block.timestamp;
    }

    function _countOf(uint256 signers) private pure returns (uint256 count) {
        for (uint256 i; i < VERIFIERS; ++i) {
            count += signers >> i & 1;
        }
    }
}

contract AttestationInvariants is Test {
    AttestationHandler private handler;
    AttestationPolicy private policy;

    function setUp() public {
        handler = new AttestationHandler();
        policy = handler.policyOf();
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = handler.wait.selector;
        selectors[1] = handler.joinOrLeave.selector;
        selectors[2] = handler.revealSome.selector;
        selectors[3] = handler.measure.selector;
        selectors[4] = handler.measure.selector;
        selectors[5] = handler.sign.selector;
        selectors[6] = handler.replay.selector;
        selectors[7] = handler.settle.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    /// A(t) never falls and never grows faster than time.
    function invariant_AttestedSecondsAreMonotoneAndNeverExceedElapsedTime() public view {
        for (uint256 n; n < 2; ++n) {
            address node = handler.nodes(n);
            (uint256 time,,) = handler.leaseOf(node);
            uint256 last = policy.attestedSeconds(node, time);
            for (uint256 i; i < 40; ++i) {
                uint256 step = 1 + uint256(keccak256(abi.encode(time, i))) % 4 hours;
                uint256 next = policy.attestedSeconds(node, time + step);
                assertGe(next, last);
                assertLe(next - last, step);
                time += step;
                last = next;
            }
        }
    }

    /// Windows are in order, never touch, and each knows the attested seconds before it.
    function invariant_WindowsAreDisjointAndAddUp() public view {
        for (uint256 n; n < 2; ++n) {
            address node = handler.nodes(n);
            uint256 count = policy.windowCount(node);
            uint256 sum;
            uint256 lastEnd;
            for (uint256 i; i < count; ++i) {
                IAttestationPolicy.Window memory window = policy.windowAt(node, i);
                assertGt(window.start, lastEnd);
                assertGt(window.end, window.start);
                assertEq(window.before, sum);
                sum += window.end - window.start;
                lastEnd = window.end;
            }
            assertEq(policy.attestedSeconds(node, type(uint256).max), sum);
        }
    }

    /// A verdict counts exactly if a quorum of distinct, drawn, current verifiers signed it in time.
    function invariant_AVerdictNeedsAQuorumOfDistinctCurrentSigners() public view {
        assertEq(handler.wrongDecisions(), 0);
    }

    /// A replay never counts.
    function invariant_AReplayNeverCounts() public view {
        assertEq(handler.replaysThatCounted(), 0);
    }

    /// Release over decided time is additive, and pays no more than the rate.
    function invariant_ReleaseIsAdditive() public view {
        assertEq(handler.additivityBreaks(), 0);
        assertEq(handler.overpayments(), 0);
    }

    /// No second is paid twice: a lease's paid seconds fit into the time that it has settled.
    function invariant_PaidSecondsFitIntoSettledTime() public view {
        for (uint256 n; n < 2; ++n) {
            address node = handler.nodes(n);
            (uint256 start, uint256 settledTo,) = handler.leaseOf(node);
            assertLe(handler.paidSeconds(node), settledTo - start);
            assertLe(settledTo, block.timestamp);
        }
    }

    /// Time whose deadline has passed is decided, and capacity is what stands attested.
    function invariant_TimeIsDecidedByTheDeadlineAndCapacityIsWhatStandsAttested() public view {
        for (uint256 n; n < 2; ++n) {
            address node = handler.nodes(n);
            assertGe(policy.decidedUntil(node), block.timestamp - policy.verdictDeadline());
            IAttestationPolicy.Standing memory standing = policy.standingOf(node);
            assertEq(policy.capacityOf(node), standing.measuredAt == 0 ? type(uint256).max : standing.units);
        }
    }
}
