--the stream to which a fact goes: that of the parcours, unless the service says another
-- depends: 0002_chassis_oublis

-- migrate: apply

ALTER TABLE faits ADD COLUMN flux text NOT NULL DEFAULT 'PARCOURS';

-- migrate: rollback
ALTER TABLE faits DROP COLUMN flux;
