//! Opaque cursors of lists: where the next page begins.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::rpc::Fault;

/// Entries a page.
pub(super) const PAGE_ENTRIES: usize = 50;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cursor {
    /// With the entry of this number, of a list that is known whole.
    Entry(usize),
    /// Where the platform's own list goes on.
    Upstream(String),
}

impl Cursor {
    /// Reads the cursor of a request; without one a list begins at its first entry.
    pub(super) fn read(params: &Map<String, Value>) -> Result<Self, Fault> {
        let text = match params.get("cursor") {
            None => return Ok(Self::Entry(0)),
            Some(Value::String(text)) => text,
            Some(_) => return Err(Fault::params("a cursor is a text")),
        };
        let refused = || Fault::params("this cursor was not given by this list");
        let plain = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match plain.as_deref().and_then(|plain| plain.split_once(':')) {
            Some(("e", number)) => number.parse().map(Self::Entry).map_err(|_| refused()),
            Some(("u", cursor)) => Ok(Self::Upstream(cursor.to_owned())),
            _ => Err(refused()),
        }
    }

    /// As it is given to clients.
    pub(super) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(match self {
            Self::Entry(number) => format!("e:{number}"),
            Self::Upstream(cursor) => format!("u:{cursor}"),
        })
    }
}

/// One page of a whole list, and the cursor of the next.
pub(super) fn page(
    mut entries: Vec<Value>,
    params: &Map<String, Value>,
) -> Result<(Vec<Value>, Option<String>), Fault> {
    let Cursor::Entry(first) = Cursor::read(params)? else {
        return Err(Fault::params("this cursor was not given by this list"));
    };
    if first > entries.len() {
        return Err(Fault::params("this cursor was not given by this list"));
    }
    let mut rest = entries.split_off(first);
    let more = rest.len() > PAGE_ENTRIES;
    rest.truncate(PAGE_ENTRIES);
    Ok((rest, more.then(|| Cursor::Entry(first + PAGE_ENTRIES).text())))
}
