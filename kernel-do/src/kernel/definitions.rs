//! Definitions in memory: each is read and checked once, and shared by all tasks of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use aion_api::problem::{self, Code, Problem};
use aion_task::{Definition, Fault};
use serde_json::Value;

use super::poison::unreadable;
use super::store::Store;

/// So many definitions are kept: with their parsed expressions they have some ten kilobytes each.
const KEPT_MAX: usize = 128;

/// Definitions by their hash, and by the text under which they were submitted.
#[derive(Default)]
pub(super) struct Definitions {
    by_hash: RefCell<HashMap<String, Rc<Definition>>>,
    by_text: RefCell<HashMap<String, Rc<Definition>>>,
}

impl Definitions {
    /// A submitted definition, checked.
    pub(super) fn submitted(&self, document: &Value) -> Result<Rc<Definition>, Problem> {
        let text = document.to_string();
        if let Some(known) = self.by_text.borrow().get(&text) {
            return Ok(Rc::clone(known));
        }
        let definition = Rc::new(Definition::parse(document).map_err(|faults| invalid(&faults))?);
        keep(&self.by_text, text, &definition);
        keep(&self.by_hash, definition.hash().to_owned(), &definition);
        Ok(definition)
    }

    /// A stored definition.
    pub(super) fn stored(&self, store: &Store, hash: &str) -> Result<Rc<Definition>, Problem> {
        if let Some(known) = self.by_hash.borrow().get(hash) {
            return Ok(Rc::clone(known));
        }
        let text = store.definition(hash)?.ok_or_else(|| unreadable(hash, "its definition is not there"))?;
        let definition = Definition::stored(&text, hash).map_err(|error| unreadable(hash, &error.to_string()))?;
        let definition = Rc::new(definition);
        keep(&self.by_hash, hash.to_owned(), &definition);
        Ok(definition)
    }
}

fn keep(all: &RefCell<HashMap<String, Rc<Definition>>>, key: String, definition: &Rc<Definition>) {
    let mut all = all.borrow_mut();
    if all.len() >= KEPT_MAX {
        all.clear();
    }
    all.insert(key, Rc::clone(definition));
}

/// Pointers of the machine start at the definition; those of the answer start at the body.
pub(super) fn invalid(faults: &[Fault]) -> Problem {
    let fault = |fault: &Fault| {
        let prefix = if fault.pointer.starts_with("/input") { "" } else { "/definition" };
        problem::Fault::under(prefix, fault)
    };
    Problem::faults(Code::DefinitionInvalid, faults.iter().map(fault).collect())
}
