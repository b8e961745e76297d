// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";

import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeaseBook} from "../../src/lease/LeaseBook.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {AttestationPolicy} from "../../src/verification/AttestationPolicy.sol";
import {IAttestationPolicy, ILeasedUnits} from "../../src/verification/IAttestationPolicy.sol";
import {LeaseRegistry} from "../mocks/LeaseRegistry.sol";
import {MoneyTest} from "../money/MoneyTest.sol";

/// @notice Leases on one node under the real policy and out of real bonds. The handler is the VerifierSet, brings verdicts in
/// time and late, and remembers of every settlement which seconds were attested then, hence paid.
contract ClawbackHandler is MoneyTest {
    uint256 private constant BOND = 1e24;
    uint256 private constant CLAW_GAS = 3_000_000;

    /// @dev Seconds [from, to) of a lease that were paid.
    struct Paid {
        uint256 from;
        uint256 to;
    }

    LeaseBook public book;
    AttestationPolicy public policy;
    Bonds public bonds;
    LeaseRegistry private _registry;

    address public node;
    uint256 private _nodeKey;
    address public provider = makeAddr("provider");

    ILeaseBook.Terms[] private _terms;
    mapping(uint256 lease => Paid[]) private _paid;
    mapping(uint256 lease => uint256) public moneyIn;
    mapping(uint256 lease => uint256) public moneyOut; // of the escrow
    mapping(bytes32 leaseId => uint256) private _numbers; // from 1 on

    uint256 public clawbacks;
    uint256 public wrongPayments;

    modifier tracked() {
        vm.recordLogs();
        _;
        _track();
    }

    constructor() {
        setUp();
        (node, _nodeKey) = makeAddrAndKey("node");
        _registry = new LeaseRegistry();
        _registry.setNode(node, provider, INodeRegistry.Status.Active);
        bonds = new Bonds(address(authority), IOutageClock(address(0)));
        book = new LeaseBook(address(authority), ledger, INodeRegistry(address(_registry)), bonds);
        policy = new AttestationPolicy(address(this), ILeasedUnits(address(book)), IOutageClock(address(0)));
        ledger.setModule(address(book), PRODUCT);
        book.setMarket(address(token), address(policy), ILeaseBook.Market(true, 300, 1_000, 0, 0));
        bonds.setMinimum(IBonds.Role.Provider, address(token), 1);
        bonds.setClaimer(address(book), true);
        token.mint(address(this), BOND);
        token.approve(address(bonds), BOND);
        bonds.bond(IBonds.Role.Provider, provider, address(token), BOND);
    }

    function wait(uint256 time) external {
        skip(bound(time, 1, 8 hours));
    }

    function open(uint256 seed) external tracked {
        ILeaseBook.Offer memory offer;
        offer.node = node;
        offer.units = uint32(1 + seed % 2);
        IAttestationPolicy.Standing memory standing = policy.standingOf(node);
        if (standing.measuredAt != 0 && book.leasedUnits(node) + offer.units > standing.units) return;
        if (_terms.length == 6) return;
        offer.token = address(token);
        offer.rate = uint96(1_000 + seed % 7_777);
        offer.maxSeconds = 30 days;
        offer.graceSeconds = uint32(seed / 7 % 2 * 3 hours);
        // Where grace costs what all else does, the value of what was revoked is exact.
        offer.holdRateBps = seed / 3 % 2 == 0 ? 10_000 : 2_500;
        offer.policy = address(policy);
        offer.reusable = true;
        offer.deadline = uint64(block.timestamp);
        offer.nonce = 1;
        ILeaseBook.Request memory request =
            ILeaseBook.Request(alice, uint32(bound(seed >> 32, 1 hours, 3 days)), bytes32(_terms.length));
        _fund(alice, book.quote(offer, request.fundedSeconds));
        bytes memory signature = _sign(_nodeKey, book.hashOffer(offer));
        vm.prank(alice);
        book.open(offer, signature, request);
    }

    /// @notice A pass, measured lately or up to two days ago.
    function pass(uint256 age, uint256 validity, uint256 units) external {
        (uint256 measuredAt, bool possible) = _measuredAt(age);
        if (!possible) return;
        units = bound(units, units % 4 == 0 ? 0 : 16, 16);
        policy.record(node, measuredAt, measuredAt + bound(validity, 1, 26 hours), units, true);
    }

    function fail(uint256 age) external {
        (uint256 measuredAt, bool possible) = _measuredAt(age);
        if (possible) policy.record(node, measuredAt, 0, 0, false);
    }

    function settle(uint256 which) external tracked {
        if (_terms.length == 0) return;
        ILeaseBook.Terms[] memory one = new ILeaseBook.Terms[](1);
        one[0] = _terms[which % _terms.length];
        book.settleMany(one);
    }

    function settleAll() external tracked {
        book.settleMany(_terms);
    }

    function topUp(uint256 which, uint256 extra) external tracked {
        if (_terms.length == 0) return;
        ILeaseBook.Terms memory terms = _terms[which % _terms.length];
        extra = bound(extra, 1, 12 hours);
        _fund(alice, (extra + terms.graceSeconds) * terms.rate);
        vm.prank(alice);
        try book.topUp(terms, extra) {}
        catch {
            vm.getRecordedLogs();
        }
    }

    function close(uint256 which) external tracked {
        if (_terms.length == 0) return;
        ILeaseBook.Terms memory terms = _terms[which % _terms.length];
        vm.prank(alice);
        try book.close(terms) {}
        catch {
            vm.getRecordedLogs();
        }
    }

    function clawBack(uint256 which) external {
        if (_terms.length != 0) _clawBack(which % _terms.length);
    }

    /// @notice Long after, when no verdict can come any more, all is settled and clawed back.
    function finish() external tracked {
        skip(40 days);
        book.settleMany(_terms);
        for (uint256 i = 0; i < _terms.length; ++i) {
            _clawBack(i);
        }
    }

    function count() external view returns (uint256) {
        return _terms.length;
    }

    function termsOf(uint256 i) external view returns (ILeaseBook.Terms memory) {
        return _terms[i];
    }

    function claimOf(uint256 i) external view returns (ILeaseBook.Claim memory) {
        return book.claimOf(book.hashTerms(_terms[i]));
    }

    function owedByBonds() external view returns (uint256) {
        return bonds.owedTo(alice, address(token));
    }

    function escrow() external view returns (uint256) {
        return ledger.escrowOf(address(book), address(token));
    }

    function locked() external view returns (uint256) {
        return bonds.lockedBy(address(book), provider, address(token));
    }

    /// @notice Seconds of a lease that were paid and are not attested any more.
    function unattested(uint256 i) external view returns (uint256 seconds_) {
        for (uint256 j = 0; j < _paid[i].length; ++j) {
            Paid memory paid = _paid[i][j];
            uint256 attested = policy.attestedSeconds(node, paid.to) - policy.attestedSeconds(node, paid.from);
            seconds_ += paid.to - paid.from - attested;
        }
    }

    function _clawBack(uint256 i) private {
        // Gas is bounded, however long the node's history is.
        try book.clawBack{gas: CLAW_GAS}(_terms[i]) returns (uint256) {
            ++clawbacks;
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), ILeaseBook.LeaseBook_NothingRevoked.selector);
        }
    }

    function _measuredAt(uint256 age) private view returns (uint256 measuredAt, bool possible) {
        uint256 latest = policy.standingOf(node).measuredAt;
        uint256 earliest = block.timestamp - 48 hours;
        if (latest >= earliest) earliest = latest + 1;
        if (earliest > block.timestamp) return (0, false);
        if (age % 2 == 0 && block.timestamp - earliest > 20 minutes) earliest = block.timestamp - 20 minutes;
        return (bound(age, earliest, block.timestamp), true);
    }

    function _track() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(book)) continue;
            bytes32 topic = logs[i].topics[0];
            if (topic == ILeaseBook.LeaseOpened.selector) {
                (ILeaseBook.Terms memory terms,,,,, uint256 funded) =
                    abi.decode(logs[i].data, (ILeaseBook.Terms, bytes32, uint256, bool, uint256, uint256));
                _terms.push(terms);
                _numbers[logs[i].topics[1]] = _terms.length;
                moneyIn[_terms.length - 1] = funded;
            }
            uint256 lease = _numbers[logs[i].topics[1]] - 1;
            if (topic == ILeaseBook.LeaseToppedUp.selector) moneyIn[lease] += abi.decode(logs[i].data, (uint256));
            if (topic == ILeaseBook.LeaseSettled.selector) _onSettled(lease, logs[i].data);
            if (topic == ILeaseBook.LeaseEnding.selector) {
                (, uint256 refund) = abi.decode(logs[i].data, (uint256, uint256));
                moneyOut[lease] += refund;
            }
        }
    }

    /// @dev Verdicts do not come in the middle of a settlement, so what is attested now is what was paid.
    function _onSettled(uint256 lease, bytes memory data) private {
        (uint256 from, uint256 to, uint256 payment, uint256 fee, uint256 refund) =
            abi.decode(data, (uint256, uint256, uint256, uint256, uint256));
        moneyOut[lease] += payment + fee + refund;
        uint256 attested;
        uint256 windows = policy.windowCount(node);
        for (uint256 i = 0; i < windows; ++i) {
            IAttestationPolicy.Window memory window = policy.windowAt(node, i);
            uint256 start = window.start > from ? window.start : from;
            uint256 end = window.end < to ? window.end : to;
            if (start >= end) continue;
            attested += end - start;
            _paid[lease].push(Paid(start, end));
        }
        if (payment + fee > attested * _terms[lease].rate) ++wrongPayments;
    }
}

/// @title What was paid for seconds that are taken back comes back once, whatever verdicts come in whatever order
contract ClawbackInvariant is Test {
    ClawbackHandler private handler;

    function setUp() public {
        handler = new ClawbackHandler();
        bytes4[] memory selectors = new bytes4[](14);
        selectors[0] = handler.wait.selector;
        selectors[1] = handler.wait.selector;
        selectors[2] = handler.open.selector;
        selectors[3] = handler.pass.selector;
        selectors[4] = handler.pass.selector;
        selectors[5] = handler.pass.selector;
        selectors[6] = handler.fail.selector;
        selectors[7] = handler.settle.selector;
        selectors[8] = handler.settleAll.selector;
        selectors[9] = handler.settleAll.selector;
        selectors[10] = handler.topUp.selector;
        selectors[11] = handler.close.selector;
        selectors[12] = handler.clawBack.selector;
        selectors[13] = handler.clawBack.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    /// @notice Only seconds that were paid and are not attested any more are booked, each once.
    function invariant_onlyPaidSecondsAreTakenBack() public view {
        assertEq(handler.wrongPayments(), 0);
        for (uint256 i = 0; i < handler.count(); ++i) {
            ILeaseBook.Claim memory claim = handler.claimOf(i);
            assertLe(claim.revoked, handler.unattested(i));
            _checkValue(handler.termsOf(i), claim);
        }
    }

    /// @notice For each lease, what was funded is paid, refunded or remaining; what comes back comes out of the bond.
    function invariant_clawbacksLeaveTheEscrowAlone() public view {
        uint256 remaining;
        uint256 seized;
        for (uint256 i = 0; i < handler.count(); ++i) {
            uint256 rest = handler.book().escrowOf(handler.termsOf(i));
            assertEq(handler.moneyIn(i), handler.moneyOut(i) + rest);
            remaining += rest;
            seized += handler.claimOf(i).seized;
        }
        assertEq(handler.escrow(), remaining);
        assertEq(handler.owedByBonds(), seized);
    }

    /// @notice As long as seconds are attested, no more units are leased than are attested.
    function invariant_leasedUnitsAreAttested() public view {
        uint256 windows = handler.policy().windowCount(handler.node());
        if (windows == 0) return;
        if (handler.policy().windowAt(handler.node(), windows - 1).end <= block.timestamp) return;
        assertLe(handler.book().leasedUnits(handler.node()), handler.policy().standingOf(handler.node()).units);
    }

    /// @notice Each lease that runs has its cover locked.
    function invariant_runningLeasesAreCovered() public view {
        uint256 cover;
        for (uint256 i = 0; i < handler.count(); ++i) {
            ILeaseBook.Terms memory terms = handler.termsOf(i);
            ILeaseBook.Status status = handler.book().leaseOf(handler.book().hashTerms(terms)).status;
            if (status <= ILeaseBook.Status.Ending) cover += (uint256(terms.rate) * 26 hours + 9) / 10;
        }
        assertEq(handler.locked(), cover);
    }

    /// @dev In the end everything that was paid and is not attested has come back.
    function afterInvariant() public {
        handler.finish();
        for (uint256 i = 0; i < handler.count(); ++i) {
            assertEq(handler.claimOf(i).revoked, handler.unattested(i), "all of it");
            assertEq(handler.claimOf(i).owed, 0, "the bond covers it");
        }
        assertEq(handler.escrow(), 0);
        assertEq(handler.locked(), 0);
        invariant_onlyPaidSecondsAreTakenBack();
        invariant_clawbacksLeaveTheEscrowAlone();
    }

    function _checkValue(ILeaseBook.Terms memory terms, ILeaseBook.Claim memory claim) private pure {
        uint256 value = uint256(claim.owed) + claim.seized;
        assertLe(value, uint256(claim.revoked) * terms.rate);
        assertGe(value, uint256(claim.revoked) * (uint256(terms.rate) * terms.holdRateBps / 10_000));
    }
}
