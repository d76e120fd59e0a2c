--what was told about each parcours, the view that it folds into, and what falls due
-- depends: 0001_chassis_socle

-- migrate: apply

-- `vue` is canonical JSON, to the byte: it is rebuilt from `recus` and `faits`, and compared. A sheet that was merged
-- into another has none: `absorbee_par` leads to the one that goes on.
CREATE TABLE feuilles (
    parcours     uuid PRIMARY KEY,
    departement  text NOT NULL,
    absorbee_par uuid CHECK (absorbee_par <> parcours),
    vue          bytea,
    CHECK ((vue IS NULL) = (absorbee_par IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX feuilles_absorbees ON feuilles (absorbee_par) WHERE absorbee_par IS NOT NULL;

-- The events of the other briques that the view shows, kept as they were told; those of this one are in `faits`.
CREATE TABLE recus (
    parcours    uuid NOT NULL,
    brique      text NOT NULL CHECK (brique IN ('usagers', 'orientation', 'referents', 'engagements', 'offres')),
    sequence    integer NOT NULL CHECK (sequence > 0),
    id          uuid NOT NULL,
    type        text NOT NULL,
    departement text NOT NULL,
    auteur      text NOT NULL,
    survenu_a   timestamptz NOT NULL,
    donnees     jsonb NOT NULL,
    PRIMARY KEY (parcours, brique, sequence)
);
CREATE INDEX recus_fusions ON recus (parcours) WHERE type = 'usager.fusionne';

-- What falls due, one row each; `numero` tells apart those of one nature. Only `sensibilite` says why it is hidden.
CREATE TABLE prochaines (
    parcours      uuid NOT NULL REFERENCES feuilles ON DELETE CASCADE,
    nature        text NOT NULL CHECK (nature IN (
        'action', 'decision', 'engagement', 'premier-rendez-vous', 'reexamen', 'signature')),
    numero        integer NOT NULL CHECK (numero > 0),
    departement   text NOT NULL,
    date_echeance date NOT NULL,
    objet         text,
    libelle       text,
    sensibilite   text,
    PRIMARY KEY (parcours, nature, numero)
);
CREATE INDEX prochaines_a_echoir ON prochaines (departement, date_echeance, parcours, nature, numero);

-- migrate: rollback
DROP TABLE prochaines, recus, feuilles;
