--the meter of persons tells whom it has suspended
-- depends: 0023_passerelle_transferts

-- migrate: apply
ALTER TABLE compteurs
    DROP CONSTRAINT compteurs_nature_check,
    ADD CONSTRAINT compteurs_nature_check CHECK (
        nature IN ('requetes', 'recherches', 'signalements', 'personnes-trouvees', 'personnes-ailleurs', 'suspensions')
    );

-- migrate: rollback
DELETE FROM compteurs WHERE nature = 'suspensions';
ALTER TABLE compteurs
    DROP CONSTRAINT compteurs_nature_check,
    ADD CONSTRAINT compteurs_nature_check
        CHECK (nature IN ('requetes', 'recherches', 'signalements', 'personnes-trouvees', 'personnes-ailleurs'));
