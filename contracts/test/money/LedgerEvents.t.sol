// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";

import {ILedger} from "../../src/money/ILedger.sol";
import {LedgerHandler} from "./LedgerHandler.sol";

/// @notice Whoever only reads the Ledger's events knows every balance, escrow, fee, usage and setting.
contract LedgerEventsTest is Test {
    LedgerHandler private handler;
    ILedger private ledger;

    mapping(address token => mapping(address owner => uint256)) private _balances;
    mapping(address module => mapping(address token => uint256)) private _escrows;
    mapping(address module => mapping(address token => uint256)) private _fees;
    mapping(address token => mapping(address owner => ILedger.Usage)) private _usage;
    mapping(address module => bytes32) private _products;
    mapping(address token => bool) private _allowed;
    bool private _paused;

    function setUp() public {
        vm.recordLogs();
        handler = new LedgerHandler();
        ledger = handler.ledger_();
    }

    function testFuzz_TheEventsTellTheState(uint256[64] memory steps) public {
        for (uint256 i; i < steps.length; ++i) {
            _step(uint256(keccak256(abi.encode(steps[i], i))));
        }
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == address(ledger)) _fold(logs[i]);
        }
        _compare();
    }

    function _step(uint256 seed) private {
        (uint256 which, uint256 who, uint256 module) = (seed >> 8, seed >> 16, seed >> 24);
        (uint256 amount, uint256 other) = (seed >> 32, seed >> 64);
        uint256 action = seed % 14;
        if (action == 0) handler.deposit(which, who, amount);
        if (action == 1) handler.depositWithAuthorization(amount);
        if (action == 2) handler.pullAndEscrow(which, module, who, amount);
        if (action == 3) handler.withdraw(which, who, amount);
        if (action == 4) handler.donate(which, amount);
        if (action == 5) handler.allow(which, who, uint128(amount), uint128(other));
        if (action == 6) handler.escrow(which, who, module, amount);
        if (action == 7) handler.escrowAsOperator(which, who, module, amount, other);
        if (action == 8) handler.relax(which, who, module, amount, other);
        if (action == 9) handler.release(which, who, module, amount, other, seed >> 96);
        if (action == 10) handler.collectFees(module, which);
        if (action == 11) handler.admit(module, amount % 4 != 0);
        if (action == 12) handler.pullWithAuthorizationAndEscrow(module, amount, other);
        if (action == 13) handler.pause(amount);
    }

    function _fold(Vm.Log memory log) private {
        bytes32 kind = log.topics[0];
        if (kind == ILedger.Deposited.selector) {
            (, uint256 amount) = abi.decode(log.data, (address, uint256));
            _balances[_topic(log, 1)][_topic(log, 2)] += amount;
        } else if (kind == ILedger.Withdrawn.selector) {
            _balances[_topic(log, 1)][_topic(log, 2)] -= abi.decode(log.data, (uint256));
        } else if (kind == ILedger.Escrowed.selector) {
            (address token, uint256 amount) = abi.decode(log.data, (address, uint256));
            _balances[token][_topic(log, 2)] -= amount;
            _escrows[_topic(log, 1)][token] += amount;
        } else if (kind == ILedger.EscrowedFromWallet.selector) {
            (address token, uint256 arrived, uint256 escrowed) = abi.decode(log.data, (address, uint256, uint256));
            _balances[token][_topic(log, 2)] = _balances[token][_topic(log, 2)] + arrived - escrowed;
            _escrows[_topic(log, 1)][token] += escrowed;
        } else if (kind == ILedger.Released.selector) {
            (address token, uint256 payment, uint256 fee, uint256 refund) =
                abi.decode(log.data, (address, uint256, uint256, uint256));
            _escrows[_topic(log, 1)][token] -= payment + fee + refund;
            _fees[_topic(log, 1)][token] += fee;
            _balances[token][_topic(log, 2)] += payment;
            _balances[token][_topic(log, 3)] += refund;
        } else if (kind == ILedger.FeesCollected.selector) {
            uint256 amount = abi.decode(log.data, (uint256));
            _fees[_topic(log, 1)][_topic(log, 2)] -= amount;
            _balances[_topic(log, 2)][_topic(log, 3)] += amount;
        } else if (kind == ILedger.UsageChanged.selector) {
            (uint256 rate, uint256 exposure) = abi.decode(log.data, (uint256, uint256));
            _usage[_topic(log, 3)][_topic(log, 1)] = ILedger.Usage(uint128(rate), uint128(exposure));
        } else if (kind == ILedger.ModuleSet.selector) {
            _products[_topic(log, 1)] = log.topics[2];
        } else if (kind == ILedger.TokenSet.selector) {
            _allowed[_topic(log, 1)] = abi.decode(log.data, (bool));
        } else if (kind == ILedger.PausedSet.selector) {
            _paused = abi.decode(log.data, (bool));
        }
    }

    function _compare() private view {
        assertEq(_paused, ledger.paused(), "paused");
        for (uint256 i; i < 2; ++i) {
            address token = handler.tokens(i);
            address module = handler.modules(i);
            assertEq(_allowed[token], ledger.isTokenAllowed(token), "allowed");
            assertEq(_products[module], ledger.productOf(module), "product");
            for (uint256 j; j < 2; ++j) {
                address held = handler.tokens(j);
                assertEq(_escrows[module][held], ledger.escrowOf(module, held), "escrow");
                assertEq(_fees[module][held], ledger.feesOf(module, held), "fees");
            }
            for (uint256 j; j < 3; ++j) {
                address owner = handler.owners(j);
                assertEq(_balances[token][owner], ledger.balanceOf(token, owner), "balance");
                ILedger.Usage memory usage = ledger.usageOf(token, owner, handler.operator());
                assertEq(_usage[token][owner].rate, usage.rate, "rate");
                assertEq(_usage[token][owner].exposure, usage.exposure, "exposure");
            }
        }
    }

    function _topic(Vm.Log memory log, uint256 index) private pure returns (address) {
        return address(uint160(uint256(log.topics[index])));
    }
}
