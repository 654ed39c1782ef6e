/* Incidents outlive the process, and so does who has been told of them. */
SQL(ALTER TABLE alerts ADD COLUMN acked_until_ms BIGINT)
SQL(ALTER TABLE alerts ADD COLUMN is_flapping INTEGER NOT NULL DEFAULT 0)
/* What the versions before left open had ended with their process. */
SQL(UPDATE alerts SET cleared_at_ms = raised_at_ms WHERE cleared_at_ms IS NULL)

SQL(CREATE TABLE silences (
    silence BIGINT PRIMARY KEY,
    rule TEXT,
    subject TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    set_at_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    ended_by TEXT
))

/* The outbox: `notice` is the seq of its event. */
SQL(CREATE TABLE notices (
    notice BIGINT PRIMARY KEY,
    alert BIGINT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    count BIGINT NOT NULL,
    since_ms BIGINT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts BIGINT NOT NULL DEFAULT 0,
    queued_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    error TEXT
))
SQL(CREATE INDEX notices_open ON notices (notice) WHERE state = 'queued')

/* The last notice of an incident to each channel. */
SQL(CREATE TABLE alert_told (
    alert BIGINT NOT NULL,
    channel TEXT NOT NULL,
    notice BIGINT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    is_delivered INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (alert, channel)
))
SQL(CREATE INDEX alert_told_by_notice ON alert_told (notice))
