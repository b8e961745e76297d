// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {Disputes} from "../../src/stake/Disputes.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IDisputes} from "../../src/stake/IDisputes.sol";
import {MoneyFalseToken, MoneyHookToken, MoneyNoReturnToken, MoneyRebasingToken} from "../mocks/MoneyTokens.sol";
import {RewardTree} from "../rewards/RewardTree.sol";
import {RewardsTest} from "../rewards/RewardsTest.sol";

/// @title Tokens that shrink, lie, say nothing or call back, in a bond, in an epoch of rewards and in a dispute
contract A04_StakeAndRewardTokens is RewardsTest {
    using RewardTree for bytes32[][];

    IBonds.Role private constant ROLE = IBonds.Role.Provider;

    Bonds private bonds;
    Disputes private disputes;
    MoneyFalseToken private liar;
    address private accused = makeAddr("accused");

    function setUp() public override {
        super.setUp();
        address authority = address(new AccessManager(address(this)));
        bonds = new Bonds(authority, IOutageClock(address(0)));
        disputes = new Disputes(authority, bonds, IOutageClock(address(0)));
        bonds.setSlasher(address(disputes), true);
        liar = new MoneyFalseToken();
        liar.mint(address(this), 1e30);
        liar.approve(address(bonds), type(uint256).max);
        liar.approve(address(distributor), type(uint256).max);
        liar.approve(address(disputes), type(uint256).max);
        token.approve(address(bonds), type(uint256).max);
        bonds.setMinimum(IBonds.Role.Provider, address(liar), 1);
        bonds.setMinimum(IBonds.Role.Provider, address(token), 1);
    }

    function _expectRefusal() private {
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(liar)));
    }

    function test_ATokenThatAnswersFalseBondsNothingAndLeavesNothingBehind() public {
        liar.setRefuses(true);
        _expectRefusal();
        bonds.bond(IBonds.Role.Provider, address(this), address(liar), 10);
        liar.setRefuses(false);
        bonds.bond(IBonds.Role.Provider, address(this), address(liar), 10);
        bonds.thaw(IBonds.Role.Provider, address(liar), 10);
        skip(14 days);
        liar.setRefuses(true);
        _expectRefusal();
        bonds.withdraw(IBonds.Role.Provider, address(liar), address(this));
        liar.setRefuses(false);
        bonds.withdraw(IBonds.Role.Provider, address(liar), address(this));
        assertEq(liar.balanceOf(address(this)), 1e30);
    }

    /// @dev A rebase is the loss of those who hold the token, and of no other token.
    function testFuzz_ARebaseOfABondStaysInItsToken(uint256 keptBps) public {
        MoneyRebasingToken shrinking = new MoneyRebasingToken();
        bonds.setMinimum(IBonds.Role.Provider, address(shrinking), 1);
        shrinking.mint(address(this), 1_000);
        shrinking.approve(address(bonds), 1_000);
        IERC20[2] memory tokens = [IERC20(address(shrinking)), IERC20(address(token))];
        for (uint256 i; i < 2; ++i) {
            bonds.bond(IBonds.Role.Provider, address(this), address(tokens[i]), 1_000);
            bonds.thaw(IBonds.Role.Provider, address(tokens[i]), 1_000);
        }
        shrinking.rebase(bound(keptBps, 1, 9_999));
        skip(14 days);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientBalance.selector);
        bonds.withdraw(IBonds.Role.Provider, address(shrinking), address(this));
        bonds.withdraw(IBonds.Role.Provider, address(token), address(this));
        assertEq(token.balanceOf(address(bonds)), 0);
        assertEq(bonds.bondOf(IBonds.Role.Provider, address(this), address(shrinking)).thawing, 1_000, "still owed");
    }

    /// @dev A leaf whose transfer is refused is not paid, and can be as soon as the token does what it says.
    function testFuzz_ARewardThatIsRefusedStaysDue(bool byRange) public {
        liar.setRefuses(true);
        _expectRefusal();
        distributor.fund(1, address(liar), 10);
        liar.setRefuses(false);
        IDistributor.Reward[] memory rewards = new IDistributor.Reward[](1);
        rewards[0] = IDistributor.Reward(makeAddr("account"), 10);
        bytes32[][] memory tree = _tree(1, rewards);
        distributor.fund(1, address(liar), 10);
        distributor.post(1, address(liar), tree.root(), 10, 1, 0);
        skip(48 hours);
        liar.setRefuses(true);
        if (byRange) {
            distributor.payRange(1, 0, rewards, tree.rangeProof(0));
        } else {
            _expectRefusal();
            distributor.claim(1, 0, rewards[0], tree.proof(0));
        }
        assertEq(distributor.epochOf(1).paid, 0);
        liar.setRefuses(false);
        distributor.claim(1, 0, rewards[0], tree.proof(0));
        assertEq(liar.balanceOf(rewards[0].account), 10);
        assertEq(distributor.epochOf(1).paid, 10);
    }

    /// @dev A leaf that the shrunken balance does not cover stays due, and no more is booked as paid than was. An epoch in
    /// another token is paid in full.
    function testFuzz_ARebaseOfAnEpochStaysInItsToken(uint256 keptBps) public {
        MoneyRebasingToken shrinking = new MoneyRebasingToken();
        shrinking.mint(address(this), 1_000);
        shrinking.approve(address(distributor), 1_000);
        (IDistributor.Reward[] memory rewards, bytes32[][] memory tree) = _postOf(1, address(shrinking), 10);
        (IDistributor.Reward[] memory others, bytes32[][] memory otherTree) = _postOf(2, address(token), 10);
        keptBps = bound(keptBps, 1, 9_999);
        shrinking.rebase(keptBps);
        uint256 there = shrinking.balanceOf(address(distributor));
        skip(48 hours);

        uint256 paid = distributor.payRange(1, 0, rewards, tree.rangeProof(0));
        assertEq(distributor.epochOf(1).paid, paid);
        assertGe(paid, there / 100 * 100, "as far as it reaches");
        assertLe(paid, there + 9, "no further than the token rounds");
        for (uint256 i; i < 10; ++i) {
            assertEq(distributor.isPaid(1, i), i < paid / 100, "the first ones");
        }
        assertEq(distributor.payRange(2, 0, others, otherTree.rangeProof(0)), 1_000);
        assertEq(token.balanceOf(address(distributor)), 0);

        // Whoever adds what is missing lets the rest be paid, once.
        shrinking.mint(address(distributor), 1_000 * 10_000);
        distributor.payRange(1, 0, rewards, tree.rangeProof(0));
        assertEq(distributor.epochOf(1).paid, 1_000);
        assertEq(distributor.payRange(1, 0, rewards, tree.rangeProof(0)), 0);
    }

    /// @dev What a token lost is not returned, nor taken from another token.
    function testFuzz_ARebaseIsTheFundersLoss(uint256 keptBps, bool disabled) public {
        MoneyRebasingToken shrinking = new MoneyRebasingToken();
        shrinking.mint(address(this), 1_000);
        shrinking.approve(address(distributor), 1_000);
        _postOf(1, address(shrinking), 10);
        _postOf(2, address(token), 10);
        if (disabled) {
            distributor.disable(1);
            distributor.disable(2);
        } else {
            skip(48 hours + 26 weeks);
        }
        shrinking.rebase(bound(keptBps, 1, 9_999));
        uint256 there = shrinking.balanceOf(address(distributor));
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientBalance.selector);
        distributor.sweep(1);
        uint256 before = token.balanceOf(address(this));
        distributor.sweep(2);
        assertEq(token.balanceOf(address(this)) - before, 1_000);
        assertEq(shrinking.balanceOf(address(distributor)), there);
        // Whoever adds what is missing lets it go.
        shrinking.rebase(10_000);
        distributor.sweep(1);
        assertEq(shrinking.balanceOf(address(this)), 1_000);
    }

    function testFuzz_RewardsInATokenThatAnswersNothingArePaid(bool byRange) public {
        MoneyNoReturnToken silent = new MoneyNoReturnToken();
        silent.mint(address(this), 1_000);
        silent.approve(address(distributor), 1_000);
        (IDistributor.Reward[] memory rewards, bytes32[][] memory tree) = _postOf(1, address(silent), 10);
        silent.mint(accused, 10);
        vm.startPrank(accused);
        silent.approve(address(distributor), 10);
        distributor.challenge(1, 0, rewards[0]);
        vm.stopPrank();
        assertEq(silent.balanceOf(accused), 0);
        distributor.resolve(1, false);
        skip(48 hours);
        if (byRange) distributor.payRange(1, 0, rewards, tree.rangeProof(0));
        else distributor.claim(1, 9, rewards[9], tree.proof(9));
        assertEq(silent.balanceOf(rewards[9].account), 100);
        skip(26 weeks);
        distributor.sweep(1);
        assertEq(silent.balanceOf(address(this)), byRange ? 10 : 910, "the rest, and the lost bond");
        assertEq(silent.balanceOf(address(distributor)), 0);
    }

    function test_ATokenThatAnswersFalseBondsNoChallenge() public {
        (IDistributor.Reward[] memory rewards,) = _postOf(1, address(liar), 10);
        liar.setRefuses(true);
        _expectRefusal();
        distributor.challenge(1, 0, rewards[0]);
        assertEq(uint8(distributor.epochOf(1).status), uint8(IDistributor.Status.Posted));
        liar.setRefuses(false);
        distributor.challenge(1, 0, rewards[0]);
        liar.setRefuses(true);
        // The wrong root falls all the same, and the bond waits.
        distributor.resolve(1, true);
        assertEq(uint8(distributor.epochOf(1).status), uint8(IDistributor.Status.Disabled));
        _expectRefusal();
        distributor.collectBond(1, address(this));
        _expectRefusal();
        distributor.sweep(1);
        liar.setRefuses(false);
        distributor.collectBond(1, address(this));
        distributor.sweep(1);
        assertEq(liar.balanceOf(address(this)), 1e30);
    }

    /// @dev A deposit that shrank is owed as it was; other tokens' deposits go back in full.
    function testFuzz_ARebaseOfADepositStaysInItsToken(uint256 keptBps) public {
        MoneyRebasingToken shrinking = new MoneyRebasingToken();
        shrinking.mint(address(this), 2_000);
        shrinking.approve(address(bonds), 1_000);
        shrinking.approve(address(disputes), 1_000);
        token.approve(address(disputes), 1_000);
        _accuse(address(shrinking), 1_000);
        _accuse(address(token), 1_000);
        shrinking.rebase(bound(keptBps, 1, 9_999));
        disputes.draw(1);
        disputes.draw(2);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientBalance.selector);
        disputes.collect(address(shrinking), address(this));
        assertEq(disputes.owedTo(address(this), address(shrinking)), 1_000, "still owed");
        assertEq(disputes.collect(address(token), address(this)), 1_000);
        assertEq(token.balanceOf(address(disputes)), 0);
        shrinking.rebase(10_000);
        assertEq(disputes.collect(address(shrinking), address(this)), 1_000);
    }

    /// @dev A rebase blocks no ruling, whose slash stays in the token's own books.
    function testFuzz_ARebaseBlocksNoRuling(uint256 keptBps) public {
        MoneyRebasingToken shrinking = new MoneyRebasingToken();
        shrinking.mint(address(this), 2_000);
        shrinking.approve(address(bonds), 1_000);
        shrinking.approve(address(disputes), 1_000);
        _accuse(address(shrinking), 1_000);
        skip(48 hours);
        shrinking.rebase(bound(keptBps, 1, 9_999));
        assertEq(disputes.accept(1, 50, address(this), 50), 50);
        assertEq(bonds.owedTo(address(this), address(shrinking)), 50);
        assertEq(disputes.owedTo(address(this), address(shrinking)), 1_000);
        assertEq(bonds.bondOf(ROLE, accused, address(shrinking)).active, 950);
    }

    function test_ATokenThatAnswersFalseOpensNoDispute() public {
        _bond(address(liar), 1_000);
        disputes.setDeposit(address(liar), 10);
        liar.setRefuses(true);
        _expectRefusal();
        disputes.open(ROLE, accused, address(liar), 0, "");
        assertEq(disputes.disputeCount(), 0);
        liar.setRefuses(false);
        disputes.open(ROLE, accused, address(liar), 0, "");
        disputes.draw(1);
        liar.setRefuses(true);
        _expectRefusal();
        disputes.collect(address(liar), address(this));
        assertEq(disputes.owedTo(address(this), address(liar)), 10, "still owed");
        liar.setRefuses(false);
        assertEq(disputes.collect(address(liar), address(this)), 10);
    }

    function test_ADepositInATokenThatAnswersNothingIsTakenAndReturned() public {
        MoneyNoReturnToken silent = new MoneyNoReturnToken();
        silent.mint(address(this), 1_010);
        silent.approve(address(bonds), 1_000);
        silent.approve(address(disputes), 10);
        _bond(address(silent), 1_000);
        disputes.setDeposit(address(silent), 10);
        disputes.open(ROLE, accused, address(silent), 0, "");
        assertEq(silent.balanceOf(address(disputes)), 10);
        disputes.draw(1);
        assertEq(disputes.collect(address(silent), address(this)), 10);
        assertEq(silent.balanceOf(address(this)), 10);
    }

    /// @dev A dispute inside a dispute would count one deposit for both; a second collection would take another's.
    function testFuzz_ATokenThatCallsBackDepositsAndCollectsOnce(bool inOpening) public {
        MoneyHookToken hook = new MoneyHookToken();
        hook.mint(address(this), 2_000);
        hook.approve(address(bonds), 1_000);
        hook.approve(address(disputes), 1_000);
        hook.mint(address(hook), 100);
        vm.prank(address(hook));
        hook.approve(address(disputes), 100);
        _bond(address(hook), 1_000);
        disputes.setDeposit(address(hook), 10);
        if (inOpening) {
            hook.setHook(address(disputes), abi.encodeCall(disputes.open, (ROLE, accused, address(hook), 0, "")));
            disputes.open(ROLE, accused, address(hook), 0, "");
        } else {
            vm.prank(address(hook));
            disputes.open(ROLE, accused, address(hook), 0, "");
            disputes.open(ROLE, accused, address(hook), 0, "");
            disputes.draw(1);
            disputes.draw(2);
            hook.setHook(address(disputes), abi.encodeCall(disputes.collect, (address(hook), address(hook))));
            disputes.collect(address(hook), address(this));
        }
        assertFalse(hook.succeeded());
        assertEq(bytes4(hook.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        assertEq(disputes.disputeCount(), inOpening ? 1 : 2);
        assertEq(hook.balanceOf(address(disputes)), 10);
    }

    /// @dev An epoch of `count` leaves of 100 wei each, funded by the test.
    function _postOf(uint256 epoch, address of_, uint256 count)
        private
        returns (IDistributor.Reward[] memory rewards, bytes32[][] memory tree)
    {
        rewards = new IDistributor.Reward[](count);
        for (uint256 i; i < count; ++i) {
            rewards[i] = IDistributor.Reward(_reward(epoch, i).account, 100);
        }
        tree = _tree(epoch, rewards);
        distributor.fund(epoch, of_, 100 * count);
        distributor.post(epoch, of_, tree.root(), 100 * count, count, 0);
    }

    function _bond(address of_, uint256 amount) private {
        bonds.setMinimum(ROLE, of_, 1);
        bonds.bond(ROLE, accused, of_, amount);
    }

    /// @dev A dispute over a bond as large as its deposit.
    function _accuse(address of_, uint256 amount) private {
        _bond(of_, amount);
        disputes.setDeposit(of_, amount);
        disputes.open(ROLE, accused, of_, 0, "");
    }
}
