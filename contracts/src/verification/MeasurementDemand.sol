// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {Outages} from "../governance/Outages.sol";
import {ILeaseBook} from "../lease/ILeaseBook.sol";
import {ILedger} from "../money/ILedger.sol";
import {IAttestationPolicy} from "./IAttestationPolicy.sol";
import {IMeasurementDemand} from "./IMeasurementDemand.sol";

/// @title MeasurementDemand
/// @dev The policy tells the latest verdict only, so that one decides. Whoever an earlier one favours resolves before the
/// next one comes, which it cannot if one transaction brings both.
contract MeasurementDemand is IMeasurementDemand, AccessManaged {
    /// @inheritdoc IMeasurementDemand
    uint256 public constant RESPONSE_PERIOD = 24 hours;

    ILedger public immutable ledger;
    ILeaseBook public immutable leaseBook;
    IAttestationPolicy public immutable policy;

    mapping(bytes32 leaseId => Demand) private _demands;

    /// @inheritdoc IMeasurementDemand
    mapping(address token => uint256) public bondOf;

    /// @inheritdoc IMeasurementDemand
    bool public paused;

    constructor(address authority, ILedger ledger_, ILeaseBook leaseBook_, IAttestationPolicy policy_)
        AccessManaged(authority)
    {
        ledger = ledger_;
        leaseBook = leaseBook_;
        policy = policy_;
    }

    /// @inheritdoc IMeasurementDemand
    function demand(ILeaseBook.Terms calldata terms) external {
        if (paused) revert MeasurementDemand_Paused();
        if (msg.sender != terms.renter) revert MeasurementDemand_NotRenter(msg.sender);
        bytes32 leaseId = leaseBook.hashTerms(terms);
        ILeaseBook.Status status = leaseBook.leaseOf(leaseId).status;
        bool runs = status == ILeaseBook.Status.Open || status == ILeaseBook.Status.Ending;
        if (!runs || terms.policy != address(policy)) revert MeasurementDemand_NotRunning(leaseId);
        uint256 bond = bondOf[terms.token];
        if (bond == 0) revert MeasurementDemand_NoBond(terms.token);
        if (_demands[leaseId].madeAt != 0) revert MeasurementDemand_Pending(leaseId);

        // forge-lint: disable-next-line(unsafe-typecast) set with 96 bits
        _demands[leaseId] = Demand({madeAt: uint40(block.timestamp), bond: uint96(bond)});
        uint256 deadline = block.timestamp + RESPONSE_PERIOD;
        emit MeasurementDemanded(leaseId, terms.node, msg.sender, bond, block.timestamp, deadline);
        ledger.escrow(terms.token, msg.sender, msg.sender, bond, 0, 0);
    }

    /// @inheritdoc IMeasurementDemand
    function resolve(ILeaseBook.Terms calldata terms) external {
        bytes32 leaseId = leaseBook.hashTerms(terms);
        Demand memory pending = _demands[leaseId];
        if (pending.madeAt == 0) revert MeasurementDemand_NotPending(leaseId);
        IAttestationPolicy.Standing memory standing = policy.standingOf(terms.node);
        uint256 measuredAt = standing.measuredAt;
        bool tooLate = measuredAt > _deadline(pending.madeAt, measuredAt);
        bool answered = measuredAt > pending.madeAt && !tooLate;
        if (!answered) {
            // A verdict may come later than its measurement, but one that was measured too late ends the wait.
            uint256 until = policy.verdictUntil(_deadline(pending.madeAt, block.timestamp));
            if (!tooLate && block.timestamp <= until) {
                revert MeasurementDemand_Unresolved(leaseId, until);
            }
            measuredAt = 0;
        }
        delete _demands[leaseId];
        bool passed = answered && standing.units != 0;
        address to = passed ? terms.provider : terms.renter;
        emit DemandResolved(leaseId, passed, measuredAt, to, pending.bond);
        ledger.release(terms.token, to, terms.renter, pending.bond, 0, 0);
    }

    /// @inheritdoc IMeasurementDemand
    function setBond(address token, uint96 bond) external restricted {
        bondOf[token] = bond;
        emit BondSet(token, bond);
    }

    /// @inheritdoc IMeasurementDemand
    function setPaused(bool paused_) external restricted {
        paused = paused_;
        emit PausedSet(paused_);
    }

    /// @inheritdoc IMeasurementDemand
    function demandOf(bytes32 leaseId) external view returns (Demand memory) {
        return _demands[leaseId];
    }

    /// @dev Until when a demand must be answered, as seen at `time`.
    function _deadline(uint256 madeAt, uint256 time) private view returns (uint256) {
        return Outages.deadline(policy.clock(), madeAt, RESPONSE_PERIOD, time);
    }
}
