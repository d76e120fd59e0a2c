--what led to each event, so that what a cancelled deposit led to is left out
-- depends: 0002_feuille_de_route_effets

-- migrate: apply
ALTER TABLE recus ADD COLUMN cause uuid;

-- migrate: rollback
ALTER TABLE recus DROP COLUMN cause;
