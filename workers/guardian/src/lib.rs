//! The co-signer: party B with its own policy, storage and secrets.
