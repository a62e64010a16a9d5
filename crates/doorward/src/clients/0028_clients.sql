CREATE TABLE clients (
    number {id},
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    authentication TEXT NOT NULL,
    secret BYTEA,
    secret_before BYTEA,
    secret_before_until BIGINT,
    keys TEXT NOT NULL,
    grants TEXT NOT NULL,
    scopes TEXT NOT NULL,
    resources TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    backchannel_logout_uri TEXT,
    tenant TEXT,
    trusted BIGINT NOT NULL,
    demands_dpop BIGINT NOT NULL,
    algorithm TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);
CREATE INDEX clients_tenant ON clients (tenant) WHERE tenant IS NOT NULL;
CREATE TABLE client_assertions (
    digest BYTEA PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX client_assertions_expiry ON client_assertions (expires_at);
