/* Scripts of ours in the page, and its source. Runs on the thread that uses the context. Data goes into a script only as JSON. */
#include "chromium.h"
#include "values.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sb_page_ms_left(const struct sb_op *op, int max)
{
    int left = sb_op_poll_ms(op);

    return left < 0 || left > max ? max : left;
}

static char *write_expression(const char *function, json_t *args)
{
    /* ASCII only, so that no character of the data can mean anything to the script's reader. */
    char *data = json_dumps(args, JSON_COMPACT | JSON_ENSURE_ASCII);
    char *expression = NULL;

    if (data != NULL && asprintf(&expression, "(%s).apply(null,%s)", function, data) < 0)
        expression = NULL;
    free(data);
    return expression;
}

static enum sb_err read_value(json_t *result, json_t **value, struct sb_error *err)
{
    const json_t *thrown = json_object_get(result, "exceptionDetails");
    json_t *returned = json_object_get(json_object_get(result, "result"), "value");

    if (thrown != NULL) {
        const char *text = sb_cdp_text(json_object_get(thrown, "exception"), "description");
        if (text[0] == '\0')
            text = sb_cdp_text(thrown, "text");
        return sb_error_set(err, SB_ERR_INVALID, "%.*s", (int)strcspn(text, "\n"), text);
    }
    if (returned == NULL)
        return sb_error_set(err, SB_ERR_PROTOCOL, "the page gave no value");
    *value = json_incref(returned);
    return SB_OK;
}

static enum sb_err evaluate(struct sb_context *context, const char *expression, const struct sb_op *op, json_t **value, struct sb_error *err)
{
    json_t *result = NULL;
    enum sb_err rc = sb_context_call(context, "Runtime.evaluate",
                                     json_pack("{s:s,s:b,s:b}", "expression", expression, "returnByValue", 1, "awaitPromise", 1), op, &result,
                                     err);
    if (rc == SB_OK)
        rc = read_value(result, value, err);
    json_decref(result);
    return rc;
}

enum sb_err sb_page_call(struct sb_context *context, const char *function, json_t *args, const struct sb_op *op, json_t **value,
                         struct sb_error *err)
{
    char *expression = args != NULL ? write_expression(function, args) : NULL;
    enum sb_err rc;

    json_decref(args);
    if (expression == NULL)
        return sb_error_set(err, SB_ERR_INVALID, "a selector or text is not valid UTF-8, or memory ended");
    for (;;) {
        rc = evaluate(context, expression, op, value, err);
        if (rc != SB_ERR_CONFLICT)
            break;
        /* Between two documents there is nothing to run in. The next news, or a moment, and then again until the op is over. */
        const struct sb_op moment = sb_op_within(op, SB_MS(20));
        rc = sb_context_wait_news(context, &moment, err);
        if (rc == SB_ERR_TIMEOUT)
            rc = sb_op_check(op, "the page keeps changing its document", err);
        if (rc != SB_OK)
            break;
    }
    free(expression);
    return rc;
}

static const char source_script[] =
    "function(max){var e=document.documentElement;return e?e.outerHTML.slice(0,max).toWellFormed():'';}";

enum sb_err sb_page_source(struct sb_context *context, size_t max, const struct sb_op *op, char **html, struct sb_error *err)
{
    json_t *value = NULL;
    json_int_t chars = max < SB_CDP_MESSAGE_MAX / 8 ? (json_int_t)max : SB_CDP_MESSAGE_MAX / 8;
    enum sb_err rc = sb_page_call(context, source_script, json_pack("[I]", chars), op, &value, err);

    if (rc != SB_OK) {
        (void)sb_error_wrap(err, "page source of %.120s", context->url);
        return rc;
    }
    if (json_is_string(value)) {
        size_t size = sb_page_utf8_cut(json_string_value(value), json_string_length(value), max);
        char *copy = strndup(json_string_value(value), size);
        if (copy != NULL)
            *html = copy;
        else
            rc = sb_error_set(err, SB_ERR_NOMEM, "no memory for the page source (%zu bytes)", size);
    } else {
        rc = sb_error_set(err, SB_ERR_PROTOCOL, "the page source is not a text");
    }
    json_decref(value);
    return rc;
}
