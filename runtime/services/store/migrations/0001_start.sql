/* Everything the walking console keeps. One SQL(...) per statement; the common subset of SQLite and PostgreSQL. Times end in _ms
 * (since 1970, UTC), money in _nano. Job rows carry job names: job numbers change with every catalogue. */

/* The journal: every event, in order, without holes until it is pruned from its old end. */
SQL(CREATE TABLE events (
    seq BIGINT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    kind TEXT NOT NULL,
    run BIGINT,
    job_name TEXT,
    payload TEXT NOT NULL
))

/* genesis_ns, boot, version, next_run, next_seq, next_fence, next_alert, budget_day_ns, budget_spent_nano, shutdown ... */
SQL(CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
))

/* What the next start needs to know of a job. */
SQL(CREATE TABLE jobs (
    name TEXT PRIMARY KEY,
    watermark_ns BIGINT NOT NULL DEFAULT 0,
    is_paused INTEGER NOT NULL DEFAULT 0,
    last_run BIGINT NOT NULL DEFAULT 0,
    last_state TEXT,
    failed_step INTEGER,
    last_attempt INTEGER NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL DEFAULT 0,
    updated_at_ms BIGINT NOT NULL
))

SQL(CREATE TABLE job_runs (
    run BIGINT PRIMARY KEY,
    job_name TEXT NOT NULL,
    cause TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 1,
    step INTEGER,
    recoveries INTEGER NOT NULL DEFAULT 0,
    nominal_ns BIGINT NOT NULL DEFAULT 0,
    queued_at_ms BIGINT NOT NULL,
    started_at_ms BIGINT,
    ended_at_ms BIGINT,
    duration_ns BIGINT,
    error_class TEXT,
    error TEXT
))
SQL(CREATE INDEX job_runs_open ON job_runs (run) WHERE ended_at_ms IS NULL)
SQL(CREATE INDEX job_runs_by_job ON job_runs (job_name, run))

/* Folded from the journal; without a foreign key, so that the journal can never be refused by its own fold. */
SQL(CREATE TABLE job_steps (
    run BIGINT NOT NULL,
    step INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    name TEXT,
    state TEXT NOT NULL,
    class TEXT,
    ctx INTEGER,
    fence BIGINT NOT NULL DEFAULT 0,
    is_effect INTEGER NOT NULL DEFAULT 0,
    started_at_ms BIGINT,
    duration_ns BIGINT,
    rows BIGINT,
    text TEXT,
    PRIMARY KEY (run, step, attempt)
))

/* JSON results of a run's steps, for its later steps and for a retry that goes on in the middle. */
SQL(CREATE TABLE step_outputs (
    run BIGINT NOT NULL,
    step_name TEXT NOT NULL,
    output TEXT NOT NULL,
    PRIMARY KEY (run, step_name)
))

/* scope: all, category, job; name is empty for all. */
SQL(CREATE TABLE pauses (
    scope TEXT NOT NULL CHECK (scope IN ('all', 'category', 'job')),
    name TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (scope, name)
))

SQL(CREATE TABLE alerts (
    alert BIGINT PRIMARY KEY,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    job_name TEXT,
    component TEXT,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    raised_at_ms BIGINT NOT NULL,
    acked_at_ms BIGINT,
    acked_by TEXT,
    cleared_at_ms BIGINT
))
SQL(CREATE INDEX alerts_open ON alerts (alert) WHERE cleared_at_ms IS NULL)

SQL(CREATE TABLE leases (
    seq BIGINT PRIMARY KEY,
    fence BIGINT NOT NULL,
    ctx INTEGER NOT NULL,
    run BIGINT NOT NULL,
    job_name TEXT,
    lane TEXT NOT NULL,
    is_borrowed INTEGER NOT NULL,
    is_burst INTEGER NOT NULL,
    waited_ns BIGINT NOT NULL,
    granted_at_ms BIGINT NOT NULL,
    released_at_ms BIGINT
))
SQL(CREATE INDEX leases_open ON leases (ctx, run) WHERE released_at_ms IS NULL)

/* Settled LLM calls. */
SQL(CREATE TABLE llm_ledger (
    seq BIGINT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    run BIGINT NOT NULL,
    job_name TEXT,
    alias TEXT NOT NULL,
    intent TEXT NOT NULL,
    tokens_in BIGINT NOT NULL,
    tokens_out BIGINT NOT NULL,
    cost_nano BIGINT NOT NULL
))

SQL(CREATE TABLE content_metadata (
    decision_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('single', 'thread', 'reply')),
    account TEXT NOT NULL,
    text TEXT NOT NULL,
    topic TEXT,
    angle TEXT,
    tone TEXT,
    format TEXT,
    intent TEXT,
    alias TEXT,
    cost_nano BIGINT NOT NULL DEFAULT 0,
    status TEXT NOT NULL CHECK (status IN ('draft', 'queued', 'posting', 'posted', 'verified', 'archived', 'uncertain', 'failed',
                                           'cancelled', 'skipped')),
    scheduled_at_ms BIGINT NOT NULL,
    claimed_at_ms BIGINT,
    claim_token BIGINT,
    posted_at_ms BIGINT,
    post_id TEXT,
    effect_id TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    content_hash TEXT NOT NULL,
    last_error TEXT,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    UNIQUE (account, post_id),
    UNIQUE (effect_id),
    CHECK (status NOT IN ('posted', 'verified', 'archived') OR (post_id IS NOT NULL AND posted_at_ms IS NOT NULL)),
    CHECK (status NOT IN ('posting', 'uncertain') OR (claimed_at_ms IS NOT NULL AND claim_token IS NOT NULL))
))
SQL(CREATE INDEX content_due ON content_metadata (account, status, scheduled_at_ms))
SQL(CREATE INDEX content_same ON content_metadata (account, content_hash))
SQL(CREATE INDEX content_posted ON content_metadata (account, posted_at_ms))
/* One effect in flight per account. */
SQL(CREATE UNIQUE INDEX content_in_flight ON content_metadata (account) WHERE status = 'posting')

/* The archive: what was published, whatever happens to the planning row. */
SQL(CREATE TABLE posted_decisions (
    decision_id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    post_id TEXT NOT NULL,
    effect_id TEXT NOT NULL,
    posted_at_ms BIGINT NOT NULL,
    UNIQUE (account, post_id)
))

/* One row per claim. */
SQL(CREATE TABLE posting_attempts (
    decision_id TEXT NOT NULL REFERENCES content_metadata (decision_id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    token BIGINT NOT NULL,
    started_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    outcome TEXT,
    error TEXT,
    PRIMARY KEY (decision_id, attempt)
))

/* Latest counters of a published item; the stub is made when it is posted. */
SQL(CREATE TABLE outcomes (
    decision_id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    post_id TEXT NOT NULL,
    posted_at_ms BIGINT NOT NULL,
    collected_at_ms BIGINT,
    likes BIGINT,
    reposts BIGINT,
    replies BIGINT,
    views BIGINT,
    UNIQUE (account, post_id)
))

/* Every reading of the counters. */
SQL(CREATE TABLE post_metrics (
    account TEXT NOT NULL,
    post_id TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    decision_id TEXT,
    likes BIGINT,
    reposts BIGINT,
    replies BIGINT,
    views BIGINT,
    PRIMARY KEY (account, post_id, at_ms)
))

SQL(CREATE TABLE health_snapshots (
    kind TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, at_ms)
))
