ALTER TABLE provider_sessions ADD COLUMN provider TEXT NOT NULL DEFAULT '';
