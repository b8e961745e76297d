// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeasedUnits} from "../../src/verification/IAttestationPolicy.sol";

/// @notice The one view of the LeaseBook that the AttestationPolicy reads.
contract LeasedUnits is ILeasedUnits {
    mapping(address node => uint256) public leasedUnits;

    function setLeased(address node, uint256 units) external {
        leasedUnits[node] = units;
    }
}
