CREATE TABLE owner_role (
    number BIGINT PRIMARY KEY,
    role TEXT NOT NULL
);
