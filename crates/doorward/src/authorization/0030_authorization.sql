CREATE TABLE authorization_codes (
    digest BYTEA PRIMARY KEY,
    client TEXT NOT NULL,
    account TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    session BIGINT NOT NULL,
    tenant TEXT,
    scope TEXT NOT NULL,
    resource TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    nonce TEXT,
    thumbprint TEXT,
    authenticated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT,
    family TEXT
);
CREATE INDEX authorization_codes_account ON authorization_codes (account);
CREATE INDEX authorization_codes_expiry ON authorization_codes (expires_at);
CREATE TABLE pushed_requests (
    digest BYTEA PRIMARY KEY,
    client TEXT NOT NULL,
    query TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX pushed_requests_expiry ON pushed_requests (expires_at);
CREATE TABLE device_codes (
    digest BYTEA PRIMARY KEY,
    user_code BYTEA NOT NULL UNIQUE,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    resource TEXT NOT NULL,
    wait_secs BIGINT NOT NULL,
    polled_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    denied BIGINT NOT NULL,
    account TEXT,
    epoch BIGINT,
    session BIGINT,
    tenant TEXT,
    authenticated_at BIGINT
);
CREATE INDEX device_codes_account ON device_codes (account) WHERE account IS NOT NULL;
CREATE INDEX device_codes_expiry ON device_codes (expires_at);
CREATE TABLE consents (
    account TEXT NOT NULL,
    client TEXT NOT NULL,
    tenant TEXT NOT NULL,
    scope TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (account, client, tenant)
);
CREATE INDEX consents_client ON consents (client);
