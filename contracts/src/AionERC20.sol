// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AionToken} from "./AionToken.sol";
import {CloneArguments} from "./CloneArguments.sol";
import {TokenSignatures} from "./TokenSignatures.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";

/// @title ERC-20 of this house
/// @notice Burnable, pausable, with an optional cap, permits, authorised transfers, and mints and transfers that happen
/// at most once for an operation number of their sender.
/// @dev Immutable arguments, 84 bytes: `cap` (32), `issuer` (32), `factory` (20).
contract AionERC20 is ERC20Burnable, TokenSignatures, AionToken {
    uint256 private constant CAP_OFFSET = 0;
    uint256 private constant ISSUER_OFFSET = 32;

    /// @notice The mint would raise the supply to `increasedSupply`, above the cap.
    error ERC20ExceededCap(uint256 increasedSupply, uint256 cap);
    /// @notice The lists of a batch differ in length.
    error LengthMismatch(uint256 recipients, uint256 amounts);

    constructor() ERC20("", "") {}

    /// @notice Mints `amount` to `to`.
    function mint(address to, uint256 amount) external onlyRole(MINTER_ROLE) {
        _mint(to, amount);
    }

    /// @notice Mints `amount` to `to`, at most once for the sender's number `op`.
    /// @param op Operation number of the sender.
    /// @param task Id of the task that the mint belongs to; an event shows it.
    /// @param to Who receives the tokens.
    /// @param amount How many, in the smallest unit.
    function mintOnce(uint256 op, bytes32 task, address to, uint256 amount) external onlyRole(MINTER_ROLE) {
        _useOperation(msg.sender, op, task);
        _mint(to, amount);
    }

    /// @notice Mints to several, all or none, at most once for the sender's number `op`.
    function mintBatchOnce(uint256 op, bytes32 task, address[] calldata to, uint256[] calldata amounts)
        external
        onlyRole(MINTER_ROLE)
    {
        if (to.length != amounts.length) revert LengthMismatch(to.length, amounts.length);
        _useOperation(msg.sender, op, task);
        for (uint256 i = 0; i < to.length; ++i) {
            _mint(to[i], amounts[i]);
        }
    }

    /// @notice Transfers `amount` of the sender's tokens to `to`, at most once for the sender's number `op`.
    function transferOnce(uint256 op, bytes32 task, address to, uint256 amount) external {
        _useOperation(msg.sender, op, task);
        _transfer(msg.sender, to, amount);
    }

    /// @notice Transfers to several, all or none, at most once for the sender's number `op`.
    function transferBatchOnce(uint256 op, bytes32 task, address[] calldata to, uint256[] calldata amounts) external {
        if (to.length != amounts.length) revert LengthMismatch(to.length, amounts.length);
        _useOperation(msg.sender, op, task);
        for (uint256 i = 0; i < to.length; ++i) {
            _transfer(msg.sender, to[i], amounts[i]);
        }
    }

    /// @notice Name of the token.
    function name() public view override returns (string memory) {
        return _tokenName;
    }

    /// @notice Symbol of the token.
    function symbol() public view override returns (string memory) {
        return _tokenSymbol;
    }

    /// @notice Greatest supply that mints may reach, 0 if there is no cap.
    function cap() public view returns (uint256) {
        return uint256(CloneArguments.word(CAP_OFFSET));
    }

    function _update(address from, address to, uint256 value) internal override whenNotPaused {
        super._update(from, to, value);
        if (from != address(0)) return;
        uint256 limit = uint256(CloneArguments.word(CAP_OFFSET));
        if (limit != 0 && totalSupply() > limit) revert ERC20ExceededCap(totalSupply(), limit);
    }

    function _issuerOffset() internal pure override returns (uint256) {
        return ISSUER_OFFSET;
    }
}
