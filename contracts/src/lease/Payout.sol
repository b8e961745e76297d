// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILedger} from "../money/ILedger.sol";
import {INodeRegistry} from "../registry/INodeRegistry.sol";
import {IPayout} from "./IPayout.sol";

/// @title Payout
contract Payout is IPayout {
    /// @dev Gas for one payout of a batch, more than any allowed token needs.
    uint256 private constant PAYOUT_GAS = 400_000;
    uint256 private constant PAYOUT_GAS_NEEDED = PAYOUT_GAS * 64 / 63 + 5_000;

    ILedger public immutable ledger;
    INodeRegistry public immutable registry;

    /// @inheritdoc IPayout
    mapping(address provider => mapping(address token => uint256)) public minimumOf;

    constructor(ILedger ledger_, INodeRegistry registry_) {
        ledger = ledger_;
        registry = registry_;
    }

    /// @inheritdoc IPayout
    function setMinimum(address token, uint256 minimum) external {
        minimumOf[msg.sender][token] = minimum;
        emit MinimumSet(msg.sender, token, minimum);
    }

    /// @inheritdoc IPayout
    function payOut(address provider, address token) public returns (uint256 amount) {
        uint256 minimum = minimumOf[provider][token];
        if (minimum == 0) revert Payout_NotOptedIn(provider, token);
        amount = ledger.balanceOf(token, provider);
        if (amount < minimum) revert Payout_BelowMinimum(amount, minimum);
        address rewardWallet = registry.providerOf(provider).rewardWallet;
        if (rewardWallet == address(0)) revert Payout_NotProvider(provider);
        // The Ledger knows one way out for a module: through its escrow into a balance, here this contract's own.
        ledger.escrow(token, provider, provider, amount, 0, 0);
        ledger.release(token, address(this), provider, amount, 0, 0);
        ledger.withdraw(token, rewardWallet, amount);
        emit PaidOut(provider, token, rewardWallet, amount);
    }

    /// @inheritdoc IPayout
    function payOutMany(address[] calldata providers, address token) external {
        for (uint256 i = 0; i < providers.length; ++i) {
            if (gasleft() < PAYOUT_GAS_NEEDED) revert Payout_InsufficientGas(gasleft(), PAYOUT_GAS_NEEDED);
            try this.payOut{gas: PAYOUT_GAS}(providers[i], token) {}
            catch (bytes memory reason) {
                // forge-lint: disable-next-line(unsafe-typecast) the error's selector is meant
                emit PayoutFailed(providers[i], token, bytes4(reason));
            }
        }
    }
}
