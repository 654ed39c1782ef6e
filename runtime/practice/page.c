/* Writing answers: pages with everything untrusted escaped, JSON, redirects, and reading forms. On the daemon's thread; keeps nothing. */
#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sb_page_add(struct sb_page *page, const char *markup)
{
    sb_text_add(&page->text, markup);
}

void sb_page_addf(struct sb_page *page, const char *format, ...)
{
    char buf[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(buf, sizeof buf, format, args);
    va_end(args);
    sb_text_add(&page->text, buf);
}

struct entity {
    char c;
    const char *text;
};

static const struct entity entities[] = {
    { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" },
};

void sb_page_escaped(struct sb_page *page, const char *text)
{
    while (*text) {
        const size_t plain = strcspn(text, "&<>\"'");
        sb_text_add_n(&page->text, text, plain);
        text += plain;
        for (size_t i = 0; *text && i < SB_LEN(entities); i++) {
            if (entities[i].c == *text) {
                sb_text_add(&page->text, entities[i].text);
                text++;
                break;
            }
        }
    }
}

static void add_navigation(struct sb_page *page, const struct sb_call *call)
{
    sb_page_add(page, "<header class=\"top\"><a class=\"brand\" href=\"/home\">practice</a><nav>");
    if (call->account == SB_WORLD_NO_ACCOUNT) {
        sb_page_add(page, "<a href=\"/login\" data-role=\"log-in\">Log in</a></nav></header>\n");
        return;
    }
    const char *handle = sb_world_account(call->account)->handle;
    sb_page_add(page, "<a href=\"/home\">Home</a><a href=\"/search\">Search</a><a href=\"/compose\" data-role=\"compose\">Post</a>");
    sb_page_addf(page, "<a href=\"/@%s\" data-role=\"me\" data-handle=\"%s\">@%s</a>", handle, handle, handle);
    sb_page_add(page, "<form method=\"post\" action=\"/logout\"><button data-role=\"log-out\">Log out</button></form></nav></header>\n");
}

bool sb_page_begin(struct sb_page *page, const struct sb_call *call, const char *title)
{
    page->buf = malloc(SB_PAGE_BYTES_MAX);
    if (!page->buf) {
        return false;
    }
    sb_text_init(&page->text, page->buf, SB_PAGE_BYTES_MAX);
    sb_page_add(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    sb_page_escaped(page, title);
    sb_page_add(page, " - practice</title>\n<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/app.css\">\n</head>\n<body>\n");
    add_navigation(page, call);
    sb_page_add(page, "<main>\n");
    return true;
}

void sb_page_end(struct sb_page *page, struct sb_answer *answer, unsigned status)
{
    sb_page_add(page, "</main>\n<footer>A practice world on this machine. Nothing here leaves it.</footer>\n</body>\n</html>\n");
    if (page->text.is_cut) {
        free(page->buf);
        sb_answer_error(answer, 500, "page_too_large", "the page does not fit its buffer");
        return;
    }
    answer->status = status;
    answer->type = "text/html; charset=utf-8";
    answer->body = page->buf;
}

/* 950, 1.2K, 3.4M: what people see; programs read data-value. */
static void add_short_number(struct sb_page *page, uint64_t value)
{
    const uint64_t unit = value >= 1000000u ? 1000000u : 1000u;
    if (value < 1000u) {
        sb_page_addf(page, "%llu", (unsigned long long)value);
        return;
    }
    sb_page_addf(page, "%llu.%llu%c", (unsigned long long)(value / unit), (unsigned long long)(value % unit * 10u / unit),
                 unit == 1000u ? 'K' : 'M');
}

static void add_counter(struct sb_page *page, const char *name, uint64_t value)
{
    sb_page_addf(page, "<li data-role=\"%s\" data-value=\"%llu\"><b>", name, (unsigned long long)value);
    add_short_number(page, value);
    sb_page_addf(page, "</b> %s</li>", name);
}

static void add_byline(struct sb_page *page, const struct sb_world_account *author, const char *id, const char *time)
{
    sb_page_addf(page, "<header><a class=\"author\" data-role=\"author\" href=\"/@%s\">", author->handle);
    sb_page_escaped(page, author->name);
    sb_page_addf(page, "</a> <span class=\"handle\">@%s</span> ", author->handle);
    sb_page_addf(page, "<a data-role=\"permalink\" href=\"/post/%s\"><time datetime=\"%s\">%s</time></a></header>\n", id, time, time);
}

void sb_page_post(struct sb_page *page, const struct sb_call *call, uint32_t index, const char *role)
{
    const struct sb_world *world = call->parts->world;
    const struct sb_world_post *post = sb_world_post(world, index);
    const struct sb_world_account *author = sb_world_account(post->author);
    const struct sb_world_counters counters = sb_world_counters(world, index, call->now_ms);
    char id[SB_WORLD_ID_MAX], target[SB_WORLD_ID_MAX] = "", stamp[40];
    struct sb_text time;
    sb_text_init(&time, stamp, sizeof stamp);
    sb_text_add_wall(&time, (struct sb_wall){ post->at_ms * 1000000 }, true);
    sb_world_post_id(world, index, id);
    if (post->reply_to != SB_WORLD_NO_POST) {
        sb_world_post_id(world, post->reply_to, target);
    }
    sb_page_addf(page, "<article class=\"post\" data-role=\"%s\" data-id=\"%s\" data-author=\"%s\" data-time=\"%s\" data-reply-to=\"%s\">\n",
                 role, id, author->handle, stamp, target);
    add_byline(page, author, id, stamp);
    if (target[0]) {
        sb_page_addf(page, "<p class=\"note\">In reply to <a data-role=\"parent\" href=\"/post/%s\">a post</a></p>\n", target);
    }
    sb_page_add(page, "<p class=\"text\" data-role=\"text\" dir=\"auto\">");
    sb_page_escaped(page, post->text);
    sb_page_add(page, "</p>\n<ul class=\"counters\">");
    add_counter(page, "replies", counters.replies);
    add_counter(page, "reposts", counters.reposts);
    add_counter(page, "likes", counters.likes);
    add_counter(page, "views", counters.views);
    sb_page_add(page, "</ul>\n</article>\n");
}

void sb_answer_json(struct sb_answer *answer, unsigned status, struct sb_json_out *out)
{
    char *text = out ? sb_json_out_take(out) : NULL;
    sb_json_out_destroy(out);
    answer->type = "application/json";
    answer->status = text ? status : 500;
    answer->body = text;
    if (!text) {
        answer->fixed = "{\"error\":{\"code\":\"out_of_memory\",\"message\":\"the answer does not fit\"}}";
    }
}

void sb_answer_error(struct sb_answer *answer, unsigned status, const char *code, const char *message)
{
    struct sb_json_out *out = sb_json_out_create(4096);
    if (out) {
        sb_json_object_begin(out);
        sb_json_key(out, "error");
        sb_json_object_begin(out);
        sb_json_key(out, "code");
        sb_json_string(out, code);
        sb_json_key(out, "type");
        sb_json_string(out, code);
        sb_json_key(out, "message");
        sb_json_string(out, message);
        sb_json_object_end(out);
        sb_json_object_end(out);
    }
    sb_answer_json(answer, status, out);
}

void sb_answer_redirect(struct sb_answer *answer, const char *location)
{
    answer->status = 303;
    answer->type = "text/plain";
    answer->fixed = "";
    sb_copy(answer->location, sizeof answer->location, location);
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes "a+b%21" of `size` bytes. A broken escape stays as it is, a NUL is dropped. */
static void decode(const char *from, size_t size, char *out, size_t cap)
{
    struct sb_text text;
    sb_text_init(&text, out, cap);
    for (size_t i = 0; i < size; i++) {
        char c = from[i] == '+' ? ' ' : from[i];
        if (c == '%' && i + 2 < size && hex(from[i + 1]) >= 0 && hex(from[i + 2]) >= 0) {
            c = (char)(hex(from[i + 1]) * 16 + hex(from[i + 2]));
            i += 2;
        }
        if (c) {
            sb_text_add_char(&text, c);
        }
    }
}

bool sb_call_form(const struct sb_call *call, const char *name, char *out, size_t cap)
{
    const size_t name_size = strlen(name);
    for (const char *at = call->body; *at;) {
        const size_t size = strcspn(at, "&");
        if (size > name_size && at[name_size] == '=' && strncmp(at, name, name_size) == 0) {
            decode(at + name_size + 1, size - name_size - 1, out, cap);
            return true;
        }
        at += size;
        at += *at == '&';
    }
    return false;
}
