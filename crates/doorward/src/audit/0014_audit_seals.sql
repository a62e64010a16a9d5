CREATE TABLE audit_seals (
    id BIGINT PRIMARY KEY,
    events BIGINT NOT NULL,
    total BIGINT NOT NULL,
    first_event BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    root BYTEA NOT NULL,
    chain BYTEA NOT NULL,
    sealed_at BIGINT NOT NULL,
    purged_at BIGINT
);
CREATE INDEX audit_seals_by_age ON audit_seals (last_at) WHERE purged_at IS NULL;
ALTER TABLE audit_events ADD COLUMN seal BIGINT;
CREATE INDEX audit_events_by_seal ON audit_events (seal, id);
