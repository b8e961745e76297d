// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Ledger, the one contract that holds renters' and providers' money
/// @notice Balances per (token, owner). A module, such as the LeaseBook, escrows money out of a balance or a wallet and
/// releases it again, each module only out of its own escrow. Withdrawing is always possible.
/// @dev For each token: token balance of this contract >= sum of balances + sum of escrows + sum of fees. A module is
/// admitted behind the longest delay of the deployment, and acts only for its own caller or on a signature. Pausing
/// stops what brings tokens in, and nothing else.
interface ILedger {
    /// @notice What an operator may commit of an owner's balance in a token.
    struct Allowance {
        uint128 rateCap; // wei per second over all its live leases
        uint128 exposureCap; // wei escrowed over all its live leases
        uint40 expiry; // unix seconds; from then on nothing new
        uint32 maxTail; // seconds ahead that it may commit money for
    }

    /// @notice What an operator has committed and not yet given back.
    struct Usage {
        uint128 rate; // wei per second
        uint128 exposure; // wei
    }

    /// @notice An ERC-3009 `receiveWithAuthorization`, whose nonce binds what the money is for (`authorizationNonce`).
    struct Authorization {
        address token;
        address from; // signer, and owner of the balance that is credited
        uint256 amount; // wei
        uint256 validAfter; // unix seconds
        uint256 validBefore; // unix seconds
        bytes32 salt; // the signer's choice: anything, or 0, 1, 2 and so on (`authorizationNonce`)
        bytes signature;
    }

    /// @notice A Permit2 signature transfer to the Ledger, whose witness is `Purpose(address module,bytes32 action)`:
    /// what the money is for.
    struct Permit {
        address token;
        address from; // signer, and owner of the balance that is credited
        uint256 amount; // wei
        uint256 nonce; // unordered, as Permit2 counts
        uint256 deadline; // unix seconds
        bytes signature;
    }

    /// @notice Deposits of `token` were allowed or forbidden. Withdrawing it stays possible.
    event TokenSet(address indexed token, bool allowed);

    /// @notice `module` was allowed to escrow under `product`, or forbidden if that is 0. Releasing stays possible.
    event ModuleSet(address indexed module, bytes32 indexed product);

    /// @notice Fees are collected into the balance of `collector` from now on.
    event FeeCollectorSet(address indexed collector);

    /// @notice Bringing tokens in was stopped, or let in again.
    event PausedSet(bool paused);

    /// @notice `owner` was credited `amount` wei that arrived from `payer`.
    event Deposited(address indexed token, address indexed owner, address payer, uint256 amount);

    /// @notice `owner` took `amount` wei out to `to`.
    event Withdrawn(address indexed token, address indexed owner, address indexed to, uint256 amount);

    /// @notice `amount` wei moved from `owner`'s balance into the escrow of `module`.
    event Escrowed(address indexed module, address indexed owner, address token, uint256 amount);

    /// @notice `arrived` wei came from the wallet of `owner`, and `escrowed` wei went into the escrow of `module`. What
    /// arrived beyond that was credited to `owner`; what was missing was taken out of its balance.
    event EscrowedFromWallet(
        address indexed module, address indexed owner, address token, uint256 arrived, uint256 escrowed
    );

    /// @notice Out of the escrow of `module`: `payment` to the balance of `payee`, `refund` to the balance of `payer`,
    /// `fee` to the module's fees, all in wei.
    event Released(
        address indexed module,
        address indexed payee,
        address indexed payer,
        address token,
        uint256 payment,
        uint256 fee,
        uint256 refund
    );

    /// @notice The fees of `module` moved into the balance of `collector`.
    event FeesCollected(address indexed module, address indexed token, address indexed collector, uint256 amount);

    /// @notice `owner` set what `operator` may commit of its balance in `token`.
    event AllowanceSet(
        address indexed owner,
        address indexed operator,
        address indexed token,
        uint256 rateCap,
        uint256 exposureCap,
        uint256 expiry,
        uint256 maxTail
    );

    /// @notice An operator's usage changed to these values.
    event UsageChanged(
        address indexed owner, address indexed operator, address indexed token, uint256 rate, uint256 exposure
    );

    /// @notice Thrown when `token` may not be deposited.
    error Ledger_TokenNotAllowed(address token);

    /// @notice Thrown when tokens may not be brought in for now.
    error Ledger_Paused();

    /// @notice Thrown when one more token than `maximum` would ever have been allowed.
    error Ledger_TooManyTokens(uint256 maximum);

    /// @notice Thrown when the caller is not a module that may escrow.
    error Ledger_NotModule(address caller);

    /// @notice Thrown when an amount of 0 is given.
    error Ledger_ZeroAmount();

    /// @notice Thrown when an account or a recipient is the zero address, or the recipient is this contract.
    error Ledger_InvalidAccount(address account);

    /// @notice Thrown when a balance does not cover an amount.
    error Ledger_InsufficientBalance(address token, address owner, uint256 balance, uint256 needed);

    /// @notice Thrown when a module releases more than it holds in escrow.
    error Ledger_InsufficientEscrow(address module, address token, uint256 escrow, uint256 needed);

    /// @notice Thrown when an operator's allowance has expired, or was never given.
    error Ledger_AllowanceExpired(address owner, address operator, uint256 expiry);

    /// @notice Thrown when an operator would exceed its rate cap (wei per second).
    error Ledger_RateCapExceeded(address owner, address operator, uint256 rate, uint256 cap);

    /// @notice Thrown when an operator would exceed its exposure cap (wei).
    error Ledger_ExposureCapExceeded(address owner, address operator, uint256 exposure, uint256 cap);

    /// @notice Thrown when an operator would commit money further ahead than it may (seconds).
    error Ledger_TailExceeded(address owner, address operator, uint256 tail, uint256 maximum);

    /// @notice Thrown when an amount does not fit the accounting.
    error Ledger_AmountTooLarge(uint256 amount, uint256 maximum);

    /// @notice Pulls `amount` of `token` from the caller and credits `owner` with what arrived.
    /// @return credited Wei that arrived.
    function deposit(address token, address owner, uint256 amount) external returns (uint256 credited);

    /// @notice As `deposit` to the caller, after an ERC-2612 permit. A permit that somebody already used is no failure
    /// as long as the token allowance is there.
    function depositWithPermit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 credited);

    /// @notice Credits the signer of an ERC-3009 authorization; anyone may bring it.
    /// @dev Its nonce is `authorizationNonce(address(0), 0, salt)`.
    function depositWithAuthorization(Authorization calldata authorization) external returns (uint256 credited);

    /// @notice Credits the signer of a Permit2 transfer; anyone may bring it.
    /// @dev The witness is `Purpose(address(0), 0)`.
    function depositWithPermit2(Permit calldata permit) external returns (uint256 credited);

    /// @notice Takes `amount` wei of the caller's balance out to `to`. Never paused.
    function withdraw(address token, address to, uint256 amount) external;

    /// @notice Sets what `operator` may commit of the caller's balance in `token`. A cap below the present usage stops
    /// every increase at once; what is committed already runs on.
    function setAllowance(address token, address operator, Allowance calldata allowance) external;

    /// @notice Moves `amount` wei from the balance of `owner` into the module's escrow. Modules only.
    /// @param spender Who asked the module: the owner, or an operator whose allowance is then used.
    /// @param rate Wei per second that an operator's usage grows by.
    /// @param tail Seconds from now until which the money is committed at the longest; it binds operators only.
    function escrow(address token, address owner, address spender, uint256 amount, uint256 rate, uint256 tail) external;

    /// @notice Pulls `amount` of `token` from the wallet of `payer` and escrows `amount` wei: what did not arrive comes
    /// out of its balance. Modules only, for their caller or on its signature.
    function pullAndEscrow(address token, address payer, uint256 amount) external;

    /// @notice Takes an ERC-3009 authorization for one `action` of the calling module and escrows `amount` wei of it: the
    /// rest goes to the signer's balance, what is missing comes out of it. Modules only.
    /// @dev The nonce is `authorizationNonce(module, action, salt)`, so the money can serve nothing else.
    function pullWithAuthorizationAndEscrow(Authorization calldata authorization, bytes32 action, uint256 amount)
        external;

    /// @notice As `pullWithAuthorizationAndEscrow`, on a Permit2 transfer. Modules only.
    /// @dev The witness is `Purpose(module, action)`, so the money can serve nothing else.
    function pullWithPermit2AndEscrow(Permit calldata permit, bytes32 action, uint256 amount) external;

    /// @notice Moves money out of the calling module's escrow: `payment` to `payee`, `refund` to `payer`, `fee` to the
    /// module's fees (wei).
    function release(address token, address payee, address payer, uint256 payment, uint256 fee, uint256 refund) external;

    /// @notice Lowers what counts of an operator's allowance, as its leases are paid and end: by `amount` wei committed, and
    /// `rate` wei per second. Modules only.
    function relax(address token, address owner, address operator, uint256 amount, uint256 rate) external;

    /// @notice Moves a module's fees into the collector's balance. Anyone may.
    /// @return amount Wei collected.
    function collectFees(address module, address token) external returns (uint256 amount);

    /// @notice Allows or forbids deposits of `token`; at most `MAX_TOKENS` are ever allowed. Restricted.
    function setToken(address token, bool allowed) external;

    /// @notice Admits `module` under a product code, or stops its escrows with 0. Restricted.
    function setModule(address module, bytes32 product) external;

    /// @notice Sets where fees go. Restricted.
    function setFeeCollector(address collector) external;

    /// @notice Stops what brings tokens in, or lets it go on. Withdrawals, escrows and releases go on. Restricted.
    function setPaused(bool paused) external;

    /// @notice The balance of `owner` in `token`, in wei.
    function balanceOf(address token, address owner) external view returns (uint256);

    /// @notice What `module` holds in escrow, in wei.
    function escrowOf(address module, address token) external view returns (uint256);

    /// @notice Fees of `module` that were not collected yet, in wei.
    function feesOf(address module, address token) external view returns (uint256);

    /// @notice The allowance of `operator` over `owner`'s balance in `token`.
    function allowanceOf(address token, address owner, address operator) external view returns (Allowance memory);

    /// @notice The usage of that allowance.
    function usageOf(address token, address owner, address operator) external view returns (Usage memory);

    /// @notice Whether `token` may be deposited.
    function isTokenAllowed(address token) external view returns (bool);

    /// @notice Whether bringing tokens in is stopped.
    function paused() external view returns (bool);

    /// @notice The product code of `module`, 0 if it may not escrow.
    function productOf(address module) external view returns (bytes32);

    /// @notice Whose balance fees are collected into.
    function feeCollector() external view returns (address);

    /// @notice Most tokens that are ever allowed: what pausing and stopping a module walks over.
    function MAX_TOKENS() external view returns (uint256);

    /// @notice The Permit2 contract, whose address is the same on every chain.
    function PERMIT2() external view returns (address);

    /// @notice The ERC-3009 nonce that binds an authorization to its use: a key of 192 bits, then a sequence of 64, as
    /// tokens with keyed nonces ask. The key is the first bits of `keccak256(abi.encode(module, action, salt))`, its
    /// sequence 0. A salt below 2^64 is itself the sequence, under the key of the salt 0: who counts up from there pays for
    /// one key only.
    function authorizationNonce(address module, bytes32 action, bytes32 salt) external pure returns (bytes32);
}
