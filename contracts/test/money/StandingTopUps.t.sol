// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {IStandingTopUps} from "../../src/money/IStandingTopUps.sol";
import {StandingTopUps} from "../../src/money/StandingTopUps.sol";
import {LeaseTest} from "../lease/LeaseTest.sol";
import {MoneyWallet} from "../mocks/MoneyTokens.sol";

contract StandingTopUpsTest is LeaseTest {
    uint32 private constant CHUNK = 5_000;
    uint32 private constant THRESHOLD = 600;
    uint256 private constant AMOUNT = uint256(CHUNK) * RATE;
    uint256 private constant TIP = AMOUNT / 100;

    StandingTopUps private standing;
    ILeaseBook.Terms private terms;
    bytes32 private leaseId;
    address private keeper = makeAddr("keeper");

    function setUp() public override {
        super.setUp();
        standing = new StandingTopUps(ledger, book);
        ledger.setModule(address(standing), "standing");
        terms = _openUsual();
        leaseId = book.hashTerms(terms);
    }

    /// @dev For the lease: 5,000 seconds for less than 600 left, three of them in a day, ten in all, 1% for the keeper.
    function _order() private view returns (IStandingTopUps.Order memory order) {
        order.renter = alice;
        order.token = address(token);
        order.leaseId = leaseId;
        order.maxRate = RATE;
        order.budget = uint104(10 * (AMOUNT + TIP));
        order.periodCap = uint104(3 * (AMOUNT + TIP));
        order.period = 1 days;
        order.threshold = THRESHOLD;
        order.chunk = CHUNK;
        order.tipBps = 100;
        order.maxTip = type(uint104).max;
        order.expiry = uint40(START + 30 days);
    }

    function _authorize(IStandingTopUps.Order memory order) private returns (bytes32) {
        vm.prank(order.renter);
        return standing.authorize(order);
    }

    function _topUp(IStandingTopUps.Order memory order)
        private
        returns (uint256 extraSeconds, uint256 amount, uint256 tip)
    {
        vm.prank(keeper);
        return standing.topUp(order, terms);
    }

    /// @dev To the last second before the runway is low, plus `more`.
    function _runLow(uint256 more) private {
        vm.warp(_lease(terms).fundedUntil - THRESHOLD + more);
    }

    function _expectStatus(bytes32 orderId, IStandingTopUps.Status status) private {
        vm.expectRevert(abi.encodeWithSelector(IStandingTopUps.StandingTopUps_WrongStatus.selector, orderId, status));
    }

    function _assertHoldsNothing() private view {
        assertEq(_balance(address(standing)), 0);
        assertEq(ledger.escrowOf(address(standing), address(token)), 0);
        assertEq(ledger.feesOf(address(standing), address(token)), 0);
    }

    function test_topUp_paysOutOfTheBalance() public {
        IStandingTopUps.Order memory order = _order();
        bytes32 orderId = _authorize(order);
        _runLow(1);
        uint256 fundedUntil = _lease(terms).fundedUntil;
        uint256 before = _balance(alice);
        vm.expectEmit(address(standing));
        emit IStandingTopUps.OrderUsed(
            orderId, leaseId, keeper, CHUNK, AMOUNT, TIP, AMOUNT + TIP, AMOUNT + TIP, block.timestamp
        );
        (uint256 extraSeconds, uint256 amount, uint256 tip) = _topUp(order);
        assertEq(extraSeconds, CHUNK);
        assertEq(amount, AMOUNT);
        assertEq(tip, TIP);
        assertEq(_lease(terms).fundedUntil, fundedUntil + CHUNK);
        assertEq(_balance(alice), before - AMOUNT - TIP);
        assertEq(_balance(keeper), TIP);
        assertEq(standing.stateOf(orderId).spent, AMOUNT + TIP);
        _assertEscrow(terms);
        _assertHoldsNothing();
    }

    /// @dev What the keeper was asked for is what the lease takes, or nothing happens.
    function test_topUp_revertsIfTheBookTakesAnotherAmount() public {
        IStandingTopUps.Order memory order = _order();
        _authorize(order);
        _runLow(1);
        (uint256 extraSeconds, uint256 amount,) = standing.quote(order, terms);
        bytes memory call = abi.encodeCall(ILeaseBook.topUp, (terms, extraSeconds));
        vm.mockCall(address(book), call, abi.encode(amount + 1));
        vm.expectRevert(
            abi.encodeWithSelector(IStandingTopUps.StandingTopUps_UnexpectedAmount.selector, amount, amount + 1)
        );
        _topUp(order);
    }

    function test_topUp_paysOutOfTheWalletWhereTheBalanceDoesNotCoverIt() public {
        IStandingTopUps.Order memory order = _order();
        order.fromWallet = true;
        _authorize(order);
        vm.startPrank(alice);
        ledger.withdraw(address(token), alice, _balance(alice) - AMOUNT);
        token.approve(address(ledger), AMOUNT + TIP);
        vm.stopPrank();
        uint256 wallet = token.balanceOf(alice);
        _runLow(1);
        _topUp(order);
        assertEq(token.balanceOf(alice), wallet - AMOUNT - TIP);
        assertEq(_balance(alice), AMOUNT);
        assertEq(_balance(keeper), TIP);
        _assertEscrow(terms);
        _assertHoldsNothing();
    }

    function test_topUp_leavesTheWalletAloneUnlessTold() public {
        IStandingTopUps.Order memory order = _order();
        _authorize(order);
        vm.startPrank(alice);
        ledger.withdraw(address(token), alice, _balance(alice) - AMOUNT);
        token.approve(address(ledger), type(uint256).max);
        vm.stopPrank();
        _runLow(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILedger.Ledger_InsufficientBalance.selector, address(token), alice, AMOUNT, AMOUNT + TIP
            )
        );
        _topUp(order);
    }

    function testFuzz_topUp_onlyWhenTheRunwayIsLow(uint256 left) public {
        IStandingTopUps.Order memory order = _order();
        _authorize(order);
        left = bound(left, THRESHOLD, FUNDED);
        vm.warp(_lease(terms).fundedUntil - left);
        vm.expectRevert(
            abi.encodeWithSelector(IStandingTopUps.StandingTopUps_RunwayNotLow.selector, leaseId, left, THRESHOLD)
        );
        _topUp(order);
    }

    function testFuzz_topUp_endsAGrace(uint256 late) public {
        IStandingTopUps.Order memory order = _order();
        order.chunk = GRACE / 2;
        _authorize(order);
        late = bound(late, 0, GRACE - 1);
        vm.warp(_lease(terms).fundedUntil + late);
        (uint256 extraSeconds, uint256 amount,) = _topUp(order);
        assertEq(extraSeconds, GRACE, "whoever ends a grace brings a full one");
        assertEq(amount, uint256(GRACE) * RATE + late * HOLD);
        assertEq(_lease(terms).fundedUntil, block.timestamp + GRACE);
        _assertEscrow(terms);
        _assertHoldsNothing();
    }

    function test_topUp_bringsTheLeastAmountOfTheMarket() public {
        book.setMarket(address(token), address(policy), ILeaseBook.Market(true, 200, 0, 0, uint96(AMOUNT + 1)));
        IStandingTopUps.Order memory order = _order();
        _authorize(order);
        _runLow(1);
        (uint256 extraSeconds,,) = _topUp(order);
        assertEq(extraSeconds, CHUNK + 1);
    }

    function test_topUp_stopsAtTheLongestThatTheLeaseMayLast() public {
        IStandingTopUps.Order memory order = _order();
        order.chunk = type(uint32).max;
        (order.budget, order.periodCap) = (type(uint104).max, type(uint104).max);
        _authorize(order);
        _runLow(1);
        (uint256 extraSeconds,,) = _topUp(order);
        assertEq(extraSeconds, terms.maxSeconds - GRACE - FUNDED);
        _runLow(1);
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        _topUp(order);
    }

    /// @dev In a grace with less left to fund than a whole grace, the quote is what a top-up then does.
    function test_quote_isWhatATopUpDoesAtTheEndOfALease() public {
        IStandingTopUps.Order memory order = _order();
        (order.budget, order.periodCap) = (type(uint104).max, type(uint104).max);
        _authorize(order);
        vm.prank(alice);
        book.topUp(terms, terms.maxSeconds - GRACE - FUNDED - 500);
        vm.warp(_lease(terms).fundedUntil + 10);
        (uint256 quoted,,) = standing.quote(order, terms);
        assertEq(quoted, 490);
        (uint256 extraSeconds,,) = _topUp(order);
        assertEq(extraSeconds, quoted);
    }

    function test_topUp_revertsOnceTheLeaseIsOver() public {
        IStandingTopUps.Order memory order = _order();
        _authorize(order);
        vm.prank(provider);
        book.reclaim(terms);
        _runLow(1);
        vm.expectRevert(
            abi.encodeWithSelector(ILeaseBook.LeaseBook_WrongStatus.selector, leaseId, ILeaseBook.Status.Ending)
        );
        _topUp(order);
    }

    function testFuzz_topUp_tipIsBounded(uint16 tipBps, uint104 maxTip) public {
        IStandingTopUps.Order memory order = _order();
        order.tipBps = uint16(bound(tipBps, 0, 100));
        order.maxTip = maxTip;
        _authorize(order);
        _runLow(1);
        (, uint256 amount, uint256 tip) = _topUp(order);
        assertLe(tip, amount / 100);
        assertLe(tip, maxTip);
        assertEq(_balance(keeper), tip);
    }

    function test_budget_binds() public {
        IStandingTopUps.Order memory order = _order();
        order.budget = uint104(2 * (AMOUNT + TIP) - 1);
        bytes32 orderId = _authorize(order);
        _runLow(1);
        _topUp(order);
        _runLow(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStandingTopUps.StandingTopUps_BudgetExceeded.selector, orderId, 2 * (AMOUNT + TIP), order.budget
            )
        );
        _topUp(order);
    }

    function test_periodCap_bindsUntilTheNextPeriod() public {
        IStandingTopUps.Order memory order = _order();
        order.periodCap = uint104(AMOUNT + TIP);
        order.period = CHUNK + 100;
        bytes32 orderId = _authorize(order);
        _runLow(1);
        uint256 first = block.timestamp;
        _topUp(order);
        _runLow(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStandingTopUps.StandingTopUps_PeriodCapExceeded.selector, orderId, 2 * (AMOUNT + TIP), AMOUNT + TIP
            )
        );
        _topUp(order);
        vm.warp(first + order.period);
        _topUp(order);
        assertEq(standing.stateOf(orderId).periodSpent, AMOUNT + TIP);
        assertEq(standing.stateOf(orderId).periodStart, block.timestamp);
        assertEq(standing.stateOf(orderId).spent, 2 * (AMOUNT + TIP));
    }

    /// @dev Whatever a keeper does and when, it spends what the order allows and no second of runway comes too early.
    function testFuzz_keepers_cannotDrain(uint256[20] memory waits, uint32 chunk, uint32 threshold) public {
        IStandingTopUps.Order memory order = _order();
        order.chunk = uint32(bound(chunk, 1, 20_000));
        order.threshold = uint32(bound(threshold, 1, 20_000));
        order.period = 3_000;
        (order.budget, order.periodCap) = (60_000_000, 20_000_000);
        bytes32 orderId = _authorize(order);
        uint256 before = _balance(alice);
        for (uint256 i; i < waits.length; ++i) {
            skip(bound(waits[i], 0, 4_000));
            (uint256 funded,) = book.runwayOf(terms);
            IStandingTopUps.State memory last = standing.stateOf(orderId);
            vm.prank(keeper);
            try standing.topUp(order, terms) returns (uint256 extraSeconds, uint256 amount, uint256 tip) {
                assertLt(funded, order.threshold);
                (uint256 quoted,) = book.runwayOf(terms);
                assertEq(quoted, funded + extraSeconds);
                assertLe(tip, amount / 100);
                assertEq(standing.stateOf(orderId).spent, last.spent + amount + tip);
            } catch {
                assertEq(standing.stateOf(orderId).spent, last.spent);
            }
            assertLe(standing.stateOf(orderId).periodSpent, order.periodCap);
        }
        uint256 spent = standing.stateOf(orderId).spent;
        assertLe(spent, order.budget);
        // Grace that was settled on the way may have come back.
        assertGe(_balance(alice) + spent, before);
        _assertHoldsNothing();
    }

    function testFuzz_aNodesOrder_coversItsLeasesOfTheRenter(uint96 maxRate) public {
        IStandingTopUps.Order memory order = _order();
        (order.leaseId, order.node, order.maxRate) = (0, node, maxRate);
        bytes32 orderId = _authorize(order);
        _runLow(1);
        if (maxRate < RATE) {
            vm.expectRevert(
                abi.encodeWithSelector(IStandingTopUps.StandingTopUps_NotCovered.selector, orderId, leaseId)
            );
        }
        _topUp(order);
    }

    function testFuzz_anotherLease_isNotCovered(uint256 field) public {
        IStandingTopUps.Order memory order = _order();
        field = bound(field, 0, 3);
        if (field == 0) order.leaseId = "another";
        if (field == 1) (order.leaseId, order.node) = (0, bob);
        if (field == 2) order.token = bob;
        if (field == 3) order.renter = bob;
        bytes32 orderId = _authorize(order);
        _runLow(1);
        vm.expectRevert(abi.encodeWithSelector(IStandingTopUps.StandingTopUps_NotCovered.selector, orderId, leaseId));
        _topUp(order);
    }

    function test_topUp_revertsWithoutAuthority() public {
        IStandingTopUps.Order memory order = _order();
        _runLow(1);
        _expectStatus(standing.hashOrder(order), IStandingTopUps.Status.None);
        _topUp(order);
    }

    function testFuzz_topUp_revertsOnAnAlteredOrder(uint256 field) public {
        IStandingTopUps.Order memory order = _order();
        _authorize(order);
        _runLow(1);
        field = bound(field, 0, 9);
        if (field == 0) ++order.budget;
        if (field == 1) ++order.periodCap;
        if (field == 2) --order.period;
        if (field == 3) ++order.threshold;
        if (field == 4) ++order.chunk;
        if (field == 5) --order.tipBps;
        if (field == 6) --order.maxTip;
        if (field == 7) order.fromWallet = true;
        if (field == 8) ++order.expiry;
        if (field == 9) ++order.nonce;
        _expectStatus(standing.hashOrder(order), IStandingTopUps.Status.None);
        _topUp(order);
    }

    function testFuzz_topUp_revertsFromExpiryOn(uint256 late) public {
        IStandingTopUps.Order memory order = _order();
        order.expiry = uint40(START + FUNDED - THRESHOLD + 2);
        bytes32 orderId = _authorize(order);
        vm.warp(order.expiry + bound(late, 0, 1_000));
        vm.expectRevert(abi.encodeWithSelector(IStandingTopUps.StandingTopUps_Expired.selector, orderId, order.expiry));
        _topUp(order);
    }

    function test_revoke_stopsAtOnceAndForGood() public {
        IStandingTopUps.Order memory order = _order();
        bytes32 orderId = _authorize(order);
        bytes memory signature = _sign(aliceKey, orderId);
        _runLow(1);
        vm.expectEmit(address(standing));
        emit IStandingTopUps.OrderRevoked(orderId, alice);
        vm.startPrank(alice);
        standing.revoke(order);
        _expectStatus(orderId, IStandingTopUps.Status.Revoked);
        standing.revoke(order);
        vm.stopPrank();
        _expectStatus(orderId, IStandingTopUps.Status.Revoked);
        _topUp(order);
        _expectStatus(orderId, IStandingTopUps.Status.Revoked);
        standing.authorizeBySignature(order, signature);
    }

    function test_revoke_killsASignatureThatNobodyBrought() public {
        IStandingTopUps.Order memory order = _order();
        bytes memory signature = _sign(aliceKey, standing.hashOrder(order));
        vm.prank(alice);
        standing.revoke(order);
        _expectStatus(standing.hashOrder(order), IStandingTopUps.Status.Revoked);
        standing.authorizeBySignature(order, signature);
    }

    function testFuzz_authorizeBySignature(bool contractRenter) public {
        IStandingTopUps.Order memory order = _order();
        if (contractRenter) order.renter = address(new MoneyWallet(alice));
        bytes32 orderId = standing.hashOrder(order);
        bytes memory signature = _sign(aliceKey, orderId);
        vm.expectEmit(address(standing));
        emit IStandingTopUps.OrderAuthorized(orderId, order.renter, order);
        vm.prank(keeper);
        assertEq(standing.authorizeBySignature(order, signature), orderId);
        _expectStatus(orderId, IStandingTopUps.Status.Active);
        standing.authorizeBySignature(order, signature);
        if (contractRenter) return;
        _runLow(1);
        _topUp(order);
    }

    function testFuzz_aSignatureForAnotherOrderOrChain_reverts(uint256 field) public {
        IStandingTopUps.Order memory order = _order();
        bytes memory signature = _sign(aliceKey, standing.hashOrder(order));
        field = bound(field, 0, 2);
        if (field == 0) ++order.budget;
        if (field == 1) order.renter = bob;
        if (field == 2) vm.chainId(8453);
        vm.expectRevert(
            abi.encodeWithSelector(IStandingTopUps.StandingTopUps_NotAuthorized.selector, address(this), order.renter)
        );
        standing.authorizeBySignature(order, signature);
    }

    function testFuzz_onlyTheRenterAuthorizesAndRevokes(address caller) public {
        vm.assume(caller != alice);
        bytes memory refused =
            abi.encodeWithSelector(IStandingTopUps.StandingTopUps_NotAuthorized.selector, caller, alice);
        vm.startPrank(caller);
        vm.expectRevert(refused);
        standing.authorize(_order());
        vm.expectRevert(refused);
        standing.revoke(_order());
    }

    function test_authorize_revertsOnAnOrderThatContradictsItself() public {
        IStandingTopUps.Order memory order = _order();
        order.node = node;
        _expectInvalid(order, "leaseId");
        (order.leaseId, order.node) = (0, address(0));
        _expectInvalid(order, "leaseId");
        order = _order();
        order.threshold = 0;
        _expectInvalid(order, "threshold");
        order = _order();
        order.chunk = 0;
        _expectInvalid(order, "chunk");
        order = _order();
        order.period = 0;
        _expectInvalid(order, "period");
        order = _order();
        order.tipBps = 101;
        _expectInvalid(order, "tipBps");
        order = _order();
        order.expiry = uint40(START);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStandingTopUps.StandingTopUps_Expired.selector, standing.hashOrder(order), order.expiry
            )
        );
        _authorize(order);
    }

    function test_itsDigestIsThatOfTheOrder() public view {
        (, string memory name, string memory version, uint256 chainId, address verifier,,) = standing.eip712Domain();
        assertEq(name, "Spheron StandingTopUps");
        assertEq(version, "1");
        assertEq(chainId, block.chainid);
        assertEq(verifier, address(standing));
    }

    function _expectInvalid(IStandingTopUps.Order memory order, bytes32 reason) private {
        vm.expectRevert(abi.encodeWithSelector(IStandingTopUps.StandingTopUps_InvalidOrder.selector, reason));
        _authorize(order);
    }
}
