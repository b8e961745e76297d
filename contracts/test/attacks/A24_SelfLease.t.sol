// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {LeaseTest} from "../lease/LeaseTest.sol";

/// @title A lease of one's own node never leaves its owner richer, and what the protocol counts was really paid
contract SelfLeaseTest is LeaseTest {
    uint256 private constant STAKE = 1e15;

    function setUp() public override {
        super.setUp();
        registry.setNode(node, alice, INodeRegistry.Status.Active);
        bonds.setStake(STAKE);
        book.setMarket(address(token), address(policy), ILeaseBook.Market(true, 200, 1_000, 0, 0));
    }

    function _wealth(ILeaseBook.Terms memory terms) private view returns (uint256) {
        return _balance(alice) + bonds.stake() + bonds.owed(alice) + book.escrowOf(terms);
    }

    /// @dev Wei of fees in the settlements since the last question, each of them the protocol's share to the wei.
    function _feesTold() private returns (uint256 told) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != ILeaseBook.LeaseSettled.selector) continue;
            (,, uint256 payment, uint256 fee,) = abi.decode(logs[i].data, (uint256, uint256, uint256, uint256, uint256));
            assertEq(fee, (payment + fee) * FEE_BPS / 10_000);
            told += fee;
        }
    }

    function testFuzz_noStrategyProfits(uint256 seed) public {
        ILeaseBook.Terms memory terms = _openUsual();
        assertEq(terms.provider, terms.renter);
        uint256 told;
        vm.recordLogs();
        for (uint256 i = 0; i < 16; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (seed % 2 == 0) skip(seed >> 8 & 0xfff);
            if (seed >> 64 & 7 == 0) policy.revoke(START + (seed >> 72 & 0xfff), START + (seed >> 96 & 0xffff));
            bytes[6] memory calls = [
                abi.encodeCall(ILeaseBook.settle, (terms)),
                abi.encodeCall(ILeaseBook.settle, (terms)),
                abi.encodeCall(ILeaseBook.topUp, (terms, 1 + (seed >> 128 & 0xff))),
                abi.encodeCall(ILeaseBook.clawBack, (terms)),
                abi.encodeCall(ILeaseBook.close, (terms)),
                abi.encodeCall(ILeaseBook.reclaim, (terms))
            ];
            vm.prank(alice);
            (bool done,) = address(book).call(calls[(seed >> 32) % (i < 10 ? 4 : 6)]);
            done;
            uint256 fees = ledger.feesOf(address(book), address(token));
            assertEq(_wealth(terms) + fees, RICH + STAKE, "the fee is the price");
            told += _feesTold();
            assertEq(told, fees, "a fee was told and not paid");
        }
    }
}
