// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBonds} from "./IBonds.sol";

/// @title Disputes over what no proof on chain can decide
/// @notice Anyone may accuse a bonded provider, gateway or verifier, with a deposit and the hash of the evidence. For
/// RESPONSE_PERIOD the arbiter waits for an answer, then it has RULING_PERIOD to rule: it accepts (the accused is slashed, the
/// deposit comes back), rejects (the deposit goes half to the accused, half to nobody) or draws (the deposit comes back).
/// Without a ruling in time anyone may end it as a draw.
/// @dev Both periods grow by the seconds in which the chain's sequencer was down. A slash takes at most a window's cap of
/// what was at stake when the dispute was opened, and Bonds holds it to what its window still has. Both periods and the
/// 48 hours in which a verdict may come fit into the shortest thaw, so that no thaw outruns a ruling. Nor does a
/// renter's claim: what a ruling may take is held from the opening on, out of what no lease has locked by then or frees
/// since, so that a provider that leases its own node cannot seize its bond before. A hold ends with the time to rule, or
/// up to two days after it. For each token: the balance of this contract == deposits of open disputes + owed.
interface IDisputes {
    /// @notice Where a dispute stands.
    enum Status {
        None,
        Open,
        Accepted,
        Rejected,
        Drawn
    }

    /// @notice A dispute: three slots.
    struct Dispute {
        address opener;
        uint96 deposit; // wei
        address accused;
        uint40 openedAt; // unix seconds
        IBonds.Role role;
        Status status;
        bool isAnswered;
        address token; // of the bond and of the deposit
        uint96 stake; // wei of the bond when the dispute was opened, thawing or not
    }

    /// @notice `opener` accused `accused`; its evidence lies at `uri`.
    event DisputeOpened(
        uint256 indexed id,
        address indexed accused,
        address indexed opener,
        IBonds.Role role,
        address token,
        uint256 deposit,
        uint256 stake,
        bytes32 evidenceHash,
        string uri
    );

    /// @notice The accused answered; its evidence lies at `uri`.
    event DisputeAnswered(uint256 indexed id, address indexed accused, bytes32 evidenceHash, string uri);

    /// @notice The arbiter accepted: the accused lost `slashed` wei, of which `harmed` is owed up to `loss` first. The
    /// deposit is owed to the opener.
    event DisputeAccepted(uint256 indexed id, uint256 slashed, address harmed, uint256 loss);

    /// @notice The arbiter rejected: of the deposit `toAccused` wei are owed to the accused, and `burned` to nobody.
    event DisputeRejected(uint256 indexed id, uint256 toAccused, uint256 burned);

    /// @notice The dispute ended without a verdict, by the arbiter or by `by` after its time. The deposit is owed to the
    /// opener.
    event DisputeDrawn(uint256 indexed id, address indexed by);

    /// @notice What disputes owed `account` was paid to `to`; both are the burn address for what they burned.
    event OwedCollected(address indexed account, address indexed token, address to, uint256 amount);

    /// @notice A dispute over a bond in `token` takes a deposit of `amount` wei; 0 allows none.
    event DepositSet(address indexed token, uint256 amount);

    /// @notice New disputes were stopped, or let in again.
    event PausedSet(bool paused);

    /// @notice Thrown when no dispute may be opened over a bond in a token.
    error Disputes_TokenNotAllowed(address token);

    /// @notice Thrown when an account is zero, or would accuse itself.
    error Disputes_InvalidAccount(address account);

    /// @notice Thrown when the accused has no bond in a token.
    error Disputes_NothingAtStake(address accused, address token);

    /// @notice Thrown when a dispute is not open.
    error Disputes_NotOpen(uint256 id, Status status);

    /// @notice Thrown when the caller is not the accused.
    error Disputes_NotAccused(address caller);

    /// @notice Thrown when a link to evidence is longer than `maximum` bytes.
    error Disputes_UriTooLong(uint256 length, uint256 maximum);

    /// @notice Thrown when the accused has answered already.
    error Disputes_AlreadyAnswered(uint256 id);

    /// @notice Thrown when the arbiter still has to wait for an answer, or may still rule: until `from` (unix seconds).
    error Disputes_TooEarly(uint256 id, uint256 from);

    /// @notice Thrown when the time to answer or to rule is over (unix seconds).
    error Disputes_TooLate(uint256 id, uint256 until);

    /// @notice Thrown when a slash is above SLASH_CAP_BPS of what was at stake at the opening (wei).
    error Disputes_SlashTooHigh(uint256 asked, uint256 maximum);

    /// @notice Thrown when a deposit is above what fits (wei).
    error Disputes_DepositTooHigh(uint256 amount, uint256 maximum);

    /// @notice Thrown when nothing is owed.
    error Disputes_NothingThere(address account);

    /// @notice Thrown when new disputes are paused.
    error Disputes_Paused();

    /// @notice Accuses `accused` over its bond in `token`, with a deposit of the caller in it. `uri` has at most 256 bytes.
    /// @return id Of the dispute, counted from 1.
    function open(IBonds.Role role, address accused, address token, bytes32 evidenceHash, string calldata uri)
        external
        returns (uint256 id);

    /// @notice Answers, once. Only the accused, until the arbiter's time is over. The arbiter may rule once there is an answer.
    function answer(uint256 id, bytes32 evidenceHash, string calldata uri) external;

    /// @notice Finds for the opener: slashes `amount` wei, of which `harmed` gets up to `loss` first and the opener the
    /// reporter's share; 0 slashes nothing. Once the accused has answered or had its time. Restricted: the arbiter.
    /// @return slashed Wei taken.
    function accept(uint256 id, uint256 amount, address harmed, uint256 loss) external returns (uint256 slashed);

    /// @notice Finds for the accused. Restricted: the arbiter.
    function reject(uint256 id) external;

    /// @notice Finds for nobody. Restricted: the arbiter.
    function draw(uint256 id) external;

    /// @notice Ends a dispute that was not ruled on in time, as a draw. Anyone may.
    function expire(uint256 id) external;

    /// @notice Pays what disputes owe the caller to `to`.
    /// @return amount Wei paid.
    function collect(address token, address to) external returns (uint256 amount);

    /// @notice Sends what disputes burned to the burn address. Anyone may.
    /// @return amount Wei burned.
    function collectBurned(address token) external returns (uint256 amount);

    /// @notice Sets the deposit of disputes to come over bonds in `token`, 0 to allow none. Restricted.
    function setDeposit(address token, uint256 amount) external;

    /// @notice Stops new disputes, or lets them in again. Restricted.
    function setPaused(bool paused) external;

    /// @notice A dispute.
    function disputeOf(uint256 id) external view returns (Dispute memory);

    /// @notice The deadlines of a dispute, with the outages known now.
    /// @return answerBy Unix seconds from which the arbiter may rule without an answer.
    /// @return ruleBy Unix seconds until which it may rule, and the accused answer.
    function deadlinesOf(uint256 id) external view returns (uint256 answerBy, uint256 ruleBy);

    /// @notice Number of disputes; the last one's id.
    function disputeCount() external view returns (uint256);

    /// @notice Deposit of a dispute over a bond in `token`, in wei; 0 if none is allowed.
    function depositOf(address token) external view returns (uint256);

    /// @notice What disputes owe `account`, in wei.
    function owedTo(address account, address token) external view returns (uint256);

    /// @notice Whether new disputes are paused.
    function paused() external view returns (bool);

    /// @notice Seconds for which the arbiter waits for an answer.
    function RESPONSE_PERIOD() external view returns (uint256);

    /// @notice Seconds after these that the arbiter has to rule.
    function RULING_PERIOD() external view returns (uint256);
}
