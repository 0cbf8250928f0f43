//! What a tenant's tasks may reach: hosts, and secrets that are sealed before they are stored.

use std::collections::BTreeMap;

use aion_api::object::tenant::Reply;
use aion_api::problem::{Code, Problem};
use aion_api::time::rfc3339;
use aion_api::v1::egress::{Hosts, PutSecret, SecretName};
use aion_api::vault::{self, Sealed};
use aion_shell::call::{fault, now_ms};
use serde::Deserialize;

use super::Tenant;
use super::store::{Store, int, json, parse};
use crate::kek::kek;

/// A tenant may have this many secrets: the kernel fetches all of them at once, 400 kB at most.
const SECRETS_MAX: usize = 100;

#[derive(Deserialize)]
struct HostRow {
    name: String,
}

#[derive(Deserialize)]
struct SecretRow {
    name: String,
    sealed: String,
    at_ms: u64,
}

impl Store<'_> {
    pub(super) fn put_hosts(&self, hosts: &Hosts) -> Result<Reply, Problem> {
        self.run("DELETE FROM host", vec![])?;
        for (place, name) in hosts.allow.iter().enumerate() {
            self.run("INSERT INTO host (place, name) VALUES (?, ?)", vec![int(place as u64), name.as_str().into()])?;
        }
        self.hosts().map(Reply::Hosts)
    }

    pub(super) fn hosts(&self) -> Result<Hosts, Problem> {
        let rows = self.rows::<HostRow>("SELECT name FROM host ORDER BY place", vec![])?;
        Ok(Hosts { allow: rows.into_iter().map(|row| row.name).collect() })
    }

    fn secrets(&self) -> Result<Vec<SecretRow>, Problem> {
        self.rows("SELECT name, sealed, at_ms FROM secret ORDER BY name", vec![])
    }

    pub(super) fn secret_names(&self) -> Result<Reply, Problem> {
        let name = |row: SecretRow| SecretName { name: row.name, updated_at: rfc3339(row.at_ms) };
        Ok(Reply::Secrets { secrets: self.secrets()?.into_iter().map(name).collect() })
    }

    pub(super) fn delete_secret(&self, name: &str) -> Result<Reply, Problem> {
        if !self.secrets()?.iter().any(|known| known.name == name) {
            return Err(Problem::unknown("secret"));
        }
        self.run("DELETE FROM secret WHERE name = ?", vec![name.into()])?;
        Ok(Reply::Done)
    }

    pub(super) fn egress(&self) -> Result<Reply, Problem> {
        let sealed = |row: SecretRow| Ok((row.name, parse::<Sealed>(&row.sealed)?));
        let secrets: BTreeMap<_, _> = self.secrets()?.into_iter().map(sealed).collect::<Result<_, Problem>>()?;
        Ok(Reply::Egress { hosts: self.hosts()?, secrets })
    }
}

impl Tenant {
    pub(super) fn put_secret(&self, store: &Store<'_>, name: &str, secret: &PutSecret) -> Result<Reply, Problem> {
        let known = store.secrets()?;
        if known.len() >= SECRETS_MAX && !known.iter().any(|row| row.name == name) {
            return Err(Problem::new(Code::LimitReached, format!("a tenant may have {SECRETS_MAX} secrets")));
        }
        let tenant = store.snapshot()?.ok_or_else(|| Problem::unknown("tenant"))?.id;
        let mut nonce = [0; vault::NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| fault("randomness", &error))?;
        let sealed = vault::seal(&kek(&self.env)?, &tenant, name, &secret.value, nonce);
        let sealed = sealed.map_err(|error| fault("secret", &error))?;
        let values = vec![name.into(), json(&sealed)?.into(), int(now_ms())];
        store.run("INSERT OR REPLACE INTO secret (name, sealed, at_ms) VALUES (?, ?, ?)", values)?;
        Ok(Reply::Done)
    }
}
