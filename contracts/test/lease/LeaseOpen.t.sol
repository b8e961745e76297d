// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {
    MoneyFalseToken,
    MoneyFeeToken,
    MoneyHookToken,
    MoneyNoReturnToken,
    MoneyWallet
} from "../mocks/MoneyTokens.sol";
import {LeaseTest} from "./LeaseTest.sol";

contract LeaseOpenTest is LeaseTest {
    uint256 private constant NEEDED = uint256(RATE) * FUNDED + HOLD * GRACE;

    function test_open_freezesTerms() public {
        ILeaseBook.Offer memory offer = _offer();
        ILeaseBook.Terms memory terms = _openUsual();
        assertEq(terms.renter, alice);
        assertEq(terms.operator, address(0));
        assertEq(terms.provider, provider);
        assertEq(terms.node, node);
        assertEq(terms.token, address(token));
        assertEq(terms.policy, address(policy));
        assertEq(terms.rate, RATE);
        assertEq(terms.units, 2);
        assertEq(terms.feeBps, FEE_BPS);
        assertEq(terms.coverBps, 0);
        assertEq(terms.holdRateBps, offer.holdRateBps);
        assertEq(terms.minSeconds, offer.minSeconds);
        assertEq(terms.maxSeconds, offer.maxSeconds);
        assertEq(terms.graceSeconds, GRACE);
        assertEq(terms.noticeSeconds, offer.noticeSeconds);
        assertEq(terms.reclaimPrice, offer.reclaimPrice);
        assertEq(terms.start, START);
        assertEq(terms.salt, "salt");
    }

    function test_open_startsTheLease() public {
        ILeaseBook.Terms memory terms = _openUsual();
        ILeaseBook.Lease memory lease = _lease(terms);
        assertEq(lease.settledTo, START);
        assertEq(lease.fundedUntil, START + FUNDED);
        assertEq(lease.holdFrom, 0);
        assertEq(lease.holdTo, 0);
        assertEq(lease.endsAt, 0);
        _assertStatus(terms, ILeaseBook.Status.Open);
        assertEq(book.leasedUnits(node), 2);
        assertEq(_balance(alice), RICH - NEEDED);
        assertEq(_escrow(), NEEDED);
        _assertEscrow(terms);
    }

    function test_open_emitsTheTerms() public {
        ILeaseBook.Terms memory terms = _openUsual();
        vm.warp(START + 1);
        terms.start = uint40(START + 1);
        bytes memory signature = _signOffer(_offer());
        vm.expectEmit(address(book));
        emit ILeaseBook.LeaseOpened(
            book.hashTerms(terms), alice, node, terms, book.hashOffer(_offer()), 1, true, START + 1 + FUNDED, NEEDED
        );
        vm.prank(alice);
        assertEq(book.open(_offer(), signature, _request()), book.hashTerms(terms));
    }

    function testFuzz_open_takesTheQuote(uint96 rate, uint32 fundedSeconds, uint32 graceSeconds, uint16 holdRateBps)
        public
    {
        ILeaseBook.Offer memory offer = _offer();
        offer.rate = uint96(bound(rate, 1, type(uint88).max));
        offer.minSeconds = 0;
        offer.maxSeconds = type(uint32).max;
        offer.graceSeconds = uint32(bound(graceSeconds, 0, type(uint32).max - 1));
        offer.holdRateBps = uint16(bound(holdRateBps, 0, 10_000));
        ILeaseBook.Request memory request = _request();
        request.fundedSeconds = uint32(bound(fundedSeconds, 1, type(uint32).max - offer.graceSeconds));
        uint256 needed = uint256(offer.rate) * request.fundedSeconds + uint256(offer.graceSeconds)
            * (uint256(offer.rate) * offer.holdRateBps / 10_000);
        assertEq(book.quote(offer, request.fundedSeconds), needed);
        assertLe(needed, type(uint120).max);

        _fund(alice, needed);
        uint256 before = _balance(alice);
        _assertEscrow(_open(offer, request, alice));
        assertEq(_escrow(), needed);
        assertEq(_balance(alice), before - needed);
    }

    function test_open_takesTheOwnersSignature() public {
        bytes memory signature = _sign(providerKey, book.hashOffer(_offer()));
        vm.prank(alice);
        book.open(_offer(), signature, _request());
        assertEq(book.leasedUnits(node), 2);
    }

    function test_open_takesTheOperatorsSignature() public {
        registry.setOperator(node, alice);
        bytes32 digest = book.hashOffer(_offer());
        bytes memory former = _sign(nodeKey, digest);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_InvalidOfferSignature.selector, node, digest));
        book.open(_offer(), former, _request());
        book.open(_offer(), _sign(aliceKey, digest), _request());
    }

    function test_open_takesTheSignatureOfAContract() public {
        MoneyWallet wallet = new MoneyWallet(bob);
        (, uint256 bobKey) = makeAddrAndKey("bob");
        registry.setNode(node, address(wallet), INodeRegistry.Status.Active);
        bytes memory signature = _sign(bobKey, book.hashOffer(_offer()));
        vm.prank(alice);
        book.open(_offer(), signature, _request());
        assertEq(book.leasedUnits(node), 2);
    }

    function test_open_reusableOfferAgain() public {
        _openUsual();
        ILeaseBook.Request memory request = _request();
        request.salt = "another";
        _open(_offer(), request, alice);
        assertEq(book.leasedUnits(node), 4);
        assertFalse(book.isNonceUsed(node, 1));
    }

    function test_open_useAnOfferOnce() public {
        ILeaseBook.Offer memory offer = _offer();
        offer.reusable = false;
        bytes memory signature = _signOffer(offer);
        vm.prank(alice);
        book.open(offer, signature, _request());
        assertTrue(book.isNonceUsed(node, 1));
        ILeaseBook.Request memory request = _request();
        request.salt = "another";
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_OfferUsed.selector, node, 1));
        vm.prank(alice);
        book.open(offer, signature, request);
    }

    function test_open_atTheDeadline() public {
        vm.warp(_offer().deadline);
        _assertStatus(_openUsual(), ILeaseBook.Status.Open);
    }

    function _expectOpenReverts(ILeaseBook.Offer memory offer, ILeaseBook.Request memory request, bytes memory error)
        private
    {
        bytes memory signature = _signOffer(offer);
        vm.expectRevert(error);
        vm.prank(alice);
        book.open(offer, signature, request);
    }

    function test_open_revertsAfterTheDeadline() public {
        uint256 deadline = _offer().deadline;
        vm.warp(deadline + 1);
        _expectOpenReverts(
            _offer(),
            _request(),
            abi.encodeWithSelector(ILeaseBook.LeaseBook_OfferExpired.selector, deadline, deadline + 1)
        );
    }

    function test_open_revertsForAnotherRenter() public {
        ILeaseBook.Offer memory offer = _offer();
        offer.renter = bob;
        _expectOpenReverts(
            offer, _request(), abi.encodeWithSelector(ILeaseBook.LeaseBook_OfferNotForRenter.selector, alice, bob)
        );
    }

    function test_open_forTheNamedRenter() public {
        ILeaseBook.Offer memory offer = _offer();
        offer.renter = alice;
        assertEq(_open(offer, _request(), alice).renter, alice);
    }

    function test_open_revertsForNobody() public {
        ILeaseBook.Request memory request = _request();
        request.renter = address(0);
        _expectOpenReverts(
            _offer(),
            request,
            abi.encodeWithSelector(ILeaseBook.LeaseBook_OfferNotForRenter.selector, address(0), address(0))
        );
    }

    function test_open_revertsOnContradictions() public {
        ILeaseBook.Offer memory offer = _offer();
        offer.units = 0;
        _expectInvalid(offer, "units");
        offer = _offer();
        offer.rate = 0;
        _expectInvalid(offer, "rate");
        offer = _offer();
        offer.holdRateBps = 10_001;
        _expectInvalid(offer, "holdRateBps");
        offer = _offer();
        offer.maxSeconds = offer.minSeconds + offer.graceSeconds - 1;
        _expectInvalid(offer, "seconds");
        offer = _offer();
        (offer.minSeconds, offer.maxSeconds) = (0, offer.graceSeconds);
        _expectInvalid(offer, "seconds");
        offer = _offer();
        offer.graceSeconds = type(uint32).max;
        _expectInvalid(offer, "seconds");
    }

    function _expectInvalid(ILeaseBook.Offer memory offer, bytes32 reason) private {
        _expectOpenReverts(
            offer, _request(), abi.encodeWithSelector(ILeaseBook.LeaseBook_InvalidOffer.selector, reason)
        );
    }

    function test_open_revertsOutsideTheSeconds() public {
        _expectOutOfBounds(_offer(), 99, 100);
        _expectOutOfBounds(_offer(), 99_001, 100);
        ILeaseBook.Offer memory offer = _offer();
        offer.minSeconds = 0;
        _expectOutOfBounds(offer, 0, 1);
    }

    function _expectOutOfBounds(ILeaseBook.Offer memory offer, uint32 asked, uint256 minimum) private {
        ILeaseBook.Request memory request = _request();
        request.fundedSeconds = asked;
        bytes memory error =
            abi.encodeWithSelector(ILeaseBook.LeaseBook_SecondsOutOfBounds.selector, asked, minimum, 99_000);
        _expectOpenReverts(offer, request, error);
        vm.expectRevert(error);
        book.quote(offer, asked);
    }

    function test_quote_revertsOnAbsurdSeconds() public {
        vm.expectRevert(
            abi.encodeWithSelector(ILeaseBook.LeaseBook_SecondsOutOfBounds.selector, type(uint256).max, 100, 99_000)
        );
        book.quote(_offer(), type(uint256).max);
    }

    function test_open_atTheBoundsOfSeconds() public {
        ILeaseBook.Request memory request = _request();
        request.fundedSeconds = 100;
        assertEq(_lease(_open(_offer(), request, alice)).fundedUntil, block.timestamp + 100);
        (request.fundedSeconds, request.salt) = (99_000, "another");
        assertEq(_lease(_open(_offer(), request, alice)).fundedUntil, block.timestamp + 99_000);
    }

    function test_open_revertsWhenNodeNotActive() public {
        INodeRegistry.Status[4] memory statuses = [
            INodeRegistry.Status.None,
            INodeRegistry.Status.Maintenance,
            INodeRegistry.Status.Suspended,
            INodeRegistry.Status.Retired
        ];
        for (uint256 i = 0; i < statuses.length; ++i) {
            registry.setNode(node, provider, statuses[i]);
            _expectOpenReverts(
                _offer(), _request(), abi.encodeWithSelector(ILeaseBook.LeaseBook_NodeNotActive.selector, node)
            );
        }
    }

    function test_open_revertsInAClosedMarket() public {
        book.setMarket(address(token), address(policy), ILeaseBook.Market(false, 200, 0, 0, 0));
        bytes memory closed =
            abi.encodeWithSelector(ILeaseBook.LeaseBook_MarketClosed.selector, address(token), address(policy));
        _expectOpenReverts(_offer(), _request(), closed);
    }

    function test_open_revertsWhilePaused() public {
        ILeaseBook.Terms memory terms = _openUsual();
        book.setPaused(true);
        ILeaseBook.Request memory request = _request();
        request.salt = "another";
        _expectOpenReverts(_offer(), request, abi.encodeWithSelector(ILeaseBook.LeaseBook_Paused.selector));
        vm.warp(START + 100);
        vm.startPrank(alice);
        book.topUp(terms, 1);
        book.settle(terms);
        book.close(terms);
        vm.stopPrank();
        book.setPaused(false);
        _open(_offer(), request, alice);
    }

    function test_open_revertsBelowTheMarketsMinimum() public {
        book.setMarket(address(token), address(policy), ILeaseBook.Market(true, 200, 0, uint96(NEEDED + 1), 0));
        bytes memory tooLow = abi.encodeWithSelector(ILeaseBook.LeaseBook_FundsTooLow.selector, NEEDED, NEEDED + 1);
        _expectOpenReverts(_offer(), _request(), tooLow);
        book.setMarket(address(token), address(policy), ILeaseBook.Market(true, 200, 0, uint96(NEEDED), 0));
        _openUsual();
    }

    function test_open_revertsAboveTheCapacity() public {
        policy.setCapacity(node, 3);
        _openUsual();
        ILeaseBook.Request memory request = _request();
        request.salt = "another";
        _expectOpenReverts(
            _offer(), request, abi.encodeWithSelector(ILeaseBook.LeaseBook_CapacityExceeded.selector, node, 2, 2, 3)
        );
        policy.setCapacity(node, 4);
        registry.setUnits(node, 3);
        _expectOpenReverts(
            _offer(), request, abi.encodeWithSelector(ILeaseBook.LeaseBook_CapacityExceeded.selector, node, 2, 2, 3)
        );
        registry.setUnits(node, 4);
        _open(_offer(), request, alice);
    }

    function test_open_revertsTwice() public {
        ILeaseBook.Terms memory terms = _openUsual();
        _expectOpenReverts(
            _offer(),
            _request(),
            abi.encodeWithSelector(ILeaseBook.LeaseBook_LeaseExists.selector, book.hashTerms(terms))
        );
    }

    function test_open_revertsWithoutMoney() public {
        ILeaseBook.Request memory request = _request();
        request.renter = bob;
        bytes memory signature = _signOffer(_offer());
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_InsufficientBalance.selector, address(token), bob, 0, NEEDED)
        );
        vm.prank(bob);
        book.open(_offer(), signature, request);
    }

    function test_open_revertsForAStrangerToTheRenter() public {
        bytes memory signature = _signOffer(_offer());
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_AllowanceExpired.selector, alice, bob, 0));
        vm.prank(bob);
        book.open(_offer(), signature, _request());
    }

    function test_open_revertsOnAnothersSignature() public {
        bytes32 digest = book.hashOffer(_offer());
        bytes memory signature = _sign(aliceKey, digest);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_InvalidOfferSignature.selector, node, digest));
        vm.prank(alice);
        book.open(_offer(), signature, _request());
    }

    function testFuzz_open_signatureCoversEveryField(uint256 field, uint256 change) public {
        ILeaseBook.Offer memory offer = _offer();
        bytes memory signature = _signOffer(offer);
        field = bound(field, 0, 14);
        change = bound(change, 1, 1_000);
        if (field == 0) offer.node = address(uint160(offer.node) ^ uint160(change));
        if (field == 1) offer.units += uint32(change);
        if (field == 2) offer.token = address(uint160(offer.token) ^ uint160(change));
        if (field == 3) offer.rate += uint96(change);
        if (field == 4) offer.minSeconds += uint32(change);
        if (field == 5) offer.maxSeconds += uint32(change);
        if (field == 6) offer.graceSeconds += uint32(change);
        if (field == 7) offer.holdRateBps += uint16(change);
        if (field == 8) offer.noticeSeconds += uint32(change);
        if (field == 9) offer.reclaimPrice += uint128(change);
        if (field == 10) offer.policy = address(uint160(offer.policy) ^ uint160(change));
        if (field == 11) offer.renter = alice;
        if (field == 12) offer.reusable = false;
        if (field == 13) offer.deadline += uint64(change);
        if (field == 14) offer.nonce += change;
        registry.setNode(offer.node, provider, INodeRegistry.Status.Active);
        _setMarket(offer.token, offer.policy, 0);
        bytes32 digest = book.hashOffer(offer);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_InvalidOfferSignature.selector, offer.node, digest));
        vm.prank(alice);
        book.open(offer, signature, _request());
    }

    /// @dev One digest has one signature of 65 bytes here: neither its mirror image nor its compact form opens a lease.
    function test_open_refusesMalleableAndCompactSignatures() public {
        bytes32 digest = book.hashOffer(_offer());
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(nodeKey, digest);
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes32 mirrored = bytes32(order - uint256(s));
        bytes32 compact = bytes32(uint256(s) | uint256(v - 27) << 255);
        bytes[4] memory signatures = [
            abi.encodePacked(r, mirrored, v == 27 ? uint8(28) : uint8(27)),
            abi.encodePacked(r, compact),
            abi.encodePacked(r, s, v, uint8(0)),
            bytes("")
        ];
        for (uint256 i = 0; i < signatures.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_InvalidOfferSignature.selector, node, digest));
            vm.prank(alice);
            book.open(_offer(), signatures[i], _request());
        }
    }

    /// @dev The struct hash without its domain, and the digest as a message of a wallet, are no offers.
    function test_open_refusesSignaturesOfOtherTypes() public {
        bytes32 digest = book.hashOffer(_offer());
        bytes32[2] memory signed =
            [keccak256(abi.encode(_offer())), keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", digest))];
        for (uint256 i = 0; i < signed.length; ++i) {
            bytes memory signature = _sign(nodeKey, signed[i]);
            vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_InvalidOfferSignature.selector, node, digest));
            vm.prank(alice);
            book.open(_offer(), signature, _request());
        }
    }

    /// @dev A word with bits beyond its field's type is refused, signed or not.
    function testFuzz_open_refusesWordsOutOfRange(uint256 field) public view {
        field = bound(field, 0, 13); // the last one, the nonce, is a whole word
        uint8[14] memory bits = [160, 32, 160, 96, 32, 32, 32, 16, 32, 128, 160, 160, 1, 64];
        bytes memory question = abi.encodeCall(ILeaseBook.hashOffer, (_offer()));
        assembly ("memory-safe") {
            let word := add(add(question, 0x24), mul(field, 0x20))
            mstore(word, or(mload(word), shl(mload(add(bits, mul(field, 0x20))), 1)))
        }
        (bool success, bytes memory answer) = address(book).staticcall(question);
        assertFalse(success);
        assertEq(answer, abi.encodeWithSelector(ILeaseBook.LeaseBook_InvalidOffer.selector, bytes32("range")));
    }

    function test_open_signatureIsForThisChain() public {
        bytes memory signature = _signOffer(_offer());
        vm.chainId(block.chainid + 1);
        bytes32 digest = book.hashOffer(_offer());
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_InvalidOfferSignature.selector, node, digest));
        vm.prank(alice);
        book.open(_offer(), signature, _request());
    }

    function test_hashOffer_isTheTypedDataDigest() public view {
        ILeaseBook.Offer memory o = _offer();
        bytes memory encoded = abi.encode(
            keccak256(
                "Offer(address node,uint32 units,address token,uint96 rate,uint32 minSeconds,uint32 maxSeconds,uint32 graceSeconds,uint16 holdRateBps,uint32 noticeSeconds,uint128 reclaimPrice,address policy,address renter,bool reusable,uint64 deadline,uint256 nonce)"
            ),
            o.node,
            o.units,
            o.token,
            o.rate,
            o.minSeconds,
            o.maxSeconds,
            o.graceSeconds
        );
        encoded = bytes.concat(
            encoded,
            abi.encode(
                o.holdRateBps, o.noticeSeconds, o.reclaimPrice, o.policy, o.renter, o.reusable, o.deadline, o.nonce
            )
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Spheron LeaseBook"),
                keccak256("1"),
                block.chainid,
                address(book)
            )
        );
        assertEq(book.hashOffer(o), keccak256(abi.encodePacked(hex"1901", domain, keccak256(encoded))));
    }

    function testFuzz_hashTerms_isTheHashOfTheEncoding(ILeaseBook.Terms memory terms) public view {
        assertEq(book.hashTerms(terms), keccak256(abi.encode(terms)));
    }
}

contract LeaseOpenWithMoneyTest is LeaseTest {
    uint256 private constant NEEDED = uint256(RATE) * FUNDED + HOLD * GRACE;

    function setUp() public override {
        super.setUp();
        vm.prank(alice);
        ledger.withdraw(address(token), alice, RICH);
    }

    function test_openWithTransfer_pullsWhatIsNeeded() public {
        bytes memory signature = _signOffer(_offer());
        vm.startPrank(alice);
        token.approve(address(ledger), NEEDED);
        book.openWithTransfer(_offer(), signature, _request());
        assertEq(token.balanceOf(alice), RICH - NEEDED);
        assertEq(_balance(alice), 0);
        assertEq(_escrow(), NEEDED);
    }

    function test_openWithTransfer_revertsForAnother() public {
        bytes memory signature = _signOffer(_offer());
        vm.prank(alice);
        token.approve(address(ledger), NEEDED);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_NotAuthorized.selector, bob));
        vm.prank(bob);
        book.openWithTransfer(_offer(), signature, _request());
    }

    function test_openWithTransfer_revertsWhenTokenNotAllowed() public {
        ledger.setToken(address(token), false);
        bytes memory signature = _signOffer(_offer());
        vm.expectRevert(abi.encodeWithSelector(ILedger.Ledger_TokenNotAllowed.selector, address(token)));
        vm.prank(alice);
        book.openWithTransfer(_offer(), signature, _request());
    }

    function test_openWithTransfer_revertsWhenTheTokenKeepsAFee() public {
        MoneyFeeToken fee = new MoneyFeeToken(100);
        ledger.setToken(address(fee), true);
        ILeaseBook.Offer memory offer = _offer();
        offer.token = address(fee);
        _setMarket(address(fee), address(policy), 0);
        bytes memory signature = _signOffer(offer);
        fee.mint(alice, NEEDED);
        vm.startPrank(alice);
        fee.approve(address(ledger), NEEDED);
        vm.expectRevert(
            abi.encodeWithSelector(ILedger.Ledger_InsufficientBalance.selector, address(fee), alice, 0, NEEDED / 100)
        );
        book.openWithTransfer(offer, signature, _request());
    }

    function test_openWithTransfer_takesATokenThatReturnsNothing() public {
        MoneyNoReturnToken silent = new MoneyNoReturnToken();
        ledger.setToken(address(silent), true);
        _setMarket(address(silent), address(policy), 0);
        ILeaseBook.Offer memory offer = _offer();
        offer.token = address(silent);
        bytes memory signature = _signOffer(offer);
        silent.mint(alice, NEEDED);
        vm.startPrank(alice);
        silent.approve(address(ledger), NEEDED);
        book.openWithTransfer(offer, signature, _request());
        assertEq(ledger.escrowOf(address(book), address(silent)), NEEDED);
    }

    function test_openWithTransfer_revertsWhenTheTokenReturnsFalse() public {
        MoneyFalseToken refusing = new MoneyFalseToken();
        ledger.setToken(address(refusing), true);
        _setMarket(address(refusing), address(policy), 0);
        ILeaseBook.Offer memory offer = _offer();
        offer.token = address(refusing);
        bytes memory signature = _signOffer(offer);
        refusing.mint(alice, NEEDED);
        refusing.setRefuses(true);
        vm.startPrank(alice);
        refusing.approve(address(ledger), NEEDED);
        vm.expectRevert(abi.encodeWithSignature("SafeERC20FailedOperation(address)", address(refusing)));
        book.openWithTransfer(offer, signature, _request());
    }

    function test_openWithTransfer_tokenCannotReenter() public {
        MoneyHookToken hook = new MoneyHookToken();
        ledger.setToken(address(hook), true);
        ILeaseBook.Offer memory offer = _offer();
        offer.token = address(hook);
        _setMarket(address(hook), address(policy), 0);
        bytes memory signature = _signOffer(offer);
        hook.mint(alice, NEEDED);
        ILeaseBook.Terms memory terms;
        bytes[3] memory calls = [
            abi.encodeCall(ILeaseBook.settle, (terms)),
            abi.encodeCall(ILeaseBook.close, (terms)),
            abi.encodeCall(ILeaseBook.open, (offer, signature, _request()))
        ];
        vm.prank(alice);
        hook.approve(address(ledger), type(uint256).max);
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            hook.setHook(address(book), calls[i]);
            vm.prank(alice);
            book.openWithTransfer(offer, signature, _request());
            assertFalse(hook.succeeded());
            assertEq(hook.answer(), abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
            vm.revertToState(snapshot);
        }
    }

    function _authorize(uint256 amount) private view returns (ILedger.Authorization memory) {
        bytes32 action = book.openAction(book.hashOffer(_offer()), _request());
        return _authorization(aliceKey, alice, amount, address(book), action);
    }

    function test_openWithAuthorization_anyoneMaySend() public {
        ILedger.Authorization memory a = _authorize(NEEDED + 5);
        bytes memory signature = _signOffer(_offer());
        vm.recordLogs();
        vm.prank(bob);
        book.openWithAuthorization(_offer(), signature, _request(), a);
        assertEq(_openedTerms().operator, address(0));
        assertEq(_balance(alice), 5);
        assertEq(_escrow(), NEEDED);
        assertEq(token.balanceOf(alice), RICH - NEEDED - 5);
    }

    function test_openWithAuthorization_opensOnce() public {
        ILedger.Authorization memory a = _authorize(NEEDED);
        bytes memory signature = _signOffer(_offer());
        book.openWithAuthorization(_offer(), signature, _request(), a);
        vm.warp(START + 1);
        _fund(alice, NEEDED);
        vm.expectPartialRevert(bytes4(keccak256("InvalidAccountNonce(address,uint256)")));
        book.openWithAuthorization(_offer(), signature, _request(), a);
    }

    function test_openWithAuthorization_bindsTheRequest() public {
        ILedger.Authorization memory a = _authorize(NEEDED);
        bytes memory signature = _signOffer(_offer());
        ILeaseBook.Request memory request = _request();
        request.fundedSeconds -= 1;
        vm.expectRevert(bytes4(keccak256("ERC3009InvalidSignature()")));
        book.openWithAuthorization(_offer(), signature, request, a);
    }

    function test_openWithAuthorization_bindsTheOffer() public {
        ILedger.Authorization memory a = _authorize(NEEDED);
        ILeaseBook.Offer memory offer = _offer();
        offer.minSeconds += 1;
        bytes memory signature = _signOffer(offer);
        vm.expectRevert(bytes4(keccak256("ERC3009InvalidSignature()")));
        book.openWithAuthorization(offer, signature, _request(), a);
    }

    function test_openWithAuthorization_revertsOnAnothersMoney() public {
        ILedger.Authorization memory a = _authorize(NEEDED);
        a.from = bob;
        bytes memory signature = _signOffer(_offer());
        vm.expectRevert(
            abi.encodeWithSelector(ILeaseBook.LeaseBook_AuthorizationMismatch.selector, bob, address(token))
        );
        book.openWithAuthorization(_offer(), signature, _request(), a);
    }

    function test_openWithAuthorization_revertsOnAnotherToken() public {
        ILedger.Authorization memory a = _authorize(NEEDED);
        a.token = bob;
        bytes memory signature = _signOffer(_offer());
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_AuthorizationMismatch.selector, alice, bob));
        book.openWithAuthorization(_offer(), signature, _request(), a);
    }

    function testFuzz_openAction(bytes32 offerHash, ILeaseBook.Request memory request) public view {
        assertEq(
            book.openAction(offerHash, request),
            keccak256(abi.encode(offerHash, request.renter, request.fundedSeconds, request.salt))
        );
    }
}

contract LeaseMarketTest is LeaseTest {
    function test_setMarket() public {
        ILeaseBook.Market memory market = ILeaseBook.Market(true, 1_000, 10_000, 7, 8);
        vm.expectEmit(address(book));
        emit ILeaseBook.MarketSet(bob, alice, market);
        book.setMarket(bob, alice, market);
        assertEq(abi.encode(book.marketOf(bob, alice)), abi.encode(market));
        assertFalse(book.marketOf(alice, bob).isOpen);
    }

    function testFuzz_setMarket_revertsAboveTheBounds(uint16 feeBps, uint16 coverBps) public {
        feeBps = uint16(bound(feeBps, 1_001, type(uint16).max));
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_AboveBound.selector, feeBps, 1_000));
        book.setMarket(address(token), address(policy), ILeaseBook.Market(true, feeBps, 0, 0, 0));
        coverBps = uint16(bound(coverBps, 10_001, type(uint16).max));
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_AboveBound.selector, coverBps, 10_000));
        book.setMarket(address(token), address(policy), ILeaseBook.Market(true, 0, coverBps, 0, 0));
    }

    function test_setMarket_leavesOpenLeases() public {
        ILeaseBook.Terms memory terms = _openUsual();
        book.setMarket(address(token), address(policy), ILeaseBook.Market(false, 1_000, 0, 0, 0));
        vm.warp(START + 100);
        book.settle(terms);
        assertEq(ledger.feesOf(address(book), address(token)), 100 * RATE * FEE_BPS / 10_000);
    }

    function test_setPaused() public {
        vm.expectEmit(address(book));
        emit ILeaseBook.PausedSet(true);
        book.setPaused(true);
        assertTrue(book.paused());
    }

    function testFuzz_setters_areRestricted(address caller) public {
        vm.assume(caller != address(this) && caller != address(authority));
        bytes memory refused = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller);
        ILeaseBook.Market memory market;
        vm.startPrank(caller);
        vm.expectRevert(refused);
        book.setMarket(bob, bob, market);
        vm.expectRevert(refused);
        book.setPaused(true);
    }
}
