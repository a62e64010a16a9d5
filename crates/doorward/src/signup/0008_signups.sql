CREATE TABLE signups (
    id {id},
    email TEXT NOT NULL,
    hash TEXT NOT NULL,
    digest BYTEA UNIQUE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX signups_email ON signups (email);
