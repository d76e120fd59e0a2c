--what it takes to undo a merge: who took part before it, what followed from it, where names led before
-- depends: 0022_passerelle_tours

-- migrate: apply

-- The parcours that a name led to before, the last first: a merge of merges moves it, undoing that one gives it back.
ALTER TABLE alias ADD COLUMN chemin uuid[] NOT NULL DEFAULT '{}';

-- By the deposit that merged. `garde`: who took part in each absorbed parcours; `apportes`: the roles that the merge
-- alone gives on the survivor; `suites`: the events that told it and what followed from it.
CREATE TABLE fusions (
    depot         uuid PRIMARY KEY,
    survivant     uuid NOT NULL,
    absorbes      uuid[] NOT NULL,
    suites        uuid[] NOT NULL,
    garde         jsonb NOT NULL,
    apportes      jsonb NOT NULL,
    etait_opposee boolean NOT NULL,
    est_defaite   boolean NOT NULL
);
CREATE INDEX fusions_par_survivant ON fusions (survivant);
CREATE INDEX fusions_par_absorbe ON fusions USING gin (absorbes);
CREATE INDEX fusions_par_suite ON fusions USING gin (suites);

-- migrate: rollback
DROP TABLE fusions;
ALTER TABLE alias DROP COLUMN chemin;
