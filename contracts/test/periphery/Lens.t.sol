// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILens} from "../../src/periphery/ILens.sol";
import {Lens} from "../../src/periphery/Lens.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {System} from "../System.sol";

/// @title What the Lens reads is what the contracts say, whatever policies and tokens answer
contract LensTest is System {
    enum Failure {
        Reverts,
        BurnsItsGas,
        ReturnsTooLittle,
        RevertsAtLength
    }

    Failure private failure;

    Lens private lens;

    function setUp() public override {
        super.setUp();
        lens = new Lens(ledger, leaseBook, registry, bonds, address(stakedSpon));
        _attest(node);
        _deposit(FORTUNE / 4);
    }

    function test_Leases_EqualWhatTheLeaseBookSaysInTheOrderAsked() public {
        ILeaseBook.Terms[] memory terms = new ILeaseBook.Terms[](3);
        terms[0] = _open();
        terms[2] = _open();
        terms[1] = abi.decode(abi.encode(terms[0]), (ILeaseBook.Terms));
        terms[1].salt = "nobody opened it";
        skip(1_000);
        leaseBook.settle(terms[0]);
        ILens.LeaseView[] memory found = lens.leases(terms);
        assertEq(found.length, 3);
        for (uint256 i; i < 3; i += 2) {
            bytes32 leaseId = leaseBook.hashTerms(terms[i]);
            (uint256 funded, uint256 untilEnd) = leaseBook.runwayOf(terms[i]);
            assertEq(found[i].leaseId, leaseId);
            assertEq(abi.encode(found[i].lease), abi.encode(leaseBook.leaseOf(leaseId)));
            assertEq(found[i].escrowed, leaseBook.escrowOf(terms[i]));
            assertEq(found[i].funded, funded);
            assertEq(found[i].untilEnd, untilEnd);
        }
        assertEq(found[0].funded, FUNDED - 1_000);
        assertEq(found[1].leaseId, 0);
        assertEq(found[1].escrowed, 0);
    }

    function test_Leases_ShowWhatTheProvidersBondOwes() public {
        ILeaseBook.Terms[] memory terms = new ILeaseBook.Terms[](1);
        terms[0] = _open();
        skip(1_000);
        leaseBook.settle(terms[0]);
        IVerifierSet.Verdict memory verdict = _verdict(node);
        verdict.measurement.startMs = uint64((block.timestamp - 600) * 1000);
        verdict.result = uint8(IVerifierSet.Result.Timeout);
        verifierSet.submit(verdict, _signed(verdict));
        skip(3 days);
        assertEq(leaseBook.clawBack(terms[0]), 600 * RATE);
        ILeaseBook.Claim memory claim = lens.leases(terms)[0].claim;
        assertEq(claim.owed, 0);
        assertEq(claim.seized, 600 * RATE);
        assertEq(claim.revoked, 600);
        address[] memory tokens = new address[](1);
        tokens[0] = address(dollar);
        assertEq(lens.balances(renter, tokens)[0].owed, 600 * RATE);
    }

    function test_Nodes_NameTheirGateway() public {
        address gateway = makeAddr("gateway");
        _bond(IBonds.Role.Gateway, gateway);
        vm.startPrank(gateway);
        registry.registerGateway(address(dollar), "");
        registry.setAdmitted(provider, true);
        vm.stopPrank();
        (address fizz, uint256 fizzKey) = makeAddrAndKey("fizz");
        INodeRegistry.Claim memory claim = _claim();
        (claim.kind, claim.gateway) = (INodeRegistry.Kind.Fizz, gateway);
        bytes memory consent = _consent(provider, fizz, fizzKey, claim);
        vm.prank(provider);
        registry.registerNode(fizz, claim, uint64(block.timestamp), consent);
        address[] memory accounts = new address[](2);
        (accounts[0], accounts[1]) = (node, fizz);
        ILens.NodeView[] memory found = lens.nodes(accounts, policy);
        assertEq(found[0].gateway, address(0));
        assertEq(found[1].gateway, gateway);
    }

    function test_Balances_AreTheWalletsAndTheLedgers() public view {
        address[] memory tokens = new address[](2);
        tokens[0] = address(dollar);
        tokens[1] = address(spon);
        ILens.BalanceView[] memory found = lens.balances(renter, tokens);
        assertEq(found[0].wallet, dollar.balanceOf(renter));
        assertEq(found[0].ledger, FORTUNE / 4);
        assertGt(found[0].approved, 0);
        assertEq(found[1].wallet, 0);
    }

    function test_Bonds_AreFoundByRoleOwnerAndToken() public {
        ILens.BondKey[] memory keys = new ILens.BondKey[](2);
        keys[0] = ILens.BondKey(IBonds.Role.Provider, provider, address(dollar));
        keys[1] = ILens.BondKey(IBonds.Role.Gateway, provider, address(dollar));
        vm.prank(provider);
        bonds.thaw(IBonds.Role.Provider, address(dollar), 1);
        ILens.BondView[] memory found = lens.bonds(keys);
        assertEq(found[0].bond.active, MINIMUM_BOND - 1);
        assertEq(found[0].bond.thawing, 1);
        assertFalse(found[0].sufficient);
        assertEq(found[1].bond.active, 0);
    }

    function test_Nodes_StandAsThePolicySees() public {
        _open();
        address[] memory accounts = new address[](2);
        accounts[0] = node;
        accounts[1] = renter;
        ILens.NodeView[] memory found = lens.nodes(accounts, policy);
        assertEq(found[0].node.provider, provider);
        assertEq(found[0].leasedUnits, 2);
        assertEq(found[0].capacity, policy.capacityOf(node));
        assertEq(found[0].standing.units, UNITS);
        assertEq(found[0].decidedUntil, policy.decidedUntil(node));
        assertEq(found[0].attestedUntil, block.timestamp + 1 days);
        assertEq(uint256(found[1].node.status), uint256(INodeRegistry.Status.None));
        assertEq(found[1].attestedUntil, 0);
    }

    function test_Offers_AreUsableExactlyIfALeaseOpensOnThem() public {
        string[12] memory names = [
            "usable",
            "too many units",
            "expired",
            "of another renter",
            "nonce out of range",
            "no market",
            "too long",
            "paused",
            "suspended",
            "no units",
            "hold rate above the rate",
            "nobody asks"
        ];
        for (uint256 i; i < 12; ++i) {
            uint256 snapshot = vm.snapshotState();
            ILeaseBook.Offer[] memory offers = new ILeaseBook.Offer[](1);
            ILeaseBook.Offer memory offer = _offer(node);
            uint256 seconds_ = FUNDED;
            if (i == 1) offer.units = UNITS + 1;
            if (i == 2) offer.deadline = uint64(block.timestamp - 1);
            if (i == 3) offer.renter = provider;
            if (i == 4) offer.nonce = 1_000;
            if (i == 5) offer.policy = address(registry);
            if (i == 6) seconds_ = 200_000;
            if (i == 7) leaseBook.setPaused(true);
            if (i == 8) registry.setSuspended(node, true);
            if (i == 9) offer.units = 0;
            if (i == 10) offer.holdRateBps = 10_001;
            if (i == 11) offer.renter = address(0);
            address asker = i == 11 ? address(0) : renter;
            offers[0] = offer;
            ILens.OfferView memory found = lens.offers(offers, asker, seconds_)[0];
            assertEq(found.offerHash, leaseBook.hashOffer(offer));
            assertEq(found.isUsable, i == 0, names[i]);

            bytes memory signature = _signOffer(offer, nodeKey);
            ILeaseBook.Request memory request = _request();
            request.fundedSeconds = uint32(seconds_);
            request.renter = asker;
            uint256 before = ledger.balanceOf(address(dollar), renter);
            vm.prank(renter);
            (bool ok,) = address(leaseBook).call(abi.encodeCall(ILeaseBook.open, (offer, signature, request)));
            assertEq(ok, found.isUsable, names[i]);
            if (ok) assertEq(before - ledger.balanceOf(address(dollar), renter), found.price);
            vm.revertToState(snapshot);
        }
    }

    function testFuzz_Offers_AreUsableExactlyIfTheBondCoversTheLease(uint256 rate, uint256 coverBps, uint256 locked)
        public
    {
        leaseBook.setMarket(
            address(dollar),
            address(policy),
            ILeaseBook.Market({
                isOpen: true, feeBps: 0, coverBps: uint16(bound(coverBps, 0, 10_000)), minFunds: 0, minTopUp: 0
            })
        );
        bonds.setClaimer(address(this), true);
        locked = bound(locked, 0, MINIMUM_BOND);
        bonds.lock(provider, address(dollar), locked);
        assertEq(bonds.lockableOf(provider, address(dollar)), MINIMUM_BOND - locked);
        ILeaseBook.Offer[] memory offers = new ILeaseBook.Offer[](1);
        offers[0] = _offer(node);
        // A cover of up to twice the bond.
        offers[0].rate = uint96(bound(rate, 1, 2 * MINIMUM_BOND / 26 hours));
        bool isUsable = lens.offers(offers, renter, FUNDED)[0].isUsable;
        bytes memory signature = _signOffer(offers[0], nodeKey);
        ILeaseBook.Request memory request = _request();
        vm.prank(renter);
        (bool ok,) = address(leaseBook).call(abi.encodeCall(ILeaseBook.open, (offers[0], signature, request)));
        assertEq(ok, isUsable);
    }

    /// @dev Any state of market, node, bond and nonces, and any offer around the bounds of what opens.
    function testFuzz_Offers_AreUsableExactlyIfALeaseOpensOnThem(uint256 seed) public {
        _scramble(seed);
        ILeaseBook.Offer[] memory offers = new ILeaseBook.Offer[](1);
        ILeaseBook.Offer memory offer = _randomOffer(uint256(keccak256(abi.encode(seed, "offer"))));
        offers[0] = offer;
        ILeaseBook.Request memory request = _request();
        request.fundedSeconds = uint32(_draw(seed, "seconds", 12_000));
        ILens.OfferView memory found = lens.offers(offers, renter, request.fundedSeconds)[0];
        bytes memory signature = _signOffer(offer, nodeKey);
        uint256 before = ledger.balanceOf(address(dollar), renter);
        vm.prank(renter);
        (bool ok, bytes memory answer) =
            address(leaseBook).call(abi.encodeCall(ILeaseBook.open, (offer, signature, request)));
        assertEq(ok, found.isUsable, vm.toString(answer));
        if (!ok) return;
        assertEq(before - ledger.balanceOf(address(dollar), renter), found.price);
        ILens.OfferView memory after_ = lens.offers(offers, renter, request.fundedSeconds)[0];
        assertEq(after_.freeUnits, found.freeUnits - offer.units);
        if (!offer.reusable) assertFalse(after_.isUsable);
    }

    /// @dev After any calls, a lease ends in the second that was told and not before, and what was in escrow is paid and
    /// refunded at the rates of the seconds that were told.
    function testFuzz_Leases_RunAndPayAsTold(uint256 seed) public {
        ILeaseBook.Terms[] memory terms = new ILeaseBook.Terms[](1);
        terms[0] = _open();
        for (uint256 i; i < 6; ++i) {
            _act(terms[0], uint256(keccak256(abi.encode(seed, i))));
        }
        ILens.LeaseView memory told = lens.leases(terms)[0];
        (uint256 paidBefore, uint256 rentersBefore) = _moneyOf();
        uint256 now_ = block.timestamp;
        uint256 state = vm.snapshotState();
        if (told.untilEnd != 0) {
            vm.warp(now_ + told.untilEnd - 1);
            vm.expectPartialRevert(ILeaseBook.LeaseBook_NotAuthorized.selector);
            leaseBook.close(terms[0]);
            vm.warp(now_ + told.untilEnd);
            leaseBook.close(terms[0]);
            assertEq(leaseBook.leasedUnits(node), 0);
            vm.revertToState(state);
        }
        if (told.lease.status == ILeaseBook.Status.Closed) {
            assertEq(told.escrowed, 0);
            return;
        }
        leaseBook.settle(terms[0]);
        (uint256 paidNow,) = _moneyOf();
        vm.warp(now_ + told.funded);
        if (told.funded != 0) leaseBook.settle(terms[0]);
        (uint256 paidFull,) = _moneyOf();
        assertEq(paidFull - paidNow, told.funded * RATE, "the full rate");
        vm.warp(now_ + told.untilEnd);
        if (told.untilEnd > told.funded) leaseBook.settle(terms[0]);
        (uint256 paid, uint256 renters) = _moneyOf();
        assertEq(paid - paidFull, (told.untilEnd - told.funded) * RATE / 10, "the hold rate");
        assertEq(paid - paidBefore + renters - rentersBefore, told.escrowed, "all of the escrow");
        assertEq(ledger.escrowOf(address(leaseBook), address(dollar)), 0);
        assertEq(uint256(leaseBook.leaseOf(told.leaseId).status), uint256(ILeaseBook.Status.Closed));
    }

    function testFuzz_Offers_APolicyThatFailsDoesNotTakeThePageWithIt(uint256 way) public {
        failure = Failure(bound(way, 0, uint256(type(Failure).max)));
        ILeaseBook.Offer[] memory offers = new ILeaseBook.Offer[](9);
        for (uint256 i; i < offers.length; ++i) {
            offers[i] = _offer(node);
            if (i != 8) offers[i].policy = address(this);
        }
        ILens.OfferView[] memory found = lens.offers{gas: 10_000_000}(offers, renter, FUNDED);
        assertEq(found[0].freeUnits, 0);
        assertFalse(found[0].isUsable);
        assertTrue(found[8].isUsable);
        assertEq(found[8].freeUnits, UNITS);
    }

    function _moneyOf() private view returns (uint256 paid, uint256 renters) {
        paid = ledger.balanceOf(address(dollar), provider) + ledger.feesOf(address(leaseBook), address(dollar));
        renters = ledger.balanceOf(address(dollar), renter);
    }

    function _act(ILeaseBook.Terms memory terms, uint256 seed) private {
        skip(_draw(seed, "wait", seed % 3 == 0 ? 1 : 4_000));
        uint256 what = _draw(seed, "what", 9);
        bytes memory call = abi.encodeCall(ILeaseBook.settle, (terms));
        if (what < 5) call = abi.encodeCall(ILeaseBook.topUp, (terms, 1 + _draw(seed, "extra", 2_000)));
        if (what == 7) call = abi.encodeCall(ILeaseBook.reclaim, (terms));
        if (what == 8) call = abi.encodeCall(ILeaseBook.close, (terms));
        vm.prank(what == 7 ? provider : renter);
        (bool ok,) = address(leaseBook).call(call);
        ok; // some of these calls are out of place
    }

    function _scramble(uint256 seed) private {
        for (uint256 i = _draw(seed, "leases", 3); i != 0; --i) {
            _open();
        }
        if (_draw(seed, "paused", 16) == 0) leaseBook.setPaused(true);
        if (_draw(seed, "suspended", 16) == 0) registry.setSuspended(node, true);
        if (_draw(seed, "provider suspended", 16) == 0) registry.setProviderSuspended(provider, true);
        if (_draw(seed, "attested less", 4) == 0) {
            skip(1);
            _record(_draw(seed, "attested", 2) * 7);
        }
        bonds.setClaimer(address(this), true);
        bonds.setSlasher(address(this), true);
        if (_draw(seed, "held", 3) == 0) bonds.hold(IBonds.Role.Provider, provider, address(dollar));
        uint256 locked = _draw(seed, "locked", MINIMUM_BOND);
        if (seed % 2 == 0 && locked <= bonds.lockableOf(provider, address(dollar))) {
            bonds.lock(provider, address(dollar), locked);
        }
        bool isActive = registry.nodeOf(node).status == INodeRegistry.Status.Active;
        vm.startPrank(provider);
        if (isActive && _draw(seed, "status", 16) == 0) registry.setStatus(node, INodeRegistry.Status.Maintenance);
        if (_draw(seed, "thaw", 4) == 0) bonds.thaw(IBonds.Role.Provider, address(dollar), 1);
        if (_draw(seed, "cancel", 2) == 0) leaseBook.cancelOffersBelow(node, 5 + _draw(seed, "floor", 300));
        uint256 nonce = leaseBook.nonceFloor(node) + _draw(seed, "cancelled", 192);
        if (!leaseBook.isNonceUsed(node, nonce)) leaseBook.cancelOffer(node, nonce);
        vm.stopPrank();
        leaseBook.setMarket(
            address(dollar),
            address(policy),
            ILeaseBook.Market({
                isOpen: _draw(seed, "closed", 16) != 0,
                feeBps: uint16(_draw(seed, "fee", 1_001)),
                coverBps: uint16(_draw(seed, "no cover", 2) == 0 ? 0 : _draw(seed, "cover", 10_001)),
                minFunds: uint96(_draw(seed, "minimum", 1_000_000)),
                minTopUp: 0
            })
        );
    }

    function _record(uint256 units) private {
        vm.prank(address(verifierSet));
        policy.record(node, block.timestamp, block.timestamp + 1 days, units, units != 0);
    }

    function _randomOffer(uint256 seed) private returns (ILeaseBook.Offer memory offer) {
        offer = _offer(node);
        offer.units = uint32(_draw(seed, "units", UNITS + 2));
        offer.rate = uint96(_draw(seed, "rate", seed % 8 == 0 ? 2 : 20_000));
        offer.minSeconds = uint32(_draw(seed, "min", 2_000));
        offer.graceSeconds = uint32(_draw(seed, "grace", 2_000));
        offer.maxSeconds = uint32(_draw(seed, "max", seed % 4 == 0 ? 10_000 : 200_000));
        offer.holdRateBps = uint16(_draw(seed, "hold", 10_300));
        offer.renter = [address(0), address(0), address(0), renter, provider][_draw(seed, "renter", 5)];
        offer.reusable = _draw(seed, "reusable", 2) == 0;
        offer.deadline = uint64(block.timestamp + 9 - _draw(seed, "deadline", 11));
        offer.nonce = leaseBook.nonceFloor(node) + _draw(seed, "nonce", 196) - _draw(seed, "used", 2);
        if (_draw(seed, "policy", 16) == 0) offer.policy = address(this);
    }

    function _draw(uint256 seed, string memory what, uint256 choices) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what))) % choices;
    }

    function capacityOf(address) external view returns (uint256) {
        if (failure == Failure.Reverts) revert("no capacity");
        if (failure == Failure.BurnsItsGas) while (true) {}
        if (failure == Failure.ReturnsTooLittle) {
            assembly ("memory-safe") {
                return(0, 31)
            }
        }
        assembly {
            revert(0, 200000)
        }
    }

    function test_Stakes_SayWhatSharesAndExitsAreWorth() public {
        spon.mint(renter, 10e18);
        vm.startPrank(renter);
        spon.approve(address(stakedSpon), 10e18);
        uint256 shares = stakedSpon.deposit(10e18, renter);
        stakedSpon.requestRedeem(shares / 2, renter, renter);
        vm.stopPrank();
        address[] memory accounts = new address[](2);
        accounts[0] = renter;
        accounts[1] = provider;
        ILens.StakeView[] memory found = lens.stakes(accounts);
        assertEq(found[0].shares, shares / 2);
        assertApproxEqAbs(found[0].assets, 5e18, 1);
        assertEq(found[0].exit.assets, 5e18);
        assertEq(found[0].claimable, 0);
        assertEq(found[1].shares, 0);
        skip(30 days);
        assertEq(lens.stakes(accounts)[0].claimable, 5e18);
    }
}
