//! Durable Objects Identity and Wallet: thin shells over the cores.
