"""The service `offres`: the offer of services of a territory, and the prescriptions that send persons to it."""
