CREATE INDEX audit_events_logins ON audit_events (action, at, result) WHERE action = 'login';
