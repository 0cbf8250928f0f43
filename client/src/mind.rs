//! Models: providers, keys, budgets, the kill switch. Conversations are requests like any other, or those of a client
//! of `OpenAI`'s API.

use aion_api::operations::Method;
use aion_api::v1::List;
use aion_api::v1::mind::{Budgets, Providers, PutBudget, PutBudgets, PutProviderKey, PutProviders, Switch};
use aion_api::v1::plans::{ApprovePlan, Plan, PlanReplay, PlanStarted, ProposePlan, StopPlan};

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
}
