// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// Bonds: for each token, deposited == active + thawing + slashed + withdrawn, and the balance of the contract == active +
// thawing + owed. A slash strands nothing: what it left and what it owes can all be taken out.
// Claims: slashable stake >= sum of the locks until each is released, unless a slash took it. What is locked cannot thaw,
// no claimer touches the lock of another, and a seizure pays the harmed to the wei.
// Holds: while something is held, no claim, lock or withdrawal leaves less of it beside what claims have locked than there
// was, and no hold makes a claim's own lock worth less. Every hold ends by itself, for claims two days before withdrawals.
// Slash: harmed + reporter + burned == amount, the reporter gets at most its share of what the harmed left, and a window
// loses at most a tenth of its stake without proof, or what was held.

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";

contract BondsHandler is Test {
    Bonds public immutable bonds;
    StakeToken[2] public tokens;
    address[2] public owners = [makeAddr("owner 0"), makeAddr("owner 1")];
    address public harmed = makeAddr("harmed");
    address public reporter = makeAddr("reporter");
    address[2] public claimers = [makeAddr("claimer 0"), makeAddr("claimer 1")];
    address private thief = makeAddr("thief");

    uint256[] private _bonded; // seeds of the bonds that exist

    mapping(address token => uint256) public deposited;
    mapping(address token => uint256) public withdrawn;
    mapping(address token => uint256) public slashed;
    mapping(address token => uint256) public collected;
    mapping(address owner => mapping(address token => bool)) public wasSlashed;

    constructor(AccessManager manager) {
        bonds = new Bonds(address(manager), IOutageClock(address(0)));
        tokens = [new StakeToken(), new StakeToken()];
    }

    /// @dev What is held stays, but for what slashes and proofs take.
    modifier holding() {
        IBonds.Bond[12] memory before = _all();
        _;
        IBonds.Bond[12] memory now_ = _all();
        for (uint256 i; i < 12; ++i) {
            uint256 held = _heldFromClaims(before[i]);
            assertGe(_unlockedOf(now_[i]), _least(held, _unlockedOf(before[i])), "what was held has gone");
            assertEq(now_[i].held, before[i].held, "a hold changed");
        }
    }

    function hold(uint256 seed) external {
        (IBonds.Role role, address owner, StakeToken token) = _pickBonded(seed);
        IBonds.Bond memory b = bonds.bondOf(role, owner, address(token));
        bonds.hold(role, owner, address(token));
        IBonds.Bond memory now_ = bonds.bondOf(role, owner, address(token));
        assertEq(now_.held, _most(_heldOf(b), (uint256(b.active) + b.thawing) / 10), "held");
        assertEq(now_.heldUntil, block.timestamp + 7 days);
    }

    function bond(uint256 seed, uint256 amount) external {
        (IBonds.Role role, address owner, StakeToken token) = _pick(seed);
        IBonds.Bond memory b = bonds.bondOf(role, owner, address(token));
        uint256 room = type(uint96).max - b.active - b.thawing;
        if (room == 0) return;
        // Now and then as much as fits.
        amount = bound(amount, 1, seed % 20 == 0 ? room : _least(room, 1e24));
        token.mint(address(this), amount);
        token.approve(address(bonds), amount);
        bonds.bond(role, owner, address(token), amount);
        _bonded.push(seed % 12);
        deposited[address(token)] += amount;
        assertEq(bonds.bondOf(role, owner, address(token)).thawedAt, b.thawedAt, "a bond touched a thaw");
    }

    function thaw(uint256 seed, uint256 amount) public holding {
        (IBonds.Role role, address owner, StakeToken token) = _pickBonded(seed);
        IBonds.Bond memory b = bonds.bondOf(role, owner, address(token));
        uint256 available = b.active > b.locked ? b.active - b.locked : 0;
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, available, available + 1));
        bonds.thaw(role, address(token), available + 1);
        if (available != 0) bonds.thaw(role, address(token), bound(amount, 1, available));
        vm.stopPrank();
    }

    function cancelThaw(uint256 seed) external holding {
        (IBonds.Role role, address owner, StakeToken token) = _pickBonded(seed);
        IBonds.Bond memory b = bonds.bondOf(role, owner, address(token));
        if (b.thawing == 0) return;
        uint256 active = uint256(b.active) + b.thawing;
        uint256 left = active > b.locked ? active - b.locked : 0;
        uint256 held = _least(_heldOf(b), b.thawing);
        vm.prank(owner);
        if (b.active < b.locked && left < held) {
            vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, left, held));
        }
        bonds.cancelThaw(role, address(token));
    }

    function withdraw(uint256 seed) public {
        (IBonds.Role role, address owner, StakeToken token) = _pickBonded(seed);
        IBonds.Bond memory b = bonds.bondOf(role, owner, address(token));
        if (b.thawing == 0 || block.timestamp < b.thawedAt) {
            vm.prank(owner);
            vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, b.thawing, b.thawedAt));
            bonds.withdraw(role, address(token), owner);
            return;
        }
        uint256 active = b.active > b.locked ? b.active - b.locked : 0;
        uint256 heldLast = b.held == 0 ? 0 : _least(b.heldUntil - 7 days, b.thawedAt) + 9 days;
        uint256 kept = b.held > active && block.timestamp < heldLast ? _least(b.held - active, b.thawing) : 0;
        uint256 before = token.balanceOf(owner);
        vm.prank(owner);
        if (kept == b.thawing) {
            vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, b.thawing, heldLast));
            bonds.withdraw(role, address(token), owner);
            return;
        }
        bonds.withdraw(role, address(token), owner);
        assertEq(token.balanceOf(owner) - before, b.thawing - kept);
        assertEq(bonds.bondOf(role, owner, address(token)).thawing, kept, "kept");
        withdrawn[address(token)] += b.thawing - kept;
    }

    function slash(uint256 seed, uint256 amount, uint256 loss, bool uncapped) external {
        (IBonds.Role role, address owner, StakeToken token) = _pickBonded(seed);
        IBonds.Bond memory b = bonds.bondOf(role, owner, address(token));
        uint256 stake = uint256(b.active) + b.thawing;
        if (stake == 0) return;
        uint256 capLeft = _capLeft(b, stake);
        amount = bound(amount, 1, uncapped || capLeft == 0 || seed % 4 == 0 ? 2 * stake : capLeft);
        IBonds.Slash memory order = IBonds.Slash({
            amount: amount,
            harmed: seed % 7 == 0 ? address(0) : harmed,
            loss: bound(loss, 0, 2 * amount),
            reporter: seed % 5 == 0 ? address(0) : reporter,
            uncapped: uncapped
        });
        uint256 due = amount < stake ? amount : stake;
        if (!uncapped && due > capLeft) {
            vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_SlashCapExceeded.selector, due, capLeft));
            bonds.slash(role, owner, address(token), order);
            return;
        }
        if (!uncapped) b.held -= uint96(_least(b.held, due));
        uint256[3] memory before = _owed(token);
        uint256 cap = uncapped ? bonds.PROOF_REPORTER_CAP_BPS() : bonds.REPORTER_CAP_BPS();
        uint256 taken = bonds.slash(role, owner, address(token), order);
        uint256[3] memory after_ = _owed(token);
        slashed[address(token)] += taken;
        if (role == IBonds.Role.Provider) wasSlashed[owner][address(token)] = true;

        assertEq(taken, due, "slashed");
        assertEq(after_[0] + after_[1] + after_[2] - before[0] - before[1] - before[2], taken, "split");
        uint256 left = taken - (after_[0] - before[0]);
        assertLe((after_[1] - before[1]) * 10_000, left * cap, "reporter");
        // Whoever was harmed is whole before anybody else gets a wei.
        if (order.harmed != address(0)) assertEq(left, taken > order.loss ? taken - order.loss : 0, "harmed");
        IBonds.Bond memory now_ = bonds.bondOf(role, owner, address(token));
        assertEq(uint256(now_.active) + now_.thawing, stake - taken, "stake");
        assertEq(now_.held, b.held, "only a judgement uses a hold up");
        // Neither part pays for the other by more than the rounding.
        assertApproxEqAbs((b.thawing - now_.thawing) * stake, taken * b.thawing, stake, "pro rata");
    }

    /// @dev A claimer locks some of a provider's bond, and never what another lock or a thaw has.
    function lock(uint256 seed, uint256 amount) external holding {
        (address owner, StakeToken token) = _pickProvider(seed);
        address claimer = claimers[seed / 4 % 2];
        IBonds.Bond memory b = bonds.bondOf(IBonds.Role.Provider, owner, address(token));
        uint256 available = b.active > b.locked ? b.active - b.locked : 0;
        uint256 held = _heldOf(b);
        if (b.thawedAt + 7 days >= b.heldUntil) held -= _least(held, b.thawing);
        available -= _least(held, available);
        assertEq(bonds.lockableOf(owner, address(token)), available);
        vm.startPrank(claimer);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, available, available + 1));
        bonds.lock(owner, address(token), available + 1);
        bonds.lock(owner, address(token), bound(amount, 0, available));
        vm.stopPrank();
    }

    function unlock(uint256 seed, uint256 amount) external {
        (address owner, StakeToken token) = _pickProvider(seed);
        address claimer = claimers[seed / 4 % 2];
        uint256 own = bonds.lockedBy(claimer, owner, address(token));
        vm.startPrank(claimer);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientLock.selector, own, own + 1));
        bonds.unlock(owner, address(token), own + 1);
        if (own != 0) bonds.unlock(owner, address(token), bound(amount, 1, own));
        vm.stopPrank();
    }

    function seize(uint256 seed, uint256 amount) external holding {
        (address owner, StakeToken token) = _pickProvider(seed);
        address claimer = claimers[seed / 4 % 2];
        IBonds.Bond memory b = bonds.bondOf(IBonds.Role.Provider, owner, address(token));
        uint256 stake = uint256(b.active) + b.thawing;
        uint256 own = bonds.lockedBy(claimer, owner, address(token));
        uint256 due = bound(amount, 0, 2 * own);
        uint256 owed = bonds.owedTo(harmed, address(token));
        vm.prank(claimer);
        (uint256 seized,) = bonds.seize(owner, address(token), due, harmed, type(uint256).max);
        slashed[address(token)] += seized;
        uint256 free = _reached(b);
        uint256 freed = due > free ? _least(due - free, _least(own, stake - _unlockedOf(b))) : 0;
        assertEq(seized, _least(due, free) + freed, "seized");
        assertEq(bonds.owedTo(harmed, address(token)) - owed, seized, "owed");
        assertEq(bonds.lockedBy(claimer, owner, address(token)), own - freed, "lock");
        IBonds.Bond memory now_ = bonds.bondOf(IBonds.Role.Provider, owner, address(token));
        assertEq(uint256(now_.active) + now_.thawing, stake - seized, "stake");
        assertEq(now_.windowLeft, b.windowLeft, "a seizure is no slash of a window");
        // What no slash had taken still covers every other claim.
        if (b.active >= b.locked) assertGe(now_.active, now_.locked, "cover");
    }

    function collect(uint256 seed) public {
        StakeToken token = tokens[seed % 2];
        if (seed % 3 == 0) {
            if (bonds.owedTo(bonds.BURN_ADDRESS(), address(token)) == 0) return;
            collected[address(token)] += bonds.collectBurned(address(token));
            return;
        }
        address account = seed % 3 == 1 ? harmed : reporter;
        if (bonds.owedTo(account, address(token)) == 0) return;
        vm.prank(account);
        collected[address(token)] += bonds.collect(address(token), account);
    }

    /// @dev Takes whatever it can get without a bond, a role or a claim.
    function steal(uint256 seed) external {
        (IBonds.Role role, address owner, StakeToken token) = _pick(seed);
        vm.startPrank(thief);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, 0, 0));
        bonds.withdraw(role, address(token), thief);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NothingThere.selector, thief));
        bonds.collect(address(token), thief);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, 0, 1));
        bonds.thaw(role, address(token), 1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, thief));
        bonds.slash(role, owner, address(token), IBonds.Slash(1, thief, 1, thief, true));
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, thief));
        bonds.seize(owner, address(token), 1, thief, 1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, thief));
        bonds.lock(owner, address(token), 1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_InsufficientLock.selector, 0, 1));
        bonds.unlock(owner, address(token), 1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, thief));
        bonds.unlockFormer(claimers[seed % 2], owner, address(token));
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotAuthorized.selector, thief));
        bonds.hold(role, owner, address(token));
        vm.stopPrank();
    }

    function setThawPeriod(uint256 period) external {
        bonds.setThawPeriod(bound(period, 7 days, 60 days));
    }

    function passTime(uint256 elapsed) external {
        skip(bound(elapsed, 1, 20 days));
    }

    /// @dev Everybody takes out what is theirs.
    function leave() external {
        for (uint256 i; i < 8; ++i) {
            (address owner, StakeToken token) = _pickProvider(i);
            address claimer = claimers[i / 4];
            uint256 own = bonds.lockedBy(claimer, owner, address(token));
            if (own == 0) continue;
            vm.prank(claimer);
            bonds.unlock(owner, address(token), own);
        }
        for (uint256 i; i < _bonded.length; ++i) {
            thaw(i, type(uint256).max);
        }
        skip(60 days);
        for (uint256 i; i < _bonded.length; ++i) {
            withdraw(i);
        }
        for (uint256 i; i < 6; ++i) {
            collect(i);
        }
    }

    function _pickBonded(uint256 seed) private view returns (IBonds.Role role, address owner, StakeToken token) {
        return _pick(_bonded.length == 0 ? 0 : _bonded[seed % _bonded.length]);
    }

    /// @dev One of 12 bonds; the seeds below 12 name all of them.
    function _pick(uint256 seed) private view returns (IBonds.Role role, address owner, StakeToken token) {
        role = IBonds.Role(seed % 3);
        owner = owners[seed / 3 % 2];
        token = tokens[seed / 6 % 2];
    }

    function _pickProvider(uint256 seed) private view returns (address owner, StakeToken token) {
        return (owners[seed % 2], tokens[seed / 2 % 2]);
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _most(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }

    function _unlockedOf(IBonds.Bond memory b) private pure returns (uint256) {
        return b.thawing + (b.active > b.locked ? b.active - b.locked : 0);
    }

    function _heldOf(IBonds.Bond memory b) private view returns (uint256) {
        return block.timestamp < b.heldUntil ? b.held : 0;
    }

    function _heldFromClaims(IBonds.Bond memory b) private view returns (uint256 held) {
        held = _heldOf(b);
        if (block.timestamp >= b.thawedAt + 7 days) held = _least(held, _unlockedOf(b) - b.thawing);
    }

    /// @dev What claims reach that have locked nothing.
    function _reached(IBonds.Bond memory b) private view returns (uint256) {
        (uint256 unlocked, uint256 held) = (_unlockedOf(b), _heldFromClaims(b));
        return unlocked > held ? unlocked - held : 0;
    }

    function _all() private view returns (IBonds.Bond[12] memory all) {
        for (uint256 i; i < 12; ++i) {
            (IBonds.Role role, address owner, StakeToken token) = _pick(i);
            all[i] = bonds.bondOf(role, owner, address(token));
        }
    }

    function _capLeft(IBonds.Bond memory b, uint256 stake) private view returns (uint256) {
        if (block.timestamp >= b.windowStart + 7 days) return _most(stake / 10, _least(b.held, _unlockedOf(b)));
        uint256 lost = b.windowCap - b.windowLeft;
        uint256 cap = _most((stake + lost) / 10, lost / 10 + _least(b.held, _unlockedOf(b)));
        return b.windowLeft + (cap > b.windowCap ? cap - b.windowCap : 0);
    }

    function _owed(StakeToken token) private view returns (uint256[3] memory) {
        return [
            bonds.owedTo(harmed, address(token)),
            bonds.owedTo(reporter, address(token)),
            bonds.owedTo(bonds.BURN_ADDRESS(), address(token))
        ];
    }
}

contract BondsInvariantTest is Test {
    BondsHandler private handler;
    Bonds private bonds;

    function setUp() public {
        vm.warp(1_800_000_000);
        AccessManager manager = new AccessManager(address(this));
        handler = new BondsHandler(manager);
        bonds = handler.bonds();
        manager.grantRole(manager.ADMIN_ROLE(), address(handler), 0);
        for (uint256 i; i < 6; ++i) {
            bonds.setMinimum(IBonds.Role(i % 3), address(handler.tokens(i / 3)), 1e18);
        }
        bonds.setSlasher(address(handler), true);
        bonds.setClaimer(handler.claimers(0), true);
        bonds.setClaimer(handler.claimers(1), true);
        targetContract(address(handler));
        bytes4[] memory exit = new bytes4[](1);
        exit[0] = handler.leave.selector;
        excludeSelector(FuzzSelector({addr: address(handler), selectors: exit}));
    }

    function invariant_WhatWasDepositedIsStillSomewhere() public view {
        for (uint256 i; i < 2; ++i) {
            StakeToken token = handler.tokens(i);
            uint256 gone = handler.slashed(address(token)) + handler.withdrawn(address(token));
            assertEq(handler.deposited(address(token)), _staked(token) + gone);
        }
    }

    function invariant_TheBalanceIsWhatIsStakedOrOwed() public view {
        for (uint256 i; i < 2; ++i) {
            StakeToken token = handler.tokens(i);
            assertEq(token.balanceOf(address(bonds)), _staked(token) + _owed(token));
            assertEq(_owed(token), handler.slashed(address(token)) - handler.collected(address(token)), "owed");
        }
    }

    function invariant_ABucketHasATimeIfItHasMoney() public view {
        for (uint256 i; i < 12; ++i) {
            IBonds.Bond memory b = _bondOf(i);
            assertEq(b.thawedAt == 0, b.thawing == 0);
        }
    }

    /// The lock of a bond is the sum of its claimers' locks, and covered by active money until a slash takes some.
    function invariant_ALockIsTheSumOfItsClaims() public view {
        for (uint256 i; i < 4; ++i) {
            (address owner, address token) = (handler.owners(i % 2), address(handler.tokens(i / 2)));
            uint256 locked =
                bonds.lockedBy(handler.claimers(0), owner, token) + bonds.lockedBy(handler.claimers(1), owner, token);
            assertEq(bonds.lockedOf(owner, token), locked);
            IBonds.Bond memory b = bonds.bondOf(IBonds.Role.Provider, owner, token);
            if (!handler.wasSlashed(owner, token)) {
                assertGe(b.active, locked, "an unslashed bond does not cover its claims");
            }
        }
    }

    function afterInvariant() public {
        handler.leave();
        for (uint256 i; i < 2; ++i) {
            assertEq(handler.tokens(i).balanceOf(address(bonds)), 0, "stranded");
        }
    }

    function _staked(StakeToken token) private view returns (uint256 sum) {
        for (uint256 i; i < 6; ++i) {
            IBonds.Bond memory b = bonds.bondOf(IBonds.Role(i % 3), handler.owners(i / 3), address(token));
            sum += uint256(b.active) + b.thawing;
        }
    }

    function _owed(StakeToken token) private view returns (uint256) {
        return bonds.owedTo(handler.harmed(), address(token)) + bonds.owedTo(handler.reporter(), address(token))
            + bonds.owedTo(bonds.BURN_ADDRESS(), address(token));
    }

    function _bondOf(uint256 i) private view returns (IBonds.Bond memory) {
        return bonds.bondOf(IBonds.Role(i % 3), handler.owners(i / 3 % 2), address(handler.tokens(i / 6)));
    }
}
