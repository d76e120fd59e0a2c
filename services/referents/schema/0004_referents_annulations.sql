--what it takes to cancel a designation: its deposit, what ended it, the contracts signed since
-- depends: 0003_referents_reprises

-- migrate: apply
ALTER TABLE designations
    ADD COLUMN depot uuid, ADD COLUMN auteur text,
    ADD COLUMN fin_depot uuid, ADD COLUMN fin_auteur text,
    ADD COLUMN signatures text NOT NULL DEFAULT '';

-- migrate: rollback
ALTER TABLE designations
    DROP COLUMN signatures, DROP COLUMN fin_auteur, DROP COLUMN fin_depot, DROP COLUMN auteur, DROP COLUMN depot;
