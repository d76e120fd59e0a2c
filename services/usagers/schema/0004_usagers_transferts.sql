--to which territory a parcours is to move, and when
-- depends: 0003_usagers_territoires

-- migrate: apply

ALTER TABLE parcours
    ADD COLUMN transfert_vers text,
    ADD COLUMN transfert_le   date,
    ADD CONSTRAINT parcours_transfert CHECK ((transfert_vers IS NULL) = (transfert_le IS NULL));

-- migrate: rollback
ALTER TABLE parcours DROP COLUMN transfert_le, DROP COLUMN transfert_vers;
