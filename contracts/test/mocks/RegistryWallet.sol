// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title An account whose signatures are its owner's, as long as it does not deny them
contract RegistryWallet is IERC1271 {
    address public immutable owner;
    bool public denies;

    constructor(address owner_) {
        owner = owner_;
    }

    function deny() external {
        denies = true;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer,,) = ECDSA.tryRecoverCalldata(hash, signature);
        return signer == owner && !denies ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
