/* Keys and scrolling. Runs on the thread that uses the context. */
#include "chromium.h"

#include "signalbox/base/text.h"

#include <string.h>

/* Names as the DOM has them (UI Events, KeyboardEvent.key), with the Windows key codes that pages still read. */
static const struct key {
    const char *key, *code;
    int number;
    const char *text; /* what it types, or NULL */
} keys[] = {
    { "Enter", "Enter", 13, "\r" },       { "Tab", "Tab", 9, NULL },           { "Escape", "Escape", 27, NULL },
    { "Backspace", "Backspace", 8, NULL },{ "Delete", "Delete", 46, NULL },    { "Space", "Space", 32, " " },
    { "ArrowLeft", "ArrowLeft", 37, NULL }, { "ArrowUp", "ArrowUp", 38, NULL }, { "ArrowRight", "ArrowRight", 39, NULL },
    { "ArrowDown", "ArrowDown", 40, NULL }, { "Home", "Home", 36, NULL },       { "End", "End", 35, NULL },
    { "PageUp", "PageUp", 33, NULL },     { "PageDown", "PageDown", 34, NULL },
};

static json_t *key_event(const struct key *key, bool is_down)
{
    const char *type = !is_down ? "keyUp" : key->text != NULL ? "keyDown" : "rawKeyDown";
    const char *name = sb_streq(key->key, "Space") ? " " : key->key;
    json_t *event = json_pack("{s:s,s:s,s:s,s:i,s:i}", "type", type, "key", name, "code", key->code, "windowsVirtualKeyCode", key->number,
                              "nativeVirtualKeyCode", key->number);

    if (event != NULL && is_down && key->text != NULL)
        (void)json_object_set_new(event, "text", json_string(key->text));
    return event;
}

static enum sb_err send_key(struct sb_context *context, const struct key *key, const struct sb_op *op, struct sb_error *err)
{
    struct sb_call calls[2] = { { .wake_fd = context->wake_fd }, { .wake_fd = context->wake_fd } };
    enum sb_err rc = sb_call_begin(&calls[0], context->chromium, NULL, context, "Input.dispatchKeyEvent", key_event(key, true), err);

    if (rc == SB_OK)
        rc = sb_call_begin(&calls[1], context->chromium, NULL, context, "Input.dispatchKeyEvent", key_event(key, false), err);
    for (size_t i = 0; i < SB_LEN(calls); i++) {
        if (rc == SB_OK)
            rc = sb_call_end(&calls[i], op, NULL, err);
        else
            sb_call_drop(&calls[i]);
        if (rc == SB_ERR_CONFLICT)
            rc = SB_OK; /* the key led to another document before it was answered */
    }
    return rc;
}

enum sb_err sb_page_press(struct sb_context *context, const char *key, const struct sb_op *op, struct sb_error *err)
{
    char letter[8] = "";
    struct key plain = { letter, "", 0, letter };
    const struct key *found = NULL;
    uint32_t code_point = 0;
    size_t length = strlen(key);

    for (size_t i = 0; i < SB_LEN(keys); i++)
        if (sb_streq(keys[i].key, key))
            found = &keys[i];
    /* Any single character is a key which types itself. */
    if (found == NULL && length > 0 && sb_utf8_decode(key, length, &code_point) == length && code_point >= ' ' && code_point != 0x7f) {
        (void)sb_copy(letter, sizeof(letter), key);
        found = &plain;
    }
    if (found == NULL)
        return sb_error_set(err, SB_ERR_INVALID, "press %.40s: no such key; use Enter, Tab, Escape, Backspace, Delete, Space, Home, End, PageUp, "
                                                 "PageDown, ArrowUp, ArrowDown, ArrowLeft, ArrowRight or one character", key);
    enum sb_err rc = send_key(context, found, op, err);
    if (rc != SB_OK && err != NULL)
        (void)sb_error_wrap(err, "press %s on %.100s", found->key, context->url);
    return rc;
}

/* Scrolls what is under the middle of the window and can scroll, as a wheel there would. */
static const char scroll_script[] =
    "function(pixels){var e=document.elementFromPoint(innerWidth/2,innerHeight/2);"
    "for(;e&&e!==document.body&&e!==document.documentElement;e=e.parentElement){"
    "var o=getComputedStyle(e).overflowY;if((o==='auto'||o==='scroll')&&e.scrollHeight>e.clientHeight)break;}"
    "var s=e&&e!==document.body?e:document.scrollingElement;"
    "if(s)s.scrollBy({top:pixels,behavior:'instant'});return true;}";

enum sb_err sb_page_scroll(struct sb_context *context, int pixels, const struct sb_op *op, struct sb_error *err)
{
    json_t *value = NULL;
    enum sb_err rc = sb_page_call(context, scroll_script, json_pack("[i]", pixels), op, &value, err);

    json_decref(value);
    if (rc != SB_OK && err != NULL)
        (void)sb_error_wrap(err, "scroll by %d on %.100s", pixels, context->url);
    return rc;
}
