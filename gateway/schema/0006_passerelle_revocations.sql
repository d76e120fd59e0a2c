--access tokens revoked before their end
-- depends: 0005_passerelle_compteurs

-- migrate: apply

-- Every process of the door reads them every second; a row may go once its token has expired.
CREATE TABLE jetons_revoques (
    jti        text PRIMARY KEY,
    partenaire text NOT NULL,
    expire_le  timestamptz NOT NULL
);

-- migrate: rollback
DROP TABLE jetons_revoques;
