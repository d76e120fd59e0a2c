--in which territories the emitter of a deposit may be told who a person is; how many persons each partner names
-- depends: 0017_passerelle_acces_chaines 0017_passerelle_departs 0017_passerelle_distribution

-- migrate: apply

ALTER TABLE depots ADD COLUMN reconnait_dans text[] NOT NULL DEFAULT '{}';
ALTER TABLE compteurs
    DROP CONSTRAINT compteurs_nature_check,
    ADD CONSTRAINT compteurs_nature_check
        CHECK (nature IN ('requetes', 'recherches', 'signalements', 'personnes-trouvees', 'personnes-ailleurs'));

-- migrate: rollback
DELETE FROM compteurs WHERE nature NOT IN ('requetes', 'recherches');
ALTER TABLE compteurs
    DROP CONSTRAINT compteurs_nature_check,
    ADD CONSTRAINT compteurs_nature_check CHECK (nature IN ('requetes', 'recherches'));
ALTER TABLE depots DROP COLUMN reconnait_dans;
