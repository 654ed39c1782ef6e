/* What operators asked for, from the journal: a page after the other, so that neither the store nor this process ever holds more than one. */
#include "call.h"

#include "signalbox/ports/lookup.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 10000 };

struct page {
    struct sb_findings findings;
    struct sb_audit audit;
    char jobs[SB_MODEL_COMMANDS][SB_NAME_MAX]; /* of the rows */
};

/* The events of the page as rows; jobs by the names they had. */
static void fold(struct page *page)
{
    memset(&page->audit, 0, sizeof(page->audit));
    memset(page->jobs, 0, sizeof(page->jobs));
    for (uint32_t i = page->findings.event_count; i-- > 0;) {
        const struct sb_past_event *past = &page->findings.events[i];
        sb_audit_take(&page->audit, &past->event);
        for (uint64_t row = 0; past->job[0] != '\0' && row < page->audit.total && row < SB_MODEL_COMMANDS; row++)
            if (page->audit.rows[row].command == past->event.as.command_done.command)
                memcpy(page->jobs[row], past->job, sizeof(page->jobs[row]));
    }
}

static void put_asked(const struct sb_model_asked *asked, const char *job, struct sb_json_out *out)
{
    char target[SB_NAME_MAX + 16];
    struct sb_text text;
    sb_text_init(&text, target, sizeof(target));
    sb_audit_target(asked, job, &text);
    sb_json_object_begin(out);
    put_wall(out, "at", asked->at);
    put_text(out, "actor", asked->actor);
    put_text(out, "kind", asked->kind < SB_COMMAND_COUNT ? sb_command_infos[asked->kind].name : "unknown");
    put_text(out, "target", target);
    put_text(out, "job", job[0] != '\0' ? job : NULL);
    if (asked->run != 0)
        put_number(out, "run", (int64_t)asked->run);
    else
        put_text(out, "run", NULL);
    put_text(out, "result", asked->is_done ? "done" : "refused");
    put_text(out, "reason", asked->reason[0] != '\0' ? asked->reason : NULL);
    put_text(out, "outcome", asked->outcome);
    put_text(out, "incident", asked->incident[0] != '\0' ? asked->incident : NULL);
    put_number(out, "lasts_ms", asked->lasts / SB_MS(1));
    put_number(out, "seq", (int64_t)asked->seq);
    sb_json_object_end(out);
}

/* Rows of a page; returns how many. */
static int64_t put_page(const struct page *page, int64_t limit, struct sb_json_out *out)
{
    int64_t count = 0;
    const struct sb_model_asked *asked;
    for (uint64_t back = 0; count < limit && (asked = sb_audit_at(&page->audit, back)) != NULL; back++) {
        if (!asked->is_answered)
            continue;
        put_asked(asked, page->jobs[asked - page->audit.rows], out);
        count++;
    }
    return count;
}

static enum sb_err put_pages(const struct call *call, struct page *page, int64_t limit, int64_t last_ms, struct sb_json_out *out,
                             struct sb_error *err)
{
    struct sb_lookup lookup = { .kind = SB_LOOKUP_AUDIT };
    enum sb_err rc = SB_OK;
    if (last_ms > 0)
        lookup.since_ms = sb_wall_now().ns / SB_MS(1) - last_ms;
    while (rc == SB_OK && limit > 0) {
        memset(&page->findings, 0, sizeof(page->findings));
        rc = sb_lookup_read(call->setup->store, &lookup, &call->op, &page->findings, err);
        if (rc != SB_OK)
            break;
        fold(page);
        limit -= put_page(page, limit, out);
        if (page->findings.is_oldest || page->findings.event_count == 0)
            break;
        lookup.before = page->findings.events[page->findings.event_count - 1].event.seq;
    }
    return rc;
}

void handle_audit(const struct call *call, struct answer *answer)
{
    int64_t limit = call_query_number(call, "limit", 50), last_ms = call_query_number(call, "last_ms", 0);
    struct sb_error err = { 0 };
    if (call->setup->store == NULL) {
        answer_error(answer, 503, "unavailable", "there is no store yet; a first `signalbox run` makes it");
        return;
    }
    struct page *page = calloc(1, sizeof(*page));
    struct sb_json_out *out = page != NULL ? sb_json_out_create(ANSWER_MAX) : NULL;
    enum sb_err rc = SB_OK;
    if (out != NULL) {
        sb_json_array_begin(out);
        rc = put_pages(call, page, limit < 1 ? 1 : limit > ROWS_MAX ? ROWS_MAX : limit, last_ms, out, &err);
        sb_json_array_end(out);
    }
    free(page);
    if (rc == SB_OK) {
        answer_json(answer, 200, out);
        return;
    }
    sb_json_out_destroy(out);
    answer_failure(answer, &err);
}
