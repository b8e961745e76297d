// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IDistributor} from "./IDistributor.sol";

/// @notice As IDistributor describes.
/// @dev Immutable. Epochs share the token balance of this contract; each pays at most its own cap out of it.
contract Distributor is IDistributor, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice Keeps reward leaves apart from every other hash.
    bytes32 public constant LEAF_DOMAIN = keccak256("Spheron reward leaf v1");
    /// @inheritdoc IDistributor
    uint256 public constant ACTIVATION_DELAY = 48 hours;
    /// @inheritdoc IDistributor
    uint256 public constant SWEEP_DELAY = 26 weeks;

    // Leaves of a range: as many as a word of the bitmap has bits.
    uint256 private constant RANGE = 256;
    uint256 private constant RANGE_DEPTH = 8;

    /// @inheritdoc IDistributor
    uint256 public nextEpoch = 1;
    /// @inheritdoc IDistributor
    mapping(address account => address) public claimerOf;

    mapping(uint256 epoch => Epoch) private _epochs;
    mapping(uint256 epoch => mapping(uint256 range => uint256)) private _paid;

    constructor(address initialAuthority) AccessManaged(initialAuthority) {}

    /// @inheritdoc IDistributor
    function post(uint256 epoch, address token, bytes32 root, uint256 cap, uint256 leafCount, bytes32 evidence)
        external
        restricted
        nonReentrant
    {
        require(epoch == nextEpoch, Distributor_WrongEpoch(epoch, nextEpoch));
        require(
            root != 0 && cap != 0 && cap <= type(uint128).max && leafCount != 0 && leafCount <= type(uint32).max,
            Distributor_InvalidEpoch(epoch)
        );
        nextEpoch = epoch + 1;
        uint256 activatesAt = block.timestamp + ACTIVATION_DELAY;
        Epoch storage e = _epochs[epoch];
        e.root = root;
        e.token = token;
        e.activatesAt = uint40(activatesAt);
        e.leafCount = uint32(leafCount);
        e.cap = uint128(cap);
        e.funder = msg.sender;
        emit EpochPosted(epoch, token, msg.sender, root, cap, leafCount, activatesAt, evidence);
        _pull(token, cap);
    }

    /// @inheritdoc IDistributor
    function disable(uint256 epoch) external restricted nonReentrant {
        Epoch storage e = _epochs[epoch];
        require(e.root != 0, Distributor_NotActive(epoch));
        require(!e.disabled && block.timestamp < e.activatesAt, Distributor_TooLateToDisable(epoch, e.activatesAt));
        e.disabled = true;
        e.swept = true;
        // A funder that cannot be paid must not keep a wrong root alive.
        if (IERC20(e.token).trySafeTransfer(e.funder, e.cap)) {
            emit EpochDisabled(epoch, e.cap);
        } else {
            e.swept = false;
            emit EpochDisabled(epoch, 0);
        }
    }

    /// @inheritdoc IDistributor
    function payRange(uint256 epoch, uint256 start, Reward[] calldata rewards, bytes32[] calldata proof)
        external
        nonReentrant
        returns (uint256 total)
    {
        Epoch storage e = _active(epoch);
        uint256 range = start / RANGE;
        require(
            start % RANGE == 0 && start < e.leafCount && rewards.length == Math.min(RANGE, e.leafCount - start),
            Distributor_InvalidRange(epoch, start, rewards.length)
        );
        require(
            proof.length == _rangesDepth(e.leafCount)
                && _climb(_subtreeRoot(epoch, start, rewards), range, proof) == e.root,
            Distributor_InvalidProof(epoch, start)
        );

        uint256 paid = _paid[epoch][range];
        for (uint256 i; i < rewards.length; ++i) {
            if (paid >> i & 1 == 0) total = Math.saturatingAdd(total, rewards[i].amount);
        }
        _charge(e, epoch, total);
        _paid[epoch][range] = type(uint256).max >> (RANGE - rewards.length);

        (uint256 failed, uint256 unpaid) = _payAll(epoch, start, rewards, paid, e.token);
        if (failed == 0) return total;
        _paid[epoch][range] &= ~failed;
        e.paid -= uint128(unpaid);
        total -= unpaid;
    }

    /// @inheritdoc IDistributor
    function claim(uint256 epoch, uint256 index, Reward calldata reward, bytes32[] calldata proof) external {
        _claim(epoch, index, reward, reward.account, proof);
    }

    /// @inheritdoc IDistributor
    function claimTo(uint256 epoch, uint256 index, Reward calldata reward, address to, bytes32[] calldata proof)
        external
    {
        require(
            msg.sender == reward.account || msg.sender == claimerOf[reward.account],
            Distributor_NotAuthorized(msg.sender, reward.account)
        );
        _claim(epoch, index, reward, to, proof);
    }

    /// @inheritdoc IDistributor
    function setClaimer(address claimer) external {
        claimerOf[msg.sender] = claimer;
        emit ClaimerSet(msg.sender, claimer);
    }

    /// @inheritdoc IDistributor
    function sweep(uint256 epoch) external nonReentrant {
        Epoch storage e = _epochs[epoch];
        require(e.root != 0, Distributor_NotActive(epoch));
        uint256 sweepableAt = e.activatesAt + SWEEP_DELAY;
        require(
            !e.swept && (e.disabled || block.timestamp >= sweepableAt), Distributor_NotSweepable(epoch, sweepableAt)
        );
        e.swept = true;
        uint256 rest = e.cap - e.paid;
        emit EpochSwept(epoch, rest);
        if (rest != 0) IERC20(e.token).safeTransfer(e.funder, rest);
    }

    /// @inheritdoc IDistributor
    function epochOf(uint256 epoch) external view returns (Epoch memory) {
        return _epochs[epoch];
    }

    /// @inheritdoc IDistributor
    function isPaid(uint256 epoch, uint256 index) public view returns (bool) {
        return _paid[epoch][index / RANGE] >> (index % RANGE) & 1 != 0;
    }

    /// @inheritdoc IDistributor
    function hashLeaf(uint256 epoch, uint256 index, Reward calldata reward) public view returns (bytes32) {
        bytes memory leaf =
            abi.encode(LEAF_DOMAIN, block.chainid, address(this), epoch, index, reward.account, reward.amount);
        return keccak256(bytes.concat(keccak256(leaf)));
    }

    function _claim(uint256 epoch, uint256 index, Reward calldata reward, address to, bytes32[] calldata proof)
        private
        nonReentrant
    {
        Epoch storage e = _active(epoch);
        require(index < e.leafCount, Distributor_InvalidRange(epoch, index, 1));
        require(
            proof.length == RANGE_DEPTH + _rangesDepth(e.leafCount)
                && _climb(hashLeaf(epoch, index, reward), index, proof) == e.root,
            Distributor_InvalidProof(epoch, index)
        );
        require(!isPaid(epoch, index), Distributor_AlreadyPaid(epoch, index));
        _charge(e, epoch, reward.amount);
        _paid[epoch][index / RANGE] |= 1 << (index % RANGE);
        emit RewardPaid(epoch, index, reward.account, to, reward.amount);
        if (reward.amount != 0) IERC20(e.token).safeTransfer(to, reward.amount);
    }

    /// @dev Pays the leaves whose bit in `paid` is not set.
    /// @return failed Bits of the leaves whose transfer failed.
    /// @return unpaid Their wei.
    function _payAll(uint256 epoch, uint256 start, Reward[] calldata rewards, uint256 paid, address token)
        private
        returns (uint256 failed, uint256 unpaid)
    {
        for (uint256 i; i < rewards.length; ++i) {
            if (paid >> i & 1 != 0) continue;
            (address account, uint256 amount) = (rewards[i].account, rewards[i].amount);
            if (amount == 0 || IERC20(token).trySafeTransfer(account, amount)) {
                emit RewardPaid(epoch, start + i, account, account, amount);
            } else {
                failed |= 1 << i;
                unpaid += amount;
            }
        }
    }

    /// @dev Counts `amount` wei as paid, within the cap.
    function _charge(Epoch storage e, uint256 epoch, uint256 amount) private {
        uint256 paid = Math.saturatingAdd(e.paid, amount);
        require(paid <= e.cap, Distributor_CapExceeded(epoch, paid, e.cap));
        e.paid = uint128(paid);
    }

    function _pull(address token, uint256 amount) private {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 arrived = IERC20(token).balanceOf(address(this)) - before;
        require(arrived == amount, Distributor_UnexpectedAmount(amount, arrived));
    }

    function _active(uint256 epoch) private view returns (Epoch storage e) {
        e = _epochs[epoch];
        require(
            e.root != 0 && block.timestamp >= e.activatesAt && !e.disabled && !e.swept, Distributor_NotActive(epoch)
        );
    }

    /// @dev The root of the 256 leaves from `start` on; those past `rewards` are 0.
    function _subtreeRoot(uint256 epoch, uint256 start, Reward[] calldata rewards) private view returns (bytes32) {
        bytes32[] memory nodes = new bytes32[](RANGE);
        // The words of a leaf as in hashLeaf; three of them differ from leaf to leaf.
        bytes memory leaf = abi.encode(LEAF_DOMAIN, block.chainid, address(this), epoch, 0, 0, 0);
        for (uint256 i; i < rewards.length; ++i) {
            assembly ("memory-safe") {
                mstore(add(leaf, 0xa0), add(start, i))
                // The account and the amount, as they are.
                calldatacopy(add(leaf, 0xc0), add(rewards.offset, shl(6, i)), 0x40)
                mstore(0x00, keccak256(add(leaf, 0x20), 0xe0))
                mstore(add(add(nodes, 0x20), shl(5, i)), keccak256(0x00, 0x20))
            }
        }
        for (uint256 width = RANGE / 2; width != 0; width /= 2) {
            for (uint256 i; i < width; ++i) {
                assembly ("memory-safe") {
                    let first := add(nodes, 0x20)
                    mstore(add(first, shl(5, i)), keccak256(add(first, shl(6, i)), 0x40))
                }
            }
        }
        return nodes[0];
    }

    /// @dev The root over `node`, the `position`-th of its level, and its `siblings` upwards.
    function _climb(bytes32 node, uint256 position, bytes32[] calldata siblings) private pure returns (bytes32) {
        for (uint256 i; i < siblings.length; ++i) {
            node = position >> i & 1 == 0
                ? Hashes.efficientKeccak256(node, siblings[i])
                : Hashes.efficientKeccak256(siblings[i], node);
        }
        return node;
    }

    /// @dev Levels above the ranges: log2 of their number, rounded up.
    function _rangesDepth(uint256 leafCount) private pure returns (uint256) {
        return Math.log2(Math.ceilDiv(leafCount, RANGE), Math.Rounding.Ceil);
    }
}
