//! Opaque, authenticated cursors of lists.
//!
//! A cursor is `<hex of the position>.<tag>`; the tag is an HMAC over tenant, list and position, so that a cursor
//! cannot be made up or used on another list.

use crate::address::{NamespaceKey, object_name};
use crate::limits::{PAGE_DEFAULT, PAGE_MAX};
use crate::problem::{Code, Problem};

/// Characters of the tag that a cursor carries: 128 bits.
const TAG_CHARS: usize = 32;
/// A position may have this many bytes; our ids have below 40.
const POSITION_MAX_BYTES: usize = 128;

/// Which part of a list is wanted: entries after a position, at most so many.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Page {
    /// The position after which the page starts; `None` is the start of the list.
    pub after: Option<String>,
    /// How many entries, 1 to [`PAGE_MAX`].
    pub limit: u32,
}

/// The list that a cursor belongs to.
#[derive(Clone, Copy)]
pub struct List<'a> {
    /// The deployment's key.
    pub key: &'a NamespaceKey,
    /// The tenant that lists.
    pub tenant: &'a str,
    /// The name of the list with its filters.
    pub name: &'a str,
}

impl List<'_> {
    /// The cursor for what follows `position`.
    #[must_use]
    pub fn cursor(&self, position: &str) -> String {
        format!("{}.{}", hex::encode(position), self.tag(position))
    }

    /// Reads the query parameters `limit` and `cursor`.
    pub fn page(&self, limit: Option<&str>, cursor: Option<&str>) -> Result<Page, Problem> {
        let limit = match limit {
            None => PAGE_DEFAULT,
            Some(text) => text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit)).ok_or_else(|| {
                Problem::new(Code::RequestMalformed, format!("limit is a number from 1 to {PAGE_MAX}"))
            })?,
        };
        let after = cursor.map(|cursor| self.position(cursor)).transpose()?;
        Ok(Page { after, limit })
    }

    fn position(&self, cursor: &str) -> Result<String, Problem> {
        let read = || {
            let (position, tag) = cursor.split_once('.')?;
            if position.len() > 2 * POSITION_MAX_BYTES {
                return None;
            }
            let position = String::from_utf8(hex::decode(position).ok()?).ok()?;
            let genuine: bool = subtle::ConstantTimeEq::ct_eq(self.tag(&position).as_bytes(), tag.as_bytes()).into();
            genuine.then_some(position)
        };
        read().ok_or_else(|| Problem::new(Code::CursorInvalid, "the cursor is not one of this list"))
    }

    fn tag(&self, position: &str) -> String {
        let mut tag = object_name(self.key, &["cursor", self.tenant, self.name, position]);
        tag.truncate(TAG_CHARS);
        tag
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Code, List, NamespaceKey};

    #[test]
    fn a_cursor_belongs_to_its_list_and_tenant() {
        let key = NamespaceKey::new([1; 32]);
        let list = List { key: &key, tenant: "a", name: "tasks" };
        let cursor = list.cursor("tsk_1");
        assert_eq!(list.page(Some("5"), Some(&cursor)).unwrap().after.as_deref(), Some("tsk_1"));
        for other in [List { tenant: "b", ..list }, List { name: "wallets", ..list }] {
            assert_eq!(other.page(None, Some(&cursor)).unwrap_err().code, Code::CursorInvalid);
        }
        for forged in ["", ".", "zz.00", &cursor[1..], &format!("{cursor}0")] {
            assert_eq!(list.page(None, Some(forged)).unwrap_err().code, Code::CursorInvalid, "{forged}");
        }
    }

    #[test]
    fn limits_are_bounded() {
        let key = NamespaceKey::new([1; 32]);
        let list = List { key: &key, tenant: "a", name: "tasks" };
        assert_eq!(list.page(None, None).unwrap().limit, 25);
        for limit in ["0", "101", "-1", "x", ""] {
            assert_eq!(list.page(Some(limit), None).unwrap_err().code, Code::RequestMalformed);
        }
    }
}
