--what a clock says waits for its parcours to be at rest
-- depends: 0017_passerelle_distribution 0026_passerelle_noms

-- migrate: apply
ALTER TABLE retenus
    DROP CONSTRAINT retenus_attend_check,
    ADD CONSTRAINT retenus_attend_check
        CHECK (attend IN ('suite', 'ouverture', 'precedent', 'cause', 'repos', 'rebut'));

-- migrate: rollback
UPDATE retenus SET attend = 'suite' WHERE attend = 'repos';
ALTER TABLE retenus
    DROP CONSTRAINT retenus_attend_check,
    ADD CONSTRAINT retenus_attend_check CHECK (attend IN ('suite', 'ouverture', 'precedent', 'cause', 'rebut'));
