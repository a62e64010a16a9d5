CREATE INDEX audit_events_denied ON audit_events (id) WHERE result = 'denied';
