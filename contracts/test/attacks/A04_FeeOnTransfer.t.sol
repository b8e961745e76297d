// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {
    MoneyFalseToken,
    MoneyFeeToken,
    MoneyHookToken,
    MoneyNoReturnToken,
    MoneyRebasingToken
} from "../mocks/MoneyTokens.sol";
import {MoneyTest} from "../money/MoneyTest.sol";

/// @title Tokens that keep a fee, shrink, lie, say nothing or call back: the Ledger never owes what did not arrive
contract A04_FeeOnTransfer is MoneyTest {
    address private module = makeAddr("module");

    function setUp() public override {
        super.setUp();
        ledger.setModule(module, PRODUCT);
    }

    function testFuzz_AFeeIsNobodyElsesLoss(uint256 amount, uint256 feeBps, uint256 escrowed) public {
        amount = bound(amount, 1, 1e30);
        MoneyFeeToken fee = new MoneyFeeToken(bound(feeBps, 0, 9_000));
        ledger.setToken(address(fee), true);
        _give(fee, bob, 1e30);
        vm.prank(bob);
        ledger.deposit(address(fee), bob, 1e30);
        uint256 bobs = ledger.balanceOf(address(fee), bob);

        _give(fee, alice, amount);
        escrowed = bound(escrowed, 1, amount);
        vm.prank(module);
        // It works only if what arrives covers it: the balance of another never does.
        try ledger.pullAndEscrow(address(fee), alice, escrowed) {
            assertEq(escrowed * fee.feeBps() / 10_000, 0);
        } catch {
            assertEq(ledger.escrowOf(module, address(fee)), 0);
        }
        assertEq(ledger.balanceOf(address(fee), bob), bobs);
        assertEq(
            fee.balanceOf(address(ledger)), bobs + ledger.escrowOf(module, address(fee)), "it owes what did not arrive"
        );
    }

    /// @dev A rebase is the loss of those who hold the token, and of no other token.
    function testFuzz_ARebaseStaysInItsToken(uint256 keptBps) public {
        MoneyRebasingToken shrinking = new MoneyRebasingToken();
        ledger.setToken(address(shrinking), true);
        shrinking.mint(alice, 1_000);
        vm.startPrank(alice);
        shrinking.approve(address(ledger), 1_000);
        ledger.deposit(address(shrinking), alice, 1_000);
        vm.stopPrank();
        _fund(alice, 1_000);
        shrinking.rebase(bound(keptBps, 0, 9_999));
        uint256 there = shrinking.balanceOf(address(ledger));
        vm.startPrank(alice);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientBalance.selector);
        ledger.withdraw(address(shrinking), alice, 1_000);
        if (there != 0) ledger.withdraw(address(shrinking), alice, there);
        ledger.withdraw(address(token), alice, 1_000);
    }

    function test_ATokenThatAnswersFalseMovesNothing() public {
        MoneyFalseToken liar = new MoneyFalseToken();
        ledger.setToken(address(liar), true);
        liar.mint(alice, 10);
        vm.startPrank(alice);
        liar.approve(address(ledger), 10);
        liar.setRefuses(true);
        bytes memory refused = abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, liar);
        vm.expectRevert(refused);
        ledger.deposit(address(liar), alice, 5);
        vm.stopPrank();
        vm.expectRevert(refused);
        vm.prank(module);
        ledger.pullAndEscrow(address(liar), alice, 5);
        assertEq(ledger.balanceOf(address(liar), alice), 0);
    }

    function test_ATokenThatAnswersNothingIsTaken() public {
        MoneyNoReturnToken silent = new MoneyNoReturnToken();
        ledger.setToken(address(silent), true);
        silent.mint(alice, 10);
        vm.startPrank(alice);
        silent.approve(address(ledger), 10);
        ledger.deposit(address(silent), alice, 5);
        vm.stopPrank();
        vm.prank(module);
        ledger.pullAndEscrow(address(silent), alice, 5);
        vm.prank(alice);
        ledger.withdraw(address(silent), alice, 5);
        assertEq(silent.balanceOf(alice), 5);
        assertEq(silent.balanceOf(address(ledger)), 5);
    }

    /// @dev A deposit inside a deposit would count twice what arrived once.
    function test_ATokenThatCallsBackIsCreditedOnce() public {
        MoneyHookToken hook = new MoneyHookToken();
        ledger.setToken(address(hook), true);
        hook.mint(alice, 10);
        hook.mint(address(hook), 10);
        vm.prank(address(hook));
        hook.approve(address(ledger), 10);
        hook.setHook(address(ledger), abi.encodeCall(ILedger.deposit, (address(hook), address(hook), 10)));
        vm.startPrank(alice);
        hook.approve(address(ledger), 10);
        ledger.deposit(address(hook), alice, 10);
        assertFalse(hook.succeeded());
        assertEq(
            ledger.balanceOf(address(hook), alice) + ledger.balanceOf(address(hook), address(hook)),
            hook.balanceOf(address(ledger))
        );
    }

    function _give(MoneyFeeToken fee, address owner, uint256 amount) private {
        fee.mint(owner, amount);
        vm.prank(owner);
        fee.approve(address(ledger), type(uint256).max);
    }
}
