//! Bindings of the contracts under `contracts/src`, as far as we call them.

use alloy_sol_types::sol;

sol! {
    /// Code that a wallet's address delegates to.
    #[derive(Debug, PartialEq, Eq)]
    interface AionAccount {
        event OperationExecuted(uint256 indexed op);
        error OperationUsed(uint256 op);
        error OperationExpired(uint256 deadline);
        error InvalidSignature();
        error NoCode(address to);
        function execute(uint256 op, address to, uint256 value, bytes data, uint256 deadline, bytes signature)
            external payable returns (bytes);
        function isOperationUsed(uint256 op) external view returns (bool);
        function operationDigest(uint256 op, address to, uint256 value, bytes data, uint256 deadline)
            external view returns (bytes32);
    }

    /// What an ERC-20 is created with.
    #[derive(Debug, PartialEq, Eq)]
    struct Erc20Params { string name; string symbol; uint256 cap; bytes32 issuer; }

    /// What an ERC-721 is created with.
    #[derive(Debug, PartialEq, Eq)]
    struct Erc721Params {
        string name; string symbol; string baseUri; bool soulbound; uint96 royaltyBps; bytes32 issuer;
    }

    /// Creates tokens at predictable addresses.
    #[derive(Debug, PartialEq, Eq)]
    interface TokenFactory {
        event TokenCreated(
            address indexed token, address indexed creator, bytes32 indexed task, uint8 standard, uint16 version
        );
        error RoyaltyTooHigh(uint96 royaltyBps);
        error NoImplementation(address implementation);
        function createErc20(bytes32 task, Erc20Params p) external returns (address token);
        function createErc721(bytes32 task, Erc721Params p) external returns (address token);
        function predictErc20(address creator, bytes32 task, Erc20Params p) external view returns (address);
        function predictErc721(address creator, bytes32 task, Erc721Params p) external view returns (address);
    }

    /// A fungible token.
    #[derive(Debug, PartialEq, Eq)]
    interface ERC20 {
        event Transfer(address indexed from, address indexed to, uint256 value);
        function mint(address to, uint256 amount) external;
        function transfer(address to, uint256 amount) external returns (bool);
        function burn(uint256 amount) external;
        function approve(address spender, uint256 amount) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function name() external view returns (string);
        function symbol() external view returns (string);
        function decimals() external view returns (uint8);
    }

    /// A non-fungible token; its `mint` has the selector of the fungible one and other meaning.
    #[derive(Debug, PartialEq, Eq)]
    interface ERC721 {
        function setApprovalForAll(address operator, bool approved) external;
        function safeTransferFrom(address from, address to, uint256 tokenId) external;
    }
}
