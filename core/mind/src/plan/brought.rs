//! What the steps of a plan bring along for wallets that need people: the text that people have signed, and for each
//! step the signatures that count for it. Each stands once in the input of the task, however many steps have it.

use std::collections::BTreeMap;

use aion_task::Fault;
use aion_task::definition::INPUT_MAX_BYTES;
use aion_wallet::approval::{self, Approval};
use aion_wallet::document::RuleFault;
use serde_json::{Value, json};

/// Its name in the input of the task. The names of values have an underscore.
pub const NAME: &str = "approval";

/// A document with signatures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brought {
    /// The text.
    document: String,
    /// The signatures, each once.
    proofs: Vec<String>,
    /// Those of each step, by their places.
    steps: BTreeMap<String, Vec<usize>>,
}

impl Brought {
    /// A document that nobody has signed.
    #[must_use]
    pub fn new(document: String) -> Self {
        Self { document, ..Self::default() }
    }

    /// Adds a signature that counts for a step.
    pub fn add(&mut self, step: &str, proof: &str) {
        let known = self.proofs.iter().position(|one| one == proof);
        let place = known.unwrap_or(self.proofs.len());
        if known.is_none() {
            self.proofs.push(proof.to_owned());
        }
        self.steps.entry(step.to_owned()).or_default().push(place);
    }

    /// Checks what each step brings along, as wallets do.
    pub fn check(&self) -> Result<(), RuleFault> {
        let none = Vec::new();
        self.steps.values().chain([&none]).try_for_each(|places| {
            let proofs: Vec<String> = places.iter().filter_map(|place| self.proofs.get(*place)).cloned().collect();
            approval::check(&Approval::new(&self.document, &proofs))
        })
    }

    /// What stands in the input of the task.
    #[must_use]
    pub fn input(&self) -> Value {
        json!(Approval::new(&self.document, &self.proofs))
    }

    /// What a step takes of it: all of it, or just its own.
    #[must_use]
    pub fn taken(&self, step: &str) -> Value {
        let places = self.steps.get(step).map(Vec::as_slice).unwrap_or_default();
        if places.len() == self.proofs.len() {
            return json!(format!("${{{{ input.{NAME} }}}}"));
        }
        let proofs: Vec<String> =
            places.iter().map(|place| format!("${{{{ input.{NAME}.proofs[{place}] }}}}")).collect();
        json!({ "document": format!("${{{{ input.{NAME}.document }}}}"), "proofs": proofs })
    }
}

/// Whether a task takes this input.
pub fn fits(input: &Value) -> Result<(), Fault> {
    if input.to_string().len() > INPUT_MAX_BYTES {
        let rule = format!("its values and signatures have more than {INPUT_MAX_BYTES} bytes");
        return Err(Fault::new("/input", rule).with_hint("let each approver sign for all of its steps at once"));
    }
    Ok(())
}
