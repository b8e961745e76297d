// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ERC6372Utils} from "@openzeppelin/contracts/utils/ERC6372Utils.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";
import {Drip} from "../money/Drip.sol";
import {IStakedSpon} from "./IStakedSpon.sol";

/// @notice As IStakedSpon describes.
/// @dev The SPON balance of this contract >= `held` + the assets of all exits. It never reads that balance.
contract StakedSpon is IStakedSpon, ERC4626, ERC20Permit, ERC20Votes, AccessManaged, ReentrancyGuardTransient {
    /// @dev The stakers' SPON, some of which is still on its way to them.
    struct Assets {
        uint96 held; // wei, with what has not dripped yet and without the exits
        uint88 undripped; // wei, when the drip last began or stopped
        uint40 endsAt; // unix seconds
        uint24 duration; // seconds from that moment to `endsAt`
        bool paused; // no deposits
    }

    /// @dev Shares without which nothing drips, one SPON's worth at first: all SPON there can be, dripped to them, makes a
    /// share worth 10^6 wei, and that is the most that a deposit loses by rounding.
    uint256 private constant LEAST_STAKE = 1e21;
    /// @dev The price of a share begins at VIRTUAL_ASSETS for VIRTUAL_SHARES. With one virtual wei, what a deposit into an
    /// empty vault loses by rounding would raise it by a thousandth, again and again.
    uint256 private constant VIRTUAL_SHARES = 1e9;
    uint256 private constant VIRTUAL_ASSETS = 1e6;
    uint256 private constant MIN_COOLDOWN = 2 days;
    uint256 private constant MAX_COOLDOWN = 30 days;

    /// @inheritdoc IStakedSpon
    uint256 public cooldown = 14 days;

    /// @inheritdoc IStakedSpon
    mapping(address controller => mapping(address operator => bool)) public isOperator;

    Assets private _assets;
    mapping(address controller => Exit) private _exits;

    constructor(address initialAuthority, IERC20 spon)
        ERC20("Staked Spheron", "sSPON")
        ERC20Permit("Staked Spheron")
        ERC4626(spon)
        AccessManaged(initialAuthority)
    {}

    /// @inheritdoc IERC4626
    function deposit(uint256 assets, address receiver)
        public
        override(ERC4626, IERC4626)
        nonReentrant
        returns (uint256)
    {
        return super.deposit(assets, receiver);
    }

    /// @inheritdoc IERC4626
    function mint(uint256 shares, address receiver) public override(ERC4626, IERC4626) nonReentrant returns (uint256) {
        return super.mint(shares, receiver);
    }

    /// @inheritdoc IStakedSpon
    function requestRedeem(uint256 shares, address controller, address owner)
        external
        nonReentrant
        returns (uint256 requestId)
    {
        // Whoever could add to somebody's exit could restart its cooldown for ever.
        _checkActsFor(controller);
        if (msg.sender != owner && !isOperator[owner][msg.sender]) _spendAllowance(owner, msg.sender, shares);

        uint256 assets = convertToAssets(shares);
        require(assets != 0, StakedSpon_ZeroAmount());
        if (totalSupply() < shares + LEAST_STAKE) _stopDrip();
        _burn(owner, shares);
        // forge-lint: disable-next-line(unsafe-typecast)
        _assets.held -= uint96(assets); // a part of it

        Exit memory exit = _exits[controller];
        uint256 claimableAt = block.timestamp + cooldown;
        _exits[controller] = Exit(
            uint104(_fit(exit.shares + shares, type(uint104).max)),
            uint96(_fit(exit.assets + assets, type(uint96).max)),
            // forge-lint: disable-next-line(unsafe-typecast)
            uint56(claimableAt) // a time
        );
        emit ExitRequested(controller, owner, shares, assets, claimableAt);
        emit RedeemRequest(controller, owner, 0, msg.sender, shares);
        return 0;
    }

    /// @inheritdoc IERC4626
    function redeem(uint256 shares, address receiver, address controller)
        public
        override(ERC4626, IERC4626)
        nonReentrant
        returns (uint256 assets)
    {
        Exit memory exit = _exits[controller];
        _checkClaim(controller, shares, exit.shares, exit.claimableAt);
        // The last claim takes all, since shares == exit.shares divides exactly.
        assets = shares * exit.assets / exit.shares;
        _claim(exit, receiver, controller, assets, shares);
    }

    /// @inheritdoc IERC4626
    function withdraw(uint256 assets, address receiver, address controller)
        public
        override(ERC4626, IERC4626)
        nonReentrant
        returns (uint256 shares)
    {
        Exit memory exit = _exits[controller];
        _checkClaim(controller, assets, exit.assets, exit.claimableAt);
        // Rounded down, so that shares remain while assets do; both are the controller's own.
        shares = assets * exit.shares / exit.assets;
        _claim(exit, receiver, controller, assets, shares);
    }

    /// @inheritdoc IStakedSpon
    function setOperator(address operator, bool approved) external returns (bool) {
        isOperator[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    /// @inheritdoc IStakedSpon
    function fund(uint256 amount) external nonReentrant {
        require(amount != 0, StakedSpon_ZeroAmount());
        (uint256 old, uint256 remaining) = _dripNow();
        _assets.held += uint96(_fit(amount, _room()));
        uint256 undripped = _fit(old + amount, type(uint88).max);
        uint256 duration = Drip.durationOf(undripped, old, remaining);
        _setDrip(undripped, duration);
        emit DripFunded(msg.sender, amount, undripped, block.timestamp, block.timestamp + duration);
        _transferIn(msg.sender, amount);
    }

    /// @inheritdoc IStakedSpon
    function setCooldown(uint256 cooldown_) external restricted {
        require(
            cooldown_ >= MIN_COOLDOWN && cooldown_ <= MAX_COOLDOWN,
            StakedSpon_CooldownOutOfBounds(cooldown_, MIN_COOLDOWN, MAX_COOLDOWN)
        );
        cooldown = cooldown_;
        emit CooldownSet(cooldown_);
    }

    /// @inheritdoc IStakedSpon
    function setPaused(bool paused_) external restricted {
        _assets.paused = paused_;
        emit PausedSet(paused_);
    }

    /// @inheritdoc IStakedSpon
    function paused() external view returns (bool) {
        return _assets.paused;
    }

    /// @inheritdoc IStakedSpon
    function pendingRedeemRequest(uint256, address controller) external view returns (uint256 shares) {
        return _exits[controller].shares - maxRedeem(controller);
    }

    /// @inheritdoc IStakedSpon
    function claimableRedeemRequest(uint256, address controller) external view returns (uint256 shares) {
        return maxRedeem(controller);
    }

    /// @inheritdoc IStakedSpon
    function exitOf(address controller) external view returns (Exit memory) {
        return _exits[controller];
    }

    /// @inheritdoc IStakedSpon
    function drip() external view returns (uint256 undripped, uint256 endsAt) {
        uint256 remaining;
        (undripped, remaining) = _dripNow();
        if (undripped != 0) endsAt = block.timestamp + remaining;
    }

    /// @inheritdoc IERC4626
    function totalAssets() public view override(ERC4626, IERC4626) returns (uint256) {
        (uint256 undripped,) = _dripNow();
        return _assets.held - undripped;
    }

    /// @inheritdoc IERC4626
    function maxDeposit(address) public view override(ERC4626, IERC4626) returns (uint256) {
        return _assets.paused ? 0 : _room();
    }

    /// @inheritdoc IERC4626
    function maxMint(address receiver) public view override(ERC4626, IERC4626) returns (uint256) {
        return convertToShares(maxDeposit(receiver));
    }

    /// @inheritdoc IERC4626
    function maxRedeem(address controller) public view override(ERC4626, IERC4626) returns (uint256) {
        Exit memory exit = _exits[controller];
        return block.timestamp < exit.claimableAt ? 0 : exit.shares;
    }

    /// @inheritdoc IERC4626
    function maxWithdraw(address controller) public view override(ERC4626, IERC4626) returns (uint256) {
        Exit memory exit = _exits[controller];
        return block.timestamp < exit.claimableAt ? 0 : exit.assets;
    }

    /// @inheritdoc IERC4626
    function previewRedeem(uint256) public pure override(ERC4626, IERC4626) returns (uint256) {
        revert StakedSpon_PreviewUnavailable();
    }

    /// @inheritdoc IERC4626
    function previewWithdraw(uint256) public pure override(ERC4626, IERC4626) returns (uint256) {
        revert StakedSpon_PreviewUnavailable();
    }

    /// @inheritdoc IERC20Metadata
    function decimals() public view override(ERC20, ERC4626, IERC20Metadata) returns (uint8) {
        return super.decimals();
    }

    /// @notice The clock of the votes: unix seconds.
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    /// @notice The clock's mode as ERC-6372 writes it.
    // forge-lint: disable-next-line(mixed-case-function)
    function CLOCK_MODE() public view override returns (string memory) {
        return ERC6372Utils.timestampClockMode(clock);
    }

    /// @notice The next nonce of `owner`, shared by permits and delegations by signature.
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /// @dev Whether the caller may claim `claimed` of the `whole` of an exit now.
    function _checkClaim(address controller, uint256 claimed, uint256 whole, uint256 claimableAt) private view {
        _checkActsFor(controller);
        if (claimed == 0) revert StakedSpon_ZeroAmount();
        uint256 claimable = block.timestamp < claimableAt ? 0 : whole;
        if (claimed > claimable) revert StakedSpon_NotClaimable(controller, claimed, claimable, claimableAt);
    }

    /// @dev Pays out a part of `exit`, which has at least as much.
    function _claim(Exit memory exit, address receiver, address controller, uint256 assets, uint256 shares) private {
        // Parts of both.
        // forge-lint: disable-next-line(unsafe-typecast)
        exit.shares -= uint104(shares);
        // forge-lint: disable-next-line(unsafe-typecast)
        exit.assets -= uint96(assets);
        if (exit.assets == 0) delete _exits[controller];
        else _exits[controller] = exit;
        emit Withdraw(msg.sender, receiver, controller, assets, shares);
        _transferOut(receiver, assets);
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        require(shares != 0, StakedSpon_ZeroAmount());
        uint256 supply = totalSupply();
        if (supply < LEAST_STAKE && supply + shares >= LEAST_STAKE) _restartDrip();
        // forge-lint: disable-next-line(unsafe-typecast)
        _assets.held += uint96(assets); // at most maxDeposit
        super._deposit(caller, receiver, assets, shares);
    }

    /// @dev Wei that the vault can still take.
    function _room() private view returns (uint256) {
        return type(uint96).max - _assets.held;
    }

    /// @dev Less than the least stake is left from now on.
    function _stopDrip() private {
        (uint256 undripped, uint256 remaining) = _dripNow();
        _setDrip(undripped, remaining);
    }

    /// @dev The least stake is there again.
    function _restartDrip() private {
        (uint256 undripped, uint256 remaining) = _dripNow();
        if (undripped == 0) return;
        _setDrip(undripped, remaining);
        emit DripShifted(undripped, block.timestamp, block.timestamp + remaining);
    }

    /// @dev From now on, `undripped` wei drip for `duration` seconds.
    function _setDrip(uint256 undripped, uint256 duration) private {
        // What fitted before or was checked, a time, and a week at the most.
        // forge-lint: disable-next-line(unsafe-typecast)
        _assets.undripped = uint88(undripped);
        // forge-lint: disable-next-line(unsafe-typecast)
        _assets.endsAt = uint40(block.timestamp + duration);
        // forge-lint: disable-next-line(unsafe-typecast)
        _assets.duration = uint24(duration);
    }

    /// @dev Wei not yet dripped, and the seconds that they still take.
    function _dripNow() private view returns (uint256 undripped, uint256 remaining) {
        Assets memory assets = _assets;
        if (totalSupply() < LEAST_STAKE) return (assets.undripped, assets.duration);
        return Drip.left(assets.undripped, assets.duration, assets.endsAt);
    }

    function _checkActsFor(address account) private view {
        if (msg.sender != account && !isOperator[account][msg.sender]) {
            revert StakedSpon_NotAuthorized(msg.sender, account);
        }
    }

    function _fit(uint256 amount, uint256 maximum) private pure returns (uint256) {
        require(amount <= maximum, StakedSpon_AmountTooLarge(amount, maximum));
        return amount;
    }

    function _update(address from, address to, uint256 amount) internal override(ERC20, ERC20Votes) {
        super._update(from, to, amount);
    }

    /// @dev The total counts delegated votes only, so whoever never delegates writes no checkpoint. Shares that go from
    /// an account without a delegate to one with, or back, are minted to the votes, or burned.
    function _transferVotingUnits(address from, address to, uint256 amount) internal override {
        if (from != address(0) && delegates(from) == address(0)) from = address(0);
        if (to != address(0) && delegates(to) == address(0)) to = address(0);
        if (from != to) super._transferVotingUnits(from, to, amount);
    }

    function _delegate(address account, address delegatee) internal override {
        bool counted = delegates(account) != address(0);
        super._delegate(account, delegatee);
        if (counted == (delegatee != address(0))) return;
        // This contract never delegates, so that it stands for nobody's votes: only the total moves.
        (address from, address to) = counted ? (address(this), address(0)) : (address(0), address(this));
        super._transferVotingUnits(from, to, _getVotingUnits(account));
    }

    function _convertToShares(uint256 assets, Math.Rounding rounding) internal view override returns (uint256) {
        return Math.mulDiv(assets, totalSupply() + VIRTUAL_SHARES, totalAssets() + VIRTUAL_ASSETS, rounding);
    }

    function _convertToAssets(uint256 shares, Math.Rounding rounding) internal view override returns (uint256) {
        return Math.mulDiv(shares, totalAssets() + VIRTUAL_ASSETS, totalSupply() + VIRTUAL_SHARES, rounding);
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return 3;
    }
}
