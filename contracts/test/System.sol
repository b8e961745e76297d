// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";

import {TestDollar} from "../src/devnet/TestDollar.sol";
import {Authority} from "../src/governance/Authority.sol";
import {OutageClock} from "../src/governance/OutageClock.sol";
import {PauseSwitch} from "../src/governance/PauseSwitch.sol";
import {ILeaseBook} from "../src/lease/ILeaseBook.sol";
import {LeaseBook} from "../src/lease/LeaseBook.sol";
import {Payout} from "../src/lease/Payout.sol";
import {ILedger} from "../src/money/ILedger.sol";
import {Ledger} from "../src/money/Ledger.sol";
import {StandingTopUps} from "../src/money/StandingTopUps.sol";
import {INodeRegistry} from "../src/registry/INodeRegistry.sol";
import {IResourceCatalog} from "../src/registry/IResourceCatalog.sol";
import {NodeRegistry} from "../src/registry/NodeRegistry.sol";
import {ResourceCatalog} from "../src/registry/ResourceCatalog.sol";
import {Distributor} from "../src/rewards/Distributor.sol";
import {Bonds} from "../src/stake/Bonds.sol";
import {Disputes} from "../src/stake/Disputes.sol";
import {IBonds} from "../src/stake/IBonds.sol";
import {Spon} from "../src/token/Spon.sol";
import {StakedSpon} from "../src/token/StakedSpon.sol";
import {AttestationPolicy} from "../src/verification/AttestationPolicy.sol";
import {ILeasedUnits} from "../src/verification/IAttestationPolicy.sol";
import {IVerifierSet} from "../src/verification/IVerifierSet.sol";
import {MeasurementDemand} from "../src/verification/MeasurementDemand.sol";
import {VerifierSet} from "../src/verification/VerifierSet.sol";
import {SampleVerdict} from "./verification/SampleVerdict.sol";

/// @title Every contract as a deployment wires them, with a provider, five verifiers and a renter
/// @notice No mock stands in for anything. The test is the admin of the Authority.
abstract contract System is Test {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant MINIMUM_BOND = 1_000e6;
    uint256 internal constant FORTUNE = 1_000_000e6;
    uint256 internal constant VERIFIERS = 5;
    uint256 internal constant QUORUM = 3;
    uint16 internal constant GPU = 7;
    uint16 internal constant CPU = 1001;
    uint32 internal constant UNITS = 8;
    uint96 internal constant RATE = 1_000;
    uint32 internal constant FUNDED = 10_000;
    uint256 internal constant FEE_BPS = 200;

    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    Authority internal authority;
    Spon internal spon;
    StakedSpon internal stakedSpon;
    Ledger internal ledger;
    Bonds internal bonds;
    ResourceCatalog internal catalog;
    NodeRegistry internal registry;
    VerifierSet internal verifierSet;
    LeaseBook internal leaseBook;
    AttestationPolicy internal policy;
    StandingTopUps internal standingTopUps;
    Payout internal payout;
    MeasurementDemand internal measurementDemand;
    Disputes internal disputes;
    Distributor internal distributor;
    OutageClock internal outageClock;
    PauseSwitch internal pauseSwitch;
    TestDollar internal dollar;

    address internal provider = makeAddr("provider");
    address internal rewardWallet = makeAddr("reward wallet");
    address internal renter;
    uint256 internal renterKey;
    address internal node;
    uint256 internal nodeKey;

    mapping(address verifier => uint256) private _verifierKeys;
    uint256 private _sessions;
    uint256 private _offers;
    uint256 private _requests;

    function setUp() public virtual {
        vm.warp(START);
        (renter, renterKey) = makeAddrAndKey("renter");
        (node, nodeKey) = makeAddrAndKey("node");
        _deploy();
        _configure();
        dollar.mint(renter, FORTUNE);
        vm.prank(renter);
        dollar.approve(address(ledger), type(uint256).max);
        _joinProvider(provider);
        _registerNode(provider, node, nodeKey);
        for (uint256 i; i < VERIFIERS; ++i) {
            _joinVerifier(i);
        }
        // Who joined in a round is drawn from the second one after it on.
        skip(2 hours);
    }

    function _deploy() private {
        authority = new Authority(address(this));
        outageClock = new OutageClock(address(authority));
        spon = new Spon(address(authority));
        stakedSpon = new StakedSpon(address(authority), spon);
        ledger = new Ledger(address(authority));
        bonds = new Bonds(address(authority), outageClock);
        catalog = new ResourceCatalog(address(authority));
        registry = new NodeRegistry(address(authority), bonds, catalog);
        verifierSet = new VerifierSet(address(authority), bonds, registry, outageClock);
        leaseBook = new LeaseBook(address(authority), ledger, registry, bonds);
        policy = new AttestationPolicy(address(verifierSet), ILeasedUnits(address(leaseBook)), outageClock);
        standingTopUps = new StandingTopUps(ledger, leaseBook);
        payout = new Payout(ledger, registry);
        measurementDemand = new MeasurementDemand(address(authority), ledger, leaseBook, policy);
        disputes = new Disputes(address(authority), bonds, outageClock);
        distributor = new Distributor(address(authority), outageClock);
        pauseSwitch = new PauseSwitch(address(authority));
        dollar = new TestDollar();
    }

    function _configure() private {
        for (uint256 role; role < 3; ++role) {
            bonds.setMinimum(IBonds.Role(role), address(dollar), MINIMUM_BOND);
        }
        bonds.setSlasher(address(verifierSet), true);
        bonds.setSlasher(address(disputes), true);
        bonds.setClaimer(address(leaseBook), true);
        IResourceCatalog.Entry[] memory entries = new IResourceCatalog.Entry[](2);
        entries[0] = _entry(GPU, IResourceCatalog.ResourceKind.Gpu);
        entries[1] = _entry(CPU, IResourceCatalog.ResourceKind.Cpu);
        catalog.set(entries);
        verifierSet.setPolicy(address(policy));
        verifierSet.setQuorum(VERIFIERS, QUORUM);
        ledger.setToken(address(dollar), true);
        ledger.setModule(address(leaseBook), "lease");
        ledger.setModule(address(standingTopUps), "standing top-up");
        ledger.setModule(address(payout), "payout");
        ledger.setModule(address(measurementDemand), "measurement");
        ledger.setFeeCollector(makeAddr("treasury"));
        leaseBook.setMarket(
            address(dollar),
            address(policy),
            ILeaseBook.Market({isOpen: true, feeBps: uint16(FEE_BPS), coverBps: 0, minFunds: 0, minTopUp: 0})
        );
    }

    function _entry(uint16 id, IResourceCatalog.ResourceKind kind)
        private
        pure
        returns (IResourceCatalog.Entry memory)
    {
        IResourceCatalog.Resource memory resource = IResourceCatalog.Resource({
            kind: kind, referenceClass: id, multiplierBps: 10_000, fizzBasePoints: 500, providerBasePoints: 20
        });
        return IResourceCatalog.Entry({id: id, resource: resource, name: "A class", tier: "Entry 1"});
    }

    // Providers and nodes

    function _joinProvider(address account) internal {
        _bond(IBonds.Role.Provider, account);
        vm.prank(account);
        registry.registerProvider(rewardWallet, address(dollar), "https://provider.example");
    }

    function _bond(IBonds.Role role, address account) internal {
        dollar.mint(account, MINIMUM_BOND);
        vm.startPrank(account);
        dollar.approve(address(bonds), MINIMUM_BOND);
        bonds.bond(role, account, address(dollar), MINIMUM_BOND);
        vm.stopPrank();
    }

    function _registerNode(address owner, address account, uint256 key) internal {
        bytes memory consent = _consent(owner, account, key, _claim());
        vm.prank(owner);
        registry.registerNode(account, _claim(), uint64(block.timestamp), consent);
    }

    function _claim() internal pure returns (INodeRegistry.Claim memory) {
        return INodeRegistry.Claim({
            kind: INodeRegistry.Kind.Provider,
            resource: GPU,
            units: UNITS,
            cpuResource: 0,
            cpuUnits: 64,
            memoryMiB: 512 * 1024,
            storageGiB: 4096,
            specHash: keccak256("spec"),
            region: "eu-central",
            uri: "https://provider.example/1.json",
            gateway: address(0)
        });
    }

    function _consent(address owner, address account, uint256 key, INodeRegistry.Claim memory claim)
        internal
        view
        returns (bytes memory)
    {
        return _sign(
            key,
            registry.hashConsent(
                INodeRegistry.NodeConsent({
                    node: account,
                    provider: owner,
                    claimHash: keccak256(abi.encode(claim)),
                    nonce: registry.consentNonce(account),
                    deadline: uint64(block.timestamp)
                })
            )
        );
    }

    // Verifiers and verdicts

    function _joinVerifier(uint256 number) private {
        (address verifier, uint256 key) = makeAddrAndKey(string.concat("verifier ", vm.toString(number)));
        _verifierKeys[verifier] = key;
        _bond(IBonds.Role.Verifier, verifier);
        vm.prank(verifier);
        verifierSet.join(address(dollar), keccak256(abi.encode("tip", verifier)));
    }

    /// @dev Time passes, at the end of which all verifiers have come back, since nobody reveals here: else they were absent.
    function _skipWithVerifiers(uint256 time) internal {
        skip(time - 2 hours);
        address[] memory members = verifierSet.verifiers();
        for (uint256 i; i < members.length; ++i) {
            vm.startPrank(members[i]);
            verifierSet.leave();
            verifierSet.join(address(dollar), keccak256(abi.encode("tip", members[i], block.timestamp)));
            vm.stopPrank();
        }
        skip(2 hours);
    }

    /// @dev A pass of the whole node, measured now, good for a day.
    function _verdict(address account) internal returns (IVerifierSet.Verdict memory verdict) {
        verdict = SampleVerdict.pass(account, uint16(UNITS), GPU, verifierSet.roundAt(block.timestamp));
        verdict.sessionId = keccak256(abi.encode("session", ++_sessions));
        verdict.provider = registry.nodeOf(account).provider;
    }

    /// @dev Signed by as many of the committee as the quorum asks, in ascending order.
    function _signed(IVerifierSet.Verdict memory verdict)
        internal
        view
        returns (IVerifierSet.Signature[] memory signatures)
    {
        return _signedBy(verdict.node, verdict.beaconRound, verifierSet.hashVerdict(verdict));
    }

    function _signedBy(address account, uint256 round, bytes32 digest)
        internal
        view
        returns (IVerifierSet.Signature[] memory signatures)
    {
        address[] memory committee = verifierSet.committeeOf(account, round);
        signatures = new IVerifierSet.Signature[](QUORUM);
        address last;
        for (uint256 i; i < QUORUM; ++i) {
            address next = address(type(uint160).max);
            for (uint256 j; j < committee.length; ++j) {
                if (committee[j] > last && committee[j] < next) next = committee[j];
            }
            signatures[i] = IVerifierSet.Signature(next, _sign(_verifierKeys[next], digest));
            last = next;
        }
    }

    function _attest(address account) internal {
        IVerifierSet.Verdict memory verdict = _verdict(account);
        verifierSet.submit(verdict, _signed(verdict));
    }

    // Leases

    /// @dev 2 units, 100 to 100,000 seconds, grace 1,000 at 10%, used up by one lease.
    function _offer(address account) internal returns (ILeaseBook.Offer memory offer) {
        offer.node = account;
        offer.units = 2;
        offer.token = address(dollar);
        offer.rate = RATE;
        offer.minSeconds = 100;
        offer.maxSeconds = 100_000;
        offer.graceSeconds = 1_000;
        offer.holdRateBps = 1_000;
        offer.noticeSeconds = 500;
        offer.reclaimPrice = 777;
        offer.policy = address(policy);
        offer.deadline = uint64(block.timestamp + 30 days);
        offer.nonce = ++_offers;
    }

    /// @dev Another lease each time, even on the same offer.
    function _request() internal returns (ILeaseBook.Request memory) {
        return ILeaseBook.Request({renter: renter, fundedSeconds: FUNDED, salt: keccak256(abi.encode(++_requests))});
    }

    function _signOffer(ILeaseBook.Offer memory offer, uint256 key) internal view returns (bytes memory) {
        return _sign(key, leaseBook.hashOffer(offer));
    }

    /// @dev A lease on `node` out of the renter's balance.
    function _open() internal returns (ILeaseBook.Terms memory) {
        return _open(_offer(node), nodeKey);
    }

    function _open(ILeaseBook.Offer memory offer, uint256 key) internal returns (ILeaseBook.Terms memory) {
        bytes memory signature = _signOffer(offer, key);
        vm.recordLogs();
        vm.prank(renter);
        leaseBook.open(offer, signature, _request());
        return _openedTerms();
    }

    /// @dev The terms of the last lease among the recorded logs.
    function _openedTerms() internal returns (ILeaseBook.Terms memory terms) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == ILeaseBook.LeaseOpened.selector) {
                terms = abi.decode(logs[i].data, (ILeaseBook.Terms));
            }
        }
    }

    // Money

    function _deposit(uint256 amount) internal {
        vm.prank(renter);
        ledger.deposit(address(dollar), renter, amount);
    }

    /// @dev The renter's ERC-3009 authorization to the Ledger for one action of a module.
    function _authorization(address module, bytes32 action, uint256 amount, bytes32 salt)
        internal
        view
        returns (ILedger.Authorization memory authorization)
    {
        authorization = ILedger.Authorization({
            token: address(dollar),
            from: renter,
            amount: amount,
            validAfter: 0,
            validBefore: block.timestamp + 1 days,
            salt: salt,
            signature: ""
        });
        bytes32 nonce = ledger.authorizationNonce(module, action, salt);
        authorization.signature = _sign(
            renterKey,
            _receiveDigest(
                dollar.DOMAIN_SEPARATOR(),
                abi.encode(RECEIVE_TYPEHASH, renter, address(ledger), amount, 0, authorization.validBefore, nonce)
            )
        );
    }

    function _receiveDigest(bytes32 domain, bytes memory message) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(message)));
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
