// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// Verdicts: a verdict counts only with a quorum of distinct, current signers of its node's committee, whether it comes
// alone, in a batch or as one finding of a batch. A digest counts once, in whatever form and order it is brought.

import {Test} from "forge-std/Test.sol";

import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {BatchFixture} from "../verification/BatchFixture.sol";

contract VerdictsHandler is BatchFixture {
    uint256 private constant VERIFIERS = 8;
    uint256 private constant NODES = 3;

    /// @notice A batch that was signed, to be brought again.
    struct Signed {
        uint256 from; // of its verdicts in the list
        uint256 count;
        uint256 signers; // bit i: verifier i
        uint64 deadline;
    }

    address[] private _nodes;
    address[] private _accounts;
    IVerifierSet.Verdict[] private _said;
    Signed[] private _signedBatches;

    mapping(bytes32 digest => uint256) public timesCounted;
    bytes32[] private _digests;
    uint256 public accepted;
    uint256 public countedWithoutQuorum;
    uint256 public refusedWithQuorum;

    constructor() {
        setUp();
        _nodes.push(node);
        for (uint256 i = 1; i < NODES; ++i) {
            _nodes.push(_nodeInShard(i));
        }
        for (uint256 i; i < VERIFIERS; ++i) {
            _accounts.push(_joinVerifier(i));
        }
        skip(2 hours);
    }

    function wait(uint256 time) external {
        skip(bound(time, 1, 2 hours));
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

    /// @notice Some accounts sign a batch on every node, and it is brought whole or a finding of it.
    function batch(uint256 signers, uint256 results, bool isDrawn, bool isWhole) external {
        skip(1);
        uint256 from = _said.length;
        for (uint256 i; i < NODES; ++i) {
            _said.push(_say(i, results >> i & 1 == 0));
        }
        if (isDrawn) signers = _maskOf(verifierSet.committeeOf(node, _said[from].beaconRound));
        _signedBatches.push(Signed(from, NODES, signers, uint64(block.timestamp + 1 hours)));
        _bringBatch(_signedBatches.length - 1, isWhole, results % NODES);
    }

    /// @notice Some accounts sign one verdict.
    function single(uint256 which, uint256 signers, bool isDrawn, bool passes) external {
        skip(1);
        _said.push(_say(which % NODES, passes));
        uint256 at = _said.length - 1;
        if (isDrawn) signers = _maskOf(verifierSet.committeeOf(node, _said[at].beaconRound));
        _bringAlone(at, signers);
    }

    /// @notice What was said is brought again: as it was, alone, or as a finding.
    function again(uint256 which, uint256 how) external {
        if (_signedBatches.length == 0) return;
        Signed memory old = _signedBatches[which % _signedBatches.length];
        if (how % 3 == 0) _bringAlone(old.from + how % old.count, old.signers);
        else _bringBatch(which % _signedBatches.length, how % 3 == 1, how % old.count);
    }

    function mostOftenCounted() external view returns (uint256 most) {
        for (uint256 i; i < _digests.length; ++i) {
            if (timesCounted[_digests[i]] > most) most = timesCounted[_digests[i]];
        }
    }

    function _bringAlone(uint256 at, uint256 signers) private {
        IVerifierSet.Verdict memory verdict = _said[at];
        IVerifierSet.Signature[] memory signatures = _signedBy(verdict, _signersOf(signers));
        bool isQuorum = _isQuorum(verdict.beaconRound, signers);
        bool isNew = _isNew(verdict);
        try verifierSet.submit(verdict, signatures) {
            _count(verdict, isQuorum);
        } catch {
            if (isQuorum && isNew) ++refusedWithQuorum;
        }
    }

    function _bringBatch(uint256 which, bool isWhole, uint256 index) private {
        Signed memory old = _signedBatches[which];
        IVerifierSet.Verdict[] memory verdicts = new IVerifierSet.Verdict[](old.count);
        bool[] memory isNew = new bool[](old.count);
        for (uint256 i; i < old.count; ++i) {
            verdicts[i] = _said[old.from + i];
            isNew[i] = _isNew(verdicts[i]);
        }
        (IVerifierSet.VerdictBatch memory signed, IVerifierSet.Finding[] memory findings) = _batch(verdicts);
        signed.deadline = old.deadline;
        IVerifierSet.Signature[] memory signatures = _batchSignedBy(signed, _signersOf(old.signers));
        bool isQuorum = _isQuorum(signed.beaconRound, old.signers);
        bool isDue = isQuorum && block.timestamp <= old.deadline;
        if (!isWhole) {
            try verifierSet.submitFinding(signed, signatures, findings[index], _proof(findings, index)) {
                _count(verdicts[index], isDue);
            } catch {
                if (isDue && isNew[index]) ++refusedWithQuorum;
            }
            return;
        }
        try verifierSet.submitBatch(signed, signatures, findings) returns (uint256 counted) {
            for (uint256 i; i < old.count; ++i) {
                if (counted >> i & 1 == 1) _count(verdicts[i], isDue);
                else if (isNew[i]) ++refusedWithQuorum;
            }
        } catch {
            if (isDue) ++refusedWithQuorum;
        }
    }

    function _count(IVerifierSet.Verdict memory verdict, bool isDue) private {
        bytes32 digest = verifierSet.hashVerdict(verdict);
        if (timesCounted[digest]++ == 0) _digests.push(digest);
        ++accepted;
        if (!isDue) ++countedWithoutQuorum;
        assertEq(policy.standingOf(verdict.node).measuredAt, verdict.measurement.startMs / 1000);
    }

    function _say(uint256 which, bool passes) private returns (IVerifierSet.Verdict memory verdict) {
        verdict = _verdict();
        verdict.node = _nodes[which];
        if (!passes) verdict.result = uint8(IVerifierSet.Result.Timeout);
    }

    function _isNew(IVerifierSet.Verdict memory verdict) private view returns (bool) {
        uint256 measuredAt = verdict.measurement.startMs / 1000;
        return measuredAt > policy.standingOf(verdict.node).measuredAt && measuredAt + 48 hours >= block.timestamp;
    }

    function _isQuorum(uint256 round, uint256 signers) private view returns (bool) {
        address[] memory committee = verifierSet.committeeOf(node, round);
        address[] memory members = verifierSet.verifiers();
        address[] memory chosen = _signersOf(signers);
        for (uint256 i; i < chosen.length; ++i) {
            if (!_contains(committee, chosen[i]) || !_contains(members, chosen[i])) return false;
        }
        return chosen.length >= 2;
    }

    function _signersOf(uint256 mask) private view returns (address[] memory chosen) {
        chosen = new address[](VERIFIERS);
        uint256 count;
        for (uint256 i; i < VERIFIERS; ++i) {
            if (mask >> i & 1 == 1) chosen[count++] = _accounts[i];
        }
        assembly ("memory-safe") {
            mstore(chosen, count)
        }
    }

    function _maskOf(address[] memory chosen) private view returns (uint256 mask) {
        for (uint256 i; i < VERIFIERS; ++i) {
            if (_contains(chosen, _accounts[i])) mask |= 1 << i;
        }
    }
}

contract VerdictsInvariants is Test {
    VerdictsHandler private handler;

    function setUp() public {
        handler = new VerdictsHandler();
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = handler.wait.selector;
        selectors[1] = handler.joinOrLeave.selector;
        selectors[2] = handler.batch.selector;
        selectors[3] = handler.batch.selector;
        selectors[4] = handler.single.selector;
        selectors[5] = handler.single.selector;
        selectors[6] = handler.again.selector;
        selectors[7] = handler.again.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    /// A verdict counts exactly if a quorum of distinct, drawn, current verifiers signed it.
    function invariant_AVerdictNeedsAQuorumOfDistinctCurrentSigners() public view {
        assertEq(handler.countedWithoutQuorum(), 0, "counted");
        assertEq(handler.refusedWithQuorum(), 0, "refused");
    }

    /// A digest counts once.
    function invariant_ADigestCountsOnce() public view {
        assertLe(handler.mostOftenCounted(), 1);
    }
}
