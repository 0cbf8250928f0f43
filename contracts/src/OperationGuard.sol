// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OperationBitmap} from "./OperationBitmap.sol";

/// @title Guard that lets a sender use each operation number at most once in this contract
/// @notice Numbers belong to their sender: nobody can use up the numbers of somebody else.
abstract contract OperationGuard {
    using OperationBitmap for OperationBitmap.Bitmap;

    mapping(address sender => OperationBitmap.Bitmap) private _operations;

    /// @notice The sender of this transaction used number `op`, for task `task`.
    event Operation(uint256 indexed op, bytes32 indexed task);

    /// @notice The sender used number `op` before.
    error OperationUsed(uint256 op);

    /// @notice Whether `sender` used number `op` in this contract.
    function isOperationUsed(address sender, uint256 op) public view returns (bool) {
        return _operations[sender].contains(op);
    }

    /// @dev Uses number `op` of `sender`, or reverts with {OperationUsed}. Call it before the effects it guards: a
    /// revert of those leaves the number unused, and a call back in finds it used.
    function _useOperation(address sender, uint256 op, bytes32 task) internal {
        if (!_operations[sender].use(op)) revert OperationUsed(op);
        emit Operation(op, task);
    }
}
