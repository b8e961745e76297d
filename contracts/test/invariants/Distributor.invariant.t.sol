// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// Distributor: what is paid in an epoch <= its cap, and a leaf is paid at most once, in any order of payRange, claim,
// claimTo, challenge, resolve, expiry, sweep and disable. Nothing is paid before activation, while it is challenged, after
// a sweep, or of a disabled epoch. The balance of the contract == the sum of what its epochs were funded with and have
// neither paid nor returned, and of the bonds of challengers.

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {Distributor} from "../../src/rewards/Distributor.sol";
import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {StakeBlockingToken} from "../mocks/StakeTokens.sol";
import {RewardTree} from "../rewards/RewardTree.sol";

contract DistributorHandler is Test {
    using RewardTree for bytes32[][];

    uint256 public constant MOST_EPOCHS = 3;

    Distributor public immutable distributor;
    StakeBlockingToken public immutable token = new StakeBlockingToken();
    address public sink = makeAddr("sink");
    address private claimer = makeAddr("claimer");
    address public challenger = makeAddr("challenger");

    /// @dev What the handler knows of an epoch, kept apart from the contract.
    struct Model {
        IDistributor.Reward[] rewards;
        bytes32[][] tree;
        uint256 cap;
        uint256 paid;
        uint256 activatesAt;
        bool disabled;
        bool swept;
        uint256 challengedUntil; // 0 if it is not challenged
        uint256 bond; // held for a challenger
        uint256 forfeited;
    }

    mapping(uint256 epoch => Model) private _models;
    mapping(uint256 epoch => mapping(uint256 index => uint256)) public timesPaid;

    uint256 public epochs;
    uint256 public toSink;

    constructor(AccessManager manager) {
        distributor = new Distributor(address(manager), IOutageClock(address(0)));
    }

    function post(uint256 seed, uint256 funding) external {
        if (epochs == MOST_EPOCHS) return;
        uint256 epoch = ++epochs;
        Model storage m = _models[epoch];
        uint256 count = [uint256(1), 3, 256, 300][seed % 4];
        uint256 sum;
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            uint256 amount = uint256(keccak256(abi.encode(seed, i))) % 1e20;
            if (amount % 8 == 0) amount = 0;
            IDistributor.Reward memory reward = IDistributor.Reward(account(epoch, i), amount);
            m.rewards.push(reward);
            leaves[i] = distributor.hashLeaf(epoch, i, reward);
            sum += amount;
        }
        m.tree = RewardTree.build(leaves);
        // Funded to the wei, too little, or too much.
        m.cap = funding % 3 == 0 ? sum : bound(funding, 1, 2 * sum + 1);
        if (m.cap == 0) m.cap = 1;
        m.activatesAt = block.timestamp + 48 hours;
        token.setBlocked(address(this), false);
        token.mint(address(this), m.cap);
        token.approve(address(distributor), m.cap);
        distributor.fund(epoch, address(token), m.cap);
        distributor.post(epoch, address(token), m.tree.root(), m.cap, count, bytes32(seed));
    }

    function challenge(uint256 seed, uint256 index) external {
        (uint256 epoch, Model storage m) = _pick(seed);
        if (epoch == 0 || seed % 3 != 0) return;
        uint256 bond = (m.cap + 99) / 100;
        bool blocked = token.isBlocked(challenger);
        token.setBlocked(challenger, false);
        token.mint(challenger, bond);
        token.setBlocked(challenger, blocked);
        vm.startPrank(challenger);
        token.approve(address(distributor), bond);
        bool pending = block.timestamp < m.activatesAt && !m.disabled && !m.swept && m.challengedUntil == 0;
        if (!pending) {
            IDistributor.Status status = distributor.epochOf(epoch).status;
            vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotPending.selector, epoch, status));
        }
        distributor.challenge(epoch, index, IDistributor.Reward(challenger, index));
        vm.stopPrank();
        if (!pending) return _burnOf(challenger, bond);
        (m.challengedUntil, m.bond) = (block.timestamp + 72 hours, bond);
    }

    function resolve(uint256 seed, bool upheld) external {
        (uint256 epoch, Model storage m) = _pick(seed);
        if (epoch == 0) return;
        bool decided = m.challengedUntil != 0 && block.timestamp < m.challengedUntil;
        if (m.challengedUntil == 0) {
            vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotChallenged.selector, epoch));
        } else if (!decided) {
            vm.expectRevert(
                abi.encodeWithSelector(IDistributor.Distributor_WrongTime.selector, epoch, m.challengedUntil)
            );
        }
        distributor.resolve(epoch, upheld);
        if (!decided) return;
        if (upheld) return _disabled(m);
        (m.challengedUntil, m.activatesAt) = (0, block.timestamp + 48 hours);
        (m.forfeited, m.bond) = (m.forfeited + m.bond, 0);
    }

    function expireChallenge(uint256 seed) external {
        (uint256 epoch, Model storage m) = _pick(seed);
        if (epoch == 0 || m.challengedUntil == 0) return;
        if (block.timestamp < m.challengedUntil) vm.warp(m.challengedUntil);
        distributor.expireChallenge(epoch);
        _disabled(m);
    }

    function collectBond(uint256 seed) external {
        (uint256 epoch, Model storage m) = _pick(seed);
        if (epoch == 0 || m.challengedUntil != 0 || m.bond == 0) return;
        token.setBlocked(challenger, false);
        vm.prank(challenger);
        distributor.collectBond(epoch, challenger);
        _burnOf(challenger, m.bond);
        m.bond = 0;
    }

    function payRange(uint256 seed, uint256 range) external {
        (uint256 epoch, Model storage m) = _pick(seed);
        if (epoch == 0) return;
        uint256 start = (range % ((m.rewards.length + 255) / 256)) * 256;
        uint256 length = m.rewards.length - start < 256 ? m.rewards.length - start : 256;
        IDistributor.Reward[] memory rewards = new IDistributor.Reward[](length);
        uint256 due;
        uint256 payable_;
        for (uint256 i; i < length; ++i) {
            rewards[i] = m.rewards[start + i];
            if (timesPaid[epoch][start + i] != 0) continue;
            due += rewards[i].amount;
            if (_canBePaid(rewards[i])) payable_ += rewards[i].amount;
        }
        bytes32[] memory proof = m.tree.rangeProof(start);
        if (!_isActive(m)) {
            vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, epoch));
            distributor.payRange(epoch, start, rewards, proof);
        } else if (m.paid + due > m.cap) {
            vm.expectRevert(
                abi.encodeWithSelector(IDistributor.Distributor_CapExceeded.selector, epoch, m.paid + due, m.cap)
            );
            distributor.payRange(epoch, start, rewards, proof);
        } else {
            assertEq(distributor.payRange(epoch, start, rewards, proof), payable_);
            m.paid += payable_;
            for (uint256 i; i < length; ++i) {
                if (timesPaid[epoch][start + i] == 0 && _canBePaid(rewards[i])) ++timesPaid[epoch][start + i];
            }
        }
    }

    function claim(uint256 seed, uint256 index) external {
        (uint256 epoch, Model storage m) = _pick(seed);
        if (epoch == 0) return;
        index = index % m.rewards.length;
        IDistributor.Reward memory reward = m.rewards[index];
        bytes32[] memory proof = m.tree.proof(index);
        if (!_expectRevertOf(epoch, m, index) && !_canBePaid(reward)) vm.expectRevert("blocked");
        distributor.claim(epoch, index, reward, proof);
        if (distributor.isPaid(epoch, index) && timesPaid[epoch][index] == 0) _count(epoch, m, index);
    }

    function claimTo(uint256 seed, uint256 index, bool byClaimer) external {
        (uint256 epoch, Model storage m) = _pick(seed);
        if (epoch == 0) return;
        index = index % m.rewards.length;
        IDistributor.Reward memory reward = m.rewards[index];
        bytes32[] memory proof = m.tree.proof(index);
        if (byClaimer) {
            vm.prank(reward.account);
            distributor.setClaimer(claimer);
        }
        bool reverts = _expectRevertOf(epoch, m, index);
        vm.prank(byClaimer ? claimer : reward.account);
        distributor.claimTo(epoch, index, reward, sink, proof);
        if (reverts) return;
        _count(epoch, m, index);
        toSink += reward.amount;
    }

    function disable(uint256 seed) external {
        (uint256 epoch, Model storage m) = _pick(seed);
        if (epoch == 0 || seed % 4 != 0) return;
        if (m.challengedUntil == 0 && (m.disabled || m.swept || block.timestamp >= m.activatesAt)) {
            IDistributor.Status status = distributor.epochOf(epoch).status;
            vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotPending.selector, epoch, status));
            distributor.disable(epoch);
            return;
        }
        distributor.disable(epoch);
        _disabled(m);
    }

    function sweep(uint256 seed) external {
        (uint256 epoch, Model storage m) = _pick(seed);
        if (epoch == 0) return;
        uint256 at = m.activatesAt + 26 weeks;
        // Half a year would hardly ever pass by itself.
        if (seed % 4 == 0 && block.timestamp < at) vm.warp(at);
        if (m.swept || m.challengedUntil != 0 || (!m.disabled && block.timestamp < at)) {
            if (m.swept || m.challengedUntil != 0) at = type(uint256).max;
            vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotSweepable.selector, epoch, at));
            distributor.sweep(epoch);
        } else if (token.isBlocked(address(this)) && m.cap + m.forfeited != m.paid) {
            vm.expectRevert("blocked");
            distributor.sweep(epoch);
        } else {
            distributor.sweep(epoch);
            m.swept = true;
        }
    }

    /// @dev The token refuses some account of some epoch, or the funder, or takes it back.
    function block_(uint256 seed, uint256 index, bool blocked) external {
        (uint256 epoch, Model storage m) = _pick(seed);
        if (epoch == 0) return;
        if (seed % 7 == 0) return token.setBlocked(challenger, blocked);
        token.setBlocked(seed % 5 == 0 ? address(this) : m.rewards[index % m.rewards.length].account, blocked);
    }

    /// @dev Claims with a leaf, an index or an address that are not its own.
    function steal(uint256 seed, uint256 index, address thief) external {
        (uint256 epoch, Model storage m) = _pick(seed);
        if (epoch == 0 || !_isActive(m) || thief == address(0) || thief == claimer) return;
        index = index % m.rewards.length;
        IDistributor.Reward memory reward = m.rewards[index];
        if (thief == reward.account) return;
        bytes32[] memory proof = m.tree.proof(index);
        vm.startPrank(thief);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotAuthorized.selector, thief, reward.account));
        distributor.claimTo(epoch, index, reward, thief, proof);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_InvalidProof.selector, epoch, index));
        distributor.claimTo(epoch, index, IDistributor.Reward(thief, reward.amount), thief, proof);
        vm.stopPrank();
    }

    function passTime(uint256 elapsed) external {
        skip(bound(elapsed, 1, 50 hours));
    }

    function account(uint256 epoch, uint256 index) public pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("account", epoch, index)))));
    }

    function leafCount(uint256 epoch) external view returns (uint256) {
        return _models[epoch].rewards.length;
    }

    function rewardOf(uint256 epoch, uint256 index) external view returns (IDistributor.Reward memory) {
        return _models[epoch].rewards[index];
    }

    /// @notice Wei of an epoch that the contract holds, bonds included.
    function heldOf(uint256 epoch) external view returns (uint256) {
        Model storage m = _models[epoch];
        return (m.swept ? 0 : m.cap - m.paid + m.forfeited) + m.bond;
    }

    function modelOf(uint256 epoch) external view returns (uint256 cap, uint256 paid, bool disabled, bool swept) {
        Model storage m = _models[epoch];
        return (m.cap, m.paid, m.disabled, m.swept);
    }

    function _pick(uint256 seed) private view returns (uint256 epoch, Model storage m) {
        epoch = epochs == 0 ? 0 : 1 + seed % epochs;
        m = _models[epoch];
    }

    function _isActive(Model storage m) private view returns (bool) {
        return block.timestamp >= m.activatesAt && !m.disabled && !m.swept && m.challengedUntil == 0;
    }

    /// @dev An epoch was disabled, and a challenger's bond sent back if it could be.
    function _disabled(Model storage m) private {
        (m.disabled, m.challengedUntil) = (true, 0);
        if (m.bond == 0 || token.isBlocked(challenger)) return;
        _burnOf(challenger, m.bond);
        m.bond = 0;
    }

    /// @dev A challenger holds nothing between calls.
    function _burnOf(address owner, uint256 amount) private {
        vm.prank(owner);
        token.transfer(address(0xdead), amount);
        assertEq(token.balanceOf(owner), 0);
    }

    function _canBePaid(IDistributor.Reward memory reward) private view returns (bool) {
        return reward.amount == 0 || !token.isBlocked(reward.account);
    }

    /// @dev Expects the revert that a valid proof of `index` meets at this time, if any.
    function _expectRevertOf(uint256 epoch, Model storage m, uint256 index) private returns (bool) {
        uint256 paid = m.paid + m.rewards[index].amount;
        if (!_isActive(m)) {
            vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, epoch));
        } else if (timesPaid[epoch][index] != 0) {
            vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_AlreadyPaid.selector, epoch, index));
        } else if (paid > m.cap) {
            vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_CapExceeded.selector, epoch, paid, m.cap));
        } else {
            return false;
        }
        return true;
    }

    function _count(uint256 epoch, Model storage m, uint256 index) private {
        ++timesPaid[epoch][index];
        m.paid += m.rewards[index].amount;
    }
}

contract DistributorInvariantTest is Test {
    DistributorHandler private handler;
    Distributor private distributor;

    function setUp() public {
        vm.warp(1_800_000_000);
        AccessManager manager = new AccessManager(address(this));
        handler = new DistributorHandler(manager);
        distributor = handler.distributor();
        manager.grantRole(manager.ADMIN_ROLE(), address(handler), 0);
        targetContract(address(handler));
    }

    function invariant_AnEpochPaysAtMostItsCap() public view {
        for (uint256 epoch = 1; epoch <= handler.epochs(); ++epoch) {
            (uint256 cap, uint256 paid, bool disabled, bool swept) = handler.modelOf(epoch);
            IDistributor.Epoch memory e = distributor.epochOf(epoch);
            assertLe(e.paid, e.cap);
            assertEq(e.cap, cap);
            assertEq(e.paid, paid);
            assertEq(e.status == IDistributor.Status.Swept, swept);
            if (!swept) assertEq(e.status == IDistributor.Status.Disabled, disabled);
            if (disabled) assertEq(e.paid, 0);
        }
    }

    function invariant_TheBalanceIsWhatIsNeitherPaidNorReturned() public view {
        uint256 sum;
        for (uint256 epoch = 1; epoch <= handler.epochs(); ++epoch) {
            sum += handler.heldOf(epoch);
        }
        assertEq(handler.token().balanceOf(address(distributor)), sum);
    }

    function afterInvariant() public view {
        uint256 toSink;
        for (uint256 epoch = 1; epoch <= handler.epochs(); ++epoch) {
            for (uint256 i; i < handler.leafCount(epoch); ++i) {
                IDistributor.Reward memory reward = handler.rewardOf(epoch, i);
                uint256 times = handler.timesPaid(epoch, i);
                uint256 got = handler.token().balanceOf(reward.account);
                assertLe(times, 1);
                assertEq(distributor.isPaid(epoch, i), times == 1);
                if (got != times * reward.amount) toSink += reward.amount;
                if (got != 0) assertEq(got, reward.amount, "paid more than once");
            }
        }
        assertEq(handler.token().balanceOf(handler.sink()), handler.toSink());
        assertEq(toSink, handler.toSink(), "paid elsewhere");
    }
}
