// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title Authority, who may call which privileged function, and after which delay
/// @notice OpenZeppelin's AccessManager as it is. Roles, delays and the functions behind them are data of a deployment. What
/// the interfaces call restricted asks it: only an account with the function's role may call, after the role's delay.
contract Authority is AccessManager {
    /// @param initialAdmin Holds the admin role until it hands it over.
    constructor(address initialAdmin) AccessManager(initialAdmin) {}
}
