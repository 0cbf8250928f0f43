//! Rate limits.

use super::json;
use crate::Scope;
use crate::operations::{Credential, Method, Operation};

pub(super) const OPERATIONS: [Operation; 3] = [
    Operation {
        id: "readLimits",
        method: Method::Get,
        path: "/v1/limits",
        tag: "limits",
        summary: "Reads the rate limits that hold for the tenant.",
        credential: Credential::Key(Scope::MetricsRead),
        idempotent: false,
        query: &[],
        request: "",
        example: "/v1/limits",
        success: json(200, "Limits"),
        problems: &[],
    },
    Operation {
        id: "putLimits",
        method: Method::Put,
        path: "/v1/limits",
        tag: "limits",
        summary: "Sets the tenant's own rate limits, which hold beside those of the deployment.",
        credential: Credential::Key(Scope::TenantAdmin),
        idempotent: false,
        query: &[],
        request: "PutLimits",
        example: concat!(
            r#"{"rules":[{"name":"writes","match":{"scopes":["task:write"]},"per":["key"],"#,
            r#""limit":600,"windowSeconds":60,"burst":60}]}"#,
        ),
        success: json(200, "Limits"),
        problems: &[],
    },
    Operation {
        id: "explainLimits",
        method: Method::Post,
        path: "/v1/limits:explain",
        tag: "limits",
        summary: "Says which rate limit would decide on a request and why; nothing is spent.",
        credential: Credential::Key(Scope::MetricsRead),
        idempotent: false,
        query: &[],
        request: "ExplainLimits",
        example: r#"{"method":"POST","path":"/v1/tasks"}"#,
        success: json(200, "Explanation"),
        problems: &[],
    },
];
