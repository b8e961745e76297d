// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {AttestationPolicy} from "../../src/verification/AttestationPolicy.sol";
import {ILeasedUnits} from "../../src/verification/IAttestationPolicy.sol";
import {IMeasurementDemand} from "../../src/verification/IMeasurementDemand.sol";
import {MeasurementDemand} from "../../src/verification/MeasurementDemand.sol";
import {LeaseTest} from "../lease/LeaseTest.sol";
import {OneOutage} from "../mocks/OneOutage.sol";

/// @title A demand under the real policy, whose VerifierSet is this test
contract MeasurementDemandTest is LeaseTest {
    uint96 private constant BOND = 5_000;

    OneOutage private outage = new OneOutage();
    AttestationPolicy private attestation;
    MeasurementDemand private demands;
    ILeaseBook.Terms private terms;
    bytes32 private leaseId;

    function setUp() public override {
        super.setUp();
        attestation = new AttestationPolicy(address(this), ILeasedUnits(address(book)), IOutageClock(address(outage)));
        _setMarket(address(token), address(attestation), 200);
        demands = new MeasurementDemand(address(authority), ledger, book, attestation);
        ledger.setModule(address(demands), "demand");
        demands.setBond(address(token), BOND);
        ILeaseBook.Offer memory offer = _offer();
        (offer.policy, offer.maxSeconds) = (address(attestation), 60 days);
        terms = _open(offer, ILeaseBook.Request(alice, 5 days, "salt"), alice);
        leaseId = book.hashTerms(terms);
        skip(1 hours);
    }

    function _demand() private {
        vm.prank(alice);
        demands.demand(terms);
    }

    function _bondInEscrow() private view returns (uint256) {
        return ledger.escrowOf(address(demands), address(token));
    }

    function test_demand_escrowsTheBond() public {
        uint256 before = _balance(alice);
        vm.expectEmit(address(demands));
        emit IMeasurementDemand.MeasurementDemanded(
            leaseId, node, alice, BOND, block.timestamp, block.timestamp + 24 hours
        );
        _demand();
        assertEq(_balance(alice), before - BOND);
        assertEq(_bondInEscrow(), BOND);
        assertEq(demands.demandOf(leaseId).madeAt, block.timestamp);
        assertEq(demands.demandOf(leaseId).bond, BOND);
    }

    function test_resolve_aPassPaysTheProvider() public {
        _demand();
        skip(10 minutes);
        attestation.record(node, block.timestamp - 60, block.timestamp + 1 hours, 8, true);
        vm.expectEmit(address(demands));
        emit IMeasurementDemand.DemandResolved(leaseId, true, block.timestamp - 60, provider, BOND);
        vm.prank(bob);
        demands.resolve(terms);
        assertEq(_balance(provider), BOND);
        assertEq(_bondInEscrow(), 0);
        assertEq(demands.demandOf(leaseId).madeAt, 0);
    }

    function testFuzz_resolve_anOutageLeavesMoreTimeToMeasure(uint256 length, bool inTime) public {
        _demand();
        (uint256 madeAt, uint256 before) = (block.timestamp, _balance(alice));
        length = bound(length, 1, 7 days);
        outage.setOutage(madeAt + 1 hours, madeAt + 1 hours + length);
        uint256 measuredAt = madeAt + 24 hours + length + (inTime ? 0 : 1);
        vm.warp(measuredAt);
        attestation.record(node, measuredAt, measuredAt + 1 hours, 8, true);
        demands.resolve(terms);
        assertEq(_balance(provider), inTime ? BOND : 0);
        assertEq(_balance(alice), inTime ? before : before + BOND);
    }

    function test_resolve_anOutageAfterTheDeadlineLeavesNoMoreTime() public {
        _demand();
        uint256 before = _balance(alice);
        skip(25 hours);
        attestation.record(node, block.timestamp, block.timestamp + 1 hours, 8, true);
        outage.setOutage(block.timestamp, block.timestamp + 5 hours);
        skip(5 hours);
        demands.resolve(terms);
        assertEq(_balance(alice), before + BOND);
    }

    function testFuzz_resolve_withoutAVerdictWaitsForTheOutageTwice(uint256 length) public {
        _demand();
        (uint256 madeAt, uint256 before) = (block.timestamp, _balance(alice));
        length = bound(length, 1, 7 days);
        outage.setOutage(madeAt, madeAt + length);
        uint256 until = madeAt + 24 hours + length + 48 hours;
        vm.warp(until);
        vm.expectRevert(
            abi.encodeWithSelector(IMeasurementDemand.MeasurementDemand_Unresolved.selector, leaseId, until)
        );
        demands.resolve(terms);
        skip(1);
        demands.resolve(terms);
        assertEq(_balance(alice), before + BOND);
    }

    function test_resolve_aFailureReturnsTheBond() public {
        uint256 before = _balance(alice);
        _demand();
        skip(10 minutes);
        attestation.record(node, block.timestamp - 60, 0, 0, false);
        demands.resolve(terms);
        assertEq(_balance(alice), before);
        assertEq(_bondInEscrow(), 0);
    }

    /// @dev A pass that attests fewer units than are leased is a failure.
    function test_resolve_aNarrowPassReturnsTheBond() public {
        uint256 before = _balance(alice);
        _demand();
        skip(10 minutes);
        attestation.record(node, block.timestamp, block.timestamp + 1, 1, true);
        demands.resolve(terms);
        assertEq(_balance(alice), before);
    }

    function test_resolve_whatWasMeasuredBeforeIsNoAnswer() public {
        _demand();
        uint256 until = block.timestamp + 24 hours + 48 hours;
        skip(10 minutes);
        attestation.record(node, block.timestamp - 10 minutes, block.timestamp + 1 hours, 8, true);
        vm.expectRevert(
            abi.encodeWithSelector(IMeasurementDemand.MeasurementDemand_Unresolved.selector, leaseId, until)
        );
        demands.resolve(terms);
    }

    function test_resolve_silenceReturnsTheBondInTheEnd() public {
        uint256 before = _balance(alice);
        _demand();
        uint256 until = block.timestamp + 24 hours + 48 hours;
        vm.warp(until);
        vm.expectRevert(
            abi.encodeWithSelector(IMeasurementDemand.MeasurementDemand_Unresolved.selector, leaseId, until)
        );
        demands.resolve(terms);
        vm.warp(until + 1);
        vm.expectEmit(address(demands));
        emit IMeasurementDemand.DemandResolved(leaseId, false, 0, alice, BOND);
        demands.resolve(terms);
        assertEq(_balance(alice), before);
    }

    function test_resolve_aMeasurementThatCameTooLateReturnsTheBond() public {
        uint256 before = _balance(alice);
        _demand();
        skip(24 hours + 1);
        attestation.record(node, block.timestamp, block.timestamp + 1 hours, 8, true);
        demands.resolve(terms);
        assertEq(_balance(alice), before);
    }

    function test_resolve_worksOnceTheLeaseIsOver() public {
        _demand();
        vm.prank(alice);
        book.close(terms);
        demands.setBond(address(token), 0);
        demands.setPaused(true);
        ledger.setModule(address(demands), 0);
        skip(80 hours);
        demands.resolve(terms);
        assertEq(_bondInEscrow(), 0);
    }

    function test_demand_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IMeasurementDemand.MeasurementDemand_NotRenter.selector, bob));
        vm.prank(bob);
        demands.demand(terms);

        _demand();
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IMeasurementDemand.MeasurementDemand_Pending.selector, leaseId));
        demands.demand(terms);
        ILeaseBook.Terms memory unknown = terms;
        unknown.salt = "unknown";
        bytes32 unknownId = book.hashTerms(unknown);
        vm.expectRevert(abi.encodeWithSelector(IMeasurementDemand.MeasurementDemand_NotRunning.selector, unknownId));
        demands.demand(unknown);
        vm.expectRevert(abi.encodeWithSelector(IMeasurementDemand.MeasurementDemand_NotPending.selector, unknownId));
        demands.resolve(unknown);
        book.close(terms);
        vm.expectRevert(abi.encodeWithSelector(IMeasurementDemand.MeasurementDemand_NotRunning.selector, leaseId));
        demands.demand(terms);
    }

    function test_demand_revertsUnderAnotherPolicy() public {
        terms = _openUsual();
        leaseId = book.hashTerms(terms);
        vm.expectRevert(abi.encodeWithSelector(IMeasurementDemand.MeasurementDemand_NotRunning.selector, leaseId));
        _demand();
    }

    function test_demand_revertsWithoutABondOrWhilePaused() public {
        demands.setBond(address(token), 0);
        vm.expectRevert(abi.encodeWithSelector(IMeasurementDemand.MeasurementDemand_NoBond.selector, address(token)));
        _demand();
        vm.expectEmit(address(demands));
        emit IMeasurementDemand.PausedSet(true);
        demands.setPaused(true);
        vm.expectRevert(IMeasurementDemand.MeasurementDemand_Paused.selector);
        _demand();
    }

    function testFuzz_setters_areRestricted(address caller) public {
        vm.assume(caller != address(this) && caller != address(authority));
        bytes memory refused = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller);
        vm.startPrank(caller);
        vm.expectRevert(refused);
        demands.setBond(address(token), 1);
        vm.expectRevert(refused);
        demands.setPaused(true);
    }
}
