// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {IRouter} from "../../src/periphery/IRouter.sol";
import {Router} from "../../src/periphery/Router.sol";
import {System} from "../System.sol";

contract RouterTest is System {
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    Router private router;
    address private relayer = makeAddr("relayer");

    function setUp() public override {
        super.setUp();
        router = new Router(ledger, leaseBook, stakedSpon);
        spon.mint(renter, 100e18);
        _attest(node);
    }

    function test_Multicall_FundsOpensAndStakesInOneTransactionOfAnybody() public {
        ILeaseBook.Offer memory offer = _offer(node);
        ILeaseBook.Request memory request = _request();
        uint256 price = leaseBook.quote(offer, request.fundedSeconds);
        bytes32 action = leaseBook.openAction(leaseBook.hashOffer(offer), request);
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(IRouter.depositWithAuthorization, (_authorization(address(0), 0, 5e6, "deposit")));
        calls[1] = abi.encodeCall(
            IRouter.openWithAuthorization,
            (offer, _signOffer(offer, nodeKey), request, _authorization(address(leaseBook), action, price, "open"))
        );
        calls[2] = abi.encodeCall(IRouter.stakeWithAuthorization, (_stakeAuthorization(40e18)));
        vm.expectEmit(address(router));
        emit IRouter.Staked(renter, 40e18, 40e21);
        vm.prank(relayer);
        router.multicall(calls);
        assertEq(ledger.balanceOf(address(dollar), renter), 5e6);
        assertEq(leaseBook.leasedUnits(node), 2);
        assertEq(stakedSpon.balanceOf(renter), 40e21);
        _assertHoldsNothing();

        vm.prank(relayer);
        vm.expectPartialRevert(Nonces.InvalidAccountNonce.selector);
        router.multicall(calls);
    }

    function test_DepositWithPermit2_IsPassedOnAsItIs() public {
        ILedger.Permit memory permit = ILedger.Permit({
            token: address(dollar),
            from: renter,
            amount: 5e6,
            nonce: 7,
            deadline: block.timestamp,
            signature: "signature"
        });
        bytes memory call = abi.encodeCall(ILedger.depositWithPermit2, (permit));
        vm.mockCall(address(ledger), call, abi.encode(5e6));
        vm.expectCall(address(ledger), call);
        vm.prank(relayer);
        router.depositWithPermit2(permit);
    }

    function test_StakeWithPermit_IsTheCallers() public {
        (uint256 deadline, uint8 v, bytes32 r, bytes32 s) = _permit(30e18);
        vm.prank(renter);
        router.stakeWithPermit(30e18, deadline, v, r, s);
        assertEq(stakedSpon.balanceOf(renter), 30e21);
        assertEq(spon.allowance(renter, address(router)), 0);
        _assertHoldsNothing();
    }

    function test_StakeWithPermit_WorksIfSomebodySpentThePermitFirst() public {
        (uint256 deadline, uint8 v, bytes32 r, bytes32 s) = _permit(30e18);
        vm.prank(relayer);
        spon.permit(renter, address(router), 30e18, deadline, v, r, s);
        vm.prank(renter);
        router.stakeWithPermit(30e18, deadline, v, r, s);
        assertEq(stakedSpon.balanceOf(renter), 30e21);
    }

    function test_StakeWithPermit_NobodyElseCanUseWhatAPermitAllows() public {
        (uint256 deadline, uint8 v, bytes32 r, bytes32 s) = _permit(30e18);
        vm.startPrank(relayer);
        spon.permit(renter, address(router), 30e18, deadline, v, r, s);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        router.stakeWithPermit(30e18, deadline, v, r, s);
        vm.stopPrank();
        assertEq(spon.balanceOf(renter), 100e18);
    }

    function testFuzz_StakeWithAuthorization_RevertWhen_AnythingDiffers(uint256 field, uint256 other) public {
        ILedger.Authorization memory authorization = _stakeAuthorization(40e18);
        field %= 5;
        if (field == 0) authorization.from = relayer;
        if (field == 1) authorization.amount -= bound(other, 1, 39e18);
        if (field == 2) authorization.validAfter = 1;
        if (field == 3) authorization.validBefore += 1;
        if (field == 4) authorization.salt = bytes32(other);
        vm.prank(relayer);
        vm.expectPartialRevert(ERC3009.ERC3009InvalidSignature.selector);
        router.stakeWithAuthorization(authorization);
    }

    function test_StakeWithAuthorization_RevertWhen_ItIsForTheLedger() public {
        ILedger.Authorization memory authorization = _authorization(address(router), "stake", 1e18, "salt");
        vm.prank(relayer);
        vm.expectPartialRevert(ERC3009.ERC3009InvalidSignature.selector);
        router.stakeWithAuthorization(authorization);
    }

    /// @dev Somebody who made the Router its operator lost nothing: no call makes it open or take.
    function test_AnOperatorAllowanceForTheRouterServesNobody() public {
        _deposit(FORTUNE / 2);
        vm.prank(renter);
        ledger.setAllowance(
            address(dollar),
            address(router),
            ILedger.Allowance({
                rateCap: type(uint128).max,
                exposureCap: type(uint128).max,
                expiry: type(uint40).max,
                maxTail: type(uint32).max
            })
        );
        ILeaseBook.Offer memory offer = _offer(node);
        bytes memory signature = _signOffer(offer, nodeKey);
        ILeaseBook.Request memory request = _request();
        ILedger.Authorization memory none;
        none.token = address(dollar);
        none.from = renter;
        bytes[] memory calls = new bytes[](1);
        vm.startPrank(relayer);
        calls[0] = abi.encodeCall(IRouter.openWithAuthorization, (offer, signature, request, none));
        vm.expectRevert(ILedger.Ledger_ZeroAmount.selector);
        router.multicall(calls);
        none.amount = 1;
        calls[0] = abi.encodeCall(IRouter.openWithAuthorization, (offer, signature, request, none));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        router.multicall(calls);
        calls[0] = abi.encodeCall(ILeaseBook.open, (offer, signature, request));
        vm.expectRevert(Errors.FailedCall.selector);
        router.multicall(calls);
        assertEq(ledger.balanceOf(address(dollar), renter), FORTUNE / 2);
    }

    function _assertHoldsNothing() private view {
        assertEq(spon.balanceOf(address(router)), 0);
        assertEq(dollar.balanceOf(address(router)), 0);
        assertEq(stakedSpon.balanceOf(address(router)), 0);
        assertEq(ledger.balanceOf(address(dollar), address(router)), 0);
    }

    function _stakeAuthorization(uint256 amount) private view returns (ILedger.Authorization memory authorization) {
        authorization = ILedger.Authorization({
            token: address(spon),
            from: renter,
            amount: amount,
            validAfter: 0,
            validBefore: block.timestamp + 1 days,
            salt: "stake me",
            signature: ""
        });
        authorization.signature = _sign(
            renterKey,
            _digest(
                abi.encode(
                    RECEIVE_TYPEHASH,
                    renter,
                    address(router),
                    amount,
                    0,
                    authorization.validBefore,
                    router.stakeNonce("stake me")
                )
            )
        );
    }

    function _permit(uint256 amount) private view returns (uint256 deadline, uint8 v, bytes32 r, bytes32 s) {
        deadline = block.timestamp + 1 days;
        (v, r, s) = vm.sign(
            renterKey,
            _digest(abi.encode(PERMIT_TYPEHASH, renter, address(router), amount, spon.nonces(renter), deadline))
        );
    }

    function _digest(bytes memory message) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", spon.DOMAIN_SEPARATOR(), keccak256(message)));
    }
}
