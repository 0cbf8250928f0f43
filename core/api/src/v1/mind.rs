//! Providers of models, and what may be spent on them.
//!
//! Amounts are micro-USD, a millionth of a dollar, as decimal texts. What holds rows of core/mind stands in the feature
//! `mind`.

#[cfg(feature = "mind")]
use std::collections::BTreeMap;

#[cfg(feature = "mind")]
use aion_mind::models::{ANY_MODEL, ProviderRow};
use serde::{Deserialize, Serialize};

/// The path of the API that clients of `OpenAI` speak; its errors are in their words too.
pub const COMPLETIONS: &str = "/v1/chat/completions";
/// The path under which such clients look for models.
pub const MODELS: &str = "/v1/models";
/// A conversation in bytes: the longest contexts that are sold as text, or a few images.
pub const CHAT_MAX_BYTES: usize = 4 << 20;
/// The key of a provider in characters.
pub const KEY_MAX_CHARS: usize = 512;
/// So many caps a tenant has at most: they stand in one row.
pub const CAPS_MAX: usize = 256;

/// What the tenant's providers are to be.
#[cfg(feature = "mind")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutProviders {
    /// All of them; whoever is missing is forgotten, with its key.
    pub providers: Vec<ProviderRow>,
}

/// The tenant's providers.
#[cfg(feature = "mind")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Providers {
    /// The version, counted from 1; 0 before the first.
    pub version: u64,
    /// All of them.
    pub providers: Vec<Provider>,
}

/// A provider, and whether it has a key.
#[cfg(feature = "mind")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Provider {
    /// What it is.
    pub provider: ProviderRow,
    /// Its key, as far as it is shown.
    pub key: ProviderKey,
}

/// What is shown of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderKey {
    /// Whether there is one.
    pub is_set: bool,
    /// Since when, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
}

/// The models that conversations can name, as clients of `OpenAI` read them (API reference, "The model object").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelList {
    /// `list`.
    pub object: String,
    /// Each once, by its name; `auto`, any model that can do what is asked, is the last one.
    pub data: Vec<ListedModel>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedModel {
    /// What a conversation calls it.
    pub id: String,
    /// `model`.
    pub object: String,
    /// 0: a name of the tenant's has no day on which it was made.
    pub created: u64,
    /// The provider of the lowest `priority` that has it, by its id; of `auto` it is `aion`.
    pub owned_by: String,
}

#[cfg(feature = "mind")]
impl ModelList {
    /// The models of a tenant's providers.
    #[must_use]
    pub fn of(providers: &[ProviderRow]) -> Self {
        let mut first: BTreeMap<&str, &ProviderRow> = BTreeMap::new();
        for row in providers {
            for model in &row.models {
                let known = first.entry(&model.name).or_insert(row);
                if row.priority < known.priority {
                    *known = row;
                }
            }
        }
        let auto = (!first.is_empty()).then_some((ANY_MODEL, "aion"));
        let named = first.into_iter().map(|(name, row)| (name, row.id.as_str()));
        let model = |(id, owner): (&str, &str)| {
            let (id, object, owned_by) = (id.to_owned(), "model".to_owned(), owner.to_owned());
            ListedModel { id, object, created: 0, owned_by }
        };
        Self { object: "list".to_owned(), data: named.chain(auto).map(model).collect() }
    }
}

/// The key of a provider. It is never shown again.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutProviderKey {
    /// The key: 1 to 512 visible ASCII characters.
    pub key: String,
}

/// Whom a budget or the switch is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = BudgetOf))]
pub enum Of {
    /// The tenant as a whole.
    #[default]
    Tenant,
    /// An API key, by its id.
    Key,
    /// A DID.
    Did,
    /// An agent, by its id.
    Agent,
}

/// What caps are to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutBudgets {
    /// All of them, at most 256. What is counted stays counted, and who is stopped stays stopped.
    pub budgets: Vec<PutBudget>,
}

/// What a cap is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutBudget {
    /// Whom it is for.
    #[serde(default)]
    pub of: Of,
    /// Its id; the tenant has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Micro-USD a day of UTC, in decimal digits; without it there is no such cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// Micro-USD a month of UTC, in decimal digits; without it there is no such cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
}

/// Caps, and what counts against them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Budgets {
    /// Today, in UTC.
    pub day: String,
    /// This month, in UTC.
    pub month: String,
    /// The tenant's, and all that have a cap or are stopped.
    pub budgets: Vec<Budget>,
}

/// A cap, and what counts against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Budget {
    /// Whom it is for.
    pub of: Of,
    /// Its id; the tenant has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Micro-USD a day of UTC; without it there is no such cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// Micro-USD a month of UTC; without it there is no such cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// Micro-USD that are spent or reserved today.
    pub used_today: String,
    /// Micro-USD that are spent or reserved this month.
    pub used_this_month: String,
    /// Whether it is stopped: no call begins.
    pub stopped: bool,
}

/// What is stopped, or goes on: without members the tenant as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = MindSwitch))]
pub struct Switch {
    /// Whom it is for.
    #[serde(default)]
    pub of: Of,
    /// Its id; the tenant has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(feature = "mind")]
    fn each_model_is_listed_once_with_its_first_provider() {
        let row = |id: &str, priority: u16, names: &[&str]| {
            let model = |name: &&str| {
                serde_json::json!({ "name": name, "upstream": "u", "contextTokens": 1, "maxOutputTokens": 1,
                    "prices": { "input": 0, "cachedInput": 0, "output": 0 } })
            };
            let models: Vec<_> = names.iter().map(model).collect();
            let row = serde_json::json!({ "id": id, "kind": "openai-chat", "baseUrl": "https://a.example/v1",
                "priority": priority, "models": models });
            serde_json::from_value(row).unwrap()
        };
        let rows = [row("late", 2, &["fast", "deep"]), row("soon", 1, &["fast"])];
        let list = super::ModelList::of(&rows);
        let seen: Vec<_> = list.data.iter().map(|model| (model.id.as_str(), model.owned_by.as_str())).collect();
        assert_eq!(seen, [("deep", "late"), ("fast", "soon"), ("auto", "aion")]);
        assert!(super::ModelList::of(&[]).data.is_empty());
    }
}
