CREATE TABLE operators (
    account TEXT PRIMARY KEY,
    roles TEXT NOT NULL,
    granted_at BIGINT NOT NULL
);
