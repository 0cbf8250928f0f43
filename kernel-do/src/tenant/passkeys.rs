//! Passkeys of members.

use aion_api::key::KeyRecord;
use aion_api::object::tenant::{Passkey, Reply, Snapshot};
use aion_api::passkey::{admit, check_room};
use aion_api::problem::{Code, Problem};

use super::store::{Body, Store, json, parse};

impl Store<'_> {
    /// A member's passkeys, as they were added.
    pub(super) fn passkeys(&self, did: &str) -> Result<Vec<Passkey>, Problem> {
        let query = "SELECT body FROM passkey WHERE member = ? ORDER BY rowid";
        self.rows::<Body>(query, vec![did.into()])?.iter().map(|row| parse(&row.body)).collect()
    }

    /// The same of whoever has a DID, whatever chain it names.
    pub(super) fn passkeys_of(&self, did: &str) -> Result<Reply, Problem> {
        Ok(Reply::Passkeys { passkeys: self.passkeys(&self.member(did)?.did)? })
    }

    /// Adds a passkey, and gives the keys of the sessions that end for it.
    pub(super) fn add_passkey(
        &self,
        snapshot: &Snapshot,
        key: &str,
        passkey: Passkey,
        now_ms: u64,
    ) -> Result<(Reply, Vec<String>), Problem> {
        let member = whose(snapshot, key)?;
        let known = self.passkeys(member)?;
        check_room(&known)?;
        let taken =
            self.rows::<Body>("SELECT id AS body FROM passkey WHERE id = ?", vec![passkey.id.as_str().into()])?;
        if !taken.is_empty() {
            return Err(Problem::new(Code::StateConflict, "this passkey was added already"));
        }
        let values = vec![passkey.id.as_str().into(), member.into(), json(&passkey)?.into()];
        self.run("INSERT INTO passkey (id, member, body) VALUES (?, ?, ?)", values)?;
        let ends =
            |session: &&KeyRecord| session.member.as_deref() == Some(member) && session.id != key && known.is_empty();
        let ended: Vec<String> = snapshot.keys.iter().filter(ends).map(|session| session.id.clone()).collect();
        ended.iter().try_for_each(|id| self.mark_revoked(id, now_ms))?;
        Ok((Reply::Passkeys { passkeys: vec![passkey] }, ended))
    }

    /// Removes a passkey.
    pub(super) fn remove_passkey(&self, snapshot: &Snapshot, key: &str, id: &str) -> Result<Reply, Problem> {
        if !self.passkeys(whose(snapshot, key)?)?.iter().any(|passkey| passkey.id == id) {
            return Err(Problem::unknown("passkey"));
        }
        self.run("DELETE FROM passkey WHERE id = ?", vec![id.into()])?;
        Ok(Reply::Done)
    }

    /// Whether a member may sign in, given the passkey that has signed too; notes how often that has.
    pub(super) fn admit(&self, member: &str, used: Option<&Passkey>) -> Result<(), Problem> {
        admit(&self.passkeys(member)?, used)?;
        let Some(used) = used else {
            return Ok(());
        };
        self.run("UPDATE passkey SET body = ? WHERE id = ?", vec![json(used)?.into(), used.id.as_str().into()])
    }
}

/// The member whose session has a key. What the edge has kept of keys may be some seconds old: here they are as they
/// are.
fn whose<'a>(snapshot: &'a Snapshot, key: &str) -> Result<&'a str, Problem> {
    let session = snapshot.keys.iter().find(|session| session.id == key);
    let over = || Problem::new(Code::CredentialInvalid, "the session is over: sign in again");
    session.and_then(|session| session.member.as_deref()).ok_or_else(over)
}
