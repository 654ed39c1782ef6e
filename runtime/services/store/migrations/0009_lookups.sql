/* The journal's few events that consoles look up by what they are about: what operators asked for, and the life of incidents. A query uses such
 * an index only when it repeats the condition word for word (lookup.c). */
SQL(CREATE INDEX events_of_operators ON events (seq)
    WHERE kind IN ('command_done', 'command_refused', 'command_asked', 'incident_action'))
SQL(CREATE INDEX events_of_alerts ON events (seq)
    WHERE kind IN ('alert_raised', 'alert_moved', 'alert_acked', 'alert_unacked', 'alert_cleared', 'notice_queued', 'notice_sent',
                   'notice_failed'))
