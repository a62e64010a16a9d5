CREATE TABLE tenants (
    number {id},
    id TEXT NOT NULL UNIQUE,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    open_role TEXT,
    entitlements TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    suspended_at BIGINT,
    delete_at BIGINT
);
CREATE INDEX tenants_deletion ON tenants (delete_at) WHERE delete_at IS NOT NULL;
CREATE TABLE memberships (
    number {id},
    tenant TEXT NOT NULL,
    account TEXT NOT NULL,
    roles TEXT NOT NULL,
    is_owner BIGINT NOT NULL,
    entitlements TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    UNIQUE (account, tenant)
);
CREATE INDEX memberships_tenant ON memberships (tenant, number);
CREATE INDEX memberships_owners ON memberships (tenant, account) WHERE is_owner = 1;
