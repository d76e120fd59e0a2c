"""Named stories of several partners: written to a file (`recits`), deposited from it to a hub (`chargement`)."""
