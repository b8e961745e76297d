// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Distributor, an era's rewards paid without anybody claiming
/// @notice An epoch is a Merkle root over (index, account, amount) with its own funded cap. It activates after a delay in
/// which it can be disabled. Anyone may pay 256 aligned leaves in one call; a single claim is the fall-back. What is
/// unclaimed 26 weeks after activation goes back.
/// @dev leaf = keccak256(bytes.concat(keccak256(abi.encode(LEAF_DOMAIN, chain id, this, epoch, index, account, amount)))).
/// Parents hash the ordered pair (left, right). The tree has `max(256, next power of two of leafCount)` leaves, absent
/// ones are 0.
interface IDistributor {
    /// @notice An epoch.
    struct Epoch {
        bytes32 root;
        address token;
        uint40 activatesAt; // unix seconds
        uint32 leafCount;
        bool disabled;
        bool swept; // the rest went back to the funder
        uint128 cap; // wei that were funded
        uint128 paid; // wei
        address funder; // gets back what is not paid
    }

    /// @notice A leaf, without its index.
    struct Reward {
        address account;
        uint256 amount; // wei
    }

    /// @notice An epoch was posted and funded.
    event EpochPosted(
        uint256 indexed epoch,
        address indexed token,
        address indexed funder,
        bytes32 root,
        uint256 cap,
        uint256 leafCount,
        uint256 activatesAt,
        bytes32 evidence
    );

    /// @notice An epoch was disabled before it activated; `returned` wei went back to its funder. It is 0 if the token
    /// refused the transfer, and then `sweep` may try again.
    event EpochDisabled(uint256 indexed epoch, uint256 returned);

    /// @notice A leaf was paid to `to`, which is its account unless that chose otherwise.
    event RewardPaid(uint256 indexed epoch, uint256 indexed index, address indexed account, address to, uint256 amount);

    /// @notice An epoch's unclaimed rest went back to its funder.
    event EpochSwept(uint256 indexed epoch, uint256 returned);

    /// @notice An account chose who may claim for it and to any address, besides itself.
    event ClaimerSet(address indexed account, address indexed claimer);

    /// @notice Thrown when an epoch number is not the next one.
    error Distributor_WrongEpoch(uint256 epoch, uint256 expected);

    /// @notice Thrown when a root, a cap or a leaf count is 0, or a leaf count is too large.
    error Distributor_InvalidEpoch(uint256 epoch);

    /// @notice Thrown when a token delivered another amount than the cap.
    error Distributor_UnexpectedAmount(uint256 asked, uint256 arrived);

    /// @notice Thrown when an epoch is not active: unknown, before its activation, disabled or swept.
    error Distributor_NotActive(uint256 epoch);

    /// @notice Thrown when an epoch has activated already, or is disabled.
    error Distributor_TooLateToDisable(uint256 epoch, uint256 activatesAt);

    /// @notice Thrown when an epoch may not be swept yet, or has been.
    error Distributor_NotSweepable(uint256 epoch, uint256 sweepableAt);

    /// @notice Thrown when a proof does not lead to the root.
    error Distributor_InvalidProof(uint256 epoch, uint256 index);

    /// @notice Thrown when a leaf was paid before.
    error Distributor_AlreadyPaid(uint256 epoch, uint256 index);

    /// @notice Thrown when a payment would exceed what the epoch was funded with.
    error Distributor_CapExceeded(uint256 epoch, uint256 paid, uint256 cap);

    /// @notice Thrown when an index is outside the epoch, a range is not aligned to 256, or has the wrong length.
    error Distributor_InvalidRange(uint256 epoch, uint256 index, uint256 length);

    /// @notice Thrown when the caller is neither the account nor its claimer.
    error Distributor_NotAuthorized(address caller, address account);

    /// @notice Posts the next epoch and pulls `cap` wei of `token` from the caller. Restricted.
    /// @param evidence Hash of what the root was built from.
    function post(uint256 epoch, address token, bytes32 root, uint256 cap, uint256 leafCount, bytes32 evidence) external;

    /// @notice Disables an epoch before it activates, and returns its funds. Restricted.
    function disable(uint256 epoch) external;

    /// @notice Pays the leaves [start, start + rewards.length) that are not paid yet; `start` is a multiple of 256, and
    /// `rewards` all leaves of that range. Anyone may. A leaf whose transfer fails is skipped and stays claimable.
    /// @param proof Siblings of the range's subtree, bottom up.
    /// @return total Wei paid now.
    function payRange(uint256 epoch, uint256 start, Reward[] calldata rewards, bytes32[] calldata proof)
        external
        returns (uint256 total);

    /// @notice Pays one leaf to its account. Anyone may.
    function claim(uint256 epoch, uint256 index, Reward calldata reward, bytes32[] calldata proof) external;

    /// @notice Pays one leaf to `to`. The account or its claimer.
    function claimTo(uint256 epoch, uint256 index, Reward calldata reward, address to, bytes32[] calldata proof)
        external;

    /// @notice Chooses who may claim for the caller, 0 for nobody.
    function setClaimer(address claimer) external;

    /// @notice Returns to the funder what was not claimed 26 weeks after activation, or what a disabled epoch still
    /// holds. Anyone may.
    function sweep(uint256 epoch) external;

    /// @notice An epoch.
    function epochOf(uint256 epoch) external view returns (Epoch memory);

    /// @notice The number that the next epoch must have; the first is 1.
    function nextEpoch() external view returns (uint256);

    /// @notice Whether a leaf was paid.
    function isPaid(uint256 epoch, uint256 index) external view returns (bool);

    /// @notice Who may claim for `account`, besides itself.
    function claimerOf(address account) external view returns (address);

    /// @notice The hash of a leaf.
    function hashLeaf(uint256 epoch, uint256 index, Reward calldata reward) external view returns (bytes32);

    /// @notice Seconds between post and activation: 48 hours.
    function ACTIVATION_DELAY() external view returns (uint256);

    /// @notice Seconds between activation and sweep: 26 weeks.
    function SWEEP_DELAY() external view returns (uint256);
}
