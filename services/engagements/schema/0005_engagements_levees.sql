--sanctions whose lifting is announced: they hold until its day
-- depends: 0004_engagements_etapes

-- migrate: apply
ALTER TABLE sanctions
    DROP CONSTRAINT sanctions_check5,
    ADD CONSTRAINT sanctions_levees_datees CHECK (etat <> 'levee' OR date_levee IS NOT NULL),
    ADD CONSTRAINT sanctions_levees_apres_decision CHECK (date_levee IS NULL OR etat <> 'proposee');

-- migrate: rollback
UPDATE sanctions SET etat = 'levee' WHERE date_levee IS NOT NULL;
ALTER TABLE sanctions
    DROP CONSTRAINT sanctions_levees_apres_decision,
    DROP CONSTRAINT sanctions_levees_datees,
    ADD CONSTRAINT sanctions_check5 CHECK ((etat = 'levee') = (date_levee IS NOT NULL));
