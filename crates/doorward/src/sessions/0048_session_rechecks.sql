ALTER TABLE sessions ADD COLUMN recheck_at BIGINT;
