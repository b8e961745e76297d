// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ILedger} from "../../src/money/ILedger.sol";
import {
    MoneyFalseToken,
    MoneyFeeToken,
    MoneyHookToken,
    MoneyNoReturnToken,
    MoneyPhantomToken,
    MoneyWallet
} from "../mocks/MoneyTokens.sol";
import {MoneyTest} from "./MoneyTest.sol";

contract LedgerDepositTest is MoneyTest {
    function test_deposit_creditsTheOwner() public {
        token.mint(bob, 10);
        vm.startPrank(bob);
        token.approve(address(ledger), 10);
        vm.expectEmit(address(ledger));
        emit ILedger.Deposited(address(token), alice, bob, 10);
        assertEq(ledger.deposit(address(token), alice, 10), 10);
        assertEq(ledger.balanceOf(address(token), alice), 10);
        assertEq(ledger.balanceOf(address(token), bob), 0);
    }

    function testFuzz_deposit_thenWithdraw(uint256 amount, uint256 part) public {
        amount = bound(amount, 1, type(uint256).max);
        part = bound(part, 1, amount);
        _fund(alice, amount);
        vm.prank(alice);
        ledger.withdraw(address(token), bob, part);
        assertEq(ledger.balanceOf(address(token), alice), amount - part);
        assertEq(token.balanceOf(bob), part);
        assertEq(token.balanceOf(address(ledger)), amount - part);
    }

    function test_deposit_revertsWhenTokenNotAllowed() public {
        ledger.setToken(address(token), false);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_TokenNotAllowed.selector, address(token)));
        ledger.deposit(address(token), alice, 1);
    }

    function test_deposit_revertsOnZero() public {
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        ledger.deposit(address(token), alice, 0);
    }

    function test_deposit_revertsOnZeroOwner() public {
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_InvalidAccount.selector, address(0)));
        ledger.deposit(address(token), address(0), 1);
    }

    function test_deposit_revertsOnTheLedgerAsOwner() public {
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_InvalidAccount.selector, address(ledger)));
        ledger.deposit(address(token), address(ledger), 1);
    }

    function test_deposit_revertsOnMoreThanThereIs() public {
        token.approve(address(ledger), type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, address(this), 0, type(uint256).max)
        );
        ledger.deposit(address(token), alice, type(uint256).max);
    }

    function testFuzz_deposit_creditsWhatArrived(uint256 amount, uint256 feeBps) public {
        amount = bound(amount, 1, 1e30);
        MoneyFeeToken fee = new MoneyFeeToken(bound(feeBps, 0, 9_999));
        ledger.setToken(address(fee), true);
        fee.mint(address(this), amount);
        fee.approve(address(ledger), amount);
        uint256 arrives = amount - amount * fee.feeBps() / 10_000;
        assertEq(ledger.deposit(address(fee), alice, amount), arrives);
        assertEq(ledger.balanceOf(address(fee), alice), arrives);
        assertEq(fee.balanceOf(address(ledger)), arrives);
    }

    function test_deposit_revertsWhenNothingArrives() public {
        MoneyFeeToken fee = new MoneyFeeToken(10_000);
        ledger.setToken(address(fee), true);
        fee.mint(address(this), 5);
        fee.approve(address(ledger), 5);
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        ledger.deposit(address(fee), alice, 5);
    }

    function test_deposit_takesTokensThatReturnNothing() public {
        MoneyNoReturnToken old = new MoneyNoReturnToken();
        ledger.setToken(address(old), true);
        old.mint(address(this), 5);
        old.approve(address(ledger), 5);
        assertEq(ledger.deposit(address(old), alice, 5), 5);
        vm.prank(alice);
        ledger.withdraw(address(old), bob, 5);
        assertEq(old.balanceOf(bob), 5);
    }

    function test_falseReturn_reverts() public {
        MoneyFalseToken liar = new MoneyFalseToken();
        ledger.setToken(address(liar), true);
        liar.mint(address(this), 10);
        liar.approve(address(ledger), 10);
        ledger.deposit(address(liar), address(this), 5);
        liar.setRefuses(true);
        bytes memory failed = abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(liar));
        vm.expectRevert(failed);
        ledger.deposit(address(liar), address(this), 5);
        vm.expectRevert(failed);
        ledger.withdraw(address(liar), bob, 5);
        assertEq(ledger.balanceOf(address(liar), address(this)), 5);
    }

    function test_donation_isNobodys() public {
        _fund(alice, 5);
        token.mint(address(ledger), 100);
        _fund(bob, 7);
        assertEq(ledger.balanceOf(address(token), alice), 5);
        assertEq(ledger.balanceOf(address(token), bob), 7);
    }

    function test_hook_cannotReenter() public {
        MoneyHookToken hook = new MoneyHookToken();
        ledger.setToken(address(hook), true);
        hook.mint(address(this), 100);
        hook.approve(address(ledger), 100);
        ledger.deposit(address(hook), address(hook), 50);
        ledger.deposit(address(hook), address(this), 10);
        bytes memory refused = abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);

        hook.setHook(address(ledger), abi.encodeCall(ILedger.withdraw, (address(hook), bob, 50)));
        ledger.deposit(address(hook), address(this), 1);
        assertFalse(hook.succeeded());
        assertEq(hook.answer(), refused);

        hook.setHook(address(ledger), abi.encodeCall(ILedger.deposit, (address(hook), bob, 1)));
        ledger.withdraw(address(hook), address(this), 1);
        assertFalse(hook.succeeded());
        assertEq(hook.answer(), refused);
        assertEq(hook.balanceOf(address(ledger)), 60);
    }
}

contract LedgerPermitTest is MoneyTest {
    uint256 private constant AMOUNT = 50;

    function setUp() public override {
        super.setUp();
        token.mint(alice, 100);
    }

    function test_depositWithPermit_creditsTheCaller() public {
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(aliceKey, alice, AMOUNT, START + 1);
        vm.prank(alice);
        assertEq(ledger.depositWithPermit(address(token), AMOUNT, START + 1, v, r, s), AMOUNT);
        assertEq(ledger.balanceOf(address(token), alice), AMOUNT);
    }

    function test_depositWithPermit_survivesAFrontRun() public {
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(aliceKey, alice, AMOUNT, START + 1);
        vm.prank(bob);
        token.permit(alice, address(ledger), AMOUNT, START + 1, v, r, s);
        vm.prank(alice);
        assertEq(ledger.depositWithPermit(address(token), AMOUNT, START + 1, v, r, s), AMOUNT);
    }

    function test_depositWithPermit_revertsOnAnothersPermit() public {
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(aliceKey, alice, AMOUNT, START + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(ledger), 0, AMOUNT)
        );
        vm.prank(bob);
        ledger.depositWithPermit(address(token), AMOUNT, START + 1, v, r, s);
    }

    function test_depositWithPermit_revertsWhenTokenNotAllowed() public {
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_TokenNotAllowed.selector, bob));
        ledger.depositWithPermit(bob, 1, START, 0, 0, 0);
    }

    function test_depositWithPermit_revertsOnZero() public {
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        ledger.depositWithPermit(address(token), 0, START, 0, 0, 0);
    }

    function test_depositWithPermit_isNotFooledByAPhantomPermit() public {
        MoneyPhantomToken phantom = new MoneyPhantomToken();
        ledger.setToken(address(phantom), true);
        phantom.mint(alice, 10);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(ledger), 0, 10)
        );
        vm.prank(alice);
        ledger.depositWithPermit(address(phantom), 10, START, 0, 0, 0);
    }
}

contract LedgerAuthorizationTest is MoneyTest {
    bytes32 private constant ACTION = keccak256("action");

    function setUp() public override {
        super.setUp();
        token.mint(alice, 1_000);
        ledger.setModule(address(this), PRODUCT);
    }

    function test_depositWithAuthorization_creditsTheSigner() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(0), 0);
        vm.expectEmit(address(ledger));
        emit ILedger.Deposited(address(token), alice, alice, 50);
        vm.prank(bob);
        assertEq(ledger.depositWithAuthorization(a), 50);
        assertEq(ledger.balanceOf(address(token), alice), 50);
    }

    function testFuzz_depositWithAuthorization_creditsTheSigner(uint256 amount, bytes32 salt) public {
        amount = bound(amount, 1, 1_000);
        ILedger.Authorization memory a = _authorization(aliceKey, alice, amount, address(0), 0);
        // A smaller one but 0 would not be the next of its sequence.
        a.salt = uint256(salt) <= type(uint64).max ? bytes32(0) : salt;
        a.signature = _signAuthorization(aliceKey, a, address(0), 0);
        assertEq(ledger.depositWithAuthorization(a), amount);
    }

    function test_depositWithAuthorization_takesContractSignatures() public {
        MoneyWallet wallet = new MoneyWallet(alice);
        token.mint(address(wallet), 5);
        ledger.depositWithAuthorization(_authorization(aliceKey, address(wallet), 5, address(0), 0));
        assertEq(ledger.balanceOf(address(token), address(wallet)), 5);
    }

    function test_depositWithAuthorization_onlyOnce() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(0), 0);
        ledger.depositWithAuthorization(a);
        uint256 used = uint256(ledger.authorizationNonce(address(0), 0, a.salt));
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, alice, used + 1));
        ledger.depositWithAuthorization(a);
        assertEq(ledger.balanceOf(address(token), alice), 50);
    }

    function test_depositWithAuthorization_cannotBeTakenFromTheTokenDirectly() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(0), 0);
        bytes32 nonce = ledger.authorizationNonce(address(0), 0, a.salt);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(ledger)));
        vm.prank(bob);
        token.receiveWithAuthorization(alice, address(ledger), 50, a.validAfter, a.validBefore, nonce, a.signature);
    }

    function test_depositWithAuthorization_revertsOnAlteredFields() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(0), 0);
        a.amount = 51;
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        ledger.depositWithAuthorization(a);
    }

    function test_depositWithAuthorization_revertsWhenExpired() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(0), 0);
        vm.warp(a.validBefore + 1);
        vm.expectRevert(
            abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, a.validAfter, a.validBefore)
        );
        ledger.depositWithAuthorization(a);
    }

    function test_depositWithAuthorization_revertsWhenTokenNotAllowed() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(0), 0);
        ledger.setToken(address(token), false);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_TokenNotAllowed.selector, address(token)));
        ledger.depositWithAuthorization(a);
    }

    function test_depositWithAuthorization_revertsOnZero() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 0, address(0), 0);
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        ledger.depositWithAuthorization(a);
    }

    function test_depositWithAuthorization_isNotFooledByAPhantom() public {
        MoneyPhantomToken phantom = new MoneyPhantomToken();
        ledger.setToken(address(phantom), true);
        phantom.mint(address(ledger), 100);
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(0), 0);
        a.token = address(phantom);
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        ledger.depositWithAuthorization(a);
    }

    function test_pullWithAuthorizationAndEscrow_creditsTheRest() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(this), ACTION);
        vm.expectEmit(address(ledger));
        emit ILedger.EscrowedFromWallet(address(this), alice, address(token), 50, 20);
        ledger.pullWithAuthorizationAndEscrow(a, ACTION, 20);
        assertEq(ledger.balanceOf(address(token), alice), 30);
        assertEq(ledger.escrowOf(address(this), address(token)), 20);
    }

    function testFuzz_pullWithAuthorizationAndEscrow_takesWhatIsMissingFromTheBalance(uint256 amount, uint256 needed)
        public
    {
        amount = bound(amount, 1, 1_000);
        needed = bound(needed, 1, 1_500);
        _fund(alice, 500);
        ILedger.Authorization memory a = _authorization(aliceKey, alice, amount, address(this), ACTION);
        if (needed > 500 + amount) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ILedger.Ledger_InsufficientBalance.selector, address(token), alice, 500, needed - amount
                )
            );
            ledger.pullWithAuthorizationAndEscrow(a, ACTION, needed);
            return;
        }
        ledger.pullWithAuthorizationAndEscrow(a, ACTION, needed);
        assertEq(ledger.balanceOf(address(token), alice), 500 + amount - needed);
        assertEq(ledger.escrowOf(address(this), address(token)), needed);
    }

    function test_pullWithAuthorizationAndEscrow_bindsTheAction() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(this), ACTION);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        ledger.pullWithAuthorizationAndEscrow(a, keccak256("another"), 50);
    }

    function test_pullWithAuthorizationAndEscrow_bindsTheModule() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(this), ACTION);
        ledger.setModule(bob, PRODUCT);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        vm.prank(bob);
        ledger.pullWithAuthorizationAndEscrow(a, ACTION, 50);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        ledger.depositWithAuthorization(a);
    }

    function test_pullWithAuthorizationAndEscrow_revertsForNoModule() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, bob, ACTION);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_NotModule.selector, bob));
        vm.prank(bob);
        ledger.pullWithAuthorizationAndEscrow(a, ACTION, 50);
    }

    function test_pullWithAuthorizationAndEscrow_revertsOnZeroAndWhenNotAllowed() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(this), ACTION);
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        ledger.pullWithAuthorizationAndEscrow(a, ACTION, 0);
        ledger.setToken(address(token), false);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_TokenNotAllowed.selector, address(token)));
        ledger.pullWithAuthorizationAndEscrow(a, ACTION, 50);
    }

    function testFuzz_authorizationNonce_isAKeyAndASequence(address module, bytes32 action, bytes32 salt) public view {
        bool counts = uint256(salt) <= type(uint64).max;
        bytes32 full = keccak256(abi.encode(module, action, counts ? bytes32(0) : salt));
        bytes32 nonce = ledger.authorizationNonce(module, action, salt);
        assertEq(uint64(uint256(nonce)), counts ? uint64(uint256(salt)) : 0);
        assertEq(uint256(nonce) >> 64, uint256(full) >> 64);
    }

    function testFuzz_depositWithAuthorization_countsUp(uint64 from, uint8 more) public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 1, address(0), 0);
        if (from != 0) {
            a.salt = bytes32(uint256(from));
            a.signature = _signAuthorization(aliceKey, a, address(0), 0);
            uint256 key = uint256(ledger.authorizationNonce(address(0), 0, 0));
            vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, alice, key));
            ledger.depositWithAuthorization(a);
        }
        for (uint256 i; i <= more % 8; ++i) {
            a.salt = bytes32(i);
            a.signature = _signAuthorization(aliceKey, a, address(0), 0);
            ledger.depositWithAuthorization(a);
            vm.expectPartialRevert(Nonces.InvalidAccountNonce.selector);
            ledger.depositWithAuthorization(a);
        }
        assertEq(ledger.balanceOf(address(token), alice), 1 + more % 8);
    }
}

contract LedgerWithdrawTest is MoneyTest {
    function setUp() public override {
        super.setUp();
        _fund(alice, 100);
    }

    function test_withdraw_sendsTokens() public {
        vm.expectEmit(address(ledger));
        emit ILedger.Withdrawn(address(token), alice, bob, 30);
        vm.prank(alice);
        ledger.withdraw(address(token), bob, 30);
        assertEq(token.balanceOf(bob), 30);
        assertEq(ledger.balanceOf(address(token), alice), 70);
    }

    function test_withdraw_worksWhenTokenNoLongerAllowed() public {
        ledger.setToken(address(token), false);
        vm.prank(alice);
        ledger.withdraw(address(token), alice, 100);
        assertEq(token.balanceOf(alice), 100);
    }

    function test_withdraw_revertsOnZero() public {
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        vm.prank(alice);
        ledger.withdraw(address(token), alice, 0);
    }

    function testFuzz_withdraw_revertsAboveTheBalance(uint256 amount) public {
        amount = bound(amount, 101, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_InsufficientBalance.selector, address(token), alice, 100, amount)
        );
        vm.prank(alice);
        ledger.withdraw(address(token), alice, amount);
    }

    function test_withdraw_revertsToNobodyAndToTheLedger() public {
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_InvalidAccount.selector, address(0)));
        ledger.withdraw(address(token), address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_InvalidAccount.selector, address(ledger)));
        ledger.withdraw(address(token), address(ledger), 1);
    }
}
