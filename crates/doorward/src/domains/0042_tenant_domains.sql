CREATE TABLE tenant_domains (
    number {id},
    tenant TEXT NOT NULL,
    domain TEXT NOT NULL,
    token TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    proof TEXT,
    verified_at BIGINT,
    checked_at BIGINT,
    missing_since BIGINT,
    due_at BIGINT,
    UNIQUE (tenant, domain)
);
CREATE UNIQUE INDEX tenant_domains_verified ON tenant_domains (domain) WHERE verified_at IS NOT NULL;
CREATE INDEX tenant_domains_due ON tenant_domains (due_at) WHERE due_at IS NOT NULL;
