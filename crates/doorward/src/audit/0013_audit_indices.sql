CREATE INDEX audit_events_by_tenant ON audit_events (tenant, id) WHERE tenant IS NOT NULL;
CREATE INDEX audit_events_by_action ON audit_events (action, id);
CREATE INDEX audit_events_by_actor ON audit_events (actor, id);
CREATE INDEX audit_events_by_target ON audit_events (target, id) WHERE target IS NOT NULL;
