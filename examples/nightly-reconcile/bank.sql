CREATE TABLE accounts (
  id       bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  owner    text NOT NULL,
  currency text NOT NULL,
  balance  numeric(14, 2) NOT NULL,
  interest numeric(14, 2) NOT NULL DEFAULT 0
);

CREATE TABLE invoices (
  id         bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  account_id bigint NOT NULL REFERENCES accounts,
  amount     numeric(14, 2) NOT NULL,
  paid       boolean NOT NULL DEFAULT false
);

CREATE TABLE charges (
  id         bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  account_id bigint NOT NULL REFERENCES accounts,
  amount     numeric(14, 2) NOT NULL
);

CREATE TABLE notifications (
  id         bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  account_id bigint NOT NULL REFERENCES accounts,
  message    text NOT NULL
);

CREATE TABLE reports (
  id    bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  total numeric(14, 2) NOT NULL
);

INSERT INTO accounts (owner, currency, balance) VALUES
  ('Amara Okafor', 'EUR', 1250.00),
  ('Bjorn Lindqvist', 'SEK', 98400.50),
  ('Chiara Russo', 'EUR', 310.75);

INSERT INTO invoices (account_id, amount) VALUES (1, 49.90), (1, 120.00), (2, 860.00), (3, 15.25);
