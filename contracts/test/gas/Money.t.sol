// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILedger} from "../../src/money/ILedger.sol";
import {GasTest} from "./GasTest.sol";

contract MoneyGasTest is GasTest {
    string private constant GROUP = "money";

    function setUp() public override {
        super.setUp();
        // Somebody has a balance already, as always but once.
        dollar.mint(provider, 1e6);
        vm.startPrank(provider);
        dollar.approve(address(ledger), type(uint256).max);
        ledger.deposit(address(dollar), provider, 1e6);
        vm.stopPrank();
    }

    function test_DepositAndWithdraw() public {
        vm.startPrank(renter);
        _watch();
        ledger.deposit(address(dollar), renter, 1e6);
        _keep(GROUP, "deposit, first");
        _watch();
        ledger.deposit(address(dollar), renter, 1e6);
        _keep(GROUP, "deposit, again");
        _watch();
        ledger.withdraw(address(dollar), renter, 1e6);
        _keep(GROUP, "withdraw, a part");
        _watch();
        ledger.withdraw(address(dollar), renter, 1e6);
        _keep(GROUP, "withdraw, all");
    }

    function test_DepositWithAuthorization() public {
        ILedger.Authorization memory authorization = _authorization(address(0), 0, 1e6, bytes32(0));
        _watch();
        ledger.depositWithAuthorization(authorization);
        _keep(GROUP, "deposit with ERC-3009, first");
        authorization = _authorization(address(0), 0, 1e6, bytes32(uint256(1)));
        _watch();
        ledger.depositWithAuthorization(authorization);
        _keep(GROUP, "deposit with ERC-3009, again", 80_000);
    }

    function test_DepositWithPermit() public {
        for (uint256 i; i < 2; ++i) {
            uint256 deadline = block.timestamp + 1 days;
            bytes32 digest = keccak256(
                abi.encodePacked(
                    hex"1901",
                    dollar.DOMAIN_SEPARATOR(),
                    keccak256(
                        abi.encode(
                            keccak256(
                                "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
                            ),
                            renter,
                            address(ledger),
                            1e6,
                            dollar.nonces(renter),
                            deadline
                        )
                    )
                )
            );
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(renterKey, digest);
            vm.prank(renter);
            _watch();
            ledger.depositWithPermit(address(dollar), 1e6, deadline, v, r, s);
            if (i == 0) _keep(GROUP, "deposit with permit, first");
            else _keep(GROUP, "deposit with permit, again", 80_000);
        }
    }
}
