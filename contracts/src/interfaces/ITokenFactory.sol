// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Factory of tokens at addresses that follow from who creates them, for which task, with which parameters
/// @notice Creating is idempotent: the same creator, task and parameters always mean the same token.
interface ITokenFactory {
    /// @notice What an ERC-20 is created with. Decimals are 18.
    struct Erc20Params {
        string name;
        string symbol;
        uint256 cap; // greatest supply ever, 0 = none
        bytes32 issuer; // hash of the issuer's DID, 0 = none
    }

    /// @notice What an ERC-721 is created with.
    struct Erc721Params {
        string name;
        string symbol;
        string baseUri;
        bool soulbound; // tokens cannot change hands
        uint96 royaltyBps; // of the sale price, in 1/10,000
        bytes32 issuer; // hash of the issuer's DID, 0 = none
    }

    /// @notice A token was created: `standard` is 1 for ERC-20 and 2 for ERC-721.
    event TokenCreated(
        address indexed token, address indexed creator, bytes32 indexed task, uint8 standard, uint16 version
    );

    /// @notice A royalty above the whole price.
    error RoyaltyTooHigh(uint96 royaltyBps);
    /// @notice There is no code at `implementation`.
    error NoImplementation(address implementation);

    /// @notice Creates an ERC-20, or returns the one that stands already; the caller is its admin, minter and pauser.
    /// @param task Id of the task that the creation belongs to.
    /// @param p Parameters of the token.
    /// @return token Its address.
    function createErc20(bytes32 task, Erc20Params calldata p) external returns (address token);

    /// @notice Creates an ERC-721, or returns the one that stands already; the caller is its admin, minter and pauser.
    /// @param task Id of the task that the creation belongs to.
    /// @param p Parameters of the token.
    /// @return token Its address.
    function createErc721(bytes32 task, Erc721Params calldata p) external returns (address token);

    /// @notice Where `createErc20` of `creator` puts or has put the token.
    function predictErc20(address creator, bytes32 task, Erc20Params calldata p) external view returns (address);

    /// @notice Where `createErc721` of `creator` puts or has put the token.
    function predictErc721(address creator, bytes32 task, Erc721Params calldata p) external view returns (address);

    /// @notice Implementation behind the tokens of a standard (1 ERC-20, 2 ERC-721) and version, 0 if there is none.
    function implementation(uint8 standard, uint16 version) external view returns (address);
}
