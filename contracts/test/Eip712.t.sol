// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {Test} from "forge-std/Test.sol";

import {TestDollar} from "../src/devnet/TestDollar.sol";
import {ILeaseBook} from "../src/lease/ILeaseBook.sol";
import {ILedger} from "../src/money/ILedger.sol";
import {IStandingTopUps} from "../src/money/IStandingTopUps.sol";
import {ISignatureTransfer, Ledger} from "../src/money/Ledger.sol";
import {INodeRegistry} from "../src/registry/INodeRegistry.sol";
import {IDistributor} from "../src/rewards/IDistributor.sol";
import {IBonds} from "../src/stake/IBonds.sol";
import {Spon} from "../src/token/Spon.sol";
import {IVerifierSet} from "../src/verification/IVerifierSet.sol";

/// @title The contracts' EIP-712 digests equal those of test-fixtures/eip712.json, which Rust checks as well
/// @dev The fixture's digests were computed from its type strings alone, by neither of the two.
contract Eip712Test is Test {
    string private json;
    AccessManager private authority;

    struct Case {
        string name;
        string primaryType;
        address at; // the contract's
        bytes message; // ABI encoding of the struct
        bytes32 digest;
    }

    /// @dev As ERC-3009 signs it.
    struct ReceiveWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    struct Purpose {
        address module;
        bytes32 action;
    }

    /// @dev As Permit2 signs it, for the Ledger.
    struct PermitWitnessTransferFrom {
        ISignatureTransfer.TokenPermissions permitted;
        address spender;
        uint256 nonce;
        uint256 deadline;
        Purpose witness;
    }

    function setUp() public {
        json = vm.readFile("test-fixtures/eip712.json");
        authority = new AccessManager(address(this));
        vm.warp(1_800_000_000);
    }

    function test_HashConsent_EqualsTheFixture() public {
        _deploy("NodeRegistry.sol:NodeRegistry", abi.encode(authority, address(0), address(0)), "NodeRegistry");
        _compareHashes("NodeConsent", INodeRegistry.hashConsent.selector);
    }

    function test_HashOperatorConsent_EqualsTheFixture() public {
        _deploy("NodeRegistry.sol:NodeRegistry", abi.encode(authority, address(0), address(0)), "NodeRegistry");
        _compareHashes("OperatorConsent", INodeRegistry.hashOperatorConsent.selector);
    }

    function test_HashClaimTo_EqualsTheFixture() public {
        _deploy("Distributor.sol:Distributor", abi.encode(authority, address(0)), "Distributor");
        _compareHashes("ClaimTo", IDistributor.hashClaimTo.selector);
    }

    function test_HashOrder_EqualsTheFixture() public {
        _deploy("StandingTopUps.sol:StandingTopUps", abi.encode(address(0), address(0)), "StandingTopUps");
        _compareHashes("Order", IStandingTopUps.hashOrder.selector);
    }

    function test_HashOffer_EqualsTheFixture() public {
        address bonds = makeAddr("bonds");
        vm.mockCall(bonds, abi.encodeCall(IBonds.clock, ()), abi.encode(address(0)));
        _deploy("LeaseBook.sol:LeaseBook", abi.encode(authority, address(0), address(0), bonds), "LeaseBook");
        _compareHashes("Offer", ILeaseBook.hashOffer.selector);
    }

    function test_HashVerdict_EqualsTheFixture() public {
        _deploy("VerifierSet.sol:VerifierSet", abi.encode(authority, address(0), address(0), address(0)), "VerifierSet");
        _compareHashes("Verdict", IVerifierSet.hashVerdict.selector);
    }

    function test_HashBatch_EqualsTheFixture() public {
        _deploy("VerifierSet.sol:VerifierSet", abi.encode(authority, address(0), address(0), address(0)), "VerifierSet");
        _compareHashes("VerdictBatch", IVerifierSet.hashBatch.selector);
    }

    function test_HashSessionCommit_EqualsTheFixture() public {
        _deploy("VerifierSet.sol:VerifierSet", abi.encode(authority, address(0), address(0), address(0)), "VerifierSet");
        _compareHashes("SessionCommit", IVerifierSet.hashSessionCommit.selector);
    }

    function test_ReceiveWithAuthorization_TakesASignatureOfTheFixturesDigest() public {
        _deploy("Spon.sol:Spon", abi.encode(authority), "Spon");
        uint256 key = uint256(keccak256("SPON holder"));
        uint256 found;
        for (uint256 i; _exists(i); ++i) {
            Case memory c = _read(i);
            if (!_isSame(c.primaryType, "ReceiveWithAuthorization")) continue;
            ++found;
            uint256 snapshot = vm.snapshotState();
            _receive(c, key);
            vm.revertToState(snapshot);
        }
        assertEq(found, 4);
    }

    function test_PullWithPermit2_TakesASignatureOfTheFixturesDigest() public {
        uint256 found;
        for (uint256 i; _exists(i); ++i) {
            Case memory c = _read(i);
            if (!_isSame(c.primaryType, "PermitWitnessTransferFrom")) continue;
            ++found;
            uint256 snapshot = vm.snapshotState();
            _pull(c);
            vm.revertToState(snapshot);
        }
        assertEq(found, 4, "two values on two chains");
    }

    /// @dev The Ledger and the token stand where the message has them, and the module brings it.
    function _pull(Case memory c) private {
        PermitWitnessTransferFrom memory m = abi.decode(c.message, (PermitWitnessTransferFrom));
        deployCodeTo("Ledger.sol:Ledger", abi.encode(authority), m.spender);
        deployCodeTo("TestDollar.sol:TestDollar", m.permitted.token);
        (Ledger ledger, TestDollar token) = (Ledger(m.spender), TestDollar(m.permitted.token));
        assertEq(c.at, ledger.PERMIT2(), c.name);
        vm.etch(c.at, vm.parseJsonBytes(vm.readFile("test-fixtures/permit2.json"), ".code"));
        ledger.setToken(address(token), true);
        ledger.setModule(m.witness.module, "lease");

        (address owner, uint256 key) = makeAddrAndKey("owner");
        token.mint(owner, m.permitted.amount);
        vm.prank(owner);
        token.approve(c.at, type(uint256).max);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, c.digest);
        ILedger.Permit memory permit =
            ILedger.Permit(address(token), owner, m.permitted.amount, m.nonce, m.deadline, abi.encodePacked(r, s, v));
        vm.prank(m.witness.module);
        ledger.pullWithPermit2AndEscrow(permit, m.witness.action, 1);
        assertEq(ledger.escrowOf(m.witness.module, address(token)), 1, c.name);
        assertEq(ledger.balanceOf(address(token), owner), m.permitted.amount - 1, c.name);
    }

    function _receive(Case memory c, uint256 key) private {
        ReceiveWithAuthorization memory message = abi.decode(c.message, (ReceiveWithAuthorization));
        assertEq(message.from, vm.addr(key));
        Spon token = Spon(c.at);
        token.mint(message.from, message.value);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, c.digest);
        vm.prank(message.to);
        token.receiveWithAuthorization(
            message.from,
            message.to,
            message.value,
            message.validAfter,
            message.validBefore,
            message.nonce,
            abi.encodePacked(r, s, v)
        );
        assertEq(token.balanceOf(message.to), message.value, c.name);
    }

    function _compareHashes(string memory primaryType, bytes4 selector) private {
        uint256 found;
        for (uint256 i; _exists(i); ++i) {
            Case memory c = _read(i);
            if (!_isSame(c.primaryType, primaryType)) continue;
            ++found;
            (bool ok, bytes memory digest) = c.at.staticcall(bytes.concat(selector, c.message));
            assertTrue(ok, c.name);
            assertEq(abi.decode(digest, (bytes32)), c.digest, c.name);
        }
        assertEq(found, 4, "two values on two chains");
    }

    /// @dev Reads a case and goes to its chain, where the contract's domain must be the fixture's.
    function _read(uint256 index) private returns (Case memory c) {
        string memory at = string.concat(".cases[", vm.toString(index), "]");
        c.name = vm.parseJsonString(json, string.concat(at, ".name"));
        c.primaryType = vm.parseJsonString(json, string.concat(at, ".primaryType"));
        c.at = vm.parseJsonAddress(json, string.concat(at, ".domain.verifyingContract"));
        c.digest = vm.parseJsonBytes32(json, string.concat(at, ".digest"));
        string memory encodeType = vm.parseJsonString(json, string.concat(".types.", c.primaryType));
        c.message = vm.parseJsonType(json, string.concat(at, ".message"), encodeType);
        vm.chainId(vm.parseJsonUint(json, string.concat(at, ".domain.chainId")));
        if (c.at.code.length != 0) _compareDomain(c.at, string.concat(at, ".domain"));
    }

    function _compareDomain(address at, string memory domain) private view {
        (, string memory name, string memory version, uint256 chainId, address verifyingContract,,) =
            IERC5267(at).eip712Domain();
        assertEq(name, vm.parseJsonString(json, string.concat(domain, ".name")));
        assertEq(version, vm.parseJsonString(json, string.concat(domain, ".version")));
        assertEq(chainId, vm.parseJsonUint(json, string.concat(domain, ".chainId")));
        assertEq(verifyingContract, vm.parseJsonAddress(json, string.concat(domain, ".verifyingContract")));
    }

    /// @dev Puts the contract where the first case of its name has it.
    function _deploy(string memory artifact, bytes memory arguments, string memory name) private {
        for (uint256 i; _exists(i); ++i) {
            string memory at = string.concat(".cases[", vm.toString(i), "]");
            if (!_isSame(vm.parseJsonString(json, string.concat(at, ".contract")), name)) continue;
            deployCodeTo(artifact, arguments, vm.parseJsonAddress(json, string.concat(at, ".domain.verifyingContract")));
            return;
        }
        revert(string.concat("no case for ", name));
    }

    function _exists(uint256 index) private view returns (bool) {
        return vm.keyExistsJson(json, string.concat(".cases[", vm.toString(index), "]"));
    }

    function _isSame(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }
}
