--machines that administer, where a partner is on its way to production, and what it may ask beyond what all may
-- depends: 0034_passerelle_administration

-- migrate: apply

-- A machine of the administration API: the public key with which it asks the console for a token.
CREATE TABLE machines (
    nom    text PRIMARY KEY CHECK (nom ~ '^[a-z0-9][a-z0-9-]{1,30}$'),
    portee text NOT NULL CHECK (portee IN ('administration:lire', 'administration:exploiter', 'administration:administrer')),
    kid    text NOT NULL,
    alg    text NOT NULL,
    jwk    jsonb NOT NULL CHECK (NOT jwk ? 'd'),
    debut  timestamptz NOT NULL,
    fin    timestamptz NOT NULL,
    CHECK (debut < fin)
);

-- `demande`: it is asked for, and comes in nowhere. `bac-a-sable`: it comes in, and nothing about a person passes.
ALTER TABLE partenaires
    ADD COLUMN etape text NOT NULL DEFAULT 'production' CHECK (etape IN ('demande', 'bac-a-sable', 'production')),
    -- NULL: as much as every partner may.
    ADD COLUMN rafale integer CHECK (rafale > 0),
    ADD COLUMN debit_par_s integer CHECK (debit_par_s > 0),
    ADD COLUMN quota_jour integer CHECK (quota_jour > 0);

-- migrate: rollback
ALTER TABLE partenaires DROP COLUMN etape, DROP COLUMN rafale, DROP COLUMN debit_par_s, DROP COLUMN quota_jour;
DROP TABLE machines;
