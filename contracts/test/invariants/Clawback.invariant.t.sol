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
import {OneOutage} from "../mocks/OneOutage.sol";
import {MoneyTest} from "../money/MoneyTest.sol";

/// @notice Leases on one node under the real policy and out of real bonds. The handler is the VerifierSet, brings verdicts in
/// time and late, and remembers of every settlement which seconds were attested then, hence paid. As another claimer it locks
/// what the provider would hide from claims behind leases of its own.
contract ClawbackHandler is MoneyTest {
    uint256 private constant BOND = 1e24;
    uint256 private constant CLAW_GAS = 3_000_000;

    /// @dev Seconds [from, to) of a lease that were paid.
    struct Paid {
        uint256 from;
        uint256 to;
    }

    /// @dev Wei of a lease's cover: locked at the opening, seized, and freed.
    struct Cover {
        uint256 full;
        uint256 used;
        uint256 freed;
    }

    LeaseBook public book;
    AttestationPolicy public policy;
    Bonds public bonds;
    OneOutage public clock;
    LeaseRegistry private _registry;

    address public node;
    uint256 private _nodeKey;
    address public provider = makeAddr("provider");

    ILeaseBook.Terms[] private _terms;
    mapping(uint256 lease => Paid[]) private _paid;
    mapping(uint256 lease => Paid[]) private _holds; // past graces
    mapping(uint256 lease => Cover) private _covers;
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
        clock = new OneOutage();
        bonds = new Bonds(address(authority), IOutageClock(address(clock)));
        book = new LeaseBook(address(authority), ledger, INodeRegistry(address(_registry)), bonds);
        policy = new AttestationPolicy(address(this), ILeasedUnits(address(book)), IOutageClock(address(clock)));
        ledger.setModule(address(book), PRODUCT);
        book.setMarket(address(token), address(policy), ILeaseBook.Market(true, 300, 1_000, 0, 0));
        bonds.setMinimum(IBonds.Role.Provider, address(token), 1);
        bonds.setClaimer(address(book), true);
        bonds.setClaimer(address(this), true);
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
        if (_terms.length == 6 || bonds.lockableOf(provider, address(token)) < BOND / 2) return;
        offer.token = address(token);
        offer.rate = uint96(1_000 + seed % 7_777);
        offer.maxSeconds = 30 days;
        offer.graceSeconds = uint32(seed / 7 % 2 * 3 hours);
        // Where grace costs what all else does, the value of what was revoked is exact.
        offer.holdRateBps = [uint16(10_000), 2_500, 0][seed / 3 % 3];
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

    /// @notice Waits for the grace of a lease, and ends it.
    function topUpInGrace(uint256 which, uint256 into) external tracked {
        if (_terms.length == 0) return;
        ILeaseBook.Terms memory terms = _terms[which % _terms.length];
        ILeaseBook.Lease memory lease = book.leaseOf(book.hashTerms(terms));
        uint256 at = lease.fundedUntil + bound(into, 0, terms.graceSeconds);
        if (lease.status != ILeaseBook.Status.Open || at < block.timestamp || at > block.timestamp + 12 hours) return;
        vm.warp(at);
        _fund(alice, uint256(1 hours + terms.graceSeconds) * terms.rate);
        vm.prank(alice);
        try book.topUp(terms, 1 + into % 1 hours) {}
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

    function freeCover(uint256 which) external {
        if (_terms.length != 0) _freeCover(which % _terms.length);
    }

    /// @notice Waits until a lease's cover is free, or to the second before.
    function waitForCover(uint256 which, bool early) external {
        if (_terms.length == 0) return;
        uint256 endsAt = book.leaseOf(book.hashTerms(_terms[which % _terms.length])).endsAt;
        uint256 at = endsAt + 4 days + _outageBefore(block.timestamp) - (early ? 1 : 0);
        if (endsAt != 0 && at > block.timestamp) vm.warp(at);
    }

    /// @notice The provider locks all of its bond that is free, or takes it back.
    function hide(bool isHidden) external {
        uint256 free = bonds.lockableOf(provider, address(token));
        if (isHidden && free != 0) bonds.lock(provider, address(token), free);
        if (!isHidden) _show();
    }

    /// @notice The sequencer is down, once.
    function goDown(uint256 length) external {
        if (clock.end() != 0) return;
        length = bound(length, 1, 4 days);
        clock.setOutage(block.timestamp, block.timestamp + length);
        skip(length);
    }

    /// @notice Long after, when no verdict can come any more, all is settled and clawed back, and anyone frees all covers.
    function finish() external tracked {
        skip(40 days);
        _show();
        book.settleMany(_terms);
        for (uint256 i = 0; i < _terms.length; ++i) {
            _clawBack(i);
            _freeCover(i);
        }
    }

    function count() external view returns (uint256) {
        return _terms.length;
    }

    function termsOf(uint256 i) external view returns (ILeaseBook.Terms memory) {
        return _terms[i];
    }

    function pastGraces(uint256 i) external view returns (uint256) {
        return _holds[i].length;
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

    function coverOf(uint256 i) external view returns (Cover memory) {
        return _covers[i];
    }

    /// @notice Wei that stand behind a lease of `time` seconds.
    function coverFor(uint256 i, uint256 time) public view returns (uint256) {
        return (uint256(_terms[i].rate) * (time < 26 hours ? time : 26 hours) + 9) / 10;
    }

    /// @notice Whether nothing of a lease that ended then waits for a verdict or a claim any more.
    function isFinal(uint256 endsAt) public view returns (bool) {
        return block.timestamp >= endsAt + 4 days + _outageBefore(block.timestamp);
    }

    /// @notice Seconds of a lease that were paid and are not attested any more.
    function unattested(uint256 i) external view returns (uint256 seconds_) {
        for (uint256 j = 0; j < _paid[i].length; ++j) {
            Paid memory paid = _paid[i][j];
            uint256 attested = policy.attestedSeconds(node, paid.to) - policy.attestedSeconds(node, paid.from);
            seconds_ += paid.to - paid.from - attested;
        }
    }

    /// @notice Wei that were paid for these seconds, and for how many seconds of past graces.
    function priceOfUnattested(uint256 i) external view returns (uint256 price, uint256 held) {
        ILeaseBook.Terms memory terms = _terms[i];
        uint256 discount = terms.rate - uint256(terms.rate) * terms.holdRateBps / 10_000;
        uint256 fundedUntil = book.leaseOf(book.hashTerms(terms)).fundedUntil;
        for (uint256 j = 0; j < _paid[i].length; ++j) {
            Paid memory paid = _paid[i][j];
            price += _unattested(paid.from, paid.to, 0, paid.to) * terms.rate;
            price -= _unattested(paid.from, paid.to, fundedUntil, paid.to) * discount;
            for (uint256 k = 0; k < _holds[i].length; ++k) {
                price -= _unattested(paid.from, paid.to, _holds[i][k].from, _holds[i][k].to) * discount;
            }
        }
        for (uint256 k = 0; k < _holds[i].length; ++k) {
            held += _holds[i][k].to - _holds[i][k].from;
        }
    }

    /// @dev Seconds of [from, to) in [start, end) that are not attested.
    function _unattested(uint256 from, uint256 to, uint256 start, uint256 end) private view returns (uint256) {
        if (start > from) from = start;
        if (end < to) to = end;
        if (from >= to) return 0;
        return to - from - (policy.attestedSeconds(node, to) - policy.attestedSeconds(node, from));
    }

    /// @dev Whatever the provider did, a claim finds what is free and what is left of the lease's own cover.
    function _clawBack(uint256 i) private {
        IBonds.Bond memory bond = bonds.bondOf(IBonds.Role.Provider, provider, address(token));
        uint256 free = bond.active - bond.locked;
        uint256 found = free + _coverLeft(i);
        // Gas is bounded, however long the node's history is.
        try book.clawBack{gas: CLAW_GAS}(_terms[i]) returns (uint256 amount) {
            ++clawbacks;
            uint256 owed = amount + book.claimOf(book.hashTerms(_terms[i])).owed;
            assertEq(amount, owed < found ? owed : found, "seized");
            if (amount > free) _covers[i].used += amount - free;
        } catch (bytes memory reason) {
            if (bytes4(reason) == ILeaseBook.LeaseBook_BondExhausted.selector) assertEq(found, 0, "exhausted");
            else assertEq(bytes4(reason), ILeaseBook.LeaseBook_NothingRevoked.selector);
        }
    }

    function _freeCover(uint256 i) private {
        ILeaseBook.Lease memory lease = book.leaseOf(book.hashTerms(_terms[i]));
        bool isOver = lease.status >= ILeaseBook.Status.Ended;
        bool final_ = isOver && isFinal(lease.endsAt);
        uint256 kept = final_ || !isOver ? 0 : coverFor(i, lease.endsAt - _terms[i].start);
        uint256 left = _coverLeft(i);
        vm.prank(bob);
        try book.freeCover(_terms[i]) returns (uint256 freed) {
            assertTrue(isOver);
            assertEq(freed, left - kept, "freed");
            _covers[i].freed += freed;
        } catch (bytes memory reason) {
            assertLe(isOver ? left : 0, kept, "nothing is to be freed");
            assertEq(
                bytes4(reason),
                isOver ? ILeaseBook.LeaseBook_NothingToFree.selector : ILeaseBook.LeaseBook_WrongStatus.selector
            );
        }
        if (!final_) return;
        // Two days ago no verdict could come any more, and what it took back could be claimed.
        assertLe(policy.verdictUntil(lease.endsAt - 1) + 48 hours, block.timestamp);
        assertGe(policy.decidedUntil(node), lease.endsAt + 48 hours);
    }

    function _show() private {
        uint256 hidden = bonds.lockedBy(address(this), provider, address(token));
        if (hidden != 0) bonds.unlock(provider, address(token), hidden);
    }

    function _coverLeft(uint256 i) private view returns (uint256) {
        return _covers[i].full - _covers[i].used - _covers[i].freed;
    }

    /// @dev Seconds of the last 11 days in which the sequencer was down.
    function _outageBefore(uint256 time) private view returns (uint256) {
        return clock.outageBetween(time - 11 days, time);
    }

    function _measuredAt(uint256 age) private view returns (uint256 measuredAt, bool possible) {
        uint256 latest = policy.standingOf(node).measuredAt;
        uint256 earliest = block.timestamp - 48 hours;
        if (age % 3 == 0) earliest -= clock.outageBetween(earliest, block.timestamp);
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
                _covers[_terms.length - 1].full = coverFor(_terms.length - 1, terms.maxSeconds);
            }
            uint256 lease = _numbers[logs[i].topics[1]] - 1;
            if (topic == ILeaseBook.LeaseToppedUp.selector) _onToppedUp(lease, logs[i].data);
            if (topic == ILeaseBook.LeaseSettled.selector) _onSettled(lease, logs[i].data);
            if (topic == ILeaseBook.LeaseEnding.selector) {
                (, uint256 refund) = abi.decode(logs[i].data, (uint256, uint256));
                moneyOut[lease] += refund;
            }
        }
    }

    function _onToppedUp(uint256 lease, bytes memory data) private {
        (uint256 amount,, uint256 holdFrom, uint256 holdTo) = abi.decode(data, (uint256, uint256, uint256, uint256));
        moneyIn[lease] += amount;
        Paid[] storage holds = _holds[lease];
        if (holdTo != 0 && (holds.length == 0 || holds[holds.length - 1].to != holdTo)) {
            holds.push(Paid(holdFrom, holdTo));
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
        bytes4[] memory selectors = new bytes4[](22);
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
        selectors[14] = handler.topUpInGrace.selector;
        selectors[15] = handler.topUpInGrace.selector;
        selectors[16] = handler.wait.selector;
        selectors[17] = handler.freeCover.selector;
        selectors[18] = handler.freeCover.selector;
        selectors[19] = handler.waitForCover.selector;
        selectors[20] = handler.hide.selector;
        selectors[21] = handler.goDown.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    /// @notice Only seconds that were paid and are not attested any more are booked, each once.
    function invariant_onlyPaidSecondsAreTakenBack() public view {
        assertEq(handler.wrongPayments(), 0);
        for (uint256 i = 0; i < handler.count(); ++i) {
            ILeaseBook.Claim memory claim = handler.claimOf(i);
            // What costs nothing is settled without a verdict, and taken back or not: nothing hangs on it.
            if (handler.termsOf(i).holdRateBps != 0) assertLe(claim.revoked, handler.unattested(i));
            (uint256 price, uint256 held) = handler.priceOfUnattested(i);
            if (held <= type(uint16).max) {
                assertLe(uint256(claim.owed) + claim.seized, price, "what was paid for them");
            }
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

    /// @notice What of each lease's cover was neither seized nor freed is locked, and no more. None is freed while a lease runs,
    /// and until all is final as much is kept as a lease of its length would lock.
    function invariant_leasesAreCovered() public view {
        uint256 locked;
        for (uint256 i = 0; i < handler.count(); ++i) {
            ILeaseBook.Terms memory terms = handler.termsOf(i);
            ILeaseBook.Lease memory lease = handler.book().leaseOf(handler.book().hashTerms(terms));
            ClawbackHandler.Cover memory cover = handler.coverOf(i);
            locked += cover.full - cover.used - cover.freed;
            if (lease.status < ILeaseBook.Status.Ended) {
                assertEq(cover.freed, 0, "of a lease that runs");
            } else if (!handler.isFinal(lease.endsAt)) {
                assertGe(cover.full - cover.freed, handler.coverFor(i, lease.endsAt - terms.start));
            }
        }
        assertEq(handler.locked(), locked);
    }

    /// @dev In the end everything that was paid and is not attested has come back.
    function afterInvariant() public {
        handler.finish();
        for (uint256 i = 0; i < handler.count(); ++i) {
            ILeaseBook.Claim memory claim = handler.claimOf(i);
            if (handler.termsOf(i).holdRateBps != 0) assertEq(claim.revoked, handler.unattested(i), "all of it");
            assertEq(claim.owed, 0, "the bond covers it");
            (uint256 price,) = handler.priceOfUnattested(i);
            if (handler.pastGraces(i) < 2) assertEq(claim.seized, price, "all that was paid for it");
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
