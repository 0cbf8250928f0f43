//! Documents that a wallet signs: typed structured data (EIP-712), read strictly.
//!
//! A document comes as the JSON of `eth_signTypedData_v4`: `types`, `primaryType`, `domain`, `message`. What is read is
//! what is signed: a message has exactly the fields of its type, a value exactly one encoding, and nothing stands for
//! an absent value. The domain names chain and contract, so that a signature is good in one place alone.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256, keccak256};
use serde_json::{Map, Value};

mod encode;
mod kind;
#[cfg(test)]
mod tests;

use encode::Encoder;
use kind::{Kind, is_name};

/// A document may have so many bytes of JSON: the largest orders of markets have half of it.
pub const DOCUMENT_MAX_BYTES: usize = 16 * 1024;
/// A document may declare so many types.
const TYPES_MAX: usize = 32;
/// A type may have so many fields.
const FIELDS_MAX: usize = 64;
/// The fields of a domain with their types, in the order of the standard (section "Definition of domainSeparator").
const DOMAIN_FIELDS: [(&str, &str); 5] = [
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
];
const DOMAIN: &str = "EIP712Domain";

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {reason}")]
pub struct Fault {
    /// JSON pointer (RFC 6901) into the document.
    pub pointer: String,
    /// In words.
    pub reason: String,
}

impl Fault {
    fn new(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), reason: reason.into() }
    }
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The chain that it is for.
    pub chain_id: u64,
    /// The contract that it is for.
    pub contract: Address,
    /// The type of its message.
    pub primary_type: String,
    /// What is signed: `keccak256(0x1901 ‖ domainSeparator ‖ hashStruct(message))`.
    pub digest: B256,
}

/// A field of a type: its name, and the text of its type with what it means.
struct Field {
    name: String,
    text: String,
    kind: Kind,
}

type Types = BTreeMap<String, Vec<Field>>;

impl Document {
    /// Reads a document.
    pub fn read(document: &Value) -> Result<Self, Fault> {
        let Value::Object(document) = document else {
            return Err(Fault::new("", "a document: types, primaryType, domain and message"));
        };
        let part = |name: &str| document.get(name).ok_or_else(|| Fault::new("", format!("lacks {name}")));
        if let Some(other) =
            document.keys().find(|key| !["types", "primaryType", "domain", "message"].contains(&key.as_str()))
        {
            return Err(Fault::new(format!("/{other}"), "is no part of a document"));
        }
        let Some(primary_type) = part("primaryType")?.as_str() else {
            return Err(Fault::new("/primaryType", "the name of a type"));
        };
        let Value::Object(domain) = part("domain")? else {
            return Err(Fault::new("/domain", "chainId, verifyingContract, and what else the contract says"));
        };
        let mut types = types(part("types")?)?;
        declare_domain(&mut types, domain)?;
        if primary_type == DOMAIN || !types.contains_key(primary_type) {
            return Err(Fault::new("/primaryType", "is not one of the types"));
        }
        let encoder = Encoder::new(&types);
        let separator = encoder.hash_struct(DOMAIN, part("domain")?, "/domain", 0)?;
        let message = encoder.hash_struct(primary_type, part("message")?, "/message", 0)?;
        Ok(Self {
            chain_id: chain_id(domain)?,
            contract: contract(domain)?,
            primary_type: primary_type.to_owned(),
            digest: keccak256([&[0x19, 0x01], separator.as_slice(), message.as_slice()].concat()),
        })
    }
}

fn types(value: &Value) -> Result<Types, Fault> {
    let fault = || Fault::new("/types", format!("up to {TYPES_MAX} types by their names"));
    let declared = value.as_object().filter(|types| types.len() <= TYPES_MAX).ok_or_else(fault)?;
    let mut types = Types::new();
    for (name, list) in declared {
        let pointer = format!("/types/{name}");
        if !is_name(name) {
            return Err(Fault::new("/types", format!("{name:?} cannot be the name of a type")));
        }
        let fields = list.as_array().filter(|fields| fields.len() <= FIELDS_MAX);
        let fields = fields.ok_or_else(|| Fault::new(&pointer, format!("a list of up to {FIELDS_MAX} fields")))?;
        let mut known: Vec<Field> = Vec::with_capacity(fields.len());
        for (place, field) in fields.iter().enumerate() {
            let pointer = format!("{pointer}/{place}");
            let field = read_field(field, &pointer)?;
            if known.iter().any(|other| other.name == field.name) {
                return Err(Fault::new(pointer, format!("{} is declared twice", field.name)));
            }
            known.push(field);
        }
        types.insert(name.clone(), known);
    }
    for (name, fields) in &types {
        let unknown = fields.iter().position(|field| field.kind.base().is_some_and(|base| !types.contains_key(base)));
        if let Some(place) = unknown {
            return Err(Fault::new(format!("/types/{name}/{place}/type"), "is not a type"));
        }
    }
    Ok(types)
}

fn read_field(field: &Value, pointer: &str) -> Result<Field, Fault> {
    let fault = || Fault::new(pointer, "a name and a type");
    let field = field.as_object().filter(|field| field.len() == 2).ok_or_else(fault)?;
    let text = |name: &str| field.get(name).and_then(Value::as_str).ok_or_else(fault);
    let (name, text) = (text("name")?, text("type")?);
    if !is_name(name) {
        return Err(Fault::new(format!("{pointer}/name"), format!("{name:?} cannot be the name of a field")));
    }
    let kind = Kind::parse(text).ok_or_else(|| Fault::new(format!("{pointer}/type"), "is not a type"))?;
    Ok(Field { name: name.to_owned(), text: text.to_owned(), kind })
}

/// The type of the domain follows from its fields; one that is declared all the same says nothing else.
fn declare_domain(types: &mut Types, domain: &Map<String, Value>) -> Result<(), Fault> {
    let mut fields = Vec::new();
    for (name, text) in DOMAIN_FIELDS.iter().filter(|(name, _)| domain.contains_key(*name)) {
        let kind = Kind::parse(text).ok_or_else(|| Fault::new("/domain", "is not a domain"))?;
        fields.push(Field { name: (*name).to_owned(), text: (*text).to_owned(), kind });
    }
    let same = |declared: &Vec<Field>| {
        let names = |fields: &[Field]| fields.iter().map(|f| (f.name.clone(), f.text.clone())).collect::<Vec<_>>();
        names(declared) == names(&fields)
    };
    if types.get(DOMAIN).is_some_and(|declared| !same(declared)) {
        return Err(Fault::new(format!("/types/{DOMAIN}"), "the fields of this domain, in the order of the standard"));
    }
    types.insert(DOMAIN.to_owned(), fields);
    Ok(())
}

fn chain_id(domain: &Map<String, Value>) -> Result<u64, Fault> {
    let fault = || Fault::new("/domain/chainId", "the chain that the document is for");
    let id = domain.get("chainId").and_then(|id| encode::unsigned(id, 256)).ok_or_else(fault)?;
    u64::try_from(id).map_err(|_| fault())
}

fn contract(domain: &Map<String, Value>) -> Result<Address, Fault> {
    let contract = domain.get("verifyingContract").and_then(encode::address);
    contract.ok_or_else(|| Fault::new("/domain/verifyingContract", "the contract that the document is for"))
}

/// Whether a text can be the name of a type: an identifier of Solidity that is no type of the language.
#[must_use]
pub fn is_type_name(name: &str) -> bool {
    is_name(name) && name != DOMAIN && Kind::parse(name).is_some_and(|kind| matches!(kind, Kind::Struct(_)))
}

/// The largest number of so many bits.
fn greatest(bits: usize) -> U256 {
    U256::MAX >> (256 - bits)
}
