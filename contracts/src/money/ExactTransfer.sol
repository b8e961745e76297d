// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title ExactTransfer, for contracts whose accounts a token with fees would falsify
library ExactTransfer {
    using SafeERC20 for IERC20;

    /// @notice Thrown when a token delivered another amount than was asked (wei): it takes fees or rebases.
    error ExactTransfer_UnexpectedAmount(uint256 asked, uint256 arrived);

    /// @notice Takes exactly `amount` wei from the caller of the contract.
    function pull(address token, uint256 amount) internal {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 arrived = IERC20(token).balanceOf(address(this)) - before;
        if (arrived != amount) revert ExactTransfer_UnexpectedAmount(amount, arrived);
    }
}
