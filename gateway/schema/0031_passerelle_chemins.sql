--what it takes to tell the whole way of any message: by its parcours, by the trace of its refusal, with each attempt
-- depends: 0029_passerelle_conformites

-- migrate: apply

-- All that was deposited on a parcours, in its order. It serves the erasure too, which had an index of its own.
CREATE INDEX depots_par_parcours ON depots (parcours, numero);
DROP INDEX depots_a_effacer;

-- A refusal tells its trace (`instance`): what was accepted tells none.
CREATE INDEX depots_refuses_par_trace ON depots (split_part(trace, '-', 2)) WHERE etat = 'refuse';
CREATE INDEX refus_de_depot_par_trace ON refus_de_depot (trace);

-- For what a deposit waits, when nothing older of its parcours does: its service did not answer, or has something to
-- hear first.
ALTER TABLE depots ADD COLUMN attend text CHECK (attend IN ('service', 'suite'));

-- The last attempts, the oldest first: `{a, code, erreur, ms}`. It goes with its row.
ALTER TABLE envois ADD COLUMN tentatives jsonb NOT NULL DEFAULT '[]';

-- migrate: rollback
ALTER TABLE envois DROP COLUMN tentatives;
ALTER TABLE depots DROP COLUMN attend;
DROP INDEX refus_de_depot_par_trace, depots_refuses_par_trace;
CREATE INDEX depots_a_effacer ON depots (parcours) WHERE corps IS NOT NULL AND etat <> 'en-attente';
DROP INDEX depots_par_parcours;
