//! What somebody asks who watches: numbers, alerts, tasks by state and label, the events of a task, the files of an
//! identity.

use aion_api::operations::Method;
use aion_api::v1::List;
use aion_api::v1::alerts::{AlertEvent, AlertStates, Alerts, Silence, Table};
use aion_api::v1::identities::Identity;
use aion_api::v1::tasks::Task;
use serde_json::Value;

use crate::calls::encoded;
use crate::sse::Events;
use crate::{Client, Error, Request, Response, Transport};

impl<T: Transport> Client<T> {
    /// `GET /metrics`: the tenant's numbers, in the text format of Prometheus.
    pub async fn metrics(&self) -> Result<String, Error> {
        self.call_raw(Request::new(Method::Get, "/metrics")).await.map(|response| response.text())
    }

    /// `GET /v1/metrics`: the numbers of the whole deployment, with the operator's token.
    pub async fn platform_metrics(&self) -> Result<String, Error> {
        self.call_raw(Request::new(Method::Get, "/v1/metrics")).await.map(|response| response.text())
    }

    /// `GET /v1/tasks/{id}/events`: what happens to a task after an event, up to its end, which is waited for. Whoever
    /// wants each as it comes reads the stream.
    pub async fn events(&self, id: &str, after: Option<u64>) -> Result<Vec<Value>, Error> {
        let query = after.map_or_else(String::new, |after| format!("?after={after}"));
        let response = self.call_raw(Request::new(Method::Get, &format!("/v1/tasks/{id}/events{query}"))).await?;
        let events = Events::default().push(&response.body);
        let events = events.map_err(|_| Error::Unreadable("an event is too long".to_owned()))?;
        events.iter().map(|event| json(&event.data)).collect()
    }

    /// `GET /v1/tasks`, fifty at once, of a state and with a label (`name:value`); an empty text leaves either out.
    pub async fn tasks_where(&self, state: &str, label: &str, cursor: Option<&str>) -> Result<List<Task>, Error> {
        let pairs = [("limit", "50"), ("state", state), ("label", label), ("cursor", cursor.unwrap_or_default())];
        let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.read(&format!("/v1/tasks?{}", pairs.join("&"))).await
    }

    /// The log of a hosted identity (did:webvh), one entry a line, oldest first; it is public.
    pub async fn did_log(&self, identity: &Identity) -> Result<Vec<Value>, Error> {
        let response = self.public_file(identity, "did.jsonl").await?;
        response.text().lines().map(json).collect()
    }

    /// The document of a hosted identity as it stands for `did:web`; it is public.
    pub async fn did_document(&self, identity: &Identity) -> Result<Value, Error> {
        self.public_file(identity, "did.json").await?.json()
    }

    async fn public_file(&self, identity: &Identity, name: &str) -> Result<Response, Error> {
        let path: Vec<String> = identity.id.split(':').map(encoded).collect();
        self.call_raw(Request::new(Method::Get, &format!("/{}/{name}", path.join("/")))).await
    }

    /// `GET /v1/alerts`, with the operator's token.
    pub async fn alerts(&self) -> Result<Alerts, Error> {
        self.read("/v1/alerts").await
    }

    /// `PUT /v1/alerts`, with the operator's token; `follows` is the version that the document follows, if that
    /// matters.
    pub async fn put_alerts(&self, table: &Table, follows: Option<u64>) -> Result<Alerts, Error> {
        self.put_after("/v1/alerts", table, follows).await
    }

    /// `GET /v1/alerts/states`, with the operator's token.
    pub async fn alert_states(&self) -> Result<AlertStates, Error> {
        self.read("/v1/alerts/states").await
    }

    /// `GET /v1/alerts/history`, newest first, with the operator's token.
    pub async fn alert_history(&self) -> Result<List<AlertEvent>, Error> {
        self.read("/v1/alerts/history?limit=50").await
    }

    /// `PUT /v1/alerts/{name}/silence`, with the operator's token; without a time the silence ends.
    pub async fn silence_alert(&self, name: &str, until: Option<String>) -> Result<(), Error> {
        let request = Request::new(Method::Put, &format!("/v1/alerts/{}/silence", encoded(name)));
        self.call_raw(request.with_json(&Silence { until })?).await.map(|_| ())
    }
}

fn json(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::Unreadable(error.to_string()))
}
