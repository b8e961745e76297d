// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IOutageClock} from "../governance/IOutageClock.sol";
import {Outages} from "../governance/Outages.sol";
import {Custody} from "./Custody.sol";
import {Delegation} from "./Delegation.sol";
import {IBonds} from "./IBonds.sol";
import {IDelegation} from "./IDelegation.sol";

/// @title Bonds
/// @dev Immutable. A token without a minimum takes no new bonds, and every way out of it stays open.
contract Bonds is Delegation {
    /// @dev How a slash is split (wei).
    struct Split {
        uint256 fromActive;
        uint256 fromThawing;
        uint256 toHarmed;
        uint256 toReporter;
        uint256 burned;
    }

    /// @inheritdoc IBonds
    uint256 public constant SLASH_CAP_BPS = 1_000;
    /// @inheritdoc IBonds
    uint256 public constant REPORTER_CAP_BPS = 5_000;
    /// @inheritdoc IBonds
    uint256 public constant PROOF_REPORTER_CAP_BPS = 500;

    uint256 private constant SLASH_WINDOW = 7 days;
    /// @dev How long claims may reach what was held before it may leave.
    uint256 private constant CLAIM_PERIOD = 2 days;

    /// @inheritdoc IBonds
    mapping(address account => bool) public isClaimer;
    /// @inheritdoc IBonds
    mapping(address account => bool) public isSlasher;
    /// @inheritdoc IBonds
    mapping(address claimer => mapping(address provider => mapping(address token => uint256))) public lockedBy;

    mapping(Role role => mapping(address owner => mapping(address token => Bond))) private _bonds;

    constructor(address initialAuthority, IOutageClock clock_) AccessManaged(initialAuthority) Custody(clock_) {}

    /// @inheritdoc IBonds
    function bond(Role role, address owner, address token, uint256 amount) external nonReentrant {
        _takeIn(role, owner, token, amount);
        Bond storage b = _bonds[role][owner][token];
        // The sum with the bucket must fit too, so that the bucket can always come back.
        uint96 active = SafeCast.toUint96(amount + b.active + b.thawing) - b.thawing;
        b.active = active;
        emit Bonded(role, owner, token, msg.sender, amount, active);
    }

    /// @inheritdoc IBonds
    function thaw(Role role, address token, uint256 amount) external {
        Bond storage b = _bonds[role][msg.sender][token];
        if (amount == 0) revert Bonds_ZeroAmount();
        uint256 available = Math.saturatingSub(b.active, b.locked);
        if (amount > available) revert Bonds_InsufficientBond(available, amount);
        uint256 thawedAt = block.timestamp + thawPeriod();
        // forge-lint: disable-start(unsafe-typecast) an amount is at most the active bond, a time far below 2^40
        uint96 active = b.active - uint96(amount);
        uint96 thawing = b.thawing + uint96(amount);
        b.active = active;
        b.thawing = thawing;
        b.thawedAt = uint40(thawedAt);
        // forge-lint: disable-end(unsafe-typecast)
        emit ThawStarted(role, msg.sender, token, amount, thawing, thawedAt);
    }

    /// @inheritdoc IBonds
    function cancelThaw(Role role, address token) external {
        Bond storage b = _bonds[role][msg.sender][token];
        uint96 amount = b.thawing;
        if (amount == 0) revert Bonds_NotThawed(0, 0);
        uint96 active = b.active + amount;
        if (b.active < b.locked) {
            // The bucket falls to locks that a slash has left without cover, but what is held of it must not.
            uint256 left = Math.saturatingSub(active, b.locked);
            uint256 held = Math.min(_heldOf(b), amount);
            if (left < held) revert Bonds_InsufficientBond(left, held);
        }
        b.active = active;
        b.thawing = 0;
        b.thawedAt = 0;
        emit ThawCancelled(role, msg.sender, token, amount);
    }

    /// @inheritdoc IBonds
    function withdraw(Role role, address token, address to) external nonReentrant {
        Bond storage b = _bonds[role][msg.sender][token];
        uint256 amount = b.thawing;
        if (amount == 0) revert Bonds_NotThawed(0, b.thawedAt);
        uint256 leavesAt = _leavesAt(b.thawedAt);
        if (block.timestamp < leavesAt) revert Bonds_NotThawed(amount, leavesAt);
        amount -= _heldOfThawed(b);
        if (amount == 0) revert Bonds_NotThawed(b.thawing, _heldLast(b));
        // forge-lint: disable-next-line(unsafe-typecast) a part of the bucket
        uint96 left = b.thawing - uint96(amount);
        b.thawing = left;
        if (left == 0) b.thawedAt = 0;
        emit BondWithdrawn(role, msg.sender, token, to, amount);
        _push(token, to, amount);
    }

    /// @inheritdoc IBonds
    function slash(Role role, address owner, address token, Slash calldata order) external returns (uint256 slashed) {
        if (!isSlasher[msg.sender]) revert Bonds_NotAuthorized(msg.sender);
        if (order.amount == 0) revert Bonds_ZeroAmount();
        Bond storage b = _bonds[role][owner][token];
        uint256 stake = uint256(b.active) + b.thawing;
        if (stake == 0) revert Bonds_NothingThere(owner);
        slashed = Math.min(order.amount, stake);
        if (!order.uncapped) _countInWindow(b, stake, slashed);

        Split memory split = _split(role, owner, token, order, slashed);
        (split.fromActive, split.fromThawing) = _take(b, stake, slashed);
        _owe(order.harmed, token, split.toHarmed);
        _owe(order.reporter, token, split.toReporter);
        _owe(BURN_ADDRESS, token, split.burned);
        _emitSlashed(role, owner, token, order, split);
        // Only a proof reaches the delegators, and costs them no more than the owner.
        if (order.uncapped && order.amount > slashed) {
            uint256 rest = Math.min(order.amount - slashed, slashed);
            _slashPool(role, owner, token, rest, order.harmed, order.loss - split.toHarmed);
        }
    }

    /// @inheritdoc IBonds
    function hold(Role role, address owner, address token) external {
        if (!isSlasher[msg.sender]) revert Bonds_NotAuthorized(msg.sender);
        Bond storage b = _bonds[role][owner][token];
        uint256 held = Math.max(_heldOf(b), _cap(uint256(b.active) + b.thawing));
        uint256 heldUntil = block.timestamp + MIN_THAW_PERIOD;
        // forge-lint: disable-start(unsafe-typecast) a tenth of a stake, and a time far below 2^40
        b.held = uint96(held);
        b.heldUntil = uint40(heldUntil);
        // forge-lint: disable-end(unsafe-typecast)
        emit BondHeld(role, owner, token, held, heldUntil);
    }

    /// @inheritdoc IBonds
    function lock(address provider, address token, uint256 amount) external {
        if (!isClaimer[msg.sender]) revert Bonds_NotAuthorized(msg.sender);
        Bond storage b = _bonds[Role.Provider][provider][token];
        uint256 available = lockableOf(provider, token);
        if (amount > available) revert Bonds_InsufficientBond(available, amount);
        uint256 locked = b.locked + amount;
        // forge-lint: disable-next-line(unsafe-typecast) at most the active bond
        b.locked = uint96(locked);
        uint256 own = lockedBy[msg.sender][provider][token] + amount;
        lockedBy[msg.sender][provider][token] = own;
        emit ClaimLocked(msg.sender, provider, token, amount, own, locked);
    }

    /// @inheritdoc IBonds
    function unlock(address provider, address token, uint256 amount) external {
        _unlock(msg.sender, provider, token, amount);
    }

    /// @inheritdoc IBonds
    function unlockFormer(address claimer, address provider, address token) external {
        if (isClaimer[claimer]) revert Bonds_NotAuthorized(msg.sender);
        _unlock(claimer, provider, token, lockedBy[claimer][provider][token]);
    }

    /// @inheritdoc IBonds
    function seize(address provider, address token, uint256 amount, address harmed, uint256 mostLocked)
        external
        returns (uint256 seized, uint256 freed)
    {
        if (!isClaimer[msg.sender]) revert Bonds_NotAuthorized(msg.sender);
        if (harmed == address(0)) revert Bonds_InvalidAccount(harmed);
        Bond storage b = _bonds[Role.Provider][provider][token];
        uint256 own = lockedBy[msg.sender][provider][token];
        uint256 fromActive;
        uint256 fromThawing;
        (fromActive, fromThawing, freed) = _seize(b, amount, Math.min(own, mostLocked));
        seized = fromActive + fromThawing;
        if (seized == 0) return (0, 0);

        lockedBy[msg.sender][provider][token] = own - freed;
        _owe(harmed, token, seized);
        emit ClaimSeized(msg.sender, provider, token, fromActive, fromThawing, harmed, own - freed, b.locked);
    }

    /// @inheritdoc IBonds
    function setClaimer(address claimer, bool allowed) external restricted {
        isClaimer[claimer] = allowed;
        emit ClaimerSet(claimer, allowed);
    }

    /// @inheritdoc IBonds
    function setSlasher(address slasher, bool allowed) external restricted {
        isSlasher[slasher] = allowed;
        emit SlasherSet(slasher, allowed);
    }

    /// @inheritdoc IBonds
    function bondOf(Role role, address owner, address token) external view returns (Bond memory) {
        return _bonds[role][owner][token];
    }

    /// @inheritdoc IBonds
    function lockedOf(address provider, address token) external view returns (uint256) {
        return _bonds[Role.Provider][provider][token].locked;
    }

    /// @inheritdoc IBonds
    function lockableOf(address provider, address token) public view returns (uint256) {
        Bond storage b = _bonds[Role.Provider][provider][token];
        uint256 unlocked = Math.saturatingSub(b.active, b.locked);
        uint256 held = _heldOf(b);
        // A bucket stands for what is held only if it cannot leave before that ends.
        if (uint256(b.thawedAt) + MIN_THAW_PERIOD >= b.heldUntil) held = Math.saturatingSub(held, b.thawing);
        return Math.saturatingSub(unlocked, held);
    }

    /// @inheritdoc IBonds
    function isBonded(Role role, address owner, address token) external view returns (bool) {
        uint256 minimum = minimumOf[role][token];
        return minimum != 0 && _bonds[role][owner][token].active >= minimum;
    }

    /// @inheritdoc IDelegation
    function weightOf(Role role, address owner, address token) external view returns (uint256) {
        uint256 active = _bonds[role][owner][token].active;
        uint256 minimum = minimumOf[role][token];
        if (minimum == 0 || active < minimum) return 0;
        return active + Math.min(earningOf(role, owner, token), active * MAX_LEVERAGE);
    }

    function _unlock(address claimer, address provider, address token, uint256 amount) private {
        if (amount == 0) revert Bonds_ZeroAmount();
        uint256 own = lockedBy[claimer][provider][token];
        if (amount > own) revert Bonds_InsufficientLock(own, amount);
        own -= amount;
        lockedBy[claimer][provider][token] = own;
        Bond storage b = _bonds[Role.Provider][provider][token];
        // forge-lint: disable-next-line(unsafe-typecast) at most what a claimer has locked
        uint96 locked = b.locked - uint96(amount);
        b.locked = locked;
        emit ClaimUnlocked(claimer, provider, token, amount, own, locked);
    }

    /// @dev Takes `amount` wei of the `stake` of `b`, active and thawing pro rata, the rounding against active.
    function _take(Bond storage b, uint256 stake, uint256 amount)
        private
        returns (uint256 fromActive, uint256 fromThawing)
    {
        uint256 thawing = b.thawing;
        fromThawing = amount * thawing / stake;
        fromActive = amount - fromThawing;
        // forge-lint: disable-start(unsafe-typecast) each is at most what it is taken from
        uint96 active = b.active - uint96(fromActive);
        thawing -= fromThawing;
        b.active = active;
        if (fromThawing == 0) return (fromActive, 0);
        b.thawing = uint96(thawing);
        // forge-lint: disable-end(unsafe-typecast)
        if (thawing == 0) b.thawedAt = 0;
    }

    /// @dev Takes up to `amount` wei: out of what is leaving, then out of what nobody has locked, both but for what is held,
    /// then out of what the claimer has locked. A claim thus weakens the cover of no other one before the rest is used up.
    /// @return fromActive Wei.
    /// @return fromThawing Wei.
    /// @return freed Wei of them that are locked no longer.
    function _seize(Bond storage b, uint256 amount, uint256 own)
        private
        returns (uint256 fromActive, uint256 fromThawing, uint256 freed)
    {
        (uint256 active, uint256 thawing, uint256 locked) = (b.active, b.thawing, b.locked);
        uint256 reached = Math.min(amount, Math.saturatingSub(_unlockedOf(b), _heldFromClaims(b)));
        fromThawing = Math.min(reached, thawing);
        fromActive = reached - fromThawing;
        freed = Math.min(amount - fromThawing - fromActive, Math.min(own, active - fromActive));
        fromActive += freed;
        // forge-lint: disable-start(unsafe-typecast) each is at most what it is taken from
        b.active = uint96(active - fromActive);
        b.thawing = uint96(thawing - fromThawing);
        b.locked = uint96(locked - freed);
        // forge-lint: disable-end(unsafe-typecast)
        if (thawing == fromThawing) b.thawedAt = 0;
    }

    /// @dev Wei that no claim has locked.
    function _unlockedOf(Bond storage b) private view returns (uint256) {
        return b.thawing + Math.saturatingSub(b.active, b.locked);
    }

    /// @dev Wei that are held now, of those that no claim has locked.
    function _heldOf(Bond storage b) private view returns (uint256) {
        return b.held != 0 && block.timestamp < _leavesAt(b.heldUntil) ? b.held : 0;
    }

    /// @dev Wei that claims must leave: nothing of a bucket for longer than a week after its thaw, so that one hold after the
    /// other does not keep it from claims until it leaves.
    function _heldFromClaims(Bond storage b) private view returns (uint256 held) {
        held = _heldOf(b);
        if (held == 0 || b.thawing == 0 || block.timestamp < _leavesAt(b.thawedAt + MIN_THAW_PERIOD)) return held;
        return Math.min(held, Math.saturatingSub(b.active, b.locked));
    }

    /// @dev What of a thawed bucket is held, behind what of the active bond no claim has locked.
    function _heldOfThawed(Bond storage b) private view returns (uint256) {
        if (b.held == 0 || block.timestamp >= _heldLast(b)) return 0;
        return Math.min(b.thawing, Math.saturatingSub(b.held, Math.saturatingSub(b.active, b.locked)));
    }

    /// @dev Until when a thawed bucket can be held: for as long as claims must leave it, and then until they had their time.
    /// Whatever was held when it had thawed has ended by then, and who accuses again and again holds it no longer.
    function _heldLast(Bond storage b) private view returns (uint256) {
        uint256 start = Math.min(b.heldUntil - MIN_THAW_PERIOD, b.thawedAt);
        return Outages.deadline(clock, start, MIN_THAW_PERIOD + CLAIM_PERIOD, block.timestamp);
    }

    /// @dev What of a stake a window may lose without proof.
    function _cap(uint256 stake) private pure returns (uint256) {
        return stake * SLASH_CAP_BPS / BASIS_POINTS;
    }

    /// @dev Counts `slashed` wei in the slash window of `b`, beginning one if none is open.
    function _countInWindow(Bond storage b, uint256 stake, uint256 slashed) private {
        (uint256 start, uint256 left, uint256 cap) = (b.windowStart, b.windowLeft, b.windowCap);
        if (block.timestamp >= start + SLASH_WINDOW) (start, left, cap) = (block.timestamp, 0, 0);
        // What was bonded since can be lost too: a window begun with little must not protect what comes later, nor what was
        // held of it where claims have taken the rest.
        uint256 lost = cap - left;
        uint256 most = Math.max(_cap(stake + lost), _cap(lost) + Math.min(b.held, _unlockedOf(b)));
        uint256 grown = Math.saturatingSub(most, cap);
        (cap, left) = (cap + grown, left + grown);
        if (slashed > left) revert Bonds_SlashCapExceeded(slashed, left);
        // forge-lint: disable-start(unsafe-typecast) a tenth of a stake, and a time far below 2^40
        b.windowLeft = uint96(left - slashed);
        b.windowCap = uint96(cap);
        b.windowStart = uint40(start);
        if (b.held != 0) b.held = uint96(Math.saturatingSub(b.held, slashed));
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @dev The harmed first, then the reporter, and the rest is burned.
    function _split(Role role, address owner, address token, Slash calldata order, uint256 slashed)
        private
        view
        returns (Split memory split)
    {
        if (order.harmed != address(0)) split.toHarmed = Math.min(order.loss, slashed);
        uint256 left = slashed - split.toHarmed;
        if (order.reporter != address(0) && order.reporter != owner) {
            split.toReporter = order.uncapped
                ? Math.min(left * PROOF_REPORTER_CAP_BPS / BASIS_POINTS, minimumOf[role][token])
                : left * REPORTER_CAP_BPS / BASIS_POINTS;
        }
        split.burned = left - split.toReporter;
    }

    function _emitSlashed(Role role, address owner, address token, Slash calldata order, Split memory split) private {
        emit Slashed(
            role,
            owner,
            token,
            split.fromActive,
            split.fromThawing,
            order.harmed,
            split.toHarmed,
            order.reporter,
            split.toReporter,
            split.burned,
            order.uncapped
        );
    }
}
