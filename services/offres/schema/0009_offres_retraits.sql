--of what was withdrawn, only what is asked: the day, the reason, the version
-- depends: 0008_offres_histoire

-- migrate: apply

-- The CHECK about the structure of a service goes with its column.
ALTER TABLE retraits
    DROP COLUMN source, DROP COLUMN structure_id, DROP COLUMN siret, DROP COLUMN courriel, DROP COLUMN departement;
-- The reason is that of the withdrawal in force when it is announced.
ALTER TABLE retraits_a_annoncer DROP COLUMN date, DROP COLUMN raison;

-- migrate: rollback
-- What these columns held is in the backup.
