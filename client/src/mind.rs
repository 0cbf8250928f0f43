//! Models: providers, keys, budgets, the kill switch. Conversations are requests like any other, or those of a client
//! of `OpenAI`'s API.

use aion_api::operations::Method;
use aion_api::v1::mind::{Budgets, Providers, PutBudget, PutBudgets, PutProviderKey, PutProviders, Switch};

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
}
