//! The eyes: numbers of the whole deployment, and alerts. They are the operator's.

use super::json;
use crate::metrics::MEDIA_TYPE;
use crate::operations::{Credential, Method, Operation, Success};
use crate::problem::Code;

/// What all of them have in common.
const OF_OPERATOR: Operation = Operation {
    id: "",
    method: Method::Get,
    path: "",
    tag: "eyes",
    summary: "",
    credential: Credential::Operator,
    idempotent: false,
    query: &[],
    request: "",
    example: "",
    success: json(200, ""),
    problems: &[Code::ComponentUnavailable],
};

pub(super) const OPERATIONS: [Operation; 6] = [
    Operation {
        id: "platformMetrics",
        path: "/v1/metrics",
        summary: "Numbers of every script and object, in the text format of Prometheus.",
        example: "/v1/metrics",
        success: Success { status: 200, media_type: MEDIA_TYPE, schema: "" },
        ..OF_OPERATOR
    },
    Operation {
        id: "readAlerts",
        path: "/v1/alerts",
        summary: "Reads the alerts document: rules, and where events go.",
        example: "/v1/alerts",
        success: json(200, "Alerts"),
        ..OF_OPERATOR
    },
    Operation {
        id: "putAlerts",
        method: Method::Put,
        path: "/v1/alerts",
        summary: "Puts the alerts document as the next version; If-Match names the version that it follows.",
        query: &[("dryRun", "true: the document is checked and nothing changes")],
        request: "AlertTable",
        example: concat!(
            r#"{"rules":[{"name":"slow","severity":"warning","forSeconds":60,"clearSeconds":120,"what":{"quantile":"#,
            r#"{"of":{"metric":"aion_request_ms"},"perMille":990,"minutes":5,"aboveMs":2000,"minimum":100}}}]}"#,
        ),
        success: json(200, "Alerts"),
        problems: &[Code::PreconditionFailed, Code::ComponentUnavailable],
        ..OF_OPERATOR
    },
    Operation {
        id: "alertStates",
        path: "/v1/alerts/states",
        summary: "Says of every alert how it is, and since when.",
        example: "/v1/alerts/states",
        success: json(200, "AlertStates"),
        ..OF_OPERATOR
    },
    Operation {
        id: "alertHistory",
        path: "/v1/alerts/history",
        summary: "Lists what has happened to alerts and to their deliveries, the newest first.",
        query: &[("limit", "at most so many, up to 100"), ("cursor", "what nextCursor said")],
        example: "/v1/alerts/history?limit=20",
        success: json(200, "AlertEventList"),
        problems: &[Code::RequestMalformed, Code::ComponentUnavailable],
        ..OF_OPERATOR
    },
    Operation {
        id: "silenceAlert",
        method: Method::Put,
        path: "/v1/alerts/{name}/silence",
        summary: "Delivers nothing of an alert until a time, or again from now on. Its history goes on.",
        request: "Silence",
        example: r#"{"until":"2026-12-01T08:00:00Z"}"#,
        success: json(200, "Alerts"),
        problems: &[Code::ResourceUnknown, Code::ComponentUnavailable],
        ..OF_OPERATOR
    },
];
