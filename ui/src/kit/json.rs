//! JSON as a tree that opens, and what differs between two documents.

use leptos::prelude::{
    AnyView, AriaAttributes, ClassAttribute, CollectView, ElementChild, GlobalAttributes, IntoAny, view,
};
use serde_json::Value;

use super::action::CopyProps;
use crate::diff::{self, Side};
use crate::text::{Text, t};

/// Entries beyond this many of one object are told by their number.
const ENTRIES_MAX: usize = 200;
/// Nesting beyond this is shown as text.
const DEPTH_MAX: usize = 12;

/// A document as a tree; its first levels are open.
pub fn json_tree(value: &Value, open_levels: usize) -> AnyView {
    view! { <div class="json mono">{node(None, value, 0, open_levels)}</div> }.into_any()
}

fn node(name: Option<&str>, value: &Value, depth: usize, open: usize) -> AnyView {
    let name = name.map(|name| view! { <span class="json-name">{name.to_owned()}</span>": " }.into_any());
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(place, value)| (place.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    if children.is_empty() || depth >= DEPTH_MAX {
        return view! { <div class="json-leaf">{name}{leaf(value)}</div> }.into_any();
    }
    let summary = if value.is_array() { format!("[{}]", children.len()) } else { format!("{{{}}}", children.len()) };
    let left_out = children.len().saturating_sub(ENTRIES_MAX);
    let shown = children.into_iter().take(ENTRIES_MAX).map(|(name, value)| node(Some(&name), value, depth + 1, open));
    let shown = shown.collect_view();
    let more =
        (left_out > 0).then(|| view! { <div class="json-leaf muted">{format!("… {left_out}")}</div> }.into_any());
    view! {
        <details class="json-node" open=depth < open>
            <summary>{name}<span class="muted">{summary}</span></summary>
            <div class="json-inner">{shown}{more}</div>
        </details>
    }
    .into_any()
}

fn leaf(value: &Value) -> AnyView {
    let (class, text) = match value {
        Value::String(text) => ("json-string", text.clone()),
        Value::Null => ("json-null", "null".to_owned()),
        other => ("json-number", other.to_string()),
    };
    view! { <span class=class>{text}</span> }.into_any()
}

/// A document with a way to copy it.
pub fn json_block(value: &Value) -> AnyView {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let copy = super::action::Copy(CopyProps::builder().value(text).short(true).build());
    view! { <div class="json-block"><div class="json-copy">{copy}</div>{json_tree(value, 2)}</div> }.into_any()
}

/// What differs between two documents, line by line.
pub fn json_diff(old: &Value, new: &Value) -> AnyView {
    let text = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
    text_diff(&text(old), &text(new))
}

/// What differs between two texts, line by line.
pub fn text_diff(old: &str, new: &str) -> AnyView {
    let Some(lines) = diff::lines(old, new) else {
        return view! { <p class="hint">{t(Text::DiffTooLong)}</p> }.into_any();
    };
    let lines = lines.into_iter().map(|(side, line)| {
        let (class, mark, meaning) = match side {
            Side::Both => ("diff-line", " ", ""),
            Side::Old => ("diff-line diff-old", "−", t(Text::DiffRemoved)),
            Side::New => ("diff-line diff-new", "+", t(Text::DiffAdded)),
        };
        view! {
            <div class=class>
                <span class="diff-mark" aria-hidden="true">{mark}</span><span class="sr-only">{meaning}</span>
                <span class="diff-text">{line.to_owned()}</span>
            </div>
        }
        .into_any()
    });
    view! {
        <div class="diff mono" role="region" aria-label=t(Text::Differences) tabindex="0">{lines.collect_view()}</div>
    }
    .into_any()
}
