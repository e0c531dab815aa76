-- The tables of the usual service, in a schema of their own beside ours.
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE SCHEMA usual;
CREATE TABLE usual.template (id bigint PRIMARY KEY, name text NOT NULL, amount bigint, threshold bigint,
  begins_at timestamptz NOT NULL, ends_at timestamptz NOT NULL);
CREATE TABLE usual.customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, nick text NOT NULL UNIQUE);
CREATE TABLE usual.coupon (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  template_id bigint NOT NULL REFERENCES usual.template, customer_id bigint NOT NULL REFERENCES usual.customer,
  code text NOT NULL UNIQUE, status smallint NOT NULL DEFAULT 0, issued_at timestamptz NOT NULL DEFAULT now(),
  redeemed_at timestamptz, order_no text, shop text, amount bigint,
  UNIQUE (template_id, customer_id));
INSERT INTO usual.template VALUES (951, '满199减99', 9900, 19900, '2024-01-01', '2099-12-31');
INSERT INTO usual.template VALUES (952, '10 off', 1000, 0, '2024-01-01', '2099-12-31');
