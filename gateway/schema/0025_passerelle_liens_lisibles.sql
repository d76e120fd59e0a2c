--an operator sees which service a link is about, and when it was used last
-- depends: 0024_passerelle_suspensions

-- migrate: apply
ALTER TABLE liens_de_reponse
    ADD COLUMN service text,
    ADD COLUMN utilise_a timestamptz;

-- migrate: rollback
ALTER TABLE liens_de_reponse DROP COLUMN service, DROP COLUMN utilise_a;
