CREATE TABLE users (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    tariff     text NOT NULL,
    registered timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE accounts (
    user_id  text PRIMARY KEY,
    currency text NOT NULL,
    opened   timestamptz NOT NULL DEFAULT now()
);
