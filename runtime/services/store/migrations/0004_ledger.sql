/* The ledger of LLM calls: holds before, settlements after (ports/ledger.h). What was settled before it existed moves over. */
SQL(ALTER TABLE llm_ledger RENAME TO llm_ledger_before)

SQL(CREATE TABLE budget_windows (
    window_id TEXT PRIMARY KEY,
    starts_ms BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,
    limit_nano BIGINT NOT NULL,
    spent_nano BIGINT NOT NULL DEFAULT 0 CHECK (spent_nano >= 0),
    held_nano BIGINT NOT NULL DEFAULT 0 CHECK (held_nano >= 0),
    uncertain_nano BIGINT NOT NULL DEFAULT 0 CHECK (uncertain_nano >= 0),
    is_closed INTEGER NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 1
))

SQL(CREATE TABLE llm_ledger (
    hold_id BIGINT PRIMARY KEY,
    window_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('held', 'sent', 'settled', 'released', 'unknown', 'reconciled', 'correction')),
    boot BIGINT NOT NULL,
    run BIGINT NOT NULL,
    job_name TEXT,
    alias TEXT NOT NULL,
    intent TEXT NOT NULL,
    output_max BIGINT NOT NULL DEFAULT 0,
    bound_nano BIGINT NOT NULL CHECK (bound_nano >= 0),
    cost_nano BIGINT,
    tokens_in BIGINT,
    tokens_out BIGINT,
    category TEXT,
    reason TEXT,
    held_at_ms BIGINT NOT NULL,
    sent_at_ms BIGINT,
    ended_at_ms BIGINT
))
SQL(CREATE INDEX llm_ledger_open ON llm_ledger (boot) WHERE state IN ('held', 'sent'))
SQL(CREATE INDEX llm_ledger_by_window ON llm_ledger (window_id, state))
SQL(CREATE INDEX llm_ledger_by_time ON llm_ledger (ended_at_ms))

SQL(INSERT INTO llm_ledger (hold_id, window_id, state, boot, run, job_name, alias, intent, bound_nano, cost_nano, tokens_in, tokens_out,
    held_at_ms, sent_at_ms, ended_at_ms)
    SELECT seq, 'before', 'settled', 0, run, job_name, alias, intent, cost_nano, cost_nano, tokens_in, tokens_out, at_ms, at_ms, at_ms
    FROM llm_ledger_before)
SQL(DROP TABLE llm_ledger_before)
