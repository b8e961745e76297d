// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Distributor, an era's rewards paid without anybody claiming
/// @notice An epoch is funded, then gets a Merkle root over (index, account, amount). It activates after a delay in which
/// it can be disabled, or challenged by whoever bonds a leaf that differs. Anyone may pay 256 aligned leaves in one call;
/// a single claim is the fall-back. What is unclaimed 26 weeks after activation goes back.
/// @dev leaf = keccak256(bytes.concat(keccak256(abi.encode(LEAF_DOMAIN, chain id, this, epoch, index, account, amount)))).
/// Parents hash the ordered pair (left, right). The tree has `max(256, next power of two of leafCount)` leaves, absent
/// ones are 0. Sequencer outages extend every delay. Pausing stops posting, and nothing else.
///
/// An open challenge stops the activation until an arbiter decides. If it is upheld, or nobody decides in time, the root
/// is disabled and the bond goes back: a root can be posted anew, a wrong payment cannot be undone. If it is rejected,
/// the bond falls to the funder and a full delay begins anew, so that no challenge can keep others from theirs.
interface IDistributor {
    /// @notice Where an epoch stands. A posted one that nobody disabled or challenged is active once its delay is over;
    /// it is marked so by the first payment, or by `activate`.
    enum Status {
        None,
        Funded,
        Posted,
        Challenged,
        Active,
        Disabled,
        Swept
    }

    /// @notice An epoch.
    struct Epoch {
        bytes32 root;
        address token;
        address funder; // gets back what is not paid
        uint88 cap; // wei that were funded
        uint88 paid; // wei
        uint88 forfeited; // wei of lost bonds
        uint40 activatesAt; // unix seconds, without outages; until it is posted, when it was funded
        uint24 leafCount;
        Status status;
    }

    /// @notice The open challenge of an epoch, or one whose bond waits to be collected.
    struct Challenge {
        address challenger;
        uint40 deadline; // unix seconds, without outages; then it counts as upheld
    }

    /// @notice A leaf, without its index.
    struct Reward {
        address account;
        uint256 amount; // wei
    }

    /// @notice An epoch was given `amount` wei more.
    event EpochFunded(uint256 indexed epoch, address indexed token, address indexed funder, uint256 amount);

    /// @notice An epoch was posted.
    event EpochPosted(
        uint256 indexed epoch, bytes32 root, uint256 cap, uint256 leafCount, uint256 activatesAt, bytes32 evidence
    );

    /// @notice An epoch was marked active: it can no longer be disabled or challenged.
    event EpochActivated(uint256 indexed epoch);

    /// @notice `challenger` bonded `bond` wei: the leaf `index` should read (account, amount). Undecided by `deadline`
    /// (unix seconds, without outages), the root is disabled.
    event EpochChallenged(
        uint256 indexed epoch,
        address indexed challenger,
        uint256 index,
        address account,
        uint256 amount,
        uint256 bond,
        uint256 deadline
    );

    /// @notice A challenge was rejected: its bond is forfeited, and the epoch activates at `activatesAt` (unix seconds).
    event ChallengeRejected(uint256 indexed epoch, address indexed challenger, uint256 bond, uint256 activatesAt);

    /// @notice The bond of a challenge that was not rejected went back, to `to`.
    event BondReturned(uint256 indexed epoch, address indexed challenger, address to, uint256 bond);

    /// @notice An epoch was disabled before it activated; `sweep` returns its funds.
    event EpochDisabled(uint256 indexed epoch);

    /// @notice A leaf was paid to `to`, which is its account unless that chose otherwise.
    event RewardPaid(uint256 indexed epoch, address indexed account, uint256 index, address to, uint256 amount);

    /// @notice Leaves of the 256 from `start` on were paid, each to its account: those whose bit is set in `leaves`, the
    /// lowest first. `payments` has one word for each: the account (160 bits), then the wei (96 bits).
    event RangePaid(uint256 indexed epoch, uint256 start, uint256 leaves, bytes32[] payments);

    /// @notice What an epoch had left went back to its funder, with what challengers had forfeited.
    event EpochSwept(uint256 indexed epoch, uint256 returned);

    /// @notice An account chose who may claim for it and to any address, besides itself.
    event ClaimerSet(address indexed account, address indexed claimer);

    /// @notice Posting was stopped, or let in again.
    event PausedSet(bool paused);

    /// @notice Thrown when an epoch number is not the next one, or is too old to be funded.
    error Distributor_WrongEpoch(uint256 epoch, uint256 expected);

    /// @notice Thrown when a root, an amount or a leaf count is 0, or a number is too large.
    error Distributor_InvalidEpoch(uint256 epoch);

    /// @notice Thrown when an epoch is funded in another token, by another funder, or with another amount.
    error Distributor_WrongFunds(uint256 epoch, address token, address funder, uint256 funded);

    /// @notice Thrown when an epoch is not active: unknown, before its activation, challenged, disabled or swept.
    error Distributor_NotActive(uint256 epoch);

    /// @notice Thrown when an epoch can no longer be disabled or challenged, or not yet.
    error Distributor_NotPending(uint256 epoch, Status status);

    /// @notice Thrown when an epoch has no open challenge.
    error Distributor_NotChallenged(uint256 epoch);

    /// @notice Thrown when a challenge can no longer be decided, or has not run out yet.
    error Distributor_WrongTime(uint256 epoch, uint256 deadline);

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

    /// @notice Thrown when the caller, or the signer, may not do this for the account.
    error Distributor_NotAuthorized(address caller, address account);

    /// @notice Thrown when a signature's deadline has passed (unix seconds).
    error Distributor_SignatureExpired(uint256 deadline);

    /// @notice Thrown when epochs may not be posted for now.
    error Distributor_Paused();

    /// @notice Pulls `amount` wei of `token` from the caller for an epoch that is not posted yet. More may follow from
    /// the same funder in the same token. Restricted.
    function fund(uint256 epoch, address token, uint256 amount) external;

    /// @notice Posts the root of the next epoch, which was funded with `cap` wei of `token`. Restricted.
    /// @param evidence Hash of what the root was built from.
    function post(uint256 epoch, address token, bytes32 root, uint256 cap, uint256 leafCount, bytes32 evidence) external;

    /// @notice Disables an epoch before it activates. An open challenge gets its bond back. Restricted.
    function disable(uint256 epoch) external;

    /// @notice Challenges a posted epoch before it activates: its leaf `index` should read `expected`. Pulls
    /// `challengeBondOf` wei of the epoch's token from the caller. Anyone may.
    function challenge(uint256 epoch, uint256 index, Reward calldata expected) external;

    /// @notice Decides the open challenge of an epoch before its deadline. Restricted: the arbiter.
    function resolve(uint256 epoch, bool upheld) external;

    /// @notice Disables an epoch whose challenge nobody decided in time. Anyone may.
    function expireChallenge(uint256 epoch) external;

    /// @notice Sends the challenger its bond, which could not be sent when the epoch was disabled, to `to`.
    function collectBond(uint256 epoch, address to) external;

    /// @notice Marks an epoch active whose delay is over. Anyone may; a payment does it too.
    function activate(uint256 epoch) external;

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

    /// @notice As `claimTo`, on the account's signature over `hashClaimTo` (ERC-1271 too). Anyone may bring it.
    function claimToBySignature(
        uint256 epoch,
        uint256 index,
        Reward calldata reward,
        address to,
        uint256 deadline,
        bytes calldata signature,
        bytes32[] calldata proof
    ) external;

    /// @notice Chooses who may claim for the caller, 0 for nobody.
    function setClaimer(address claimer) external;

    /// @notice Returns to the funder what was not claimed 26 weeks after activation, what a disabled epoch holds, or
    /// what was never posted 26 weeks after funding. Anyone may.
    function sweep(uint256 epoch) external;

    /// @notice Stops posting, or lets it go on. Restricted.
    function setPaused(bool paused) external;

    /// @notice An epoch.
    function epochOf(uint256 epoch) external view returns (Epoch memory);

    /// @notice The challenge of an epoch.
    function challengeOf(uint256 epoch) external view returns (Challenge memory);

    /// @notice Wei of its token that a challenge of an epoch takes as a bond: 1% of the cap, rounded up.
    function challengeBondOf(uint256 epoch) external view returns (uint256);

    /// @notice When an epoch that is posted or active activates (unix seconds), with the outages until now; 0 for any other.
    function activationOf(uint256 epoch) external view returns (uint256);

    /// @notice The number that the next epoch must have; the first is 1.
    function nextEpoch() external view returns (uint256);

    /// @notice Whether posting is stopped.
    function paused() external view returns (bool);

    /// @notice Whether a leaf was paid.
    function isPaid(uint256 epoch, uint256 index) external view returns (bool);

    /// @notice Who may claim for `account`, besides itself.
    function claimerOf(address account) external view returns (address);

    /// @notice The hash of a leaf.
    function hashLeaf(uint256 epoch, uint256 index, Reward calldata reward) external view returns (bytes32);

    /// @notice The EIP-712 digest that an account signs for `claimToBySignature`. A leaf is paid once, so it needs no
    /// nonce of its own.
    function hashClaimTo(uint256 epoch, uint256 index, Reward calldata reward, address to, uint256 deadline)
        external
        view
        returns (bytes32);

    /// @notice Seconds between post and activation: 48 hours.
    function ACTIVATION_DELAY() external view returns (uint256);

    /// @notice Seconds in which a challenge is decided: 72 hours.
    function ARBITRATION_DELAY() external view returns (uint256);

    /// @notice Seconds between activation and sweep: 26 weeks.
    function SWEEP_DELAY() external view returns (uint256);

    /// @notice The share of an epoch's cap that a challenge takes as its bond, in basis points.
    function CHALLENGE_BOND_BPS() external view returns (uint256);
}
