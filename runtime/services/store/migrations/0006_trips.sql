/* Breakers that operators tripped: nothing but a reset ends that, also no restart. */
SQL(CREATE TABLE tripped_breakers (
    name TEXT PRIMARY KEY,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms BIGINT NOT NULL
))
