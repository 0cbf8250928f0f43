// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AionToken} from "./AionToken.sol";
import {CloneArguments} from "./CloneArguments.sol";
import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Burnable} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Burnable.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title ERC-721 of this house
/// @notice Burnable, pausable, with royalties (ERC-2981), a soulbound flag (ERC-5192), metadata events (ERC-4906), and
/// mints that happen at most once for an operation number of their sender.
/// @dev Immutable arguments, 65 bytes and the base URI: `royaltyBps` (12), `soulbound` (1), `issuer` (32),
/// `factory` (20), base URI (the rest).
contract AionERC721 is ERC721Burnable, AionToken, IERC2981, IERC4906 {
    uint256 private constant ROYALTY_OFFSET = 0;
    uint256 private constant SOULBOUND_OFFSET = 12;
    uint256 private constant ISSUER_OFFSET = 13;
    uint256 private constant BASE_URI_OFFSET = 65;
    uint256 private constant BPS = 10_000;
    bytes4 private constant ERC4906_ID = 0x49064906;
    bytes4 private constant ERC5192_ID = 0xb45a3c0e;

    string private _newBaseUri;
    address private _royaltyReceiver;

    /// @notice ERC-5192: token `tokenId` cannot change hands.
    event Locked(uint256 tokenId);

    /// @notice Token `tokenId` cannot change hands.
    error Soulbound(uint256 tokenId);

    constructor() ERC721("", "") {}

    /// @notice Mints token `tokenId` to `to`; a contract must accept it.
    function mint(address to, uint256 tokenId) external onlyRole(MINTER_ROLE) {
        _mintOne(to, tokenId);
    }

    /// @notice Mints token `tokenId` to `to`, at most once for the sender's number `op`.
    /// @param op Operation number of the sender.
    /// @param task Id of the task that the mint belongs to; an event shows it.
    /// @param to Who receives the token.
    /// @param tokenId The token.
    function mintOnce(uint256 op, bytes32 task, address to, uint256 tokenId) external onlyRole(MINTER_ROLE) {
        _useOperation(msg.sender, op, task);
        _mintOne(to, tokenId);
    }

    /// @notice Mints several tokens to `to`, all or none, at most once for the sender's number `op`.
    function mintBatchOnce(uint256 op, bytes32 task, address to, uint256[] calldata tokenIds)
        external
        onlyRole(MINTER_ROLE)
    {
        _useOperation(msg.sender, op, task);
        for (uint256 i = 0; i < tokenIds.length; ++i) {
            _mintOne(to, tokenIds[i]);
        }
    }

    /// @notice Replaces the base URI that the token was created with; an empty one brings that back.
    function setBaseURI(string calldata uri) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _newBaseUri = uri;
        emit BatchMetadataUpdate(0, type(uint256).max);
    }

    /// @notice Sets who receives royalties; the zero address means the contract's admin.
    function setRoyaltyReceiver(address receiver) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _royaltyReceiver = receiver;
    }

    /// @notice ERC-2981: the royalty is a share fixed at creation, and goes to the admin unless another is set.
    function royaltyInfo(uint256, uint256 salePrice) external view returns (address receiver, uint256 amount) {
        receiver = _royaltyReceiver == address(0) ? owner() : _royaltyReceiver;
        amount = Math.mulDiv(salePrice, royaltyBps(), BPS);
    }

    /// @notice ERC-5192: whether `tokenId` cannot change hands.
    function locked(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);
        return soulbound();
    }

    /// @notice Name of the collection.
    function name() public view override returns (string memory) {
        return _tokenName;
    }

    /// @notice Symbol of the collection.
    function symbol() public view override returns (string memory) {
        return _tokenSymbol;
    }

    /// @notice Royalty in 1/10,000 of the sale price, fixed at creation.
    function royaltyBps() public view returns (uint96) {
        return uint96(bytes12(CloneArguments.word(ROYALTY_OFFSET)));
    }

    /// @notice Whether the tokens cannot change hands, fixed at creation. They can be burned.
    function soulbound() public view returns (bool) {
        return bytes1(CloneArguments.word(SOULBOUND_OFFSET)) != 0;
    }

    /// @notice ERC-165.
    function supportsInterface(bytes4 interfaceId)
        public
        view
        override(ERC721, AccessControlDefaultAdminRules, IERC165)
        returns (bool)
    {
        return interfaceId == type(IERC2981).interfaceId || interfaceId == ERC4906_ID || interfaceId == ERC5192_ID
            || super.supportsInterface(interfaceId);
    }

    function _update(address to, uint256 tokenId, address auth) internal override whenNotPaused returns (address from) {
        from = super._update(to, tokenId, auth);
        if (from != address(0) && to != address(0) && soulbound()) revert Soulbound(tokenId);
    }

    function _baseURI() internal view override returns (string memory) {
        string memory replaced = _newBaseUri;
        return bytes(replaced).length != 0 ? replaced : string(CloneArguments.tail(BASE_URI_OFFSET));
    }

    function _issuerOffset() internal pure override returns (uint256) {
        return ISSUER_OFFSET;
    }

    /// @dev The lock is announced before the receiver is asked, so that its call back finds the log in order.
    function _mintOne(address to, uint256 tokenId) private {
        if (soulbound()) emit Locked(tokenId);
        _safeMint(to, tokenId);
    }
}
