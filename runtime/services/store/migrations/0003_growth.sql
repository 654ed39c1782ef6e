/* What the growth jobs collect, learn and conclude. Shares are thousandths; handles are without @. */
SQL(ALTER TABLE outcomes ADD COLUMN rewarded_at_ms BIGINT)
SQL(ALTER TABLE outcomes ADD COLUMN reward_milli BIGINT)
SQL(ALTER TABLE outcomes ADD COLUMN tries INTEGER NOT NULL DEFAULT 0)

/* Posts of other accounts and of the own one, as they were seen. */
SQL(CREATE TABLE collected_posts (
    site TEXT NOT NULL,
    post_id TEXT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('own', 'search', 'peer', 'watched', 'viral', 'news', 'competitor')),
    posted_at_ms BIGINT,
    collected_at_ms BIGINT NOT NULL,
    likes BIGINT,
    reposts BIGINT,
    replies BIGINT,
    views BIGINT,
    label TEXT,
    PRIMARY KEY (site, post_id)
))
SQL(CREATE INDEX collected_by_author ON collected_posts (author))
SQL(CREATE INDEX collected_by_source ON collected_posts (source, collected_at_ms))

SQL(CREATE TABLE reply_opportunities (
    target_post_id TEXT PRIMARY KEY,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    likes BIGINT NOT NULL DEFAULT 0,
    tier TEXT NOT NULL CHECK (tier IN ('mega', 'high', 'medium', 'low')),
    relevance INTEGER NOT NULL CHECK (relevance BETWEEN 0 AND 10),
    score BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'answered', 'expired', 'skipped')),
    found_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
))
SQL(CREATE INDEX opportunities_open ON reply_opportunities (status, score))

SQL(CREATE TABLE discovered_accounts (
    handle TEXT PRIMARY KEY,
    followers BIGINT,
    engagement_milli BIGINT,
    relevance INTEGER CHECK (relevance BETWEEN 0 AND 10),
    score BIGINT NOT NULL DEFAULT 0,
    priority BIGINT NOT NULL DEFAULT 0,
    method TEXT NOT NULL,
    found_at_ms BIGINT NOT NULL,
    read_at_ms BIGINT
))

SQL(CREATE TABLE follower_snapshots (
    account TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    followers BIGINT NOT NULL,
    PRIMARY KEY (account, at_ms)
))

/* Followers gained since a post went out, once it was 2, 24 and 48 hours old. */
SQL(CREATE TABLE post_attribution (
    decision_id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    gained_2h BIGINT,
    gained_24h BIGINT,
    gained_48h BIGINT,
    updated_at_ms BIGINT NOT NULL
))

/* Counters of a post at a fixed age. */
SQL(CREATE TABLE post_checkpoints (
    decision_id TEXT NOT NULL,
    checkpoint TEXT NOT NULL CHECK (checkpoint IN ('1h', '24h')),
    at_ms BIGINT NOT NULL,
    likes BIGINT,
    reposts BIGINT,
    replies BIGINT,
    views BIGINT,
    PRIMARY KEY (decision_id, checkpoint)
))

/* Successes and failures of each choice, in thousandths. */
SQL(CREATE TABLE bandit_arms (
    account TEXT NOT NULL,
    dimension TEXT NOT NULL,
    arm TEXT NOT NULL,
    wins_milli BIGINT NOT NULL,
    losses_milli BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    PRIMARY KEY (account, dimension, arm)
))

/* How posts do by topic, angle, tone, format, hour ... */
SQL(CREATE TABLE performance (
    account TEXT NOT NULL,
    dimension TEXT NOT NULL,
    name TEXT NOT NULL,
    posts BIGINT NOT NULL,
    engagement_milli BIGINT NOT NULL,
    weight_milli BIGINT,
    updated_at_ms BIGINT NOT NULL,
    PRIMARY KEY (account, dimension, name)
))

/* What a model said about one collected post. */
SQL(CREATE TABLE analyses (
    post_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (post_id, kind)
))

/* The newest conclusion on a subject; what it was before is in the journal of runs. */
SQL(CREATE TABLE insights (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (kind, subject)
))
