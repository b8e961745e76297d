// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {LeaseTest} from "../lease/LeaseTest.sol";

/// @title Filecoin Pay's operator usage leaked when rails were settled, changed and ended
/// @notice Here an allowance for one lease is good for any number of leases one after the other, and for one at a time.
contract FilecoinAllowanceLeakTest is LeaseTest {
    uint256 private constant NEEDED = uint256(RATE) * FUNDED + HOLD * GRACE;

    function testFuzz_oneLeaseAtATimeForever(uint256 seed) public {
        vm.prank(alice);
        ledger.setAllowance(
            address(token), operator, ILedger.Allowance(RATE, uint128(NEEDED), type(uint40).max, FUNDED + GRACE)
        );
        for (uint256 i = 0; i < 8; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            ILeaseBook.Request memory request = _request();
            request.salt = bytes32(i);
            ILeaseBook.Terms memory terms = _open(_offer(), request, operator);
            assertEq(ledger.usageOf(address(token), alice, operator).exposure, NEEDED);
            skip(seed % (FUNDED + GRACE + 10));
            if (seed & 1 << 200 != 0) book.settle(terms);
            ILeaseBook.Status status = _lease(terms).status;
            if (status == ILeaseBook.Status.Open) {
                vm.prank(alice);
                book.close(terms);
            }
            skip(100);
            if (_lease(terms).status != ILeaseBook.Status.Closed) book.settle(terms);
            assertEq(ledger.usageOf(address(token), alice, operator).exposure, 0);
            assertEq(ledger.usageOf(address(token), alice, operator).rate, 0);
        }
    }
}
