// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CloneArguments} from "./CloneArguments.sol";
import {OperationGuard} from "./OperationGuard.sol";
import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What the ERC-20 and the ERC-721 of this house have in common
/// @notice A clone of the factory: its creator is admin, minter and pauser; the issuer's DID hash is part of its code.
abstract contract AionToken is AccessControlDefaultAdminRules, Pausable, OperationGuard {
    /// @notice May mint.
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");
    /// @notice May stop and resume every movement of the token.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");
    /// @notice A change of the admin waits at least this long, in seconds.
    uint48 public constant ADMIN_DELAY_FLOOR = 1 days;

    /// @dev Admin of the bare implementation: nobody.
    address private constant NOBODY = address(0xdEaD);

    address private immutable _implementation = address(this);

    string internal _tokenName;
    string internal _tokenSymbol;
    string private _contractUri;

    /// @notice ERC-7572: what `contractURI` returns has changed.
    event ContractURIUpdated();

    /// @notice Only the factory may do this, once, at creation.
    error NotFactory(address caller);

    constructor() AccessControlDefaultAdminRules(0, NOBODY) {}

    /// @notice Called by the factory in the transaction that creates the token, and by nobody ever after.
    /// @param creator Becomes admin, minter and pauser.
    /// @param name_ Name of the token.
    /// @param symbol_ Symbol of the token.
    function initialize(address creator, string calldata name_, string calldata symbol_) external {
        if (address(this) == _implementation || msg.sender != factory()) revert NotFactory(msg.sender);
        _tokenName = name_;
        _tokenSymbol = symbol_;
        _grantRole(DEFAULT_ADMIN_ROLE, creator);
        _grantRole(MINTER_ROLE, creator);
        _grantRole(PAUSER_ROLE, creator);
    }

    /// @notice Stops every transfer, mint and burn.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    /// @notice Resumes what `pause` stopped.
    function unpause() external onlyRole(PAUSER_ROLE) {
        _unpause();
    }

    /// @notice Sets the URI of the contract's metadata (ERC-7572).
    function setContractURI(string calldata uri) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _contractUri = uri;
        emit ContractURIUpdated();
    }

    /// @notice ERC-7572: URI of the contract's metadata, empty until it is set.
    function contractURI() external view returns (string memory) {
        return _contractUri;
    }

    /// @notice Hash of the issuer's DID, 0 if the token names none.
    function issuer() external view returns (bytes32) {
        return CloneArguments.word(_issuerOffset());
    }

    /// @notice The factory that created this token.
    function factory() public view returns (address) {
        return CloneArguments.addressAt(_issuerOffset() + 32);
    }

    /// @notice Seconds that a change of the admin waits; never less than `ADMIN_DELAY_FLOOR`.
    function defaultAdminDelay() public view override returns (uint48) {
        return uint48(Math.max(super.defaultAdminDelay(), ADMIN_DELAY_FLOOR));
    }

    /// @dev Where the issuer stands in the immutable arguments; the factory's address follows it.
    function _issuerOffset() internal pure virtual returns (uint256);
}
