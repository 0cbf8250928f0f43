//! Members, their sessions, and the end of keys.
//!
//! A session is a key like others, with an end and a member: it stands among them, so that whatever revokes keys ends
//! it. One that is over by itself is no key any more for anybody who has a clock; its row goes when there is occasion.

use aion_api::Scope;
use aion_api::key::KeyRecord;
use aion_api::object::tenant::{Passkey, Reply, Snapshot};
use aion_api::problem::{Code, Problem};
use aion_api::session::{MEMBERS_MAX, is_same, refused, room};
use aion_api::time::rfc3339;
use aion_api::v1::members::Member;
use aion_shell::call;

use super::lasting;
use super::store::{Body, Store, int, json, parse};

/// A key that was revoked is known for this long after its end: the clocks of others may be late, and a snapshot is
/// kept for ten seconds.
const LATE_MS: u64 = 10 * 60_000;

impl Store<'_> {
    /// The members, as they were added.
    pub(super) fn members(&self) -> Result<Vec<Member>, Problem> {
        let mut members = Vec::new();
        for row in self.rows::<Body>("SELECT body FROM member ORDER BY at_ms, did", vec![])? {
            members.push(parse(&row.body)?);
        }
        Ok(members)
    }

    /// The member who has a DID, whatever chain it names.
    pub(super) fn member(&self, did: &str) -> Result<Member, Problem> {
        self.members()?.into_iter().find(|member| is_same(&member.did, did)).ok_or_else(refused)
    }

    /// Adds a member or changes it. Its open sessions may do the same from now on, in one transaction with it.
    pub(super) fn put_member(
        &self,
        snapshot: &Snapshot,
        did: &str,
        name: &str,
        scopes: &[Scope],
    ) -> Result<Reply, Problem> {
        let members = self.members()?;
        let same = members.iter().find(|member| is_same(&member.did, did));
        if let Some(other) = same.filter(|member| member.did != did) {
            let detail = format!("the account is a member already: {}", other.did);
            return Err(Problem::new(Code::StateConflict, detail));
        }
        if same.is_none() && members.len() >= MEMBERS_MAX {
            let detail = format!("a tenant may have {MEMBERS_MAX} members; remove one first");
            return Err(Problem::new(Code::LimitReached, detail));
        }
        let now_ms = call::now_ms();
        let added_at = same.map_or_else(|| rfc3339(now_ms), |member| member.added_at.clone());
        let member = Member { did: did.to_owned(), name: name.to_owned(), scopes: scopes.to_vec(), added_at };
        self.run(
            "INSERT INTO member (did, at_ms, body) VALUES (?, ?, ?)
             ON CONFLICT (did) DO UPDATE SET body = excluded.body",
            vec![did.into(), int(now_ms), json(&member)?.into()],
        )?;
        for key in snapshot.keys.iter().filter(|key| key.member.as_deref() == Some(did)) {
            let changed = KeyRecord { name: name.to_owned(), scopes: scopes.to_vec(), ..key.clone() };
            self.run(
                "UPDATE api_key SET record = ? WHERE id = ?",
                vec![json(&changed)?.into(), key.id.as_str().into()],
            )?;
        }
        Ok(Reply::Member(member))
    }

    /// Removes a member, and gives the keys of its sessions: also of those that ended before, for shards that were not
    /// told the first time.
    pub(super) fn remove_member(
        &self,
        snapshot: &Snapshot,
        did: &str,
        now_ms: u64,
    ) -> Result<(Reply, Vec<String>), Problem> {
        let known = self.members()?.iter().any(|member| member.did == did);
        self.run("DELETE FROM member WHERE did = ?", vec![did.into()])?;
        self.run("DELETE FROM passkey WHERE member = ?", vec![did.into()])?;
        for key in snapshot.keys.iter().filter(|key| key.member.as_deref() == Some(did)) {
            self.mark_revoked(&key.id, now_ms)?;
        }
        let query = "SELECT id AS body FROM api_key
             WHERE revoked_ms IS NOT NULL AND json_extract(record, '$.member') = ?
             AND json_extract(record, '$.expiresMs') > ?";
        let ended = self.rows::<Body>(query, vec![did.into(), int(now_ms)])?;
        let ended: Vec<String> = ended.into_iter().map(|row| row.body).collect();
        if known || !ended.is_empty() { Ok((Reply::Done, ended)) } else { Err(Problem::unknown("member")) }
    }

    /// Opens a session of a member for a challenge that was not used yet, and gives the keys that end for it. Nonce and
    /// key are stored in one transaction: whatever fails, a challenge opens one session at most. One that lacks its
    /// passkey is not used up.
    pub(super) fn open_session(
        &self,
        snapshot: &Snapshot,
        did: &str,
        (nonce, until_ms): (&str, u64),
        (key, passkey): (KeyRecord, Option<&Passkey>),
        now_ms: u64,
    ) -> Result<(Reply, Vec<String>), Problem> {
        let member = self.member(did)?;
        let used = self.rows::<Body>("SELECT nonce AS body FROM used_nonce WHERE nonce = ?", vec![nonce.into()])?;
        if !used.is_empty() {
            return Err(refused());
        }
        self.admit(&member.did, passkey)?;
        let ended = room(&snapshot.keys, &member.did)?;
        // Until then the edge may take a challenge by a clock that is late.
        self.run("DELETE FROM used_nonce WHERE until_ms < ?", vec![int(now_ms.saturating_sub(LATE_MS))])?;
        self.run(
            "DELETE FROM api_key WHERE revoked_ms IS NULL AND json_extract(record, '$.expiresMs') < ?",
            vec![int(now_ms)],
        )?;
        self.run("INSERT INTO used_nonce (nonce, until_ms) VALUES (?, ?)", vec![nonce.into(), int(until_ms)])?;
        for id in &ended {
            self.mark_revoked(id, now_ms)?;
        }
        let key = KeyRecord { name: member.name, scopes: member.scopes, member: Some(member.did), ..key };
        self.put_key(&key)?;
        Ok((Reply::Key(key), ended))
    }

    /// Revokes a key, and gives it: once more for whoever was not told the first time.
    pub(super) fn revoke(&self, snapshot: &Snapshot, id: String, now_ms: u64) -> Result<(Reply, Vec<String>), Problem> {
        let query = "SELECT id AS body FROM api_key WHERE id = ? AND revoked_ms IS NOT NULL";
        if !self.rows::<Body>(query, vec![id.as_str().into()])?.is_empty() {
            return Ok((Reply::Done, vec![id]));
        }
        let key = snapshot.keys.iter().find(|key| key.id == id).ok_or_else(|| Problem::unknown("key"))?;
        if !key.is_session() && lasting(snapshot) == 1 {
            let detail = "this is the last key: make another one first, or nobody could";
            return Err(Problem::new(Code::StateConflict, detail));
        }
        self.mark_revoked(&id, now_ms)?;
        Ok((Reply::Done, vec![id]))
    }

    /// Revoked keys of sessions whose time has been over for a while: nobody has to know them still.
    pub(super) fn over(&self, now_ms: u64) -> Result<Vec<String>, Problem> {
        let query = "SELECT id AS body FROM api_key
             WHERE revoked_ms IS NOT NULL AND json_extract(record, '$.expiresMs') < ?";
        let rows = self.rows::<Body>(query, vec![int(now_ms.saturating_sub(LATE_MS))])?;
        Ok(rows.into_iter().map(|row| row.body).collect())
    }

    /// Forgets keys that every shard has forgotten.
    pub(super) fn forget(&self, keys: &[String]) -> Result<(), Problem> {
        keys.iter().try_for_each(|id| self.run("DELETE FROM api_key WHERE id = ?", vec![id.as_str().into()]))
    }

    pub(super) fn mark_revoked(&self, id: &str, now_ms: u64) -> Result<(), Problem> {
        self.run("UPDATE api_key SET revoked_ms = ? WHERE id = ?", vec![int(now_ms), id.into()])
    }
}
