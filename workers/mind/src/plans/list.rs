//! Lists of plans and agents, page by page.

use aion_api::address::{NamespaceKey, object_name};
use aion_api::cursor::{List, Page};
use aion_api::problem::{Code, Problem};
use aion_api::{secret, v1};
use aion_shell::call::{fault, secret_32};
use worker::Response;

use super::At;
use crate::front::json;
use crate::object::plans::{Order, Told};

/// A list with what its cursors are made of.
pub struct Pages {
    key: NamespaceKey,
    tenant: String,
    name: &'static str,
}

impl Pages {
    pub fn new(at: At<'_>, name: &'static str) -> Result<Self, Problem> {
        // A key of its own, so that what seals and what signs never meet.
        let kek = NamespaceKey::new(secret_32(at.env, "MIND_KEK_1")?);
        let key = secret::from_hex(&object_name(&kek, &["cursors"])).ok_or_else(|| fault("cursor", &"no key"))?;
        Ok(Self { key: NamespaceKey::new(key), tenant: at.handed.tenant.clone(), name })
    }

    const fn list(&self) -> List<'_> {
        List { key: &self.key, tenant: self.tenant.as_str(), name: self.name }
    }

    pub fn page(&self, at: At<'_>) -> Result<Page, Problem> {
        let query =
            |name: &str| at.handed.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        self.list().page(query("limit"), query("cursor"))
    }

    pub fn cursor(&self, position: &str) -> String {
        self.list().cursor(position)
    }
}

/// The tenant's plans, newest first.
pub async fn plans(at: At<'_>) -> Result<Response, Problem> {
    let pages = Pages::new(at, "plans")?;
    let Page { after, limit } = pages.page(at)?;
    let unknown = |_| Problem::new(Code::CursorInvalid, "the cursor is not one of this list");
    let before = after.map(|after| after.parse().map_err(unknown)).transpose()?;
    let Told::Listed { items, last } = at.object(Order::List { before, limit }).await? else {
        return Err(Problem::internal());
    };
    let next_cursor = last.map(|last| pages.cursor(&last.to_string()));
    json(&v1::List { items, next_cursor })
}
