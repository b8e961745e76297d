// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "./ILeaseBook.sol";

/// @title Packed structs, each read and written as the one word that it is
/// @notice The compiler reads and writes a packed struct field by field; that would cost a lease 2,000 gas a time. What is
/// read goes into a struct of the caller's, as the compiler would clear a new one first.
library Slots {
    /// @notice Nonces of a node that may be open at once: the bits of `Desk.used`.
    uint256 internal constant NONCES = 192;

    /// @notice What is taken of a node: one slot, which is never zero again once it was written.
    struct Desk {
        uint32 leasedUnits;
        uint32 floor; // lowest nonce that is neither used nor cancelled; 0 stands for the first nonce
        uint192 used; // bit i: nonce floor + i is used or cancelled; bit 0 is never set
    }

    // forge-lint: disable-start(unsafe-typecast) each cast cuts its own field out of the word
    function load(ILeaseBook.Lease storage slot, ILeaseBook.Lease memory lease) internal view {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(slot.slot)
        }
        lease.settledTo = uint40(word);
        lease.fundedUntil = uint40(word >> 40);
        lease.holdFrom = uint40(word >> 80);
        lease.holdTo = uint40(word >> 120);
        lease.endsAt = uint40(word >> 160);
        lease.status = ILeaseBook.Status(uint8(word >> 200));
        lease.heldBefore = uint16(word >> 208);
        lease.revision = uint32(word >> 224);
    }

    function save(ILeaseBook.Lease storage slot, ILeaseBook.Lease memory lease) internal {
        uint256 word = lease.settledTo | uint256(lease.fundedUntil) << 40 | uint256(lease.holdFrom) << 80
            | uint256(lease.holdTo) << 120 | uint256(lease.endsAt) << 160 | uint256(lease.status) << 200
            | uint256(lease.heldBefore) << 208 | uint256(lease.revision) << 224;
        assembly ("memory-safe") {
            sstore(slot.slot, word)
        }
    }

    function load(Desk storage slot, Desk memory desk) internal view {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(slot.slot)
        }
        desk.leasedUnits = uint32(word);
        desk.floor = uint32(word >> 32);
        desk.used = uint192(word >> 64);
    }

    function save(Desk storage slot, Desk memory desk) internal {
        uint256 word = desk.leasedUnits | uint256(desk.floor) << 32 | uint256(desk.used) << 64;
        assembly ("memory-safe") {
            sstore(slot.slot, word)
        }
    }

    function load(ILeaseBook.Market storage slot, ILeaseBook.Market memory market) internal view {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(slot.slot)
        }
        market.isOpen = uint8(word) != 0;
        market.feeBps = uint16(word >> 8);
        market.coverBps = uint16(word >> 24);
        market.minFunds = uint96(word >> 40);
        market.minTopUp = uint96(word >> 136);
    }
    // forge-lint: disable-end(unsafe-typecast)
}
