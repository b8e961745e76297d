// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILedger} from "../../src/money/ILedger.sol";
import {MoneyTest} from "../money/MoneyTest.sol";

/// @title Golem's closeDeposit took the fee of a deposit once more when it was closed, out of what others had deposited
/// @notice Here a module's escrow pays for all that it releases, fees included, and what is released is gone.
contract GolemDoubleFeeTest is MoneyTest {
    address private module = makeAddr("module");
    address private other = makeAddr("other module");
    address private payee = makeAddr("payee");

    function setUp() public override {
        super.setUp();
        ledger.setModule(module, PRODUCT);
        ledger.setModule(other, "other");
        ledger.setFeeCollector(makeAddr("collector"));
        _fund(alice, 1_000);
        _fund(bob, 1_000);
        vm.prank(other);
        ledger.escrow(address(token), bob, bob, 1_000, 0, 0);
    }

    function testFuzz_aSecondFeeFindsNoEscrow(uint256 amount, uint256 fee) public {
        amount = bound(amount, 1, 1_000);
        fee = bound(fee, 1, amount);
        vm.startPrank(module);
        ledger.escrow(address(token), alice, alice, amount, 0, 0);
        ledger.release(address(token), payee, alice, amount - fee, fee, 0);
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_InsufficientEscrow.selector, module, address(token), 0, fee)
        );
        ledger.release(address(token), payee, alice, 0, fee, 0);
        vm.stopPrank();

        assertEq(ledger.collectFees(module, address(token)), fee);
        assertEq(ledger.collectFees(module, address(token)), 0);
        assertEq(ledger.escrowOf(other, address(token)), 1_000, "what others hold");
        uint256 owed = ledger.balanceOf(address(token), alice) + ledger.balanceOf(address(token), payee) + fee + 1_000;
        assertEq(token.balanceOf(address(ledger)), owed);
    }
}
