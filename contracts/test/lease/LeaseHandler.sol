// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeaseBook} from "../../src/lease/LeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {LeasePolicy} from "../mocks/LeasePolicy.sol";
import {LeaseTest} from "./LeaseTest.sol";

/// @notice Renters, an operator, providers, keepers and hostile policies. It keeps its own accounts of every lease from
/// the events alone, with a time line of its own.
contract LeaseHandler is LeaseTest {
    /// @dev A lease as the events tell it.
    struct Record {
        uint256 funded; // wei that ever went in
        uint256 paid; // wei to the provider and the protocol
        uint256 refunded; // wei to the renter, penalties apart
        uint256 opened; // wei that the operator put in
        uint256 settledTo;
        uint256 fundedUntil;
        uint256 endings; // how often its end was fixed
        uint256 ends; // how often it ended
        uint256 closes; // how often it closed
    }

    /// @dev Seconds [from, to) at the hold rate.
    struct Hold {
        uint256 from;
        uint256 to;
    }

    uint256 public constant CAPACITY = 12;
    uint256 private constant CLOSE_GAS = 250_000;

    ILeaseBook.Terms[] private _terms;
    Record[] private _records;
    mapping(uint256 lease => Hold[]) private _holds;
    mapping(bytes32 leaseId => uint256) private _numbers; // from 1 on

    address[] private _renters;
    address[] private _nodes;
    address[] private _providers;
    uint256[] private _nodeKeys;
    LeasePolicy[] private _policies;
    bool private _stopped;

    /// @notice Settlements that did not start where the one before stopped.
    uint256 public gaps;
    /// @notice Settlements whose wei are not what their seconds cost, or whose fee is not the agreed share.
    uint256 public miscounts;
    /// @notice Settlements that paid more than their seconds cost.
    uint256 public overpayments;
    /// @notice Exits that failed, took more gas than a policy could not touch, or did not refund at once.
    uint256 public blocked;
    /// @notice Leases that a settlement left open after their last second had waited long enough.
    uint256 public stuck;
    /// @notice Settlements that moved a lease on.
    uint256 public settlements;

    modifier tracked() {
        vm.recordLogs();
        _;
        _track();
    }

    constructor() {
        setUp();
        (address node2, uint256 nodeKey2) = makeAddrAndKey("second node");
        address provider2 = makeAddr("second provider");
        registry.setNode(node2, provider2, INodeRegistry.Status.Active);
        LeasePolicy second = new LeasePolicy();
        _setMarket(address(token), address(second), uint16(FEE_BPS));

        _renters = [alice, makeAddr("second renter")];
        (_nodes, _nodeKeys, _providers) = (new address[](2), new uint256[](2), new address[](2));
        (_nodes[0], _nodeKeys[0], _providers[0]) = (node, nodeKey, provider);
        (_nodes[1], _nodeKeys[1], _providers[1]) = (node2, nodeKey2, provider2);
        _policies = [policy, second];
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < 2; ++j) {
                _policies[i].setCapacity(_nodes[j], CAPACITY);
            }
            vm.prank(_renters[i]);
            ledger.setAllowance(
                address(token),
                operator,
                ILedger.Allowance(type(uint128).max, type(uint128).max, type(uint40).max, type(uint32).max)
            );
        }
    }

    function wait(uint256 time, uint256 seed) external {
        skip(bound(time, 1, seed % 16 == 0 ? 20 days : seed % 4 == 0 ? 12 hours : 30 minutes));
    }

    /// @notice Waits until a lease is in grace, or at one of the ends of it.
    function waitForGrace(uint256 which, uint256 into) external {
        if (_terms.length == 0) return;
        ILeaseBook.Terms memory terms = _recent(which);
        uint256 fundedUntil = _lease(terms).fundedUntil;
        if (fundedUntil < block.timestamp || fundedUntil > block.timestamp + 1 days) return;
        vm.warp(fundedUntil + bound(into, 0, terms.graceSeconds));
    }

    function misbehave(uint256 which, uint256 mode, uint256 haltAt) external {
        LeasePolicy chosen = _policies[which % 2];
        chosen.setHalt(bound(haltAt, block.timestamp - 2 days, block.timestamp + 2 days));
        chosen.setMode(LeasePolicy.Mode(bound(mode, 0, uint256(type(LeasePolicy.Mode).max))));
    }

    /// @notice Stops the LeaseBook's escrows now and then; what is under way must not notice.
    function stopModule(uint256 seed) external {
        _stopped = seed % 4 == 0;
        ledger.setModule(address(book), _stopped ? bytes32(0) : PRODUCT);
    }

    function setFee(uint256 feeBps) external {
        _setMarket(address(token), address(_policies[feeBps / 1_001 % 2]), uint16(bound(feeBps, 0, 1_000)));
    }

    function open(uint256 seed, uint256 rate, uint256 funded, uint256 grace, uint256 holdBps) external tracked {
        ILeaseBook.Offer memory offer = _offer();
        uint256 which = seed % 2;
        offer.node = _nodes[which];
        offer.units = uint32(1 + seed % 3);
        if (_stopped) return;
        bool exceeds = book.leasedUnits(offer.node) + offer.units > CAPACITY;
        offer.rate = uint96(bound(rate, 1, 1e15));
        offer.minSeconds = uint32(seed % 2_000);
        offer.maxSeconds = 40 days;
        offer.graceSeconds = uint32(bound(grace, 0, 3 days));
        offer.holdRateBps = uint16(bound(holdBps, 0, 10_000));
        offer.noticeSeconds = uint32(seed % 7_777);
        offer.reclaimPrice = uint128(seed % 3 == 0 ? 0 : seed % 1e18);
        offer.policy = address(_policies[seed / 2 % 2]);
        offer.reusable = seed % 2 == 0;
        // A reusable offer leaves its nonce to one that uses it up.
        offer.nonce = book.nonceFloor(offer.node) + seed % 192;
        if (book.isNonceUsed(offer.node, offer.nonce)) offer.nonce = book.nonceFloor(offer.node);
        offer.deadline = uint64(block.timestamp);
        address renter = _renters[seed / 4 % 2];
        uint32 fundedSeconds = uint32(bound(funded, uint256(offer.minSeconds) + 1, seed % 8 == 0 ? 20 days : 4_000));
        _fund(renter, book.quote(offer, fundedSeconds));
        bytes memory signature = _sign(_nodeKeys[which], book.hashOffer(offer));
        if (exceeds) vm.expectPartialRevert(ILeaseBook.LeaseBook_CapacityExceeded.selector);
        vm.prank(seed % 3 == 0 ? operator : renter);
        book.open(offer, signature, ILeaseBook.Request(renter, fundedSeconds, bytes32(_terms.length)));
    }

    function topUp(uint256 which, uint256 extra, uint256 who) external tracked {
        if (_terms.length == 0 || _stopped) return;
        ILeaseBook.Terms memory terms = _recent(which);
        ILeaseBook.Lease memory lease = _lease(terms);
        if (lease.status != ILeaseBook.Status.Open || block.timestamp >= _end(terms, lease)) return;

        bool inGrace = block.timestamp >= lease.fundedUntil;
        address payer = [terms.renter, terms.renter, operator, bob][who % 4];
        uint256 minimum = inGrace && payer != terms.renter && terms.graceSeconds > 1 ? terms.graceSeconds : 1;
        uint256 from = inGrace ? block.timestamp : lease.fundedUntil;
        uint256 latest = uint256(terms.start) + terms.maxSeconds - terms.graceSeconds;
        if (from >= latest) return;
        if (minimum > latest - from) minimum = latest - from;
        extra = bound(extra, minimum, latest - from);
        if (extra > minimum + 300) extra = minimum + extra % 300;
        _fund(payer, uint256(terms.rate) * (extra + terms.graceSeconds));

        vm.prank(payer);
        try book.topUp(terms, extra) {}
        catch (bytes memory reason) {
            // Only a second grace whose first one the policy will not settle may be refused.
            assertTrue(inGrace && lease.holdTo > lease.settledTo);
            assertEq(bytes4(reason), ILeaseBook.LeaseBook_HoldUnsettled.selector);
            vm.getRecordedLogs(); // forge keeps the logs of what was reverted
        }
    }

    function settle(uint256 which) external tracked {
        if (_terms.length == 0) return;
        _settle(_recent(which));
    }

    function settleMany(uint256 first, uint256 howMany) external tracked {
        if (_terms.length == 0) return;
        ILeaseBook.Terms[] memory many = new ILeaseBook.Terms[](bound(howMany, 1, 6));
        for (uint256 i = 0; i < many.length; ++i) {
            many[i] = _terms[addmod(first, i, _terms.length)];
        }
        book.settleMany(many);
    }

    function close(uint256 which, uint256 who) external tracked {
        if (_terms.length == 0) return;
        ILeaseBook.Terms memory terms = _recent(which);
        ILeaseBook.Lease memory lease = _lease(terms);
        if (lease.status > ILeaseBook.Status.Ending) return;
        uint256 end = _end(terms, lease);
        address caller = [terms.renter, terms.provider, bob][who % 3];
        if (block.timestamp >= end) return _exit(terms, caller, abi.encodeCall(ILeaseBook.close, (terms)), 0);

        uint256 at = block.timestamp;
        uint256 price;
        if (caller == bob) return;
        if (caller == terms.renter) {
            uint256 paidUntil = uint256(terms.start) + terms.minSeconds;
            if (at < paidUntil) at = paidUntil;
            if (at > end || (at == end && lease.status == ILeaseBook.Status.Ending)) return;
        } else if (at < lease.fundedUntil) {
            price = terms.reclaimPrice;
            if (price != 0 && _stopped) return;
            if (price != 0) _fund(caller, price);
        }
        uint256 due = _cost(_numbers[book.hashTerms(terms)] - 1, at, end) + price;
        _exit(terms, caller, abi.encodeCall(ILeaseBook.close, (terms)), due);
    }

    function reclaim(uint256 which) external tracked {
        if (_terms.length == 0) return;
        ILeaseBook.Terms memory terms = _recent(which);
        ILeaseBook.Lease memory lease = _lease(terms);
        uint256 end = _end(terms, lease);
        uint256 at = block.timestamp + terms.noticeSeconds;
        if (at > end) at = end;
        if (lease.status > ILeaseBook.Status.Ending) return;
        if (lease.status == ILeaseBook.Status.Ending && at == end && block.timestamp < end) return;
        uint256 due = _cost(_numbers[book.hashTerms(terms)] - 1, at, end);
        _exit(terms, terms.provider, abi.encodeCall(ILeaseBook.reclaim, (terms)), due);
    }

    /// @notice Long after, anyone closes every lease, whatever the policies say.
    function finish() external tracked {
        skip(60 days);
        for (uint256 i = 0; i < _terms.length; ++i) {
            _settle(_terms[i]);
        }
    }

    function count() external view returns (uint256) {
        return _terms.length;
    }

    function termsOf(uint256 i) external view returns (ILeaseBook.Terms memory) {
        return _terms[i];
    }

    function recordOf(uint256 i) external view returns (Record memory) {
        return _records[i];
    }

    function nodes() external view returns (address[] memory) {
        return _nodes;
    }

    function renters() external view returns (address[] memory) {
        return _renters;
    }

    function system() external view returns (LeaseBook, ILedger, address token_, address operator_) {
        return (book, ledger, address(token), operator);
    }

    /// @dev One of the last leases: older ones are mostly over.
    function _recent(uint256 which) private view returns (ILeaseBook.Terms memory) {
        uint256 from = _terms.length > 3 ? _terms.length - 3 : 0;
        return _terms[from + which % (_terms.length - from)];
    }

    /// @dev An exit must work, within gas that no policy was given, and refund `due` wei at once.
    function _exit(ILeaseBook.Terms memory terms, address caller, bytes memory call, uint256 due) private {
        uint256 before = _balance(terms.renter);
        vm.prank(caller);
        (bool success,) = address(book).call{gas: CLOSE_GAS}(call);
        if (!success || _balance(terms.renter) != before + due) ++blocked;
    }

    function _settle(ILeaseBook.Terms memory terms) private {
        ILeaseBook.Lease memory lease = _lease(terms);
        if (lease.status == ILeaseBook.Status.Closed) return;
        book.settle(terms);
        bool due = block.timestamp >= _end(terms, lease) + book.FALLBACK();
        if (due && _lease(terms).status != ILeaseBook.Status.Closed) ++stuck;
    }

    function _end(ILeaseBook.Terms memory terms, ILeaseBook.Lease memory lease) private pure returns (uint256) {
        return lease.endsAt != 0 ? lease.endsAt : uint256(lease.fundedUntil) + terms.graceSeconds;
    }

    /// @dev Wei for [from, to) by the handler's own time line, which forgets no past grace.
    function _cost(uint256 i, uint256 from, uint256 to) private view returns (uint256) {
        ILeaseBook.Terms storage terms = _terms[i];
        uint256 held = _overlap(from, to, _records[i].fundedUntil, to);
        for (uint256 j = 0; j < _holds[i].length; ++j) {
            held += _overlap(from, to, _holds[i][j].from, _holds[i][j].to);
        }
        uint256 saved = terms.rate - uint256(terms.rate) * terms.holdRateBps / 10_000;
        return terms.rate * (to - from) - held * saved;
    }

    function _overlap(uint256 from, uint256 to, uint256 start, uint256 stop) private pure returns (uint256) {
        if (start > from) from = start;
        if (stop < to) to = stop;
        return to > from ? to - from : 0;
    }

    function _track() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(book)) continue;
            bytes32 topic = logs[i].topics[0];
            if (topic == ILeaseBook.LeaseOpened.selector) _onOpened(logs[i]);
            uint256 lease = _numbers[logs[i].topics[1]] - 1;
            if (topic == ILeaseBook.LeaseToppedUp.selector) _onToppedUp(lease, logs[i].data);
            if (topic == ILeaseBook.LeaseSettled.selector) _onSettled(lease, logs[i].data);
            if (topic == ILeaseBook.LeaseEnding.selector) _onEnding(lease, logs[i].data);
            if (topic == ILeaseBook.LeaseEnded.selector) ++_records[lease].ends;
            if (topic == ILeaseBook.LeaseClosed.selector) ++_records[lease].closes;
        }
    }

    function _onOpened(Vm.Log memory log) private {
        (ILeaseBook.Terms memory terms,,,, uint256 fundedUntil, uint256 funded) =
            abi.decode(log.data, (ILeaseBook.Terms, bytes32, uint256, bool, uint256, uint256));
        _terms.push(terms);
        _numbers[log.topics[1]] = _terms.length;
        Record storage record = _records.push();
        (record.funded, record.settledTo, record.fundedUntil) = (funded, terms.start, fundedUntil);
        if (terms.operator != address(0)) record.opened = funded;
    }

    function _onToppedUp(uint256 lease, bytes memory data) private {
        (uint256 amount, uint256 fundedUntil,,) = abi.decode(data, (uint256, uint256, uint256, uint256));
        Record storage record = _records[lease];
        if (block.timestamp >= record.fundedUntil) {
            _holds[lease].push(Hold(record.fundedUntil, block.timestamp));
        }
        record.funded += amount;
        record.fundedUntil = fundedUntil;
    }

    function _onSettled(uint256 lease, bytes memory data) private {
        (uint256 from, uint256 to, uint256 payment, uint256 fee, uint256 refund) =
            abi.decode(data, (uint256, uint256, uint256, uint256, uint256));
        Record storage record = _records[lease];
        uint256 cost = _cost(lease, from, to);
        uint256 share = (payment + fee) * _terms[lease].feeBps / 10_000;
        if (from != record.settledTo || to <= from || to > block.timestamp) ++gaps;
        if (payment + fee + refund != cost || fee != share) ++miscounts;
        if (payment + fee > cost) ++overpayments;
        record.settledTo = to;
        record.paid += payment + fee;
        record.refunded += refund;
        ++settlements;
    }

    function _onEnding(uint256 lease, bytes memory data) private {
        (, uint256 refund,) = abi.decode(data, (uint256, uint256, uint256));
        _records[lease].refunded += refund;
        ++_records[lease].endings;
    }
}
