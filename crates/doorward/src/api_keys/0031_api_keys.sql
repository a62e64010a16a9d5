CREATE TABLE api_keys (
    handle BYTEA PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    digest BYTEA NOT NULL,
    name TEXT NOT NULL,
    tenant TEXT NOT NULL,
    account TEXT,
    made_by TEXT,
    scope TEXT NOT NULL,
    resource TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX api_keys_tenant ON api_keys (tenant, id);
CREATE INDEX api_keys_account ON api_keys (account) WHERE account IS NOT NULL;
CREATE INDEX api_keys_made_by ON api_keys (made_by) WHERE made_by IS NOT NULL;
CREATE INDEX api_keys_expiry ON api_keys (expires_at);
