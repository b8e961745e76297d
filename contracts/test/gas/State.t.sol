// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LeaseGasTest} from "./Lease.t.sol";
import {MoneyGasTest} from "./Money.t.sol";
import {RegistryGasTest} from "./Registry.t.sol";
import {RewardsGasTest} from "./Rewards.t.sol";
import {TokenGasTest} from "./Token.t.sol";
import {VerificationGasTest} from "./Verification.t.sol";

/// @title The same calls once more, for what they touch: see StateGas
contract LeaseStateTest is LeaseGasTest {
    constructor() {
        isRecorded = true;
    }
}

contract MoneyStateTest is MoneyGasTest {
    constructor() {
        isRecorded = true;
    }
}

contract RegistryStateTest is RegistryGasTest {
    constructor() {
        isRecorded = true;
    }
}

contract RewardsStateTest is RewardsGasTest {
    constructor() {
        isRecorded = true;
    }
}

contract TokenStateTest is TokenGasTest {
    constructor() {
        isRecorded = true;
    }
}

contract VerificationStateTest is VerificationGasTest {
    constructor() {
        isRecorded = true;
    }
}
