// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm, VmSafe} from "forge-std/Vm.sol";

/// @title What the EVM charges a transaction for what it touches, apart from computing
/// @notice The intrinsic gas and the calldata (EIP-2028), each account and slot once as cold (EIP-2929), each slot's change from
/// its first to its last value (EIP-2200, EIP-3529), the logs, and recovering signers. No code that reads, writes, logs
/// and is sent the same can cost less.
library StateGas {
    struct Slot {
        bytes32 key;
        bytes32 before;
        bytes32 last;
    }

    struct Seen {
        uint256 count;
        Slot[] slots;
    }

    uint256 private constant INTRINSIC = 21_000;
    uint256 private constant COLD_ACCOUNT = 2_600;
    uint256 private constant COLD_SLOT = 2_100;
    uint256 private constant RECOVER = 3_000;

    /// @param recorded Accesses up to the end of the transaction; it begins with the last call that no other one made.
    function cost(VmSafe.AccountAccess[] memory recorded, VmSafe.Log[] memory logs)
        internal
        pure
        returns (uint256 gas)
    {
        VmSafe.AccountAccess[] memory accesses = _lastCall(recorded);
        gas = INTRINSIC + _calldata(accesses[0].data) + _logs(logs) + _accounts(accesses);
        (uint256 slots, uint256 refund) = _slots(accesses);
        gas += slots;
        // A fifth at most is given back.
        gas -= refund < gas / 5 ? refund : gas / 5;
    }

    function _lastCall(VmSafe.AccountAccess[] memory recorded)
        private
        pure
        returns (VmSafe.AccountAccess[] memory accesses)
    {
        uint256 start;
        for (uint256 i; i < recorded.length; ++i) {
            bool isCall = recorded[i].kind == VmSafe.AccountAccessKind.Call
                || recorded[i].kind == VmSafe.AccountAccessKind.StaticCall;
            if (isCall && recorded[i].depth <= recorded[start].depth) start = i;
        }
        accesses = new VmSafe.AccountAccess[](recorded.length - start);
        for (uint256 i; i < accesses.length; ++i) {
            accesses[i] = recorded[start + i];
        }
    }

    function _calldata(bytes memory data) private pure returns (uint256 gas) {
        for (uint256 i; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
    }

    function _logs(VmSafe.Log[] memory logs) private pure returns (uint256 gas) {
        for (uint256 i; i < logs.length; ++i) {
            gas += 375 * (1 + logs[i].topics.length) + 8 * logs[i].data.length;
        }
    }

    /// @dev The sender, the contract called and precompiles are warm from the start.
    function _accounts(VmSafe.AccountAccess[] memory accesses) private pure returns (uint256 gas) {
        address[] memory seen = new address[](accesses.length);
        uint256 count;
        for (uint256 i; i < accesses.length; ++i) {
            address account = accesses[i].account;
            if (account == address(1)) gas += RECOVER;
            if (uint160(account) < 256 || account == accesses[0].account || account == accesses[0].accessor) continue;
            bool isKnown;
            for (uint256 j; j < count && !isKnown; ++j) {
                isKnown = seen[j] == account;
            }
            if (isKnown) continue;
            seen[count++] = account;
            gas += COLD_ACCOUNT;
        }
    }

    function _slots(VmSafe.AccountAccess[] memory accesses) private pure returns (uint256 gas, uint256 refund) {
        Seen memory seen = Seen(0, new Slot[](_storageAccesses(accesses)));
        for (uint256 i; i < accesses.length; ++i) {
            for (uint256 j; j < accesses[i].storageAccesses.length; ++j) {
                _note(seen, accesses[i].storageAccesses[j]);
            }
        }
        for (uint256 i; i < seen.count; ++i) {
            Slot memory slot = seen.slots[i];
            gas += COLD_SLOT;
            if (slot.before == slot.last) continue;
            gas += slot.before == 0 ? 20_000 : 2_900;
            if (slot.last == 0) refund += 4_800;
        }
    }

    function _note(Seen memory seen, VmSafe.StorageAccess memory access) private pure {
        bytes32 key = keccak256(abi.encode(access.account, access.slot));
        for (uint256 i; i < seen.count; ++i) {
            if (seen.slots[i].key != key) continue;
            seen.slots[i].last = access.newValue;
            return;
        }
        seen.slots[seen.count++] = Slot(key, access.previousValue, access.newValue);
    }

    function _storageAccesses(VmSafe.AccountAccess[] memory accesses) private pure returns (uint256 count) {
        for (uint256 i; i < accesses.length; ++i) {
            count += accesses[i].storageAccesses.length;
        }
    }
}
