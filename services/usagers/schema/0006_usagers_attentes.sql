--who waits for the département of a territory without partner, and the moves that were made known already
-- depends: 0005_usagers_dires

-- migrate: apply

-- `arrivees_signalees`: words `kind:territory`. `territoires_servis` is told by the door; empty as long as it has not.
ALTER TABLE parcours
    ADD COLUMN transfert_attend   boolean NOT NULL DEFAULT false CHECK (NOT transfert_attend OR transfert_vers IS NOT NULL),
    ADD COLUMN arrivees_signalees text    NOT NULL DEFAULT '';
CREATE INDEX parcours_en_attente ON parcours (id) WHERE transfert_attend;
CREATE TABLE territoires_servis (departement text PRIMARY KEY);

-- migrate: rollback
DROP TABLE territoires_servis;
DROP INDEX parcours_en_attente;
ALTER TABLE parcours DROP COLUMN arrivees_signalees, DROP COLUMN transfert_attend;
