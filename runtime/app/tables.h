/* What the commands that print tables share. */
#ifndef SIGNALBOX_APP_TABLES_H
#define SIGNALBOX_APP_TABLES_H

#include "app.h"

#include "signalbox/codec/codec.h"

/* An exit code; an error is told. `*rows` is the caller's. */
int tables_query(struct installation *in, const char *sql, const struct sb_cell *params, size_t count, struct sb_rows **rows);
/* Header and rows; control characters are made visible. */
void tables_print(const struct sb_rows *rows, const int *widths);
void tables_json_cell(struct sb_json_out *out, const char *key, const struct sb_cell *cell);
/* "KEY": [{...}, ...] of a query with one parameter; an empty list when it fails, which is told. */
void tables_json_list(struct installation *in, struct sb_json_out *out, const char *key, const char *sql, const struct sb_cell *param);
/* "name  value" in a line of its own, whole; nothing for null. */
void tables_field(const char *name, const struct sb_cell *cell);
/* Prints and frees; an exit code. */
int tables_finish(struct sb_json_out *out);

/* The job of that name. An earlier name is said to be one; an unknown one is told (SB_NO_JOB). */
uint16_t tables_job(const struct sb_catalogue *catalogue, const char *name);

#endif
