// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Test, Vm} from "forge-std/Test.sol";
import {IStakedSpon} from "../../src/token/IStakedSpon.sol";
import {Spon} from "../../src/token/Spon.sol";
import {StakedSpon} from "../../src/token/StakedSpon.sol";
import {StakeHookToken, StakeReentrant, StakeToken} from "../mocks/StakeTokens.sol";

contract StakedSponTest is Test {
    uint256 private constant WEEK = 7 days;
    uint256 private constant COOLDOWN = 14 days;
    /// @dev Enough for every test, and far from the cap of SPON.
    uint256 private constant MOST = 100_000_000e18;

    AccessManager private manager;
    Spon private spon;
    StakedSpon private vault;
    address private alice;
    uint256 private aliceKey;
    address private bob = makeAddr("bob");
    address private carol = makeAddr("carol");

    function setUp() public {
        vm.warp(1_800_000_000);
        (alice, aliceKey) = makeAddrAndKey("alice");
        manager = new AccessManager(address(this));
        spon = new Spon(address(manager));
        vault = new StakedSpon(address(manager), spon);
        _give(alice);
        _give(bob);
        _give(carol);
        _give(address(this));
    }

    function test_ItIsNamedAndPriced() public view {
        assertEq(vault.name(), "Staked Spheron");
        assertEq(vault.symbol(), "sSPON");
        assertEq(vault.decimals(), 21);
        assertEq(vault.asset(), address(spon));
        assertEq(vault.cooldown(), COOLDOWN);
        assertEq(vault.totalAssets(), 0);
        assertEq(vault.convertToShares(1), 1000);
    }

    // Deposits

    function testFuzz_DepositGivesAThousandSharesPerWeiAtFirst(uint256 assets) public {
        assets = bound(assets, 1, MOST);
        vm.expectEmit(address(vault));
        emit IERC4626.Deposit(alice, bob, assets, assets * 1000);
        vm.prank(alice);
        assertEq(vault.deposit(assets, bob), assets * 1000);
        assertEq(vault.balanceOf(bob), assets * 1000);
        assertEq(vault.totalAssets(), assets);
        assertEq(spon.balanceOf(address(vault)), assets);
        assertEq(vault.maxDeposit(bob), type(uint96).max - assets);
    }

    function testFuzz_DepositFollowsItsPreviewAndRoundsDown(uint256 first, uint256 revenue, uint256 assets) public {
        first = bound(first, 1e18, MOST);
        revenue = bound(revenue, 1, MOST);
        assets = bound(assets, 1e6, MOST);
        _deposit(alice, first);
        _fundAndDrip(revenue);
        uint256 expected = vault.previewDeposit(assets);
        assertEq(_deposit(bob, assets), expected);
        assertLe(vault.convertToAssets(expected), assets);
    }

    function testFuzz_MintFollowsItsPreviewAndRoundsUp(uint256 first, uint256 revenue, uint256 shares) public {
        first = bound(first, 1e18, MOST);
        revenue = bound(revenue, 1, MOST);
        _deposit(alice, first);
        _fundAndDrip(revenue);
        shares = bound(shares, 1, vault.convertToShares(MOST));
        uint256 expected = vault.previewMint(shares);
        vm.prank(bob);
        assertEq(vault.mint(shares, bob), expected);
        assertEq(vault.balanceOf(bob), shares);
        assertLe(vault.convertToAssets(shares), expected);
    }

    function test_DepositOfNothingReverts() public {
        vm.startPrank(alice);
        vm.expectRevert(IStakedSpon.StakedSpon_ZeroAmount.selector);
        vault.deposit(0, alice);
        vm.expectRevert(IStakedSpon.StakedSpon_ZeroAmount.selector);
        vault.mint(0, alice);
    }

    function test_DepositWorthNoShareReverts() public {
        _deposit(alice, 1e18);
        _fundAndDrip(1e25);
        vm.prank(bob);
        vm.expectRevert(IStakedSpon.StakedSpon_ZeroAmount.selector);
        vault.deposit(1e4, bob);
    }

    function test_AmountsThatDoNotFitRevert() public {
        (StakeToken token, StakedSpon big) = _vaultOf(new StakeToken());
        token.mint(address(this), 1 << 100);
        uint256 most = type(uint96).max;
        assertEq(big.maxDeposit(address(this)), most);
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, address(this), most + 1, most)
        );
        big.deposit(most + 1, address(this));
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxMint.selector, address(this), most * 1000 + 1, most * 1000)
        );
        big.mint(most * 1000 + 1, address(this));
        big.deposit(most - 5, address(this));
        vm.expectRevert(abi.encodeWithSelector(IStakedSpon.StakedSpon_AmountTooLarge.selector, 6, 5));
        big.fund(6);

        uint256 shares = big.balanceOf(address(this));
        vm.expectRevert(
            abi.encodeWithSelector(IStakedSpon.StakedSpon_AmountTooLarge.selector, shares, type(uint104).max)
        );
        big.requestRedeem(shares, address(this), address(this));
        big.requestRedeem(type(uint104).max, address(this), address(this));
        assertEq(big.exitOf(address(this)).shares, type(uint104).max);
    }

    function testFuzz_ADonationChangesNoPrice(uint256 staked, uint256 donation) public {
        _deposit(alice, bound(staked, 1, MOST));
        uint256 price = vault.convertToAssets(1e30);
        vm.prank(bob);
        spon.transfer(address(vault), bound(donation, 0, MOST));
        assertEq(vault.convertToAssets(1e30), price);
        skip(WEEK);
        assertEq(vault.convertToAssets(1e30), price);
    }

    function testFuzz_TheFirstDepositorCannotStealTheSecond(uint256 seed, uint256 gift, uint256 victim) public {
        seed = bound(seed, 1, 1e21);
        gift = bound(gift, 1, MOST / 2);
        victim = bound(victim, 1, MOST);
        vm.startPrank(alice);
        vault.deposit(seed, alice);
        spon.transfer(address(vault), gift);
        vault.fund(gift);
        vm.stopPrank();
        skip(WEEK);
        if (vault.previewDeposit(victim) != 0) _deposit(bob, victim);
        assertLe(vault.convertToAssets(vault.balanceOf(alice)), seed + gift);
    }

    // Drip

    function testFuzz_FundedRevenueDripsLinearlyForAWeek(uint256 staked, uint256 revenue, uint256 elapsed) public {
        staked = bound(staked, 1e18, MOST);
        revenue = bound(revenue, 1, MOST);
        elapsed = bound(elapsed, 0, 2 * WEEK);
        _deposit(alice, staked);
        vm.expectEmit(address(vault));
        emit IStakedSpon.DripFunded(bob, revenue, revenue, block.timestamp, block.timestamp + WEEK);
        vm.prank(bob);
        vault.fund(revenue);
        uint256 endsAt = block.timestamp + WEEK;
        skip(elapsed);
        (uint256 undripped, uint256 end) = vault.drip();
        uint256 dripped = elapsed < WEEK ? revenue * elapsed / WEEK : revenue;
        assertEq(undripped, revenue - dripped);
        assertEq(end, undripped == 0 ? 0 : endsAt);
        assertEq(vault.totalAssets(), staked + dripped);
    }

    function test_FundingNothingReverts() public {
        vm.expectRevert(IStakedSpon.StakedSpon_ZeroAmount.selector);
        vault.fund(0);
    }

    function testFuzz_FundingNeverLowersTheRate(uint256 first, uint256 elapsed, uint256 second) public {
        first = bound(first, 1, MOST);
        second = bound(second, 1, MOST);
        elapsed = bound(elapsed, 0, WEEK - 1);
        _deposit(alice, 1e18);
        vault.fund(first);
        skip(elapsed);
        (uint256 oldLeft, uint256 oldEnd) = vault.drip();
        vault.fund(second);
        (uint256 left, uint256 end) = vault.drip();
        assertEq(left, oldLeft + second);
        assertGe(left * (oldEnd - block.timestamp), oldLeft * (end - block.timestamp), "rate");
        assertGe(end, oldEnd);
        assertLe(end, block.timestamp + WEEK);
    }

    function test_AFlowOfDustHoldsNothingBack() public {
        _deposit(alice, 1e18);
        vault.fund(700e18);
        (, uint256 end) = vault.drip();
        for (uint256 i; i < 100; ++i) {
            skip(1 hours);
            vault.fund(1);
        }
        (, uint256 now_) = vault.drip();
        assertEq(now_, end);
    }

    function test_FundingDoesNotChangeThePriceAtOnce() public {
        _deposit(alice, 5e18);
        _fundAndDrip(3e18);
        vault.fund(1e18);
        skip(1 days);
        uint256 price = vault.convertToAssets(1e30);
        vault.fund(50e18);
        assertApproxEqAbs(vault.convertToAssets(1e30), price, 1e9);
    }

    function testFuzz_TheDripStandsStillWhileNobodyIsStaked(uint256 revenue, uint256 before, uint256 elapsed) public {
        revenue = bound(revenue, 1, MOST);
        vault.fund(revenue);
        skip(bound(before, 0, 365 days));
        (uint256 undripped, uint256 end) = vault.drip();
        assertEq(undripped, revenue);
        assertEq(end, block.timestamp + WEEK);
        assertEq(vault.totalAssets(), 0);

        vm.expectEmit(address(vault));
        emit IStakedSpon.DripShifted(revenue, block.timestamp, block.timestamp + WEEK);
        _deposit(alice, 1e18);
        elapsed = bound(elapsed, 0, WEEK);
        skip(elapsed);
        assertEq(vault.totalAssets(), 1e18 + revenue * elapsed / WEEK);
    }

    function test_TheDripStopsWhenTheLastStakerLeaves() public {
        _deposit(alice, 1000e18);
        vault.fund(70e18);
        skip(3 days);
        _requestAll(alice);
        (uint256 undripped, uint256 end) = vault.drip();
        assertEq(undripped, 40e18);
        assertEq(end, block.timestamp + 4 days);
        skip(30 days);
        (undripped, end) = vault.drip();
        assertEq(undripped, 40e18);
        assertEq(end, block.timestamp + 4 days);

        vm.expectEmit(address(vault));
        emit IStakedSpon.DripShifted(40e18, block.timestamp, block.timestamp + 4 days);
        // A share has become dearer by what rounding left behind the last one.
        _deposit(bob, 2e18);
        skip(1 days);
        (undripped,) = vault.drip();
        assertEq(undripped, 30e18);
    }

    function testFuzz_TheDripStandsStillBelowTheLeastStake(uint256 left, uint256 elapsed, uint256 back) public {
        left = bound(left, 1, 1e21 - 1e3);
        back = bound(back, 1, 1e20);
        _deposit(alice, 1e18);
        vault.fund(70e18);
        skip(3 days);
        uint256 assets = vault.totalAssets();
        _request(alice, 1e21 - left);
        (uint256 undripped, uint256 end) = vault.drip();
        assertEq(undripped, 40e18);
        assertEq(end, block.timestamp + 4 days);
        skip(bound(elapsed, 0, 365 days));
        (undripped,) = vault.drip();
        assertEq(undripped, 40e18);
        assertEq(vault.totalAssets() + vault.exitOf(alice).assets, assets);

        vm.recordLogs();
        _deposit(bob, back);
        bool isEnough = vault.totalSupply() >= 1e21;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 shifts;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IStakedSpon.DripShifted.selector) ++shifts;
        }
        assertEq(shifts, isEnough ? 1 : 0);
        skip(1 days);
        (undripped,) = vault.drip();
        assertEq(undripped, isEnough ? 30e18 : 40e18);
    }

    /// @dev However long a wei was staked alone, and whatever revenue came meanwhile.
    function testFuzz_ADepositLosesNoMoreThanAMillionWei(uint256[8] memory revenues, uint256 stake, uint256 brought)
        public
    {
        _deposit(alice, bound(stake, 1, stake % 2 == 0 ? 1e4 : 2e18));
        uint256 funded;
        for (uint256 i; i < revenues.length; ++i) {
            uint256 revenue = bound(revenues[i], 1, MOST / 8);
            _fundAndDrip(revenue);
            funded += revenue;
        }
        brought = bound(brought, 1e6, MOST);
        uint256 shares = _deposit(bob, brought);
        assertGe(vault.convertToAssets(shares) + 1e6, brought, "the deposit lost");
        // Nothing is lost that waits.
        (uint256 undripped,) = vault.drip();
        assertEq(vault.totalAssets() + undripped, spon.balanceOf(address(vault)));
        skip(WEEK);
        assertApproxEqAbs(vault.totalAssets(), spon.balanceOf(address(vault)), vault.totalSupply() < 1e21 ? funded : 0);
    }

    function test_ADripThatStandsStillCanBeFunded() public {
        vault.fund(10e18);
        skip(100 days);
        vault.fund(4e18);
        (uint256 undripped, uint256 end) = vault.drip();
        assertEq(undripped, 14e18);
        assertEq(end, block.timestamp + WEEK);
    }

    function test_NothingIsShiftedWhenTheDripIsOver() public {
        _deposit(alice, 1e18);
        _fundAndDrip(1e18);
        _requestAll(alice);
        vm.recordLogs();
        _deposit(bob, 1e18);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            assertNotEq(logs[i].topics[0], IStakedSpon.DripShifted.selector);
        }
        (uint256 undripped, uint256 end) = vault.drip();
        assertEq(undripped, 0);
        assertEq(end, 0);
    }

    function testFuzz_WhoeverStepsInForOnePaymentEarnsNothing(uint256 revenue) public {
        revenue = bound(revenue, 1, MOST);
        _deposit(alice, 1e18);
        _deposit(bob, MOST);
        vault.fund(revenue);
        _requestAll(bob);
        assertLe(vault.exitOf(bob).assets, MOST);
    }

    // Requests

    function testFuzz_ARequestBurnsSharesAndFixesTheirAssets(uint256 staked, uint256 revenue, uint256 shares) public {
        staked = bound(staked, 1e6, MOST);
        _deposit(alice, staked);
        _deposit(bob, staked);
        _fundAndDrip(bound(revenue, 1, MOST));
        shares = bound(shares, 1000, staked * 1000);
        uint256 assets = vault.convertToAssets(shares);
        uint256 total = vault.totalAssets();

        vm.expectEmit(address(vault));
        emit IStakedSpon.ExitRequested(alice, alice, shares, assets, block.timestamp + COOLDOWN);
        vm.expectEmit(address(vault));
        emit IStakedSpon.RedeemRequest(alice, alice, 0, alice, shares);
        vm.prank(alice);
        assertEq(vault.requestRedeem(shares, alice, alice), 0);

        assertEq(vault.balanceOf(alice), staked * 1000 - shares);
        assertEq(vault.totalAssets(), total - assets);
        assertEq(vault.pendingRedeemRequest(0, alice), shares);
        assertEq(vault.claimableRedeemRequest(0, alice), 0);
        assertEq(vault.maxRedeem(alice), 0);
        assertEq(vault.maxWithdraw(alice), 0);

        _fundAndDrip(1e18);
        skip(WEEK);
        IStakedSpon.Exit memory exit = vault.exitOf(alice);
        assertEq(exit.assets, assets, "an exit earns nothing");
        assertEq(exit.shares, shares);
        assertEq(vault.pendingRedeemRequest(7, alice), 0);
        assertEq(vault.claimableRedeemRequest(7, alice), shares);
        assertEq(vault.maxRedeem(alice), shares);
        assertEq(vault.maxWithdraw(alice), assets);
    }

    function test_AddingToAnExitRestartsItsCooldown() public {
        _deposit(alice, 10e18);
        _request(alice, 4e21);
        skip(COOLDOWN);
        _request(alice, 1e21);
        IStakedSpon.Exit memory exit = vault.exitOf(alice);
        assertEq(exit.shares, 5e21);
        assertEq(exit.assets, 5e18);
        assertEq(exit.claimableAt, block.timestamp + COOLDOWN);
        assertEq(vault.maxRedeem(alice), 0);
    }

    function test_ARequestWorthNothingReverts() public {
        _deposit(alice, 1e18);
        vm.startPrank(alice);
        vm.expectRevert(IStakedSpon.StakedSpon_ZeroAmount.selector);
        vault.requestRedeem(0, alice, alice);
        vm.expectRevert(IStakedSpon.StakedSpon_ZeroAmount.selector);
        vault.requestRedeem(999, alice, alice);
    }

    function test_ARequestOfMoreThanHeldReverts() public {
        uint256 shares = _deposit(alice, 1e18);
        _deposit(bob, 5e18);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, shares, shares + 1)
        );
        vault.requestRedeem(shares + 1, alice, alice);
    }

    function test_AnOperatorRequestsForItsController() public {
        _deposit(alice, 1e18);
        vm.expectEmit(address(vault));
        emit IStakedSpon.OperatorSet(alice, bob, true);
        vm.prank(alice);
        assertTrue(vault.setOperator(bob, true));
        assertTrue(vault.isOperator(alice, bob));
        vm.startPrank(bob);
        vault.requestRedeem(2e20, alice, alice);
        vault.requestRedeem(3e20, bob, alice);
        vm.stopPrank();
        assertEq(vault.exitOf(alice).shares, 2e20);
        assertEq(vault.exitOf(bob).shares, 3e20);

        vm.prank(alice);
        vault.setOperator(bob, false);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IStakedSpon.StakedSpon_NotAuthorized.selector, bob, alice));
        vault.requestRedeem(1e20, alice, alice);
    }

    function test_AnAllowanceServesAnExitOfItsSpender() public {
        _deposit(alice, 1e18);
        vm.prank(alice);
        vault.approve(bob, 5e20);
        vm.prank(bob);
        vault.requestRedeem(2e20, bob, alice);
        assertEq(vault.allowance(alice, bob), 3e20);
        assertEq(vault.exitOf(bob).shares, 2e20);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, bob, 3e20, 4e20));
        vault.requestRedeem(4e20, bob, alice);
    }

    function test_NobodyRestartsTheCooldownOfAnother() public {
        _deposit(alice, 1e18);
        _deposit(bob, 1e18);
        _request(alice, 1e20);
        vm.prank(alice);
        vault.approve(carol, 1e20);

        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IStakedSpon.StakedSpon_NotAuthorized.selector, bob, alice));
        vault.requestRedeem(1000, alice, bob);
        // Not even who may spend alice's shares.
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IStakedSpon.StakedSpon_NotAuthorized.selector, carol, alice));
        vault.requestRedeem(1000, alice, alice);
    }

    function testFuzz_AStrangerCannotBurnTheSharesOfAnother(uint256 shares) public {
        _deposit(alice, 1e18);
        shares = bound(shares, 1, 1e21);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, bob, 0, shares));
        vault.requestRedeem(shares, bob, alice);
    }

    // Claims

    function testFuzz_RedeemPaysProRataAndTheLastClaimTakesAll(uint256 staked, uint256 revenue, uint256 part) public {
        staked = bound(staked, 1e6, MOST);
        _deposit(alice, staked);
        _fundAndDrip(bound(revenue, 1, MOST));
        _requestAll(alice);
        skip(COOLDOWN);
        IStakedSpon.Exit memory exit = vault.exitOf(alice);
        part = bound(part, 1, exit.shares - 1);
        uint256 expected = part * exit.assets / exit.shares;

        vm.expectEmit(address(vault));
        emit IERC4626.Withdraw(alice, carol, alice, expected, part);
        vm.startPrank(alice);
        uint256 before = spon.balanceOf(carol);
        assertEq(vault.redeem(part, carol, alice), expected);
        assertEq(vault.exitOf(alice).assets, exit.assets - expected);
        assertEq(vault.exitOf(alice).shares, exit.shares - part);
        assertEq(vault.redeem(exit.shares - part, carol, alice), exit.assets - expected);
        assertEq(spon.balanceOf(carol) - before, exit.assets);
        assertEq(vault.exitOf(alice).claimableAt, 0);
    }

    function testFuzz_WithdrawPaysWhatWasAskedAndStrandsNothing(uint256 staked, uint256 revenue, uint256 part) public {
        // A few wei at stake and much revenue make a share worth more than a wei.
        staked = bound(staked, 2, 1e6);
        _deposit(alice, staked);
        _fundAndDrip(bound(revenue, 1, MOST));
        _requestAll(alice);
        skip(COOLDOWN);
        IStakedSpon.Exit memory exit = vault.exitOf(alice);
        part = bound(part, 1, exit.assets);
        vm.startPrank(alice);
        uint256 before = spon.balanceOf(alice);
        assertEq(vault.withdraw(part, alice, alice), part * exit.shares / exit.assets);
        assertEq(spon.balanceOf(alice) - before, part);
        if (part < exit.assets) {
            assertGt(vault.exitOf(alice).shares, 0);
            vault.redeem(vault.maxRedeem(alice), alice, alice);
        }
        assertEq(spon.balanceOf(alice) - before, exit.assets);
        assertEq(vault.exitOf(alice).shares, 0);
    }

    function testFuzz_AClaimBeforeTheCooldownReverts(uint256 elapsed) public {
        _deposit(alice, 1e18);
        _request(alice, 1e21);
        uint256 claimableAt = block.timestamp + COOLDOWN;
        skip(bound(elapsed, 0, COOLDOWN - 1));
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IStakedSpon.StakedSpon_NotClaimable.selector, alice, 1e21, 0, claimableAt)
        );
        vault.redeem(1e21, alice, alice);
        vm.expectRevert(abi.encodeWithSelector(IStakedSpon.StakedSpon_NotClaimable.selector, alice, 1, 0, claimableAt));
        vault.withdraw(1, alice, alice);
    }

    function test_AClaimOfMoreThanTheExitReverts() public {
        _deposit(alice, 2e18);
        _request(alice, 1e21);
        uint256 claimableAt = block.timestamp + COOLDOWN;
        skip(COOLDOWN);
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IStakedSpon.StakedSpon_NotClaimable.selector, alice, 1e21 + 1, 1e21, claimableAt)
        );
        vault.redeem(1e21 + 1, alice, alice);
        vm.expectRevert(
            abi.encodeWithSelector(IStakedSpon.StakedSpon_NotClaimable.selector, alice, 1e18 + 1, 1e18, claimableAt)
        );
        vault.withdraw(1e18 + 1, alice, alice);
    }

    function test_AClaimOfNothingReverts() public {
        vm.startPrank(alice);
        vm.expectRevert(IStakedSpon.StakedSpon_ZeroAmount.selector);
        vault.redeem(0, alice, alice);
        vm.expectRevert(IStakedSpon.StakedSpon_ZeroAmount.selector);
        vault.withdraw(0, alice, alice);
    }

    function test_OnlyTheControllerOrItsOperatorClaims() public {
        _deposit(alice, 1e18);
        _request(alice, 1e21);
        skip(COOLDOWN);
        vm.prank(alice);
        vault.approve(bob, type(uint256).max);
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(IStakedSpon.StakedSpon_NotAuthorized.selector, bob, alice));
        vault.redeem(1e21, bob, alice);
        vm.expectRevert(abi.encodeWithSelector(IStakedSpon.StakedSpon_NotAuthorized.selector, bob, alice));
        vault.withdraw(1e18, bob, alice);
        vm.stopPrank();

        vm.prank(alice);
        vault.setOperator(bob, true);
        uint256 before = spon.balanceOf(carol);
        vm.startPrank(bob);
        vault.redeem(5e20, carol, alice);
        vault.withdraw(5e17, carol, alice);
        assertEq(spon.balanceOf(carol) - before, 1e18);
    }

    function test_PreviewsOfExitsAreUnavailable() public {
        vm.expectRevert(IStakedSpon.StakedSpon_PreviewUnavailable.selector);
        vault.previewRedeem(1);
        vm.expectRevert(IStakedSpon.StakedSpon_PreviewUnavailable.selector);
        vault.previewWithdraw(1);
    }

    function test_AReceiverCannotClaimTwiceFromItsHook() public {
        (StakeToken token, StakedSpon hooked) = _vaultOf(new StakeHookToken());
        StakeReentrant thief = new StakeReentrant();
        token.mint(address(this), 10e18);
        hooked.deposit(5e18, address(this));
        hooked.deposit(2e18, address(thief));
        thief.run(address(hooked), abi.encodeCall(hooked.requestRedeem, (2e21, address(thief), address(thief))));
        skip(COOLDOWN);
        bytes memory redeem = abi.encodeCall(hooked.redeem, (1e21, address(thief), address(thief)));
        thief.arm(address(hooked), redeem);
        thief.run(address(hooked), redeem);
        assertFalse(thief.succeeded());
        assertEq(bytes4(thief.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        assertEq(token.balanceOf(address(thief)), 1e18);
    }

    // Cooldown

    function testFuzz_TheCooldownIsSetWithinItsBounds(uint256 cooldown) public {
        cooldown = bound(cooldown, 2 days, 30 days);
        _deposit(alice, 1e18);
        _request(alice, 1e20);
        vm.expectEmit(address(vault));
        emit IStakedSpon.CooldownSet(cooldown);
        vault.setCooldown(cooldown);
        assertEq(vault.cooldown(), cooldown);
        assertEq(vault.exitOf(alice).claimableAt, block.timestamp + COOLDOWN, "earlier exits keep theirs");
        _request(alice, 1e20);
        assertEq(vault.exitOf(alice).claimableAt, block.timestamp + cooldown);
    }

    function testFuzz_ACooldownOutOfBoundsReverts(uint256 cooldown) public {
        vm.assume(cooldown < 2 days || cooldown > 30 days);
        vm.expectRevert(
            abi.encodeWithSelector(IStakedSpon.StakedSpon_CooldownOutOfBounds.selector, cooldown, 2 days, 30 days)
        );
        vault.setCooldown(cooldown);
    }

    function test_SetCooldownIsRestricted() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, alice));
        vault.setCooldown(3 days);
    }

    // Votes and permit

    function test_VotesCountOnATimestampClock() public {
        assertEq(vault.clock(), block.timestamp);
        assertEq(vault.CLOCK_MODE(), "mode=timestamp");
        _deposit(alice, 1e18);
        vm.prank(alice);
        vault.delegate(bob);
        uint256 then = block.timestamp;
        skip(1);
        _request(alice, 4e20);
        assertEq(vault.getVotes(bob), 6e20);
        assertEq(vault.getPastVotes(bob, then), 1e21);
        assertEq(vault.getPastTotalSupply(then), 1e21);
    }

    /// @dev Whoever never delegates is in no vote, and pays for no checkpoint.
    function test_UndelegatedSharesWriteNoVotes() public {
        vm.record();
        _deposit(alice, 1e18);
        _request(alice, 4e20);
        vm.prank(alice);
        vault.transfer(bob, 1e20);
        (, bytes32[] memory writes) = vm.accesses(address(vault));
        skip(1);
        assertEq(vault.getPastTotalSupply(block.timestamp - 1), 0);
        // Balances of two, the supply, the assets, an exit: each of them in one slot, and none for votes.
        for (uint256 i; i < writes.length; ++i) {
            assertNotEq(uint256(vm.load(address(vault), writes[i])) >> 48, 1e21, "a checkpoint");
        }
        vm.prank(bob);
        vault.delegate(bob);
        skip(1);
        assertEq(vault.getPastTotalSupply(block.timestamp - 1), 1e20);
    }

    /// @dev The votes of each, and the total, after any deposits, exits, transfers and delegations.
    function testFuzz_TheTotalIsTheSumOfDelegatedVotes(uint256[24] memory steps) public {
        address[3] memory actors = [alice, bob, carol];
        for (uint256 i; i < steps.length; ++i) {
            uint256 step = uint256(keccak256(abi.encode(steps[i], i)));
            address actor = actors[step % 3];
            uint256 balance = vault.balanceOf(actor);
            uint256 shares = balance == 0 ? 0 : (step >> 16) % (balance + 1);
            uint256 action = (step >> 8) % 4;
            vm.startPrank(actor);
            if (action == 0) vault.deposit(1e18 + (step >> 16) % 1e20, actor);
            if (action == 1 && shares >= 1e3) vault.requestRedeem(shares, actor, actor);
            // To the vault too, which never delegates.
            if (action == 2) vault.transfer((step >> 12) % 4 == 3 ? address(vault) : actors[(step >> 12) % 4], shares);
            // To nobody too, which takes the votes back.
            if (action == 3) vault.delegate((step >> 12) % 4 == 3 ? address(0) : actors[(step >> 12) % 4]);
            vm.stopPrank();
            skip(1);
            _assertVotes(actors);
        }
    }

    function _assertVotes(address[3] memory actors) private view {
        uint256 total;
        for (uint256 i; i < 3; ++i) {
            uint256 votes;
            for (uint256 j; j < 3; ++j) {
                if (vault.delegates(actors[j]) == actors[i]) votes += vault.balanceOf(actors[j]);
            }
            assertEq(vault.getVotes(actors[i]), votes, "votes");
            total += votes;
        }
        assertEq(vault.getPastTotalSupply(block.timestamp - 1), total, "total");
    }

    function test_APauseStopsDepositsOnly() public {
        _deposit(alice, 1e18);
        vm.expectEmit(address(vault));
        emit IStakedSpon.PausedSet(true);
        vault.setPaused(true);
        assertTrue(vault.paused());
        assertEq(vault.maxDeposit(alice), 0);
        assertEq(vault.maxMint(alice), 0);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, alice, 1e18, 0));
        vault.deposit(1e18, alice);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxMint.selector, alice, 1e21, 0));
        vault.mint(1e21, alice);

        vault.fund(1e18);
        vault.delegate(alice);
        vault.transfer(bob, 1e20);
        vault.requestRedeem(9e20, alice, alice);
        skip(COOLDOWN);
        vault.redeem(4e20, alice, alice);
        vault.withdraw(1e17, alice, alice);
        vm.stopPrank();
        vault.setPaused(false);
        _deposit(alice, 1e18);
    }

    function test_SetPausedIsRestricted() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, alice));
        vm.prank(alice);
        vault.setPaused(true);
    }

    function test_RevenueThatDoesNotFitReverts() public {
        vm.prank(bob);
        spon.transfer(alice, 2 * MOST);
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakedSpon.StakedSpon_AmountTooLarge.selector, uint256(type(uint88).max) + 1, type(uint88).max
            )
        );
        vault.fund(uint256(type(uint88).max) + 1);
    }

    function test_SharesTakePermits() public {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                alice,
                bob,
                77,
                0,
                block.timestamp
            )
        );
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", vault.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(aliceKey, digest);
        vault.permit(alice, bob, 77, block.timestamp, v, r, s);
        assertEq(vault.allowance(alice, bob), 77);
        assertEq(vault.nonces(alice), 1);
    }

    function _give(address account) private {
        spon.mint(account, 2 * MOST);
        vm.prank(account);
        spon.approve(address(vault), type(uint256).max);
    }

    function _vaultOf(StakeToken token) private returns (StakeToken, StakedSpon other) {
        other = new StakedSpon(address(manager), IERC20(address(token)));
        token.approve(address(other), type(uint256).max);
        return (token, other);
    }

    function _deposit(address account, uint256 assets) private returns (uint256) {
        vm.prank(account);
        return vault.deposit(assets, account);
    }

    function _request(address account, uint256 shares) private {
        vm.prank(account);
        vault.requestRedeem(shares, account, account);
    }

    function _requestAll(address account) private {
        _request(account, vault.balanceOf(account));
    }

    function _fundAndDrip(uint256 revenue) private {
        vault.fund(revenue);
        skip(WEEK);
    }
}
