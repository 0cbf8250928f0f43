// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AionToken} from "./AionToken.sol";
import {ITokenFactory} from "./interfaces/ITokenFactory.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// @title Factory of tokens
/// @notice See {ITokenFactory}. It has no owner and no storage: the chain itself remembers which tokens stand, and its
/// implementations never change. A new version is a new factory.
contract TokenFactory is ITokenFactory {
    /// @notice Version of the implementations.
    uint16 public constant VERSION = 1;
    /// @notice Number of the standard ERC-20 in {TokenCreated}.
    uint8 public constant ERC20_STANDARD = 1;
    /// @notice Number of the standard ERC-721 in {TokenCreated}.
    uint8 public constant ERC721_STANDARD = 2;

    uint96 private constant BPS = 10_000;

    /// @notice Implementation behind every ERC-20.
    address public immutable erc20Implementation;
    /// @notice Implementation behind every ERC-721.
    address public immutable erc721Implementation;

    /// @param erc20Implementation_ The deployed `AionERC20`.
    /// @param erc721Implementation_ The deployed `AionERC721`.
    constructor(address erc20Implementation_, address erc721Implementation_) {
        if (erc20Implementation_.code.length == 0) revert NoImplementation(erc20Implementation_);
        if (erc721Implementation_.code.length == 0) revert NoImplementation(erc721Implementation_);
        erc20Implementation = erc20Implementation_;
        erc721Implementation = erc721Implementation_;
    }

    /// @inheritdoc ITokenFactory
    function createErc20(bytes32 task, Erc20Params calldata p) external returns (address token) {
        bytes memory args = _erc20Args(p);
        bytes32 salt = _salt(msg.sender, task, keccak256(abi.encode(p)));
        bool created;
        (token, created) = _create(erc20Implementation, args, salt);
        if (created) {
            AionToken(token).initialize(msg.sender, p.name, p.symbol);
            emit TokenCreated(token, msg.sender, task, ERC20_STANDARD, VERSION);
        }
    }

    /// @inheritdoc ITokenFactory
    function createErc721(bytes32 task, Erc721Params calldata p) external returns (address token) {
        bytes memory args = _erc721Args(p);
        bytes32 salt = _salt(msg.sender, task, keccak256(abi.encode(p)));
        bool created;
        (token, created) = _create(erc721Implementation, args, salt);
        if (created) {
            AionToken(token).initialize(msg.sender, p.name, p.symbol);
            emit TokenCreated(token, msg.sender, task, ERC721_STANDARD, VERSION);
        }
    }

    /// @inheritdoc ITokenFactory
    function predictErc20(address creator, bytes32 task, Erc20Params calldata p) external view returns (address) {
        bytes32 salt = _salt(creator, task, keccak256(abi.encode(p)));
        return Clones.predictDeterministicAddressWithImmutableArgs(erc20Implementation, _erc20Args(p), salt);
    }

    /// @inheritdoc ITokenFactory
    function predictErc721(address creator, bytes32 task, Erc721Params calldata p) external view returns (address) {
        bytes32 salt = _salt(creator, task, keccak256(abi.encode(p)));
        return Clones.predictDeterministicAddressWithImmutableArgs(erc721Implementation, _erc721Args(p), salt);
    }

    /// @inheritdoc ITokenFactory
    function implementation(uint8 standard, uint16 version) external view returns (address) {
        if (version != VERSION) return address(0);
        if (standard == ERC20_STANDARD) return erc20Implementation;
        return standard == ERC721_STANDARD ? erc721Implementation : address(0);
    }

    /// @dev Nobody but this factory can put code at the predicted address, so code there is the token itself.
    function _create(address implementation_, bytes memory args, bytes32 salt) private returns (address, bool) {
        address token = Clones.predictDeterministicAddressWithImmutableArgs(implementation_, args, salt);
        if (token.code.length != 0) return (token, false);
        return (Clones.cloneDeterministicWithImmutableArgs(implementation_, args, salt), true);
    }

    function _erc20Args(Erc20Params calldata p) private view returns (bytes memory) {
        return abi.encodePacked(p.cap, p.issuer, address(this));
    }

    function _erc721Args(Erc721Params calldata p) private view returns (bytes memory) {
        if (p.royaltyBps > BPS) revert RoyaltyTooHigh(p.royaltyBps);
        return abi.encodePacked(p.royaltyBps, p.soulbound, p.issuer, address(this), p.baseUri);
    }

    function _salt(address creator, bytes32 task, bytes32 paramsHash) private pure returns (bytes32) {
        return keccak256(abi.encode(creator, task, paramsHash));
    }
}
