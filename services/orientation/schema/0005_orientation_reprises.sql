--what was declared of before the hub, and what the siblings hold of a parcours
-- depends: 0004_orientation_annulations

-- migrate: apply

-- `tenus` has a key for each thing that is held: arrays of arrays must all have one length.
ALTER TABLE dossiers ADD COLUMN tenus jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(tenus) = 'object');
ALTER TABLE orientations ADD COLUMN est_reprise boolean NOT NULL DEFAULT false;
ALTER TABLE demandes
    DROP CONSTRAINT demandes_issue_check,
    ADD CONSTRAINT demandes_issue_check CHECK (issue IN ('decidee', 'transferee', 'fusionnee', 'close', 'reprise'));

-- migrate: rollback
UPDATE demandes SET issue = 'close' WHERE issue = 'reprise';
ALTER TABLE demandes
    DROP CONSTRAINT demandes_issue_check,
    ADD CONSTRAINT demandes_issue_check CHECK (issue IN ('decidee', 'transferee', 'fusionnee', 'close'));
ALTER TABLE orientations DROP COLUMN est_reprise;
ALTER TABLE dossiers DROP COLUMN tenus;
