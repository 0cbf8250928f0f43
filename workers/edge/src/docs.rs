//! Readable pages of the API's description, made of the same table as everything else.

use std::fmt::Write;

use aion_api::operations::{Credential, OPERATIONS, Operation};
use aion_api::problem::Code;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
code,pre{font:14px/1.5 ui-monospace,monospace;background:#8881;border-radius:4px;padding:.1em .3em}\
pre{padding:.6em;overflow:auto}section{border-top:1px solid #8884;padding:.5rem 0}\
@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}}";

/// The page of all operations.
pub fn index() -> String {
    let mut body = String::from(
        "<h1>AION-Ω API</h1><p>Every operation, its scope, an example and its problems. For programs: \
         <a href=\"/openapi.json\">/openapi.json</a>.</p>",
    );
    let mut tag = "";
    for operation in OPERATIONS {
        if operation.tag != tag {
            tag = operation.tag;
            let _ = write!(body, "<h2>{tag}</h2>");
        }
        body.push_str(&section(operation));
    }
    page("AION-Ω API", &body)
}

/// The page of one kind of problem.
pub fn problem(code: Code) -> String {
    let (title, status, text) = (escape(code.title()), code.status(), escape(code.page()));
    let body = format!(
        "<h1>{title}</h1><p><code>{code}</code> · HTTP {status}</p><p>{text}</p>\
         <p><a href=\"/docs\">All operations</a></p>"
    );
    page(code.title(), &body)
}

fn section(operation: &Operation) -> String {
    let credential = match operation.credential {
        Credential::Public => "no credential".to_owned(),
        Credential::Offered | Credential::AnyKey => "an API key".to_owned(),
        Credential::Operator => "the operator's token".to_owned(),
        Credential::Key(scope) => format!("scope <code>{scope}</code>"),
    };
    let key = if operation.idempotent { ", <code>Idempotency-Key</code>" } else { "" };
    let mut section = format!(
        "<section id=\"{}\"><h3><code>{} {}</code></h3><p>{}</p><p>Wants {credential}{key}. Answers {}.</p>",
        operation.id,
        operation.method.as_str(),
        escape(operation.path),
        escape(operation.summary),
        operation.success.status,
    );
    for (name, meaning) in operation.query {
        let _ = write!(section, "<p><code>?{name}=</code> {}</p>", escape(meaning));
    }
    let _ = write!(section, "<pre>{}</pre><p>Problems: ", escape(operation.example));
    for code in operation.all_problems() {
        let _ = write!(section, "<a href=\"/problems/{code}\">{code}</a> ");
    }
    section.push_str("</p></section>");
    section
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\
         <body>{body}</body></html>",
        escape(title)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
