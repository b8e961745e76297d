// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IOutageClock} from "../governance/IOutageClock.sol";
import {Outages} from "../governance/Outages.sol";
import {ExactTransfer} from "../money/ExactTransfer.sol";
import {IDistributor} from "./IDistributor.sol";

/// @notice As IDistributor describes.
/// @dev Immutable. Epochs share the token balance of this contract; each pays at most its own cap out of it.
contract Distributor is IDistributor, AccessManaged, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev What every payment of an epoch reads: one slot.
    struct State {
        uint88 cap;
        uint88 paid;
        uint40 activatesAt;
        uint24 leafCount;
        Status status;
    }

    /// @dev An epoch as it is stored.
    struct Record {
        bytes32 root;
        State state;
        address token;
        uint88 forfeited;
        address funder;
    }

    /// @notice Keeps reward leaves apart from every other hash.
    bytes32 public constant LEAF_DOMAIN = keccak256("Spheron reward leaf v1");
    /// @inheritdoc IDistributor
    uint256 public constant ACTIVATION_DELAY = 48 hours;
    /// @inheritdoc IDistributor
    uint256 public constant ARBITRATION_DELAY = 72 hours;
    /// @inheritdoc IDistributor
    uint256 public constant SWEEP_DELAY = 26 weeks;
    /// @inheritdoc IDistributor
    uint256 public constant CHALLENGE_BOND_BPS = 100;

    uint256 private constant BASIS_POINTS = 10_000;
    // Leaves of a range: as many as a word of the bitmap has bits.
    uint256 private constant RANGE = 256;
    uint256 private constant RANGE_DEPTH = 8;

    bytes32 private constant CLAIM_TO_TYPEHASH =
        keccak256("ClaimTo(uint256 epoch,uint256 index,address account,uint256 amount,address to,uint256 deadline)");

    /// @notice Counts the sequencer's outages; the zero address for none.
    IOutageClock public immutable clock;

    /// @inheritdoc IDistributor
    mapping(address account => address) public claimerOf;

    // One slot, since a post reads both.
    uint64 private _nextEpoch = 1;
    /// @inheritdoc IDistributor
    bool public paused;

    mapping(uint256 epoch => Record) private _epochs;
    mapping(uint256 epoch => Challenge) private _challenges;
    mapping(uint256 epoch => mapping(uint256 range => uint256)) private _paid;

    constructor(address initialAuthority, IOutageClock clock_)
        AccessManaged(initialAuthority)
        EIP712("Spheron Distributor", "1")
    {
        clock = clock_;
    }

    /// @inheritdoc IDistributor
    function fund(uint256 epoch, address token, uint256 amount) external restricted nonReentrant {
        if (epoch < _nextEpoch) revert Distributor_WrongEpoch(epoch, _nextEpoch);
        Record storage e = _epochs[epoch];
        State memory state = e.state;
        if (state.status == Status.None) {
            (e.token, e.funder) = (token, msg.sender);
            (state.activatesAt, state.status) = (uint40(block.timestamp), Status.Funded);
        } else if (e.token != token || e.funder != msg.sender) {
            revert Distributor_WrongFunds(epoch, e.token, e.funder, state.cap);
        }
        uint256 cap = Math.saturatingAdd(state.cap, amount);
        if (amount == 0 || cap > type(uint88).max) revert Distributor_InvalidEpoch(epoch);
        // forge-lint: disable-next-line(unsafe-typecast)
        state.cap = uint88(cap); // checked
        e.state = state;
        emit EpochFunded(epoch, token, msg.sender, amount);
        ExactTransfer.pull(token, amount);
    }

    /// @inheritdoc IDistributor
    function post(uint256 epoch, address token, bytes32 root, uint256 cap, uint256 leafCount, bytes32 evidence)
        external
        restricted
    {
        if (paused) revert Distributor_Paused();
        uint256 next = _nextEpoch;
        if (epoch != next) revert Distributor_WrongEpoch(epoch, next);
        if (root == 0 || leafCount == 0 || leafCount > type(uint24).max) revert Distributor_InvalidEpoch(epoch);
        Record storage e = _epochs[epoch];
        State storage state = e.state;
        if (state.status != Status.Funded || state.cap != cap || e.token != token) {
            revert Distributor_WrongFunds(epoch, e.token, e.funder, state.cap);
        }
        uint256 activatesAt = block.timestamp + ACTIVATION_DELAY;
        // forge-lint: disable-next-line(unsafe-typecast)
        _nextEpoch = uint64(next + 1); // one by one
        e.root = root;
        // forge-lint: disable-next-line(unsafe-typecast)
        (state.activatesAt, state.leafCount, state.status) = (uint40(activatesAt), uint24(leafCount), Status.Posted);
        emit EpochPosted(epoch, root, cap, leafCount, activatesAt, evidence);
    }

    /// @inheritdoc IDistributor
    function disable(uint256 epoch) external restricted nonReentrant {
        Status status = _epochs[epoch].state.status;
        if (status != Status.Challenged && !_isPending(epoch)) revert Distributor_NotPending(epoch, status);
        _disable(epoch);
    }

    /// @inheritdoc IDistributor
    function challenge(uint256 epoch, uint256 index, Reward calldata expected) external nonReentrant {
        Record storage e = _epochs[epoch];
        if (!_isPending(epoch)) revert Distributor_NotPending(epoch, e.state.status);
        uint256 bond = challengeBondOf(epoch);
        uint256 deadline = block.timestamp + ARBITRATION_DELAY;
        e.state.status = Status.Challenged;
        // forge-lint: disable-next-line(unsafe-typecast)
        _challenges[epoch] = Challenge(msg.sender, uint40(deadline)); // a time
        emit EpochChallenged(epoch, msg.sender, index, expected.account, expected.amount, bond, deadline);
        ExactTransfer.pull(e.token, bond);
    }

    /// @inheritdoc IDistributor
    function resolve(uint256 epoch, bool upheld) external restricted nonReentrant {
        uint256 deadline = _decidedBy(epoch);
        if (block.timestamp >= deadline) revert Distributor_WrongTime(epoch, deadline);
        if (upheld) return _disable(epoch);

        Record storage e = _epochs[epoch];
        uint256 bond = challengeBondOf(epoch);
        uint256 activatesAt = block.timestamp + ACTIVATION_DELAY;
        // forge-lint: disable-next-line(unsafe-typecast)
        (e.state.status, e.state.activatesAt) = (Status.Posted, uint40(activatesAt)); // a time
        // forge-lint: disable-next-line(unsafe-typecast)
        e.forfeited += uint88(bond); // a share of the cap
        emit ChallengeRejected(epoch, _challenges[epoch].challenger, bond, activatesAt);
        delete _challenges[epoch];
    }

    /// @inheritdoc IDistributor
    function expireChallenge(uint256 epoch) external nonReentrant {
        uint256 deadline = _decidedBy(epoch);
        if (block.timestamp < deadline) revert Distributor_WrongTime(epoch, deadline);
        _disable(epoch);
    }

    /// @inheritdoc IDistributor
    function collectBond(uint256 epoch, address to) external nonReentrant {
        address challenger = _challenges[epoch].challenger;
        if (msg.sender != challenger || _epochs[epoch].state.status == Status.Challenged) {
            revert Distributor_NotAuthorized(msg.sender, challenger);
        }
        uint256 bond = challengeBondOf(epoch);
        delete _challenges[epoch];
        emit BondReturned(epoch, challenger, to, bond);
        IERC20(_epochs[epoch].token).safeTransfer(to, bond);
    }

    /// @inheritdoc IDistributor
    function activate(uint256 epoch) external {
        if (_epochs[epoch].state.status == Status.Active) revert Distributor_NotPending(epoch, Status.Active);
        _active(epoch);
    }

    /// @inheritdoc IDistributor
    function payRange(uint256 epoch, uint256 start, Reward[] calldata rewards, bytes32[] calldata proof)
        external
        nonReentrant
        returns (uint256 total)
    {
        Record storage e = _active(epoch);
        _checkRange(e, epoch, start, rewards, proof);
        uint256 word = _paid[epoch][start / RANGE];
        uint256 due = ~word & (type(uint256).max >> (RANGE - rewards.length));
        if (due == 0) return 0;
        uint256 sum = _sum(rewards, due);
        _charge(e, epoch, sum);
        _paid[epoch][start / RANGE] = word | due;

        uint256 paidNow;
        bytes32[] memory payments;
        (paidNow, total, payments) = _payAll(e.token, rewards, due);
        if (paidNow != 0) emit RangePaid(epoch, start, paidNow, payments);
        if (paidNow == due) return total;
        _paid[epoch][start / RANGE] = word | paidNow;
        // forge-lint: disable-next-line(unsafe-typecast)
        e.state.paid -= uint88(sum - total); // was charged above
    }

    /// @inheritdoc IDistributor
    function claim(uint256 epoch, uint256 index, Reward calldata reward, bytes32[] calldata proof) external {
        _claim(epoch, index, reward, reward.account, proof);
    }

    /// @inheritdoc IDistributor
    function claimTo(uint256 epoch, uint256 index, Reward calldata reward, address to, bytes32[] calldata proof)
        external
    {
        if (msg.sender != reward.account && msg.sender != claimerOf[reward.account]) {
            revert Distributor_NotAuthorized(msg.sender, reward.account);
        }
        _claim(epoch, index, reward, to, proof);
    }

    /// @inheritdoc IDistributor
    function claimToBySignature(
        uint256 epoch,
        uint256 index,
        Reward calldata reward,
        address to,
        uint256 deadline,
        bytes calldata signature,
        bytes32[] calldata proof
    ) external {
        if (block.timestamp > deadline) revert Distributor_SignatureExpired(deadline);
        bytes32 digest = hashClaimTo(epoch, index, reward, to, deadline);
        if (!SignatureChecker.isValidSignatureNowCalldata(reward.account, digest, signature)) {
            revert Distributor_NotAuthorized(msg.sender, reward.account);
        }
        _claim(epoch, index, reward, to, proof);
    }

    /// @inheritdoc IDistributor
    function setClaimer(address claimer) external {
        claimerOf[msg.sender] = claimer;
        emit ClaimerSet(msg.sender, claimer);
    }

    /// @inheritdoc IDistributor
    function sweep(uint256 epoch) external nonReentrant {
        Record storage e = _epochs[epoch];
        State memory state = e.state;
        uint256 sweepableAt = state.status == Status.Disabled ? 0 : _sweepableAt(epoch, state.status);
        if (block.timestamp < sweepableAt) revert Distributor_NotSweepable(epoch, sweepableAt);

        uint256 rest = uint256(state.cap) - state.paid + e.forfeited;
        (address token, address funder) = (e.token, e.funder);
        // What was never posted may be funded anew: its number is still to come.
        if (state.status == Status.Funded) delete _epochs[epoch];
        else e.state.status = Status.Swept;
        emit EpochSwept(epoch, rest);
        if (rest != 0) IERC20(token).safeTransfer(funder, rest);
    }

    /// @inheritdoc IDistributor
    function setPaused(bool paused_) external restricted {
        paused = paused_;
        emit PausedSet(paused_);
    }

    /// @inheritdoc IDistributor
    function epochOf(uint256 epoch) external view returns (Epoch memory) {
        Record memory e = _epochs[epoch];
        return Epoch(
            e.root,
            e.token,
            e.funder,
            e.state.cap,
            e.state.paid,
            e.forfeited,
            e.state.activatesAt,
            e.state.leafCount,
            e.state.status
        );
    }

    /// @inheritdoc IDistributor
    function challengeOf(uint256 epoch) external view returns (Challenge memory) {
        return _challenges[epoch];
    }

    /// @inheritdoc IDistributor
    function activationOf(uint256 epoch) external view returns (uint256) {
        State storage state = _epochs[epoch].state;
        if (state.status != Status.Posted && state.status != Status.Active) return 0;
        return _after(state.activatesAt, ACTIVATION_DELAY);
    }

    /// @inheritdoc IDistributor
    function nextEpoch() external view returns (uint256) {
        return _nextEpoch;
    }

    /// @inheritdoc IDistributor
    function isPaid(uint256 epoch, uint256 index) external view returns (bool) {
        return _paid[epoch][index / RANGE] >> (index % RANGE) & 1 != 0;
    }

    /// @inheritdoc IDistributor
    function challengeBondOf(uint256 epoch) public view returns (uint256) {
        return Math.ceilDiv(_epochs[epoch].state.cap * CHALLENGE_BOND_BPS, BASIS_POINTS);
    }

    /// @inheritdoc IDistributor
    function hashLeaf(uint256 epoch, uint256 index, Reward calldata reward) public view returns (bytes32) {
        bytes32 inner = keccak256(
            abi.encode(LEAF_DOMAIN, block.chainid, address(this), epoch, index, reward.account, reward.amount)
        );
        return keccak256(abi.encode(inner));
    }

    /// @inheritdoc IDistributor
    function hashClaimTo(uint256 epoch, uint256 index, Reward calldata reward, address to, uint256 deadline)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(
            keccak256(abi.encode(CLAIM_TO_TYPEHASH, epoch, index, reward.account, reward.amount, to, deadline))
        );
    }

    function _claim(uint256 epoch, uint256 index, Reward calldata reward, address to, bytes32[] calldata proof)
        private
    {
        Record storage e = _active(epoch);
        uint256 leafCount = e.state.leafCount;
        if (index >= leafCount) revert Distributor_InvalidRange(epoch, index, 1);
        if (!_isDepth(leafCount, proof.length) || _climb(hashLeaf(epoch, index, reward), index, proof) != e.root) {
            revert Distributor_InvalidProof(epoch, index);
        }
        _mark(epoch, index);
        _charge(e, epoch, reward.amount);
        emit RewardPaid(epoch, reward.account, index, to, reward.amount);
        // Everything is written, so a token that calls back finds nothing to take twice.
        if (reward.amount != 0) IERC20(e.token).safeTransfer(to, reward.amount);
    }

    /// @dev Marks a leaf as paid, once.
    function _mark(uint256 epoch, uint256 index) private {
        mapping(uint256 => uint256) storage words = _paid[epoch];
        uint256 word = words[index / RANGE];
        // forge-lint: disable-next-line(incorrect-shift)
        uint256 bit = 1 << (index % RANGE);
        if (word & bit != 0) revert Distributor_AlreadyPaid(epoch, index);
        words[index / RANGE] = word | bit;
    }

    /// @dev Pays the leaves whose bit in `due` is set.
    /// @return paidNow Bits of those whose transfer succeeded.
    /// @return total Their wei.
    /// @return payments Their words in `RangePaid`.
    function _payAll(address token, Reward[] calldata rewards, uint256 due)
        private
        returns (uint256 paidNow, uint256 total, bytes32[] memory payments)
    {
        payments = new bytes32[](rewards.length);
        uint256 count;
        for (uint256 i; i < rewards.length; ++i) {
            if (due >> i & 1 == 0) continue;
            address account;
            uint256 amount;
            assembly ("memory-safe") {
                let reward := add(rewards.offset, shl(6, i)) // two words, and i is below the length
                account := shr(96, shl(96, calldataload(reward)))
                amount := calldataload(add(reward, 0x20))
            }
            if (amount != 0 && !IERC20(token).trySafeTransfer(account, amount)) continue;
            // All amounts together are within a cap, which has 88 bits, and there is a word for each of them.
            assembly ("memory-safe") {
                paidNow := or(paidNow, shl(i, 1))
                total := add(total, amount)
                count := add(count, 1)
                mstore(add(payments, shl(5, count)), or(shl(96, account), amount))
            }
        }
        assembly ("memory-safe") {
            mstore(payments, count)
        }
    }

    /// @dev Wei of the leaves whose bit in `due` is set, or more than any cap if one of them is.
    function _sum(Reward[] calldata rewards, uint256 due) private pure returns (uint256 sum) {
        uint256 all;
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, rewards.length) { i := add(i, 1) } {
                // The second word of a reward; 256 times 88 bits do not overflow.
                let amount := mul(and(shr(i, due), 1), calldataload(add(rewards.offset, add(shl(6, i), 0x20))))
                all := or(all, amount)
                sum := add(sum, amount)
            }
        }
        if (all > type(uint88).max) return all;
    }

    /// @dev Counts `amount` wei as paid, within the cap.
    function _charge(Record storage e, uint256 epoch, uint256 amount) private {
        State storage state = e.state;
        (uint256 paid, uint256 cap) = (state.paid, state.cap);
        if (amount > cap - paid) revert Distributor_CapExceeded(epoch, Math.saturatingAdd(paid, amount), cap);
        // forge-lint: disable-next-line(unsafe-typecast)
        state.paid = uint88(paid + amount); // at most the cap
    }

    /// @dev Disables an epoch, whose challenger, if there is one, gets its bond back.
    function _disable(uint256 epoch) private {
        _epochs[epoch].state.status = Status.Disabled;
        emit EpochDisabled(epoch);
        address challenger = _challenges[epoch].challenger;
        if (challenger == address(0)) return;
        uint256 bond = challengeBondOf(epoch);
        // A challenger that cannot be paid must not keep a wrong root alive.
        if (!IERC20(_epochs[epoch].token).trySafeTransfer(challenger, bond)) return;
        delete _challenges[epoch];
        emit BondReturned(epoch, challenger, challenger, bond);
    }

    /// @dev An active epoch. One whose delay is over is marked active.
    function _active(uint256 epoch) private returns (Record storage e) {
        e = _epochs[epoch];
        Status status = e.state.status;
        if (status == Status.Active) return e;
        if (status != Status.Posted || _isPending(epoch)) revert Distributor_NotActive(epoch);
        e.state.status = Status.Active;
        emit EpochActivated(epoch);
    }

    /// @dev Whether an epoch is posted and its delay still runs.
    function _isPending(uint256 epoch) private view returns (bool) {
        State storage state = _epochs[epoch].state;
        return state.status == Status.Posted && block.timestamp < _after(state.activatesAt, ACTIVATION_DELAY);
    }

    /// @dev When the open challenge of an epoch counts as upheld.
    function _decidedBy(uint256 epoch) private view returns (uint256) {
        if (_epochs[epoch].state.status != Status.Challenged) revert Distributor_NotChallenged(epoch);
        return _after(_challenges[epoch].deadline, ARBITRATION_DELAY);
    }

    /// @dev When an epoch that was not disabled may be swept; never if it is swept or challenged.
    function _sweepableAt(uint256 epoch, Status status) private view returns (uint256) {
        uint256 activatesAt = _epochs[epoch].state.activatesAt;
        if (status == Status.Funded) return activatesAt + SWEEP_DELAY;
        if (status != Status.Posted && status != Status.Active) return type(uint256).max;
        return _after(activatesAt + SWEEP_DELAY, SWEEP_DELAY + ACTIVATION_DELAY);
    }

    /// @dev The end of a delay that would be over at `end`, with the outages in it.
    function _after(uint256 end, uint256 delay) private view returns (uint256) {
        if (block.timestamp < end) return end;
        return Outages.deadline(clock, end - delay, delay, block.timestamp);
    }

    function _checkRange(
        Record storage e,
        uint256 epoch,
        uint256 start,
        Reward[] calldata rewards,
        bytes32[] calldata proof
    ) private view {
        uint256 leafCount = e.state.leafCount;
        if (start % RANGE != 0 || start >= leafCount || rewards.length != Math.min(RANGE, leafCount - start)) {
            revert Distributor_InvalidRange(epoch, start, rewards.length);
        }
        if (
            !_isDepth(leafCount, RANGE_DEPTH + proof.length)
                || _climb(_subtreeRoot(epoch, start, rewards), start / RANGE, proof) != e.root
        ) revert Distributor_InvalidProof(epoch, start);
    }

    /// @dev The root of the 256 leaves from `start` on; those past `rewards` are 0.
    function _subtreeRoot(uint256 epoch, uint256 start, Reward[] calldata rewards) private view returns (bytes32) {
        bytes32[] memory nodes = new bytes32[](RANGE);
        // The words of a leaf as in hashLeaf; three of them differ from leaf to leaf.
        bytes memory leaf = abi.encode(LEAF_DOMAIN, block.chainid, address(this), epoch, 0, 0, 0);
        assembly ("memory-safe") {
            let first := add(nodes, 0x20)
            for { let i := 0 } lt(i, rewards.length) { i := add(i, 1) } {
                mstore(add(leaf, 0xa0), add(start, i))
                // The account and the amount, as they are.
                calldatacopy(add(leaf, 0xc0), add(rewards.offset, shl(6, i)), 0x40)
                mstore(0x00, keccak256(add(leaf, 0x20), 0xe0))
                mstore(add(first, shl(5, i)), keccak256(0x00, 0x20))
            }
            // Each level takes the place of the one below it.
            for { let width := 128 } width { width := shr(1, width) } {
                for { let i := 0 } lt(i, width) { i := add(i, 1) } {
                    mstore(add(first, shl(5, i)), keccak256(add(first, shl(6, i)), 0x40))
                }
            }
        }
        return nodes[0];
    }

    /// @dev The root over `node`, the `position`-th of its level, and its `siblings` upwards.
    function _climb(bytes32 node, uint256 position, bytes32[] calldata siblings) private pure returns (bytes32) {
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, siblings.length) { i := add(i, 1) } {
                // An even position is on the left, at 0x00.
                let side := shl(5, and(shr(i, position), 1))
                mstore(side, node)
                mstore(xor(side, 0x20), calldataload(add(siblings.offset, shl(5, i))))
                node := keccak256(0x00, 0x40)
            }
        }
        return node;
    }

    /// @dev Whether a tree of this many leaves has this many levels above them: the fewest that hold them, at least 8.
    function _isDepth(uint256 leafCount, uint256 depth) private pure returns (bool) {
        uint256 last = leafCount - 1;
        if (depth < RANGE_DEPTH || last >> depth != 0) return false;
        return depth == RANGE_DEPTH || last >> (depth - 1) != 0;
    }
}
