// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {ExactTransfer} from "../../src/money/ExactTransfer.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {
    StakeBlockingToken,
    StakeFeeToken,
    StakeHookToken,
    StakeReentrant,
    StakeSilentToken,
    StakeToken
} from "../mocks/StakeTokens.sol";

contract BondsTest is Test {
    IBonds.Role private constant PROVIDER = IBonds.Role.Provider;
    IBonds.Role private constant VERIFIER = IBonds.Role.Verifier;
    uint256 private constant THAW = 14 days;
    uint256 private constant MINIMUM = 100e6;
    uint256 private constant MOST = type(uint96).max;
    address private constant BURNED = 0x000000000000000000000000000000000000dEaD;

    Bonds private bonds;
    StakeToken private token;
    address private owner = makeAddr("owner");
    address private harmed = makeAddr("harmed");
    address private reporter = makeAddr("reporter");

    function setUp() public {
        vm.warp(1_800_000_000);
        bonds = new Bonds(address(new AccessManager(address(this))), IOutageClock(address(0)));
        bonds.setSlasher(address(this), true);
        bonds.setClaimer(address(this), true);
        token = new StakeToken();
        _allow(address(token));
        token.mint(address(this), type(uint128).max);
        token.approve(address(bonds), type(uint256).max);
    }

    function test_ItStartsWithItsConstants() public view {
        assertEq(bonds.thawPeriod(), THAW);
        assertEq(bonds.SLASH_CAP_BPS(), 1_000);
        assertEq(bonds.REPORTER_CAP_BPS(), 5_000);
        assertEq(bonds.PROOF_REPORTER_CAP_BPS(), 500);
        assertEq(bonds.BURN_ADDRESS(), BURNED);
    }

    // Bond

    function testFuzz_ABondIsActiveAtOnce(uint256 first, uint256 second) public {
        first = bound(first, 1, MOST - 1);
        second = bound(second, 1, MOST - first);
        vm.expectEmit(address(bonds));
        emit IBonds.Bonded(PROVIDER, owner, address(token), address(this), first, first);
        _bond(first);
        vm.expectEmit(address(bonds));
        emit IBonds.Bonded(PROVIDER, owner, address(token), address(this), second, first + second);
        _bond(second);
        assertEq(_bondOf().active, first + second);
        assertEq(token.balanceOf(address(bonds)), first + second);
        assertEq(bonds.isBonded(PROVIDER, owner, address(token)), first + second >= MINIMUM);
        assertFalse(bonds.isBonded(VERIFIER, owner, address(token)));
    }

    function testFuzz_ABondByAnotherTouchesNoThaw(uint256 added) public {
        _bond(100);
        _thaw(60);
        uint256 thawedAt = block.timestamp + THAW;
        skip(3 days);
        _bond(bound(added, 1, MOST - 100));
        assertEq(_bondOf().thawing, 60);
        assertEq(_bondOf().thawedAt, thawedAt);
    }

    function test_ABondOfATokenThatIsNotAllowedReverts() public {
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_TokenNotAllowed.selector, PROVIDER, address(7)));
        bonds.bond(PROVIDER, owner, address(7), 1);
        bonds.setMinimum(PROVIDER, address(token), 0);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_TokenNotAllowed.selector, PROVIDER, address(token)));
        _bond(1);
    }

    function test_ABondForNobodyReverts() public {
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InvalidAccount.selector, address(0)));
        bonds.bond(PROVIDER, address(0), address(token), 1);
    }

    function test_ABondOfNothingReverts() public {
        vm.expectRevert(IBonds.Bonds_ZeroAmount.selector);
        _bond(0);
    }

    function testFuzz_ABondThatDoesNotFitReverts(uint256 first, uint256 thawing, uint256 second) public {
        first = bound(first, 1, MOST);
        thawing = bound(thawing, 0, first);
        second = bound(second, MOST - first + 1, type(uint128).max - first);
        _bond(first);
        if (thawing != 0) _thaw(thawing);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, first + second));
        _bond(second);
    }

    function testFuzz_ATokenWithFeesReverts(uint256 amount) public {
        amount = bound(amount, 100, MOST);
        StakeFeeToken feeToken = new StakeFeeToken();
        _allow(address(feeToken));
        feeToken.mint(address(this), amount);
        feeToken.approve(address(bonds), amount);
        vm.expectRevert(
            abi.encodeWithSelector(ExactTransfer.ExactTransfer_UnexpectedAmount.selector, amount, amount - amount / 100)
        );
        bonds.bond(PROVIDER, owner, address(feeToken), amount);
    }

    function test_ATokenThatReturnsNothingWorks() public {
        StakeSilentToken silent = new StakeSilentToken();
        _allow(address(silent));
        silent.mint(address(this), 50);
        silent.approve(address(bonds), 50);
        bonds.bond(PROVIDER, owner, address(silent), 50);
        vm.startPrank(owner);
        bonds.thaw(PROVIDER, address(silent), 50);
        skip(THAW);
        bonds.withdraw(PROVIDER, address(silent), owner);
        assertEq(silent.balanceOf(owner), 50);
    }

    // Thaw

    function testFuzz_AThawMovesIntoTheBucket(uint256 bonded, uint256 amount) public {
        bonded = bound(bonded, 1, MOST);
        amount = bound(amount, 1, bonded);
        _bond(bonded);
        vm.expectEmit(address(bonds));
        emit IBonds.ThawStarted(PROVIDER, owner, address(token), amount, amount, block.timestamp + THAW);
        _thaw(amount);
        assertEq(_bondOf().active, bonded - amount);
        assertEq(_bondOf().thawing, amount);
        assertEq(_bondOf().thawedAt, block.timestamp + THAW);
        assertEq(bonds.isBonded(PROVIDER, owner, address(token)), bonded - amount >= MINIMUM);
    }

    function test_AddingToTheBucketRestartsItsThaw() public {
        _bond(100);
        _thaw(40);
        skip(THAW);
        vm.expectEmit(address(bonds));
        emit IBonds.ThawStarted(PROVIDER, owner, address(token), 1, 41, block.timestamp + THAW);
        _thaw(1);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, 41, block.timestamp + THAW));
        bonds.withdraw(PROVIDER, address(token), owner);
    }

    function test_AThawOfNothingReverts() public {
        _bond(1);
        vm.expectRevert(IBonds.Bonds_ZeroAmount.selector);
        _thaw(0);
    }

    function testFuzz_AThawOfMoreThanActiveReverts(uint256 bonded, uint256 thawing, uint256 amount) public {
        bonded = bound(bonded, 1, MOST);
        thawing = bound(thawing, 1, bonded);
        amount = bound(amount, bonded - thawing + 1, type(uint256).max);
        _bond(bonded);
        _thaw(thawing);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, bonded - thawing, amount));
        _thaw(amount);
    }

    function testFuzz_CancellingTakesTheBucketBack(uint256 bonded, uint256 amount, uint256 elapsed) public {
        bonded = bound(bonded, 1, MOST);
        amount = bound(amount, 1, bonded);
        _bond(bonded);
        _thaw(amount);
        skip(bound(elapsed, 0, 60 days));
        vm.expectEmit(address(bonds));
        emit IBonds.ThawCancelled(PROVIDER, owner, address(token), amount);
        vm.prank(owner);
        bonds.cancelThaw(PROVIDER, address(token));
        assertEq(_bondOf().active, bonded);
        assertEq(_bondOf().thawing, 0);
        assertEq(_bondOf().thawedAt, 0);
    }

    function test_CancellingAnEmptyBucketReverts() public {
        _bond(1);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, 0, 0));
        bonds.cancelThaw(PROVIDER, address(token));
    }

    // Withdraw

    function testFuzz_AThawedBucketIsWithdrawn(uint256 bonded, uint256 amount, uint256 late) public {
        bonded = bound(bonded, 1, MOST);
        amount = bound(amount, 1, bonded);
        _bond(bonded);
        _thaw(amount);
        skip(THAW + bound(late, 0, 365 days));
        vm.expectEmit(address(bonds));
        emit IBonds.BondWithdrawn(PROVIDER, owner, address(token), reporter, amount);
        vm.prank(owner);
        bonds.withdraw(PROVIDER, address(token), reporter);
        assertEq(token.balanceOf(reporter), amount);
        assertEq(_bondOf().active, bonded - amount);
        assertEq(_bondOf().thawing, 0);
        assertEq(_bondOf().thawedAt, 0);
    }

    function testFuzz_AWithdrawalBeforeTheThawReverts(uint256 elapsed) public {
        _bond(10);
        _thaw(4);
        uint256 thawedAt = block.timestamp + THAW;
        skip(bound(elapsed, 0, THAW - 1));
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, 4, thawedAt));
        bonds.withdraw(PROVIDER, address(token), owner);
    }

    function test_AWithdrawalOfNothingReverts() public {
        _bond(10);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, 0, 0));
        bonds.withdraw(PROVIDER, address(token), owner);
    }

    function test_AWithdrawalToNobodyReverts() public {
        _bond(10);
        _thaw(10);
        skip(THAW);
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InvalidAccount.selector, address(0)));
        bonds.withdraw(PROVIDER, address(token), address(0));
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InvalidAccount.selector, address(bonds)));
        bonds.withdraw(PROVIDER, address(token), address(bonds));
    }

    function test_EveryWayOutStaysOpenWhenATokenIsNoLongerAllowed() public {
        _bond(1000);
        _thaw(500);
        bonds.setMinimum(PROVIDER, address(token), 0);
        assertFalse(bonds.isBonded(PROVIDER, owner, address(token)));
        _slash(_order(10, 10));
        vm.prank(owner);
        bonds.cancelThaw(PROVIDER, address(token));
        _thaw(990);
        skip(THAW);
        vm.prank(owner);
        bonds.withdraw(PROVIDER, address(token), owner);
        vm.prank(harmed);
        bonds.collect(address(token), harmed);
        assertEq(token.balanceOf(owner), 990);
        assertEq(token.balanceOf(harmed), 10);
    }

    function test_ARecipientCannotWithdrawTwiceFromItsHook() public {
        (StakeHookToken hooked, StakeReentrant thief) = _reentrantBond();
        bytes memory again = abi.encodeCall(bonds.withdraw, (PROVIDER, address(hooked), address(thief)));
        thief.arm(address(bonds), again);
        thief.run(address(bonds), again);
        assertFalse(thief.succeeded());
        assertEq(bytes4(thief.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        assertEq(hooked.balanceOf(address(thief)), 10);
    }

    // Slash

    function testFuzz_ASlashTakesProRataAndSplitsToTheWei(uint256 active, uint256 thawing, uint256 amount, uint256 loss)
        public
    {
        active = bound(active, 0, MOST - 1);
        thawing = bound(thawing, active == 0 ? 1 : 0, MOST - active);
        amount = bound(amount, 1, type(uint128).max);
        loss = bound(loss, 0, type(uint128).max);
        uint256 stake = active + thawing;
        _bond(stake);
        if (thawing != 0) _thaw(thawing);

        uint256 slashed = amount < stake ? amount : stake;
        uint256 fromThawing = slashed * thawing / stake;
        uint256 toHarmed = loss < slashed ? loss : slashed;
        uint256 toReporter = (slashed - toHarmed) / 20;
        if (toReporter > MINIMUM) toReporter = MINIMUM;
        uint256 burned = slashed - toHarmed - toReporter;
        vm.expectEmit(address(bonds));
        emit IBonds.Slashed(
            PROVIDER,
            owner,
            address(token),
            slashed - fromThawing,
            fromThawing,
            harmed,
            toHarmed,
            reporter,
            toReporter,
            burned,
            true
        );
        assertEq(_slash(_order(amount, loss)), slashed);

        assertEq(_bondOf().active, active - (slashed - fromThawing));
        assertEq(_bondOf().thawing, thawing - fromThawing);
        assertEq(_bondOf().thawedAt == 0, _bondOf().thawing == 0);
        assertEq(bonds.owedTo(harmed, address(token)), toHarmed);
        assertEq(bonds.owedTo(reporter, address(token)), toReporter);
        assertEq(bonds.owedTo(BURNED, address(token)), burned);
    }

    function testFuzz_AJudgedSlashRewardsTheReporterWithHalfOfTheRest(uint256 amount, uint256 loss) public {
        amount = bound(amount, 1, 1e20);
        loss = bound(loss, 0, amount);
        _bond(1e21);
        _slash(IBonds.Slash(amount, harmed, loss, reporter, false));
        assertEq(bonds.owedTo(harmed, address(token)), loss);
        assertEq(bonds.owedTo(reporter, address(token)), (amount - loss) / 2);
        assertEq(bonds.owedTo(BURNED, address(token)), amount - loss - (amount - loss) / 2);
    }

    function test_AProofSavesItsOwnReporterNoMoreThanTheMinimum() public {
        _bond(1000 * MINIMUM);
        _slash(_order(1000 * MINIMUM, 0));
        assertEq(bonds.owedTo(reporter, address(token)), MINIMUM);
    }

    function testFuzz_AnOwnerThatReportsItselfGetsNothing(bool uncapped) public {
        _bond(1000);
        _slash(IBonds.Slash(100, address(0), 0, owner, uncapped));
        assertEq(bonds.owedTo(owner, address(token)), 0);
        assertEq(bonds.owedTo(BURNED, address(token)), 100);
    }

    function test_NobodyHarmedAndNoReporterBurnsAll() public {
        _bond(100);
        _slash(IBonds.Slash(30, address(0), 20, address(0), true));
        assertEq(bonds.owedTo(BURNED, address(token)), 30);
    }

    /// @dev Prime Intellect's StakeManager skipped past a matured unbond when it slashed, and 40 tokens were stuck.
    function test_ASlashOfAThawedBucketStrandsNothing() public {
        _bond(100);
        _thaw(40);
        skip(THAW);
        assertEq(_slash(_order(50, 0)), 50);
        assertEq(_bondOf().active, 30);
        assertEq(_bondOf().thawing, 20);

        vm.prank(owner);
        bonds.withdraw(PROVIDER, address(token), owner);
        _thaw(30);
        skip(THAW);
        vm.prank(owner);
        bonds.withdraw(PROVIDER, address(token), owner);
        vm.prank(reporter);
        bonds.collect(address(token), reporter);
        bonds.collectBurned(address(token));
        assertEq(token.balanceOf(owner), 50);
        assertEq(token.balanceOf(reporter), 2);
        assertEq(token.balanceOf(BURNED), 48);
        assertEq(token.balanceOf(address(bonds)), 0);
    }

    function testFuzz_AWindowLosesATenthAtMost(uint256 stake, uint256 first, uint256 second) public {
        stake = bound(stake, 100, MOST);
        uint256 cap = stake / 10;
        first = bound(first, 1, cap);
        second = bound(second, cap - first + 1, stake - first);
        _bond(stake);
        _slashJudged(first);
        assertEq(_bondOf().windowStart, block.timestamp);
        assertEq(_bondOf().windowLeft, cap - first);
        skip(7 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_SlashCapExceeded.selector, second, cap - first));
        _slashJudged(second);
    }

    function testFuzz_TheNextWindowCapsWhatIsLeft(uint256 stake) public {
        stake = bound(stake, 100, MOST);
        _bond(stake);
        _slashJudged(stake / 10);
        skip(7 days);
        uint256 left = stake - stake / 10;
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_SlashCapExceeded.selector, left / 10 + 1, left / 10));
        _slashJudged(left / 10 + 1);
        _slashJudged(left / 10);
        assertEq(_bondOf().windowStart, block.timestamp);
        assertEq(_bondOf().windowLeft, 0);
    }

    function test_ThawingMoneyCountsAsStakeOfTheWindow() public {
        _bond(1000);
        _thaw(900);
        _slashJudged(100);
        assertEq(_bondOf().active, 90);
        assertEq(_bondOf().thawing, 810);
    }

    function test_MoreBondRaisesTheCapOfAnOpenWindow() public {
        _bond(1000);
        _slashJudged(60);
        _bond(5000);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_SlashCapExceeded.selector, 541, 540));
        _slashJudged(541);
        _slashJudged(500);
        assertEq(_bondOf().windowCap, 600);
        assertEq(_bondOf().windowLeft, 40);
        _bond(100);
        _slashJudged(50);
        assertEq(_bondOf().windowLeft, 0);
    }

    function test_LessBondDoesNotLowerTheCapOfAnOpenWindow() public {
        _bond(1000);
        _slashJudged(60);
        _slash(_order(500, 0));
        _slashJudged(40);
        assertEq(_bondOf().windowCap, 100);
        // Back to what it was: no more than the cap at its highest.
        _bond(500);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_SlashCapExceeded.selector, 1, 0));
        _slashJudged(1);
    }

    function test_AProofNeedsNoCapAndUsesNone() public {
        _bond(1000);
        _slash(_order(500, 0));
        assertEq(_bondOf().windowStart, 0);
        _slashJudged(50);
        _slash(_order(300, 0));
        assertEq(_bondOf().windowLeft, 0);
        assertEq(_bondOf().active, 150);
    }

    function test_ASlashOfNothingReverts() public {
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NothingThere.selector, owner));
        _slash(_order(1, 0));
        _bond(1);
        vm.expectRevert(IBonds.Bonds_ZeroAmount.selector);
        _slash(_order(0, 0));
    }

    function test_OnlySlashersSlash() public {
        _bond(1);
        vm.prank(reporter);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, reporter));
        bonds.slash(PROVIDER, owner, address(token), _order(1, 0));

        vm.expectEmit(address(bonds));
        emit IBonds.SlasherSet(address(this), false);
        bonds.setSlasher(address(this), false);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, address(this)));
        _slash(_order(1, 0));
    }

    function test_ATokenThatRefusesRecipientsCannotBlockASlash() public {
        StakeBlockingToken blocking = new StakeBlockingToken();
        _allow(address(blocking));
        blocking.mint(address(this), 100);
        blocking.approve(address(bonds), 100);
        bonds.bond(PROVIDER, owner, address(blocking), 100);
        blocking.setBlocked(harmed, true);
        blocking.setBlocked(BURNED, true);
        assertEq(bonds.slash(PROVIDER, owner, address(blocking), _order(50, 20)), 50);

        vm.expectRevert("blocked");
        bonds.collectBurned(address(blocking));
        vm.prank(harmed);
        bonds.collect(address(blocking), reporter);
        assertEq(blocking.balanceOf(reporter), 20);
    }

    // Collect

    function testFuzz_WhatIsOwedIsCollectedOnce(uint256 amount, uint256 loss) public {
        amount = bound(amount, 2, MOST);
        loss = bound(loss, 1, amount - 1);
        _bond(amount);
        _slash(IBonds.Slash(amount, harmed, loss, address(0), true));
        vm.expectEmit(address(bonds));
        emit IBonds.OwedCollected(harmed, address(token), owner, loss);
        vm.startPrank(harmed);
        assertEq(bonds.collect(address(token), owner), loss);
        assertEq(token.balanceOf(owner), loss);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NothingThere.selector, harmed));
        bonds.collect(address(token), owner);
        vm.stopPrank();

        uint256 burned = amount - loss;
        vm.expectEmit(address(bonds));
        emit IBonds.OwedCollected(BURNED, address(token), BURNED, burned);
        assertEq(bonds.collectBurned(address(token)), burned);
        assertEq(token.balanceOf(BURNED), burned);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NothingThere.selector, BURNED));
        bonds.collectBurned(address(token));
    }

    function test_CollectingToNobodyReverts() public {
        _bond(10);
        _slash(_order(10, 5));
        vm.startPrank(harmed);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InvalidAccount.selector, address(0)));
        bonds.collect(address(token), address(0));
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InvalidAccount.selector, address(bonds)));
        bonds.collect(address(token), address(bonds));
    }

    function test_ARecipientCannotCollectTwiceFromItsHook() public {
        (StakeHookToken hooked, StakeReentrant thief) = _reentrantBond();
        bonds.slash(PROVIDER, owner, address(hooked), IBonds.Slash(10, address(thief), 8, address(0), true));
        bytes memory again = abi.encodeCall(bonds.collect, (address(hooked), address(thief)));
        thief.arm(address(bonds), again);
        thief.run(address(bonds), again);
        assertFalse(thief.succeeded());
        assertEq(bytes4(thief.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        assertEq(hooked.balanceOf(address(thief)), 8);
    }

    // Settings

    function testFuzz_TheMinimumIsSetPerRole(uint256 minimum) public {
        vm.expectEmit(address(bonds));
        emit IBonds.MinimumSet(VERIFIER, address(token), minimum);
        bonds.setMinimum(VERIFIER, address(token), minimum);
        assertEq(bonds.minimumOf(VERIFIER, address(token)), minimum);
        assertEq(bonds.minimumOf(PROVIDER, address(token)), MINIMUM);
    }

    function test_AMinimumOfNoTokenReverts() public {
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InvalidAccount.selector, address(0)));
        bonds.setMinimum(PROVIDER, address(0), 1);
    }

    function testFuzz_TheThawPeriodHoldsForFutureThaws(uint256 period) public {
        period = bound(period, 7 days, 60 days);
        _bond(10);
        _thaw(4);
        vm.expectEmit(address(bonds));
        emit IBonds.ThawPeriodSet(period);
        bonds.setThawPeriod(period);
        assertEq(bonds.thawPeriod(), period);
        assertEq(_bondOf().thawedAt, block.timestamp + THAW);
        _thaw(1);
        assertEq(_bondOf().thawedAt, block.timestamp + period);
    }

    function testFuzz_AThawPeriodOutOfBoundsReverts(uint256 period) public {
        vm.assume(period < 7 days || period > 60 days);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_OutOfBounds.selector, period, 7 days, 60 days));
        bonds.setThawPeriod(period);
    }

    function test_SettingsAreRestricted() public {
        bytes memory denied = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, owner);
        vm.startPrank(owner);
        vm.expectRevert(denied);
        bonds.setMinimum(PROVIDER, address(token), 1);
        vm.expectRevert(denied);
        bonds.setThawPeriod(20 days);
        vm.expectRevert(denied);
        bonds.setClaimer(owner, true);
        vm.expectRevert(denied);
        bonds.setSlasher(owner, true);
        vm.expectRevert(denied);
        bonds.setPaused(true);
    }

    function test_APauseStopsNewBondsAndNoWayOut() public {
        _bond(1000);
        bonds.lock(owner, address(token), 100);
        _thaw(500);
        vm.expectEmit(address(bonds));
        emit IBonds.PausedSet(true);
        bonds.setPaused(true);
        assertTrue(bonds.paused());
        vm.expectRevert(IBonds.Bonds_Paused.selector);
        _bond(1);

        bonds.seize(owner, address(token), 30, harmed, 30);
        bonds.unlock(owner, address(token), 100);
        _slash(_order(10, 10));
        vm.prank(owner);
        bonds.cancelThaw(PROVIDER, address(token));
        _thaw(960);
        skip(THAW);
        vm.prank(owner);
        bonds.withdraw(PROVIDER, address(token), owner);
        vm.prank(harmed);
        bonds.collect(address(token), harmed);
        assertEq(token.balanceOf(owner), 960);
        assertEq(token.balanceOf(harmed), 40);

        bonds.setPaused(false);
        _bond(1);
    }

    function test_RolesAndTokensAreApart() public {
        StakeToken other = new StakeToken();
        _allow(address(other));
        bonds.setMinimum(VERIFIER, address(token), 5);
        other.mint(address(this), 30);
        other.approve(address(bonds), 30);
        _bond(10);
        bonds.bond(VERIFIER, owner, address(token), 20);
        bonds.bond(PROVIDER, owner, address(other), 30);
        _slash(_order(10, 0));
        assertEq(_bondOf().active, 0);
        assertEq(bonds.bondOf(VERIFIER, owner, address(token)).active, 20);
        assertEq(bonds.bondOf(PROVIDER, owner, address(other)).active, 30);
    }

    function _allow(address token_) private {
        bonds.setMinimum(PROVIDER, token_, MINIMUM);
    }

    function _bond(uint256 amount) private {
        bonds.bond(PROVIDER, owner, address(token), amount);
    }

    function _thaw(uint256 amount) private {
        vm.prank(owner);
        bonds.thaw(PROVIDER, address(token), amount);
    }

    function _order(uint256 amount, uint256 loss) private view returns (IBonds.Slash memory) {
        return IBonds.Slash(amount, harmed, loss, reporter, true);
    }

    function _slash(IBonds.Slash memory order) private returns (uint256) {
        return bonds.slash(PROVIDER, owner, address(token), order);
    }

    function _slashJudged(uint256 amount) private {
        _slash(IBonds.Slash(amount, harmed, amount, reporter, false));
    }

    function _bondOf() private view returns (IBonds.Bond memory) {
        return bonds.bondOf(PROVIDER, owner, address(token));
    }

    /// @dev A bond of 20 for the owner, and a thawed one of 10 for an account that re-enters from its hook.
    function _reentrantBond() private returns (StakeHookToken hooked, StakeReentrant thief) {
        hooked = new StakeHookToken();
        thief = new StakeReentrant();
        _allow(address(hooked));
        hooked.mint(address(this), 30);
        hooked.approve(address(bonds), 30);
        bonds.bond(PROVIDER, owner, address(hooked), 20);
        bonds.bond(PROVIDER, address(thief), address(hooked), 10);
        thief.run(address(bonds), abi.encodeCall(bonds.thaw, (PROVIDER, address(hooked), 10)));
        skip(THAW);
    }
}
