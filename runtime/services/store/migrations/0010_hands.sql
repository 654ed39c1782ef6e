/* Steps that the active node lends to nodes that wait (ports/hands.h; used over PostgreSQL only). A row lives from the moment the step could begin
 * until its answer is read. `term` is the token of the node_lease of who put it, `token` grows with each claim. Times are the database's. */
SQL(CREATE TABLE lent_steps (
    term BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    config TEXT NOT NULL,
    version TEXT NOT NULL,
    recipe BIGINT NOT NULL,
    run BIGINT NOT NULL,
    job TEXT NOT NULL,
    step TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    tier BIGINT NOT NULL,
    outputs TEXT NOT NULL,
    put_ms BIGINT NOT NULL,
    left_ms BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'claimed', 'done', 'refused')),
    is_called_off BIGINT NOT NULL DEFAULT 0,
    node TEXT,
    token BIGINT NOT NULL DEFAULT 0,
    claimed_ms BIGINT,
    expires_ms BIGINT NOT NULL DEFAULT 0,
    answer_state TEXT,
    answer_class TEXT,
    answer_rows BIGINT,
    answer_retry_ns BIGINT,
    answer_text TEXT,
    answer_output TEXT,
    PRIMARY KEY (term, fence)
))

/* Nodes that wait and would run some: how many at a time, and how many they have run since they began to wait. */
SQL(CREATE TABLE node_hands (
    node TEXT PRIMARY KEY,
    config TEXT NOT NULL,
    version TEXT NOT NULL,
    hands BIGINT NOT NULL,
    done BIGINT NOT NULL,
    heartbeat_ms BIGINT NOT NULL
))
