/* What the files of the restore share. Private to this room. */
#ifndef SIGNALBOX_STORE_RESTORING_H
#define SIGNALBOX_STORE_RESTORING_H

#include "signalbox/ports/store.h"

struct restoring {
    struct sb_store *store;
    void *arg;
    uint16_t (*job_of)(void *arg, const char *name);
    void (*emit)(void *arg, const struct sb_input *input);
    struct sb_error *err;
};

enum sb_err sb_restore_query(const struct restoring *r, const char *sql, const struct sb_cell *params, size_t count, struct sb_rows **rows);
/* A word of an enumeration; 0 for one that is not in it. */
uint8_t sb_restore_word(enum sb_field_type type, const char *text);

/* restore_alerts.c */
enum sb_err sb_restore_alerts(const struct restoring *r);

/* incident.c */
enum sb_err sb_restore_incident(const struct restoring *r);

/* recoveries.c */
enum sb_err sb_restore_recoveries(const struct restoring *r);

#endif
