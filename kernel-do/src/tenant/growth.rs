//! More shards for a tenant that runs: what is planned is stored, every shard is told, and only then does anybody hear
//! of it (`aion_api::shards`). What breaks in between is taken up again with the next look at the tenant.

use aion_api::Address;
use aion_api::object::tenant::{Reply, Snapshot};
use aion_api::object::{Call, kernel, tenant};
use aion_api::problem::{Code, Problem};
use aion_api::shards::{SHARDS_MAX, Shards};
use aion_api::trace::Trace;
use aion_api::v1::egress::Hosts;
use aion_shell::call;
use futures_util::future::try_join_all;

use super::Tenant;
use super::store::{Store, parse};

impl Tenant {
    /// Has a tenant grow to a number of shards; to ask for as many as it has changes nothing.
    pub(super) async fn grow(&self, call: Call<tenant::Request>, count: u8) -> Result<Reply, Problem> {
        let trace = call.trace.clone();
        let Reply::Snapshot(snapshot) = self.apply(Call { request: tenant::Request::Snapshot, ..call })? else {
            return Err(Problem::internal());
        };
        let now = snapshot.shards.count;
        let conflict = |detail: String| Err(Problem::new(Code::StateConflict, detail));
        if count == 0 || count > SHARDS_MAX {
            return Err(Problem::invalid("/shards", format!("1 to {SHARDS_MAX}")));
        }
        if count < now {
            return conflict(format!("there are {now} shards; they become more, never fewer"));
        }
        if self.is_growing.get() || snapshot.growing.is_some_and(|planned| planned != count) {
            return conflict("it is growing; ask again when that is done".to_owned());
        }
        if count > now {
            self.plan(&snapshot, count)?;
            self.carry_out(&snapshot, count, &trace).await?;
        }
        Ok(Reply::Shards { shards: count })
    }

    /// Goes on with a growth that was broken off.
    pub(super) async fn resume_growth(&self, trace: &Trace) {
        let snapshot = self.snapshot();
        if let Ok(snapshot) = snapshot
            && let Some(count) = snapshot.growing.filter(|_| !self.is_growing.get())
        {
            // What went wrong is in the log; the next look tries again.
            _ = self.carry_out(&snapshot, count, trace).await;
        }
    }

    /// The tenant, for itself.
    pub(super) fn snapshot(&self) -> Result<Snapshot, Problem> {
        let sql = self.state.storage().sql();
        let store = Store::existing(&sql)?.ok_or_else(|| Problem::unknown("tenant"))?;
        store.snapshot()?.ok_or_else(|| Problem::unknown("tenant"))
    }

    fn plan(&self, snapshot: &Snapshot, count: u8) -> Result<(), Problem> {
        let sql = self.state.storage().sql();
        let store = Store::existing(&sql)?.ok_or_else(|| Problem::unknown("tenant"))?;
        store.put_shards(snapshot, &snapshot.shards, Some(count))
    }

    async fn carry_out(&self, snapshot: &Snapshot, count: u8, trace: &Trace) -> Result<(), Problem> {
        self.is_growing.set(true);
        let told = self.tell(snapshot, count, trace).await;
        self.is_growing.set(false);
        told?;
        let sql = self.state.storage().sql();
        let store = Store::existing(&sql)?.ok_or_else(|| Problem::unknown("tenant"))?;
        let grown = snapshot.shards.grown(count, call::now_ms());
        store.put_shards(snapshot, &grown, None)
    }

    /// Tells the new shards what the old ones know, and then the old ones which keys are theirs no longer.
    async fn tell(&self, snapshot: &Snapshot, count: u8, trace: &Trace) -> Result<(), Problem> {
        let revoked = self.revoked()?;
        let tell = |shard| {
            let request = kernel::Request::Grow { shards: count, revoked: revoked.clone() };
            call::ask(&self.env, Address::kernel(&snapshot.id, shard), trace, request)
        };
        try_join_all((snapshot.shards.count..count).map(tell)).await?;
        try_join_all((0..snapshot.shards.count).map(tell)).await?;
        Ok(())
    }

    fn revoked(&self) -> Result<Vec<String>, Problem> {
        let sql = self.state.storage().sql();
        let store = Store::existing(&sql)?.ok_or_else(|| Problem::unknown("tenant"))?;
        store.revoked_keys()
    }
}

/// Every shard that has to know which keys were revoked: those of a growth that is under way too.
pub(super) fn concerned(snapshot: &Snapshot) -> u8 {
    snapshot.growing.unwrap_or_default().max(snapshot.shards.count)
}

impl Store<'_> {
    fn put_shards(&self, snapshot: &Snapshot, shards: &Shards, growing: Option<u8>) -> Result<(), Problem> {
        // What has tables of its own does not stand in the row.
        let (keys, limits, hosts) = (Vec::new(), Vec::new(), Hosts::default());
        let snapshot = Snapshot { shards: shards.clone(), growing, keys, limits, hosts, ..snapshot.clone() };
        self.run("UPDATE tenant SET body = ?", vec![super::store::json(&snapshot)?.into()])
    }

    fn revoked_keys(&self) -> Result<Vec<String>, Problem> {
        let query = "SELECT json_group_array(id) AS body FROM api_key WHERE revoked_ms IS NOT NULL";
        self.rows::<super::store::Body>(query, vec![])?.first().map_or(Ok(Vec::new()), |row| parse(&row.body))
    }
}
