"""The service of reciprocal commitments: the contract and its month, its reviews, re-examinations and sanctions."""
