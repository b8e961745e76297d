// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBonds} from "../stake/IBonds.sol";

/// @title NodeRegistry, providers, gateways and nodes
/// @notice A provider is an account with a bond and a reward wallet. A node belongs to a provider, by the consent of its
/// operator key: at first the key that names it, later one that took its place. A gateway is an account with a bond that
/// fronts Fizz nodes. What only people and indexers read is in the events. There is no list.
/// @dev Bonds stay with the account that they were made for. A provider that hands over to another owner leaves its bond
/// behind, under its own thaw and claims, and the new owner needs a bond of its own before anything moves.
interface INodeRegistry {
    /// @notice Whose machine it is: a data centre's, or somebody's own (Fizz).
    enum Kind {
        Provider,
        Fizz
    }

    /// @notice Where a node stands. Only an active node can be leased. An active node reads as suspended while its
    /// provider is suspended, has too small a bond, or has handed over without the node. Operator: no node, but a key
    /// that a node has or had.
    enum Status {
        None,
        Active,
        Maintenance,
        Suspended,
        Retired,
        Operator
    }

    /// @notice What a node claims to have.
    struct Claim {
        Kind kind;
        uint16 resource; // GPU or CPU class in the ResourceCatalog; a node keeps its first one
        uint32 units; // of that class, below 2^24
        uint16 cpuResource; // CPU class beside it, 0 if none
        uint32 cpuUnits;
        uint32 memoryMiB;
        uint32 storageGiB;
        bytes32 specHash; // keccak256 of the spec at `uri`
        string region;
        string uri; // of the spec and the agent
        address gateway; // of a Fizz node, 0 if none
    }

    /// @notice What an operator key signs (EIP-712) to join a provider with a claim.
    struct NodeConsent {
        address node;
        address provider;
        bytes32 claimHash; // keccak256(abi.encode(claim))
        uint256 nonce; // `consentNonce(node)`
        uint64 deadline; // unix seconds
    }

    /// @notice What a new operator key signs (EIP-712) to take a node over from the present one.
    struct OperatorConsent {
        address node;
        address operator; // the signer
        address provider;
        uint256 nonce; // `consentNonce(node)`
        uint64 deadline; // unix seconds
    }

    /// @notice A node.
    struct Node {
        address provider;
        uint16 resource;
        uint32 units;
        Kind kind;
        Status status;
        address operator; // the key that signs for it
    }

    /// @notice A provider.
    struct Provider {
        address rewardWallet;
        uint8 trustTier; // 1 best to 7, see data/trust-tiers.csv
        bool registered;
        bool suspended;
        bool underbonded; // its bond was found to be too small
    }

    /// @notice A gateway.
    struct Gateway {
        uint16 nodes; // that it fronts
        bool registered;
        bool underbonded; // its bond was found to be too small
    }

    /// @notice A provider registered.
    event ProviderRegistered(
        address indexed provider, address indexed rewardWallet, address bondToken, uint256 trustTier, string uri
    );

    /// @notice A reward wallet was proposed; it has to accept.
    event RewardWalletProposed(address indexed provider, address indexed rewardWallet);

    /// @notice The reward wallet changed.
    event RewardWalletChanged(address indexed provider, address indexed rewardWallet);

    /// @notice A new owner was proposed; it has to accept.
    event OwnerProposed(address indexed provider, address indexed owner);

    /// @notice `provider` is no provider any more. `owner` is one in its stead, with its reward wallet, trust tier and
    /// suspension, and a bond of its own in `bondToken`. Its nodes read as suspended until `owner` adopts them.
    event OwnerChanged(address indexed provider, address indexed owner, address bondToken);

    /// @notice A node of a former owner belongs to `provider` now.
    event NodeAdopted(address indexed node, address indexed provider);

    /// @notice A gateway registered.
    event GatewayRegistered(address indexed gateway, address bondToken, string uri);

    /// @notice A gateway lets nodes of a provider join, or refuses them from now on. Those that it fronts stay.
    event ProviderAdmitted(address indexed gateway, address indexed provider, bool admitted);

    /// @notice A gateway stopped fronting a node.
    event NodeDismissed(address indexed node, address indexed gateway);

    /// @notice The bond that counts for an account as provider or gateway is in `bondToken` from now on.
    event BondTokenChanged(IBonds.Role indexed role, address indexed account, address bondToken);

    /// @notice The bond of a provider or gateway was found to be too small, and its active nodes are suspended, or a
    /// gateway's intake; or it was found to be sufficient again.
    event BondChecked(IBonds.Role indexed role, address indexed account, address bondToken, bool sufficient);

    /// @notice A node joined its provider, and the gateway that its claim names.
    event NodeRegistered(address indexed node, address indexed provider, Claim claim);

    /// @notice A node's claim was replaced, with its key's consent.
    event NodeClaimChanged(address indexed node, Claim claim);

    /// @notice A node's status changed. A retired one has left its gateway.
    event NodeStatusChanged(address indexed node, Status status);

    /// @notice Another key signs for a node from now on.
    event OperatorChanged(address indexed node, address indexed operator);

    /// @notice A provider was suspended, and its active nodes with it, or its suspension was lifted.
    event ProviderSuspensionChanged(address indexed provider, bool suspended);

    /// @notice A provider's trust tier changed.
    event TrustTierChanged(address indexed provider, uint256 trustTier);

    /// @notice A provider names itself as an agent in the ERC-8004 identity registry; that it owns the agent is to be
    /// read there.
    event AgentIdSet(address indexed provider, uint256 indexed agentId);

    /// @notice Registrations of nodes and gateways were stopped, or let in again.
    event PausedSet(bool paused);

    /// @notice Thrown when an account is registered already, or was and has handed over.
    error NodeRegistry_AlreadyRegistered(address account);

    /// @notice Thrown when a provider, a gateway or a node is not registered.
    error NodeRegistry_NotRegistered(address account);

    /// @notice Thrown when an account has no sufficient bond in the token that it names.
    error NodeRegistry_NotBonded(address account, address token);

    /// @notice Thrown when a token is not the one that an account's bond is checked in.
    error NodeRegistry_WrongBondToken(address account, address token);

    /// @notice Thrown when an account is the zero address.
    error NodeRegistry_InvalidAccount(address account);

    /// @notice Thrown when the caller may not do this.
    error NodeRegistry_NotAuthorized(address caller);

    /// @notice Thrown when a consent has expired.
    error NodeRegistry_ConsentExpired(uint256 deadline, uint256 now_);

    /// @notice Thrown when a consent's signature does not fit: altered, replayed, or for another chain or contract.
    error NodeRegistry_InvalidConsent(address node, bytes32 digest);

    /// @notice Thrown when a claim names an unknown resource, another one than the node had, no or too many units, a
    /// `cpuResource` that is no CPU, a gateway without being a Fizz node, or a region (32 bytes) or uri (256 bytes) that
    /// is too long; also when the uri of a provider or gateway is.
    /// @param reason The field: "resource", "resource changed", "units", "cpuResource", "gateway", "region" or "uri".
    error NodeRegistry_InvalidClaim(bytes32 reason);

    /// @notice Thrown when a status may not follow the present one.
    error NodeRegistry_InvalidStatus(Status from, Status to);

    /// @notice Thrown when a trust tier is outside 1 to 7.
    error NodeRegistry_InvalidTier(uint256 trustTier);

    /// @notice Thrown when a gateway does not admit a provider, or is not registered with a sufficient bond.
    error NodeRegistry_NotAdmitted(address gateway, address provider);

    /// @notice Thrown when a gateway fronts as many nodes as it may.
    error NodeRegistry_GatewayFull(address gateway, uint256 maximum);

    /// @notice Thrown when registrations are paused.
    error NodeRegistry_Paused();

    /// @notice Registers the caller as a provider. It needs a bond in `bondToken`.
    function registerProvider(address rewardWallet, address bondToken, string calldata uri) external;

    /// @notice Proposes a new reward wallet of the caller.
    function proposeRewardWallet(address rewardWallet) external;

    /// @notice Accepts to be the reward wallet of `provider`. Only the proposed wallet.
    function acceptRewardWallet(address provider) external;

    /// @notice Proposes another account as the owner of what the caller is as a provider; 0 takes it back.
    function proposeOwner(address owner) external;

    /// @notice Accepts to be the provider in the stead of `provider`, which stops being one for good. Only the proposed
    /// owner, with a bond of its own in `bondToken`. What is leased already pays as its terms say.
    function acceptOwner(address provider, address bondToken) external;

    /// @notice Takes over nodes of providers that handed over to the caller.
    function adoptNodes(address[] calldata nodes) external;

    /// @notice Names the caller as an agent of the ERC-8004 identity registry.
    function setAgentId(uint256 agentId) external;

    /// @notice Registers the caller as a gateway. It needs a gateway's bond in `bondToken`.
    function registerGateway(address bondToken, string calldata uri) external;

    /// @notice Lets nodes of a provider join the calling gateway, or refuses them from now on.
    function setAdmitted(address provider, bool admitted) external;

    /// @notice Stops fronting a node. Only its gateway.
    function dismissNode(address node) external;

    /// @notice Moves the caller, as a provider or gateway, to a bond in another token, which must suffice.
    function changeBondToken(IBonds.Role role, address bondToken) external;

    /// @notice Finds out whether the bond of a provider or gateway suffices. Anyone may. `bondToken` is the one that it
    /// registered with or changed to.
    function checkBond(IBonds.Role role, address account, address bondToken) external;

    /// @notice Registers a node of the caller with its key's consent, which must not have passed `deadline`. A node that
    /// was retired, or whose provider has handed over, may be registered again, by any provider.
    function registerNode(address node, Claim calldata claim, uint64 deadline, bytes calldata consent) external;

    /// @notice Replaces a node's claim, with its key's consent. Live leases keep their terms. Another resource is another
    /// node, with a key of its own.
    function changeClaim(address node, Claim calldata claim, uint64 deadline, bytes calldata consent) external;

    /// @notice Puts another key in the place of a node's operator key, with the new key's consent. A key serves one node
    /// once: it must be new here, and the former one is spent.
    function changeOperator(address node, address operator, uint64 deadline, bytes calldata consent) external;

    /// @notice Moves a node of the caller between Active and Maintenance, or retires it. A suspended node stays.
    function setStatus(address node, Status status) external;

    /// @notice Suspends a node, even a retired one, or lifts the suspension into Maintenance. Restricted.
    function setSuspended(address node, bool suspended) external;

    /// @notice Suspends a provider with all its active nodes, or lifts that. Restricted.
    function setProviderSuspended(address provider, bool suspended) external;

    /// @notice Sets a provider's trust tier. Restricted.
    function setTrustTier(address provider, uint256 trustTier) external;

    /// @notice Pauses registrations of nodes and gateways, or lets them in again. A provider without a node has nothing
    /// to lease, and may register. Restricted.
    function setPaused(bool paused) external;

    /// @notice A node.
    function nodeOf(address node) external view returns (Node memory);

    /// @notice What nodes claim, whatever their status: of each a word with its provider (160 bits from the lowest one on),
    /// the resource (16) and its units (24); 0 for what is no node.
    /// @param nodes Words whose lowest 160 bits name the nodes.
    function claimsOf(uint256[] calldata nodes) external view returns (uint256[] memory claims);

    /// @notice The gateway that fronts a node; 0 if none.
    function gatewayOfNode(address node) external view returns (address);

    /// @notice A provider.
    function providerOf(address provider) external view returns (Provider memory);

    /// @notice Whom a provider handed over to; 0 if it did not.
    function successorOf(address provider) external view returns (address);

    /// @notice A gateway.
    function gatewayOf(address gateway) external view returns (Gateway memory);

    /// @notice Whether the nodes of a provider may join a gateway.
    function isAdmitted(address gateway, address provider) external view returns (bool);

    /// @notice Whether registrations of nodes and gateways are paused.
    function paused() external view returns (bool);

    /// @notice The nonce that the next consent for `node` must carry.
    function consentNonce(address node) external view returns (uint256);

    /// @notice The EIP-712 digest of a consent.
    function hashConsent(NodeConsent calldata consent) external view returns (bytes32);

    /// @notice The EIP-712 digest of a new operator's consent.
    function hashOperatorConsent(OperatorConsent calldata consent) external view returns (bytes32);

    /// @notice Most nodes that a gateway fronts.
    function MAX_GATEWAY_NODES() external view returns (uint256);
}
