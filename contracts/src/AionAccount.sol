// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CloneArguments} from "./CloneArguments.sol";
import {OperationBitmap} from "./OperationBitmap.sol";
import {IAionAccount} from "./interfaces/IAionAccount.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {ERC721Holder} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Holder.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Account of a wallet
/// @notice See {IAionAccount}. The code keeps nothing of its deployment: the EIP-712 domain names the address it runs
/// at, and its only state is an ERC-7201 slot, so that a delegation can be set, cleared and set again without harm.
contract AionAccount is IAionAccount, IERC1271, ERC721Holder, ERC1155Holder {
    using OperationBitmap for OperationBitmap.Bitmap;

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME_HASH = keccak256("AionAccount");
    bytes32 private constant VERSION_HASH = keccak256("1");
    bytes32 private constant OPERATION_TYPEHASH =
        keccak256("Operation(uint256 op,address to,uint256 value,bytes data,uint256 deadline)");
    bytes32 private constant CALL_TYPEHASH = keccak256("Call(address to,uint256 value,bytes data)");
    bytes32 private constant BATCH_TYPEHASH =
        keccak256("OperationBatch(uint256 op,Call[] calls,uint256 deadline)Call(address to,uint256 value,bytes data)");
    bytes32 private constant MESSAGE_TYPEHASH = keccak256("Message(bytes32 hash)");

    /// @dev ERC-7201 slot of "aion.account".
    bytes32 private constant STATE_SLOT =
        keccak256(abi.encode(uint256(keccak256("aion.account")) - 1)) & ~bytes32(uint256(0xff));

    /// @dev Code length of a clone with an owner of 20 bytes; a delegated address has 23 bytes of code.
    uint256 private constant CLONE_LENGTH = CloneArguments.PROXY_LENGTH + 20;

    /// @notice Takes native coin.
    receive() external payable {}

    /// @inheritdoc IAionAccount
    function execute(
        uint256 op,
        address to,
        uint256 value,
        bytes calldata data,
        uint256 deadline,
        bytes calldata signature
    ) external payable returns (bytes memory) {
        _authorize(op, deadline, operationDigest(op, to, value, data, deadline), signature);
        return _call(to, value, data);
    }

    /// @inheritdoc IAionAccount
    function executeBatch(uint256 op, Call[] calldata calls, uint256 deadline, bytes calldata signature)
        external
        payable
        returns (bytes[] memory results)
    {
        _authorize(op, deadline, batchDigest(op, calls, deadline), signature);
        results = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            results[i] = _call(calls[i].to, calls[i].value, calls[i].data);
        }
    }

    /// @inheritdoc IAionAccount
    function isOperationUsed(uint256 op) external view returns (bool) {
        return _operations().contains(op);
    }

    /// @notice ERC-1271. Under EIP-7702 the owner's signature over `hash`; a clone wants it over the EIP-712
    /// `Message(bytes32 hash)` of its domain, since one owner may have several clones and each needs its own consent.
    /// @return `0x1626ba7e` if the signature is the owner's, else `0xffffffff`.
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        bytes32 digest = owner() == address(this) ? hash : _typedHash(keccak256(abi.encode(MESSAGE_TYPEHASH, hash)));
        return _isOwnerSignature(digest, signature) ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    /// @inheritdoc IAionAccount
    function operationDigest(uint256 op, address to, uint256 value, bytes calldata data, uint256 deadline)
        public
        view
        returns (bytes32)
    {
        bytes32 typeHash = OPERATION_TYPEHASH;
        bytes32 structHash;
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, data.offset, data.length)
            let dataHash := keccak256(free, data.length)
            mstore(free, typeHash)
            mstore(add(free, 0x20), op)
            mstore(add(free, 0x40), to)
            mstore(add(free, 0x60), value)
            mstore(add(free, 0x80), dataHash)
            mstore(add(free, 0xa0), deadline)
            structHash := keccak256(free, 0xc0)
        }
        return _typedHash(structHash);
    }

    /// @inheritdoc IAionAccount
    function batchDigest(uint256 op, Call[] calldata calls, uint256 deadline) public view returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            hashes[i] = keccak256(abi.encode(CALL_TYPEHASH, calls[i].to, calls[i].value, keccak256(calls[i].data)));
        }
        bytes32 list = keccak256(abi.encodePacked(hashes));
        return _typedHash(keccak256(abi.encode(BATCH_TYPEHASH, op, list, deadline)));
    }

    /// @inheritdoc IAionAccount
    function owner() public view returns (address) {
        return address(this).code.length == CLONE_LENGTH ? CloneArguments.addressAt(0) : address(this);
    }

    /// @notice ERC-165.
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IAionAccount).interfaceId || interfaceId == type(IERC1271).interfaceId
            || interfaceId == type(IERC721Receiver).interfaceId || super.supportsInterface(interfaceId);
    }

    /// @dev Uses the number before anything is called; every revert after this undoes it.
    function _authorize(uint256 op, uint256 deadline, bytes32 digest, bytes calldata signature) private {
        if (!_operations().use(op)) revert OperationUsed(op);
        if (block.timestamp > deadline) revert OperationExpired(deadline);
        if (!_isOwnerSignature(digest, signature)) revert InvalidSignature();
        emit OperationExecuted(op);
    }

    /// @dev Calls, returns what came back, and hands a revert on as it is.
    function _call(address to, uint256 value, bytes calldata data) private returns (bytes memory) {
        (bool success, bytes memory result) = to.call{value: value}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
        if (result.length == 0 && data.length != 0 && to.code.length == 0) revert NoCode(to);
        return result;
    }

    /// @dev A key of `address(this)` exists only where that is the owner (EIP-7702), so the cheap comparison is first.
    function _isOwnerSignature(bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address signer, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (fault != ECDSA.RecoverError.NoError) return false;
        return signer == address(this) || signer == owner();
    }

    /// @dev Not cached in the code: under EIP-7702 the same code runs at many addresses.
    function _typedHash(bytes32 structHash) private view returns (bytes32 digest) {
        (bytes32 typeHash, bytes32 nameHash, bytes32 versionHash) = (DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH);
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, typeHash)
            mstore(add(free, 0x20), nameHash)
            mstore(add(free, 0x40), versionHash)
            mstore(add(free, 0x60), chainid())
            mstore(add(free, 0x80), address())
            let domain := keccak256(free, 0xa0)
            mstore(free, shl(240, 0x1901))
            mstore(add(free, 0x02), domain)
            mstore(add(free, 0x22), structHash)
            digest := keccak256(free, 0x42)
        }
    }

    function _operations() private pure returns (OperationBitmap.Bitmap storage state) {
        bytes32 slot = STATE_SLOT;
        assembly ("memory-safe") {
            state.slot := slot
        }
    }
}
