// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {AttestationPolicy} from "../../src/verification/AttestationPolicy.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {VerifierSet} from "../../src/verification/VerifierSet.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {LeasedUnits} from "../mocks/LeasedUnits.sol";
import {RegistryFixture} from "../registry/RegistryFixture.sol";
import {SampleVerdict} from "./SampleVerdict.sol";

/// @title A registered node, a set of verifiers and the policy that their verdicts are recorded in
abstract contract VerificationFixture is RegistryFixture {
    VerifierSet internal verifierSet;
    AttestationPolicy internal policy;
    LeasedUnits internal leases;

    mapping(address verifier => uint256) internal keyOf;
    mapping(address verifier => bytes32[]) internal chainOf;
    uint256 private _sessions;

    function setUp() public virtual override {
        super.setUp();
        verifierSet = new VerifierSet(address(authority), bonds, registry, IOutageClock(address(0)));
        leases = new LeasedUnits();
        policy = new AttestationPolicy(address(verifierSet), leases, IOutageClock(address(0)));
        verifierSet.setPolicy(address(policy));
        bonds.setSlasher(address(verifierSet), true);
        _registerProvider(provider);
        _registerNode(provider, node, nodeKey, _claim());
    }

    function _makeVerifier(uint256 number) internal returns (address verifier) {
        uint256 key;
        (verifier, key) = makeAddrAndKey(string.concat("verifier ", vm.toString(number)));
        keyOf[verifier] = key;
    }

    /// @dev A verifier with a bond and a hash chain of eight reveals.
    function _joinVerifier(uint256 number) internal returns (address verifier) {
        verifier = _makeVerifier(number);
        _bond(IBonds.Role.Verifier, verifier, MINIMUM_BOND);
        _joinAs(verifier, _newChain(verifier));
    }

    function _joinVerifiers(uint256 count) internal {
        for (uint256 i; i < count; ++i) {
            _joinVerifier(i);
        }
    }

    function _joinAs(address verifier, bytes32 tip) internal {
        vm.prank(verifier);
        verifierSet.join(address(token), tip);
    }

    function _leave(address verifier) internal {
        vm.prank(verifier);
        verifierSet.leave();
    }

    /// @dev Each element is the preimage of the one below it; the tip is not on the list.
    function _newChain(address verifier) internal returns (bytes32 tip) {
        delete chainOf[verifier];
        tip = keccak256(abi.encode("end of chain", verifier, block.timestamp));
        for (uint256 i; i < 8; ++i) {
            chainOf[verifier].push(tip);
            tip = keccak256(abi.encode(tip));
        }
    }

    function _reveal(address verifier) internal returns (bytes32 preimage) {
        bytes32[] storage chain = chainOf[verifier];
        preimage = chain[chain.length - 1];
        chain.pop();
        vm.prank(verifier);
        verifierSet.reveal(preimage);
    }

    /// @dev A pass of the whole node, measured now, good for a day.
    function _verdict() internal returns (IVerifierSet.Verdict memory verdict) {
        verdict = SampleVerdict.pass(node, 8, GPU, verifierSet.roundAt(block.timestamp));
        verdict.leaseId = keccak256("lease");
        verdict.sessionId = keccak256(abi.encode("session", ++_sessions));
        verdict.provider = provider;
        verdict.measurement.startMs += 123;
    }

    /// @dev Signed by the first `count` of the committee, in ascending order.
    function _signed(IVerifierSet.Verdict memory verdict, uint256 count)
        internal
        view
        returns (IVerifierSet.Signature[] memory)
    {
        address[] memory committee = verifierSet.committeeOf(verdict.node, verdict.beaconRound);
        address[] memory signers = new address[](count);
        for (uint256 i; i < count; ++i) {
            signers[i] = committee[i];
        }
        return _signedBy(verdict, signers);
    }

    function _signedBy(IVerifierSet.Verdict memory verdict, address[] memory signers)
        internal
        view
        returns (IVerifierSet.Signature[] memory signatures)
    {
        _sort(signers);
        signatures = new IVerifierSet.Signature[](signers.length);
        for (uint256 i; i < signers.length; ++i) {
            signatures[i] = IVerifierSet.Signature(signers[i], _signVerdict(signers[i], verdict));
        }
    }

    function _signVerdict(address signer, IVerifierSet.Verdict memory verdict) internal view returns (bytes memory) {
        return _sign(keyOf[signer], verifierSet.hashVerdict(verdict));
    }

    function _submit(IVerifierSet.Verdict memory verdict) internal {
        verifierSet.submit(verdict, _signed(verdict, 2));
    }

    function _sort(address[] memory accounts) internal pure {
        for (uint256 i = 1; i < accounts.length; ++i) {
            address account = accounts[i];
            uint256 j = i;
            for (; j > 0 && accounts[j - 1] > account; --j) {
                accounts[j] = accounts[j - 1];
            }
            accounts[j] = account;
        }
    }

    function _contains(address[] memory accounts, address account) internal pure returns (bool) {
        for (uint256 i; i < accounts.length; ++i) {
            if (accounts[i] == account) return true;
        }
        return false;
    }
}
