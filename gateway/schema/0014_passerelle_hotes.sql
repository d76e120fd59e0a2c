--the hosts to which the webhooks of each partner may go, as the operator declared them
-- depends: 0013_passerelle_liens

-- migrate: apply
-- None until an operator declares one: a subscription to a public address waits for it.
ALTER TABLE partenaires ADD COLUMN hotes text[] NOT NULL DEFAULT '{}';

-- migrate: rollback
ALTER TABLE partenaires DROP COLUMN hotes;
