/* The pages of the practice site. On the daemon's thread; reads the world, changes only sessions. Whatever a post or a query says is
 * escaped; no page holds anything of a user inside a script. */
#include "call.h"

#include "signalbox/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOME_POSTS = 30, PROFILE_POSTS = 50, REPLIES_MAX = 100, FOUND_MAX = 30, QUERY_MAX = 100 };

static void no_memory(struct sb_answer *answer)
{
    sb_answer_error(answer, 500, "out_of_memory", "no memory for a page");
}

static void not_found(struct sb_call *call, struct sb_answer *answer)
{
    struct sb_page page;
    if (!sb_page_begin(&page, call, "Not found")) {
        no_memory(answer);
        return;
    }
    sb_page_add(&page, "<p class=\"error\" data-role=\"not-found\">This page does not exist.</p>\n");
    sb_page_end(&page, answer, 404);
}

/* Only a path of this site, so that a link to the log-in page cannot lead elsewhere. */
static bool is_local_path(const char *path)
{
    return path[0] == '/' && path[1] != '/' && path[1] != '\\' && strlen(path) < 128 && !strpbrk(path, "\r\n");
}

static void write_login(struct sb_call *call, struct sb_answer *answer, unsigned status, const char *next, const char *problem)
{
    struct sb_page page;
    if (!sb_page_begin(&page, call, "Log in")) {
        no_memory(answer);
        return;
    }
    sb_page_add(&page, "<h1>Log in</h1>\n");
    if (problem) {
        sb_page_addf(&page, "<p class=\"error\" data-role=\"error\">%s</p>\n", problem);
    }
    sb_page_add(&page, "<form method=\"post\" action=\"/login\" data-role=\"login\">\n<input type=\"hidden\" name=\"next\" value=\"");
    sb_page_escaped(&page, next);
    sb_page_add(&page, "\">\n<label>Name <input id=\"username\" name=\"username\" autocomplete=\"username\" required></label>\n"
                       "<label>Password <input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" "
                       "required></label>\n<button type=\"submit\" data-role=\"submit\">Log in</button>\n</form>\n");
    sb_page_end(&page, answer, status);
}

void sb_site_root(struct sb_call *call, struct sb_answer *answer)
{
    (void)call;
    sb_answer_redirect(answer, "/home");
}

void sb_site_login_page(struct sb_call *call, struct sb_answer *answer)
{
    const char *next = sb_call_query(call, "next");
    write_login(call, answer, 200, next && is_local_path(next) ? next : "/home", NULL);
}

void sb_site_log_in(struct sb_call *call, struct sb_answer *answer)
{
    char name[64] = "", password[64] = "", next[128] = "";
    (void)sb_call_form(call, "username", name, sizeof name);
    (void)sb_call_form(call, "password", password, sizeof password);
    (void)sb_call_form(call, "next", next, sizeof next);
    const uint32_t account = sb_world_find_account(name);
    if (!is_local_path(next)) {
        sb_copy(next, sizeof next, "/home");
    }
    if (account == SB_WORLD_NO_ACCOUNT || !sb_streq(password, SB_PRACTICE_PASSWORD)) {
        write_login(call, answer, 401, next, "Name or password is wrong.");
        return;
    }
    const char *token = sb_world_log_in(call->parts->world, account);
    sb_mutex_lock(call->parts->stats_mutex);
    call->parts->stats.logins++;
    sb_mutex_unlock(call->parts->stats_mutex);
    snprintf(answer->cookie, sizeof answer->cookie, "sid=%s; Path=/; HttpOnly; SameSite=Lax", token);
    sb_answer_redirect(answer, next);
}

void sb_site_log_out(struct sb_call *call, struct sb_answer *answer)
{
    sb_world_log_out(call->parts->world, call->session);
    snprintf(answer->cookie, sizeof answer->cookie, "sid=; Path=/; Max-Age=0");
    sb_answer_redirect(answer, "/login");
}

/* Index below which a list goes on: that of ?before=ID, or all. */
static uint32_t list_end(const struct sb_call *call)
{
    const char *before = sb_call_query(call, "before");
    const uint32_t index = before ? sb_world_find_post(call->parts->world, before) : SB_WORLD_NO_POST;
    return index == SB_WORLD_NO_POST ? sb_world_post_count(call->parts->world) : index;
}

static bool is_hidden(const struct sb_call *call, const struct sb_world_post *post)
{
    return call->fault_age_ms > 0 && post->at_ms > call->now_ms - (int64_t)call->fault_age_ms;
}

static unsigned long long count_posts(const struct sb_call *call, uint32_t account)
{
    unsigned long long count = sb_world_posts_of(call->parts->world, account);
    for (uint32_t i = call->fault_age_ms > 0 ? sb_world_post_count(call->parts->world) : 0; i-- > 0;) {
        const struct sb_world_post *post = sb_world_post(call->parts->world, i);
        count -= post->author == account && is_hidden(call, post);
    }
    return count;
}

/* The newest posts below list_end, of one account or all; then a link to the older ones when there are any. */
static void write_list(struct sb_page *page, struct sb_call *call, uint32_t account, unsigned max)
{
    unsigned shown = 0;
    char last[SB_WORLD_ID_MAX] = "";
    sb_page_add(page, "<section data-role=\"posts\">\n");
    for (uint32_t i = list_end(call); i-- > 0;) {
        const struct sb_world_post *post = sb_world_post(call->parts->world, i);
        if ((account != SB_WORLD_NO_ACCOUNT && post->author != account) || is_hidden(call, post)) {
            continue;
        }
        if (shown == max) {
            sb_page_addf(page, "<p><a data-role=\"older\" rel=\"next\" href=\"%s?before=%s\">Older</a></p>\n",
                         account == SB_WORLD_NO_ACCOUNT ? "/home" : call->path, last);
            break;
        }
        sb_page_post(page, call, i, "post");
        sb_world_post_id(call->parts->world, i, last);
        shown++;
    }
    sb_page_add(page, "</section>\n");
}

void sb_site_home(struct sb_call *call, struct sb_answer *answer)
{
    struct sb_page page;
    if (!sb_page_begin(&page, call, "Home")) {
        no_memory(answer);
        return;
    }
    sb_page_add(&page, "<h1>Home</h1>\n");
    write_list(&page, call, SB_WORLD_NO_ACCOUNT, HOME_POSTS);
    sb_page_end(&page, answer, 200);
}

void sb_site_profile(struct sb_call *call, struct sb_answer *answer)
{
    struct sb_page page;
    const uint32_t index = sb_world_find_account(call->argument);
    if (index == SB_WORLD_NO_ACCOUNT) {
        not_found(call, answer);
        return;
    }
    const struct sb_world_account *account = sb_world_account(index);
    const unsigned long long followers = sb_world_followers(call->parts->world, index, call->now_ms);
    const unsigned long long posts = count_posts(call, index);
    if (!sb_page_begin(&page, call, account->name)) {
        no_memory(answer);
        return;
    }
    sb_page_addf(&page, "<section class=\"profile\" data-role=\"profile\" data-handle=\"%s\">\n<h1>", account->handle);
    sb_page_escaped(&page, account->name);
    sb_page_addf(&page, "</h1>\n<p class=\"handle\">@%s</p>\n<p data-role=\"bio\">", account->handle);
    sb_page_escaped(&page, account->bio);
    sb_page_addf(&page, "</p>\n<ul class=\"counters\"><li data-role=\"followers\" data-value=\"%llu\"><b>%llu</b> followers</li>", followers,
                 followers);
    sb_page_addf(&page, "<li data-role=\"post-count\" data-value=\"%llu\"><b>%llu</b> posts</li></ul>\n</section>\n", posts, posts);
    write_list(&page, call, index, PROFILE_POSTS);
    sb_page_end(&page, answer, 200);
}

static void write_replies(struct sb_page *page, struct sb_call *call, uint32_t parent)
{
    const uint32_t count = sb_world_post_count(call->parts->world);
    unsigned shown = 0;
    sb_page_add(page, "<section data-role=\"replies\">\n");
    for (uint32_t i = parent + 1; i < count && shown < REPLIES_MAX; i++) {
        if (sb_world_post(call->parts->world, i)->reply_to == parent) {
            sb_page_post(page, call, i, "reply");
            shown++;
        }
    }
    sb_page_add(page, "</section>\n");
}

void sb_site_item(struct sb_call *call, struct sb_answer *answer)
{
    struct sb_page page;
    const uint32_t index = sb_world_find_post(call->parts->world, call->argument);
    if (index == SB_WORLD_NO_POST) {
        not_found(call, answer);
        return;
    }
    if (!sb_page_begin(&page, call, "Post")) {
        no_memory(answer);
        return;
    }
    sb_page_post(&page, call, call->fault == SB_PRACTICE_FAULT_WRONG_AUTHOR ? sb_world_other_author(call->parts->world, index) : index, "item");
    sb_page_addf(&page, "<p><a data-role=\"reply\" href=\"/compose?reply_to=%s\">Reply</a></p>\n", call->argument);
    write_replies(&page, call, index);
    sb_page_end(&page, answer, 200);
}

static void write_found(struct sb_page *page, struct sb_call *call, const char *query)
{
    unsigned found = 0;
    sb_page_add(page, "<section data-role=\"posts\">\n");
    for (uint32_t i = sb_world_post_count(call->parts->world); i-- > 0 && found < FOUND_MAX;) {
        if (strcasestr(sb_world_post(call->parts->world, i)->text, query)) {
            sb_page_post(page, call, i, "post");
            found++;
        }
    }
    sb_page_add(page, "</section>\n");
    if (found == 0) {
        sb_page_add(page, "<p class=\"note\" data-role=\"nothing\">Nothing was found.</p>\n");
    }
}

void sb_site_search(struct sb_call *call, struct sb_answer *answer)
{
    struct sb_page page;
    const char *query = sb_call_query(call, "q");
    query = query && strlen(query) <= QUERY_MAX ? query : "";
    if (!sb_page_begin(&page, call, "Search")) {
        no_memory(answer);
        return;
    }
    sb_page_add(&page, "<h1>Search</h1>\n<form method=\"get\" action=\"/search\" data-role=\"search\"><input name=\"q\" value=\"");
    sb_page_escaped(&page, query);
    sb_page_add(&page, "\"> <button type=\"submit\">Search</button></form>\n");
    if (query[0]) {
        write_found(&page, call, query);
    }
    sb_page_end(&page, answer, 200);
}

void sb_site_compose(struct sb_call *call, struct sb_answer *answer)
{
    struct sb_page page;
    const char *target = sb_call_query(call, "reply_to");
    const uint32_t parent = target ? sb_world_find_post(call->parts->world, target) : SB_WORLD_NO_POST;
    if (target && parent == SB_WORLD_NO_POST) {
        not_found(call, answer);
        return;
    }
    if (!sb_page_begin(&page, call, "New post")) {
        no_memory(answer);
        return;
    }
    if (parent != SB_WORLD_NO_POST) {
        sb_page_post(&page, call, parent, "parent-post");
    }
    /* The id was found above, so it consists of digits only. */
    sb_page_addf(&page, "<form data-role=\"composer\" data-reply-to=\"%s\">\n", target ? target : "");
    sb_page_addf(&page, "<label>As @%s <textarea id=\"text\" name=\"text\" data-role=\"text\" required></textarea></label>\n",
                 sb_world_account(call->account)->handle);
    sb_page_add(&page, "<span class=\"note\" data-role=\"count\"></span>\n<button type=\"submit\" data-role=\"submit\">Post</button>\n</form>\n"
                       "<div data-role=\"status\" aria-live=\"polite\"></div>\n<script src=\"/compose.js\"></script>\n");
    sb_page_end(&page, answer, 200);
}
