CREATE TABLE refresh_families (
    handle BYTEA PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    digest BYTEA NOT NULL,
    parent BYTEA,
    generation BIGINT NOT NULL,
    client TEXT NOT NULL,
    account TEXT NOT NULL,
    tenant TEXT,
    session BIGINT,
    scope TEXT NOT NULL,
    resource TEXT NOT NULL,
    thumbprint TEXT,
    authenticated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    access_until BIGINT NOT NULL,
    idle_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX refresh_families_account ON refresh_families (account, tenant);
CREATE INDEX refresh_families_tenant ON refresh_families (tenant) WHERE tenant IS NOT NULL;
CREATE INDEX refresh_families_client ON refresh_families (client);
CREATE INDEX refresh_families_expiry ON refresh_families (expires_at);
CREATE TABLE revoked_tokens (
    name TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_expiry ON revoked_tokens (expires_at);
CREATE TABLE dpop_proofs (
    digest BYTEA PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX dpop_proofs_expiry ON dpop_proofs (expires_at);
