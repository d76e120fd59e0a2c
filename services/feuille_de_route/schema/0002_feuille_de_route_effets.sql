--events that were told before the day on which they hold
-- depends: 0001_feuille_de_route_feuilles 0006_chassis_effet

-- migrate: apply

ALTER TABLE recus ADD COLUMN effet date;

-- migrate: rollback
ALTER TABLE recus DROP COLUMN effet;
