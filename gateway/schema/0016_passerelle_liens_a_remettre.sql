--links are handed over by an operator to the contact of the structure
-- depends: 0015_passerelle_jetons

-- migrate: apply
-- The name and the published address of the structure, and when an operator took the link to send it there. Links from
-- before were given to the emitter of their prescription: they end here.
DELETE FROM liens_de_reponse;
ALTER TABLE liens_de_reponse
    ADD COLUMN structure text NOT NULL,
    ADD COLUMN courriel text,
    ADD COLUMN remis_a timestamptz;

-- migrate: rollback
ALTER TABLE liens_de_reponse DROP COLUMN structure, DROP COLUMN courriel, DROP COLUMN remis_a;
