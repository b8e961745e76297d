// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title NodeRegistry, providers and their nodes
/// @notice A provider is an account with a bond and a reward wallet. A node is named by its operator key, which signs its
/// consent to belong to the provider. What only people and indexers read is in the events. There is no list.
interface INodeRegistry {
    /// @notice Whose machine it is: a data centre's, or somebody's own (Fizz).
    enum Kind {
        Provider,
        Fizz
    }

    /// @notice Where a node stands. Only an active node can be leased. An active node of a suspended provider reads as
    /// suspended.
    enum Status {
        None,
        Active,
        Maintenance,
        Suspended,
        Retired
    }

    /// @notice What a node claims to have.
    struct Claim {
        Kind kind;
        uint16 resource; // GPU or CPU class in the ResourceCatalog; a node keeps its first one
        uint32 units; // of that class
        uint16 cpuResource; // CPU class beside it, 0 if none
        uint32 cpuUnits;
        uint32 memoryMiB;
        uint32 storageGiB;
        bytes32 specHash; // keccak256 of the spec at `uri`
        string region;
        string uri; // of the spec and the agent
        address gateway; // 0 if none
    }

    /// @notice What an operator key signs (EIP-712) to join a provider.
    struct NodeConsent {
        address node;
        address provider;
        bytes32 claimHash; // keccak256(abi.encode(claim))
        uint256 nonce; // `consentNonce(node)`
        uint64 deadline; // unix seconds
    }

    /// @notice A node: one slot.
    struct Node {
        address provider;
        uint16 resource;
        uint32 units;
        Kind kind;
        Status status;
    }

    /// @notice A provider: one slot.
    struct Provider {
        address rewardWallet;
        uint8 trustTier; // 1 best to 7, see data/trust-tiers.csv
        bool registered;
        bool suspended;
    }

    /// @notice A provider registered.
    event ProviderRegistered(
        address indexed provider, address indexed rewardWallet, address bondToken, uint256 trustTier, string uri
    );

    /// @notice A reward wallet was proposed; it has to accept.
    event RewardWalletProposed(address indexed provider, address indexed rewardWallet);

    /// @notice The reward wallet changed.
    event RewardWalletChanged(address indexed provider, address indexed rewardWallet);

    /// @notice A node joined its provider.
    event NodeRegistered(address indexed node, address indexed provider, Claim claim);

    /// @notice A node's claim was replaced, with its key's consent.
    event NodeClaimChanged(address indexed node, Claim claim);

    /// @notice A node's status changed.
    event NodeStatusChanged(address indexed node, Status status);

    /// @notice A provider was suspended, and its active nodes with it, or no longer is.
    event ProviderSuspensionChanged(address indexed provider, bool suspended);

    /// @notice A provider's trust tier changed.
    event TrustTierChanged(address indexed provider, uint256 trustTier);

    /// @notice Thrown when an account is registered already.
    error NodeRegistry_AlreadyRegistered(address account);

    /// @notice Thrown when a provider or a node is not registered.
    error NodeRegistry_NotRegistered(address account);

    /// @notice Thrown when a provider has no sufficient bond in the token that it names.
    error NodeRegistry_NotBonded(address provider, address token);

    /// @notice Thrown when an account is the zero address.
    error NodeRegistry_InvalidAccount(address account);

    /// @notice Thrown when the caller may not do this.
    error NodeRegistry_NotAuthorized(address caller);

    /// @notice Thrown when a consent has expired.
    error NodeRegistry_ConsentExpired(uint256 deadline, uint256 now_);

    /// @notice Thrown when a consent's signature does not fit: altered, replayed, or for another chain or contract.
    error NodeRegistry_InvalidConsent(address node, bytes32 digest);

    /// @notice Thrown when a claim names an unknown resource, another one than the node had, no units, a `cpuResource`
    /// that is no CPU, or a region (32 bytes) or uri (256 bytes) that is too long.
    error NodeRegistry_InvalidClaim(bytes32 reason);

    /// @notice Thrown when a status may not follow the present one.
    error NodeRegistry_InvalidStatus(Status from, Status to);

    /// @notice Thrown when a trust tier is outside 1 to 7.
    error NodeRegistry_InvalidTier(uint256 trustTier);

    /// @notice Registers the caller as a provider. It needs a bond in `bondToken`.
    function registerProvider(address rewardWallet, address bondToken, string calldata uri) external;

    /// @notice Proposes a new reward wallet of the caller.
    function proposeRewardWallet(address rewardWallet) external;

    /// @notice Accepts to be the reward wallet of `provider`. Only the proposed wallet.
    function acceptRewardWallet(address provider) external;

    /// @notice Registers a node of the caller with its key's consent, which must not have passed `deadline`. A node that
    /// was retired may be registered again, by any provider.
    function registerNode(address node, Claim calldata claim, uint64 deadline, bytes calldata consent) external;

    /// @notice Replaces a node's claim, with its key's consent. Live leases keep their terms. Another resource is another
    /// node, with a key of its own.
    function changeClaim(address node, Claim calldata claim, uint64 deadline, bytes calldata consent) external;

    /// @notice Moves a node of the caller between Active and Maintenance, or retires it. A suspended node stays.
    function setStatus(address node, Status status) external;

    /// @notice Suspends a node, even a retired one, or lifts the suspension into Maintenance. Restricted.
    function setSuspended(address node, bool suspended) external;

    /// @notice Suspends a provider with all its active nodes, or lifts that. Restricted.
    function setProviderSuspended(address provider, bool suspended) external;

    /// @notice Sets a provider's trust tier. Restricted.
    function setTrustTier(address provider, uint256 trustTier) external;

    /// @notice A node.
    function nodeOf(address node) external view returns (Node memory);

    /// @notice A provider.
    function providerOf(address provider) external view returns (Provider memory);

    /// @notice The nonce that the next consent of `node` must carry.
    function consentNonce(address node) external view returns (uint256);

    /// @notice The EIP-712 digest of a consent.
    function hashConsent(NodeConsent calldata consent) external view returns (bytes32);
}
