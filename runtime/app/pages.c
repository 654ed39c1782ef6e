/* The texts that a console asks for, and its verdicts. Console's thread; bounded time, but for the operator's editor. */
#include "pages.h"

#include "config_page.h"
#include "editor.h"

#include "signalbox/os/os.h"
#include "signalbox/ports/content.h"
#include "signalbox/ports/kept.h"

#include <stdlib.h>
#include <string.h>

enum { EFFECTS_SHOWN = 20, RECEIPTS_TEXT_MAX = 8192 };
static const sb_ns page_time = SB_MS(400); /* who asks from outside waits for no longer */

static void add_effect(void *arg, const struct sb_effect *effect)
{
    static const char *const states[] = {
        [SB_EFFECT_NONE] = "none",           [SB_EFFECT_INTENDED] = "intended",  [SB_EFFECT_SUBMITTED] = "submitted, no receipt",
        [SB_EFFECT_RECEIVED] = "received",   [SB_EFFECT_SETTLED] = "settled",    [SB_EFFECT_ABSENT] = "proven absent",
    };
    struct sb_text *text = arg;
    sb_text_addf(text, "%s  ", effect->last.decision_id);
    sb_text_add_wall(text, effect->last.at, false);
    sb_text_addf(text, " %s", states[effect->state]);
    if (effect->last.post_id[0] != '\0')
        sb_text_addf(text, " post %s by %s", effect->last.post_id, effect->last.how);
    sb_text_addf(text, ", run %llu\n", (unsigned long long)effect->last.run);
}

/* The store's page, and below it what the receipts journal says. */
enum sb_err pages_content(const struct installation *in, const struct sb_op *op, char **text, struct sb_error *err)
{
    char *rows = NULL, *more = malloc(RECEIPTS_TEXT_MAX), *whole = NULL;
    struct sb_text receipts;
    enum sb_err rc = more != NULL ? sb_content_page(in->services.store, sb_wall_now().ns / SB_MS(1), op, &rows, err)
                                  : sb_error_set(err, SB_ERR_NOMEM, "no memory for the content page");
    if (rc == SB_OK) {
        sb_text_init(&receipts, more, RECEIPTS_TEXT_MAX);
        sb_text_add(&receipts, "\n= receipts journal, newest effects first\n");
        sb_receipts_newest(in->services.receipts, EFFECTS_SHOWN, &receipts, add_effect);
        whole = realloc(rows, strlen(rows) + receipts.len + 1);
        if (whole == NULL)
            rc = sb_error_set(err, SB_ERR_NOMEM, "no memory for the content page");
    }
    if (rc == SB_OK) {
        memcpy(whole + strlen(whole), more, receipts.len + 1);
        *text = whole;
    } else {
        free(rows);
    }
    free(more);
    return rc;
}

enum sb_err pages_now(const void *source, enum sb_screen_page page, const struct sb_op *op, char **text, struct sb_error *err)
{
    const struct installation *in = ((const struct verdict_source *)source)->installation;
    return page == SB_SCREEN_PAGE_NODES ? pages_nodes(in, op, text, err) : pages_content(in, op, text, err);
}

enum sb_err pages_read(const void *self, enum sb_screen_page page, uint64_t run, char **text, struct sb_error *err)
{
    const struct pages *pages = self;
    return page == SB_SCREEN_PAGE_KEPT ? sb_kept_read(pages->source.installation->paths.state_dir, run, text, err)
                                       : page_reader_take(pages->reader, page, text, err);
}

static const char *const page_names[] = { [SB_SCREEN_PAGE_NONE] = "", [SB_SCREEN_PAGE_KEPT] = "kept", [SB_SCREEN_PAGE_CONTENT] = "content",
                                          [SB_SCREEN_PAGE_NODES] = "nodes" };

const char *pages_name(enum sb_screen_page page)
{
    return page_names[page];
}

enum sb_err pages_tell(const void *source, const char *name, uint64_t run, char **text, struct sb_error *err)
{
    const struct installation *in = ((const struct verdict_source *)source)->installation;
    const struct sb_op op = { .deadline = sb_now() + page_time };
    if (sb_streq(name, "config"))
        return config_page(source, text, err);
    for (unsigned page = SB_SCREEN_PAGE_NONE + 1; page < SB_LEN(page_names); page++)
        if (sb_streq(page_names[page], name))
            return page == SB_SCREEN_PAGE_KEPT ? sb_kept_read(in->paths.state_dir, run, text, err)
                                               : pages_now(source, (enum sb_screen_page)page, &op, text, err);
    return sb_error_set(err, SB_ERR_NOT_FOUND, "there is no page \"%.40s\"; content, nodes, config and kept are", name);
}

/* The draft in the operator's editor, then the verdict with what came of it. */
static enum sb_err edit(const struct verdict_source *source, const char *content_id, const char *actor, struct sb_error *err)
{
    const struct installation *in = source->installation;
    struct sb_op op = { .deadline = sb_now() + page_time };
    struct sb_cell id = sb_cell_text(content_id);
    struct sb_statement statement = { "SELECT text FROM content_metadata WHERE decision_id = $1 AND status = 'draft'", &id, 1, -1 };
    struct sb_rows *rows = NULL;
    char *after = NULL;
    enum sb_err rc = in->services.store->ops->query(in->services.store, &statement, &op, &rows, err);
    if (rc == SB_OK && sb_rows_count(rows) == 0)
        rc = sb_error_set(err, SB_ERR_CONFLICT, "content row %.60s is no draft", content_id);
    if (rc == SB_OK)
        rc = editor_run(in->paths.state_dir, sb_rows_words(rows, 0, "text"), &after, err);
    if (rc == SB_OK) {
        const struct sb_api_verdict verdict = { "edit", content_id, after, actor };
        rc = verdict_carry_out(source, &verdict, err);
    }
    sb_rows_destroy(rows);
    free(after);
    return rc;
}

const char *pages_verdict_name(enum sb_screen_verdict verdict)
{
    static const char *const names[] = {
        [SB_SCREEN_VERDICT_NONE] = "", [SB_SCREEN_APPROVE] = "approve", [SB_SCREEN_REJECT] = "reject", [SB_SCREEN_SETTLE] = "settle",
        [SB_SCREEN_EDIT] = "edit",
    };
    return names[verdict];
}

enum sb_err pages_judge(const void *self, const struct sb_screen_answer *answer, const char *actor, struct sb_error *err)
{
    const struct pages *pages = self;
    const struct sb_api_verdict verdict = { pages_verdict_name(answer->verdict), answer->content_id, answer->post_id, actor };
    enum sb_err rc = answer->verdict == SB_SCREEN_EDIT ? edit(&pages->source, answer->content_id, actor, err)
                                                       : verdict_carry_out(&pages->source, &verdict, err);
    page_reader_hurry(pages->reader);
    return rc;
}
