// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {GasTest} from "./GasTest.sol";

contract LeaseGasTest is GasTest {
    string private constant GROUP = "lease";

    function setUp() public override {
        super.setUp();
        _attest(node);
        _deposit(FORTUNE / 4);
    }

    function test_OpenFromBalance() public {
        _openAndKeep("open from balance, the node's first");
        _openAndKeep("open from balance");
    }

    function test_OpenWithTransfer() public {
        _open();
        ILeaseBook.Offer memory offer = _offer(node);
        bytes memory signature = _signOffer(offer, nodeKey);
        ILeaseBook.Request memory request = _request();
        vm.prank(renter);
        _watch();
        leaseBook.openWithTransfer(offer, signature, request);
        _keep(GROUP, "open with tokens pulled by allowance");
    }

    function test_OpenWithAuthorization() public {
        _open();
        ILeaseBook.Offer memory offer = _offer(node);
        bytes memory signature = _signOffer(offer, nodeKey);
        ILeaseBook.Request memory request = _request();
        bytes32 action = leaseBook.openAction(leaseBook.hashOffer(offer), request);
        uint256 amount = leaseBook.quote(offer, request.fundedSeconds);
        ILedger.Authorization memory authorization = _authorization(address(leaseBook), action, amount, "salt");
        _watch();
        leaseBook.openWithAuthorization(offer, signature, request, authorization);
        _keep(GROUP, "open with ERC-3009");
    }

    function test_Settle() public {
        ILeaseBook.Terms memory terms = _open();
        skip(1_000);
        _watch();
        leaseBook.settle(terms);
        _keep(GROUP, "settle, the provider's first");
        skip(1_000);
        _watch();
        leaseBook.settle(terms);
        _keep(GROUP, "settle");
    }

    function test_SettleMany() public {
        ILeaseBook.Terms[] memory terms = new ILeaseBook.Terms[](50);
        for (uint256 i; i < terms.length; ++i) {
            if (i % 4 == 0) _anotherNode(i);
            terms[i] = _open(_offer(node), nodeKey);
        }
        skip(1_000);
        leaseBook.settleMany(terms);
        skip(1_000);
        _watch();
        leaseBook.settleMany(terms);
        _keepEach(GROUP, "settle one of 50, four on a node", 50);
    }

    function test_Close() public {
        ILeaseBook.Terms memory terms = _open();
        skip(1_000);
        leaseBook.settle(terms);
        skip(1_000);
        vm.prank(renter);
        _watch();
        leaseBook.close(terms);
        _keep(GROUP, "close and refund", 65_000);
    }

    function test_TopUp() public {
        ILeaseBook.Terms memory terms = _open();
        vm.prank(renter);
        _watch();
        leaseBook.topUp(terms, 1_000);
        _keep(GROUP, "top up");
    }

    function _openAndKeep(string memory name) private {
        ILeaseBook.Offer memory offer = _offer(node);
        bytes memory signature = _signOffer(offer, nodeKey);
        ILeaseBook.Request memory request = _request();
        vm.prank(renter);
        _watch();
        leaseBook.open(offer, signature, request);
        _keep(GROUP, name);
    }

    function _anotherNode(uint256 number) private {
        (node, nodeKey) = makeAddrAndKey(string.concat("node ", vm.toString(number)));
        _registerNode(provider, node, nodeKey);
        _attest(node);
    }
}
