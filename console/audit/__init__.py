"""The pages of the audit: the access journal, the proofs, what is held on a person, the register, the uses."""
