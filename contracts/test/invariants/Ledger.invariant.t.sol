// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "forge-std/Test.sol";

import {ILedger} from "../../src/money/ILedger.sol";
import {LedgerHandler} from "../money/LedgerHandler.sol";

/// @title For each token, the Ledger's balance covers the sum of balances, of unpaid funds of leases, and of fees.
contract LedgerInvariant is Test {
    LedgerHandler private handler;
    ILedger private ledger;

    function setUp() public {
        handler = new LedgerHandler();
        ledger = handler.ledger_();
        bytes4[] memory selectors = new bytes4[](14);
        selectors[0] = LedgerHandler.deposit.selector;
        selectors[1] = LedgerHandler.depositWithAuthorization.selector;
        selectors[2] = LedgerHandler.pullAndEscrow.selector;
        selectors[3] = LedgerHandler.withdraw.selector;
        selectors[4] = LedgerHandler.donate.selector;
        selectors[5] = LedgerHandler.allow.selector;
        selectors[6] = LedgerHandler.escrow.selector;
        selectors[7] = LedgerHandler.escrowAsOperator.selector;
        selectors[8] = LedgerHandler.relax.selector;
        selectors[9] = LedgerHandler.release.selector;
        selectors[10] = LedgerHandler.collectFees.selector;
        selectors[11] = LedgerHandler.admit.selector;
        selectors[12] = LedgerHandler.pullWithAuthorizationAndEscrow.selector;
        selectors[13] = LedgerHandler.pause.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    /// @notice Not a wei more or less than it owes and was given.
    function invariant_balanceIsWhatIsOwed() public view {
        for (uint256 i = 0; i < 2; ++i) {
            address token = handler.tokens(i);
            assertEq(IERC20(token).balanceOf(address(ledger)), handler.owed(token) + handler.donated(token));
        }
    }

    function invariant_usageIsWhatIsLive() public view {
        for (uint256 i = 0; i < 6; ++i) {
            (address token, address owner) = (handler.tokens(i % 2), handler.owners(i % 3));
            (uint256 rate, uint256 exposure) = handler.liveUsage(token, owner);
            ILedger.Usage memory usage = ledger.usageOf(token, owner, handler.operator());
            assertEq(usage.rate, rate);
            assertEq(usage.exposure, exposure);
        }
    }
}
