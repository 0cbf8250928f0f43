// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Account of a wallet: carries out signed operations, each number at most once
/// @notice Code that a wallet's own address delegates to by EIP-7702, or an ERC-1167 clone whose owner is an immutable
/// argument. Whoever carries an operation pays its gas and gains no right by it.
interface IAionAccount {
    /// @notice One call of a batch.
    struct Call {
        address to;
        uint256 value;
        bytes data;
    }

    /// @notice Operation `op` was carried out.
    event OperationExecuted(uint256 indexed op);

    /// @notice Operation `op` was carried out before.
    error OperationUsed(uint256 op);
    /// @notice The operation was valid until `deadline` (Unix seconds, inclusive).
    error OperationExpired(uint256 deadline);
    /// @notice The signature is not the owner's over this operation.
    error InvalidSignature();
    /// @notice There is no code at `to` although calldata was given: the call would do nothing.
    error NoCode(address to);

    /// @notice Carries out one signed call.
    /// @param op Operation number, used at most once by this account; dense numbers are the cheapest.
    /// @param to Address that is called.
    /// @param value Native coin that goes with the call, in wei.
    /// @param data Calldata of the call.
    /// @param deadline Last second (Unix) at which the operation may be carried out.
    /// @param signature 65 bytes `r || s || v` of the owner over `operationDigest`, with a low `s`.
    /// @return What the call returned. Its revert reverts the whole transaction and leaves the number unused.
    function execute(
        uint256 op,
        address to,
        uint256 value,
        bytes calldata data,
        uint256 deadline,
        bytes calldata signature
    ) external payable returns (bytes memory);

    /// @notice Carries out several calls under one number and one signature, all of them or none.
    /// @param op Operation number, from the same numbers as `execute`.
    /// @param calls The calls, in order.
    /// @param deadline Last second (Unix) at which the operation may be carried out.
    /// @param signature 65 bytes `r || s || v` of the owner over `batchDigest`, with a low `s`.
    /// @return What each call returned.
    function executeBatch(uint256 op, Call[] calldata calls, uint256 deadline, bytes calldata signature)
        external
        payable
        returns (bytes[] memory);

    /// @notice Whether operation `op` was carried out.
    function isOperationUsed(uint256 op) external view returns (bool);

    /// @notice Whose signature this account obeys: its own address under EIP-7702, the immutable owner of a clone.
    function owner() external view returns (address);

    /// @notice EIP-712 digest of `Operation(uint256 op,address to,uint256 value,bytes data,uint256 deadline)`.
    function operationDigest(uint256 op, address to, uint256 value, bytes calldata data, uint256 deadline)
        external
        view
        returns (bytes32);

    /// @notice EIP-712 digest of `OperationBatch(uint256 op,Call[] calls,uint256 deadline)`.
    function batchDigest(uint256 op, Call[] calldata calls, uint256 deadline) external view returns (bytes32);
}
