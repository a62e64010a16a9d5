CREATE TABLE provider_sessions (
    session BIGINT PRIMARY KEY,
    account TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    sid TEXT,
    opened_at BIGINT NOT NULL
);
CREATE INDEX provider_sessions_subject ON provider_sessions (issuer, subject);
CREATE INDEX provider_sessions_sid ON provider_sessions (issuer, sid);
CREATE INDEX provider_sessions_opened_at ON provider_sessions (opened_at);
CREATE TABLE provider_logouts (
    issuer TEXT NOT NULL,
    jti TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, jti)
);
