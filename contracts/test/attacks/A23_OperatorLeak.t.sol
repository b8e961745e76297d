// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {LeaseTest} from "../lease/LeaseTest.sol";

/// @title An operator's usage is what its leases hold, and a revocation stops every increase at once
contract OperatorLeakTest is LeaseTest {
    uint256 private constant NEEDED = uint256(RATE) * FUNDED + HOLD * GRACE;

    function _allow(uint256 exposure) private {
        vm.prank(alice);
        ledger.setAllowance(
            address(token),
            operator,
            ILedger.Allowance(type(uint128).max, uint128(exposure), type(uint40).max, type(uint32).max)
        );
    }

    function test_aRevocationStopsIncreases() public {
        _allow(10 * NEEDED);
        ILeaseBook.Terms memory terms = _open(_offer(), _request(), operator);
        _allow(0);
        ILeaseBook.Request memory request = _request();
        request.salt = "another";
        bytes memory signature = _signOffer(_offer());
        vm.startPrank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_ExposureCapExceeded.selector, alice, operator, 2 * NEEDED, 0)
        );
        book.open(_offer(), signature, request);
        // A top-up is the payer's own money.
        vm.expectPartialRevert(ILedger.Ledger_InsufficientBalance.selector);
        book.topUp(terms, 1);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_NotAuthorized.selector, operator));
        book.close(terms);
        vm.stopPrank();
        vm.warp(START + 200);
        vm.prank(alice);
        book.close(terms);
        book.settle(terms);
        assertEq(ledger.usageOf(address(token), alice, operator).exposure, 0);
    }

    /// @dev The renter's own leases and those of another operator are no part of it.
    function test_usageIsThisOperatorsAlone() public {
        _allow(NEEDED);
        _open(_offer(), _request(), operator);
        ILeaseBook.Request memory request = _request();
        request.salt = "another";
        ILeaseBook.Terms memory own = _open(_offer(), request, alice);
        vm.warp(START + 200);
        book.settle(own);
        vm.prank(alice);
        book.close(own);
        assertEq(ledger.usageOf(address(token), alice, operator).exposure, NEEDED);
    }
}
