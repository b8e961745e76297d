// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INodeRegistry} from "./INodeRegistry.sol";

/// @title A node in one slot, full to the last byte, read and written as the one word that it is
/// @notice The compiler reads and writes a packed struct field by field; that would cost a node 1,500 gas a time.
library NodeSlot {
    /// @notice A node with the nonce of its next consent.
    struct Entry {
        address provider;
        uint16 resource;
        uint24 units;
        INodeRegistry.Kind kind;
        INodeRegistry.Status status;
        uint16 nonce;
        uint16 gatewayId; // 0 if none
        bool hasOperator; // another key than its own signs for it
    }

    /// @dev Provider, resource and units.
    uint256 private constant CLAIM_BITS = 2 ** 200 - 1;

    // forge-lint: disable-start(unsafe-typecast) each cast cuts its own field out of the word
    function load(Entry storage slot) internal view returns (Entry memory entry) {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(slot.slot)
        }
        entry.provider = address(uint160(word));
        entry.resource = uint16(word >> 160);
        entry.units = uint24(word >> 176);
        entry.kind = INodeRegistry.Kind(uint8(word >> 200));
        entry.status = INodeRegistry.Status(uint8(word >> 208));
        entry.nonce = uint16(word >> 216);
        entry.gatewayId = uint16(word >> 232);
        entry.hasOperator = word >> 248 != 0;
    }

    /// @notice What a word of INodeRegistry.claimsOf says.
    function readClaim(uint256 word) internal pure returns (address provider, uint256 resource, uint256 units) {
        return (address(uint160(word)), uint16(word >> 160), uint24(word >> 176));
    }

    // forge-lint: disable-end(unsafe-typecast)

    /// @notice What a node claims, as INodeRegistry.claimsOf tells it.
    function claim(Entry storage slot) internal view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(slot.slot)
        }
        return word & CLAIM_BITS;
    }

    function save(Entry storage slot, Entry memory entry) internal {
        uint256 word = uint256(uint160(entry.provider)) | uint256(entry.resource) << 160 | uint256(entry.units) << 176
            | uint256(entry.kind) << 200 | uint256(entry.status) << 208 | uint256(entry.nonce) << 216
            | uint256(entry.gatewayId) << 232 | (entry.hasOperator ? 1 << 248 : 0);
        assembly ("memory-safe") {
            sstore(slot.slot, word)
        }
    }
}
