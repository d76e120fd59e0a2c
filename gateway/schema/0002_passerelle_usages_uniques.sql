--single use of client assertions and DPoP proofs
-- depends: 0001_passerelle_partenaires

-- migrate: apply

-- One row per assertion or proof already taken, as the SHA-256 that stands for it. Nothing accepts it any more once
-- `expire_le` is past, and the row may go.
CREATE TABLE usages_uniques (
    empreinte bytea PRIMARY KEY CHECK (octet_length(empreinte) = 32),
    expire_le timestamptz NOT NULL
);
CREATE INDEX usages_uniques_expire_le ON usages_uniques (expire_le);

-- migrate: rollback

DROP TABLE usages_uniques;
