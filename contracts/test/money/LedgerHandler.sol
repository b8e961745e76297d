// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ILedger} from "../../src/money/ILedger.sol";
import {MoneyFeeToken} from "../mocks/MoneyTokens.sol";
import {MoneyTest} from "./MoneyTest.sol";

/// @notice Three owners, an operator and two modules over a dollar and a token that keeps a fee.
contract LedgerHandler is MoneyTest {
    address[] public tokens;
    address[] public owners;
    address[] public modules;
    address public collector = makeAddr("collector");
    address public operator = makeAddr("operator");

    mapping(address token => uint256) public donated;
    uint256 public withdrawals;

    /// @dev What each module committed as the operator and did not relax, per token and owner.
    mapping(bytes32 moduleTokenOwner => ILedger.Usage) private _live;

    MoneyFeeToken private _feeToken;
    uint256 private _salt;
    uint256 private _deposits;

    constructor() {
        setUp();
        _feeToken = new MoneyFeeToken(137);
        ledger.setToken(address(_feeToken), true);
        ledger.setFeeCollector(collector);
        tokens = [address(token), address(_feeToken)];
        owners = [alice, bob, collector];
        modules = [makeAddr("first module"), makeAddr("second module")];
        for (uint256 i = 0; i < modules.length; ++i) {
            ledger.setModule(modules[i], PRODUCT);
        }
    }

    function deposit(uint256 which, uint256 who, uint256 amount) external {
        if (ledger.paused()) return;
        address token_ = tokens[which % 2];
        amount = bound(amount, 1, 1e24);
        _mint(token_, address(this), amount);
        IERC20(token_).approve(address(ledger), amount);
        ledger.deposit(token_, owners[who % 3], amount);
    }

    function depositWithAuthorization(uint256 amount) external {
        if (ledger.paused()) return;
        amount = bound(amount, 1, 1e24);
        token.mint(alice, amount);
        ILedger.Authorization memory a = _authorization(aliceKey, alice, amount, address(0), 0);
        a.salt = bytes32(_deposits++);
        a.signature = _signAuthorization(aliceKey, a, address(0), 0);
        ledger.depositWithAuthorization(a);
    }

    /// @dev What a token keeps of a transfer comes out of the owner's balance, if that covers it.
    function pullAndEscrow(uint256 which, uint256 module, uint256 who, uint256 amount) external {
        (address token_, address owner) = (tokens[which % 2], owners[who % 3]);
        amount = bound(amount, 1, 1e24);
        if (ledger.productOf(modules[module % 2]) == 0 || ledger.paused()) return;
        uint256 kept = token_ == address(token) ? 0 : amount * _feeToken.feeBps() / 10_000;
        if (ledger.balanceOf(token_, owner) < kept) return;
        _mint(token_, owner, amount);
        vm.prank(owner);
        IERC20(token_).approve(address(ledger), amount);
        vm.prank(modules[module % 2]);
        ledger.pullAndEscrow(token_, owner, amount);
    }

    function pullWithAuthorizationAndEscrow(uint256 module, uint256 amount, uint256 escrowed) external {
        address module_ = modules[module % 2];
        if (ledger.productOf(module_) == 0 || ledger.paused()) return;
        amount = bound(amount, 1, 1e24);
        token.mint(alice, amount);
        ILedger.Authorization memory a = _authorization(aliceKey, alice, amount, module_, "action");
        a.salt = keccak256(abi.encode(++_salt));
        a.signature = _signAuthorization(aliceKey, a, module_, "action");
        escrowed = bound(escrowed, 1, amount + ledger.balanceOf(address(token), alice));
        vm.prank(module_);
        ledger.pullWithAuthorizationAndEscrow(a, "action", escrowed);
    }

    function pause(uint256 seed) external {
        ledger.setPaused(seed % 4 == 0);
    }

    function withdraw(uint256 which, uint256 who, uint256 amount) external {
        (address token_, address owner) = (tokens[which % 2], owners[who % 3]);
        uint256 balance = ledger.balanceOf(token_, owner);
        if (balance == 0) return;
        vm.prank(owner);
        ledger.withdraw(token_, owner, bound(amount, 1, balance));
        ++withdrawals;
    }

    function donate(uint256 which, uint256 amount) external {
        amount = bound(amount, 1, 1e20);
        _mint(tokens[which % 2], address(ledger), amount);
        donated[tokens[which % 2]] += amount;
    }

    function allow(uint256 which, uint256 who, uint128 rateCap, uint128 exposureCap) external {
        vm.prank(owners[who % 3]);
        ledger.setAllowance(tokens[which % 2], operator, ILedger.Allowance(rateCap, exposureCap, uint40(START + 1), 0));
    }

    function escrow(uint256 which, uint256 who, uint256 module, uint256 amount) external {
        (address token_, address owner) = (tokens[which % 2], owners[who % 3]);
        uint256 balance = ledger.balanceOf(token_, owner);
        if (balance == 0 || ledger.productOf(modules[module % 2]) == 0) return;
        vm.prank(modules[module % 2]);
        ledger.escrow(token_, owner, owner, bound(amount, 1, balance), 0, 0);
    }

    function escrowAsOperator(uint256 which, uint256 who, uint256 module, uint256 amount, uint256 rate) external {
        (address token_, address owner) = (tokens[which % 2], owners[who % 3]);
        address module_ = modules[module % 2];
        ILedger.Allowance memory allowance = ledger.allowanceOf(token_, owner, operator);
        ILedger.Usage memory usage = ledger.usageOf(token_, owner, operator);
        if (allowance.exposureCap <= usage.exposure || allowance.rateCap < usage.rate) return;
        uint256 room = allowance.exposureCap - usage.exposure;
        uint256 balance = ledger.balanceOf(token_, owner);
        if (balance == 0 || ledger.productOf(module_) == 0) return;

        amount = bound(amount, 1, balance < room ? balance : room);
        rate = bound(rate, 0, allowance.rateCap - usage.rate);
        vm.prank(module_);
        ledger.escrow(token_, owner, operator, amount, rate, 0);
        ILedger.Usage storage live = _live[_key(module_, token_, owner)];
        (live.rate, live.exposure) = (live.rate + uint128(rate), live.exposure + uint128(amount));
    }

    function relax(uint256 which, uint256 who, uint256 module, uint256 amount, uint256 rate) external {
        (address token_, address owner, address module_) = (tokens[which % 2], owners[who % 3], modules[module % 2]);
        ILedger.Usage storage live = _live[_key(module_, token_, owner)];
        amount = bound(amount, 0, live.exposure);
        rate = bound(rate, 0, live.rate);
        if (amount + rate == 0) return;
        (live.rate, live.exposure) = (live.rate - uint128(rate), live.exposure - uint128(amount));
        vm.prank(module_);
        ledger.relax(token_, owner, operator, amount, rate);
    }

    function release(uint256 which, uint256 who, uint256 module, uint256 payment, uint256 fee, uint256 refund)
        external
    {
        address token_ = tokens[which % 2];
        uint256 escrowed = ledger.escrowOf(modules[module % 2], token_);
        if (escrowed == 0) return;
        payment = bound(payment, 0, escrowed);
        fee = bound(fee, 0, escrowed - payment);
        refund = bound(refund, 0, escrowed - payment - fee);
        if (payment + fee + refund == 0) return;
        vm.prank(modules[module % 2]);
        ledger.release(token_, owners[who % 3], owners[addmod(who, 1, 3)], payment, fee, refund);
    }

    function collectFees(uint256 which, uint256 module) external {
        ledger.collectFees(modules[module % 2], tokens[which % 2]);
    }

    function admit(uint256 module, bool admitted) external {
        ledger.setModule(modules[module % 2], admitted ? PRODUCT : bytes32(0));
    }

    /// @notice Everything the Ledger owes in `token_`.
    function owed(address token_) external view returns (uint256 sum) {
        for (uint256 i = 0; i < owners.length; ++i) {
            sum += ledger.balanceOf(token_, owners[i]);
        }
        for (uint256 i = 0; i < modules.length; ++i) {
            sum += ledger.escrowOf(modules[i], token_) + ledger.feesOf(modules[i], token_);
        }
    }

    /// @notice What the operator has committed of `owner`'s `token_`, over both modules.
    function liveUsage(address token_, address owner) external view returns (uint256 rate, uint256 exposure) {
        for (uint256 i = 0; i < modules.length; ++i) {
            ILedger.Usage memory usage = _live[_key(modules[i], token_, owner)];
            (rate, exposure) = (rate + usage.rate, exposure + usage.exposure);
        }
    }

    function ledger_() external view returns (ILedger) {
        return ledger;
    }

    function _mint(address token_, address to, uint256 amount) private {
        token_ == address(token) ? token.mint(to, amount) : _feeToken.mint(to, amount);
    }

    function _key(address module, address token_, address owner) private pure returns (bytes32) {
        return keccak256(abi.encode(module, token_, owner));
    }
}
