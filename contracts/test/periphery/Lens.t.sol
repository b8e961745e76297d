// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILens} from "../../src/periphery/ILens.sol";
import {Lens} from "../../src/periphery/Lens.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {System} from "../System.sol";

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
            assertEq(found.isUsable, i == 0, vm.toString(i));

            bytes memory signature = _signOffer(offer, nodeKey);
            ILeaseBook.Request memory request = _request();
            request.fundedSeconds = uint32(seconds_);
            request.renter = asker;
            uint256 before = ledger.balanceOf(address(dollar), renter);
            vm.prank(renter);
            (bool ok,) = address(leaseBook).call(abi.encodeCall(ILeaseBook.open, (offer, signature, request)));
            assertEq(ok, found.isUsable, vm.toString(i));
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
