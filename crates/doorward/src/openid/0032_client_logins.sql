CREATE TABLE client_logins (
    id {id},
    session BIGINT NOT NULL,
    client TEXT NOT NULL,
    account TEXT NOT NULL,
    sid TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT,
    UNIQUE (session, client)
);
CREATE INDEX client_logins_client ON client_logins (client);
CREATE INDEX client_logins_due ON client_logins (due_at) WHERE due_at IS NOT NULL;
