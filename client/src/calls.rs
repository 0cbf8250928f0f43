//! The operations, typed.

use std::fmt::Write;

use aion_api::health::Readiness;
use aion_api::operations::Method;
use aion_api::v1::List;
use aion_api::v1::definitions::{CheckDefinition, Checked, Definition};
use aion_api::v1::dry_run::{DryRun, DryRunResult};
use aion_api::v1::egress::{Hosts, PutSecret, Report, SecretName};
use aion_api::v1::functions::{self, Function};
use aion_api::v1::gateway::{Purge, Purged, Routes, Table};
use aion_api::v1::identities::{CreateIdentity, Identity, UpdateIdentity};
use aion_api::v1::keys::{CreateKey, Key, KeyCreated};
use aion_api::v1::limits::{ExplainLimits, Explanation, Limits, PutLimits, Rule};
use aion_api::v1::members::{Member, PutMember};
use aion_api::v1::passkeys::{AddPasskey, CreationOptions, Passkey, RequestOptions};
use aion_api::v1::schedules::{PutSchedule, Schedule};
use aion_api::v1::sessions::{Challenge, CreateChallenge, OpenSession};
use aion_api::v1::tasks::{ApproveTask, RedriveTask, SignalTask, SubmitTask, Task};
use aion_api::v1::tenants::{CreateTenant, Shards, TenantCreated};
use aion_api::v1::tokens::{Balance, CreateToken, Holders, Mint, Token, TokenState, Transfer};
use aion_api::v1::wallets::{CreateWallet, Wallet};
use serde_json::Value;

use crate::{Client, Error, Request, Transport};

/// How long the client waits between two looks at something that it waits for.
const LOOK_EVERY_MS: u64 = 300;

impl<T: Transport> Client<T> {
    /// `GET /health`: whether the edge answers, and its version.
    pub async fn health(&self) -> Result<Value, Error> {
        self.read("/health").await
    }

    /// `GET /openapi.json`
    pub async fn openapi(&self) -> Result<Value, Error> {
        self.read("/openapi.json").await
    }

    /// `GET /health/ready`
    pub async fn ready(&self) -> Result<Readiness, Error> {
        self.read("/health/ready").await
    }

    /// `POST /v1/tenants`, with the operator's token.
    pub async fn create_tenant(&self, name: &str) -> Result<TenantCreated, Error> {
        self.post("/v1/tenants", None, &CreateTenant { name: name.to_owned() }).await
    }

    /// `PUT /v1/shards`
    pub async fn grow(&self, shards: u8) -> Result<Shards, Error> {
        self.call(Request::new(Method::Put, "/v1/shards").with_json(&Shards { shards })?).await
    }

    /// `GET /v1/shards`
    pub async fn shards(&self) -> Result<Shards, Error> {
        self.read("/v1/shards").await
    }

    /// `GET /v1/keys`
    pub async fn keys(&self) -> Result<List<Key>, Error> {
        self.read("/v1/keys").await
    }

    /// `POST /v1/keys`
    pub async fn create_key(&self, key: &CreateKey) -> Result<KeyCreated, Error> {
        self.post("/v1/keys", None, key).await
    }

    /// `DELETE /v1/keys/{id}`
    pub async fn revoke_key(&self, id: &str) -> Result<(), Error> {
        self.call_raw(Request::new(Method::Delete, &format!("/v1/keys/{id}"))).await.map(|_| ())
    }

    /// `GET /v1/members`
    pub async fn members(&self) -> Result<List<Member>, Error> {
        self.read("/v1/members").await
    }

    /// `PUT /v1/members/{did}`
    pub async fn put_member(&self, did: &str, member: &PutMember) -> Result<Member, Error> {
        self.call(Request::new(Method::Put, &format!("/v1/members/{}", encoded(did))).with_json(member)?).await
    }

    /// `DELETE /v1/members/{did}`
    pub async fn remove_member(&self, did: &str) -> Result<(), Error> {
        self.call_raw(Request::new(Method::Delete, &format!("/v1/members/{}", encoded(did)))).await.map(|_| ())
    }

    /// `POST /v1/sessions:challenge`: what is signed to sign in.
    pub async fn challenge(&self, tenant: &str, did: &str) -> Result<Challenge, Error> {
        let body = CreateChallenge { tenant: tenant.to_owned(), did: did.to_owned() };
        self.post("/v1/sessions:challenge", None, &body).await
    }

    /// `POST /v1/sessions`: the key of a session for a signed challenge.
    pub async fn open_session(&self, signed: &OpenSession) -> Result<KeyCreated, Error> {
        self.post("/v1/sessions", None, signed).await
    }

    /// `POST /v1/sessions:passkey`: what a passkey of the member signs, who has signed the challenge.
    pub async fn request_passkey(&self, signed: &OpenSession) -> Result<RequestOptions, Error> {
        self.post("/v1/sessions:passkey", None, signed).await
    }

    /// `GET /v1/session/passkeys`: those of the member whose session this is.
    pub async fn passkeys(&self) -> Result<List<Passkey>, Error> {
        self.read("/v1/session/passkeys").await
    }

    /// `POST /v1/session/passkeys:challenge`: what a passkey is made by.
    pub async fn challenge_passkey(&self) -> Result<CreationOptions, Error> {
        self.call(Request::new(Method::Post, "/v1/session/passkeys:challenge")).await
    }

    /// `POST /v1/session/passkeys`
    pub async fn add_passkey(&self, passkey: &AddPasskey) -> Result<Passkey, Error> {
        self.post("/v1/session/passkeys", None, passkey).await
    }

    /// `DELETE /v1/session/passkeys/{id}`
    pub async fn remove_passkey(&self, id: &str) -> Result<(), Error> {
        self.call_raw(Request::new(Method::Delete, &format!("/v1/session/passkeys/{id}"))).await.map(|_| ())
    }

    /// `DELETE /v1/session`: ends the session of the client's own key.
    pub async fn end_session(&self) -> Result<(), Error> {
        self.call_raw(Request::new(Method::Delete, "/v1/session")).await.map(|_| ())
    }

    /// `POST /v1/identities`
    pub async fn create_identity(&self, key: &str, identity: &CreateIdentity) -> Result<Identity, Error> {
        self.post("/v1/identities", Some(key), identity).await
    }

    /// `GET /v1/identities/{id}`
    pub async fn identity(&self, id: &str) -> Result<Identity, Error> {
        self.read(&format!("/v1/identities/{id}")).await
    }

    /// `GET /v1/identities`
    pub async fn identities(&self, cursor: Option<&str>) -> Result<List<Identity>, Error> {
        self.read(&paged("/v1/identities", cursor)).await
    }

    /// `PATCH /v1/identities/{id}` on the version that was read.
    pub async fn update_identity(
        &self,
        id: &str,
        version_id: &str,
        change: &UpdateIdentity,
    ) -> Result<Identity, Error> {
        let request = Request::new(Method::Patch, &format!("/v1/identities/{id}"));
        self.call(request.with_json(change)?.with_header("if-match", &format!("\"{version_id}\""))).await
    }

    /// `GET /1.0/identifiers/{did}`: the document.
    pub async fn resolve(&self, did: &str) -> Result<Value, Error> {
        self.read(&format!("/1.0/identifiers/{}", encoded(did))).await
    }

    /// `POST /v1/wallets`
    pub async fn create_wallet(&self, key: &str, wallet: &CreateWallet) -> Result<Wallet, Error> {
        self.post("/v1/wallets", Some(key), wallet).await
    }

    /// `GET /v1/wallets/{id}`
    pub async fn wallet(&self, id: &str) -> Result<Wallet, Error> {
        self.read(&format!("/v1/wallets/{id}")).await
    }

    /// `GET /v1/wallets`
    pub async fn wallets(&self, cursor: Option<&str>) -> Result<List<Wallet>, Error> {
        self.read(&paged("/v1/wallets", cursor)).await
    }

    /// `GET /v1/wallets/{id}/recovery`: the kits, each sealed for the wallet's recipient.
    pub async fn recovery(&self, id: &str) -> Result<Value, Error> {
        self.read(&format!("/v1/wallets/{id}/recovery")).await
    }

    /// `POST /v1/wallets/{id}/operations:dryRun`
    pub async fn dry_run(&self, id: &str, operation: &DryRun) -> Result<DryRunResult, Error> {
        self.post(&format!("/v1/wallets/{id}/operations:dryRun"), None, operation).await
    }

    /// `GET /v1/wallets/{id}/operations/{op}`
    pub async fn operation(&self, id: &str, op: &str) -> Result<Value, Error> {
        self.read(&format!("/v1/wallets/{id}/operations/{op}")).await
    }

    /// `POST /v1/tokens`
    pub async fn create_token(&self, key: &str, token: &CreateToken) -> Result<Task, Error> {
        self.post("/v1/tokens", Some(key), token).await
    }

    /// `GET /v1/tokens`
    pub async fn tokens(&self, cursor: Option<&str>) -> Result<List<Token>, Error> {
        self.read(&paged("/v1/tokens", cursor)).await
    }

    /// `POST /v1/tokens/{address}/mint`
    pub async fn mint(&self, key: &str, token: &str, mint: &Mint) -> Result<Task, Error> {
        self.post(&format!("/v1/tokens/{token}/mint"), Some(key), mint).await
    }

    /// `POST /v1/tokens/{address}/transfer`
    pub async fn transfer(&self, key: &str, token: &str, transfer: &Transfer) -> Result<Task, Error> {
        self.post(&format!("/v1/tokens/{token}/transfer"), Some(key), transfer).await
    }

    /// `GET /v1/tokens/{address}`
    pub async fn token(&self, token: &str) -> Result<TokenState, Error> {
        self.read(&format!("/v1/tokens/{token}")).await
    }

    /// `GET /v1/tokens/{address}/balances/{holder}`
    pub async fn balance(&self, token: &str, holder: &str) -> Result<Balance, Error> {
        self.read(&format!("/v1/tokens/{token}/balances/{holder}")).await
    }

    /// `GET /v1/tokens/{address}/holders`
    pub async fn holders(&self, token: &str, cursor: Option<&str>) -> Result<Holders, Error> {
        self.read(&paged(&format!("/v1/tokens/{token}/holders"), cursor)).await
    }

    /// `POST /v1/tasks`
    pub async fn submit(&self, key: &str, task: &SubmitTask) -> Result<Task, Error> {
        self.post("/v1/tasks", Some(key), task).await
    }

    /// `GET /v1/tasks/{id}`
    pub async fn task(&self, id: &str) -> Result<Task, Error> {
        self.read(&format!("/v1/tasks/{id}")).await
    }

    /// `GET /v1/tasks`
    pub async fn tasks(&self, cursor: Option<&str>) -> Result<List<Task>, Error> {
        self.read(&paged("/v1/tasks", cursor)).await
    }

    /// `GET /v1/tasks/{id}/history`
    pub async fn history(&self, id: &str, cursor: Option<&str>) -> Result<List<Value>, Error> {
        self.read(&paged(&format!("/v1/tasks/{id}/history"), cursor)).await
    }

    /// `POST /v1/tasks/{id}/cancel`
    pub async fn cancel(&self, id: &str) -> Result<Task, Error> {
        self.call(Request::new(Method::Post, &format!("/v1/tasks/{id}/cancel"))).await
    }

    /// `POST /v1/tasks/{id}/signal/{name}`
    pub async fn signal(&self, key: &str, id: &str, name: &str, payload: Value) -> Result<Task, Error> {
        self.post(&format!("/v1/tasks/{id}/signal/{name}"), Some(key), &SignalTask { payload }).await
    }

    /// `POST /v1/tasks/{id}/approve`, with the decision as a compact JWS.
    pub async fn approve(&self, id: &str, approval: &ApproveTask) -> Result<Task, Error> {
        self.post(&format!("/v1/tasks/{id}/approve"), None, approval).await
    }

    /// `POST /v1/tasks/{id}/redrive`
    pub async fn redrive(&self, id: &str, redrive: &RedriveTask) -> Result<Task, Error> {
        self.post(&format!("/v1/tasks/{id}/redrive"), None, redrive).await
    }

    /// `POST /callbacks/{token}`: what came of a step that has handed its callback out.
    pub async fn report_step(&self, token: &str, report: &Report) -> Result<(), Error> {
        let request = Request::new(Method::Post, &format!("/callbacks/{}", encoded(token))).with_json(report)?;
        self.call_raw(request).await.map(|_| ())
    }

    /// `GET /schemas/definition.json`
    pub async fn definition_schema(&self) -> Result<Value, Error> {
        self.read("/schemas/definition.json").await
    }

    /// `POST /v1/definitions:check`
    pub async fn check_definition(&self, definition: &Value) -> Result<Checked, Error> {
        self.post("/v1/definitions:check", None, &CheckDefinition { definition: definition.clone() }).await
    }

    /// `PUT /v1/definitions/{name}`
    pub async fn put_definition(&self, name: &str, definition: &Value) -> Result<Definition, Error> {
        let body = CheckDefinition { definition: definition.clone() };
        self.call(Request::new(Method::Put, &format!("/v1/definitions/{name}")).with_json(&body)?).await
    }

    /// `GET /v1/definitions/{name}`, the newest version or the one asked for.
    pub async fn definition(&self, name: &str, version: Option<u64>) -> Result<Definition, Error> {
        let query = version.map_or_else(String::new, |version| format!("?version={version}"));
        self.read(&format!("/v1/definitions/{name}{query}")).await
    }

    /// `GET /v1/definitions`
    pub async fn definitions(&self, cursor: Option<&str>) -> Result<List<Definition>, Error> {
        self.read(&paged("/v1/definitions", cursor)).await
    }

    /// `PUT /v1/schedules/{name}`
    pub async fn put_schedule(&self, name: &str, schedule: &PutSchedule) -> Result<Schedule, Error> {
        self.call(Request::new(Method::Put, &format!("/v1/schedules/{name}")).with_json(schedule)?).await
    }

    /// `GET /v1/schedules/{name}`
    pub async fn schedule(&self, name: &str) -> Result<Schedule, Error> {
        self.read(&format!("/v1/schedules/{name}")).await
    }

    /// `GET /v1/schedules`
    pub async fn schedules(&self, cursor: Option<&str>) -> Result<List<Schedule>, Error> {
        self.read(&paged("/v1/schedules", cursor)).await
    }

    /// `DELETE /v1/schedules/{name}`
    pub async fn delete_schedule(&self, name: &str) -> Result<(), Error> {
        self.call_raw(Request::new(Method::Delete, &format!("/v1/schedules/{name}"))).await.map(|_| ())
    }

    /// `POST /v1/schedules/{name}/pause`
    pub async fn pause_schedule(&self, name: &str) -> Result<Schedule, Error> {
        self.call(Request::new(Method::Post, &format!("/v1/schedules/{name}/pause"))).await
    }

    /// `POST /v1/schedules/{name}/resume`
    pub async fn resume_schedule(&self, name: &str) -> Result<Schedule, Error> {
        self.call(Request::new(Method::Post, &format!("/v1/schedules/{name}/resume"))).await
    }

    /// `POST /v1/schedules/{name}/trigger`
    pub async fn trigger_schedule(&self, key: &str, name: &str) -> Result<Schedule, Error> {
        let request = Request::new(Method::Post, &format!("/v1/schedules/{name}/trigger"));
        self.call(request.with_header("idempotency-key", key)).await
    }

    /// `PUT /v1/limits`
    pub async fn put_limits(&self, rules: &[Rule]) -> Result<Limits, Error> {
        let body = PutLimits { rules: rules.to_vec() };
        self.call(Request::new(Method::Put, "/v1/limits").with_json(&body)?).await
    }

    /// `GET /v1/limits`
    pub async fn limits(&self) -> Result<Limits, Error> {
        self.read("/v1/limits").await
    }

    /// `POST /v1/limits:explain`
    pub async fn explain_limits(&self, request: &ExplainLimits) -> Result<Explanation, Error> {
        self.post("/v1/limits:explain", None, request).await
    }

    /// `PUT /v1/hosts`
    pub async fn put_hosts(&self, allow: &[&str]) -> Result<Hosts, Error> {
        let hosts = Hosts { allow: allow.iter().map(|host| (*host).to_owned()).collect() };
        self.call(Request::new(Method::Put, "/v1/hosts").with_json(&hosts)?).await
    }

    /// `GET /v1/routes`
    pub async fn routes(&self) -> Result<Routes, Error> {
        self.read("/v1/routes").await
    }

    /// `PUT /v1/routes`; `follows` is the version that the table follows, if that matters.
    pub async fn put_routes(&self, table: &Table, follows: Option<u64>) -> Result<Routes, Error> {
        self.put_after("/v1/routes", table, follows).await
    }

    /// `POST /v1/cache:purge`
    pub async fn purge(&self, purge: &Purge) -> Result<Purged, Error> {
        self.post("/v1/cache:purge", None, purge).await
    }

    /// `PUT /v1/functions/{name}`; grants with commas between them.
    pub async fn put_function(&self, name: &str, grants: &str, module: &[u8]) -> Result<Function, Error> {
        let request = Request::new(Method::Put, &format!("/v1/functions/{name}?grants={grants}"));
        let mut request = request.with_header("content-type", functions::MEDIA_TYPE);
        request.body = Some(module.to_vec());
        self.call(request).await
    }

    /// `GET /v1/functions/{name}`, the newest version or the one asked for.
    pub async fn function(&self, name: &str, version: Option<u64>) -> Result<Function, Error> {
        let query = version.map_or_else(String::new, |version| format!("?version={version}"));
        self.read(&format!("/v1/functions/{name}{query}")).await
    }

    /// `GET /v1/functions`
    pub async fn functions(&self) -> Result<List<Function>, Error> {
        self.read("/v1/functions").await
    }

    /// `DELETE /v1/functions/{name}`
    pub async fn delete_function(&self, name: &str) -> Result<(), Error> {
        self.call_raw(Request::new(Method::Delete, &format!("/v1/functions/{name}"))).await.map(|_| ())
    }

    /// `GET /v1/hosts`
    pub async fn hosts(&self) -> Result<Hosts, Error> {
        self.read("/v1/hosts").await
    }

    /// `PUT /v1/secrets/{name}`
    pub async fn put_secret(&self, name: &str, value: &str) -> Result<(), Error> {
        let secret = PutSecret { value: value.to_owned() };
        let request = Request::new(Method::Put, &format!("/v1/secrets/{name}")).with_json(&secret)?;
        self.call_raw(request).await.map(|_| ())
    }

    /// `GET /v1/secrets`
    pub async fn secrets(&self) -> Result<List<SecretName>, Error> {
        self.read("/v1/secrets").await
    }

    /// `DELETE /v1/secrets/{name}`
    pub async fn delete_secret(&self, name: &str) -> Result<(), Error> {
        self.call_raw(Request::new(Method::Delete, &format!("/v1/secrets/{name}"))).await.map(|_| ())
    }

    /// Looks at a task until nothing will change any more, at most for `patience_ms`.
    pub async fn finished(&self, id: &str, patience_ms: u64) -> Result<Task, Error> {
        for _ in 0..=patience_ms / LOOK_EVERY_MS {
            let task = self.task(id).await?;
            if task.is_terminal() {
                return Ok(task);
            }
            self.transport().sleep(LOOK_EVERY_MS).await;
        }
        Err(Error::Patience(format!("the end of task {id}")))
    }
}

pub(crate) fn paged(path: &str, cursor: Option<&str>) -> String {
    cursor.map_or_else(|| path.to_owned(), |cursor| format!("{path}?cursor={cursor}"))
}

/// Percent-encodes a path segment (RFC 3986 section 2.3: all but the unreserved characters).
pub(crate) fn encoded(segment: &str) -> String {
    let mut out = String::new();
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
