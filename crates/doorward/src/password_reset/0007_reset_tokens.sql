CREATE TABLE password_resets (
    account TEXT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);
