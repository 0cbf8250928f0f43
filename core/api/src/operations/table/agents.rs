//! Other agents: the protocols by which they use the platform.

use super::json;
use crate::operations::{Credential, Method, Operation};
use crate::problem::Code;

pub(super) const OPERATIONS: [Operation; 2] = [
    Operation {
        id: "callMcp",
        method: Method::Post,
        path: "/mcp",
        tag: "agents",
        summary: "Model Context Protocol, revisions 2026-07-28 and 2025-11-25: one message, in its words (docs/MIND.md).",
        credential: Credential::Offered,
        idempotent: false,
        query: &[],
        request: "McpMessage",
        example: concat!(
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","#,
            r#""capabilities":{},"clientInfo":{"name":"example","version":"1"}}}"#,
        ),
        success: json(200, "McpMessage"),
        problems: &[Code::ComponentUnavailable],
    },
    Operation {
        id: "mcpResource",
        method: Method::Get,
        path: "/.well-known/oauth-protected-resource/mcp",
        tag: "agents",
        summary: "The MCP endpoint as an OAuth protected resource (RFC 9728).",
        credential: Credential::Public,
        idempotent: false,
        query: &[],
        request: "",
        example: "/.well-known/oauth-protected-resource/mcp",
        success: json(200, "ProtectedResource"),
        problems: &[Code::ComponentUnavailable],
    },
];
