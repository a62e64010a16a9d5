CREATE TABLE outbox (
    id {id},
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    recipient TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at);
