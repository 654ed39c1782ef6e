/* Which run claimed the row: when that run has ended and the row is still posting, nobody works on it. */
SQL(ALTER TABLE content_metadata ADD COLUMN claim_run BIGINT)
