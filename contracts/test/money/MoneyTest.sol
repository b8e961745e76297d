// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";

import {TestDollar} from "../../src/devnet/TestDollar.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {Ledger} from "../../src/money/Ledger.sol";

/// @notice A Ledger with one allowed token, and signers for it. The test itself administers it.
abstract contract MoneyTest is Test {
    bytes32 internal constant PRODUCT = "test";
    uint256 internal constant START = 1_800_000_000;

    AccessManager internal authority;
    Ledger internal ledger;
    TestDollar internal token;

    address internal alice;
    uint256 internal aliceKey;
    address internal bob = makeAddr("bob");

    function setUp() public virtual {
        vm.warp(START);
        authority = new AccessManager(address(this));
        ledger = new Ledger(address(authority));
        token = new TestDollar();
        ledger.setToken(address(token), true);
        (alice, aliceKey) = makeAddrAndKey("alice");
    }

    /// @dev Mints and deposits.
    function _fund(address owner, uint256 amount) internal {
        token.mint(address(this), amount);
        token.approve(address(ledger), amount);
        ledger.deposit(address(token), owner, amount);
    }

    function _authorization(uint256 key, address from, uint256 amount, address module, bytes32 action)
        internal
        view
        returns (ILedger.Authorization memory a)
    {
        a.token = address(token);
        a.from = from;
        a.amount = amount;
        a.validBefore = block.timestamp + 1 hours;
        a.salt = keccak256("salt");
        a.signature = _signAuthorization(key, a, module, action);
    }

    function _signAuthorization(uint256 key, ILedger.Authorization memory a, address module, bytes32 action)
        internal
        view
        returns (bytes memory)
    {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
                ),
                a.from,
                address(ledger),
                a.amount,
                a.validAfter,
                a.validBefore,
                ledger.authorizationNonce(module, action, a.salt)
            )
        );
        return _sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }

    function _signPermit(uint256 key, address owner, uint256 amount, uint256 deadline)
        internal
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                owner,
                address(ledger),
                amount,
                token.nonces(owner),
                deadline
            )
        );
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }

    /// @dev Puts Permit2's code at its address.
    function _installPermit2() internal {
        vm.etch(ledger.PERMIT2(), vm.parseJsonBytes(vm.readFile("test-fixtures/permit2.json"), ".code"));
    }

    /// @dev A Permit2 transfer of `amount` wei to the Ledger, for `action` of `module`.
    function _permit(uint256 key, address from, uint256 amount, address module, bytes32 action)
        internal
        view
        returns (ILedger.Permit memory p)
    {
        p.token = address(token);
        p.from = from;
        p.amount = amount;
        p.nonce = 7;
        p.deadline = block.timestamp + 1 hours;
        p.signature = _signPermit2(key, p, module, action);
    }

    function _signPermit2(uint256 key, ILedger.Permit memory p, address module, bytes32 action)
        internal
        view
        returns (bytes memory)
    {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Purpose witness)Purpose(address module,bytes32 action)TokenPermissions(address token,uint256 amount)"
                ),
                keccak256(abi.encode(keccak256("TokenPermissions(address token,uint256 amount)"), p.token, p.amount)),
                address(ledger),
                p.nonce,
                p.deadline,
                keccak256(abi.encode(keccak256("Purpose(address module,bytes32 action)"), module, action))
            )
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)"),
                keccak256("Permit2"),
                block.chainid,
                ledger.PERMIT2()
            )
        );
        return _sign(key, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
