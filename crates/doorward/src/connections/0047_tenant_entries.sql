CREATE TABLE tenant_entries (
    session BIGINT NOT NULL,
    tenant TEXT NOT NULL,
    way TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (session, tenant)
);
CREATE INDEX tenant_entries_expires_at ON tenant_entries (expires_at);
