//! A tenant's rate limits: kept here, applied by the edge out of the snapshot.

use aion_api::object::tenant::Reply;
use aion_api::problem::Problem;
use aion_api::v1::limits::Rule;

use super::store::{Body, Store, json, parse};

impl Store<'_> {
    pub(super) fn put_limits(&self, rules: &[Rule]) -> Result<Reply, Problem> {
        self.run("INSERT OR REPLACE INTO rate_limits (one, body) VALUES (1, ?)", vec![json(&rules)?.into()])?;
        self.snapshot()?.map(Reply::Snapshot).ok_or_else(Problem::internal)
    }

    pub(super) fn limits(&self) -> Result<Vec<Rule>, Problem> {
        let rows = self.rows::<Body>("SELECT body FROM rate_limits", vec![])?;
        rows.first().map_or(Ok(Vec::new()), |row| parse(&row.body))
    }
}
