//! The mind: models with their budgets, plans with their rules, agents with their memories.

use aion_api::operations::Method;
use aion_api::v1::List;
use aion_api::v1::mind::{
    Budgets, COMPLETIONS, ListedModel, MODELS, ModelList, Providers, PutBudget, PutBudgets, PutProviderKey,
    PutProviders, Switch,
};
use aion_api::v1::plans::{
    AgentView, ApprovePlan, Memory, Plan, PlanRehearsal, PlanReplay, PlanStarted, ProposePlan, PutAgent, Rules,
    StopPlan,
};
use serde_json::Value;

use crate::calls::paged;
use crate::{Client, Error, Request, Transport};

impl<T: Transport> Client<T> {
    /// `GET /v1/mind/providers`
    pub async fn providers(&self) -> Result<Providers, Error> {
        self.read("/v1/mind/providers").await
    }

    /// `PUT /v1/mind/providers`
    pub async fn put_providers(&self, providers: &PutProviders) -> Result<Providers, Error> {
        self.call(Request::new(Method::Put, "/v1/mind/providers").with_json(providers)?).await
    }

    /// `PUT /v1/mind/providers/{id}/key`
    pub async fn put_provider_key(&self, id: &str, key: &str) -> Result<(), Error> {
        let body = PutProviderKey { key: key.to_owned() };
        let request = Request::new(Method::Put, &format!("/v1/mind/providers/{id}/key")).with_json(&body)?;
        self.call_raw(request).await.map(|_| ())
    }

    /// `GET /v1/mind/budgets`
    pub async fn budgets(&self) -> Result<Budgets, Error> {
        self.read("/v1/mind/budgets").await
    }

    /// `PUT /v1/mind/budgets`
    pub async fn put_budgets(&self, budgets: Vec<PutBudget>) -> Result<Budgets, Error> {
        self.call(Request::new(Method::Put, "/v1/mind/budgets").with_json(&PutBudgets { budgets })?).await
    }

    /// `POST /v1/mind:stop`
    pub async fn stop_mind(&self, switch: &Switch) -> Result<Budgets, Error> {
        self.post("/v1/mind:stop", None, switch).await
    }

    /// `POST /v1/mind:resume`
    pub async fn resume_mind(&self, switch: &Switch) -> Result<Budgets, Error> {
        self.post("/v1/mind:resume", None, switch).await
    }

    /// `POST /v1/mind/chat`: a conversation in the language of docs/MIND.md, answered as a whole. One that streams is a
    /// request like any other.
    pub async fn chat(&self, conversation: &Value) -> Result<Value, Error> {
        self.post("/v1/mind/chat", None, conversation).await
    }

    /// `POST /v1/chat/completions`: the same in the language of `OpenAI`'s clients.
    pub async fn complete_chat(&self, conversation: &Value) -> Result<Value, Error> {
        self.post(COMPLETIONS, None, conversation).await
    }

    /// `GET /v1/models`: what conversations can name.
    pub async fn models(&self) -> Result<ModelList, Error> {
        self.read(MODELS).await
    }

    /// `GET /v1/models/{id}`
    pub async fn model(&self, id: &str) -> Result<ListedModel, Error> {
        self.read(&format!("{MODELS}/{id}")).await
    }

    /// `POST /v1/mind/plans`
    pub async fn propose_plan(&self, key: &str, plan: &ProposePlan) -> Result<PlanStarted, Error> {
        self.post("/v1/mind/plans", Some(key), plan).await
    }

    /// `GET /v1/mind/plans`
    pub async fn plans(&self, cursor: Option<&str>) -> Result<List<Plan>, Error> {
        self.read(&paged("/v1/mind/plans", cursor)).await
    }

    /// `GET /v1/mind/plans/{id}`
    pub async fn plan(&self, id: &str) -> Result<Plan, Error> {
        self.read(&format!("/v1/mind/plans/{id}")).await
    }

    /// `POST /v1/mind/plans/{id}/simulate`
    pub async fn simulate_plan(&self, id: &str) -> Result<PlanRehearsal, Error> {
        self.call(Request::new(Method::Post, &format!("/v1/mind/plans/{id}/simulate"))).await
    }

    /// `POST /v1/mind/plans/{id}/approve`
    pub async fn approve_plan(&self, id: &str, proof: &str) -> Result<Plan, Error> {
        self.post(&format!("/v1/mind/plans/{id}/approve"), None, &ApprovePlan { proof: proof.to_owned() }).await
    }

    /// `POST /v1/mind/plans/{id}/run`
    pub async fn run_plan(&self, key: &str, id: &str) -> Result<PlanStarted, Error> {
        let request = Request::new(Method::Post, &format!("/v1/mind/plans/{id}/run"));
        self.call(request.with_header("idempotency-key", key)).await
    }

    /// `POST /v1/mind/plans/{id}/stop`
    pub async fn stop_plan(&self, id: &str, reason: &str) -> Result<Plan, Error> {
        self.post(&format!("/v1/mind/plans/{id}/stop"), None, &StopPlan { reason: reason.to_owned() }).await
    }

    /// `POST /v1/mind/plans/{id}/replay`
    pub async fn replay_plan(&self, id: &str) -> Result<PlanReplay, Error> {
        self.call(Request::new(Method::Post, &format!("/v1/mind/plans/{id}/replay"))).await
    }

    /// `GET /v1/mind/rules`
    pub async fn rules(&self) -> Result<Rules, Error> {
        self.read("/v1/mind/rules").await
    }

    /// `PUT /v1/mind/rules`
    pub async fn put_rules(&self, rules: &Rules) -> Result<Rules, Error> {
        self.call(Request::new(Method::Put, "/v1/mind/rules").with_json(rules)?).await
    }

    /// `GET /v1/mind/agents`
    pub async fn agents(&self, cursor: Option<&str>) -> Result<List<AgentView>, Error> {
        self.read(&paged("/v1/mind/agents", cursor)).await
    }

    /// `GET /v1/mind/agents/{id}`
    pub async fn agent(&self, id: &str) -> Result<AgentView, Error> {
        self.read(&format!("/v1/mind/agents/{id}")).await
    }

    /// `PUT /v1/mind/agents/{id}`
    pub async fn put_agent(&self, id: &str, agent: &PutAgent) -> Result<AgentView, Error> {
        self.call(Request::new(Method::Put, &format!("/v1/mind/agents/{id}")).with_json(agent)?).await
    }

    /// `DELETE /v1/mind/agents/{id}`
    pub async fn delete_agent(&self, id: &str) -> Result<(), Error> {
        self.call_raw(Request::new(Method::Delete, &format!("/v1/mind/agents/{id}"))).await.map(|_| ())
    }

    /// `POST /v1/mind/agents/{id}/stop`
    pub async fn stop_agent(&self, id: &str) -> Result<AgentView, Error> {
        self.call(Request::new(Method::Post, &format!("/v1/mind/agents/{id}/stop"))).await
    }

    /// `POST /v1/mind/agents/{id}/resume`
    pub async fn resume_agent(&self, id: &str) -> Result<AgentView, Error> {
        self.call(Request::new(Method::Post, &format!("/v1/mind/agents/{id}/resume"))).await
    }

    /// `GET /v1/mind/agents/{id}/memory`
    pub async fn memory(&self, id: &str) -> Result<Memory, Error> {
        self.read(&format!("/v1/mind/agents/{id}/memory")).await
    }

    /// `PUT /v1/mind/agents/{id}/memory`
    pub async fn put_memory(&self, id: &str, memory: &Memory) -> Result<Memory, Error> {
        self.call(Request::new(Method::Put, &format!("/v1/mind/agents/{id}/memory")).with_json(memory)?).await
    }
}
