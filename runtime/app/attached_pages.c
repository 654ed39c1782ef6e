/* As pages.c, for a runtime in another process. Console's thread; bounded time, but for the operator's editor. */
#include "attached_pages.h"
#include "config_page.h"
#include "incident.h"

#include "app.h"
#include "editor.h"
#include "pages.h"

#include "signalbox/base/text.h"
#include "signalbox/codec/codec.h"
#include "signalbox/os/os.h"
#include "signalbox/attach/attach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 4 << 20, BODY_MAX = 65536, ID_MAX = 40, TARGET_MAX = 256 };
static const sb_ns ask_time = SB_MS(600); /* the screen stands still for no longer; the runtime takes up to 400 ms */

/* Success is an answer of 200; else its words. */
static enum sb_err ask_within(const struct attached_pages *self, const struct sb_op *op, const char *method, const char *target, const char *body,
                              struct sb_attach_reply *reply, struct sb_error *err)
{
    char words[SB_ERROR_TEXT_MAX];
    enum sb_err rc = sb_attach_ask(self->socket_path, method, target, body, TEXT_MAX, op, reply, err);
    if (rc != SB_OK || reply->status == 200)
        return rc;
    sb_attach_words(reply, words, sizeof(words));
    rc = sb_error_set(err, reply->status == 409 ? SB_ERR_CONFLICT : reply->status == 404 ? SB_ERR_NOT_FOUND : SB_ERR_UNAVAILABLE, "%s", words);
    free(reply->body);
    return rc;
}

static enum sb_err ask(const struct attached_pages *self, const char *method, const char *target, const char *body, struct sb_attach_reply *reply,
                       struct sb_error *err)
{
    const struct sb_op op = { .deadline = sb_now() + ask_time };
    return ask_within(self, &op, method, target, body, reply, err);
}

static enum sb_err fetch(const struct attached_pages *self, enum sb_screen_page page, uint64_t run, const struct sb_op *op, char **text,
                         struct sb_error *err)
{
    struct sb_attach_reply reply = { 0 };
    char target[TARGET_MAX];
    (void)snprintf(target, sizeof(target), "/v1/pages/%s?run=%llu", pages_name(page), (unsigned long long)run);
    enum sb_err rc = ask_within(self, op, "GET", target, NULL, &reply, err);
    if (rc == SB_OK)
        *text = reply.body;
    return rc;
}

enum sb_err attached_pages_now(const void *from, enum sb_screen_page page, const struct sb_op *op, char **text, struct sb_error *err)
{
    return fetch(from, page, 0, op, text, err);
}

enum sb_err attached_pages_read(const void *arg, enum sb_screen_page page, uint64_t run, char **text, struct sb_error *err)
{
    const struct attached_pages *self = arg;
    const struct sb_op op = { .deadline = sb_now() + ask_time };
    return page == SB_SCREEN_PAGE_KEPT ? fetch(self, page, run, &op, text, err) : page_reader_take(self->reader, page, text, err);
}

/* The path of a content row; its id, which the page told, is a word of letters, digits and dashes. */
static enum sb_err row_target(const char *content_id, char out[TARGET_MAX], struct sb_error *err)
{
    const size_t size = strlen(content_id);
    if (size == 0 || size >= ID_MAX || strspn(content_id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != size)
        return sb_error_set(err, SB_ERR_INVALID, "\"%.40s\" is no id of a content row", content_id);
    (void)snprintf(out, TARGET_MAX, "/v1/content/%s", content_id);
    return SB_OK;
}

static enum sb_err send_verdict(const struct attached_pages *self, const char *verdict, const char *content_id, const char *detail,
                                struct sb_error *err)
{
    struct sb_attach_reply reply = { 0 };
    struct sb_json *json = NULL;
    char target[TARGET_MAX];
    enum sb_err rc = row_target(content_id, target, err);
    struct sb_json_out *out = rc == SB_OK ? sb_json_out_create(BODY_MAX) : NULL;
    if (rc != SB_OK)
        return rc;
    if (out != NULL) {
        sb_json_object_begin(out);
        sb_json_key(out, "console");
        sb_json_integer(out, (int64_t)self->console);
        sb_json_key(out, "verdict");
        sb_json_string(out, verdict);
        sb_json_key(out, "detail");
        sb_json_string(out, detail);
        sb_json_object_end(out);
    }
    char *body = out != NULL ? sb_json_out_take(out) : NULL;
    sb_json_out_destroy(out);
    if (body == NULL)
        return sb_error_set(err, SB_ERR_TOO_LARGE, "a text of more than %d bytes cannot be sent, or there is no memory", BODY_MAX);
    rc = ask(self, "POST", target, body, &reply, err);
    free(body);
    if (rc != SB_OK)
        return rc;
    char *outcome = sb_json_parse(&json, reply.body, reply.size, err) == SB_OK ? sb_json_text(json, "outcome") : NULL;
    (void)snprintf(err->text, sizeof(err->text), "%s", outcome != NULL ? outcome : "done");
    free(outcome);
    sb_json_destroy(json);
    free(reply.body);
    return SB_OK;
}

/* The draft in the operator's editor, then the verdict with what came of it. */
static enum sb_err edit(const struct attached_pages *self, const char *content_id, struct sb_error *err)
{
    struct sb_attach_reply reply = { 0 };
    struct sb_json *json = NULL;
    char target[TARGET_MAX], *status = NULL, *before = NULL, *after = NULL;
    enum sb_err rc = row_target(content_id, target, err);
    if (rc == SB_OK)
        rc = ask(self, "GET", target, NULL, &reply, err);
    if (rc == SB_OK)
        rc = sb_json_parse(&json, reply.body, reply.size, err);
    if (rc == SB_OK) {
        status = sb_json_text(json, "status");
        before = sb_json_text(json, "text");
        if (status == NULL || before == NULL || !sb_streq(status, "draft"))
            rc = sb_error_set(err, SB_ERR_CONFLICT, "content row %.60s is no draft", content_id);
    }
    if (rc == SB_OK)
        rc = editor_run(self->state_dir, before, &after, err);
    if (rc == SB_OK)
        rc = send_verdict(self, "edit", content_id, after, err);
    free(reply.body);
    free(status);
    free(before);
    free(after);
    sb_json_destroy(json);
    return rc;
}

enum sb_err attached_pages_judge(const void *arg, const struct sb_screen_answer *answer, const char *actor, struct sb_error *err)
{
    const struct attached_pages *self = arg;
    (void)actor; /* the runtime believes the socket */
    enum sb_err rc = answer->verdict == SB_SCREEN_EDIT
                         ? edit(self, answer->content_id, err)
                         : send_verdict(self, pages_verdict_name(answer->verdict), answer->content_id, answer->post_id, err);
    page_reader_hurry(self->reader);
    return rc;
}

void attached_node(const void *self, char *out, size_t cap)
{
    const struct attached_pages *pages = self;
    struct sb_source_status status;
    pages->source->ops->look(pages->source, &status);
    (void)sb_copy(out, cap, status.node);
}

enum sb_err attached_capture(const void *self, const struct sb_tui_picture *picture, char *path, size_t cap, struct sb_error *err)
{
    const struct attached_pages *pages = self;
    struct paths paths = *pages->paths;
    char location[PATH_BYTES + 32], written[SB_BUNDLE_PATH_MAX];
    struct sb_store *store = NULL;
    struct sb_error unheard = { 0 };
    (void)sb_copy(paths.state_dir, sizeof(paths.state_dir), pages->state_dir);
    (void)snprintf(location, sizeof(location), "sqlite:%s/signalbox.db", paths.state_dir);
    if (sb_store_view(&store, location, &unheard) != SB_OK)
        store = NULL; /* a runtime on PostgreSQL: the picture's own log is what is known here */
    char *config = config_page_ask(pages->socket_path, &unheard), missing[sizeof(unheard.text) + 16] = "";
    if (config == NULL)
        (void)snprintf(missing, sizeof(missing), "- config: %s\n", unheard.text);
    const struct incident_request request = {
        .options = pages->options, .paths = &paths, .store = store, .picture = picture, .source = "an attached console",
        .config = config != NULL ? config : "# not known here\n", .missing = missing,
    };
    enum sb_err rc = incident_write(&request, written, err);
    free(config);
    if (rc == SB_OK)
        (void)sb_copy(path, cap, written);
    if (store != NULL)
        store->ops->close(store);
    return rc;
}
