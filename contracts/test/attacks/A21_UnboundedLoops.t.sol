// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {System} from "../System.sol";
import {UptimeFeed} from "../mocks/UptimeFeed.sol";

/// forge-config: default.isolate = true
/// @title A network of any size costs each member the same, and no function walks a list of nodes
contract A21_UnboundedLoops is System {
    uint256 private constant MANY = 600;

    function test_AMemberOfALargeNetworkPaysWhatAnEarlyOnePaid() public {
        // The very first one also pays for the sums that all share.
        _costs(0);
        uint256[5] memory few = _costs(1);
        for (uint256 i; i < MANY; ++i) {
            (address account, uint256 key) = _key(1_000 + i);
            _registerNode(provider, account, key);
        }
        uint256[5] memory many = _costs(2);
        for (uint256 i; i < few.length; ++i) {
            // Packed bytes differ, and nothing else.
            assertApproxEqAbs(many[i], few[i], 500, vm.toString(i));
        }
    }

    function test_ALeaseOnABusyNodeCostsWhatTheSecondDid() public {
        _attest(node);
        _deposit(FORTUNE);
        ILeaseBook.Offer memory offer = _offer(node);
        offer.units = 1;
        offer.reusable = true;
        bytes memory signature = _signOffer(offer, nodeKey);
        _openMeasured(offer, signature);
        uint256 second = _openMeasured(offer, signature);
        for (uint256 i; i < 5; ++i) {
            _openMeasured(offer, signature);
        }
        assertApproxEqAbs(_openMeasured(offer, signature), second, 500);
    }

    function test_AVerdictOnANodeOfManyWindowsCostsWhatTheThirdDid() public {
        uint256 third;
        uint256 last;
        for (uint256 i; i < 100; ++i) {
            last = _submitMeasured(node);
            if (i == 2) third = last;
            _skipWithVerifiers(3 days);
        }
        assertApproxEqAbs(last, third, 3_000);
    }

    /// @dev Ten times the windows are four more steps.
    function test_AnOldWindowIsFoundAmongMany() public {
        uint256 first = block.timestamp;
        uint256 few = _askAfterWindows(first, 10);
        assertApproxEqAbs(_askAfterWindows(first, 90), few, 15_000);
    }

    /// @dev What is called with all tokens in hand, as a pause is, must not grow out of a block.
    function test_TheTokensHaveABound() public {
        uint256 bound_ = ledger.MAX_TOKENS();
        uint256 admitted;
        for (uint160 i = 1; i <= 2 * bound_; ++i) {
            (bool ok,) = address(ledger).call(abi.encodeCall(ILedger.setToken, (address(i << 80), true)));
            if (ok) ++admitted;
        }
        assertLe(admitted, bound_);
        ledger.setPaused(true);
        assertLt(vm.lastCallGas().gasTotalUsed, 1_000_000);
    }

    /// @dev Rounds that nobody has read: those behind the sixteenth wait for the next reader.
    function test_AFeedOfManyRoundsCostsWhatOneOfSixteenDoes() public {
        UptimeFeed feed = new UptimeFeed();
        outageClock.setFeed(address(feed));
        uint256 few = _askAfterRounds(feed, 20);
        assertApproxEqAbs(_askAfterRounds(feed, 200), few, 15_000);
    }

    /// @dev Arrays in an answer are the sign of a list; the known ones have a bound in the code.
    function test_NoViewAnswersWithAList() public {
        Vm.DirEntry[] memory entries = vm.readDir("contracts/src", 8);
        for (uint256 i; i < entries.length; ++i) {
            if (entries[i].isDir || vm.contains(entries[i].path, "periphery")) continue;
            string memory source = vm.readFile(entries[i].path);
            // Committees are drawn from 64 seats.
            bool isOfVerifiers =
                vm.contains(entries[i].path, "VerifierSet.sol") || vm.contains(entries[i].path, "Committees.sol");
            assertLe(_count(source, "[] memory)"), isOfVerifiers ? 8 : 0, entries[i].path);
            assertFalse(vm.contains(source, "EnumerableSet"), entries[i].path);
            assertFalse(vm.contains(source, "EnumerableMap"), entries[i].path);
        }
        assertLe(verifierSet.verifiers().length, 64);
    }

    /// @dev Gas of a registration, a read, a verdict, an opening and a settlement.
    function _costs(uint256 number) private returns (uint256[5] memory costs) {
        (address account, uint256 key) = _key(number);
        bytes memory consent = _consent(provider, account, key, _claim());
        INodeRegistry.Claim memory claim = _claim();
        vm.prank(provider);
        registry.registerNode(account, claim, uint64(block.timestamp), consent);
        costs[0] = vm.lastCallGas().gasTotalUsed;
        registry.nodeOf(account);
        costs[1] = vm.lastCallGas().gasTotalUsed;
        costs[2] = _submitMeasured(account);
        _deposit(FORTUNE / 10);
        ILeaseBook.Offer memory offer = _offer(account);
        offer.nonce = 1;
        bytes memory signature = _signOffer(offer, key);
        vm.recordLogs();
        costs[3] = _openMeasured(offer, signature);
        ILeaseBook.Terms memory terms = _openedTerms();
        skip(1_000);
        leaseBook.settle(terms);
        skip(1_000);
        leaseBook.settle(terms);
        costs[4] = vm.lastCallGas().gasTotalUsed;
    }

    function _openMeasured(ILeaseBook.Offer memory offer, bytes memory signature) private returns (uint256) {
        ILeaseBook.Request memory request = _request();
        vm.prank(renter);
        leaseBook.open(offer, signature, request);
        return vm.lastCallGas().gasTotalUsed;
    }

    /// @dev Gas of the dearest question once `count` windows have come: for the one at `first`, or for the third last.
    function _askAfterWindows(uint256 first, uint256 count) private returns (uint256 dearest) {
        for (uint256 i; i < count; ++i) {
            _attest(node);
            _skipWithVerifiers(3 days);
        }
        assertEq(policy.attestedSeconds(node, first + 1), 1);
        dearest = vm.lastCallGas().gasTotalUsed;
        uint256 windows = policy.windowCount(node);
        assertEq(policy.attestedSeconds(node, block.timestamp - 9 days + 1), (windows - 3) * 1 days + 1);
        uint256 late = vm.lastCallGas().gasTotalUsed;
        if (late > dearest) dearest = late;
    }

    /// @dev Gas of a question for outages once `count` rounds have come.
    function _askAfterRounds(UptimeFeed feed, uint256 count) private returns (uint256) {
        for (uint256 i; i < count; ++i) {
            skip(60);
            if (i % 2 == 0) feed.goDown(block.timestamp);
            else feed.comeUp(block.timestamp);
        }
        outageClock.outageBetween(START, block.timestamp);
        return vm.lastCallGas().gasTotalUsed;
    }

    function _submitMeasured(address account) private returns (uint256) {
        IVerifierSet.Verdict memory verdict = _verdict(account);
        IVerifierSet.Signature[] memory signatures = _signed(verdict);
        verifierSet.submit(verdict, signatures);
        return vm.lastCallGas().gasTotalUsed;
    }

    function _key(uint256 number) private returns (address, uint256) {
        return makeAddrAndKey(string.concat("node ", vm.toString(number)));
    }

    function _count(string memory text, string memory part) private pure returns (uint256) {
        return vm.split(text, part).length - 1;
    }
}
