// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Bridgeable} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC20Bridgeable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {
    ERC20TransferAuthorization
} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20TransferAuthorization.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {NoncesKeyed} from "@openzeppelin/contracts/utils/NoncesKeyed.sol";
import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ISpon} from "./ISpon.sol";

/// @notice As ISpon describes.
/// @dev Immutable. An authorization's nonce is a key of 192 bits and the next sequence of 64 bits under that key.
contract Spon is ISpon, ERC20Permit, ERC20TransferAuthorization, ERC20Bridgeable, AccessManaged {
    using RateLimiter for RateLimiter.RefillingBucket;

    /// @inheritdoc ISpon
    uint256 public constant CAP = 1_000_000_000e18;

    uint256 private constant MIN_WINDOW = 1 hours;
    uint256 private constant MAX_WINDOW = 30 days;

    bytes32 private constant MINTED = "minted";
    bytes32 private constant BURNED = "burned";

    // One limit per bridge, with a bucket per direction.
    mapping(address bridge => RateLimiter.RefillingBucket) private _limits;

    constructor(address initialAuthority)
        ERC20("Spheron", "SPON")
        ERC20Permit("Spheron")
        AccessManaged(initialAuthority)
    {}

    /// @inheritdoc ISpon
    function mint(address to, uint256 amount) external restricted {
        _mint(to, amount);
    }

    /// @inheritdoc ISpon
    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    /// @inheritdoc ISpon
    function burnFrom(address from, uint256 amount) external {
        _spendAllowance(from, msg.sender, amount);
        _burn(from, amount);
    }

    /// @inheritdoc ISpon
    function setBridgeLimit(address bridge, uint256 capacity, uint256 window) external restricted {
        require(window >= MIN_WINDOW && window <= MAX_WINDOW, Spon_WindowOutOfBounds(window, MIN_WINDOW, MAX_WINDOW));
        _setLimit(bridge, capacity, window);
    }

    /// @inheritdoc ISpon
    function shutBridge(address bridge) external restricted {
        _checkTokenBridge(bridge);
        _setLimit(bridge, 0, _limits[bridge]._window);
    }

    /// @inheritdoc ERC20Bridgeable
    function crosschainMint(address to, uint256 amount) public override {
        super.crosschainMint(to, amount);
        _consume(MINTED, amount);
    }

    /// @inheritdoc ERC20Bridgeable
    function crosschainBurn(address from, uint256 amount) public override {
        super.crosschainBurn(from, amount);
        _consume(BURNED, amount);
    }

    /// @inheritdoc ISpon
    function bridgeAvailable(address bridge) external view returns (uint256 mintable, uint256 burnable) {
        RateLimiter.RefillingBucket storage limit = _limits[bridge];
        mintable = Math.min(limit.available(MINTED), CAP - totalSupply());
        burnable = limit.available(BURNED);
    }

    /// @notice The next nonce of `owner` for permits, and for authorizations under the key 0.
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _setLimit(address bridge, uint256 capacity, uint256 window) private {
        RateLimiter.RefillingBucket storage limit = _limits[bridge];
        // What was used so far refilled at the old rate.
        limit.sync(MINTED);
        limit.sync(BURNED);
        // forge-lint: disable-next-line(unsafe-typecast) at most MAX_WINDOW
        limit.updateSettings(uint48(window), SafeCast.toUint208(capacity));
        emit BridgeLimitSet(bridge, capacity, window);
    }

    function _consume(bytes32 direction, uint256 amount) private {
        RateLimiter.RefillingBucket storage limit = _limits[msg.sender];
        if (!limit.tryConsume(direction, amount)) {
            revert Spon_BridgeLimitExceeded(msg.sender, amount, limit.available(direction));
        }
    }

    /// @dev A bucket alone would let anyone move an amount of 0, and so make a bridge's events.
    function _checkTokenBridge(address caller) internal view override {
        require(_limits[caller]._capacity != 0, AccessManagedUnauthorized(caller));
    }

    /// @dev Seconds only: the library would also read block numbers, which on Arbitrum are those of L1.
    function _checkValidity(uint256 validAfter, uint256 validBefore) internal view override {
        require(
            block.timestamp > validAfter && block.timestamp < validBefore,
            ERC3009InvalidAuthorizationTime(validAfter, validBefore)
        );
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        // No `require` here: it would read the supply for its error on every transfer.
        if (from == address(0) && totalSupply() > CAP) revert Spon_CapExceeded(totalSupply(), CAP);
    }

    function _useCheckedNonce(address owner, uint256 nonce) internal override(Nonces, NoncesKeyed) {
        super._useCheckedNonce(owner, nonce);
    }
}
