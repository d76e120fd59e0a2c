--what waits for a second operator, and the single use of what machines sign
-- depends: 0002_console_operateurs

-- migrate: apply

-- A sensitive act, as it was asked for. Another operator confirms it before `expire_le`, or it is never done.
CREATE TABLE actes_a_confirmer (
    id        uuid PRIMARY KEY,
    acte      text NOT NULL,
    corps     jsonb NOT NULL,
    par       text NOT NULL,
    a         timestamptz NOT NULL,
    expire_le timestamptz NOT NULL,
    etat      text NOT NULL DEFAULT 'a-confirmer' CHECK (etat IN ('a-confirmer', 'fait', 'ecarte', 'refuse')),
    regle_par text,
    regle_a   timestamptz,
    raison    text,
    CHECK (etat <> 'fait' OR regle_par <> par)
);
CREATE INDEX actes_a_confirmer_en_attente ON actes_a_confirmer (expire_le) WHERE etat = 'a-confirmer';

CREATE TABLE usages_uniques (
    empreinte bytea PRIMARY KEY CHECK (length(empreinte) = 32),
    expire_le timestamptz NOT NULL
);
CREATE INDEX usages_uniques_expire_le ON usages_uniques (expire_le);

-- migrate: rollback
DROP TABLE usages_uniques, actes_a_confirmer;
