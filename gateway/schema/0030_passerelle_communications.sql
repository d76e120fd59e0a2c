--what a partner said counts for the retention, also when nobody else was there to hear it
-- depends: 0029_passerelle_conformites

-- migrate: apply
ALTER TABLE sans_destinataire ADD COLUMN est_une_communication boolean NOT NULL DEFAULT false;
-- Of the others nobody knows any more who said it.
UPDATE sans_destinataire SET est_une_communication = true WHERE motif = 'emetteur-seul';

-- migrate: rollback
ALTER TABLE sans_destinataire DROP COLUMN est_une_communication;
