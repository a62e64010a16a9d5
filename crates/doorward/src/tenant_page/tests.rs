//! What tenant_page promises.
