// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {
    ERC20TransferAuthorization
} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20TransferAuthorization.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {NoncesKeyed} from "@openzeppelin/contracts/utils/NoncesKeyed.sol";

/// @title A dollar without value, for local chains only
/// @notice Stands for a dollar token with 6 decimals, permits (ERC-2612) and authorizations (ERC-3009). Anyone may mint
/// any amount: never deploy it where it could be taken for money.
contract TestDollar is ERC20Permit, ERC20TransferAuthorization {
    constructor() ERC20("Test Dollar", "tUSD") ERC20Permit("Test Dollar") {}

    /// @notice Creates `amount` units (10^-6 dollars) for `to`. Anyone may.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice 6.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @notice The next nonce of `owner` for permits, and for authorizations under the key 0.
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _useCheckedNonce(address owner, uint256 nonce) internal override(Nonces, NoncesKeyed) {
        super._useCheckedNonce(owner, nonce);
    }
}
