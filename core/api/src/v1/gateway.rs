//! Routes and the cache of a tenant's gateway.

use aion_gateway::cache::is_tag;
pub use aion_gateway::table::Table;
use aion_gateway::table::{self, Upstream, host_of};
use serde::{Deserialize, Serialize};

use super::egress::Hosts;
use crate::object::gateway::EVERYTHING;
use crate::problem::{Code, Fault, Problem};

/// What rules of rate limits know a request of a gateway by: as an operation,
pub const OPERATION: &str = "gateway";
/// and by its path.
pub const PATH: &str = "/g/{tenant}";
/// A purge may name so many tags.
const TAGS_MAX: usize = 32;

/// A tenant's routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Routes {
    /// The version; 0 before the first table.
    pub version: u64,
    /// When it was put, RFC 3339; absent for version 0 and for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// The table.
    pub table: Table,
}

/// Checks a table, and that every origin is at a host that the tenant allows.
pub fn check(table: &Table, hosts: &Hosts) -> Result<(), Problem> {
    let faults = table::check(table).into_iter();
    let mut faults: Vec<Fault> = faults.map(|fault| Fault::new(fault.pointer, fault.reason)).collect();
    if faults.is_empty() {
        for (pointer, origin) in origins(table) {
            if !host_of(origin).is_some_and(|host| hosts.allows(host)) {
                faults.push(Fault::new(pointer, "is not one of the hosts that the tenant allows: PUT /v1/hosts"));
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Problem::faults(Code::RequestInvalid, faults)) }
}

fn origins(table: &Table) -> Vec<(String, &str)> {
    let mut origins = Vec::new();
    for (place, route) in table.routes.iter().enumerate() {
        for (list, targets) in [("targets", &route.targets), ("failover", &route.failover)] {
            for (index, target) in targets.iter().enumerate() {
                if let Some(Upstream::Origin(origin)) = target.upstream() {
                    origins.push((format!("/routes/{place}/{list}/{index}/origin"), origin));
                }
            }
        }
        let mirror = route.mirror.iter().map(|mirror| mirror.origin.as_str());
        origins.extend(mirror.map(|origin| (format!("/routes/{place}/mirror/origin"), origin)));
    }
    origins
}

/// The table without what is at hosts that the tenant does not allow any more.
#[must_use]
pub fn allowed(mut table: Table, hosts: &Hosts) -> Table {
    let allows = |origin: &str| host_of(origin).is_some_and(|host| hosts.allows(host));
    for route in &mut table.routes {
        for targets in [&mut route.targets, &mut route.failover] {
            targets.retain(|target| target.origin.as_deref().is_none_or(allows));
        }
        route.mirror = route.mirror.take().filter(|mirror| allows(&mirror.origin));
    }
    table
}

/// `POST /v1/cache:purge`: tags (a route's name is one of its answers' tags), or everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Purge {
    /// The tags, up to 32.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub tags: Vec<String>,
    /// Everything that the tenant has cached.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub everything: bool,
}

impl Purge {
    /// The tags whose generations move on.
    pub fn check(self) -> Result<Vec<String>, Problem> {
        let Self { tags, everything } = self;
        if everything != tags.is_empty() {
            return Err(Problem::invalid("", "either tags or everything"));
        }
        if everything {
            return Ok(vec![EVERYTHING.to_owned()]);
        }
        match tags.iter().position(|tag| !is_tag(tag)) {
            Some(place) => Err(Problem::invalid(format!("/tags/{place}"), "is no tag")),
            None if tags.len() > TAGS_MAX => Err(Problem::invalid("/tags", format!("at most {TAGS_MAX} tags"))),
            None => Ok(tags),
        }
    }
}

/// What a purge did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Purged {
    /// The new generation of each tag.
    pub generations: std::collections::BTreeMap<String, u64>,
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::{Hosts, Purge, Table, allowed, check};

    fn table() -> Table {
        let table = json!({ "routes": [{
            "name": "a", "match": { "path": "/{rest*}" },
            "targets": [{ "origin": "https://a.example.com" }, { "origin": "https://b.example.org" }, { "api": true }],
            "mirror": { "origin": "https://m.example.org", "percent": 1 }
        }] });
        serde_json::from_value(table).unwrap()
    }

    #[test]
    fn origins_are_at_allowed_hosts() {
        let all = Hosts { allow: vec!["*.example.com".to_owned(), "*.example.org".to_owned()] };
        assert_eq!(check(&table(), &all), Ok(()));
        let some = Hosts { allow: vec!["a.example.com".to_owned()] };
        let problem = check(&table(), &some).unwrap_err();
        let pointers: Vec<&str> = problem.errors.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/routes/0/targets/1/origin", "/routes/0/mirror/origin"]);
        let left = allowed(table(), &some);
        assert_eq!((left.routes[0].targets.len(), left.routes[0].mirror.is_none()), (2, true));
        assert_eq!(allowed(table(), &all), table());
    }

    #[test]
    fn a_purge_names_tags_or_everything() {
        let purge = |tags: &[&str], everything| {
            Purge { tags: tags.iter().map(|tag| (*tag).to_owned()).collect(), everything }.check().ok()
        };
        assert_eq!(purge(&["shop"], false), Some(vec!["shop".to_owned()]));
        assert_eq!(purge(&[], true), Some(vec!["*".to_owned()]));
        for (tags, everything) in [(&[][..], false), (&["a"], true), (&["*"], false), (&["x"; 33], false)] {
            assert_eq!(purge(tags, everything), None, "{tags:?}");
        }
    }
}
