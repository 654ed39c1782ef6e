/* Publishes a claimed row on its site, at most once; of a thread the parts that follow too. Runs on the worker thread that holds the context.
 *
 *   claimed -> logged in -> INTENT -> flow ... [hook: lease, fence, deadline, SUBMIT] -> click ... [hook: id seen -> RECEIPT] -> done
 *                 |            |              |                                                 |
 *                 +------------+--------------+-> back to the queue (nothing was clicked)        +-> no id seen: row uncertain
 *
 * It must never click without a durable SUBMIT, never publish an effect that has a receipt, and never call a failure after the click
 * anything but uncertain. */
#include "native.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS_MAX = 3 };

/* When a row whose publishing failed before the click may be claimed again, by attempt. The first retry belongs to this very run. */
static const sb_ns retry_after[ATTEMPTS_MAX] = { 0, SB_MIN(3), SB_MIN(10) };

struct publishing {
    const struct sb_native *native;
    const struct sb_content_row *row;
    char effect_id[SB_EFFECT_ID_MAX];
    char *normal;               /* the row's text, normalised */
    sb_ns submit_deadline;      /* monotonic */
    bool is_submitted;
    char post_id[SB_POST_ID_MAX]; /* "" until seen */
    char how[16];
    int64_t posted_at_ms;
    bool is_receipt_durable;
};

/* Right before the click. */
static enum sb_err before_click(void *arg, struct sb_error *err)
{
    struct publishing *publishing = arg;
    const struct sb_step_env *env = publishing->native->env;
    if (publishing->is_submitted)
        return sb_error_set(err, SB_ERR_REFUSED, "the flow submits twice");
    enum sb_err code = sb_effect_may_begin(env, publishing->submit_deadline, err);
    if (code == SB_OK)
        code = sb_op_check(&env->op, "publish", err);
    if (code != SB_OK)
        return code;
    struct sb_receipt receipt = sb_effect_receipt(publishing->native, SB_RECEIPT_SUBMIT, publishing->row, publishing->effect_id);
    code = sb_receipts_append(env->services->receipts, &receipt, err);
    publishing->is_submitted = code == SB_OK;
    /* The sync may have taken long: a click after the deadline, or after the lease, could meet somebody who already looked. */
    return code != SB_OK ? code : sb_effect_may_begin(env, publishing->submit_deadline, err);
}

/* The id inside a value that a flow read: a field "post_id", or the last part of a field "address". */
static bool find_id(const struct sb_json *json, char id[SB_POST_ID_MAX], bool *is_address)
{
    char address[512];
    *is_address = false;
    if (sb_json_copy(json, "post_id", id, SB_POST_ID_MAX) && id[0] != '\0')
        return true;
    if (!sb_json_copy(json, "address", address, sizeof address))
        return false;
    const char *part = strstr(address, "/post/");
    size_t size = part ? strcspn(part + 6, "/?#") : 0;
    if (size == 0 || size >= SB_POST_ID_MAX)
        return false;
    *is_address = true;
    return sb_copy_n(id, SB_POST_ID_MAX, part + 6, size);
}

/* An answer that quotes a text or an author must quote ours: a swapped response is somebody else's post. */
static bool is_ours(const struct publishing *publishing, const struct sb_json *json)
{
    bool is = true;
    char *text = sb_json_type(json, "text") == SB_JSON_STRING ? sb_json_text(json, "text") : NULL;
    char *normal = text ? sb_match_normalise(text) : NULL;
    char author[SB_ACCOUNT_MAX];
    if (text != NULL)
        is = normal != NULL && publishing->normal != NULL && sb_match_pair(normal, publishing->normal, NULL) != SB_MATCH_NONE;
    if (sb_json_copy(json, "author", author, sizeof author))
        is = is && sb_streq(author[0] == '@' ? author + 1 : author, publishing->row->account);
    free(normal);
    free(text);
    return is;
}

/* Writes the RECEIPT at once, from the thread that saw the id. */
static void adopt(struct publishing *publishing, const char *id, const char *how)
{
    const struct sb_step_env *env = publishing->native->env;
    struct sb_receipt receipt = sb_effect_receipt(publishing->native, SB_RECEIPT_RECEIPT, publishing->row, publishing->effect_id);
    struct sb_error err = { 0 };
    (void)sb_copy(receipt.post_id, sizeof receipt.post_id, id);
    (void)sb_copy(receipt.how, sizeof receipt.how, how);
    publishing->is_receipt_durable = sb_receipts_append(env->services->receipts, &receipt, &err) == SB_OK;
    if (!publishing->is_receipt_durable) /* the store is the second place: the step saves at once */
        sb_step_note(env, SB_SEVERITY_ERROR, "post %s: its receipt cannot be written: %s", id, err.text);
    (void)sb_copy(publishing->post_id, sizeof publishing->post_id, id);
    (void)sb_copy(publishing->how, sizeof publishing->how, how);
    publishing->posted_at_ms = receipt.at.ns / SB_MS(1);
}

static enum sb_err on_saved(void *arg, const struct sb_action *action, const char *text, struct sb_error *err)
{
    struct publishing *publishing = arg;
    struct sb_json *json = NULL;
    char id[SB_POST_ID_MAX];
    bool is_address = false;
    if (!publishing->is_submitted || publishing->post_id[0] != '\0')
        return SB_OK;
    enum sb_err code = sb_json_parse(&json, text, strlen(text), err);
    if (code == SB_OK && find_id(json, id, &is_address)) {
        if (is_ours(publishing, json))
            adopt(publishing, id, action->kind == SB_ACTION_RECEIVE ? "response" : is_address ? "address" : "link");
        else
            sb_step_note(publishing->native->env, SB_SEVERITY_WARN, "an answer about post %s is not about this text: not adopted", id);
    }
    sb_json_destroy(json);
    return code;
}

static enum sb_err run_flow(struct publishing *publishing, const struct sb_flow *flow, struct sb_error *err)
{
    const struct sb_native *native = publishing->native;
    struct sb_pair with[] = { { "text", publishing->row->text }, { "decision_id", publishing->row->decision_id },
                              { "post_id", publishing->row->target } };
    struct sb_scope scope = { .env = native->env, .with = with, .with_count = SB_LEN(with), .account = native->account,
                              .place = native->env->params->place };
    struct sb_flow_hooks hooks = { .arg = publishing, .submit = before_click, .saved = on_saved };
    struct sb_flow_call call = { .env = native->env, .site = native->site, .flow = flow, .scope = &scope, .hooks = &hooks };
    char *output = NULL;
    enum sb_err code = sb_flow_run(&call, &output, err);
    free(output);
    return code;
}

static enum sb_err intend(struct publishing *publishing, struct sb_error *err)
{
    const struct sb_native *native = publishing->native;
    struct sb_receipt receipt = sb_effect_receipt(native, SB_RECEIPT_INTENT, publishing->row, publishing->effect_id);
    publishing->submit_deadline = sb_ns_add(native->env->now(), native->content.submit_deadline);
    receipt.submit_deadline = publishing->submit_deadline;
    return sb_receipts_append(native->env->services->receipts, &receipt, err);
}

static void put_published(const struct publishing *publishing, struct sb_step_result *result)
{
    struct sb_json_out *out = sb_json_out_create(SB_STEP_OUTPUT_MAX);
    sb_step_succeed(result, 1, "post %s published, id by %s", publishing->post_id, publishing->how);
    if (out == NULL)
        return; /* recovery saves it from the receipt */
    sb_json_object_begin(out);
    sb_row_put(out, publishing->row);
    sb_json_key(out, "effect_id");
    sb_json_string(out, publishing->effect_id);
    sb_json_key(out, "post_id");
    sb_json_string(out, publishing->post_id);
    sb_json_key(out, "how");
    sb_json_string(out, publishing->how);
    sb_json_key(out, "posted_at_ms");
    sb_json_integer(out, publishing->posted_at_ms);
    sb_json_object_end(out);
    sb_step_output(result, out);
    sb_json_out_destroy(out);
}

/* The id is known. Without a durable receipt the store gets it right here, before anything else can happen. */
static void finish_published(struct publishing *publishing, struct sb_step_result *result)
{
    const struct sb_native *native = publishing->native;
    struct sb_error err = { 0 };
    if (!publishing->is_receipt_durable &&
        sb_content_save_posted(native->env->services->store, publishing->row->decision_id, publishing->post_id, publishing->effect_id,
                               publishing->posted_at_ms, &native->env->op, &err) != SB_OK) {
        sb_step_fail_class(result, SB_CLASS_UNCERTAIN, "post %s is out, but neither journal nor store took it: %s", publishing->post_id,
                           err.text);
        return;
    }
    put_published(publishing, result);
}

/* A move after a failure. Its own failure leaves the row to recovery, which folds the receipts. */
static void move_row(const struct publishing *publishing, enum sb_content_status to, int64_t retry_at_ms, const char *reason)
{
    const struct sb_native *native = publishing->native;
    struct sb_error err = { 0 };
    /* The step's own time may be over; the store answers within its own. */
    struct sb_op op = { .deadline = sb_ns_add(native->env->now(), SB_S(5)) };
    if (sb_content_move(native->env->services->store, publishing->row->decision_id, publishing->row->claim_token, SB_CONTENT_POSTING, to,
                        retry_at_ms, reason, &op, &err) != SB_OK)
        sb_step_note(native->env, SB_SEVERITY_WARN, "%s stays claimed until recovery: %s", publishing->row->decision_id, err.text);
}

static void finish_uncertain(struct publishing *publishing, const struct sb_error *why, struct sb_step_result *result)
{
    const char *reason = why->text[0] ? why->text : "no id was seen";
    move_row(publishing, SB_CONTENT_UNCERTAIN, 0, reason);
    sb_step_fail_class(result, SB_CLASS_UNCERTAIN, "submitted, but not confirmed: %s", reason);
}

/* Nothing was clicked. Being called off, a lost browser or a site that is down is not the text's fault: no attempt is lost by it. */
static void finish_unsent(struct publishing *publishing, const struct sb_error *why, struct sb_step_result *result)
{
    const struct sb_native *native = publishing->native;
    int32_t attempts = publishing->row->attempts;
    bool is_excused = why->code == SB_ERR_CANCELLED || why->code == SB_ERR_STALE || why->code == SB_ERR_GONE ||
                      why->code == SB_ERR_UNAVAILABLE || why->code == SB_ERR_RATE_LIMITED || why->code == SB_ERR_CONFIG;
    if (attempts >= ATTEMPTS_MAX && !is_excused) {
        move_row(publishing, SB_CONTENT_FAILED, 0, why->text);
        sb_step_fail_class(result, SB_CLASS_FATAL, "given up after %" PRId32 " attempts: %s", attempts, why->text);
        return;
    }
    int32_t row = attempts < 1 ? 0 : attempts > ATTEMPTS_MAX ? ATTEMPTS_MAX - 1 : attempts - 1;
    move_row(publishing, SB_CONTENT_QUEUED, sb_step_now_ms(native->env) + (is_excused ? 0 : retry_after[row] / SB_MS(1)), why->text);
    sb_step_fail(result, why);
    if (result->class == SB_CLASS_FATAL && why->code != SB_ERR_CONFIG)
        result->class = SB_CLASS_RETRYABLE; /* the row is in the queue again: another attempt is welcome */
}

/* The same text went out before as another row: after the store's window for equal texts, or out of a restored backup. */
static void finish_duplicate(const struct publishing *publishing, const struct sb_effect *effect, struct sb_step_result *result)
{
    char reason[SB_NOTE_MAX];
    struct sb_text text;
    sb_text_init(&text, reason, sizeof reason);
    sb_text_addf(&text, "the same text went out as row %s", effect->last.decision_id);
    move_row(publishing, SB_CONTENT_SKIPPED, 0, reason);
    sb_step_nothing(result, "skipped: %s", reason);
}

/* An effect that was begun before: by an earlier attempt, another process, or a restored backup. */
static bool is_known(struct publishing *publishing, struct sb_step_result *result)
{
    const struct sb_native *native = publishing->native;
    struct sb_effect effect = sb_receipts_effect(native->env->services->receipts, publishing->effect_id);
    struct sb_error why = { .code = SB_ERR_CONFLICT, .text = "it was submitted before and never confirmed" };
    bool may_be_out = effect.state == SB_EFFECT_SUBMITTED || effect.state == SB_EFFECT_RECEIVED || effect.state == SB_EFFECT_SETTLED;
    if (may_be_out && !sb_streq(effect.last.decision_id, publishing->row->decision_id)) {
        finish_duplicate(publishing, &effect, result);
        return true;
    }
    /* Another node claimed the row, and its receipts are not here: it may have clicked, whatever is known here. */
    bool is_foreign = sb_effect_is_foreign(native, publishing->row) && effect.state != SB_EFFECT_RECEIVED && effect.state != SB_EFFECT_SETTLED;
    if (is_foreign)
        (void)sb_error_set(&why, SB_ERR_CONFLICT, "another node claimed it, and what that one did is not known here");
    if (effect.state == SB_EFFECT_SUBMITTED || is_foreign) {
        finish_uncertain(publishing, &why, result);
        return true;
    }
    if ((effect.state != SB_EFFECT_RECEIVED && effect.state != SB_EFFECT_SETTLED) || effect.last.post_id[0] == '\0')
        return false;
    (void)sb_copy(publishing->post_id, sizeof publishing->post_id, effect.last.post_id);
    (void)sb_copy(publishing->how, sizeof publishing->how, effect.last.how[0] ? effect.last.how : "receipt");
    publishing->posted_at_ms = effect.last.at.ns / SB_MS(1);
    publishing->is_receipt_durable = true;
    sb_step_note(native->env, SB_SEVERITY_INFO, "post %s was published before: adopted", publishing->post_id);
    put_published(publishing, result);
    return true;
}

/* What went out of another node, whose receipts are not here, is in the store. */
static enum sb_err check_store(const struct publishing *publishing, struct sb_error *err)
{
    const struct sb_cell params[] = { sb_cell_text(publishing->effect_id), sb_cell_text(publishing->row->decision_id) };
    int64_t others = 0;
    enum sb_err code = sb_native_number(publishing->native,
                                        "SELECT COUNT(*) FROM content_metadata WHERE effect_id = $1 AND decision_id <> $2",
                                        params, SB_LEN(params), 0, &others, err);
    return code == SB_OK && others > 0 ? sb_error_set(err, SB_ERR_EXISTS, "the same text went out as another row") : code;
}

static void publish(struct publishing *publishing, const struct sb_flow *flow, struct sb_step_result *result)
{
    const struct sb_native *native = publishing->native;
    struct sb_error why = { 0 };
    enum sb_err code = check_store(publishing, &why);
    if (code == SB_ERR_EXISTS) {
        move_row(publishing, SB_CONTENT_SKIPPED, 0, why.text);
        sb_step_nothing(result, "skipped: %s", why.text);
        return;
    }
    if (code == SB_OK)
        code = sb_flow_session(native->env, native->site, &why);
    if (code == SB_OK)
        code = intend(publishing, &why);
    if (code == SB_OK)
        code = run_flow(publishing, flow, &why);
    why.code = code;
    if (publishing->post_id[0] != '\0') {
        if (code != SB_OK)
            sb_step_note(native->env, SB_SEVERITY_WARN, "post %s is out; after it: %s", publishing->post_id, why.text);
        finish_published(publishing, result);
    } else if (publishing->is_submitted) {
        finish_uncertain(publishing, &why, result);
    } else if (code == SB_OK) {
        why = (struct sb_error){ .code = SB_ERR_CONFIG, .text = "the flow ended without a submit" };
        finish_unsent(publishing, &why, result);
    } else {
        finish_unsent(publishing, &why, result);
    }
}

/* Publishes one claimed row, or adopts what was published before; what became of it is in the result. */
static enum sb_err publish_row(struct publishing *publishing, struct sb_step_result *result, struct sb_error *err)
{
    const struct sb_native *native = publishing->native;
    const struct sb_content_row *row = publishing->row;
    const char *name = row->target[0] ? "reply" : "post";
    const struct sb_flow *flow = sb_site_flow(native->site, name);
    enum sb_err code = sb_effect_id(native, row, publishing->effect_id, err);
    if (code != SB_OK)
        return code;
    publishing->normal = sb_match_normalise(row->text);
    if (!is_known(publishing, result)) {
        if (flow != NULL && publishing->normal != NULL) {
            publish(publishing, flow, result);
        } else {
            struct sb_error why = { .code = SB_ERR_CONFIG };
            (void)sb_error_set(&why, SB_ERR_CONFIG, flow != NULL ? "the text is no UTF-8" : "site %s has no flow \"%s\"", native->site->name, name);
            finish_unsent(publishing, &why, result);
        }
    }
    free(publishing->normal);
    publishing->normal = NULL;
    return SB_OK;
}

/* The next part of the thread whose last part has just been published: that one is saved first, so that its post is this one's target. */
static bool goes_on(const struct publishing *publishing, struct sb_content_row *next)
{
    const struct sb_native *native = publishing->native;
    const struct sb_content_row *row = publishing->row;
    struct sb_error err = { 0 };
    int64_t now = sb_step_now_ms(native->env);
    bool has_time = native->env->op.deadline > sb_ns_add(native->env->now(), native->content.submit_deadline);
    if (row->thread[0] == '\0' || publishing->post_id[0] == '\0' || !has_time)
        return false;
    enum sb_err code = sb_effect_settle(native, row->decision_id, row->account, publishing->effect_id, publishing->post_id,
                                        publishing->posted_at_ms, &err);
    if (code == SB_OK)
        code = sb_content_claim(native->env->services->store, row->account, SB_CLAIM_PART, row->claim_token, native->env->run, now,
                                &native->env->op, next, &err);
    if (code != SB_OK && code != SB_ERR_NOT_FOUND)
        sb_step_note(native->env, SB_SEVERITY_WARN, "the thread of %s goes on with the next run: %s", row->decision_id, err.text);
    return code == SB_OK;
}

enum sb_err sb_native_content_publish(const struct sb_native *native, struct sb_step_result *result, struct sb_error *err)
{
    struct sb_content_row row, next;
    struct sb_json *json = NULL;
    enum sb_err code = sb_native_needs(native, true, true, err);
    if (code == SB_OK)
        code = sb_row_read(native, &json, &row, err);
    sb_json_destroy(json);
    if (code == SB_OK && !sb_streq(row.account, native->account))
        code = sb_error_set(err, SB_ERR_CONFIG, "the row belongs to %s, the site to %s", row.account, native->account);
    while (code == SB_OK) {
        struct publishing publishing = { .native = native, .row = &row };
        free(result->output);
        *result = (struct sb_step_result){ .state = SB_STEP_STATE_PENDING };
        code = publish_row(&publishing, result, err);
        if (code != SB_OK || !goes_on(&publishing, &next))
            break;
        row = next;
    }
    return code;
}
