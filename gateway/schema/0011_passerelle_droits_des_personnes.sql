--what a person's rights close: who objected, who was erased, and the way to the bodies that speak of a parcours
-- depends: 0007_passerelle_rejeux

-- migrate: apply

-- The person objected (RGPD art. 21): `gateway.rights` narrows what the participants may still see.
CREATE TABLE oppositions (
    parcours uuid PRIMARY KEY,
    depuis   timestamptz NOT NULL
);

-- What another brique told of an erased parcours may come after the erasure: nobody receives it.
CREATE TABLE effaces (
    parcours uuid PRIMARY KEY,
    a        timestamptz NOT NULL
);

CREATE INDEX depots_a_effacer ON depots (parcours) WHERE corps IS NOT NULL AND etat <> 'en-attente';

-- migrate: rollback
DROP INDEX depots_a_effacer;
DROP TABLE effaces, oppositions;
