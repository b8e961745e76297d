// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {MoneyTest} from "../money/MoneyTest.sol";

/// @title A permit that somebody spends first must not block the deposit that it was for
contract A11_PermitFrontRun is MoneyTest {
    function testFuzz_TheDepositWorksAnyway(uint256 amount, bool frontRun) public {
        amount = bound(amount, 1, type(uint128).max);
        token.mint(alice, amount);
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(aliceKey, alice, amount, START + 1);
        if (frontRun) {
            vm.prank(bob);
            token.permit(alice, address(ledger), amount, START + 1, v, r, s);
        }
        vm.prank(alice);
        assertEq(ledger.depositWithPermit(address(token), amount, START + 1, v, r, s), amount);
        assertEq(ledger.balanceOf(address(token), alice), amount);
    }

    /// @dev Who spends it first can do nothing else with it: the allowance is the Ledger's, for its caller.
    function test_TheFrontRunnerGetsNothing() public {
        token.mint(alice, 5);
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(aliceKey, alice, 5, START + 1);
        vm.startPrank(bob);
        token.permit(alice, address(ledger), 5, START + 1, v, r, s);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        ledger.deposit(address(token), bob, 5);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        ledger.depositWithPermit(address(token), 5, START + 1, v, r, s);
        assertEq(token.balanceOf(alice), 5);
    }
}
