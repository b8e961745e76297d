// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IPausable} from "../governance/IPausable.sol";
import {IBonds} from "../stake/IBonds.sol";
import {INodeRegistry} from "./INodeRegistry.sol";
import {IResourceCatalog} from "./IResourceCatalog.sol";
import {NodeSlot} from "./NodeSlot.sol";

/// @title NodeRegistry
/// @dev `multicall` registers many nodes in one transaction.
contract NodeRegistry is INodeRegistry, IPausable, AccessManaged, EIP712, Multicall {
    using NodeSlot for NodeSlot.Entry;

    /// @dev A provider: one slot, full to the last byte.
    struct Account {
        address rewardWallet;
        uint8 trustTier;
        uint8 flags;
        uint80 bondTag;
    }

    /// @dev A gateway: one slot.
    struct Front {
        uint16 id;
        uint16 nodes;
        uint8 flags;
        uint80 bondTag;
    }

    /// @dev What every registration reads: one slot.
    struct Intake {
        bool paused;
        uint248 gpus; // bit i: the catalog has said that resource i is a GPU, which it stays
    }

    bytes32 private constant NODE_CONSENT_TYPEHASH =
        keccak256("NodeConsent(address node,address provider,bytes32 claimHash,uint256 nonce,uint64 deadline)");
    bytes32 private constant OPERATOR_CONSENT_TYPEHASH =
        keccak256("OperatorConsent(address node,address operator,address provider,uint256 nonce,uint64 deadline)");

    // Flags of providers and gateways.
    uint8 private constant REGISTERED = 1;
    uint8 private constant UNDERBONDED = 2;
    uint8 private constant SUSPENDED = 4;
    uint8 private constant HANDED_OVER = 8;

    uint8 private constant NEW_PROVIDER_TIER = 6;
    uint256 private constant LOWEST_TIER = 7;
    uint256 private constant MAX_REGION_BYTES = 32;
    uint256 private constant MAX_URI_BYTES = 256;
    // Words of a claim's encoding beside the bytes of its two strings: 11 fields and two lengths.
    uint256 private constant CLAIM_WORDS = 13;
    uint256 private constant KNOWN_GPUS = 248;

    /// @inheritdoc INodeRegistry
    uint256 public constant MAX_GATEWAY_NODES = 2_000;

    /// @notice Where the bonds are.
    IBonds public immutable bonds;

    /// @notice Which resources a claim may name.
    IResourceCatalog public immutable catalog;

    /// @inheritdoc INodeRegistry
    mapping(address provider => address) public successorOf;

    /// @inheritdoc INodeRegistry
    mapping(address gateway => mapping(address provider => bool)) public isAdmitted;

    mapping(address node => NodeSlot.Entry) private _nodes;
    mapping(address node => address) private _operators;
    mapping(address provider => Account) private _providers;
    mapping(address provider => address) private _proposedWallets;
    mapping(address provider => address) private _proposedOwners;
    mapping(address gateway => Front) private _gateways;
    mapping(uint256 gatewayId => address) private _gatewayById;
    Intake private _intake;
    uint16 private _lastGatewayId;

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
        if (_providers[msg.sender].flags != 0) revert NodeRegistry_AlreadyRegistered(msg.sender);
        _requireBond(IBonds.Role.Provider, bondToken);
        _providers[msg.sender] = Account({
            rewardWallet: rewardWallet, trustTier: NEW_PROVIDER_TIER, flags: REGISTERED, bondTag: _tag(bondToken)
        });
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
        _requireProvider(provider);
        delete _proposedWallets[provider];
        _providers[provider].rewardWallet = msg.sender;
        emit RewardWalletChanged(provider, msg.sender);
    }

    /// @inheritdoc INodeRegistry
    function proposeOwner(address owner) external {
        _requireProvider(msg.sender);
        _proposedOwners[msg.sender] = owner;
        emit OwnerProposed(msg.sender, owner);
    }

    /// @inheritdoc INodeRegistry
    function acceptOwner(address provider, address bondToken) external {
        if (_proposedOwners[provider] != msg.sender) revert NodeRegistry_NotAuthorized(msg.sender);
        _requireProvider(provider);
        if (_providers[msg.sender].flags != 0) revert NodeRegistry_AlreadyRegistered(msg.sender);
        _requireBond(IBonds.Role.Provider, bondToken);
        Account memory account = _providers[provider];
        account.flags &= ~UNDERBONDED;
        account.bondTag = _tag(bondToken);
        _providers[msg.sender] = account;
        _providers[provider] = Account({
            rewardWallet: address(0), trustTier: 0, flags: HANDED_OVER | (account.flags & SUSPENDED), bondTag: 0
        });
        delete _proposedOwners[provider];
        delete _proposedWallets[provider];
        successorOf[provider] = msg.sender;
        emit OwnerChanged(provider, msg.sender, bondToken);
    }

    /// @inheritdoc INodeRegistry
    function adoptNodes(address[] calldata nodes) external {
        for (uint256 i; i < nodes.length; ++i) {
            NodeSlot.Entry storage entry = _nodes[nodes[i]];
            if (successorOf[entry.provider] != msg.sender || entry.status == Status.Operator) {
                revert NodeRegistry_NotAuthorized(msg.sender);
            }
            entry.provider = msg.sender;
            emit NodeAdopted(nodes[i], msg.sender);
        }
    }

    /// @inheritdoc INodeRegistry
    function setAgentId(uint256 agentId) external {
        _requireProvider(msg.sender);
        emit AgentIdSet(msg.sender, agentId);
    }

    /// @inheritdoc INodeRegistry
    function registerGateway(address bondToken, string calldata uri) external {
        _checkIntake();
        if (bytes(uri).length > MAX_URI_BYTES) revert NodeRegistry_InvalidClaim("uri");
        if (_gateways[msg.sender].flags != 0) revert NodeRegistry_AlreadyRegistered(msg.sender);
        _requireBond(IBonds.Role.Gateway, bondToken);
        uint16 id = ++_lastGatewayId;
        _gateways[msg.sender] = Front({id: id, nodes: 0, flags: REGISTERED, bondTag: _tag(bondToken)});
        _gatewayById[id] = msg.sender;
        emit GatewayRegistered(msg.sender, bondToken, uri);
    }

    /// @inheritdoc INodeRegistry
    function setAdmitted(address provider, bool admitted) external {
        if (_gateways[msg.sender].flags == 0) revert NodeRegistry_NotRegistered(msg.sender);
        isAdmitted[msg.sender][provider] = admitted;
        emit ProviderAdmitted(msg.sender, provider, admitted);
    }

    /// @inheritdoc INodeRegistry
    function dismissNode(address node) external {
        uint256 id = _nodes[node].gatewayId;
        if (id == 0 || _gatewayById[id] != msg.sender) revert NodeRegistry_NotAuthorized(msg.sender);
        _nodes[node].gatewayId = 0;
        _leaveGateway(id);
        emit NodeDismissed(node, msg.sender);
    }

    /// @inheritdoc INodeRegistry
    function changeBondToken(IBonds.Role role, address bondToken) external {
        (uint8 flags,) = _bondOf(role, msg.sender);
        _requireBond(role, bondToken);
        _setBond(role, msg.sender, flags & ~UNDERBONDED, _tag(bondToken));
        emit BondTokenChanged(role, msg.sender, bondToken);
    }

    /// @inheritdoc INodeRegistry
    function checkBond(IBonds.Role role, address account, address bondToken) external {
        (uint8 flags, uint80 tag) = _bondOf(role, account);
        if (tag != _tag(bondToken)) revert NodeRegistry_WrongBondToken(account, bondToken);
        bool sufficient = bonds.isBonded(role, account, bondToken);
        _setBond(role, account, sufficient ? flags & ~UNDERBONDED : flags | UNDERBONDED, tag);
        emit BondChecked(role, account, bondToken, sufficient);
    }

    /// @inheritdoc INodeRegistry
    function registerNode(address node, Claim calldata claim, uint64 deadline, bytes calldata consent) external {
        _checkIntake();
        _requireProvider(msg.sender);
        if (node == address(0)) revert NodeRegistry_InvalidAccount(node);
        NodeSlot.Entry memory entry = _nodes[node].load();
        if (!_isFree(entry)) revert NodeRegistry_AlreadyRegistered(node);
        if (entry.gatewayId != 0 && entry.provider != msg.sender) {
            _leaveGateway(entry.gatewayId);
            entry.gatewayId = 0;
        }
        entry.provider = msg.sender;
        entry.status = Status.Active;
        _setClaim(node, entry, claim, deadline, consent);
        emit NodeRegistered(node, msg.sender, claim);
    }

    /// @inheritdoc INodeRegistry
    function changeClaim(address node, Claim calldata claim, uint64 deadline, bytes calldata consent) external {
        NodeSlot.Entry memory entry = _nodeOfCaller(node);
        if (entry.status == Status.Retired) revert NodeRegistry_NotRegistered(node);
        _setClaim(node, entry, claim, deadline, consent);
        emit NodeClaimChanged(node, claim);
    }

    /// @inheritdoc INodeRegistry
    function changeOperator(address node, address operator, uint64 deadline, bytes calldata consent) external {
        NodeSlot.Entry memory entry = _nodeOfCaller(node);
        if (entry.status == Status.Retired) revert NodeRegistry_NotRegistered(node);
        if (operator == address(0)) revert NodeRegistry_InvalidAccount(operator);
        if (_nodes[operator].status != Status.None) revert NodeRegistry_AlreadyRegistered(operator);
        OperatorConsent memory agreed = OperatorConsent({
            node: node, operator: operator, provider: msg.sender, nonce: entry.nonce++, deadline: deadline
        });
        _checkConsent(node, operator, deadline, _hashOperatorConsent(agreed), consent);
        entry.hasOperator = true;
        _nodes[node].save(entry);
        _operators[node] = operator;
        // A node of that name could be registered by whoever holds the key next.
        _nodes[operator].status = Status.Operator;
        emit OperatorChanged(node, operator);
    }

    /// @inheritdoc INodeRegistry
    function setStatus(address node, Status status) external {
        NodeSlot.Entry memory entry = _nodeOfCaller(node);
        // A suspended node cannot be retired either: registered again, it would be active.
        bool isOpen = entry.status == Status.Active || entry.status == Status.Maintenance;
        bool isAllowed = status == Status.Active || status == Status.Maintenance || status == Status.Retired;
        // Nor can a node of a suspended provider, which could register it with another account.
        if (status == Status.Retired && _providers[msg.sender].flags & SUSPENDED != 0) isAllowed = false;
        if (!isOpen || !isAllowed || status == entry.status) revert NodeRegistry_InvalidStatus(entry.status, status);
        if (status == Status.Retired && entry.gatewayId != 0) {
            _leaveGateway(entry.gatewayId);
            entry.gatewayId = 0;
        }
        entry.status = status;
        _nodes[node].save(entry);
        emit NodeStatusChanged(node, status);
    }

    /// @inheritdoc INodeRegistry
    function setSuspended(address node, bool suspended) external restricted {
        Status present = _nodes[node].status;
        if (present == Status.None || present == Status.Operator) revert NodeRegistry_NotRegistered(node);
        // Lifted into maintenance: only the provider knows whether the machine is up.
        Status status = suspended ? Status.Suspended : Status.Maintenance;
        if (suspended == (present == Status.Suspended)) revert NodeRegistry_InvalidStatus(present, status);
        _nodes[node].status = status;
        emit NodeStatusChanged(node, status);
    }

    /// @inheritdoc INodeRegistry
    function setProviderSuspended(address provider, bool suspended) external restricted {
        _requireProvider(provider);
        uint8 flags = _providers[provider].flags;
        _providers[provider].flags = suspended ? flags | SUSPENDED : flags & ~SUSPENDED;
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
    function setPaused(bool paused_) external override(INodeRegistry, IPausable) restricted {
        _intake.paused = paused_;
        emit PausedSet(paused_);
    }

    /// @inheritdoc INodeRegistry
    function nodeOf(address node) external view returns (Node memory found) {
        NodeSlot.Entry memory entry = _nodes[node].load();
        (found.provider, found.resource, found.units) = (entry.provider, entry.resource, entry.units);
        (found.kind, found.status, found.operator) = (entry.kind, entry.status, _operatorOf(node, entry));
        if (found.status == Status.Active && _providers[found.provider].flags != REGISTERED) {
            found.status = Status.Suspended;
        }
    }

    /// @inheritdoc INodeRegistry
    function claimsOf(uint256[] calldata nodes) external view returns (uint256[] memory claims) {
        claims = nodes;
        for (uint256 i; i < nodes.length; ++i) {
            // forge-lint: disable-next-line(unsafe-typecast) the other bits are the caller's
            claims[i] = _nodes[address(uint160(claims[i]))].claim();
        }
    }

    /// @inheritdoc INodeRegistry
    function gatewayOfNode(address node) external view returns (address) {
        return _gatewayById[_nodes[node].gatewayId];
    }

    /// @inheritdoc INodeRegistry
    function providerOf(address provider) external view returns (Provider memory) {
        Account memory account = _providers[provider];
        return Provider({
            rewardWallet: account.rewardWallet,
            trustTier: account.trustTier,
            registered: account.flags & REGISTERED != 0,
            suspended: account.flags & SUSPENDED != 0,
            underbonded: account.flags & UNDERBONDED != 0
        });
    }

    /// @inheritdoc INodeRegistry
    function gatewayOf(address gateway) external view returns (Gateway memory) {
        Front memory front = _gateways[gateway];
        return Gateway({
            nodes: front.nodes, registered: front.flags & REGISTERED != 0, underbonded: front.flags & UNDERBONDED != 0
        });
    }

    /// @inheritdoc INodeRegistry
    function paused() external view returns (bool) {
        return _intake.paused;
    }

    /// @inheritdoc INodeRegistry
    function consentNonce(address node) external view returns (uint256) {
        return _nodes[node].nonce;
    }

    /// @inheritdoc INodeRegistry
    function hashConsent(NodeConsent calldata consent) external view returns (bytes32) {
        return _hashConsent(consent);
    }

    /// @inheritdoc INodeRegistry
    function hashOperatorConsent(OperatorConsent calldata consent) external view returns (bytes32) {
        return _hashOperatorConsent(consent);
    }

    /// @dev Writes `entry` with a new claim and uses up its nonce.
    function _setClaim(
        address node,
        NodeSlot.Entry memory entry,
        Claim calldata claim,
        uint64 deadline,
        bytes calldata consent
    ) private {
        _checkClaim(entry.resource, claim);
        NodeConsent memory agreed = NodeConsent({
            node: node, provider: msg.sender, claimHash: _hashClaim(claim), nonce: entry.nonce++, deadline: deadline
        });
        _checkConsent(node, _operatorOf(node, entry), deadline, _hashConsent(agreed), consent);
        if (entry.gatewayId != 0 || claim.gateway != address(0)) _changeGateway(entry, claim.gateway);
        entry.resource = claim.resource;
        // forge-lint: disable-next-line(unsafe-typecast) checked with the claim
        entry.units = uint24(claim.units);
        entry.kind = claim.kind;
        _nodes[node].save(entry);
    }

    /// @dev Moves a node of the caller, in memory, to a gateway that admits it.
    function _changeGateway(NodeSlot.Entry memory entry, address gateway) private {
        Front storage front = _gateways[gateway];
        uint16 id = front.id;
        if (id != 0 && entry.gatewayId == id) return;
        if (entry.gatewayId != 0) _leaveGateway(entry.gatewayId);
        entry.gatewayId = id;
        if (gateway == address(0)) return;
        if (front.flags != REGISTERED || (gateway != msg.sender && !isAdmitted[gateway][msg.sender])) {
            revert NodeRegistry_NotAdmitted(gateway, msg.sender);
        }
        if (front.nodes >= MAX_GATEWAY_NODES) revert NodeRegistry_GatewayFull(gateway, MAX_GATEWAY_NODES);
        ++front.nodes;
    }

    function _leaveGateway(uint256 id) private {
        --_gateways[_gatewayById[id]].nodes;
    }

    /// @dev The signature fits this node, provider, chain and contract only, and once.
    function _checkConsent(address node, address signer, uint256 deadline, bytes32 digest, bytes calldata signature)
        private
        view
    {
        if (block.timestamp > deadline) revert NodeRegistry_ConsentExpired(deadline, block.timestamp);
        // A key's own signature holds whatever code its account runs; asking for that code first costs a cold access.
        (address recovered, ECDSA.RecoverError error_,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (error_ == ECDSA.RecoverError.NoError && recovered == signer) return;
        if (signer.code.length == 0 || !SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature))
        {
            revert NodeRegistry_InvalidConsent(node, digest);
        }
    }

    function _checkIntake() private view {
        if (_intake.paused) revert NodeRegistry_Paused();
    }

    function _requireProvider(address provider) private view {
        if (_providers[provider].flags & REGISTERED == 0) revert NodeRegistry_NotRegistered(provider);
    }

    function _requireBond(IBonds.Role role, address bondToken) private view {
        if (!bonds.isBonded(role, msg.sender, bondToken)) revert NodeRegistry_NotBonded(msg.sender, bondToken);
    }

    /// @dev The standing and the bond's token of a registered provider or gateway.
    function _bondOf(IBonds.Role role, address account) private view returns (uint8 flags, uint80 tag) {
        if (role == IBonds.Role.Provider) (flags, tag) = (_providers[account].flags, _providers[account].bondTag);
        if (role == IBonds.Role.Gateway) (flags, tag) = (_gateways[account].flags, _gateways[account].bondTag);
        if (flags & REGISTERED == 0) revert NodeRegistry_NotRegistered(account);
    }

    function _setBond(IBonds.Role role, address account, uint8 flags, uint80 tag) private {
        if (role == IBonds.Role.Provider) (_providers[account].flags, _providers[account].bondTag) = (flags, tag);
        else (_gateways[account].flags, _gateways[account].bondTag) = (flags, tag);
    }

    function _nodeOfCaller(address node) private view returns (NodeSlot.Entry memory entry) {
        entry = _nodes[node].load();
        if (entry.status == Status.None || entry.status == Status.Operator) revert NodeRegistry_NotRegistered(node);
        if (entry.provider != msg.sender) revert NodeRegistry_NotAuthorized(msg.sender);
        _requireProvider(msg.sender);
    }

    /// @dev A node that a provider left behind may go elsewhere; one that is suspended may not.
    function _isFree(NodeSlot.Entry memory entry) private view returns (bool) {
        if (entry.status == Status.None || entry.status == Status.Retired) return true;
        if (entry.status == Status.Suspended || entry.status == Status.Operator) return false;
        return _providers[entry.provider].flags & (HANDED_OVER | SUSPENDED) == HANDED_OVER;
    }

    function _operatorOf(address node, NodeSlot.Entry memory entry) private view returns (address) {
        return entry.hasOperator ? _operators[node] : node;
    }

    /// @dev Attested seconds and live leases hang on the class, so a node keeps the one that it began with.
    function _checkClaim(uint16 former, Claim calldata claim) private {
        if (former != 0 && former != claim.resource) revert NodeRegistry_InvalidClaim("resource changed");
        _checkResource(claim.resource);
        if (claim.units == 0 || claim.units > type(uint24).max) revert NodeRegistry_InvalidClaim("units");
        if (claim.cpuResource != 0 && catalog.resourceOf(claim.cpuResource).kind != IResourceCatalog.ResourceKind.Cpu) {
            revert NodeRegistry_InvalidClaim("cpuResource");
        }
        if (claim.gateway != address(0) && claim.kind != Kind.Fizz) revert NodeRegistry_InvalidClaim("gateway");
        if (bytes(claim.region).length > MAX_REGION_BYTES) revert NodeRegistry_InvalidClaim("region");
        if (bytes(claim.uri).length > MAX_URI_BYTES) revert NodeRegistry_InvalidClaim("uri");
    }

    /// @dev Asks the catalog about a GPU once, and remembers it beside the flag that is read anyway.
    function _checkResource(uint256 id) private {
        Intake memory intake = _intake;
        if (id < KNOWN_GPUS && intake.gpus & (2 ** id) != 0) return;
        IResourceCatalog.ResourceKind kind = catalog.resourceOf(id).kind;
        if (kind == IResourceCatalog.ResourceKind.None) revert NodeRegistry_InvalidClaim("resource");
        if (kind != IResourceCatalog.ResourceKind.Gpu || id >= KNOWN_GPUS) return;
        // forge-lint: disable-next-line(unsafe-typecast) below 2^248
        _intake.gpus = intake.gpus | uint248(2 ** id);
    }

    /// @dev Stands for a token where its whole address would cost a second slot. A hash, since anyone may name any address:
    /// one with the tag of another takes 2^80 hashes to find.
    function _tag(address token) private pure returns (uint80) {
        // forge-lint: disable-next-line(unsafe-typecast) the lower bits are meant
        return uint80(uint256(keccak256(abi.encode(token))));
    }

    /// @dev `keccak256(abi.encode(claim))`. A claim that is encoded in another way has another hash.
    function _hashClaim(Claim calldata claim) private pure returns (bytes32 claimHash) {
        uint256 length = CLAIM_WORDS * 32 + _padded(bytes(claim.region).length) + _padded(bytes(claim.uri).length);
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            mstore(pointer, 0x20)
            calldatacopy(add(pointer, 0x20), claim, length)
            claimHash := keccak256(pointer, add(length, 0x20))
        }
    }

    function _padded(uint256 length) private pure returns (uint256) {
        return (length + 31) & ~uint256(31);
    }

    function _hashConsent(NodeConsent memory consent) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(NODE_CONSENT_TYPEHASH, consent)));
    }

    function _hashOperatorConsent(OperatorConsent memory consent) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(OPERATOR_CONSENT_TYPEHASH, consent)));
    }
}
