//! The gateway: routes and the cache.

use super::json;
use crate::Scope;
use crate::operations::{Credential, Method, Operation};
use crate::problem::Code;

pub(super) const OPERATIONS: [Operation; 3] = [
    Operation {
        id: "readRoutes",
        method: Method::Get,
        path: "/v1/routes",
        tag: "gateway",
        summary: "Reads the tenant's routes, the newest version or another one.",
        credential: Credential::Key(Scope::TenantAdmin),
        idempotent: false,
        query: &[("version", "the version; without it the newest")],
        request: "",
        example: "/v1/routes",
        success: json(200, "Routes"),
        problems: &[Code::ResourceUnknown, Code::RequestMalformed],
    },
    Operation {
        id: "putRoutes",
        method: Method::Put,
        path: "/v1/routes",
        tag: "gateway",
        summary: "Puts the tenant's routes as the next version; If-Match names the version that it follows.",
        credential: Credential::Key(Scope::TenantAdmin),
        idempotent: false,
        query: &[("dryRun", "true: the table is checked and nothing changes")],
        request: "RouteTable",
        example: concat!(
            r#"{"routes":[{"name":"shop","match":{"path":"/shop/{rest*}"},"rewrite":{"path":"/{rest*}"},"#,
            r#""targets":[{"origin":"https://shop.example.com"}],"cache":{"ttlS":60}}]}"#,
        ),
        success: json(200, "Routes"),
        problems: &[Code::PreconditionFailed],
    },
    Operation {
        id: "purgeCache",
        method: Method::Post,
        path: "/v1/cache:purge",
        tag: "gateway",
        summary: "Has the gateway's cache forget answers by their tags, or all of them.",
        credential: Credential::Key(Scope::TenantAdmin),
        idempotent: false,
        query: &[],
        request: "Purge",
        example: r#"{"tags":["shop"]}"#,
        success: json(200, "Purged"),
        problems: &[],
    },
];
