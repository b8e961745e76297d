// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";

import {LeaseHandler} from "../lease/LeaseHandler.sol";

/// @title A policy can neither raise a payment, nor block a close or a refund.
contract PolicyInvariant is Test {
    LeaseHandler private handler;

    function setUp() public {
        handler = new LeaseHandler();
        bytes4[] memory selectors = new bytes4[](14);
        selectors[0] = LeaseHandler.wait.selector;
        selectors[1] = LeaseHandler.waitForGrace.selector;
        selectors[2] = LeaseHandler.waitForGrace.selector;
        selectors[3] = LeaseHandler.misbehave.selector;
        selectors[4] = LeaseHandler.misbehave.selector;
        selectors[5] = LeaseHandler.open.selector;
        selectors[6] = LeaseHandler.open.selector;
        selectors[7] = LeaseHandler.topUp.selector;
        selectors[8] = LeaseHandler.topUp.selector;
        selectors[9] = LeaseHandler.settle.selector;
        selectors[10] = LeaseHandler.settleMany.selector;
        selectors[11] = LeaseHandler.close.selector;
        selectors[12] = LeaseHandler.close.selector;
        selectors[13] = LeaseHandler.reclaim.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    function invariant_noPolicyRaisesAPayment() public view {
        assertEq(handler.overpayments(), 0);
    }

    /// @notice Every close and reclaim works within gas that no policy was given, and refunds at once.
    function invariant_noPolicyBlocksAClose() public view {
        assertEq(handler.blocked(), 0);
    }

    /// @notice Two weeks after its end, one settlement closes a lease.
    function invariant_noPolicyBlocksARefund() public view {
        assertEq(handler.stuck(), 0);
    }

    function afterInvariant() public {
        handler.finish();
        assertEq(handler.stuck(), 0);
        assertEq(handler.overpayments(), 0);
    }
}
