// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPayout} from "../../src/lease/IPayout.sol";
import {Payout} from "../../src/lease/Payout.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {LeaseRegistry} from "../mocks/LeaseRegistry.sol";
import {MoneyFalseToken, MoneyHookToken} from "../mocks/MoneyTokens.sol";
import {MoneyTest} from "../money/MoneyTest.sol";

contract PayoutTest is MoneyTest {
    Payout private payout;
    LeaseRegistry private registry;
    address private provider = makeAddr("provider");
    address private wallet = makeAddr("reward wallet");

    function setUp() public override {
        super.setUp();
        registry = new LeaseRegistry();
        registry.setWallet(provider, wallet);
        payout = new Payout(ledger, INodeRegistry(address(registry)));
        ledger.setModule(address(payout), "payout");
        _fund(provider, 1_000);
    }

    function _optIn(uint256 minimum) private {
        vm.prank(provider);
        payout.setMinimum(address(token), minimum);
    }

    function test_setMinimum() public {
        vm.expectEmit(address(payout));
        emit IPayout.MinimumSet(provider, address(token), 7);
        _optIn(7);
        assertEq(payout.minimumOf(provider, address(token)), 7);
    }

    function test_payOut_sendsAllToTheRewardWallet() public {
        _optIn(1_000);
        vm.expectEmit(address(payout));
        emit IPayout.PaidOut(provider, address(token), wallet, 1_000);
        vm.prank(bob);
        assertEq(payout.payOut(provider, address(token)), 1_000);
        assertEq(token.balanceOf(wallet), 1_000);
        assertEq(ledger.balanceOf(address(token), provider), 0);
        assertEq(ledger.balanceOf(address(token), address(payout)), 0);
        assertEq(ledger.escrowOf(address(payout), address(token)), 0);
    }

    function test_payOut_followsTheRewardWallet() public {
        _optIn(1);
        registry.setWallet(provider, bob);
        payout.payOut(provider, address(token));
        assertEq(token.balanceOf(bob), 1_000);
    }

    function test_payOut_revertsUnlessTheProviderWantsIt() public {
        vm.expectRevert(abi.encodeWithSelector(IPayout.Payout_NotOptedIn.selector, provider, address(token)));
        payout.payOut(provider, address(token));
        _optIn(1_001);
        vm.expectRevert(abi.encodeWithSelector(IPayout.Payout_BelowMinimum.selector, 1_000, 1_001));
        payout.payOut(provider, address(token));
        _optIn(1);
        _optIn(0);
        vm.expectRevert(abi.encodeWithSelector(IPayout.Payout_NotOptedIn.selector, provider, address(token)));
        payout.payOut(provider, address(token));
    }

    function test_payOut_revertsWithoutARewardWallet() public {
        _optIn(1);
        registry.setWallet(provider, address(0));
        vm.expectRevert(abi.encodeWithSelector(IPayout.Payout_NotProvider.selector, provider));
        payout.payOut(provider, address(token));
    }

    /// @dev A transfer that fails leaves the credit where it is, and the others in the batch are paid.
    function test_payOutMany_passesOverWhatFails() public {
        MoneyFalseToken refusing = new MoneyFalseToken();
        ledger.setToken(address(refusing), true);
        refusing.mint(address(this), 500);
        refusing.approve(address(ledger), 500);
        ledger.deposit(address(refusing), provider, 500);
        refusing.setRefuses(true);
        vm.prank(provider);
        payout.setMinimum(address(refusing), 1);
        address[] memory providers = new address[](1);
        providers[0] = provider;
        vm.expectEmit(true, true, false, false, address(payout));
        emit IPayout.PayoutFailed(provider, address(refusing), 0);
        payout.payOutMany(providers, address(refusing));
        assertEq(ledger.balanceOf(address(refusing), provider), 500);
        assertEq(ledger.escrowOf(address(payout), address(refusing)), 0);
        refusing.setRefuses(false);
        payout.payOutMany(providers, address(refusing));
        assertEq(refusing.balanceOf(wallet), 500);
    }

    function test_payOutMany_paysTheOthers() public {
        _optIn(1);
        address[] memory providers = new address[](3);
        (providers[0], providers[1], providers[2]) = (bob, provider, provider);
        payout.payOutMany(providers, address(token));
        assertEq(token.balanceOf(wallet), 1_000);
    }

    function testFuzz_payOutMany_cannotBeStarved(uint256 gasLimit) public {
        _optIn(1);
        address[] memory providers = new address[](1);
        providers[0] = provider;
        (bool success,) = address(payout).call{gas: bound(gasLimit, 30_000, 800_000)}(
            abi.encodeCall(IPayout.payOutMany, (providers, address(token)))
        );
        assertEq(token.balanceOf(wallet), success ? 1_000 : 0);
    }

    /// @dev A token that calls back in the middle finds the provider's credit gone already.
    function test_payOut_tokenCannotTakeItTwice() public {
        MoneyHookToken hook = new MoneyHookToken();
        ledger.setToken(address(hook), true);
        hook.mint(address(this), 1_000);
        hook.approve(address(ledger), 1_000);
        ledger.deposit(address(hook), provider, 500);
        ledger.deposit(address(hook), bob, 500);
        vm.prank(provider);
        payout.setMinimum(address(hook), 1);
        hook.setHook(address(payout), abi.encodeCall(IPayout.payOut, (provider, address(hook))));
        payout.payOut(provider, address(hook));
        assertFalse(hook.succeeded());
        assertEq(hook.balanceOf(wallet), 500);
        assertEq(ledger.balanceOf(address(hook), bob), 500);
    }

    function test_payOut_needsToBeAModule() public {
        _optIn(1);
        ledger.setModule(address(payout), 0);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_NotModule.selector, address(payout)));
        payout.payOut(provider, address(token));
    }
}
