//! What somebody asks who watches: numbers, alerts, tasks by state and label, the log of an identity.

use aion_api::operations::Method;
use aion_api::v1::List;
use aion_api::v1::alerts::{AlertEvent, AlertStates, Alerts, Silence};
use aion_api::v1::identities::Identity;
use aion_api::v1::tasks::Task;
use serde_json::Value;

use crate::calls::encoded;
use crate::{Client, Error, Request, Transport};

impl<T: Transport> Client<T> {
    /// `GET /metrics`: the tenant's numbers, in the text format of Prometheus.
    pub async fn metrics(&self) -> Result<String, Error> {
        self.call_raw(Request::new(Method::Get, "/metrics")).await.map(|response| response.text())
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
        let path: Vec<String> = identity.id.split(':').map(encoded).collect();
        let response = self.call_raw(Request::new(Method::Get, &format!("/{}/did.jsonl", path.join("/")))).await?;
        let unreadable = |error: serde_json::Error| Error::Unreadable(error.to_string());
        response.text().lines().map(|line| serde_json::from_str(line).map_err(unreadable)).collect()
    }

    /// `GET /v1/alerts`, with the operator's token.
    pub async fn alerts(&self) -> Result<Alerts, Error> {
        self.read("/v1/alerts").await
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
