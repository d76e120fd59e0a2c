--when the turn of a deposit came: it was the oldest unsettled one of its parcours, and was tried
-- depends: 0021_passerelle_conventions

-- migrate: apply
ALTER TABLE depots ADD COLUMN tour_a timestamptz;

-- migrate: rollback
ALTER TABLE depots DROP COLUMN tour_a;
