CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL,
    provider TEXT NOT NULL,
    address TEXT,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_account ON identities (account);
CREATE TABLE provider_flows (
    digest BYTEA PRIMARY KEY,
    provider TEXT NOT NULL,
    purpose TEXT NOT NULL,
    browser BYTEA NOT NULL,
    account TEXT,
    session BIGINT,
    return_to TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX provider_flows_expires_at ON provider_flows (expires_at);
