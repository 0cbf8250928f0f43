//! Durable Objects Kernel, Tenant and Lane: thin shells over the cores.
