// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeaseBook} from "../../src/lease/LeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {LeaseHandler} from "../lease/LeaseHandler.sol";

/// @title What was funded for a lease is paid, refunded or remaining, and no second is paid twice.
contract LeaseInvariant is Test {
    LeaseHandler private handler;
    LeaseBook private book;
    ILedger private ledger;
    address private token;
    address private operator;

    function setUp() public {
        handler = new LeaseHandler();
        (book, ledger, token, operator) = handler.system();
        bytes4[] memory selectors = new bytes4[](15);
        selectors[0] = LeaseHandler.wait.selector;
        selectors[1] = LeaseHandler.waitForGrace.selector;
        selectors[2] = LeaseHandler.waitForGrace.selector;
        selectors[3] = LeaseHandler.misbehave.selector;
        selectors[4] = LeaseHandler.stopModule.selector;
        selectors[5] = LeaseHandler.setFee.selector;
        selectors[6] = LeaseHandler.open.selector;
        selectors[7] = LeaseHandler.open.selector;
        selectors[8] = LeaseHandler.topUp.selector;
        selectors[9] = LeaseHandler.topUp.selector;
        selectors[10] = LeaseHandler.topUp.selector;
        selectors[11] = LeaseHandler.settle.selector;
        selectors[12] = LeaseHandler.settleMany.selector;
        selectors[13] = LeaseHandler.close.selector;
        selectors[14] = LeaseHandler.reclaim.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    function invariant_fundedIsPaidRefundedOrRemaining() public view {
        uint256 sum;
        for (uint256 i = 0; i < handler.count(); ++i) {
            LeaseHandler.Record memory record = handler.recordOf(i);
            uint256 remaining = book.escrowOf(handler.termsOf(i));
            assertEq(record.funded, record.paid + record.refunded + remaining);
            sum += remaining;
        }
        assertEq(ledger.escrowOf(address(book), token), sum, "the Ledger holds what remains");
    }

    function invariant_everySecondIsSettledOnce() public view {
        assertEq(handler.gaps(), 0);
        assertEq(handler.miscounts(), 0);
        for (uint256 i = 0; i < handler.count(); ++i) {
            ILeaseBook.Terms memory terms = handler.termsOf(i);
            ILeaseBook.Lease memory lease = book.leaseOf(book.hashTerms(terms));
            assertEq(lease.settledTo, handler.recordOf(i).settledTo);
            assertLe(lease.settledTo, block.timestamp);
            if (lease.endsAt != 0) assertLe(lease.settledTo, lease.endsAt);
            assertLe(lease.fundedUntil + terms.graceSeconds, terms.start + terms.maxSeconds);
        }
    }

    function invariant_statusFollowsItsDefinition() public view {
        for (uint256 i = 0; i < handler.count(); ++i) {
            ILeaseBook.Lease memory lease = book.leaseOf(book.hashTerms(handler.termsOf(i)));
            LeaseHandler.Record memory record = handler.recordOf(i);
            assertEq(lease.endsAt == 0, lease.status == ILeaseBook.Status.Open);
            assertEq(record.endings == 0, lease.status == ILeaseBook.Status.Open);
            assertEq(record.ends, lease.status >= ILeaseBook.Status.Ended ? 1 : 0);
            assertEq(record.closes, lease.status == ILeaseBook.Status.Closed ? 1 : 0);
            if (record.ends == 1) {
                assertLe(lease.endsAt, block.timestamp);
                assertEq(lease.settledTo == lease.endsAt, record.closes == 1);
            }
        }
    }

    function invariant_unitsAreThoseOfLeasesThatRun() public view {
        address[] memory nodes = handler.nodes();
        for (uint256 n = 0; n < nodes.length; ++n) {
            uint256 units;
            for (uint256 i = 0; i < handler.count(); ++i) {
                ILeaseBook.Terms memory terms = handler.termsOf(i);
                if (terms.node == nodes[n] && handler.recordOf(i).ends == 0) units += terms.units;
            }
            assertEq(book.leasedUnits(nodes[n]), units);
            assertLe(units, handler.CAPACITY());
        }
    }

    /// @notice An operator's usage is what it put into leases and has not left them yet, and the rates of those that run.
    function invariant_usageIsLiveExposure() public view {
        address[] memory renters = handler.renters();
        for (uint256 r = 0; r < renters.length; ++r) {
            uint256 exposure;
            uint256 rate;
            for (uint256 i = 0; i < handler.count(); ++i) {
                ILeaseBook.Terms memory terms = handler.termsOf(i);
                if (terms.renter != renters[r] || terms.operator == address(0)) continue;
                LeaseHandler.Record memory record = handler.recordOf(i);
                uint256 left = record.paid + record.refunded;
                if (record.opened > left) exposure += record.opened - left;
                if (record.ends == 0) rate += terms.rate;
            }
            ILedger.Usage memory usage = ledger.usageOf(token, renters[r], operator);
            assertEq(usage.exposure, exposure, "exposure");
            assertEq(usage.rate, rate, "rate");
        }
    }

    function afterInvariant() public {
        handler.finish();
        assertEq(ledger.escrowOf(address(book), token), 0, "all is paid or refunded in the end");
        invariant_fundedIsPaidRefundedOrRemaining();
        invariant_everySecondIsSettledOnce();
        invariant_statusFollowsItsDefinition();
        invariant_unitsAreThoseOfLeasesThatRun();
        invariant_usageIsLiveExposure();
    }
}
