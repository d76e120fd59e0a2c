--what it takes to undo a merge
-- depends: 0002_referents_effets

-- migrate: apply

-- `parcours`: the survivor, then those that it absorbed. `suites`: the event of the merge, and those that followed from
-- it. `garde`: the dossiers before and after, until it is undone. `suivaient`: the aliases that each absorbed one had.
CREATE TABLE fusions (
    fusion    uuid PRIMARY KEY,
    depot     uuid NOT NULL,
    parcours  uuid[] NOT NULL,
    suites    uuid[] NOT NULL,
    garde     jsonb NOT NULL,
    suivaient jsonb NOT NULL,
    defaite   boolean NOT NULL,
    CHECK (NOT defaite OR garde = '{}')
);
CREATE INDEX fusions_par_depot ON fusions (depot);
CREATE INDEX fusions_par_suite ON fusions USING gin (suites);
CREATE INDEX fusions_par_parcours ON fusions USING gin (parcours);

-- migrate: rollback
DROP TABLE fusions;
