//! Named definitions of tasks.

use super::{PAGE, json};
use crate::Scope;
use crate::operations::{Credential, Method, Operation};
use crate::problem::Code;

pub(super) const OPERATIONS: [Operation; 4] = [
    Operation {
        id: "checkDefinition",
        method: Method::Post,
        path: "/v1/definitions:check",
        tag: "definitions",
        summary: "Checks a definition and names every fault; nothing is stored.",
        credential: Credential::Key(Scope::TaskWrite),
        idempotent: false,
        query: &[],
        request: "CheckDefinition",
        example: r#"{"definition":{"steps":{"nap":{"do":"sleep","with":{"duration":"PT1S"}}}}}"#,
        success: json(200, "Checked"),
        problems: &[],
    },
    Operation {
        id: "putDefinition",
        method: Method::Put,
        path: "/v1/definitions/{name}",
        tag: "definitions",
        summary: "Stores a definition under a name; a changed one is a new version.",
        credential: Credential::Key(Scope::TaskWrite),
        idempotent: false,
        query: &[],
        request: "CheckDefinition",
        example: r#"{"definition":{"steps":{"nap":{"do":"sleep","with":{"duration":"PT1S"}}}}}"#,
        success: json(200, "Definition"),
        problems: &[Code::DefinitionInvalid, Code::LimitReached],
    },
    Operation {
        id: "readDefinition",
        method: Method::Get,
        path: "/v1/definitions/{name}",
        tag: "definitions",
        summary: "Reads the newest version of a definition, or the one asked for.",
        credential: Credential::Key(Scope::TaskRead),
        idempotent: false,
        query: &[("version", "a version, from 1")],
        request: "",
        example: "/v1/definitions/payroll?version=2",
        success: json(200, "Definition"),
        problems: &[Code::ResourceUnknown, Code::RequestMalformed],
    },
    Operation {
        id: "listDefinitions",
        method: Method::Get,
        path: "/v1/definitions",
        tag: "definitions",
        summary: "Lists the newest version of every definition.",
        credential: Credential::Key(Scope::TaskRead),
        idempotent: false,
        query: PAGE,
        request: "",
        example: "/v1/definitions",
        success: json(200, "DefinitionList"),
        problems: &[],
    },
];
