/* The content as an operator reads it: one text, what needs a decision first. Reads only; keeps no state; any thread. */
#include "signalbox/ports/content.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_MAX = 131072, QUOTE_MAX = 100, DRAFT_MAX = 2048, LINE_MAX = 200 };

struct page {
    struct sb_store *store;
    const struct sb_op *op;
    int64_t now_ms;
    struct sb_text text;
};

static const char counts_sql[] =
    "SELECT account, kind, status, COUNT(*) AS rows FROM content_metadata GROUP BY account, kind, status ORDER BY account, kind, status";
static const char summary_sql[] =
    "SELECT CAST(COALESCE(SUM(CASE status WHEN 'draft' THEN 1 ELSE 0 END), 0) AS BIGINT) AS drafts, "
    "CAST(COALESCE(SUM(CASE status WHEN 'uncertain' THEN 1 ELSE 0 END), 0) AS BIGINT) AS uncertain, "
    "CAST(COALESCE(SUM(CASE status WHEN 'queued' THEN 1 ELSE 0 END), 0) AS BIGINT) AS queued, "
    "CAST(COALESCE(SUM(CASE WHEN status IN ('posted', 'verified', 'archived') AND posted_at_ms >= $1 THEN 1 ELSE 0 END), 0) AS BIGINT) AS posted "
    "FROM content_metadata";
static const char uncertain_sql[] =
    "SELECT decision_id, kind, account, text, claimed_at_ms AS at_ms, attempts, COALESCE(last_error, '') AS note FROM content_metadata "
    "WHERE status IN ('uncertain', 'posting') ORDER BY claimed_at_ms LIMIT 20";
/* Posts of the account as they were last collected, that no row owns: what an uncertain row may be. */
static const char candidates_sql[] =
    "SELECT p.post_id, p.text, COALESCE(p.posted_at_ms, 0) AS at_ms FROM collected_posts p WHERE p.author = $1 AND "
    "COALESCE(p.posted_at_ms, p.collected_at_ms) >= $2 AND NOT EXISTS (SELECT 1 FROM content_metadata c WHERE c.account = $1 AND "
    "c.post_id = p.post_id) ORDER BY COALESCE(p.posted_at_ms, 0), p.post_id LIMIT 5";
static const char waiting_sql[] =
    "SELECT decision_id, kind, account, text, scheduled_at_ms AS at_ms, attempts, COALESCE(last_error, '') AS note FROM content_metadata "
    "WHERE status = $1 ORDER BY scheduled_at_ms, part, decision_id LIMIT 30";
static const char out_sql[] =
    "SELECT decision_id, kind, account, text, posted_at_ms AS at_ms, attempts, post_id || CASE status WHEN 'posted' THEN '' "
    "ELSE ', seen again' END AS note FROM content_metadata WHERE status IN ('posted', 'verified', 'archived') ORDER BY posted_at_ms DESC LIMIT 20";

static enum sb_err ask(const struct page *page, const char *sql, const struct sb_cell *params, size_t count, struct sb_rows **rows,
                       struct sb_error *err)
{
    const struct sb_statement statement = { sql, params, count, -1 };
    return page->store->ops->query(page->store, &statement, page->op, rows, err);
}

/* One line of a foreign text, cut between two characters. */
static void add_quote(struct sb_text *text, const char *quoted, size_t max)
{
    size_t size = strlen(quoted), at = 0;
    bool is_cut = size > max;
    size = is_cut ? max : size;
    while (is_cut && size > 0 && ((unsigned char)quoted[size] & 0xc0) == 0x80)
        size--;
    sb_text_add_char(text, '"');
    for (; at < size; at++)
        sb_text_add_char(text, (unsigned char)quoted[at] < 0x20 ? ' ' : quoted[at]);
    sb_text_add(text, is_cut ? "...\"" : "\"");
}

/* "in 4m00s" or "12s ago". */
static void add_when(struct page *page, int64_t at_ms)
{
    int64_t away = at_ms - page->now_ms;
    if (away > 0)
        sb_text_add(&page->text, "in ");
    sb_text_add_duration(&page->text, (away < 0 ? -away : away) * SB_MS(1));
    if (away <= 0)
        sb_text_add(&page->text, " ago");
}

static void add_row(struct page *page, const struct sb_rows *rows, size_t row, size_t quote_max)
{
    sb_text_addf(&page->text, "%s  %s of %s, ", sb_rows_words(rows, row, "decision_id"), sb_rows_words(rows, row, "kind"),
                 sb_rows_words(rows, row, "account"));
    add_when(page, sb_rows_number(rows, row, "at_ms"));
    if (sb_rows_number(rows, row, "attempts") > 1)
        sb_text_addf(&page->text, ", attempt %lld", (long long)sb_rows_number(rows, row, "attempts"));
    if (sb_rows_words(rows, row, "note")[0] != '\0')
        sb_text_addf(&page->text, ", %.*s", LINE_MAX, sb_rows_words(rows, row, "note"));
    sb_text_add(&page->text, "\n    ");
    add_quote(&page->text, sb_rows_words(rows, row, "text"), quote_max);
    sb_text_add_char(&page->text, '\n');
}

static enum sb_err add_candidates(struct page *page, const struct sb_rows *open, size_t row, struct sb_error *err)
{
    static const int64_t clock_skew_ms = 60000;
    const struct sb_cell params[] = { sb_cell_text(sb_rows_words(open, row, "account")),
                                      sb_cell_int(sb_rows_number(open, row, "at_ms") - clock_skew_ms) };
    struct sb_rows *rows = NULL;
    enum sb_err code = ask(page, candidates_sql, params, SB_LEN(params), &rows, err);
    for (size_t i = 0; code == SB_OK && i < sb_rows_count(rows); i++) {
        sb_text_addf(&page->text, "    may be post %s, ", sb_rows_words(rows, i, "post_id"));
        add_when(page, sb_rows_number(rows, i, "at_ms"));
        sb_text_add(&page->text, "\n    ");
        add_quote(&page->text, sb_rows_words(rows, i, "text"), QUOTE_MAX);
        sb_text_add_char(&page->text, '\n');
    }
    if (code == SB_OK && sb_rows_count(rows) == 0)
        sb_text_add(&page->text, "    no collected post of the account could be it\n");
    sb_rows_destroy(rows);
    return code;
}

/* The first line: what there is to do, and what was done on this day of UTC. */
static enum sb_err add_summary(struct page *page, struct sb_error *err)
{
    static const int64_t day_ms = 86400000;
    const struct sb_cell params[] = { sb_cell_int(page->now_ms - page->now_ms % day_ms) };
    struct sb_rows *rows = NULL;
    enum sb_err code = ask(page, summary_sql, params, SB_LEN(params), &rows, err);
    if (code == SB_OK && sb_rows_count(rows) == 1)
        sb_text_addf(&page->text, "%lld drafts, %lld uncertain, %lld queued, %lld posted today\n",
                     (long long)sb_rows_number(rows, 0, "drafts"), (long long)sb_rows_number(rows, 0, "uncertain"),
                     (long long)sb_rows_number(rows, 0, "queued"), (long long)sb_rows_number(rows, 0, "posted"));
    sb_rows_destroy(rows);
    return code;
}

static enum sb_err add_counts(struct page *page, struct sb_error *err)
{
    struct sb_rows *rows = NULL;
    enum sb_err code = ask(page, counts_sql, NULL, 0, &rows, err);
    const char *account = "", *kind = "";
    for (size_t i = 0; code == SB_OK && i < sb_rows_count(rows); i++) {
        if (strcmp(account, sb_rows_words(rows, i, "account")) != 0)
            sb_text_addf(&page->text, "%s= content of %s", i > 0 ? "\n" : "", sb_rows_words(rows, i, "account"));
        if (strcmp(account, sb_rows_words(rows, i, "account")) != 0 || strcmp(kind, sb_rows_words(rows, i, "kind")) != 0)
            sb_text_addf(&page->text, "\n%-7s", sb_rows_words(rows, i, "kind"));
        sb_text_addf(&page->text, " %s %lld", sb_rows_words(rows, i, "status"), (long long)sb_rows_number(rows, i, "rows"));
        account = sb_rows_words(rows, i, "account");
        kind = sb_rows_words(rows, i, "kind");
    }
    if (code == SB_OK)
        sb_text_add(&page->text, sb_rows_count(rows) > 0 ? "\n" : "= no content yet: plan writes it\n");
    sb_rows_destroy(rows);
    return code;
}

static enum sb_err add_part(struct page *page, const char *title, const char *sql, const char *status, bool has_candidates,
                            struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_text(status) };
    bool is_draft = status != NULL && strcmp(status, "draft") == 0;
    struct sb_rows *rows = NULL;
    enum sb_err code = ask(page, sql, params, status != NULL ? 1 : 0, &rows, err);
    if (code == SB_OK)
        sb_text_addf(&page->text, "\n= %s: %zu\n", title, sb_rows_count(rows));
    for (size_t i = 0; code == SB_OK && i < sb_rows_count(rows); i++) {
        add_row(page, rows, i, is_draft ? DRAFT_MAX : QUOTE_MAX); /* who approves reads all of it */
        if (has_candidates)
            code = add_candidates(page, rows, i, err);
    }
    sb_rows_destroy(rows);
    return code;
}

enum sb_err sb_content_page(struct sb_store *store, int64_t now_ms, const struct sb_op *op, char **text, struct sb_error *err)
{
    struct page page = { .store = store, .op = op, .now_ms = now_ms };
    char *bytes = malloc(PAGE_MAX);
    if (bytes == NULL)
        return sb_error_set(err, SB_ERR_NOMEM, "no memory for the content page");
    sb_text_init(&page.text, bytes, PAGE_MAX);
    enum sb_err code = add_summary(&page, err);
    if (code == SB_OK)
        code = add_counts(&page, err);
    if (code == SB_OK)
        code = add_part(&page, "in flight or uncertain, with what it may be", uncertain_sql, NULL, true, err);
    if (code == SB_OK)
        code = add_part(&page, "drafts that wait for approval", waiting_sql, "draft", false, err);
    if (code == SB_OK)
        code = add_part(&page, "queued, next first", waiting_sql, "queued", false, err);
    if (code == SB_OK)
        code = add_part(&page, "out, newest first", out_sql, NULL, false, err);
    if (code != SB_OK)
        free(bytes);
    else
        *text = bytes;
    return code;
}
