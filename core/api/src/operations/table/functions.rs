//! Functions of a tenant.

use super::json;
use crate::Scope;
use crate::operations::{Credential, Method, Operation, Success};
use crate::problem::Code;
use crate::v1::functions::MEDIA_TYPE;

pub(super) const OPERATIONS: [Operation; 4] = [
    Operation {
        id: "listFunctions",
        method: Method::Get,
        path: "/v1/functions",
        tag: "functions",
        summary: "Lists the tenant's functions in their newest versions, by name.",
        credential: Credential::Key(Scope::TenantAdmin),
        idempotent: false,
        query: &[],
        request: "",
        example: "/v1/functions",
        success: json(200, "FunctionList"),
        problems: &[],
    },
    Operation {
        id: "putFunction",
        method: Method::Put,
        path: "/v1/functions/{name}",
        tag: "functions",
        summary: "Puts a WebAssembly module as the next version of a function; the same one again changes nothing.",
        credential: Credential::Key(Scope::TenantAdmin),
        idempotent: false,
        query: &[("grants", "what it may ask for, with commas: fetch, resolve, verify, start, caller")],
        request: MEDIA_TYPE,
        example: "/v1/functions/gate?grants=verify",
        success: json(200, "Function"),
        problems: &[Code::LimitReached],
    },
    Operation {
        id: "readFunction",
        method: Method::Get,
        path: "/v1/functions/{name}",
        tag: "functions",
        summary: "Reads what is known of a function, of its newest version or another one.",
        credential: Credential::Key(Scope::TenantAdmin),
        idempotent: false,
        query: &[("version", "the version; without it the newest")],
        request: "",
        example: "/v1/functions/gate",
        success: json(200, "Function"),
        problems: &[Code::ResourceUnknown, Code::RequestMalformed, Code::RequestInvalid],
    },
    Operation {
        id: "deleteFunction",
        method: Method::Delete,
        path: "/v1/functions/{name}",
        tag: "functions",
        summary: "Deletes a function with all of its versions.",
        credential: Credential::Key(Scope::TenantAdmin),
        idempotent: false,
        query: &[],
        request: "",
        example: "/v1/functions/gate",
        success: Success { status: 204, media_type: "", schema: "" },
        problems: &[Code::ResourceUnknown, Code::RequestInvalid],
    },
];
