// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../lease/ILeaseBook.sol";
import {ILedger} from "../money/ILedger.sol";

/// @title Router, several signed actions in one transaction
/// @notice Whoever holds signatures may send them together (`multicall`): fund a balance, open a lease, stake, each for
/// its signer. A renter without ether hands them to anybody.
/// @dev It forwards only calls that anyone may make and that name whom they act for, and it has no call to an address
/// that its caller chooses. So nobody can act through it with a right that somebody gave to it: an operator allowance in
/// the Ledger, or a token allowance beyond the amount staked in the same call. It holds no money between calls.
interface IRouter {
    /// @notice `account` staked `assets` wei of SPON for `shares`.
    event Staked(address indexed account, uint256 assets, uint256 shares);

    /// @notice Credits the signer of an ERC-3009 authorization in the Ledger.
    function depositWithAuthorization(ILedger.Authorization calldata authorization) external;

    /// @notice Credits the signer of a Permit2 transfer in the Ledger.
    function depositWithPermit2(ILedger.Permit calldata permit) external;

    /// @notice Opens a lease for a renter with the money of its authorization.
    function openWithAuthorization(
        ILeaseBook.Offer calldata offer,
        bytes calldata signature,
        ILeaseBook.Request calldata request,
        ILedger.Authorization calldata authorization
    ) external returns (bytes32 leaseId);

    /// @notice Stakes the caller's SPON for the caller, after an ERC-2612 permit to this contract. A permit that somebody
    /// already used is no failure as long as the token allowance is there.
    function stakeWithPermit(uint256 assets, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 shares);

    /// @notice Stakes SPON for the signer of an ERC-3009 authorization to this contract; anyone may bring it.
    /// @dev Its nonce is `stakeNonce(salt)`; `authorization.token` is not read.
    function stakeWithAuthorization(ILedger.Authorization calldata authorization) external returns (uint256 shares);

    /// @notice The nonce of an authorization for `stakeWithAuthorization`.
    function stakeNonce(bytes32 salt) external view returns (bytes32);
}
