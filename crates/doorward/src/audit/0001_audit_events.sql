CREATE TABLE audit_events (
    id {id},
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT,
    tenant TEXT,
    result TEXT NOT NULL,
    address TEXT
);
