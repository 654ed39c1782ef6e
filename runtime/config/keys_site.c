/* Key table of site profiles. Constant data and what follows inside one action. */
#include "bind.h"
#include "key_macros.h"

#include "signalbox/base/text.h"

#include <stdio.h>
#include <string.h>

static const char *value_text(unsigned value)
{
    static const char *const TEXTS[] = {
#define VALUE_TEXT(code, text) [SB_VALUE_##code] = text,
        SB_LIST_VALUE(VALUE_TEXT)
#undef VALUE_TEXT
    };
    return value < SB_VALUE_COUNT ? TEXTS[value] : "?";
}

static const char *resource_text(unsigned value)
{
    static const char *const TEXTS[] = {
#define RESOURCE_TEXT(code, text) [SB_RESOURCE_##code] = text,
        SB_LIST_RESOURCE(RESOURCE_TEXT)
#undef RESOURCE_TEXT
    };
    return value < SB_RESOURCE_COUNT ? TEXTS[value] : "?";
}

/* ------------------------------------------------------------------------------------------------ actions */

static const struct sb_cfg_key FIELD_KEYS[] = {
    {TEXT("selector", sb_extract_field, selector, NULL, "", "CSS selector inside the item; empty: the item itself.")},
    {TEXT("attribute", sb_extract_field, attribute, sb_cfg_check_key, NULL, "Attribute to read."), NOTE("the text content")},
    {CHOICE("type", sb_extract_field, type, value_text, SB_VALUE_COUNT, "text", "What the text is: numbers accept 1,234 and 1.2K.")},
    {FLAG("optional", sb_extract_field, is_optional, "false", "May be missing.")},
};

static const struct sb_cfg_section FIELD = {
    .title = "field", .help = "One value of an item; a plain text is its selector.", SECTION_OF(FIELD_KEYS, sb_extract_field),
    .has_name = true, .name_offset = offsetof(struct sb_extract_field, name), .shorthand = "selector"};

static const struct sb_cfg_key ANSWER_FIELD_KEYS[] = {
    {TEXT("path", sb_extract_field, selector, sb_cfg_check_some, NULL, "Path in the JSON answer, e.g. post.id."), REQUIRED},
    {CHOICE("type", sb_extract_field, type, value_text, SB_VALUE_COUNT, "text", "What the value is.")},
    {FLAG("optional", sb_extract_field, is_optional, "false", "May be missing.")},
};

static const struct sb_cfg_section ANSWER_FIELD = {
    .title = "field", .help = "One value of the answer; a plain text is its path.",
    SECTION_OF(ANSWER_FIELD_KEYS, sb_extract_field), .has_name = true, .name_offset = offsetof(struct sb_extract_field, name),
    .shorthand = "path"};

static const struct sb_cfg_key TYPE_KEYS[] = {
    {TEMPLATE("selector", sb_action, selector, sb_cfg_check_some, "Where to type."), REQUIRED},
    {TEMPLATE("text", sb_action, text, NULL, "What to type."), REQUIRED},
};

static const struct sb_cfg_section TYPE = {.title = "type", .help = "Replaces the text of a field.", SECTION_OF(TYPE_KEYS, sb_action)};

static const struct sb_cfg_key EXTRACT_KEYS[] = {
    {TEMPLATE("selector", sb_action, selector, sb_cfg_check_some, "CSS selector of the items."), REQUIRED},
    {FLAG("many", sb_action, is_many, "false", "true: a list of items; false: the first one.")},
    {COUNT("max", sb_action, max, 1, 1000, "50", "At most so many items.")},
    {TEXT("save_as", sb_action, save_as, sb_cfg_check_name, NULL, "Name in the step's output."), REQUIRED},
    {ELEMENTS("fields", SB_CFG_MAP_OF, sb_action, fields, field_count, 64, sb_cfg_check_name, FIELD, "Values by name."), REQUIRED},
};

static const struct sb_cfg_section EXTRACT = {
    .title = "extract", .help = "Reads values from the page.", SECTION_OF(EXTRACT_KEYS, sb_action)};

static const struct sb_cfg_key EXPECT_KEYS[] = {
    {TEMPLATE("selector", sb_action, selector, sb_cfg_check_some, "Must be there."), REQUIRED},
    {TEMPLATE("text", sb_action, text, NULL, "Its text must be this.")},
};

static const struct sb_cfg_section EXPECT = {
    .title = "expect", .help = "Fails when the page is not as expected; a plain text is the selector.",
    SECTION_OF(EXPECT_KEYS, sb_action), .shorthand = "selector"};

static const struct sb_cfg_key RECEIVE_KEYS[] = {
    {TEXT("save_as", sb_action, save_as, sb_cfg_check_name, NULL, "Name in the step's output."), REQUIRED},
    {ELEMENTS("fields", SB_CFG_MAP_OF, sb_action, fields, field_count, 64, sb_cfg_check_name, ANSWER_FIELD, "Values by name."), REQUIRED},
};

static const struct sb_cfg_section RECEIVE = {
    .title = "receive", .help = "Waits for the captured response and reads its JSON.", SECTION_OF(RECEIVE_KEYS, sb_action)};

/* Actions are branches whatever their type is. */
#define ACTION(kind_) .value = SB_ACTION_##kind_ + 1

static const struct sb_cfg_key ACTION_KEYS[] = {
    {TEMPLATE("goto", sb_action, url, sb_cfg_check_some, "Opens an address, relative to base_url."), ACTION(GOTO)},
    {TEMPLATE("wait", sb_action, selector, sb_cfg_check_some, "Waits until an element is visible."), ACTION(WAIT)},
    {TEMPLATE("click", sb_action, selector, sb_cfg_check_some, "Clicks an element."), ACTION(CLICK)},
    {BRANCH("type", sb_action, kind, SB_ACTION_TYPE, TYPE, "Replaces the text of a field.")},
    {TEXT("press", sb_action, key, sb_cfg_check_key, NULL, "Presses a key: Enter, Tab, Escape ..."), ACTION(PRESS)},
    {NUMBER("scroll", sb_action, pixels, -100000, 100000, NULL, "Scrolls down by so many pixels."), ACTION(SCROLL)},
    {BRANCH("extract", sb_action, kind, SB_ACTION_EXTRACT, EXTRACT, "Reads values from the page.")},
    {BRANCH("expect", sb_action, kind, SB_ACTION_EXPECT, EXPECT, "Fails when the page is not as expected.")},
    {TEMPLATE("capture", sb_action, url, sb_cfg_check_some, "Remembers the next response whose address contains this."), ACTION(CAPTURE)},
    {BRANCH("receive", sb_action, kind, SB_ACTION_RECEIVE, RECEIVE, "Waits for the captured response and reads its JSON.")},
    {TEXT("screenshot", sb_action, save_as, sb_cfg_check_file, NULL, "Keeps a picture of the page under this name."), ACTION(SCREENSHOT)},
    {SPAN("timeout", sb_action, timeout, SB_MS(10), SB_HOUR(1), NULL, "Bound of this action."), NOTE("the step's")},
    {FLAG("optional", sb_action, is_optional, "false", "A failure is noted and ignored.")},
    {FLAG("submit", sb_action, is_submit, "false", "click and press: the outside effect happens here.")},
};
_Static_assert(offsetof(struct sb_action, kind) == 0, "branches of an action write into the action itself");

static void begin_action(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target)
{
    (void)binder;
    (void)node;
    ((struct sb_action *)target)->kind = SB_ACTION_COUNT; /* none given yet */
}

static void finish_action(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    struct sb_action *action = target;
    char place[160];
    (void)set;
    int size = snprintf(place, sizeof place, "%s:%u:%u", node->doc->name, (unsigned)node->line, (unsigned)node->column);
    action->place = sb_cfg_take_text(binder->kept, place, size < (int)sizeof place ? (size_t)size : sizeof place - 1);
    if (action->is_submit && action->kind != SB_ACTION_CLICK && action->kind != SB_ACTION_PRESS) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "submit"), NULL, "submit belongs to click and press");
    }
    if (action->kind == SB_ACTION_SCREENSHOT) {
        action->text = action->save_as;
    }
}

static const struct sb_cfg_section ACTION_SECTION = {
    .title = "action", .help = "One action of a flow.", SECTION_OF(ACTION_KEYS, sb_action), .branch_note = "kind",
    .kind_offset = offsetof(struct sb_action, kind), .begin = begin_action, .finish = finish_action};

/* ------------------------------------------------------------------------------------------------ flows, site */

static const struct sb_cfg_key FLOW_KEYS[] = {
    {ELEMENTS("actions", SB_CFG_LIST_OF, sb_flow, actions, action_count, SB_CFG_LIST_MAX, NULL, ACTION_SECTION, "Its actions in order."), REQUIRED},
};

static void begin_flow(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target)
{
    (void)node;
    (void)target;
    memset(&binder->scope, 0, sizeof binder->scope);
    binder->scope.is_flow = true;
}

static const struct sb_cfg_section FLOW = {
    .title = "flow", .help = "A list of actions; `login` and `check` are known by name.", SECTION_OF(FLOW_KEYS, sb_flow),
    .has_name = true, .name_offset = offsetof(struct sb_flow, name), .shorthand = "actions", .begin = begin_flow};

static const struct sb_cfg_key LOGIN_KEYS[] = {
    {TEXT("user", sb_site, login_user, sb_cfg_check_some, NULL, "{{with.user}} in the flow login.")},
    {TEXT("secret", sb_site, login_secret, sb_cfg_check_secret, NULL,
          "Where {{with.password}} is: file:PATH, env:NAME or cred:NAME; never the password itself.")},
};

static const struct sb_cfg_section LOGIN = {.title = "login", .help = "The account's log-in.", SECTION_OF(LOGIN_KEYS, sb_site)};

static const struct sb_cfg_key SITE_KEYS[] = {
    {TEXT("site", sb_site, name, sb_cfg_check_file, NULL, "Name; the same as the file's."), REQUIRED},
    {TEXT("base_url", sb_site, base_url, sb_cfg_check_url, NULL, "Address that relative addresses of flows begin with."), REQUIRED},
    {TEXTS("allowed_hosts", sb_site, allowed_hosts, allowed_host_count, sb_cfg_check_host,
           "HOST or HOST:PORT; navigation elsewhere is refused."),
     NOTE("the host of base_url")},
    {TEXT("account", sb_site, account, sb_cfg_check_some, NULL, "The account that posts.")},
    {INLINE("login", LOGIN, "The account's log-in.")},
    {SPAN("pacing", sb_site, pacing, 0, SB_HOUR(1), "1s", "At least so long between two navigations.")},
    {COUNT("text_max", sb_site, text_max, 1, 100000, "280", "Characters of one post.")},
    {SPAN("visibility_lag", sb_site, visibility_lag, 0, SB_DAY(1), "60s", "Until a post is on the own profile for sure.")},
    {.name = "block", .type = SB_CFG_CHOICES, AT(sb_site, block), .max = SB_RESOURCE_COUNT, .text_of = resource_text,
     .choice_count = SB_RESOURCE_COUNT, .help = "Kinds of requests its pages are not given: they load faster without.", NOTE("none")},
    {TEXT("proxy", sb_site, proxy, sb_cfg_check_url, NULL, "http://HOST:PORT that all traffic of jobs on this site goes through."),
     NOTE("none")},
    {ELEMENTS("flows", SB_CFG_MAP_OF, sb_site, flows, flow_count, 64, sb_cfg_check_name, FLOW, "Flows by name."), REQUIRED},
};

const struct sb_cfg_section sb_cfg_site_section = {
    .title = "the site profile", .help = "A site profile, sites/NAME.yaml.", SECTION_OF(SITE_KEYS, sb_site)};
