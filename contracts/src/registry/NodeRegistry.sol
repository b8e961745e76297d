// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IBonds} from "../stake/IBonds.sol";
import {INodeRegistry} from "./INodeRegistry.sol";
import {IResourceCatalog} from "./IResourceCatalog.sol";

/// @title NodeRegistry
contract NodeRegistry is INodeRegistry, AccessManaged, EIP712 {
    /// @notice A node with the nonce of its next consent: one slot, full to the last byte.
    struct Entry {
        address provider;
        uint16 resource;
        uint32 units;
        Kind kind;
        Status status;
        uint32 nonce;
    }

    bytes32 private constant NODE_CONSENT_TYPEHASH =
        keccak256("NodeConsent(address node,address provider,bytes32 claimHash,uint256 nonce,uint64 deadline)");

    uint8 private constant NEW_PROVIDER_TIER = 6;
    uint256 private constant LOWEST_TIER = 7;
    uint256 private constant MAX_REGION_BYTES = 32;
    uint256 private constant MAX_URI_BYTES = 256;

    /// @notice Where a provider's bond is.
    IBonds public immutable bonds;

    /// @notice Which resources a claim may name.
    IResourceCatalog public immutable catalog;

    mapping(address node => Entry) private _nodes;
    mapping(address provider => Provider) private _providers;
    mapping(address provider => address) private _proposedWallets;

    constructor(address initialAuthority, IBonds bonds_, IResourceCatalog catalog_)
        AccessManaged(initialAuthority)
        EIP712("Spheron NodeRegistry", "1")
    {
        bonds = bonds_;
        catalog = catalog_;
    }

    /// @inheritdoc INodeRegistry
    function registerProvider(address rewardWallet, address bondToken, string calldata uri) external {
        if (rewardWallet == address(0)) revert NodeRegistry_InvalidAccount(rewardWallet);
        if (bytes(uri).length > MAX_URI_BYTES) revert NodeRegistry_InvalidClaim("uri");
        if (_providers[msg.sender].registered) revert NodeRegistry_AlreadyRegistered(msg.sender);
        if (!bonds.isBonded(IBonds.Role.Provider, msg.sender, bondToken)) {
            revert NodeRegistry_NotBonded(msg.sender, bondToken);
        }
        _providers[msg.sender] =
            Provider({rewardWallet: rewardWallet, trustTier: NEW_PROVIDER_TIER, registered: true, suspended: false});
        emit ProviderRegistered(msg.sender, rewardWallet, bondToken, NEW_PROVIDER_TIER, uri);
    }

    /// @inheritdoc INodeRegistry
    function proposeRewardWallet(address rewardWallet) external {
        _requireProvider(msg.sender);
        if (rewardWallet == address(0)) revert NodeRegistry_InvalidAccount(rewardWallet);
        _proposedWallets[msg.sender] = rewardWallet;
        emit RewardWalletProposed(msg.sender, rewardWallet);
    }

    /// @inheritdoc INodeRegistry
    function acceptRewardWallet(address provider) external {
        if (_proposedWallets[provider] != msg.sender) revert NodeRegistry_NotAuthorized(msg.sender);
        delete _proposedWallets[provider];
        _providers[provider].rewardWallet = msg.sender;
        emit RewardWalletChanged(provider, msg.sender);
    }

    /// @inheritdoc INodeRegistry
    function registerNode(address node, Claim calldata claim, uint64 deadline, bytes calldata consent) external {
        _requireProvider(msg.sender);
        if (node == address(0)) revert NodeRegistry_InvalidAccount(node);
        Entry memory entry = _nodes[node];
        if (entry.status != Status.None && entry.status != Status.Retired) revert NodeRegistry_AlreadyRegistered(node);
        entry.provider = msg.sender;
        entry.status = Status.Active;
        _setClaim(node, entry, claim, deadline, consent);
        emit NodeRegistered(node, msg.sender, claim);
    }

    /// @inheritdoc INodeRegistry
    function changeClaim(address node, Claim calldata claim, uint64 deadline, bytes calldata consent) external {
        Entry memory entry = _nodeOfCaller(node);
        if (entry.status == Status.Retired) revert NodeRegistry_NotRegistered(node);
        _setClaim(node, entry, claim, deadline, consent);
        emit NodeClaimChanged(node, claim);
    }

    /// @inheritdoc INodeRegistry
    function setStatus(address node, Status status) external {
        Status present = _nodeOfCaller(node).status;
        // A suspended node cannot be retired either: registered again, it would be active.
        bool isOpen = present == Status.Active || present == Status.Maintenance;
        bool isAllowed = status == Status.Active || status == Status.Maintenance || status == Status.Retired;
        if (!isOpen || !isAllowed || status == present) revert NodeRegistry_InvalidStatus(present, status);
        _setStatus(node, status);
    }

    /// @inheritdoc INodeRegistry
    function setSuspended(address node, bool suspended) external restricted {
        Status present = _nodes[node].status;
        if (present == Status.None) revert NodeRegistry_NotRegistered(node);
        // Lifted into maintenance: only the provider knows whether the machine is up.
        Status status = suspended ? Status.Suspended : Status.Maintenance;
        if (suspended == (present == Status.Suspended)) revert NodeRegistry_InvalidStatus(present, status);
        _setStatus(node, status);
    }

    /// @inheritdoc INodeRegistry
    function setProviderSuspended(address provider, bool suspended) external restricted {
        _requireProvider(provider);
        _providers[provider].suspended = suspended;
        emit ProviderSuspensionChanged(provider, suspended);
    }

    /// @inheritdoc INodeRegistry
    function setTrustTier(address provider, uint256 trustTier) external restricted {
        _requireProvider(provider);
        if (trustTier == 0 || trustTier > LOWEST_TIER) revert NodeRegistry_InvalidTier(trustTier);
        // forge-lint: disable-next-line(unsafe-typecast) at most 7
        _providers[provider].trustTier = uint8(trustTier);
        emit TrustTierChanged(provider, trustTier);
    }

    /// @inheritdoc INodeRegistry
    function nodeOf(address node) external view returns (Node memory found) {
        Entry memory entry = _nodes[node];
        found = Node({
            provider: entry.provider,
            resource: entry.resource,
            units: entry.units,
            kind: entry.kind,
            status: entry.status
        });
        if (found.status == Status.Active && _providers[found.provider].suspended) found.status = Status.Suspended;
    }

    /// @inheritdoc INodeRegistry
    function providerOf(address provider) external view returns (Provider memory) {
        return _providers[provider];
    }

    /// @inheritdoc INodeRegistry
    function consentNonce(address node) external view returns (uint256) {
        return _nodes[node].nonce;
    }

    /// @inheritdoc INodeRegistry
    function hashConsent(NodeConsent calldata consent) external view returns (bytes32) {
        return _hashConsent(consent);
    }

    function _setStatus(address node, Status status) private {
        _nodes[node].status = status;
        emit NodeStatusChanged(node, status);
    }

    /// @dev Writes `entry` with a new claim and uses up its nonce.
    function _setClaim(address node, Entry memory entry, Claim calldata claim, uint64 deadline, bytes calldata consent)
        private
    {
        _checkClaim(entry.resource, claim);
        _checkConsent(
            NodeConsent({
                node: node,
                provider: entry.provider,
                claimHash: keccak256(abi.encode(claim)),
                nonce: entry.nonce++,
                deadline: deadline
            }),
            consent
        );
        entry.resource = claim.resource;
        entry.units = claim.units;
        entry.kind = claim.kind;
        _nodes[node] = entry;
    }

    /// @dev The signature fits this provider, claim, chain and contract only, and once.
    function _checkConsent(NodeConsent memory consent, bytes calldata signature) private view {
        if (block.timestamp > consent.deadline) revert NodeRegistry_ConsentExpired(consent.deadline, block.timestamp);
        bytes32 digest = _hashConsent(consent);
        if (!SignatureChecker.isValidSignatureNowCalldata(consent.node, digest, signature)) {
            revert NodeRegistry_InvalidConsent(consent.node, digest);
        }
    }

    function _requireProvider(address provider) private view {
        if (!_providers[provider].registered) revert NodeRegistry_NotRegistered(provider);
    }

    function _nodeOfCaller(address node) private view returns (Entry memory entry) {
        entry = _nodes[node];
        if (entry.status == Status.None) revert NodeRegistry_NotRegistered(node);
        if (entry.provider != msg.sender) revert NodeRegistry_NotAuthorized(msg.sender);
    }

    /// @dev Attested seconds and live leases hang on the class, so a key keeps the one that it began with.
    function _checkClaim(uint16 former, Claim calldata claim) private view {
        if (former != 0 && former != claim.resource) revert NodeRegistry_InvalidClaim("resource changed");
        if (catalog.resourceOf(claim.resource).kind == IResourceCatalog.ResourceKind.None) {
            revert NodeRegistry_InvalidClaim("resource");
        }
        if (claim.units == 0) revert NodeRegistry_InvalidClaim("units");
        if (claim.cpuResource != 0 && catalog.resourceOf(claim.cpuResource).kind != IResourceCatalog.ResourceKind.Cpu) {
            revert NodeRegistry_InvalidClaim("cpuResource");
        }
        if (bytes(claim.region).length > MAX_REGION_BYTES) revert NodeRegistry_InvalidClaim("region");
        if (bytes(claim.uri).length > MAX_URI_BYTES) revert NodeRegistry_InvalidClaim("uri");
    }

    function _hashConsent(NodeConsent memory consent) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(NODE_CONSENT_TYPEHASH, consent)));
    }
}
