// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IDelegation} from "../../src/stake/IDelegation.sol";
import {StakeHookToken, StakeReentrant, StakeToken} from "../mocks/StakeTokens.sol";

/// @title Pools behind bonds: shares, thaw, rewards, commission, slashes
contract DelegationTest is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Verifier;
    uint256 private constant THAW = 14 days;
    uint256 private constant MINIMUM = 100e6;
    /// @dev A reward that fits what drips at once.
    uint256 private constant REWARD = 1e26;
    uint256 private constant MOST = type(uint96).max;
    address private constant BURNED = 0x000000000000000000000000000000000000dEaD;

    Bonds private bonds;
    StakeToken private token;
    address private owner = makeAddr("owner");
    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");
    address private harmed = makeAddr("harmed");
    address private reporter = makeAddr("reporter");

    function setUp() public {
        vm.warp(1_800_000_000);
        bonds = new Bonds(address(new AccessManager(address(this))), IOutageClock(address(0)));
        token = new StakeToken();
        bonds.setMinimum(ROLE, address(token), MINIMUM);
        bonds.setSlasher(address(this), true);
        token.mint(address(this), type(uint128).max);
        token.approve(address(bonds), type(uint256).max);
    }

    function test_ItStartsWithItsConstants() public view {
        assertEq(bonds.MAX_COMMISSION_BPS(), 2_000);
        assertEq(bonds.COMMISSION_NOTICE(), 14 days);
        assertEq(bonds.MAX_LEVERAGE(), 4);
    }

    // Delegate

    function testFuzz_Delegate_GivesAMillionSharesPerWei(uint256 first, uint256 second) public {
        first = bound(first, 1, MOST);
        second = bound(second, 1, MOST);
        token.mint(alice, first);
        _approve(alice);
        vm.expectEmit(address(bonds));
        emit IDelegation.Delegated(ROLE, owner, address(token), alice, first, first * 1e6);
        vm.prank(alice);
        assertEq(bonds.delegate(ROLE, owner, address(token), first), first * 1e6);
        assertEq(_delegate(bob, second), second * 1e6);
        assertEq(_pool().value, first + second);
        assertEq(_pool().shares, (first + second) * 1e6);
        assertEq(_value(alice), first);
        assertEq(_value(bob), second);
        assertEq(token.balanceOf(address(bonds)), first + second);
        assertEq(bonds.bondOf(ROLE, owner, address(token)).active, 0, "the bond is apart");
    }

    function test_Delegate_RevertWhen_TheTokenOrOwnerOrAmountIsNone() public {
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_TokenNotAllowed.selector, ROLE, address(7)));
        bonds.delegate(ROLE, owner, address(7), 1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InvalidAccount.selector, address(0)));
        bonds.delegate(ROLE, address(0), address(token), 1);
        vm.expectRevert(IBonds.Bonds_ZeroAmount.selector);
        bonds.delegate(ROLE, owner, address(token), 0);
        bonds.setPaused(true);
        vm.expectRevert(IBonds.Bonds_Paused.selector);
        bonds.delegate(ROLE, owner, address(token), 1);
    }

    function test_Delegate_RevertWhen_ItBuysNoShare() public {
        _delegate(alice, 1e6);
        _rewardAndDrip(1e18);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.Delegation_TooSmall.selector, 1e5));
        bonds.delegate(ROLE, owner, address(token), 1e5);
    }

    function test_Delegate_RevertWhen_ThePoolWouldNotFit() public {
        bonds.delegate(ROLE, owner, address(token), type(uint128).max / 1e6);
        vm.expectPartialRevert(SafeCast.SafeCastOverflowedUintDowncast.selector);
        bonds.delegate(ROLE, owner, address(token), 1e9);
    }

    // Undelegate, cancel, withdraw

    function testFuzz_Undelegate_ThawsAndPays(uint256 amount, uint256 part) public {
        amount = bound(amount, 1, MOST);
        part = bound(part, 1, amount);
        _delegate(alice, amount);
        vm.expectEmit(address(bonds));
        emit IDelegation.UndelegationStarted(
            ROLE, owner, address(token), alice, part * 1e6, part, part * 1e6, block.timestamp + THAW
        );
        assertEq(_undelegate(alice, part * 1e6), part);
        assertEq(_pool().value, amount - part);
        assertEq(_pool().thawing, part);
        assertEq(_position(alice).thawedAt, block.timestamp + THAW);

        skip(THAW - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IDelegation.Delegation_NotThawed.selector, part * 1e6, block.timestamp + 1)
        );
        _withdraw(alice);
        skip(1);
        vm.expectEmit(address(bonds));
        emit IDelegation.DelegationWithdrawn(ROLE, owner, address(token), alice, alice, part * 1e6, part);
        assertEq(_withdraw(alice), part);
        assertEq(token.balanceOf(alice), part);
        assertEq(_position(alice).thawedAt, 0);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.Delegation_NotThawed.selector, 0, 0));
        _withdraw(alice);
    }

    function test_Undelegate_RestartsTheThawOfItsOneBucket() public {
        _delegate(alice, 100);
        _undelegate(alice, 40e6);
        skip(THAW);
        _undelegate(alice, 1e6);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.Delegation_NotThawed.selector, 41e6, block.timestamp + THAW));
        _withdraw(alice);
    }

    function testFuzz_Undelegate_RevertWhen_ThereAreFewerShares(uint256 amount, uint256 shares) public {
        amount = bound(amount, 1, MOST);
        shares = bound(shares, amount * 1e6 + 1, type(uint256).max);
        _delegate(alice, amount);
        _delegate(bob, MOST);
        vm.expectRevert(
            abi.encodeWithSelector(IDelegation.Delegation_InsufficientShares.selector, amount * 1e6, shares)
        );
        _undelegate(alice, shares);
        vm.expectRevert(IBonds.Bonds_ZeroAmount.selector);
        _undelegate(alice, 0);
    }

    function test_Undelegate_GivesUpSharesWorthNothingWithoutAThaw() public {
        _delegate(alice, 100);
        _undelegate(alice, 50e6);
        uint256 thawedAt = _position(alice).thawedAt;
        skip(1 days);
        assertEq(_undelegate(alice, 1), 0);
        assertEq(_position(alice).thawedAt, thawedAt);
        assertEq(_position(alice).shares, 50e6 - 1);
    }

    function testFuzz_Cancel_BuysBackAtThePresentPrice(uint256 amount, uint256 gift) public {
        amount = bound(amount, 1e3, MOST);
        gift = bound(gift, 0, REWARD);
        _delegate(alice, amount);
        _delegate(bob, amount);
        _undelegate(alice, amount * 1e6);
        if (gift != 0) _rewardAndDrip(gift);
        uint256 bobs = _value(bob);
        if (gift <= amount) {
            vm.prank(alice);
            bonds.cancelUndelegation(ROLE, owner, address(token));
            assertLe(_value(alice), amount, "what thawed earned nothing");
            assertGe(_value(bob), bobs, "and took nothing");
            assertEq(_pool().thawing, 0);
            assertEq(_position(alice).thawedAt, 0);
        }
    }

    function test_Cancel_RevertWhen_TheBucketIsEmpty() public {
        _delegate(alice, 5);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.Delegation_NotThawed.selector, 0, 0));
        bonds.cancelUndelegation(ROLE, owner, address(token));
    }

    function test_Withdraw_RevertWhen_ToNobody() public {
        _delegate(alice, 5);
        _undelegate(alice, 5e6);
        skip(THAW);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InvalidAccount.selector, address(0)));
        bonds.withdrawDelegation(ROLE, owner, address(token), address(0));
    }

    function test_EveryWayOutStaysOpenUnderAPauseAndWithoutAMinimum() public {
        _delegate(alice, 100);
        _undelegate(alice, 50e6);
        bonds.setPaused(true);
        bonds.setMinimum(ROLE, address(token), 0);
        vm.prank(alice);
        bonds.cancelUndelegation(ROLE, owner, address(token));
        _undelegate(alice, 100e6);
        skip(THAW);
        assertEq(_withdraw(alice), 100);
    }

    function test_Withdraw_CannotBeEnteredTwiceFromAHook() public {
        StakeHookToken hooked = new StakeHookToken();
        StakeReentrant thief = new StakeReentrant();
        bonds.setMinimum(ROLE, address(hooked), 1);
        hooked.mint(address(this), 20);
        hooked.mint(address(thief), 10);
        hooked.approve(address(bonds), 20);
        bonds.delegate(ROLE, owner, address(hooked), 20);
        thief.run(address(hooked), abi.encodeCall(hooked.approve, (address(bonds), 10)));
        thief.run(address(bonds), abi.encodeCall(bonds.delegate, (ROLE, owner, address(hooked), 10)));
        thief.run(address(bonds), abi.encodeCall(bonds.undelegate, (ROLE, owner, address(hooked), 10e6)));
        skip(THAW);
        bytes memory again = abi.encodeCall(bonds.withdrawDelegation, (ROLE, owner, address(hooked), address(thief)));
        thief.arm(address(bonds), again);
        thief.run(address(bonds), again);
        assertFalse(thief.succeeded());
        assertEq(bytes4(thief.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        assertEq(hooked.balanceOf(address(thief)), 10);
    }

    // Rewards

    function testFuzz_Reward_RaisesTheShares(uint256 a, uint256 b, uint256 amount, uint256 commission) public {
        a = bound(a, 1e6, MOST);
        b = bound(b, 1e6, MOST);
        amount = bound(amount, 1, REWARD);
        commission = bound(commission, 0, 2_000);
        _setCommission(commission);
        skip(14 days);
        _delegate(alice, a);
        _delegate(bob, b);
        uint256 cut = amount * commission / 10_000;
        vm.expectEmit(address(bonds));
        emit IDelegation.PoolRewarded(ROLE, owner, address(token), address(this), amount - cut, cut);
        vm.expectEmit(address(bonds));
        emit IDelegation.PoolDripSet(
            ROLE, owner, address(token), amount - cut, block.timestamp, block.timestamp + 7 days
        );
        _reward(amount);
        assertEq(bonds.owedTo(owner, address(token)), cut, "a commission does not drip");
        assertEq(_pool().value, a + b + amount - cut);
        assertEq(_value(alice), a, "a reward counts for nobody at once");
        skip(7 days);
        uint256 gainA = _value(alice) - a;
        uint256 gainB = _value(bob) - b;
        assertLe(gainA + gainB, amount - cut);
        // Nothing is lost but what two virtual wei of a million earn, and the rounding.
        assertGe(gainA + gainB + (amount - cut) / 2e6 + 2, amount - cut);
        assertLe(gainA * (a + b), (amount - cut) * a);
        assertLe(gainB * (a + b), (amount - cut) * b);
    }

    function test_Reward_OfAPoolWithoutSharesIsTheOwners() public {
        _reward(77);
        assertEq(bonds.owedTo(owner, address(token)), 77);
        assertEq(_pool().value, 0);
    }

    /// @dev Nearly all of it would be the virtual shares', and burned.
    function test_Reward_OfAPoolOfNextToNobodyIsTheOwners() public {
        _delegate(alice, 1);
        _undelegate(alice, 1e6 - 1);
        _reward(1000e18);
        assertEq(bonds.owedTo(owner, address(token)), 1000e18);
    }

    function test_Reward_OfAPoolOfAMillionWeiIsItsShares() public {
        _delegate(alice, 1e6 - 1);
        _reward(1000e18);
        assertEq(bonds.owedTo(owner, address(token)), 1000e18);
        _delegate(alice, 1);
        _rewardAndDrip(1000e18);
        assertEq(bonds.owedTo(owner, address(token)), 1000e18);
        assertApproxEqRel(_value(alice), 1000e18, 1e12, "a millionth at most");
    }

    function test_Reward_GivesNothingToWhatThaws() public {
        _delegate(alice, 1e8);
        _delegate(bob, 1e8);
        _undelegate(bob, 1e14);
        _rewardAndDrip(5e7);
        (, uint256 thawing) = bonds.valueOf(ROLE, owner, address(token), bob);
        assertEq(thawing, 1e8);
        assertApproxEqAbs(_value(alice), 1.5e8, 1);
    }

    function testFuzz_Reward_DripsLinearly(uint256 staked, uint256 amount, uint256 elapsed) public {
        staked = bound(staked, 1e6, MOST);
        amount = bound(amount, 1, REWARD);
        elapsed = bound(elapsed, 0, 10 days);
        bonds.bond(ROLE, owner, address(token), MOST);
        _delegate(alice, staked);
        _reward(amount);
        uint256 endsAt = block.timestamp + 7 days;
        skip(elapsed);
        uint256 dripped = elapsed < 7 days ? amount * elapsed / 7 days : amount;
        assertEq(bonds.earningOf(ROLE, owner, address(token)), staked + dripped);
        assertEq(bonds.weightOf(ROLE, owner, address(token)), MOST + staked + dripped);
        (uint256 undripped, uint256 end) = bonds.dripOf(ROLE, owner, address(token));
        assertEq(undripped, amount - dripped);
        assertEq(end, undripped == 0 ? 0 : endsAt);
        assertEq(_pool().value, staked + amount);
    }

    /// @dev It used to be a part of the whole payment.
    function testFuzz_Reward_WhoStepsInForItEarnsNothing(uint256 amount, uint256 brought) public {
        amount = bound(amount, 1, REWARD);
        brought = bound(brought, 1, MOST);
        _delegate(alice, 1e18);
        _delegate(bob, brought);
        _reward(amount);
        assertLe(_undelegate(bob, brought * 1e6), brought);
        skip(THAW);
        assertLe(_withdraw(bob), brought);
        assertGe(_value(alice) + amount / 1e6 + 2, 1e18 + amount, "who stays has all of it");
    }

    function testFuzz_Reward_NeverSlowsWhatDrips(uint256 first, uint256 second, uint256 elapsed) public {
        _delegate(alice, 1e18);
        _reward(bound(first, 1, REWARD));
        skip(bound(elapsed, 0, 7 days - 1));
        (uint256 oldLeft, uint256 oldEnd) = bonds.dripOf(ROLE, owner, address(token));
        second = bound(second, 1, REWARD);
        _reward(second);
        (uint256 left, uint256 end) = bonds.dripOf(ROLE, owner, address(token));
        assertEq(left, oldLeft + second);
        assertGe(left * (oldEnd - block.timestamp), oldLeft * (end - block.timestamp), "rate");
        assertLe(end, block.timestamp + 7 days);
    }

    function testFuzz_Undelegate_LeavesWhatHasNotDripped(uint256 part, uint256 elapsed) public {
        part = bound(part, 1, 1e18 - 1);
        _delegate(alice, 1e18);
        _reward(70e18);
        skip(bound(elapsed, 0, 7 days));
        (uint256 undripped, uint256 end) = bonds.dripOf(ROLE, owner, address(token));
        _undelegate(alice, part * 1e6);
        (uint256 now_, uint256 endNow) = bonds.dripOf(ROLE, owner, address(token));
        assertEq(now_, undripped);
        assertEq(endNow, end);
        assertGe(_pool().value, undripped);
    }

    function test_TheLastShareLeavesWhatHasNotDrippedToTheOwner() public {
        _delegate(alice, 1e18);
        _reward(70e18);
        skip(3 days);
        uint256 worth = _value(alice);
        vm.expectEmit(address(bonds));
        emit IDelegation.PoolDripSet(ROLE, owner, address(token), 0, block.timestamp, block.timestamp);
        vm.expectEmit(address(bonds));
        emit IDelegation.PoolSwept(ROLE, owner, address(token), 31e18 - worth, 0, 40e18);
        assertEq(_undelegate(alice, 1e24), worth);
        assertEq(bonds.owedTo(owner, address(token)), 40e18);
        assertEq(_pool().value, 0);
        _delegate(bob, 5);
        skip(1 days);
        assertEq(_value(bob), 5, "nothing drips to who comes next");
    }

    function test_Reward_RevertWhen_ItDoesNotFit() public {
        _delegate(alice, 1e18);
        _reward(type(uint88).max);
        vm.expectPartialRevert(SafeCast.SafeCastOverflowedUintDowncast.selector);
        _reward(1);
        skip(1);
        _reward(1);
    }

    function test_Reward_RevertWhen_ThereIsNoOwnerOrAmount() public {
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InvalidAccount.selector, address(0)));
        bonds.reward(ROLE, address(0), address(token), 1);
        vm.expectRevert(IBonds.Bonds_ZeroAmount.selector);
        bonds.reward(ROLE, owner, address(token), 0);
    }

    // Commission

    function testFuzz_Commission_RisesAfterItsNoticeAndFallsAtOnce(uint256 high, uint256 low) public {
        high = bound(high, 1, 2_000);
        low = bound(low, 0, high - 1);
        vm.expectEmit(address(bonds));
        emit IDelegation.CommissionSet(ROLE, owner, address(token), high, block.timestamp + 14 days);
        _setCommission(high);
        assertEq(_commission(), 0);
        skip(14 days - 1);
        assertEq(_commission(), 0);
        skip(1);
        assertEq(_commission(), high);
        vm.expectEmit(address(bonds));
        emit IDelegation.CommissionSet(ROLE, owner, address(token), low, block.timestamp);
        _setCommission(low);
        assertEq(_commission(), low);
    }

    function test_Commission_AnAnnouncementCanBeTakenBack() public {
        _setCommission(500);
        skip(14 days);
        _setCommission(2_000);
        skip(13 days);
        _setCommission(600);
        skip(13 days);
        assertEq(_commission(), 500);
        skip(1 days);
        assertEq(_commission(), 600);
    }

    /// @dev Else anybody could write tokens into the log that nobody ever allowed.
    function test_RevertWhen_TheTokenWasNeverAllowed() public {
        bytes memory refused =
            abi.encodeWithSelector(IBonds.Bonds_TokenNotAllowed.selector, IBonds.Role.Provider, address(this));
        vm.expectRevert(refused);
        bonds.setCommission(IBonds.Role.Provider, address(this), 0);
        vm.expectRevert(refused);
        bonds.reward(IBonds.Role.Provider, owner, address(this), 1);
        vm.expectRevert(IBonds.Bonds_ZeroAmount.selector);
        bonds.unlock(owner, address(this), 0);
        vm.expectRevert(IBonds.Bonds_ZeroAmount.selector);
        bonds.unlockFormer(address(1), owner, address(this));
    }

    function testFuzz_Commission_RevertWhen_TooHigh(uint256 commission) public {
        commission = bound(commission, 2_001, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.Delegation_CommissionTooHigh.selector, commission, 2_000));
        _setCommission(commission);
    }

    // Weight

    function testFuzz_Weight_CountsDelegationsUpToAMultiple(uint256 own, uint256 delegated) public {
        own = bound(own, 1, MOST);
        delegated = bound(delegated, 1, MOST);
        bonds.bond(ROLE, owner, address(token), own);
        _delegate(alice, delegated);
        uint256 counted = delegated < 4 * own ? delegated : 4 * own;
        assertEq(bonds.weightOf(ROLE, owner, address(token)), own < MINIMUM ? 0 : own + counted);
        _undelegate(alice, delegated * 1e6);
        assertEq(bonds.weightOf(ROLE, owner, address(token)), own < MINIMUM ? 0 : own, "thawing does not count");
        bonds.setMinimum(ROLE, address(token), 0);
        assertEq(bonds.weightOf(ROLE, owner, address(token)), 0);
    }

    // Slashes

    function testFuzz_Slash_TakesTheBondFirstAndThePoolForNoMore(
        uint256 own,
        uint256 value,
        uint256 thawing,
        uint256 asked,
        uint256 loss
    ) public {
        own = bound(own, 1, MOST);
        value = bound(value, 1, MOST);
        thawing = bound(thawing, 0, value);
        asked = bound(asked, 1, 4 * own);
        loss = bound(loss, 0, 4 * own);
        bonds.bond(ROLE, owner, address(token), own);
        _delegate(alice, value);
        if (thawing != 0) _undelegate(alice, thawing * 1e6);

        uint256 fromBond = asked < own ? asked : own;
        uint256 fromPool = _least(_least(asked - fromBond, fromBond), value);
        assertEq(_slash(asked, loss, true), fromBond);
        uint256 toHarmed = _least(loss, fromBond);
        uint256 toReporter = _least((fromBond - toHarmed) / 20, MINIMUM);
        assertEq(bonds.owedTo(reporter, address(token)), toReporter, "no delegated money reaches a reporter");
        assertEq(bonds.owedTo(harmed, address(token)), toHarmed + _least(loss - toHarmed, fromPool));
        uint256 fromThawing = fromPool * thawing / value;
        assertEq(_pool().thawing, _leftOf(thawing, fromThawing), "pro rata");
        assertEq(_pool().value, _leftOf(value - thawing, fromPool - fromThawing));
    }

    /// @dev Shares of a pile of which two wei are left end.
    function test_Slash_TakesAPoolButForTwoWei() public {
        uint256 own = MOST - 3;
        testFuzz_Slash_TakesTheBondFirstAndThePoolForNoMore(own, own + 2, own + 1, 4 * own, 0);
        assertEq(_pool().thawGeneration, 1);
        assertEq(bonds.owedTo(BURNED, address(token)), 2 * own + 2 - MINIMUM);
    }

    /// @dev What a slash of `taken` leaves of a pile of `wei_` that never earned: nothing, if its shares end.
    function _leftOf(uint256 wei_, uint256 taken) private pure returns (uint256 left) {
        left = wei_ - taken;
        if (wei_ > left * 1e3) left = 0;
    }

    function testFuzz_Slash_AJudgementNeverReachesThePool(uint256 asked) public {
        bonds.bond(ROLE, owner, address(token), 1000);
        _delegate(alice, 1000);
        _slash(bound(asked, 1, 100), 0, false);
        vm.expectPartialRevert(IBonds.Bonds_SlashCapExceeded.selector);
        _slash(5000, 0, false);
        assertEq(_pool().value, 1000);
    }

    function test_Slash_OfAllBeginsANewGeneration() public {
        bonds.bond(ROLE, owner, address(token), 1000);
        _delegate(alice, 60);
        _undelegate(alice, 20e6);
        vm.expectEmit(address(bonds));
        emit IDelegation.PoolSlashed(ROLE, owner, address(token), 40, 20, harmed, 0, 60, 1, 1);
        _slash(2000, 0, true);
        assertEq(_pool().generation, 1);
        assertEq(_pool().thawGeneration, 1);
        assertEq(_position(alice).shares, 0);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.Delegation_InsufficientShares.selector, 0, 1));
        _undelegate(alice, 1);
        skip(THAW);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.Delegation_NotThawed.selector, 0, 0));
        _withdraw(alice);

        assertEq(_delegate(bob, 50), 50e6, "the next ones begin anew");
        assertEq(_value(bob), 50);
    }

    function testFuzz_Slash_TakesWhatHasNotDrippedFirst(uint256 asked, uint256 elapsed) public {
        bonds.bond(ROLE, owner, address(token), 1000e18);
        _delegate(alice, 60e18);
        _undelegate(alice, 20e24);
        _reward(70e18);
        skip(bound(elapsed, 0, 7 days));
        (uint256 undripped, uint256 end) = bonds.dripOf(ROLE, owner, address(token));
        uint256 earning = bonds.earningOf(ROLE, owner, address(token));
        asked = bound(asked, 1, 120e18);
        _slash(1000e18 + asked, 0, true);
        (uint256 left, uint256 endNow) = bonds.dripOf(ROLE, owner, address(token));
        assertEq(left, asked < undripped ? undripped - asked : 0);
        assertEq(endNow, left == 0 ? 0 : end);
        uint256 rest = asked - (undripped - left);
        uint256 fromThawing = rest * 20e18 / (earning + 20e18);
        assertEq(_pool().thawing, 20e18 - fromThawing);
        assertEq(bonds.earningOf(ROLE, owner, address(token)), earning - (rest - fromThawing));
    }

    /// @dev Each pile's shares end when a thousandth of their first worth is left, and the rest is burned.
    function testFuzz_Slash_EndsSharesThatAreWorthNextToNothing(uint256 value, uint256 thawing, uint256 left) public {
        value = bound(value, 1e6, MOST);
        thawing = bound(thawing, 0, value - 1e5);
        left = bound(left, 0, value / 500);
        _delegate(alice, value);
        if (thawing != 0) _undelegate(alice, thawing * 1e6);
        bonds.bond(ROLE, owner, address(token), value);
        _slash(2 * value - left, 0, true);

        uint256 fromThawing = (value - left) * thawing / value;
        uint256 fromValue = value - left - fromThawing;
        bool ends = (value - thawing) * 1e6 > (value - thawing - fromValue) * 1e9;
        bool thawEnds = thawing * 1e6 > (thawing - fromThawing) * 1e9;
        assertEq(_pool().value, ends ? 0 : value - thawing - fromValue);
        assertEq(_pool().thawing, thawEnds ? 0 : thawing - fromThawing);
        assertEq(_position(alice).shares, ends ? 0 : (value - thawing) * 1e6);
        assertEq(_position(alice).thawingShares, thawEnds ? 0 : thawing * 1e6);
        assertEq(_pool().generation, ends ? 1 : 0);
        assertEq(_pool().thawGeneration, thawEnds ? 1 : 0);
        uint256 stakes = uint256(_pool().value) + _pool().thawing;
        uint256 owed = bonds.owedTo(BURNED, address(token)) + bonds.owedTo(reporter, address(token));
        assertEq(token.balanceOf(address(bonds)), stakes + owed, "stranded");
    }

    /// @dev Shares would be more than fit, and the delegation would revert, but for the bound on what takes anybody in.
    function testFuzz_Delegate_FitsAfterAnyNumberOfSlashes(uint256[6] memory lefts, uint256 amount) public {
        _delegate(alice, MOST / 16);
        for (uint256 i; i < lefts.length; ++i) {
            // Less than the price of a share buys none.
            if (!_isSpent()) _delegate(bob, bound(lefts[i], 1e3, MOST / 16));
            uint256 shares = _position(bob).shares;
            if (lefts[i] % 2 == 0 && shares > 1) _undelegate(bob, shares / 2);
            uint256 total = uint256(_pool().value) + _pool().thawing;
            uint256 left = bound(lefts[i], 0, lefts[i] % 3 == 0 ? 2 : total);
            bonds.bond(ROLE, owner, address(token), total);
            _slash(2 * total - left, 0, true);
        }
        amount = bound(amount, 1e3, MOST);
        address carol = makeAddr("carol");
        if (_isSpent()) {
            token.mint(carol, amount);
            _approve(carol);
            vm.expectPartialRevert(IDelegation.Delegation_PoolSpent.selector);
            vm.prank(carol);
            bonds.delegate(ROLE, owner, address(token), amount);
            return;
        }
        _delegate(carol, amount);
        assertGe(_value(carol) + 1, amount);
        _undelegate(carol, _position(carol).shares);
        skip(THAW);
        assertGe(_withdraw(carol) + 2, amount);
    }

    /// @dev Whoever came in behind a slash that left just more than the end of all shares would lose all by the next wei.
    function test_Delegate_RevertWhen_SlashesLeftLessThanAHundredth() public {
        _delegate(alice, 1e18);
        _undelegate(alice, 1e23);
        _slashTo(0.01e18);
        _delegate(bob, 1e15);
        _slashTo(0.011e18 - 10);
        uint256 left = _pool().value;
        bytes memory spent = abi.encodeWithSelector(IDelegation.Delegation_PoolSpent.selector, _pool().shares, left);
        vm.expectRevert(spent);
        bonds.delegate(ROLE, owner, address(token), 1e18);
        vm.prank(alice);
        vm.expectRevert(spent);
        bonds.cancelUndelegation(ROLE, owner, address(token));

        _undelegate(alice, 9e23);
        _undelegate(bob, _position(bob).shares);
        (uint256 shares, uint256 thawing) = (_pool().thawingShares, _pool().thawing);
        assertApproxEqAbs(thawing, 0.011e18, 100);
        assertLe(shares, thawing * 1e8, "what leaves is worth more again, per share");
        assertEq(_delegate(bob, 50), 50e6, "once all have left it begins anew");
    }

    function test_Delegate_RevertWhen_WhatThawsIsSpent() public {
        _delegate(alice, 1e18);
        _undelegate(alice, 1e24);
        _slashTo(0.01e18 - 1);
        vm.expectRevert(abi.encodeWithSelector(IDelegation.Delegation_PoolSpent.selector, 1e24, 0.01e18 - 1));
        bonds.delegate(ROLE, owner, address(token), 1e18);
        skip(THAW);
        assertEq(_withdraw(alice), 0.01e18 - 1);
        assertEq(_delegate(bob, 50), 50e6, "once all have left it begins anew");
    }

    /// @dev Slashes cost whoever was taken in nine tenths of what it brought before they end its shares, in either pile.
    function testFuzz_Slash_EndsNoSharesBeforeItTookNineTenths(uint256[3] memory lefts, uint256 leaves) public {
        _delegate(alice, 1e24);
        _undelegate(alice, 5e29);
        _slashTo(bound(lefts[0], 1.1e22, 1e24));
        uint256 brought = 1e24;
        uint256 factor = 1e18;
        _delegate(bob, brought);
        if (leaves % 2 == 0) _undelegate(bob, _position(bob).shares / (2 + leaves % 7));
        for (uint256 i = 1; i < 3; ++i) {
            uint256 total = uint256(_pool().value) + _pool().thawing;
            uint256 left = bound(lefts[i], total / 5, total);
            _slashTo(left);
            factor = factor * left / total;
            if (i == 1 && leaves % 3 == 0) _undelegate(bob, _position(bob).shares / 2);
            if (factor < 0.1e18) return;
            (uint256 value, uint256 thawing) = bonds.valueOf(ROLE, owner, address(token), bob);
            assertApproxEqRel(value + thawing, brought * factor / 1e18, 1e12, "more than the slashes took");
        }
    }

    /// @dev Proofs that leave `left` wei of the pool.
    function _slashTo(uint256 left) private {
        uint256 total = uint256(_pool().value) + _pool().thawing;
        if (total == left) return;
        bonds.bond(ROLE, owner, address(token), total);
        uint256 bonded = bonds.bondOf(ROLE, owner, address(token)).active;
        _slash(bonded + total - left, 0, true);
    }

    function _isSpent() private view returns (bool) {
        IDelegation.Pool memory pool = _pool();
        return pool.shares > uint256(pool.value) * 1e8 || pool.thawingShares > uint256(pool.thawing) * 1e8;
    }

    function test_Slash_LeavesThawedMoneyThatWaitsAsExposedAsTheRest() public {
        bonds.bond(ROLE, owner, address(token), 50);
        _delegate(alice, 100);
        _delegate(bob, 100);
        _undelegate(bob, 100e6);
        skip(365 days);
        _slash(100, 0, true);
        (, uint256 bobs) = bonds.valueOf(ROLE, owner, address(token), bob);
        assertEq(bobs, 75);
        assertEq(_value(alice), 75);
        assertEq(_withdraw(bob), 75);
    }

    function test_TheLastShareBurnsWhatRoundingKept() public {
        _delegate(alice, 1e6);
        _rewardAndDrip(1e9);
        uint256 worth = _value(alice);
        uint256 kept = 1e6 + 1e9 - worth;
        assertEq(kept, 1000, "the virtual wei of a million");
        vm.expectEmit(address(bonds));
        emit IDelegation.PoolSwept(ROLE, owner, address(token), kept, 0, 0);
        _undelegate(alice, 1e12);
        skip(THAW);
        assertEq(_withdraw(alice), worth);
        assertEq(bonds.collectBurned(address(token)), kept);
        assertEq(token.balanceOf(BURNED), kept);
        assertEq(token.balanceOf(address(bonds)), 0);
    }

    function _delegate(address delegator, uint256 amount) private returns (uint256) {
        token.mint(delegator, amount);
        _approve(delegator);
        vm.prank(delegator);
        return bonds.delegate(ROLE, owner, address(token), amount);
    }

    function _approve(address account) private {
        vm.prank(account);
        token.approve(address(bonds), type(uint256).max);
    }

    function _undelegate(address delegator, uint256 shares) private returns (uint256) {
        vm.prank(delegator);
        return bonds.undelegate(ROLE, owner, address(token), shares);
    }

    function _withdraw(address delegator) private returns (uint256) {
        vm.prank(delegator);
        return bonds.withdrawDelegation(ROLE, owner, address(token), delegator);
    }

    function _rewardAndDrip(uint256 amount) private {
        _reward(amount);
        skip(7 days);
    }

    function _reward(uint256 amount) private {
        bonds.reward(ROLE, owner, address(token), amount);
    }

    function _setCommission(uint256 commission) private {
        vm.prank(owner);
        bonds.setCommission(ROLE, address(token), commission);
    }

    function _slash(uint256 amount, uint256 loss, bool uncapped) private returns (uint256) {
        return bonds.slash(ROLE, owner, address(token), IBonds.Slash(amount, harmed, loss, reporter, uncapped));
    }

    function _pool() private view returns (IDelegation.Pool memory) {
        return bonds.poolOf(ROLE, owner, address(token));
    }

    function _position(address delegator) private view returns (IDelegation.Position memory) {
        return bonds.positionOf(ROLE, owner, address(token), delegator);
    }

    function _value(address delegator) private view returns (uint256 value) {
        (value,) = bonds.valueOf(ROLE, owner, address(token), delegator);
    }

    function _commission() private view returns (uint256) {
        return bonds.commissionOf(ROLE, owner, address(token));
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
