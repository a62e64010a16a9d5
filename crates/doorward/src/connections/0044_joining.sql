ALTER TABLE connections ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN vouched BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN join_role TEXT;
CREATE UNIQUE INDEX connections_shared ON connections (provider, organisation) WHERE provider <> '' AND organisation <> '';
CREATE TABLE departed_members (
    tenant TEXT NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (tenant, mark)
);
