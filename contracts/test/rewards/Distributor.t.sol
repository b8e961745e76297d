// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";
import {Distributor} from "../../src/rewards/Distributor.sol";
import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {ExactTransfer} from "../../src/money/ExactTransfer.sol";
import {
    StakeBlockingToken,
    StakeContractAccount,
    StakeFeeToken,
    StakeHookToken,
    StakeReentrant,
    StakeToken
} from "../mocks/StakeTokens.sol";
import {OneOutage} from "../mocks/OneOutage.sol";
import {RewardTree} from "./RewardTree.sol";

contract DistributorTest is Test {
    using RewardTree for bytes32[][];

    uint256 private constant DELAY = 48 hours;
    uint256 private constant ARBITRATION = 72 hours;
    uint256 private constant SWEEP = 26 weeks;

    AccessManager private manager;
    Distributor private distributor;
    StakeBlockingToken private token;
    OneOutage private clock = new OneOutage();
    address private claimer = makeAddr("claimer");
    address private other = makeAddr("other");
    address private challenger = makeAddr("challenger");

    IDistributor.Reward[] private rewards;
    bytes32[][] private tree;

    function setUp() public {
        vm.warp(1_800_000_000);
        manager = new AccessManager(address(this));
        distributor = new Distributor(address(manager), IOutageClock(address(clock)));
        token = new StakeBlockingToken();
        _fundPoster(token);
    }

    function test_ItStartsWithItsConstants() public view {
        assertEq(distributor.nextEpoch(), 1);
        assertEq(distributor.ACTIVATION_DELAY(), DELAY);
        assertEq(distributor.ARBITRATION_DELAY(), ARBITRATION);
        assertEq(distributor.SWEEP_DELAY(), SWEEP);
        assertEq(distributor.CHALLENGE_BOND_BPS(), 100);
        assertEq(address(distributor.clock()), address(clock));
        assertEq(distributor.LEAF_DOMAIN(), keccak256("Spheron reward leaf v1"));
    }

    // Fund

    function testFuzz_FundingPullsTheAmount(uint256 epoch, uint256 first, uint256 second) public {
        epoch = bound(epoch, 1, type(uint256).max);
        first = bound(first, 1, type(uint88).max - 1);
        second = bound(second, 1, type(uint88).max - first);
        vm.expectEmit(address(distributor));
        emit IDistributor.EpochFunded(epoch, address(token), address(this), first);
        distributor.fund(epoch, address(token), first);
        distributor.fund(epoch, address(token), second);
        IDistributor.Epoch memory e = distributor.epochOf(epoch);
        assertEq(e.token, address(token));
        assertEq(e.funder, address(this));
        assertEq(e.cap, first + second);
        assertEq(e.activatesAt, block.timestamp);
        _assertStatus(epoch, IDistributor.Status.Funded);
        assertEq(token.balanceOf(address(distributor)), first + second);
    }

    function test_FundingNothingOrTooMuchReverts() public {
        bytes memory invalid = abi.encodeWithSelector(IDistributor.Distributor_InvalidEpoch.selector, 1);
        vm.expectRevert(invalid);
        distributor.fund(1, address(token), 0);
        vm.expectRevert(invalid);
        distributor.fund(1, address(token), uint256(type(uint88).max) + 1);
        distributor.fund(1, address(token), 2);
        vm.expectRevert(invalid);
        distributor.fund(1, address(token), type(uint88).max - 1);
        vm.expectRevert(invalid);
        distributor.fund(1, address(token), type(uint256).max);
    }

    function test_FundingAPastEpochReverts() public {
        _fundAndPost(1, address(token), "root", 1, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_WrongEpoch.selector, 1, 2));
        distributor.fund(1, address(token), 1);
    }

    function test_FundingInAnotherTokenOrByAnotherReverts() public {
        distributor.fund(1, address(token), 5);
        bytes memory wrong =
            abi.encodeWithSelector(IDistributor.Distributor_WrongFunds.selector, 1, address(token), address(this), 5);
        StakeToken second = new StakeToken();
        vm.expectRevert(wrong);
        distributor.fund(1, address(second), 5);
        manager.grantRole(manager.ADMIN_ROLE(), other, 0);
        vm.expectRevert(wrong);
        vm.prank(other);
        distributor.fund(1, address(token), 5);
    }

    function test_FundingATokenWithFeesReverts() public {
        StakeFeeToken feeToken = new StakeFeeToken();
        _fundPoster(feeToken);
        vm.expectRevert(abi.encodeWithSelector(ExactTransfer.ExactTransfer_UnexpectedAmount.selector, 1000, 990));
        distributor.fund(1, address(feeToken), 1000);
    }

    // Post

    function testFuzz_PostingSetsTheRoot(bytes32 root, uint256 cap, uint256 leafCount, bytes32 evidence) public {
        vm.assume(root != 0);
        cap = bound(cap, 1, type(uint88).max);
        leafCount = bound(leafCount, 1, type(uint24).max);
        distributor.fund(1, address(token), cap);
        skip(1 days);
        vm.expectEmit(address(distributor));
        emit IDistributor.EpochPosted(1, root, cap, leafCount, block.timestamp + DELAY, evidence);
        distributor.post(1, address(token), root, cap, leafCount, evidence);
        IDistributor.Epoch memory e = distributor.epochOf(1);
        assertEq(e.root, root);
        assertEq(e.activatesAt, block.timestamp + DELAY);
        assertEq(distributor.activationOf(1), block.timestamp + DELAY);
        assertEq(e.leafCount, leafCount);
        assertEq(e.cap, cap);
        assertEq(e.paid, 0);
        _assertStatus(1, IDistributor.Status.Posted);
        assertEq(distributor.nextEpoch(), 2);
    }

    function testFuzz_PostingAnyEpochButTheNextReverts(uint256 epoch) public {
        vm.assume(epoch != 2);
        _fundAndPost(1, address(token), "root", 1, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_WrongEpoch.selector, epoch, 2));
        distributor.post(epoch, address(token), "root", 1, 1, 0);
    }

    function test_PostingAnEmptyOrTooLargeEpochReverts() public {
        distributor.fund(1, address(token), 1);
        bytes memory invalid = abi.encodeWithSelector(IDistributor.Distributor_InvalidEpoch.selector, 1);
        vm.expectRevert(invalid);
        distributor.post(1, address(token), 0, 1, 1, 0);
        vm.expectRevert(invalid);
        distributor.post(1, address(token), "root", 1, 0, 0);
        vm.expectRevert(invalid);
        distributor.post(1, address(token), "root", 1, uint256(type(uint24).max) + 1, 0);
    }

    function test_PostingWhatIsNotFundedReverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_WrongFunds.selector, 1, address(0), address(0), 0)
        );
        distributor.post(1, address(0), "root", 0, 1, 0);
        distributor.fund(1, address(token), 5);
        bytes memory wrong =
            abi.encodeWithSelector(IDistributor.Distributor_WrongFunds.selector, 1, address(token), address(this), 5);
        vm.expectRevert(wrong);
        distributor.post(1, address(token), "root", 6, 1, 0);
        vm.expectRevert(wrong);
        distributor.post(1, other, "root", 5, 1, 0);
    }

    function test_APauseStopsPostingOnly() public {
        distributor.fund(1, address(token), 5);
        vm.expectEmit(address(distributor));
        emit IDistributor.PausedSet(true);
        distributor.setPaused(true);
        assertTrue(distributor.paused());
        vm.expectRevert(IDistributor.Distributor_Paused.selector);
        distributor.post(1, address(token), "root", 5, 1, 0);
        distributor.setPaused(false);
        distributor.post(1, address(token), "root", 5, 1, 0);
    }

    function test_AdministrationIsRestricted() public {
        bytes memory refused = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, other);
        vm.startPrank(other);
        vm.expectRevert(refused);
        distributor.fund(1, address(token), 1);
        vm.expectRevert(refused);
        distributor.post(1, address(token), "root", 1, 1, 0);
        vm.expectRevert(refused);
        distributor.disable(1);
        vm.expectRevert(refused);
        distributor.resolve(1, true);
        vm.expectRevert(refused);
        distributor.setPaused(true);
    }

    // Disable

    function testFuzz_DisablingReturnsTheFunds(uint256 elapsed) public {
        _fundAndPost(1, address(token), "root", 500, 1, 0);
        skip(bound(elapsed, 0, DELAY - 1));
        uint256 before = token.balanceOf(address(this));
        vm.expectEmit(address(distributor));
        emit IDistributor.EpochDisabled(1);
        distributor.disable(1);
        _assertStatus(1, IDistributor.Status.Disabled);
        vm.prank(other);
        distributor.sweep(1);
        assertEq(token.balanceOf(address(this)), before + 500);
        _assertStatus(1, IDistributor.Status.Swept);
        assertEq(distributor.nextEpoch(), 2, "its number is used up");
    }

    function testFuzz_DisablingAfterActivationReverts(uint256 elapsed, bool marked) public {
        _fundAndPost(1, address(token), "root", 500, 1, 0);
        skip(bound(elapsed, DELAY, 52 weeks));
        if (marked) distributor.activate(1);
        IDistributor.Status status = marked ? IDistributor.Status.Active : IDistributor.Status.Posted;
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotPending.selector, 1, status));
        distributor.disable(1);
    }

    function test_DisablingTwiceOrNothingReverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NotPending.selector, 1, IDistributor.Status.None)
        );
        distributor.disable(1);
        distributor.fund(1, address(token), 500);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NotPending.selector, 1, IDistributor.Status.Funded)
        );
        distributor.disable(1);
        distributor.post(1, address(token), "root", 500, 1, 0);
        distributor.disable(1);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NotPending.selector, 1, IDistributor.Status.Disabled)
        );
        distributor.disable(1);
    }

    function testFuzz_NothingOfADisabledEpochIsPaid(bool swept) public {
        _post(3);
        distributor.disable(1);
        if (swept) distributor.sweep(1);
        skip(DELAY);
        bytes memory notActive = abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1);
        bytes32[] memory proof = tree.proof(0);
        vm.expectRevert(notActive);
        distributor.claim(1, 0, rewards[0], proof);
        proof = tree.rangeProof(0);
        vm.expectRevert(notActive);
        distributor.payRange(1, 0, rewards, proof);
        vm.expectRevert(notActive);
        distributor.activate(1);
    }

    function test_AFunderThatCannotBePaidKeepsNoRootAlive() public {
        _fundAndPost(1, address(token), "root", 500, 1, 0);
        token.setBlocked(address(this), true);
        distributor.disable(1);
        vm.expectRevert("blocked");
        distributor.sweep(1);

        token.setBlocked(address(this), false);
        uint256 before = token.balanceOf(address(this));
        vm.prank(other);
        distributor.sweep(1);
        assertEq(token.balanceOf(address(this)), before + 500);
    }

    // Activation

    function test_ActivatingMarksAnEpochOnce() public {
        _fundAndPost(1, address(token), "root", 500, 1, 0);
        bytes memory notActive = abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1);
        skip(DELAY - 1);
        vm.expectRevert(notActive);
        distributor.activate(1);
        skip(1);
        vm.expectEmit(address(distributor));
        emit IDistributor.EpochActivated(1);
        vm.prank(other);
        distributor.activate(1);
        _assertStatus(1, IDistributor.Status.Active);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NotPending.selector, 1, IDistributor.Status.Active)
        );
        distributor.activate(1);
    }

    function test_TheFirstPaymentMarksAnEpochActive() public {
        _post(3);
        skip(DELAY);
        vm.expectEmit(address(distributor));
        emit IDistributor.EpochActivated(1);
        distributor.claim(1, 0, rewards[0], tree.proof(0));
        _assertStatus(1, IDistributor.Status.Active);
        vm.recordLogs();
        _payRange(0);
        assertEq(vm.getRecordedLogs().length, 3, "two transfers and one range");
    }

    function testFuzz_OutagesExtendTheActivation(uint256 from, uint256 length) public {
        _post(3);
        uint256 activatesAt = block.timestamp + DELAY;
        from = bound(from, block.timestamp, activatesAt - 1);
        length = bound(length, 1, 7 days);
        clock.setOutage(from, from + length);
        bytes32[] memory proof = tree.proof(0);
        vm.warp(activatesAt + length - 1);
        assertEq(distributor.activationOf(1), block.timestamp + 1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1));
        distributor.claim(1, 0, rewards[0], proof);
        vm.warp(activatesAt + length);
        distributor.claim(1, 0, rewards[0], proof);
    }

    function test_OutagesExtendADelayByAWeekAtMost() public {
        _post(3);
        clock.setOutage(block.timestamp, block.timestamp + 30 days);
        bytes32[] memory proof = tree.proof(0);
        skip(DELAY + 7 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1));
        distributor.claim(1, 0, rewards[0], proof);
        skip(1);
        distributor.claim(1, 0, rewards[0], proof);
        assertTrue(distributor.isPaid(1, 0));
    }

    /// @dev Whether it was marked or not.
    function testFuzz_AnOutageAfterActivationUndoesNothing(bool marked) public {
        _post(3);
        skip(DELAY);
        if (marked) distributor.activate(1);
        clock.setOutage(block.timestamp, block.timestamp + 5 days);
        skip(3 days);
        distributor.claim(1, 0, rewards[0], tree.proof(0));
    }

    // Challenges

    function testFuzz_AChallengeStopsTheActivation(uint256 cap, uint256 elapsed, uint256 index) public {
        cap = bound(cap, 1, type(uint88).max);
        _fundAndPost(1, address(token), "root", cap, 1, 0);
        skip(bound(elapsed, 0, DELAY - 1));
        uint256 bond = (cap + 99) / 100;
        assertEq(distributor.challengeBondOf(1), bond);
        _fundChallenger(bond);
        vm.expectEmit(address(distributor));
        emit IDistributor.EpochChallenged(1, challenger, index, other, 7, bond, block.timestamp + ARBITRATION);
        vm.prank(challenger);
        distributor.challenge(1, index, IDistributor.Reward(other, 7));
        assertEq(token.balanceOf(address(distributor)), cap + bond);
        assertEq(distributor.challengeOf(1).challenger, challenger);
        assertEq(distributor.challengeOf(1).deadline, block.timestamp + ARBITRATION);
        _assertStatus(1, IDistributor.Status.Challenged);
        skip(DELAY + SWEEP);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1));
        distributor.activate(1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotSweepable.selector, 1, type(uint256).max));
        distributor.sweep(1);
    }

    function testFuzz_AnUpheldChallengeDisablesTheRoot(bool byGuardian) public {
        _challenge();
        vm.expectEmit(address(distributor));
        emit IDistributor.EpochDisabled(1);
        vm.expectEmit(address(distributor));
        emit IDistributor.BondReturned(1, challenger, challenger, 5);
        byGuardian ? distributor.disable(1) : distributor.resolve(1, true);
        assertEq(token.balanceOf(challenger), 5);
        assertEq(distributor.challengeOf(1).challenger, address(0));
        _assertStatus(1, IDistributor.Status.Disabled);
        distributor.sweep(1);
        assertEq(token.balanceOf(address(distributor)), 0);
    }

    function testFuzz_ARejectedChallengeLosesItsBondAndBeginsTheDelayAnew(uint256 elapsed) public {
        _challenge();
        skip(bound(elapsed, 0, ARBITRATION - 1));
        uint256 activatesAt = block.timestamp + DELAY;
        vm.expectEmit(address(distributor));
        emit IDistributor.ChallengeRejected(1, challenger, 5, activatesAt);
        distributor.resolve(1, false);
        assertEq(distributor.challengeOf(1).challenger, address(0));
        assertEq(distributor.epochOf(1).forfeited, 5);
        _assertStatus(1, IDistributor.Status.Posted);

        skip(DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1));
        distributor.activate(1);
        skip(1);
        distributor.activate(1);
        skip(SWEEP);
        uint256 before = token.balanceOf(address(this));
        distributor.sweep(1);
        assertEq(token.balanceOf(address(this)), before + 505, "the bond falls to the funder");
    }

    function test_AfterARejectionOthersMayChallenge() public {
        _challenge();
        distributor.resolve(1, false);
        token.mint(other, 5);
        vm.startPrank(other);
        token.approve(address(distributor), 5);
        distributor.challenge(1, 0, IDistributor.Reward(other, 1));
        vm.stopPrank();
        distributor.resolve(1, true);
        assertEq(token.balanceOf(other), 5);
        distributor.sweep(1);
        assertEq(token.balanceOf(address(distributor)), 0);
    }

    function testFuzz_WhatNobodyDecidesIsDisabled(uint256 late) public {
        _challenge();
        uint256 deadline = block.timestamp + ARBITRATION;
        vm.warp(deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_WrongTime.selector, 1, deadline));
        distributor.expireChallenge(1);
        vm.warp(deadline + bound(late, 0, 52 weeks));
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_WrongTime.selector, 1, deadline));
        distributor.resolve(1, false);
        vm.prank(other);
        distributor.expireChallenge(1);
        assertEq(token.balanceOf(challenger), 5);
        _assertStatus(1, IDistributor.Status.Disabled);
    }

    function testFuzz_OutagesExtendTheArbitration(uint256 length) public {
        _challenge();
        uint256 deadline = block.timestamp + ARBITRATION;
        length = bound(length, 1, 7 days);
        clock.setOutage(block.timestamp, block.timestamp + length);
        vm.warp(deadline + length - 1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_WrongTime.selector, 1, deadline + length));
        if (deadline + length - 1 >= block.timestamp) distributor.expireChallenge(1);
        distributor.resolve(1, true);
    }

    function testFuzz_OutagesExtendTheTimeToChallenge(uint256 length) public {
        _fundAndPost(1, address(token), "root", 500, 1, 0);
        length = bound(length, 1, 7 days);
        clock.setOutage(block.timestamp, block.timestamp + length);
        uint256 activatesAt = block.timestamp + DELAY + length;
        _fundChallenger(5);
        vm.warp(activatesAt);
        vm.prank(challenger);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NotPending.selector, 1, IDistributor.Status.Posted)
        );
        distributor.challenge(1, 0, IDistributor.Reward(other, 1));
        vm.warp(activatesAt - 1);
        vm.prank(challenger);
        distributor.challenge(1, 0, IDistributor.Reward(other, 1));
        assertEq(uint256(distributor.epochOf(1).status), uint256(IDistributor.Status.Challenged));
        assertEq(distributor.activationOf(1), 0, "it does not activate");
    }

    function test_ChallengingOutOfTimeReverts() public {
        IDistributor.Reward memory expected = IDistributor.Reward(other, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NotPending.selector, 1, IDistributor.Status.None)
        );
        distributor.challenge(1, 0, expected);
        _challenge();
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NotPending.selector, 1, IDistributor.Status.Challenged)
        );
        distributor.challenge(1, 0, expected);
        distributor.resolve(1, false);
        skip(DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NotPending.selector, 1, IDistributor.Status.Posted)
        );
        distributor.challenge(1, 0, expected);
    }

    function test_DecidingWhatIsNotChallengedReverts() public {
        _fundAndPost(1, address(token), "root", 500, 1, 0);
        bytes memory none = abi.encodeWithSelector(IDistributor.Distributor_NotChallenged.selector, 1);
        vm.expectRevert(none);
        distributor.resolve(1, true);
        vm.expectRevert(none);
        distributor.expireChallenge(1);
    }

    function testFuzz_AChallengerThatCannotBePaidKeepsNoRootAlive(bool swept) public {
        _challenge();
        token.setBlocked(challenger, true);
        distributor.resolve(1, true);
        _assertStatus(1, IDistributor.Status.Disabled);
        if (swept) distributor.sweep(1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotAuthorized.selector, other, challenger));
        vm.prank(other);
        distributor.collectBond(1, other);
        vm.startPrank(challenger);
        vm.expectEmit(address(distributor));
        emit IDistributor.BondReturned(1, challenger, other, 5);
        distributor.collectBond(1, other);
        assertEq(token.balanceOf(other), 5);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotAuthorized.selector, challenger, address(0)));
        distributor.collectBond(1, other);
        vm.stopPrank();
        if (!swept) distributor.sweep(1);
        assertEq(token.balanceOf(address(distributor)), 0);
    }

    function test_ABondIsNotCollectedWhileItStands() public {
        _challenge();
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotAuthorized.selector, challenger, challenger));
        vm.prank(challenger);
        distributor.collectBond(1, challenger);
    }

    // Ranges

    function testFuzz_RangesPayEveryLeafOnce(uint256 leafCount, uint256 seed) public {
        leafCount = bound(leafCount, 1, 1100);
        _post(leafCount);
        skip(DELAY);
        uint256 ranges = (leafCount + 255) / 256;
        for (uint256 i; i < ranges; ++i) {
            uint256 start = ((i + seed % ranges) % ranges) * 256;
            (uint256 total, uint256 sum) = _payRange(start);
            assertEq(total, sum);
            (total,) = _payRange(start);
            assertEq(total, 0);
        }
        for (uint256 i; i < leafCount; ++i) {
            assertTrue(distributor.isPaid(1, i));
            assertEq(token.balanceOf(rewards[i].account), rewards[i].amount);
        }
        assertFalse(distributor.isPaid(1, leafCount));
        assertEq(distributor.epochOf(1).paid, distributor.epochOf(1).cap);
        assertEq(token.balanceOf(address(distributor)), 0);
    }

    function test_ARangeLeavesOutWhatWasClaimed() public {
        _post(300);
        skip(DELAY);
        distributor.claim(1, 257, rewards[257], tree.proof(257));
        vm.recordLogs();
        (uint256 total, uint256 sum) = _payRange(256);
        assertEq(total, sum - rewards[257].amount);
        // A transfer for each of the 43 others, and the range.
        assertEq(vm.getRecordedLogs().length, 43 + 1);
        assertEq(token.balanceOf(rewards[257].account), rewards[257].amount);
    }

    function test_ALeafOfNothingIsPaidByAnEventOnly() public {
        rewards.push(IDistributor.Reward(other, 5));
        rewards.push(IDistributor.Reward(address(0), 0));
        _postRewards(5);
        skip(DELAY);
        bytes32[] memory payments = new bytes32[](2);
        payments[0] = bytes32(uint256(uint160(other)) << 96 | 5);
        vm.expectEmit(address(distributor));
        emit IDistributor.RangePaid(1, 0, 3, payments);
        _payRange(0);
        assertTrue(distributor.isPaid(1, 1));
    }

    /// @dev What an indexer needs: every leaf that was paid, and by whom it was not.
    function testFuzz_ARangesEventTellsItsPayments(uint256 leafCount, uint256 claimed, uint256 blocked) public {
        leafCount = bound(leafCount, 1, 256);
        (claimed, blocked) = (bound(claimed, 0, leafCount - 1), bound(blocked, 0, leafCount - 1));
        _post(leafCount);
        skip(DELAY);
        distributor.claim(1, claimed, rewards[claimed], tree.proof(claimed));
        token.setBlocked(rewards[blocked].account, true);
        vm.recordLogs();
        _payRange(0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        if (leafCount == 1 || (leafCount == 2 && claimed != blocked)) return assertEq(logs.length, 0);
        (uint256 start, uint256 leaves, bytes32[] memory payments) =
            abi.decode(logs[logs.length - 1].data, (uint256, uint256, bytes32[]));
        assertEq(logs[logs.length - 1].topics[0], IDistributor.RangePaid.selector);
        assertEq(start, 0);
        uint256 count;
        for (uint256 i; i < leafCount; ++i) {
            bool paid = leaves >> i & 1 != 0;
            assertEq(paid, i != claimed && i != blocked);
            if (!paid) continue;
            assertEq(address(uint160(uint256(payments[count]) >> 96)), rewards[i].account);
            assertEq(uint96(uint256(payments[count++])), rewards[i].amount);
        }
        assertEq(count, payments.length);
    }

    function test_OneAccountMayHaveManyLeaves() public {
        for (uint256 i; i < 10; ++i) {
            rewards.push(IDistributor.Reward(other, i + 1));
        }
        _postRewards(55);
        skip(DELAY);
        _payRange(0);
        assertEq(token.balanceOf(other), 55);
    }

    function test_ALeafThatCannotBePaidIsSkippedAndStaysClaimable() public {
        _post(5);
        skip(DELAY);
        token.setBlocked(rewards[2].account, true);
        (uint256 total, uint256 sum) = _payRange(0);
        assertEq(total, sum - rewards[2].amount);
        assertFalse(distributor.isPaid(1, 2));
        assertTrue(distributor.isPaid(1, 3));
        assertEq(distributor.epochOf(1).paid, total);

        vm.prank(rewards[2].account);
        distributor.claimTo(1, 2, rewards[2], other, tree.proof(2));
        assertEq(token.balanceOf(other), rewards[2].amount);
        assertEq(distributor.epochOf(1).paid, sum);
    }

    function testFuzz_ARangeOfTheWrongShapeReverts(uint256 start, uint256 length) public {
        _post(300);
        skip(DELAY);
        start = bound(start, 0, 1024);
        length = bound(length, 0, 300);
        vm.assume(!(start == 0 && length == 256) && !(start == 256 && length == 44));
        IDistributor.Reward[] memory range = new IDistributor.Reward[](length);
        bytes32[] memory proof = tree.rangeProof(0);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidRange.selector, 1, start, length));
        distributor.payRange(1, start, range, proof);
    }

    function testFuzz_AWrongRangeReverts(uint256 index, uint256 amount, address account) public {
        _post(300);
        skip(DELAY);
        index = bound(index, 0, 255);
        vm.assume(amount != rewards[index].amount || account != rewards[index].account);
        IDistributor.Reward[] memory range = _range(0);
        range[index] = IDistributor.Reward(account, amount);
        bytes32[] memory proof = tree.rangeProof(0);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 1, 0));
        distributor.payRange(1, 0, range, proof);
    }

    function test_ARangeProofOfAnotherLengthOrOrderReverts() public {
        _post(1000);
        skip(DELAY);
        IDistributor.Reward[] memory range = _range(256);
        bytes32[] memory proof = tree.rangeProof(256);
        bytes memory invalid = abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 1, 256);
        bytes32[] memory longer = new bytes32[](3);
        (longer[0], longer[1]) = (proof[0], proof[1]);
        vm.expectRevert(invalid);
        distributor.payRange(1, 256, range, longer);
        bytes32[] memory shorter = new bytes32[](1);
        shorter[0] = proof[0];
        vm.expectRevert(invalid);
        distributor.payRange(1, 256, range, shorter);
        (proof[0], proof[1]) = (proof[1], proof[0]);
        vm.expectRevert(invalid);
        distributor.payRange(1, 256, range, proof);
    }

    /// @dev The words of a leaf are hashed as they came, so none but an address gives the leaf.
    function test_AnAccountThatIsNoAddressReverts() public {
        _post(1);
        skip(DELAY);
        bytes memory data = abi.encodeCall(distributor.payRange, (1, 0, rewards, tree.rangeProof(0)));
        // Past the selector, four words of head and the length of the rewards.
        data[4 + 5 * 32] = 0x01;
        (bool ok, bytes memory answer) = address(distributor).call(data);
        assertFalse(ok);
        assertEq(answer, abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 1, 0));
    }

    function test_TheCapBindsARange() public {
        for (uint256 i; i < 3; ++i) {
            rewards.push(IDistributor.Reward(other, 10));
        }
        _postRewards(29);
        skip(DELAY);
        IDistributor.Reward[] memory range = _range(0);
        bytes32[] memory proof = tree.rangeProof(0);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_CapExceeded.selector, 1, 30, 29));
        distributor.payRange(1, 0, range, proof);
        distributor.claim(1, 0, rewards[0], tree.proof(0));
        distributor.claim(1, 1, rewards[1], tree.proof(1));
        proof = tree.proof(2);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_CapExceeded.selector, 1, 30, 29));
        distributor.claim(1, 2, rewards[2], proof);
    }

    function testFuzz_AmountsThatOverflowExceedTheCap(uint256 a, uint256 b) public {
        a = bound(a, type(uint256).max / 2 + 1, type(uint256).max);
        b = bound(b, type(uint256).max / 2 + 1, type(uint256).max);
        rewards.push(IDistributor.Reward(other, a));
        rewards.push(IDistributor.Reward(other, b));
        _postRewards(100);
        skip(DELAY);
        bytes32[] memory proof = tree.rangeProof(0);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_CapExceeded.selector, 1, a | b, 100));
        distributor.payRange(1, 0, rewards, proof);
        proof = tree.proof(0);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_CapExceeded.selector, 1, a, 100));
        distributor.claim(1, 0, rewards[0], proof);
    }

    function test_OneEpochNeverPaysFromAnother() public {
        rewards.push(IDistributor.Reward(other, 1000));
        _postRewards(1);
        _fundAndPost(2, address(token), "root", 1000, 1, 0);
        skip(DELAY);
        bytes32[] memory proof = tree.proof(0);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_CapExceeded.selector, 1, 1000, 1));
        distributor.claim(1, 0, rewards[0], proof);
    }

    // Claims

    function testFuzz_AnyoneClaimsALeafForItsAccount(uint256 leafCount, uint256 index, address caller) public {
        leafCount = bound(leafCount, 1, 600);
        index = bound(index, 0, leafCount - 1);
        _post(leafCount);
        skip(DELAY);
        IDistributor.Reward memory reward = rewards[index];
        bytes32[] memory proof = tree.proof(index);
        vm.expectEmit(address(distributor));
        emit IDistributor.RewardPaid(1, reward.account, index, reward.account, reward.amount);
        vm.startPrank(caller);
        distributor.claim(1, index, reward, proof);
        assertTrue(distributor.isPaid(1, index));
        assertEq(token.balanceOf(reward.account), reward.amount);
        assertEq(distributor.epochOf(1).paid, reward.amount);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_AlreadyPaid.selector, 1, index));
        distributor.claim(1, index, reward, proof);
    }

    function testFuzz_AWrongClaimReverts(uint256 index, uint256 claimed, uint256 amount) public {
        _post(300);
        skip(DELAY);
        index = bound(index, 0, 299);
        claimed = bound(claimed, 0, 299);
        vm.assume(claimed != index || amount != rewards[index].amount);
        bytes32[] memory proof = tree.proof(index);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 1, claimed));
        distributor.claim(1, claimed, IDistributor.Reward(rewards[index].account, amount), proof);
    }

    function testFuzz_AnIndexOutsideTheEpochReverts(uint256 index) public {
        _post(300);
        skip(DELAY);
        index = bound(index, 300, type(uint256).max);
        bytes32[] memory proof = tree.proof(299);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidRange.selector, 1, index, 1));
        distributor.claim(1, index, rewards[299], proof);
    }

    /// @dev An inner node is a hash of two words, a leaf the hash of one: no reward encodes to an inner node.
    function testFuzz_AnInnerNodeIsNoLeaf(uint256 level, uint256 position, address account, uint256 amount) public {
        _post(300);
        skip(DELAY);
        level = bound(level, 1, tree.length - 1);
        position = bound(position, 0, tree[level].length - 1);
        bytes32[] memory upper = new bytes32[](tree.length - 1 - level);
        for (uint256 i; i < upper.length; ++i) {
            upper[i] = tree[level + i][(position >> i) ^ 1];
        }
        bytes memory invalid = abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 1, position);
        vm.expectRevert(invalid);
        distributor.claim(1, position, IDistributor.Reward(account, amount), upper);

        // The two words below it as the reward, with the exact length of a proof.
        bytes32[] memory padded = new bytes32[](tree.length - 1);
        for (uint256 i; i < upper.length; ++i) {
            padded[i] = upper[i];
        }
        IDistributor.Reward memory children = IDistributor.Reward(
            address(uint160(uint256(tree[level - 1][2 * position]))), uint256(tree[level - 1][2 * position + 1])
        );
        vm.expectRevert(invalid);
        distributor.claim(1, position, children, padded);
    }

    function test_ALeafOfAnotherChainReverts() public {
        _post(3);
        skip(DELAY);
        bytes32[] memory proof = tree.proof(1);
        vm.chainId(8453);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 1, 1));
        distributor.claim(1, 1, rewards[1], proof);
    }

    function test_ALeafOfAnotherEpochReverts() public {
        _post(3);
        _fundAndPost(2, address(token), tree.root(), 100, 3, 0);
        skip(DELAY);
        bytes32[] memory proof = tree.proof(1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, 2, 1));
        distributor.claim(2, 1, rewards[1], proof);
    }

    function test_NothingIsPaidOutsideItsTime() public {
        bytes32[] memory none = new bytes32[](8);
        IDistributor.Reward memory reward = IDistributor.Reward(other, 1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 9));
        distributor.claim(9, 0, reward, none);

        _post(3);
        bytes32[] memory proof = tree.proof(1);
        bytes memory notActive = abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1);
        skip(DELAY - 1);
        vm.expectRevert(notActive);
        distributor.claim(1, 1, rewards[1], proof);
        skip(1 + SWEEP);
        distributor.sweep(1);
        vm.expectRevert(notActive);
        distributor.claim(1, 1, rewards[1], proof);
    }

    function testFuzz_TheAccountOrItsClaimerClaimsToAnyAddress(bool byClaimer) public {
        _post(3);
        skip(DELAY);
        IDistributor.Reward memory reward = rewards[1];
        bytes32[] memory proof = tree.proof(1);
        vm.prank(reward.account);
        vm.expectEmit(address(distributor));
        emit IDistributor.ClaimerSet(reward.account, claimer);
        distributor.setClaimer(claimer);
        assertEq(distributor.claimerOf(reward.account), claimer);

        vm.prank(byClaimer ? claimer : reward.account);
        vm.expectEmit(address(distributor));
        emit IDistributor.RewardPaid(1, reward.account, 1, other, reward.amount);
        distributor.claimTo(1, 1, reward, other, proof);
        assertEq(token.balanceOf(other), reward.amount);
    }

    function testFuzz_AStrangerClaimsToNoOtherAddress(address caller) public {
        _post(3);
        skip(DELAY);
        IDistributor.Reward memory reward = rewards[1];
        // Nobody calls from the zero address, which stands for no claimer.
        vm.assume(caller != reward.account && caller != address(0));
        bytes32[] memory proof = tree.proof(1);
        vm.startPrank(caller);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotAuthorized.selector, caller, reward.account));
        distributor.claimTo(1, 1, reward, caller, proof);
    }

    function testFuzz_AnAccountCannotBePaidTwiceFromItsHook(bool byRange, bool thenRange) public {
        StakeHookToken hooked = new StakeHookToken();
        StakeReentrant thief = new StakeReentrant();
        _fundPoster(hooked);
        rewards.push(IDistributor.Reward(address(thief), 40));
        tree = RewardTree.build(_leaves());
        _fundAndPost(1, address(hooked), tree.root(), 100, 1, 0);
        skip(DELAY);
        bytes memory pay = abi.encodeCall(distributor.payRange, (1, 0, rewards, tree.rangeProof(0)));
        bytes memory claim = abi.encodeCall(distributor.claim, (1, 0, rewards[0], tree.proof(0)));
        thief.arm(address(distributor), thenRange ? pay : claim);
        if (byRange) _payRange(0);
        else distributor.claim(1, 0, rewards[0], tree.proof(0));
        assertEq(thief.succeeded(), !byRange && thenRange, "a range that is paid already pays nothing");
        if (!thenRange) assertEq(bytes4(thief.answer()), IDistributor.Distributor_AlreadyPaid.selector);
        assertEq(hooked.balanceOf(address(thief)), 40);
        assertEq(distributor.epochOf(1).paid, 40);
    }

    function testFuzz_ASignatureClaimsToAnyAddress(uint256 deadline, bool contractAccount) public {
        (address signer, uint256 key) = makeAddrAndKey("signer");
        bytes32 password = "password";
        address account = contractAccount ? address(new StakeContractAccount(password)) : signer;
        rewards.push(IDistributor.Reward(account, 5));
        _postRewards(5);
        skip(DELAY);
        deadline = bound(deadline, block.timestamp, type(uint256).max);
        bytes32 digest = distributor.hashClaimTo(1, 0, rewards[0], other, deadline);
        bytes memory signature = contractAccount ? abi.encode(password) : _signDigest(key, digest);
        bytes32[] memory proof = tree.proof(0);
        vm.expectEmit(address(distributor));
        emit IDistributor.RewardPaid(1, account, 0, other, 5);
        vm.prank(claimer);
        distributor.claimToBySignature(1, 0, rewards[0], other, deadline, signature, proof);
        assertEq(token.balanceOf(other), 5);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_AlreadyPaid.selector, 1, 0));
        distributor.claimToBySignature(1, 0, rewards[0], other, deadline, signature, proof);
    }

    function testFuzz_ASignatureForSomethingElseReverts(uint256 field) public {
        (address signer, uint256 key) = makeAddrAndKey("signer");
        rewards.push(IDistributor.Reward(signer, 5));
        rewards.push(IDistributor.Reward(signer, 5));
        _postRewards(10);
        skip(DELAY);
        uint256 deadline = block.timestamp;
        bytes memory signature = _signDigest(key, distributor.hashClaimTo(1, 0, rewards[0], other, deadline));
        field = bound(field, 0, 3);
        (uint256 index, address to) = (field == 0 ? 1 : 0, field == 1 ? claimer : other);
        if (field == 2) ++deadline;
        if (field == 3) vm.chainId(8453);
        bytes32[] memory proof = tree.proof(index);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotAuthorized.selector, address(this), signer));
        distributor.claimToBySignature(1, index, rewards[index], to, deadline, signature, proof);
    }

    function test_AnExpiredSignatureReverts() public {
        _post(1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_SignatureExpired.selector, block.timestamp - 1));
        distributor.claimToBySignature(1, 0, rewards[0], other, block.timestamp - 1, "", new bytes32[](8));
    }

    // Sweep

    function testFuzz_TheRestGoesBackAfterHalfAYear(uint256 claimed, uint256 late) public {
        _post(20);
        skip(DELAY);
        claimed = bound(claimed, 0, 19);
        distributor.claim(1, claimed, rewards[claimed], tree.proof(claimed));
        uint256 rest = distributor.epochOf(1).cap - rewards[claimed].amount;
        skip(SWEEP + bound(late, 0, 52 weeks));
        uint256 before = token.balanceOf(address(this));
        vm.expectEmit(address(distributor));
        emit IDistributor.EpochSwept(1, rest);
        vm.prank(other);
        distributor.sweep(1);
        assertEq(token.balanceOf(address(this)), before + rest);
        _assertStatus(1, IDistributor.Status.Swept);
        assertEq(token.balanceOf(address(distributor)), 0);
    }

    function testFuzz_ASweepBeforeItsTimeReverts(uint256 elapsed) public {
        _fundAndPost(1, address(token), "root", 1, 1, 0);
        uint256 sweepableAt = block.timestamp + DELAY + SWEEP;
        skip(bound(elapsed, 0, DELAY + SWEEP - 1));
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotSweepable.selector, 1, sweepableAt));
        distributor.sweep(1);
    }

    function test_ASecondSweepOrOneOfNothingReverts() public {
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotSweepable.selector, 1, type(uint256).max));
        distributor.sweep(1);
        _fundAndPost(1, address(token), "root", 1, 1, 0);
        uint256 sweepableAt = block.timestamp + DELAY + SWEEP;
        vm.warp(sweepableAt);
        distributor.sweep(1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotSweepable.selector, 1, type(uint256).max));
        distributor.sweep(1);
    }

    function test_ADisabledEpochIsSweptOnce() public {
        _fundAndPost(1, address(token), "root", 1, 1, 0);
        distributor.disable(1);
        distributor.sweep(1);
        skip(DELAY + SWEEP);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotSweepable.selector, 1, type(uint256).max));
        distributor.sweep(1);
    }

    function testFuzz_OutagesExtendTheTimeToClaim(uint256 length) public {
        _post(3);
        uint256 sweepableAt = block.timestamp + DELAY + SWEEP;
        length = bound(length, 1, 7 days);
        clock.setOutage(sweepableAt - 31 days, sweepableAt - 31 days + length);
        vm.warp(sweepableAt + length - 1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotSweepable.selector, 1, sweepableAt + length));
        distributor.sweep(1);
        skip(1);
        distributor.sweep(1);
    }

    function test_WhatIsNeverPostedGoesBackAndMayBeFundedAnew() public {
        distributor.fund(1, address(token), 500);
        uint256 sweepableAt = block.timestamp + SWEEP;
        vm.warp(sweepableAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotSweepable.selector, 1, sweepableAt));
        distributor.sweep(1);
        vm.warp(sweepableAt);
        vm.prank(other);
        distributor.sweep(1);
        assertEq(token.balanceOf(address(distributor)), 0);
        _assertStatus(1, IDistributor.Status.None);
        _fundAndPost(1, address(token), "root", 7, 1, 0);
        assertEq(distributor.epochOf(1).cap, 7);
    }

    function _fundAndPost(uint256 epoch, address token_, bytes32 root, uint256 cap, uint256 leafCount, bytes32 evidence)
        private
    {
        distributor.fund(epoch, token_, cap);
        distributor.post(epoch, token_, root, cap, leafCount, evidence);
    }

    function _fundChallenger(uint256 bond) private {
        token.mint(challenger, bond);
        vm.prank(challenger);
        token.approve(address(distributor), bond);
    }

    /// @dev Posts an epoch of 500 wei and challenges it for 5.
    function _challenge() private {
        _fundAndPost(1, address(token), "root", 500, 1, 0);
        _fundChallenger(5);
        vm.prank(challenger);
        distributor.challenge(1, 0, IDistributor.Reward(other, 1));
    }

    function _signDigest(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _assertStatus(uint256 epoch, IDistributor.Status expected) private view {
        assertEq(uint256(distributor.epochOf(epoch).status), uint256(expected), "status");
    }

    function _fundPoster(StakeToken token_) private {
        token_.mint(address(this), type(uint128).max);
        token_.approve(address(distributor), type(uint256).max);
    }

    /// @dev Posts epoch 1 with `leafCount` different accounts, funded to the wei.
    function _post(uint256 leafCount) private {
        uint256 cap;
        for (uint256 i; i < leafCount; ++i) {
            uint256 amount = 1e18 + uint256(keccak256(abi.encode("amount", i))) % 1e18;
            rewards.push(IDistributor.Reward(address(uint160(uint256(keccak256(abi.encode("account", i))))), amount));
            cap += amount;
        }
        _postRewards(cap);
    }

    function _postRewards(uint256 cap) private {
        tree = RewardTree.build(_leaves());
        _fundAndPost(1, address(token), tree.root(), cap, rewards.length, "evidence");
    }

    function _leaves() private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](rewards.length);
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = distributor.hashLeaf(1, i, rewards[i]);
        }
    }

    function _range(uint256 start) private view returns (IDistributor.Reward[] memory range) {
        uint256 length = rewards.length - start;
        range = new IDistributor.Reward[](length < 256 ? length : 256);
        for (uint256 i; i < range.length; ++i) {
            range[i] = rewards[start + i];
        }
    }

    function _payRange(uint256 start) private returns (uint256 total, uint256 sum) {
        IDistributor.Reward[] memory range = _range(start);
        for (uint256 i; i < range.length; ++i) {
            sum += range[i].amount;
        }
        bytes32[] memory proof = tree.rangeProof(start);
        total = distributor.payRange(1, start, range, proof);
    }
}
