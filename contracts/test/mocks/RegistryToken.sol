// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A plain token to bond
contract RegistryToken is ERC20("Bond", "BOND") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
