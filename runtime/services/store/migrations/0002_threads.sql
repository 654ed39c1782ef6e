/* Threads and replies. A thread is one row per part; the target of a reply is the post it answers, of a later part the post of the part before. */
SQL(ALTER TABLE content_metadata ADD COLUMN target_post_id TEXT)
SQL(ALTER TABLE content_metadata ADD COLUMN thread_id TEXT)
SQL(ALTER TABLE content_metadata ADD COLUMN part INTEGER NOT NULL DEFAULT 1 CHECK (part >= 1))
SQL(CREATE UNIQUE INDEX content_parts ON content_metadata (thread_id, part) WHERE thread_id IS NOT NULL)
SQL(CREATE INDEX content_targets ON content_metadata (account, target_post_id) WHERE target_post_id IS NOT NULL)
