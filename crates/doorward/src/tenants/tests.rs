//! What tenants promises.
