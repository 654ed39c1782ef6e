/* Looks at templates without expanding them: every {{path}} must begin with a root that exists and name a step that ran before. One
 * thread. Never evaluates anything. */
#include "bind.h"

#include <stdio.h>
#include <string.h>

enum { TEMPLATE_PATH_MAX = 200 };

static const struct root {
    const char *name;
    bool has_rest; /* must go on after a dot */
} ROOTS[] = {{"now", false}, {"hour", false}, {"account", false}, {"job", false}, {"run", false}, {"tier", false},
             {"steps", true}, {"item", false}, {"with", true}};

/* Cuts the first part off a dotted path. */
static const char *take_part(const char *path, char *part, size_t cap)
{
    size_t size = strcspn(path, ".");
    (void)sb_copy_n(part, cap, path, size);
    return path[size] == '.' ? path + size + 1 : path + size;
}

static void check_step(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, const char *rest)
{
    char name[SB_NAME_MAX];
    char hint[120];
    struct sb_cfg_guess guess;
    (void)take_part(rest, name, sizeof name);
    sb_cfg_guess_init(&guess, name);
    for (size_t i = 0; i < binder->scope.step_count; i++) {
        if (sb_streq(binder->scope.steps[i], name)) {
            return;
        }
        sb_cfg_guess_try(&guess, binder->scope.steps[i]);
    }
    sb_cfg_blame(binder, node, sb_cfg_guess_hint(&guess, hint, sizeof hint), "no earlier step of this job is called \"%s\"", name);
}

void sb_cfg_check_path(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, const char *path)
{
    char root[SB_NAME_MAX];
    char hint[120];
    struct sb_cfg_guess guess;
    const char *rest = take_part(path, root, sizeof root);
    sb_cfg_guess_init(&guess, root);
    for (size_t i = 0; i < SB_LEN(ROOTS); i++) {
        if (!sb_streq(ROOTS[i].name, root)) {
            sb_cfg_guess_try(&guess, ROOTS[i].name);
            continue;
        }
        if (ROOTS[i].has_rest && rest[0] == '\0') {
            sb_cfg_blame(binder, node, NULL, "{{%s}} must go on with .NAME", root);
        } else if (sb_streq(root, "steps") && !binder->scope.is_flow) {
            check_step(binder, node, rest);
        } else if (sb_streq(root, "steps")) {
            sb_cfg_blame(binder, node, "pass the value with the step's `with`, and use {{with.NAME}} here",
                         "a flow does not know the steps of a job");
        } else if (sb_streq(root, "with") && !binder->scope.is_flow) {
            sb_cfg_blame(binder, node, NULL, "{{with.%.60s}}: arguments exist only inside the flows of a site", rest);
        } else if (sb_streq(root, "item") && !binder->scope.is_flow && !binder->scope.has_item) {
            sb_cfg_blame(binder, node, "add for_each: steps.NAME.LIST to this step", "{{item}} exists only with for_each");
        }
        return;
    }
    sb_cfg_blame(binder, node, sb_cfg_guess_hint(&guess, hint, sizeof hint),
                 "{{%.80s}} names nothing; a path begins with now, account, job, run, tier, steps, item or with", path);
}

/* Cuts the next path out of the text; NULL when there is no further one. `path` is "" when it is not closed, empty or too long. */
static const char *next_path(const char *at, char path[TEMPLATE_PATH_MAX])
{
    const char *open = strstr(at, "{{");
    path[0] = '\0';
    if (open == NULL) {
        return NULL;
    }
    const char *from = open + 2;
    const char *close = strstr(from, "}}");
    if (close == NULL) {
        return from;
    }
    const char *to = close;
    while (from < to && *from == ' ') {
        from++;
    }
    while (to > from && to[-1] == ' ') {
        to--;
    }
    if (to - from < TEMPLATE_PATH_MAX) {
        (void)sb_copy_n(path, TEMPLATE_PATH_MAX, from, (size_t)(to - from));
    }
    return close + 2;
}

void sb_cfg_check_template(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, const char *text)
{
    char path[TEMPLATE_PATH_MAX];
    const char *at = text;
    while ((at = next_path(at, path)) != NULL) {
        if (path[0] == '\0') {
            sb_cfg_blame(binder, node, NULL, "\"{{\" without a path of 1 to %d characters and \"}}\"", TEMPLATE_PATH_MAX - 1);
            return;
        }
        sb_cfg_check_path(binder, node, path);
    }
}

void sb_cfg_each_argument(const char *text, void (*visit)(void *arg, const char *name), void *arg)
{
    char path[TEMPLATE_PATH_MAX];
    const char *at = text;
    while (at != NULL && (at = next_path(at, path)) != NULL) {
        if (strncmp(path, "with.", 5) == 0) {
            visit(arg, path + 5);
        }
    }
}
