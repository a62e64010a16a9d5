ALTER TABLE audit_events ADD COLUMN factors TEXT;
