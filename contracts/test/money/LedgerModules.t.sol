// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ILedger} from "../../src/money/ILedger.sol";
import {MoneyFeeToken} from "../mocks/MoneyTokens.sol";
import {MoneyTest} from "./MoneyTest.sol";

contract LedgerModuleTest is MoneyTest {
    address private module = makeAddr("module");
    address private other = makeAddr("other module");

    function setUp() public override {
        super.setUp();
        ledger.setModule(module, PRODUCT);
        _fund(alice, 1_000);
    }

    function _escrowFor(address owner, uint256 amount) private {
        vm.prank(module);
        ledger.escrow(address(token), owner, owner, amount, 0, 0);
    }

    function _approve(address owner, address token_, uint256 amount) private {
        vm.prank(owner);
        IERC20(token_).approve(address(ledger), amount);
    }

    function test_pullAndEscrow_leavesTheBalanceAlone() public {
        token.mint(alice, 10);
        _approve(alice, address(token), 10);
        vm.expectEmit(address(ledger));
        emit ILedger.EscrowedFromWallet(module, alice, address(token), 10, 10);
        vm.prank(module);
        ledger.pullAndEscrow(address(token), alice, 10);
        assertEq(ledger.balanceOf(address(token), alice), 1_000);
        assertEq(ledger.escrowOf(module, address(token)), 10);
        assertEq(token.balanceOf(alice), 0);
    }

    function testFuzz_pullAndEscrow_takesATokensFeeFromTheBalance(uint256 amount, uint256 feeBps) public {
        amount = bound(amount, 1, 1e30);
        MoneyFeeToken fee = new MoneyFeeToken(bound(feeBps, 0, 9_999));
        ledger.setToken(address(fee), true);
        uint256 missing = amount * fee.feeBps() / 10_000;
        fee.mint(bob, amount);
        _approve(bob, address(fee), type(uint256).max);
        if (missing != 0) {
            vm.expectRevert(
                abi.encodeWithSelector(ILedger.Ledger_InsufficientBalance.selector, address(fee), bob, 0, missing)
            );
            vm.prank(module);
            ledger.pullAndEscrow(address(fee), bob, amount);

            uint256 enough = missing * 10_000 / (10_000 - fee.feeBps()) + 1;
            fee.mint(address(this), enough);
            fee.approve(address(ledger), enough);
            ledger.deposit(address(fee), bob, enough);
        }
        uint256 balance = ledger.balanceOf(address(fee), bob);
        vm.prank(module);
        ledger.pullAndEscrow(address(fee), bob, amount);
        assertEq(ledger.balanceOf(address(fee), bob), balance - missing);
        assertEq(ledger.escrowOf(module, address(fee)), amount);
        assertEq(fee.balanceOf(address(ledger)), balance - missing + amount);
    }

    function test_pullAndEscrow_revertsForNoModule() public {
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_NotModule.selector, bob));
        vm.prank(bob);
        ledger.pullAndEscrow(address(token), alice, 1);
    }

    function test_pullAndEscrow_revertsForAStoppedModule() public {
        _escrowFor(alice, 1);
        ledger.setModule(module, 0);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_NotModule.selector, module));
        vm.prank(module);
        ledger.pullAndEscrow(address(token), alice, 1);
    }

    function test_pullAndEscrow_revertsOnZero() public {
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        vm.prank(module);
        ledger.pullAndEscrow(address(token), alice, 0);
    }

    function test_pullAndEscrow_revertsWhenTokenNotAllowed() public {
        ledger.setToken(address(token), false);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_TokenNotAllowed.selector, address(token)));
        vm.prank(module);
        ledger.pullAndEscrow(address(token), alice, 1);
    }

    function test_escrow_movesOutOfTheBalance() public {
        vm.expectEmit(address(ledger));
        emit ILedger.Escrowed(module, alice, address(token), 400);
        _escrowFor(alice, 400);
        assertEq(ledger.balanceOf(address(token), alice), 600);
        assertEq(ledger.escrowOf(module, address(token)), 400);
    }

    function test_escrow_revertsForNoModule() public {
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_NotModule.selector, bob));
        vm.prank(bob);
        ledger.escrow(address(token), alice, alice, 1, 0, 0);
    }

    function test_escrow_revertsForAStoppedModule() public {
        ledger.setModule(module, 0);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_NotModule.selector, module));
        _escrowFor(alice, 1);
    }

    function test_escrow_revertsOnZero() public {
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        _escrowFor(alice, 0);
    }

    function test_escrow_revertsAboveTheBalance() public {
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_InsufficientBalance.selector, address(token), alice, 1_000, 1_001)
        );
        _escrowFor(alice, 1_001);
    }

    function test_escrow_revertsWhenItDoesNotFit() public {
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_AmountTooLarge.selector, type(uint256).max, type(uint120).max)
        );
        _escrowFor(alice, type(uint256).max);

        _fund(bob, type(uint160).max);
        _escrowFor(bob, type(uint120).max - 10);
        vm.prank(module);
        ledger.release(address(token), bob, bob, 0, 4, 0);
        // Fees take room too: 120 bits hold both.
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_AmountTooLarge.selector, 11, 10));
        _escrowFor(bob, 11);
        _escrowFor(bob, 10);
    }

    function test_release_movesToEach() public {
        _escrowFor(alice, 100);
        vm.expectEmit(address(ledger));
        emit ILedger.Released(module, bob, alice, address(token), 50, 3, 20);
        vm.prank(module);
        ledger.release(address(token), bob, alice, 50, 3, 20);
        assertEq(ledger.balanceOf(address(token), bob), 50);
        assertEq(ledger.balanceOf(address(token), alice), 920);
        assertEq(ledger.feesOf(module, address(token)), 3);
        assertEq(ledger.escrowOf(module, address(token)), 27);
    }

    function testFuzz_release_conserves(uint256 amount, uint256 payment, uint256 fee, uint256 refund) public {
        amount = bound(amount, 1, 1_000);
        payment = bound(payment, 0, amount);
        fee = bound(fee, 0, amount - payment);
        refund = bound(refund, 0, amount - payment - fee);
        vm.assume(payment + fee + refund != 0);
        _escrowFor(alice, amount);
        vm.prank(module);
        ledger.release(address(token), bob, alice, payment, fee, refund);
        uint256 sum = ledger.balanceOf(address(token), alice) + ledger.balanceOf(address(token), bob)
            + ledger.feesOf(module, address(token)) + ledger.escrowOf(module, address(token));
        assertEq(sum, 1_000);
        assertEq(ledger.escrowOf(module, address(token)), amount - payment - fee - refund);
    }

    function test_release_worksForAStoppedModule() public {
        _escrowFor(alice, 100);
        ledger.setModule(module, 0);
        vm.prank(module);
        ledger.release(address(token), bob, alice, 100, 0, 0);
        assertEq(ledger.balanceOf(address(token), bob), 100);
    }

    function test_release_payeeMayBeNobodyForNothing() public {
        _escrowFor(alice, 100);
        vm.startPrank(module);
        ledger.release(address(token), address(0), alice, 0, 0, 60);
        ledger.release(address(token), bob, address(0), 40, 0, 0);
        assertEq(ledger.escrowOf(module, address(token)), 0);
    }

    function test_release_revertsToNobody() public {
        _escrowFor(alice, 100);
        vm.startPrank(module);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_InvalidAccount.selector, address(0)));
        ledger.release(address(token), address(0), alice, 1, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_InvalidAccount.selector, address(0)));
        ledger.release(address(token), bob, address(0), 0, 0, 1);
    }

    function test_release_revertsOnNothing() public {
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        vm.prank(module);
        ledger.release(address(token), bob, alice, 0, 0, 0);
    }

    function test_release_revertsAboveTheEscrow() public {
        _escrowFor(alice, 100);
        _expectInsufficient(module, 100, 101);
        ledger.release(address(token), bob, alice, 50, 1, 50);
        uint256 all = type(uint256).max;
        _expectInsufficient(module, 100, all);
        ledger.release(address(token), bob, alice, all, all, all);
        _expectInsufficient(module, 100, all);
        ledger.release(address(token), bob, alice, 1, all, 1);
        _expectInsufficient(module, 100, all);
        ledger.release(address(token), bob, alice, 1, 1, all);
    }

    function test_release_cannotTouchAnothersEscrow() public {
        _escrowFor(alice, 100);
        ledger.setModule(other, PRODUCT);
        _expectInsufficient(other, 0, 1);
        ledger.release(address(token), bob, alice, 1, 0, 0);
    }

    function _expectInsufficient(address caller, uint256 escrow, uint256 needed) private {
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_InsufficientEscrow.selector, caller, address(token), escrow, needed)
        );
        vm.prank(caller);
    }

    function test_collectFees_creditsTheCollector() public {
        ledger.setFeeCollector(bob);
        _escrowFor(alice, 100);
        vm.prank(module);
        ledger.release(address(token), alice, alice, 0, 30, 0);
        vm.expectEmit(address(ledger));
        emit ILedger.FeesCollected(module, address(token), bob, 30);
        assertEq(ledger.collectFees(module, address(token)), 30);
        assertEq(ledger.balanceOf(address(token), bob), 30);
        assertEq(ledger.feesOf(module, address(token)), 0);
        assertEq(ledger.escrowOf(module, address(token)), 70);
        assertEq(ledger.collectFees(module, address(token)), 0);
    }

    function test_collectFees_revertsWithoutCollector() public {
        _escrowFor(alice, 100);
        vm.prank(module);
        ledger.release(address(token), alice, alice, 0, 30, 0);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_InvalidAccount.selector, address(0)));
        ledger.collectFees(module, address(token));
    }
}

contract LedgerAllowanceTest is MoneyTest {
    uint32 private constant TAIL = 1 hours;

    address private module = makeAddr("module");
    address private operator = makeAddr("operator");

    function setUp() public override {
        super.setUp();
        ledger.setModule(module, PRODUCT);
        _fund(alice, 1e40);
        _allow(100, 5_000, START + 1 days);
    }

    function _allow(uint256 rateCap, uint256 exposureCap, uint256 expiry) private {
        vm.prank(alice);
        ledger.setAllowance(
            address(token), operator, ILedger.Allowance(uint128(rateCap), uint128(exposureCap), uint40(expiry), TAIL)
        );
    }

    function _commit(uint256 amount, uint256 rate) private {
        vm.prank(module);
        ledger.escrow(address(token), alice, operator, amount, rate, 0);
    }

    function _relax(uint256 amount, uint256 rate) private {
        vm.prank(module);
        ledger.relax(address(token), alice, operator, amount, rate);
    }

    function _assertUsage(uint256 rate, uint256 exposure) private view {
        ILedger.Usage memory usage = ledger.usageOf(address(token), alice, operator);
        assertEq(usage.rate, rate, "rate");
        assertEq(usage.exposure, exposure, "exposure");
    }

    function test_setAllowance_replaces() public {
        vm.expectEmit(address(ledger));
        emit ILedger.AllowanceSet(alice, operator, address(token), 7, 8, 9, TAIL);
        _allow(7, 8, 9);
        ILedger.Allowance memory allowance = ledger.allowanceOf(address(token), alice, operator);
        assertEq(allowance.rateCap, 7);
        assertEq(allowance.exposureCap, 8);
        assertEq(allowance.expiry, 9);
        assertEq(allowance.maxTail, TAIL);
    }

    function test_setAllowance_revertsForNobody() public {
        ILedger.Allowance memory allowance;
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_InvalidAccount.selector, address(0)));
        ledger.setAllowance(address(token), address(0), allowance);
    }

    function test_escrow_growsUsage() public {
        vm.expectEmit(address(ledger));
        emit ILedger.UsageChanged(alice, operator, address(token), 60, 4_000);
        _commit(4_000, 60);
        _commit(1_000, 40);
        _assertUsage(100, 5_000);
    }

    function test_escrow_ofTheOwnerLeavesUsage() public {
        vm.prank(module);
        ledger.escrow(address(token), alice, alice, 1e30, 1e30, 0);
        _assertUsage(0, 0);
    }

    function test_escrow_revertsFromExpiryOn() public {
        vm.warp(START + 1 days - 1);
        _commit(1, 1);
        vm.warp(START + 1 days);
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_AllowanceExpired.selector, alice, operator, START + 1 days)
        );
        _commit(1, 1);
    }

    function test_escrow_revertsWithoutAllowance() public {
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_AllowanceExpired.selector, alice, bob, 0));
        vm.prank(module);
        ledger.escrow(address(token), alice, bob, 1, 1, 0);
    }

    function test_escrow_revertsAboveTheRateCap() public {
        _commit(1, 60);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_RateCapExceeded.selector, alice, operator, 101, 100));
        _commit(1, 41);
    }

    function test_escrow_revertsAboveTheExposureCap() public {
        _commit(4_000, 1);
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_ExposureCapExceeded.selector, alice, operator, 5_001, 5_000)
        );
        _commit(1_001, 1);
    }

    function testFuzz_escrow_bindsOperatorsToTheTail(uint256 tail) public {
        vm.startPrank(module);
        if (tail > TAIL) {
            vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_TailExceeded.selector, alice, operator, tail, TAIL));
        }
        ledger.escrow(address(token), alice, operator, 1, 1, tail);
        ledger.escrow(address(token), alice, alice, 1, 1, tail);
    }

    function test_escrow_revertsOnARateThatDoesNotFit() public {
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_AmountTooLarge.selector, type(uint256).max, type(uint128).max)
        );
        _commit(1, type(uint256).max);
    }

    function test_lowerCap_stopsIncreasesAtOnce() public {
        _commit(4_000, 60);
        _allow(10, 10, START + 1 days);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_RateCapExceeded.selector, alice, operator, 61, 10));
        _commit(1, 1);
        _relax(4_000, 60);
        _assertUsage(0, 0);
    }

    function test_revoking_stopsIncreasesAndLetsLeasesEnd() public {
        _commit(4_000, 60);
        ILedger.Allowance memory none;
        vm.prank(alice);
        ledger.setAllowance(address(token), operator, none);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_AllowanceExpired.selector, alice, operator, 0));
        _commit(1, 0);
        _assertUsage(60, 4_000);
        _relax(4_000, 60);
        _assertUsage(0, 0);
    }

    function test_relax_lowersUsage() public {
        _commit(4_000, 60);
        vm.expectEmit(address(ledger));
        emit ILedger.UsageChanged(alice, operator, address(token), 50, 3_000);
        _relax(1_000, 10);
        _assertUsage(50, 3_000);
    }

    function test_relax_worksForAStoppedModule() public {
        _commit(4_000, 60);
        ledger.setModule(module, 0);
        _relax(4_000, 60);
        _assertUsage(0, 0);
    }

    function test_relax_isExact() public {
        _commit(4_000, 60);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_AmountTooLarge.selector, 4_001, 4_000));
        _relax(4_001, 60);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_AmountTooLarge.selector, 61, 60));
        _relax(4_000, 61);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_AmountTooLarge.selector, type(uint256).max, 4_000));
        _relax(type(uint256).max, 60);
    }

    function test_relax_revertsOnNothing() public {
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        _relax(0, 0);
    }

    function test_relax_cannotTouchWhatAnotherModuleCommitted() public {
        _commit(4_000, 60);
        ledger.setModule(bob, PRODUCT);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_AmountTooLarge.selector, 1, 0));
        vm.prank(bob);
        ledger.relax(address(token), alice, operator, 1, 0);
    }

    function test_usage_countsAllModules() public {
        _commit(4_000, 60);
        ledger.setModule(bob, PRODUCT);
        vm.prank(bob);
        ledger.escrow(address(token), alice, operator, 900, 40, 0);
        _assertUsage(100, 4_900);
        _relax(4_000, 60);
        _assertUsage(40, 900);
    }

    function testFuzz_usage_isTheSumOfWhatIsLive(uint128[8] memory amounts, uint128[8] memory rates, uint256 ended)
        public
    {
        _allow(type(uint128).max, type(uint128).max, START + 1 days);
        uint256 exposure;
        uint256 rate;
        for (uint256 i = 0; i < amounts.length; ++i) {
            uint256 amount = bound(amounts[i], 1, type(uint120).max / 16);
            uint256 perSecond = bound(rates[i], 0, type(uint128).max / 16);
            _commit(amount, perSecond);
            if (ended >> i & 1 == 1) {
                _relax(amount, perSecond);
            } else {
                (exposure, rate) = (exposure + amount, rate + perSecond);
            }
        }
        _assertUsage(rate, exposure);
    }
}

contract LedgerAdminTest is MoneyTest {
    function test_setToken() public {
        vm.expectEmit(address(ledger));
        emit ILedger.TokenSet(bob, true);
        ledger.setToken(bob, true);
        assertTrue(ledger.isTokenAllowed(bob));
        ledger.setToken(bob, false);
        assertFalse(ledger.isTokenAllowed(bob));
    }

    function test_setToken_isBounded() public {
        for (uint256 i = 1; i < ledger.MAX_TOKENS(); ++i) {
            ledger.setToken(address(uint160(i)), true);
        }
        ledger.setToken(address(1), false);
        ledger.setToken(address(1), true);
        ledger.setToken(bob, false);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_TooManyTokens.selector, ledger.MAX_TOKENS()));
        ledger.setToken(bob, true);
    }

    function test_setModule_stopsAndStartsAgain() public {
        _fund(alice, 10);
        ledger.setModule(bob, PRODUCT);
        vm.prank(bob);
        ledger.escrow(address(token), alice, alice, 1, 0, 0);
        ledger.setModule(bob, 0);
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_NotModule.selector, bob));
        vm.prank(bob);
        ledger.escrow(address(token), alice, alice, 1, 0, 0);
        ledger.setModule(bob, PRODUCT);
        vm.prank(bob);
        ledger.escrow(address(token), alice, alice, 1, 0, 0);
        assertEq(ledger.escrowOf(bob, address(token)), 2);
    }

    function test_setPaused_reachesTokensThatComeLater() public {
        vm.expectEmit(address(ledger));
        emit ILedger.PausedSet(true);
        ledger.setPaused(true);
        assertTrue(ledger.paused());
        MoneyFeeToken later = new MoneyFeeToken(0);
        ledger.setToken(address(later), true);
        vm.expectRevert(ILedger.Ledger_Paused.selector);
        ledger.deposit(address(later), alice, 1);
        vm.expectRevert(ILedger.Ledger_Paused.selector);
        ledger.deposit(address(token), alice, 1);

        ledger.setPaused(false);
        later.mint(address(this), 1);
        later.approve(address(ledger), 1);
        assertEq(ledger.deposit(address(later), alice, 1), 1);
        _fund(alice, 1);
    }

    function test_setModule() public {
        vm.expectEmit(address(ledger));
        emit ILedger.ModuleSet(bob, "x");
        ledger.setModule(bob, "x");
        assertEq(ledger.productOf(bob), "x");
    }

    function test_setFeeCollector() public {
        vm.expectEmit(address(ledger));
        emit ILedger.FeeCollectorSet(bob);
        ledger.setFeeCollector(bob);
        assertEq(ledger.feeCollector(), bob);
    }

    function test_setters_revertForNobody() public {
        bytes memory invalid = abi.encodeWithSelector(ILedger.Ledger_InvalidAccount.selector, address(0));
        vm.expectRevert(invalid);
        ledger.setToken(address(0), true);
        vm.expectRevert(invalid);
        ledger.setModule(address(0), "x");
        vm.expectRevert(invalid);
        ledger.setFeeCollector(address(0));
        invalid = abi.encodeWithSelector(ILedger.Ledger_InvalidAccount.selector, address(ledger));
        vm.expectRevert(invalid);
        ledger.setFeeCollector(address(ledger));
    }

    function testFuzz_setters_areRestricted(address caller) public {
        vm.assume(caller != address(this) && caller != address(authority));
        bytes memory refused = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller);
        vm.startPrank(caller);
        vm.expectRevert(refused);
        ledger.setToken(bob, true);
        vm.expectRevert(refused);
        ledger.setModule(bob, "x");
        vm.expectRevert(refused);
        ledger.setFeeCollector(bob);
        vm.expectRevert(refused);
        ledger.setPaused(true);
    }
}
