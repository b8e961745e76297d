// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "./ILeaseBook.sol";
import {IReleasePolicy} from "./IReleasePolicy.sol";

/// @title Questions to a policy that may do anything
/// @notice A question gets a fixed amount of gas, and at most three words of its answer are read. A call that fails, or
/// answers with less, answers nothing; one that would be starved of gas reverts instead.
library PolicyCalls {
    /// @dev Gas that a policy is given.
    uint256 internal constant POLICY_GAS = 300_000;

    /// @dev Gas that must be left for POLICY_GAS to reach the policy: a call passes on 63/64, after a cold access.
    uint256 private constant POLICY_GAS_NEEDED = POLICY_GAS * 64 / 63 + 5_000;

    /// @notice The policy's answer for [from, to) at one rate, cut to what was proposed; nothing if it fails.
    /// @return amount Wei.
    /// @return advanceTo In [from, to].
    /// @return revision `known` if it fails.
    function release(
        address policy,
        bytes32 leaseId,
        address node,
        uint256 from,
        uint256 to,
        uint256 rate,
        uint256 known
    ) internal view returns (uint256 amount, uint256 advanceTo, uint256 revision) {
        bytes memory question = abi.encodeCall(IReleasePolicy.release, (leaseId, node, from, to, rate * (to - from)));
        bool answered;
        (answered, amount, advanceTo, revision) = _ask(policy, question, 0x60);
        if (!answered) return (0, from, known);
        if (advanceTo <= from) return (0, from, revision);
        if (advanceTo > to) advanceTo = to;
        uint256 most = rate * (advanceTo - from);
        if (amount > most) amount = most;
    }

    /// @notice The seconds of [from, to) that the policy has taken back after `since`, at most all of them.
    /// @return revoked Seconds.
    /// @return revision `since` if it fails.
    function revokedSeconds(address policy, address node, uint256 since, uint256 from, uint256 to)
        internal
        view
        returns (uint256 revoked, uint256 revision)
    {
        bytes memory question = abi.encodeCall(IReleasePolicy.revokedSeconds, (node, since, from, to));
        bool answered;
        (answered, revoked, revision,) = _ask(policy, question, 0x40);
        if (!answered) return (0, since);
        if (revoked > to - from) revoked = to - from;
    }

    /// @notice How many units of the node may be leased at once as the policy sees it; 0 if it fails.
    function capacityOf(address policy, address node) internal view returns (uint256 units) {
        bool answered;
        (answered, units,,) = _ask(policy, abi.encodeCall(IReleasePolicy.capacityOf, (node)), 0x20);
        if (!answered) units = 0;
    }

    /// @dev The first three words of an answer of at least `size` bytes.
    function _ask(address policy, bytes memory question, uint256 size)
        private
        view
        returns (bool answered, uint256 first, uint256 second, uint256 third)
    {
        if (gasleft() < POLICY_GAS_NEEDED) {
            revert ILeaseBook.LeaseBook_InsufficientGas(gasleft(), POLICY_GAS_NEEDED);
        }
        assembly ("memory-safe") {
            let answer := add(question, 0x20)
            answered := staticcall(POLICY_GAS, policy, answer, mload(question), answer, size)
            answered := and(answered, iszero(lt(returndatasize(), size)))
            first := mload(answer)
            second := mload(add(answer, 0x20))
            third := mload(add(answer, 0x40))
        }
    }
}
