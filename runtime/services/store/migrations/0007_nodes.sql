/* Several processes on one database: who is there, and who is active (ports/node.h). Times are the database's. */
SQL(CREATE TABLE nodes (
    node TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    host TEXT NOT NULL,
    pid BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'standby')),
    started_ms BIGINT NOT NULL,
    heartbeat_ms BIGINT NOT NULL
))

/* One row. `token` grows with each owner. Claims with a number below `foreign_fence` were made by others than the node with the id `claims_id`,
 * who could act on them until `foreign_until_ms` by its own clock. */
SQL(CREATE TABLE node_lease (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    node TEXT,
    id TEXT,
    token BIGINT NOT NULL,
    taken_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    claims_id TEXT,
    foreign_fence BIGINT NOT NULL,
    foreign_until_ms BIGINT NOT NULL
))
SQL(INSERT INTO node_lease (one, token, taken_ms, expires_ms, foreign_fence, foreign_until_ms) VALUES (1, 0, 0, 0, 0, 0))
