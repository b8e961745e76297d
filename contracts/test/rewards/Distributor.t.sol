// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Test} from "forge-std/Test.sol";
import {Distributor} from "../../src/rewards/Distributor.sol";
import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {StakeBlockingToken, StakeFeeToken, StakeHookToken, StakeReentrant, StakeToken} from "../mocks/StakeTokens.sol";
import {RewardTree} from "./RewardTree.sol";

contract DistributorTest is Test {
    using RewardTree for bytes32[][];

    uint256 private constant DELAY = 48 hours;
    uint256 private constant SWEEP = 26 weeks;

    Distributor private distributor;
    StakeBlockingToken private token;
    address private claimer = makeAddr("claimer");
    address private other = makeAddr("other");

    IDistributor.Reward[] private rewards;
    bytes32[][] private tree;

    function setUp() public {
        vm.warp(1_800_000_000);
        distributor = new Distributor(address(new AccessManager(address(this))));
        token = new StakeBlockingToken();
        _fundPoster(token);
    }

    function test_ItStartsWithItsConstants() public view {
        assertEq(distributor.nextEpoch(), 1);
        assertEq(distributor.ACTIVATION_DELAY(), DELAY);
        assertEq(distributor.SWEEP_DELAY(), SWEEP);
        assertEq(distributor.LEAF_DOMAIN(), keccak256("Spheron reward leaf v1"));
    }

    // Post

    function testFuzz_PostingPullsTheCap(bytes32 root, uint256 cap, uint256 leafCount, bytes32 evidence) public {
        vm.assume(root != 0);
        cap = bound(cap, 1, type(uint128).max);
        leafCount = bound(leafCount, 1, type(uint32).max);
        vm.expectEmit(address(distributor));
        emit IDistributor.EpochPosted(
            1, address(token), address(this), root, cap, leafCount, block.timestamp + DELAY, evidence
        );
        distributor.post(1, address(token), root, cap, leafCount, evidence);
        IDistributor.Epoch memory e = distributor.epochOf(1);
        assertEq(e.root, root);
        assertEq(e.token, address(token));
        assertEq(e.activatesAt, block.timestamp + DELAY);
        assertEq(e.leafCount, leafCount);
        assertEq(e.cap, cap);
        assertEq(e.paid, 0);
        assertEq(e.funder, address(this));
        assertFalse(e.disabled);
        assertFalse(e.swept);
        assertEq(distributor.nextEpoch(), 2);
        assertEq(token.balanceOf(address(distributor)), cap);
    }

    function testFuzz_PostingAnyEpochButTheNextReverts(uint256 epoch) public {
        vm.assume(epoch != 2);
        distributor.post(1, address(token), "root", 1, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_WrongEpoch.selector, epoch, 2));
        distributor.post(epoch, address(token), "root", 1, 1, 0);
    }

    function test_PostingAnEmptyOrTooLargeEpochReverts() public {
        bytes memory invalid = abi.encodeWithSelector(IDistributor.Distributor_InvalidEpoch.selector, 1);
        vm.expectRevert(invalid);
        distributor.post(1, address(token), 0, 1, 1, 0);
        vm.expectRevert(invalid);
        distributor.post(1, address(token), "root", 0, 1, 0);
        vm.expectRevert(invalid);
        distributor.post(1, address(token), "root", 1, 0, 0);
        vm.expectRevert(invalid);
        distributor.post(1, address(token), "root", uint256(type(uint128).max) + 1, 1, 0);
        vm.expectRevert(invalid);
        distributor.post(1, address(token), "root", 1, uint256(type(uint32).max) + 1, 0);
    }

    function test_PostingATokenWithFeesReverts() public {
        StakeFeeToken feeToken = new StakeFeeToken();
        _fundPoster(feeToken);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_UnexpectedAmount.selector, 1000, 990));
        distributor.post(1, address(feeToken), "root", 1000, 1, 0);
    }

    function test_PostAndDisableAreRestricted() public {
        vm.startPrank(other);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, other));
        distributor.post(1, address(token), "root", 1, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, other));
        distributor.disable(1);
    }

    // Disable

    function testFuzz_DisablingReturnsTheFunds(uint256 elapsed) public {
        distributor.post(1, address(token), "root", 500, 1, 0);
        skip(bound(elapsed, 0, DELAY - 1));
        uint256 before = token.balanceOf(address(this));
        vm.expectEmit(address(distributor));
        emit IDistributor.EpochDisabled(1, 500);
        distributor.disable(1);
        assertEq(token.balanceOf(address(this)), before + 500);
        assertTrue(distributor.epochOf(1).disabled);
        assertTrue(distributor.epochOf(1).swept);
        assertEq(distributor.nextEpoch(), 2, "its number is used up");
    }

    function testFuzz_DisablingAfterActivationReverts(uint256 elapsed) public {
        distributor.post(1, address(token), "root", 500, 1, 0);
        uint256 activatesAt = block.timestamp + DELAY;
        skip(bound(elapsed, DELAY, 52 weeks));
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_TooLateToDisable.selector, 1, activatesAt));
        distributor.disable(1);
    }

    function test_DisablingTwiceOrNothingReverts() public {
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1));
        distributor.disable(1);
        distributor.post(1, address(token), "root", 500, 1, 0);
        distributor.disable(1);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_TooLateToDisable.selector, 1, block.timestamp + DELAY)
        );
        distributor.disable(1);
    }

    function test_NothingOfADisabledEpochIsPaid() public {
        _post(3);
        distributor.disable(1);
        skip(DELAY);
        bytes memory notActive = abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1);
        bytes32[] memory proof = tree.proof(0);
        vm.expectRevert(notActive);
        distributor.claim(1, 0, rewards[0], proof);
        proof = tree.rangeProof(0);
        vm.expectRevert(notActive);
        distributor.payRange(1, 0, rewards, proof);
    }

    function test_AFunderThatCannotBePaidKeepsNoRootAlive() public {
        distributor.post(1, address(token), "root", 500, 1, 0);
        token.setBlocked(address(this), true);
        vm.expectEmit(address(distributor));
        emit IDistributor.EpochDisabled(1, 0);
        distributor.disable(1);
        assertTrue(distributor.epochOf(1).disabled);
        vm.expectRevert("blocked");
        distributor.sweep(1);

        token.setBlocked(address(this), false);
        uint256 before = token.balanceOf(address(this));
        vm.prank(other);
        distributor.sweep(1);
        assertEq(token.balanceOf(address(this)), before + 500);
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
        // A transfer and a payment for each of the 43 others.
        assertEq(vm.getRecordedLogs().length, 2 * 43);
        assertEq(token.balanceOf(rewards[257].account), rewards[257].amount);
    }

    function test_ALeafOfNothingIsPaidByAnEventOnly() public {
        rewards.push(IDistributor.Reward(other, 5));
        rewards.push(IDistributor.Reward(address(0), 0));
        _postRewards(5);
        skip(DELAY);
        vm.expectEmit(address(distributor));
        emit IDistributor.RewardPaid(1, 0, other, other, 5);
        vm.expectEmit(address(distributor));
        emit IDistributor.RewardPaid(1, 1, address(0), address(0), 0);
        _payRange(0);
        assertTrue(distributor.isPaid(1, 1));
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
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_CapExceeded.selector, 1, type(uint256).max, 100)
        );
        distributor.payRange(1, 0, rewards, proof);
        proof = tree.proof(0);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_CapExceeded.selector, 1, a, 100));
        distributor.claim(1, 0, rewards[0], proof);
    }

    function test_OneEpochNeverPaysFromAnother() public {
        rewards.push(IDistributor.Reward(other, 1000));
        _postRewards(1);
        distributor.post(2, address(token), "root", 1000, 1, 0);
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
        emit IDistributor.RewardPaid(1, index, reward.account, reward.account, reward.amount);
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
        distributor.post(2, address(token), tree.root(), 100, 3, 0);
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
        emit IDistributor.RewardPaid(1, 1, reward.account, other, reward.amount);
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

    function test_AnAccountCannotBePaidTwiceFromItsHook() public {
        StakeHookToken hooked = new StakeHookToken();
        StakeReentrant thief = new StakeReentrant();
        _fundPoster(hooked);
        rewards.push(IDistributor.Reward(address(thief), 40));
        tree = RewardTree.build(_leaves());
        distributor.post(1, address(hooked), tree.root(), 100, 1, 0);
        skip(DELAY);
        thief.arm(address(distributor), abi.encodeCall(distributor.claim, (1, 0, rewards[0], tree.proof(0))));
        _payRange(0);
        assertFalse(thief.succeeded());
        assertEq(bytes4(thief.answer()), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        assertEq(hooked.balanceOf(address(thief)), 40);
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
        assertTrue(distributor.epochOf(1).swept);
        assertEq(token.balanceOf(address(distributor)), 0);
    }

    function testFuzz_ASweepBeforeItsTimeReverts(uint256 elapsed) public {
        distributor.post(1, address(token), "root", 1, 1, 0);
        uint256 sweepableAt = block.timestamp + DELAY + SWEEP;
        skip(bound(elapsed, 0, DELAY + SWEEP - 1));
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotSweepable.selector, 1, sweepableAt));
        distributor.sweep(1);
    }

    function test_ASecondSweepOrOneOfNothingReverts() public {
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1));
        distributor.sweep(1);
        distributor.post(1, address(token), "root", 1, 1, 0);
        uint256 sweepableAt = block.timestamp + DELAY + SWEEP;
        vm.warp(sweepableAt);
        distributor.sweep(1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotSweepable.selector, 1, sweepableAt));
        distributor.sweep(1);
    }

    function test_ADisabledEpochThatWasReturnedCannotBeSwept() public {
        distributor.post(1, address(token), "root", 1, 1, 0);
        uint256 sweepableAt = block.timestamp + DELAY + SWEEP;
        distributor.disable(1);
        vm.warp(sweepableAt);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotSweepable.selector, 1, sweepableAt));
        distributor.sweep(1);
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
        distributor.post(1, address(token), tree.root(), cap, rewards.length, "evidence");
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
