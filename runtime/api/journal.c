/* What has happened lately, from the journal: for a log that begins before its reader. */
#include "call.h"

#include <string.h>

enum { ROWS_DEFAULT = 500, ROWS_MAX = 5000 };

static const char newest_sql[] = "SELECT seq, at_ms, kind, payload FROM events ORDER BY seq DESC LIMIT $1";

/* A row that another version wrote, and that this one cannot read, is passed over. */
static void put_row(struct sb_json_out *out, const struct sb_rows *rows, size_t row)
{
    char line[SB_CODEC_EVENT_MAX];
    struct sb_event event;
    struct sb_error unread = { 0 };
    const char *payload = sb_rows_words(rows, row, "payload");
    const struct sb_wall wall = { SB_MS(sb_rows_number(rows, row, "at_ms")) };
    if (sb_codec_event_read_row((uint64_t)sb_rows_number(rows, row, "seq"), wall, sb_rows_words(rows, row, "kind"), payload, strlen(payload),
                                &event, &unread) != SB_OK || sb_event_severity(&event) < SB_SEVERITY_INFO)
        return;
    line[sb_codec_event_write(&event, line, sizeof(line) - 1)] = '\0';
    sb_json_raw(out, line);
}

void handle_journal(const struct call *call, struct answer *answer)
{
    int64_t limit = call_query_number(call, "limit", ROWS_DEFAULT);
    limit = limit < 1 ? 1 : limit > ROWS_MAX ? ROWS_MAX : limit;
    struct sb_cell params[] = { sb_cell_int(limit) };
    struct sb_statement statement = { .sql = newest_sql, .params = params, .param_count = SB_LEN(params), .expect_rows = -1 };
    struct sb_error err = { 0 };
    struct sb_rows *rows = NULL;
    struct sb_store *store = call->setup->store;
    if (store != NULL && store->ops->query(store, &statement, &call->op, &rows, &err) != SB_OK) {
        answer_failure(answer, &err);
        return;
    }
    struct sb_json_out *out = sb_json_out_create(ANSWER_MAX);
    if (out != NULL) {
        sb_json_object_begin(out);
        sb_json_key(out, "events");
        sb_json_array_begin(out);
        for (size_t row = rows != NULL ? sb_rows_count(rows) : 0; row > 0; row--)
            put_row(out, rows, row - 1);
        sb_json_array_end(out);
        sb_json_object_end(out);
    }
    answer_json(answer, 200, out);
    sb_rows_destroy(rows);
}
