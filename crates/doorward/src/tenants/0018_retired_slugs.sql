CREATE TABLE retired_slugs (
    slug TEXT PRIMARY KEY,
    tenant TEXT NOT NULL
);
CREATE INDEX retired_slugs_tenant ON retired_slugs (tenant);
