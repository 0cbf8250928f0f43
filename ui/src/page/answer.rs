//! Answers that are shown as they came: what most pages with tables need, compiled once for all of them.

use leptos::prelude::{AnyView, ClassAttribute, ElementChild, Get, IntoAny, Signal, view};
use serde_json::Value;

use crate::amount;
use crate::kit::state::Empty;
use crate::kit::table::{Column, by_text, table};
use crate::kit::time::ago;
use crate::remote::Remote;
use crate::session::{Asked, Session};
use crate::text::Text;

/// Digits of an amount of micro-USD behind the point.
const USD_DECIMALS: u8 = 6;
/// Digits of wei behind the point of native coin.
const NATIVE_DECIMALS: u8 = 18;

/// What is asked, and asked again every so many milliseconds.
pub fn answer(every_ms: Option<u64>, ask: Box<dyn Fn() -> Asked>) -> Remote<Value> {
    Remote::new(every_ms, ask)
}

/// What stands at a path.
pub fn at(session: &Session, path: String, every_ms: Option<u64>) -> Remote<Value> {
    let session = session.clone();
    answer(every_ms, Box::new(move || session.read(&path)))
}

/// All entries of a list.
pub fn list(session: &Session, path: &'static str, every_ms: Option<u64>) -> Remote<Value> {
    let session = session.clone();
    answer(every_ms, Box::new(move || session.read_all(path)))
}

/// A member as text: texts as they are, numbers in digits, nothing where there is none.
pub fn text(value: &Value, name: &str) -> String {
    match &value[name] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The entries of a member that is a list, or of the value itself.
pub fn items(value: &Value, name: &str) -> Vec<Value> {
    let list = if name.is_empty() { value } else { &value[name] };
    list.as_array().cloned().unwrap_or_default()
}

/// Micro-USD as dollars.
pub fn usd(micro: &str) -> String {
    amount::shown_text(micro, USD_DECIMALS).map_or_else(|| "—".to_owned(), |usd| format!("{usd} USD"))
}

/// Wei as native coin.
pub fn native(wei: &str) -> String {
    amount::shown_text(wei, NATIVE_DECIMALS).map_or_else(|| "—".to_owned(), |amount| format!("{amount} POL"))
}

/// A column with a member as it is.
pub fn column(title: Text, name: &'static str) -> Column<Value> {
    Column::new(title, move |row: &Value| text(row, name).into_any())
}

/// A column with a member that is a time.
pub fn time(title: Text, name: &'static str) -> Column<Value> {
    Column::new(title, move |row: &Value| ago(&text(row, name)))
}

/// The order of names, for columns with a member `id` or `name`.
pub fn by_name(a: &Value, b: &Value) -> std::cmp::Ordering {
    let name = |row: &Value| if row["id"].is_null() { text(row, "name") } else { text(row, "id") };
    by_text(&name(a), &name(b))
}

/// A table with what stands in its place while it is empty.
pub fn rows(caption: &'static str, rows: Signal<Vec<Value>>, columns: Vec<Column<Value>>, none: [Text; 2]) -> AnyView {
    let [title, text] = none;
    view! {
        {table(caption, rows, Value::to_string, columns)}
        {move || rows.get().is_empty().then(|| view! { <Empty title=title text=text /> }.into_any())}
    }
    .into_any()
}

/// The same of what is asked for.
pub fn listed(
    remote: Remote<Value>,
    member: &'static str,
    caption: &'static str,
    columns: impl Fn() -> Vec<Column<Value>> + Send + 'static,
    none: [Text; 2],
) -> AnyView {
    remote.once(move || {
        let all = Signal::derive(move || remote.read(|value| items(value, member)).unwrap_or_default());
        rows(caption, all, columns(), none)
    })
}

/// A name that leads somewhere.
pub fn link(path: String, name: String) -> AnyView {
    view! { <a class="link" href=path>{name}</a> }.into_any()
}
