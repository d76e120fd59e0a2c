--what a prescription asks, by whom, and what was said with the state in which it is
-- depends: 0005_offres_lieux

-- migrate: apply

-- Prescriptions from before say nothing of it. A structure without any system reads it on the page where it answers.
ALTER TABLE prescriptions
    ADD COLUMN message text,
    ADD COLUMN motif text,
    ADD COLUMN contact_prefere text,
    ADD COLUMN disponibilite date,
    ADD COLUMN agent text;

-- migrate: rollback
ALTER TABLE prescriptions
    DROP COLUMN message, DROP COLUMN motif, DROP COLUMN contact_prefere, DROP COLUMN disponibilite, DROP COLUMN agent;
