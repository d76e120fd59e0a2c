--messages are looked for by type, territory, code, state, trace and period
-- depends: 0031_passerelle_chemins

-- migrate: apply

-- `departement`: what the envelope says. `code`: that of a refusal, which is else in the sealed answer; an erasure empties
-- it. Of deposits before this release, neither is known.
ALTER TABLE depots ADD COLUMN departement text, ADD COLUMN code text;
CREATE INDEX depots_par_type ON depots (type, numero);
CREATE INDEX depots_par_departement ON depots (departement, numero);
CREATE INDEX depots_par_code ON depots (code, numero) WHERE code IS NOT NULL;
CREATE INDEX depots_par_etat ON depots (etat, numero) WHERE etat IN ('refuse', 'rebut', 'ecarte');

-- Whatever became of it: a partner's own log has the trace of what was accepted too.
CREATE INDEX depots_par_trace ON depots USING hash (split_part(trace, '-', 2));
DROP INDEX depots_refuses_par_trace;

-- A period is looked for by its ends.
CREATE INDEX depots_par_instant ON depots (recu_a, numero);
DROP INDEX depots_par_reception;

-- migrate: rollback
CREATE INDEX depots_par_reception ON depots USING brin (recu_a);
CREATE INDEX depots_refuses_par_trace ON depots (split_part(trace, '-', 2)) WHERE etat = 'refuse';
DROP INDEX depots_par_instant, depots_par_trace, depots_par_etat, depots_par_code, depots_par_departement,
    depots_par_type;
ALTER TABLE depots DROP COLUMN code, DROP COLUMN departement;
