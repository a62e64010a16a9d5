CREATE TABLE email_changes (
    account TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    digest BYTEA UNIQUE,
    expires_at BIGINT NOT NULL
);
