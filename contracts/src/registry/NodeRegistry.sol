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

    /// @inheritdoc INodeRegistry
    mapping(address node => uint256) public consentNonce;

    mapping(address node => Node) private _nodes;
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
        Node memory former = _nodes[node];
        if (former.status != Status.None && former.status != Status.Retired) {
            revert NodeRegistry_AlreadyRegistered(node);
        }
        _checkClaim(former, claim);
        _useConsent(node, claim, deadline, consent);
        _nodes[node] = Node({
            provider: msg.sender, resource: claim.resource, units: claim.units, kind: claim.kind, status: Status.Active
        });
        emit NodeRegistered(node, msg.sender, claim);
    }

    /// @inheritdoc INodeRegistry
    function changeClaim(address node, Claim calldata claim, uint64 deadline, bytes calldata consent) external {
        Node memory present = _nodeOfCaller(node);
        if (present.status == Status.Retired) revert NodeRegistry_NotRegistered(node);
        _checkClaim(present, claim);
        _useConsent(node, claim, deadline, consent);
        present.units = claim.units;
        present.kind = claim.kind;
        _nodes[node] = present;
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
        found = _nodes[node];
        if (found.status == Status.Active && _providers[found.provider].suspended) found.status = Status.Suspended;
    }

    /// @inheritdoc INodeRegistry
    function providerOf(address provider) external view returns (Provider memory) {
        return _providers[provider];
    }

    /// @inheritdoc INodeRegistry
    function hashConsent(NodeConsent calldata consent) external view returns (bytes32) {
        return _hashConsent(consent);
    }

    function _setStatus(address node, Status status) private {
        _nodes[node].status = status;
        emit NodeStatusChanged(node, status);
    }

    /// @dev Uses up the node's nonce; the signature fits only this provider, claim, chain and contract.
    function _useConsent(address node, Claim calldata claim, uint64 deadline, bytes calldata signature) private {
        if (block.timestamp > deadline) revert NodeRegistry_ConsentExpired(deadline, block.timestamp);
        bytes32 digest = _hashConsent(
            NodeConsent({
                node: node,
                provider: msg.sender,
                claimHash: keccak256(abi.encode(claim)),
                nonce: consentNonce[node]++,
                deadline: deadline
            })
        );
        if (!SignatureChecker.isValidSignatureNowCalldata(node, digest, signature)) {
            revert NodeRegistry_InvalidConsent(node, digest);
        }
    }

    function _requireProvider(address provider) private view {
        if (!_providers[provider].registered) revert NodeRegistry_NotRegistered(provider);
    }

    function _nodeOfCaller(address node) private view returns (Node memory found) {
        found = _nodes[node];
        if (found.status == Status.None) revert NodeRegistry_NotRegistered(node);
        if (found.provider != msg.sender) revert NodeRegistry_NotAuthorized(msg.sender);
    }

    function _checkClaim(Node memory former, Claim calldata claim) private view {
        // Attested seconds and live leases hang on the class, so a key keeps the one that it began with.
        if (former.resource != 0 && former.resource != claim.resource) {
            revert NodeRegistry_InvalidClaim("resource changed");
        }
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
