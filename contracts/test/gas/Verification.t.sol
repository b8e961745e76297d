// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {GasTest} from "./GasTest.sol";

contract VerificationGasTest is GasTest {
    string private constant GROUP = "verification";

    function test_Verdict() public {
        _submit("verdict with three signers, the node's first");
        skip(1 hours);
        _submit("verdict with three signers, extending");
        skip(3 days);
        _submit("verdict with three signers, after a gap");
    }

    function _submit(string memory name) private {
        IVerifierSet.Verdict memory verdict = _verdict(node);
        IVerifierSet.Signature[] memory signatures = _signed(verdict);
        verifierSet.submit(verdict, signatures);
        _keep(GROUP, name);
    }
}
