/* What the browser's contract tests share: the service, the server, short forms, and looking at processes. */
#ifndef SIGNALBOX_TESTS_BROWSER_SUPPORT_H
#define SIGNALBOX_TESTS_BROWSER_SUPPORT_H

#include "browser_pages.h"

#include "signalbox/ports/browser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

static struct server server;
static struct sb_browser *browser;
static struct sb_browser_setup setup_wanted;

/* SIGNALBOX_TEST_BROWSER=chromium runs the same contract against another executable. */
static inline void choose_browser(void)
{
    setup_wanted.executable = getenv("SIGNALBOX_TEST_BROWSER");
}

#define PATIENCE SB_S(20) /* a machine under load; nothing takes this long when it works */

static inline struct sb_op within(int ms)
{
    return (struct sb_op){ .deadline = sb_now() + SB_MS(ms) };
}

static inline const char *address(const char *path)
{
    static char text[256];

    (void)snprintf(text, sizeof(text), "http://127.0.0.1:%d%s", server.port, path);
    return text;
}

static inline void expect_code(enum sb_err got, enum sb_err wanted, const struct sb_error *error)
{
    if (got != wanted)
        fail_msg("got \"%s\" (%s), wanted \"%s\"", sb_err_text(got), error->text, sb_err_text(wanted));
}

static inline void expect_said(const struct sb_error *error, const char *part)
{
    if (strstr(error->text, part) == NULL)
        fail_msg("\"%s\" does not name \"%s\"", error->text, part);
}

static inline struct sb_context *open_context(void)
{
    struct sb_error error = { 0 };
    struct sb_context *context = NULL;
    const struct sb_op op = within(20000);

    expect_code(browser->ops->open(browser, NULL, 0, &op, &context, &error), SB_OK, &error);
    return context;
}

static inline struct sb_navigation go(struct sb_context *context, const char *path)
{
    struct sb_error error = { 0 };
    struct sb_navigation navigation = { 0 };
    const struct sb_op op = within(15000);

    expect_code(browser->ops->go(context, address(path), &op, &navigation, &error), SB_OK, &error);
    return navigation;
}

static inline struct sb_context *open_at(const char *path)
{
    struct sb_context *context = open_context();

    (void)go(context, path);
    return context;
}

static inline void wait_for(struct sb_context *context, const char *selector)
{
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);

    expect_code(browser->ops->wait(context, selector, &op, &error), SB_OK, &error);
}

static inline void click(struct sb_context *context, const char *selector)
{
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);

    expect_code(browser->ops->click(context, selector, &op, &error), SB_OK, &error);
}

/* {"v":"..."} of one element's text or attribute. */
static inline void expect_shown(struct sb_context *context, const char *selector, const char *attribute, const char *wanted)
{
    const struct sb_extract_field field = { .name = "v", .selector = "", .attribute = attribute, .type = SB_VALUE_TEXT };
    struct sb_error error = { 0 };
    const struct sb_op op = within(10000);
    char *json = NULL, expected[256];

    expect_code(browser->ops->extract(context, selector, &field, 1, false, 1, &op, &json, &error), SB_OK, &error);
    (void)snprintf(expected, sizeof(expected), "{\"v\":\"%s\"}", wanted);
    assert_string_equal(json, expected);
    free(json);
}

/* ---- processes: what is left of a group, zombies not counted ---- */

static inline int group_of(int pid)
{
    return (int)getpgid(pid);
}

static inline int group_members(int group)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    int count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char path[300], line[512], state = 'Z';
        int found_group = -1;
        (void)snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
        FILE *file = entry->d_name[0] >= '0' && entry->d_name[0] <= '9' ? fopen(path, "re") : NULL;
        if (file == NULL)
            continue;
        const char *rest = fgets(line, sizeof(line), file) != NULL ? strrchr(line, ')') : NULL;
        if (rest != NULL && sscanf(rest, ") %c %*d %d", &state, &found_group) == 2)
            count += found_group == group && state != 'Z' && state != 'X';
        (void)fclose(file);
    }
    (void)closedir(dir);
    return count;
}

/* A pause between two looks at something outside which announces nothing. */
static inline void pause_ms(int ms)
{
    (void)poll(NULL, 0, ms);
}

#endif
