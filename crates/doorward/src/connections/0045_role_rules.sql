CREATE TABLE connection_rules (
    connection TEXT NOT NULL,
    claim TEXT NOT NULL,
    value TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (connection, claim, value, role)
);
CREATE TABLE ruled_roles (
    connection TEXT NOT NULL,
    account TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (connection, account, role)
);
CREATE INDEX ruled_roles_account ON ruled_roles (account);
