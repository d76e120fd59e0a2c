--what a département sets, version after version: its rules and its delegations
-- depends: 0002_orientation_oppositions

-- migrate: apply

-- The last version of each nature is in force. An empty table of rules gives way to the default one
-- (services/orientation/domain/regles.py); an empty list of delegations delegates to nobody.
CREATE TABLE reglages (
    departement  text        NOT NULL,
    nature       text        NOT NULL CHECK (nature IN ('regles', 'delegations')),
    version      integer     NOT NULL CHECK (version > 0),
    contenu      jsonb       NOT NULL CHECK (jsonb_typeof(contenu) = 'array'),
    motif        text        NOT NULL CHECK (length(motif) BETWEEN 1 AND 1000),
    agent        text        NOT NULL,
    source       text        NOT NULL,
    enregistre_a timestamptz NOT NULL,
    PRIMARY KEY (departement, nature, version)
);

INSERT INTO reglages
SELECT departement, 'regles', 1, jsonb_agg(jsonb_strip_nulls(to_jsonb(r) - 'departement') ORDER BY priorite, critere),
    'Table reprise de la version précédente du relais.', 'batch', '/services/orientation', now()
FROM regles r GROUP BY departement;
INSERT INTO reglages
SELECT departement, 'delegations', 1, jsonb_agg(type_organisme ORDER BY type_organisme),
    'Délégations reprises de la version précédente du relais.', 'batch', '/services/orientation', now()
FROM delegations GROUP BY departement;
DROP TABLE delegations, regles;

-- migrate: rollback
DROP TABLE reglages;
