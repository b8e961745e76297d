// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ILedger} from "../../src/money/ILedger.sol";
import {MoneyFeeToken, MoneyWallet} from "../mocks/MoneyTokens.sol";
import {MoneyTest} from "./MoneyTest.sol";

interface IPermit2Errors {
    error InvalidNonce();
    error InvalidSigner();
    error SignatureExpired(uint256 deadline);
}

/// @notice Against the code of Permit2 as it is deployed.
contract LedgerPermit2Test is MoneyTest {
    bytes32 private constant ACTION = keccak256("action");

    function setUp() public override {
        // The code keeps the domain of the chain that it was made on; on every other it must derive its own.
        vm.chainId(42_161);
        super.setUp();
        _installPermit2();
        token.mint(alice, 1_000);
        _approvePermit2(alice, address(token));
        ledger.setModule(address(this), PRODUCT);
    }

    function _approvePermit2(address owner, address token_) private {
        address permit2 = ledger.PERMIT2();
        vm.prank(owner);
        IERC20(token_).approve(permit2, type(uint256).max);
    }

    function testFuzz_depositWithPermit2_creditsTheSigner(uint256 amount, uint256 nonce) public {
        ILedger.Permit memory p;
        (p.token, p.from, p.amount) = (address(token), alice, bound(amount, 1, 1_000));
        (p.nonce, p.deadline) = (nonce, START);
        p.signature = _signPermit2(aliceKey, p, address(0), 0);
        vm.expectEmit(address(ledger));
        emit ILedger.Deposited(address(token), alice, alice, p.amount);
        vm.prank(bob);
        assertEq(ledger.depositWithPermit2(p), p.amount);
        assertEq(ledger.balanceOf(address(token), alice), p.amount);
        assertEq(token.balanceOf(address(ledger)), p.amount);
    }

    function test_depositWithPermit2_creditsWhatArrived() public {
        MoneyFeeToken fee = new MoneyFeeToken(100);
        ledger.setToken(address(fee), true);
        fee.mint(alice, 1_000);
        _approvePermit2(alice, address(fee));
        ILedger.Permit memory p = _permit(aliceKey, alice, 1_000, address(0), 0);
        p.token = address(fee);
        p.signature = _signPermit2(aliceKey, p, address(0), 0);
        assertEq(ledger.depositWithPermit2(p), 990);
        assertEq(ledger.balanceOf(address(fee), alice), 990);
    }

    function test_depositWithPermit2_takesContractSignatures() public {
        MoneyWallet wallet = new MoneyWallet(alice);
        token.mint(address(wallet), 5);
        _approvePermit2(address(wallet), address(token));
        assertEq(ledger.depositWithPermit2(_permit(aliceKey, address(wallet), 5, address(0), 0)), 5);
        assertEq(ledger.balanceOf(address(token), address(wallet)), 5);
    }

    function test_depositWithPermit2_onlyOnce() public {
        ILedger.Permit memory p = _permit(aliceKey, alice, 50, address(0), 0);
        ledger.depositWithPermit2(p);
        vm.expectRevert(IPermit2Errors.InvalidNonce.selector);
        ledger.depositWithPermit2(p);
    }

    function testFuzz_depositWithPermit2_revertsOnAlteredFields(uint256 field) public {
        ILedger.Permit memory p = _permit(aliceKey, alice, 50, address(0), 0);
        field = bound(field, 0, 3);
        if (field == 0) p.amount = 49;
        if (field == 1) p.nonce = 8;
        if (field == 2) p.deadline += 1;
        if (field == 3) p.from = bob;
        vm.expectRevert(IPermit2Errors.InvalidSigner.selector);
        ledger.depositWithPermit2(p);
    }

    function test_depositWithPermit2_revertsWhenExpired() public {
        ILedger.Permit memory p = _permit(aliceKey, alice, 50, address(0), 0);
        vm.warp(p.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IPermit2Errors.SignatureExpired.selector, p.deadline));
        ledger.depositWithPermit2(p);
    }

    function test_depositWithPermit2_revertsWhenNotAllowedOrPausedOrZero() public {
        ILedger.Permit memory p = _permit(aliceKey, alice, 0, address(0), 0);
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        ledger.depositWithPermit2(p);
        p = _permit(aliceKey, alice, 50, address(0), 0);
        ledger.setPaused(true);
        vm.expectRevert(ILedger.Ledger_Paused.selector);
        ledger.depositWithPermit2(p);
        ledger.setToken(address(token), false);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_TokenNotAllowed.selector, address(token)));
        ledger.depositWithPermit2(p);
    }

    function test_pullWithPermit2AndEscrow_creditsTheRest() public {
        ILedger.Permit memory p = _permit(aliceKey, alice, 50, address(this), ACTION);
        vm.expectEmit(address(ledger));
        emit ILedger.EscrowedFromWallet(address(this), alice, address(token), 50, 20);
        ledger.pullWithPermit2AndEscrow(p, ACTION, 20);
        assertEq(ledger.balanceOf(address(token), alice), 30);
        assertEq(ledger.escrowOf(address(this), address(token)), 20);
    }

    function test_pullWithPermit2AndEscrow_bindsTheActionAndTheModule() public {
        ILedger.Permit memory p = _permit(aliceKey, alice, 50, address(this), ACTION);
        vm.expectRevert(IPermit2Errors.InvalidSigner.selector);
        ledger.pullWithPermit2AndEscrow(p, keccak256("another"), 50);
        ledger.setModule(bob, PRODUCT);
        vm.expectRevert(IPermit2Errors.InvalidSigner.selector);
        vm.prank(bob);
        ledger.pullWithPermit2AndEscrow(p, ACTION, 50);
        vm.expectRevert(IPermit2Errors.InvalidSigner.selector);
        ledger.depositWithPermit2(p);
    }

    function test_pullWithPermit2AndEscrow_revertsForNoModule() public {
        ILedger.Permit memory p = _permit(aliceKey, alice, 50, bob, ACTION);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_NotModule.selector, bob));
        vm.prank(bob);
        ledger.pullWithPermit2AndEscrow(p, ACTION, 50);
    }
}
