// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";

import {ILeaseBook} from "../lease/ILeaseBook.sol";
import {ILedger} from "../money/ILedger.sol";
import {Spon} from "../token/Spon.sol";
import {IRouter} from "./IRouter.sol";

/// @title Router
contract Router is IRouter, Multicall {
    using SafeERC20 for IERC20;

    /// @notice Where balances are.
    ILedger public immutable ledger;

    /// @notice Where leases open.
    ILeaseBook public immutable leaseBook;

    /// @notice What is staked.
    Spon public immutable spon;

    /// @notice Where it is staked.
    IERC4626 public immutable stakedSpon;

    constructor(ILedger ledger_, ILeaseBook leaseBook_, IERC4626 stakedSpon_) {
        ledger = ledger_;
        leaseBook = leaseBook_;
        stakedSpon = stakedSpon_;
        spon = Spon(stakedSpon_.asset());
        // Between calls there is nothing here that this could move.
        IERC20(stakedSpon_.asset()).forceApprove(address(stakedSpon_), type(uint256).max);
    }

    /// @inheritdoc IRouter
    function depositWithAuthorization(ILedger.Authorization calldata authorization) external {
        ledger.depositWithAuthorization(authorization);
    }

    /// @inheritdoc IRouter
    function depositWithPermit2(ILedger.Permit calldata permit) external {
        ledger.depositWithPermit2(permit);
    }

    /// @inheritdoc IRouter
    function openWithAuthorization(
        ILeaseBook.Offer calldata offer,
        bytes calldata signature,
        ILeaseBook.Request calldata request,
        ILedger.Authorization calldata authorization
    ) external returns (bytes32) {
        return leaseBook.openWithAuthorization(offer, signature, request, authorization);
    }

    /// @inheritdoc IRouter
    function stakeWithPermit(uint256 assets, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256)
    {
        // Anybody can spend a permit first; what counts is the token allowance, which the transfer checks.
        try IERC20Permit(address(spon)).permit(msg.sender, address(this), assets, deadline, v, r, s) {} catch {}
        IERC20(address(spon)).safeTransferFrom(msg.sender, address(this), assets);
        return _stake(msg.sender, assets);
    }

    /// @inheritdoc IRouter
    function stakeWithAuthorization(ILedger.Authorization calldata authorization) external returns (uint256) {
        // What arrives is SPON whatever token the authorization names: it is signed for that one or it is void.
        spon.receiveWithAuthorization(
            authorization.from,
            address(this),
            authorization.amount,
            authorization.validAfter,
            authorization.validBefore,
            stakeNonce(authorization.salt),
            authorization.signature
        );
        return _stake(authorization.from, authorization.amount);
    }

    /// @inheritdoc IRouter
    function stakeNonce(bytes32 salt) public view returns (bytes32) {
        return ledger.authorizationNonce(address(this), "stake", salt);
    }

    function _stake(address account, uint256 assets) private returns (uint256 shares) {
        shares = stakedSpon.deposit(assets, account);
        emit Staked(account, assets, shares);
    }
}
