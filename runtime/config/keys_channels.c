/* Key table of the notification channels, and what must fit together inside one of them. Constant data and pure functions. */
#include "bind.h"
#include "key_macros.h"

#include "signalbox/base/text.h"

#include <string.h>

enum { LINK_MAX = 300 };

/* ------------------------------------------------------------------------------------------------ checks of texts */

/* An address that holds a token, a user or a password belongs behind a reference: this file is no place for secrets. */
static const char *check_address(const char *text)
{
    if (sb_cfg_check_secret(text) == NULL) {
        return NULL;
    }
    if (strpbrk(text, "@?#") != NULL) {
        return "must not hold a password or a token: give the whole address as file:PATH, env:NAME or cred:NAME";
    }
    return sb_cfg_check_url(text) == NULL ? NULL : "must be https://HOST... (or http://), or a reference to it: file:PATH, env:NAME or cred:NAME";
}

static const char *check_secret_address(const char *text)
{
    return sb_cfg_check_secret(text) == NULL ? NULL
                                             : "must be a reference, file:PATH, env:NAME or cred:NAME: who knows this address can use it";
}

static const char *check_rule(const char *text)
{
    const struct sb_channel_def channel = {.kind = SB_CHANNEL_WEBHOOK, .rules = &text, .rule_count = 1};
    for (unsigned rule = 0; rule < SB_RULE_COUNT; rule++) {
        if (sb_channel_wants(&channel, sb_rule_text(rule), SB_SEVERITY_PAGE)) {
            return NULL;
        }
    }
    return "must fit the name of an alert rule, with * for any part of it; docs/OPERATIONS.md names the rules";
}

static const char *check_label(const char *text)
{
    static const char *const TAKEN[] = {"alertname", "severity", "subject", "environment"};
    for (size_t i = 0; i < SB_LEN(TAKEN); i++) {
        if (sb_streq(text, TAKEN[i])) {
            return "must not be alertname, severity, subject or environment, which come by themselves";
        }
    }
    return text[0] >= '0' && text[0] <= '9' ? "must not begin with a digit" : sb_cfg_check_name(text);
}

/* ------------------------------------------------------------------------------------------------ what they share */

#define ADDRESS(check_, h) {TEXT("url", sb_channel_def, url, check_, NULL, h), REQUIRED}
#define CA_FILE \
    {TEXT("ca_file", sb_channel_def, ca_file, sb_cfg_check_some, NULL, "File of the certificate authorities to trust, PEM."), \
     NOTE("those of the system")}
#define ALLOW_PRIVATE(d) \
    {FLAG("allow_private", sb_channel_def, allows_private, d, \
          "It may be on this machine or in a private network: otherwise such an address is refused, whatever name leads to it.")}
#define ALLOW_INSECURE \
    {FLAG("allow_insecure", sb_channel_def, allows_insecure, "false", "Also http:// to another machine, where everybody on the way can read it.")}

static void finish_http(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    const struct sb_channel_def *channel = target;
    (void)set;
    if (channel->url == NULL || strstr(channel->url, "://") == NULL) {
        return; /* a reference: looked at when it is read */
    }
    const bool is_near = sb_channel_url_is_loopback(channel->url);
    if (strncmp(channel->url, "http://", 7) == 0 && !is_near && !channel->allows_insecure) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "url"), "give https://, or add allow_insecure: true", "url is http:// to another machine");
    }
    if (is_near && !channel->allows_private) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "url"), "add allow_private: true", "url leads to this machine itself, which needs to be allowed");
    }
}

/* ------------------------------------------------------------------------------------------------ kinds */

static const struct sb_cfg_key WEBHOOK_KEYS[] = {
    ADDRESS(check_address, "Where the JSON is posted; a reference when the address holds a token."),
    {TEXT("secret", sb_channel_def, secret, sb_cfg_check_secret, NULL,
          "Key of the signature in X-Signalbox-Signature: file:PATH, env:NAME or cred:NAME."), NOTE("not signed")},
    CA_FILE,
    ALLOW_PRIVATE("false"),
    ALLOW_INSECURE,
};

static const struct sb_cfg_section WEBHOOK = {
    .title = "webhook", .help = "Posts the notice as JSON.", SECTION_OF(WEBHOOK_KEYS, sb_channel_def), .finish = finish_http};

static const struct sb_cfg_key SLACK_KEYS[] = {
    ADDRESS(check_secret_address, "Reference to the address of the incoming webhook: file:PATH, env:NAME or cred:NAME."),
    CA_FILE,
    ALLOW_PRIVATE("false"),
    ALLOW_INSECURE,
};

static const struct sb_cfg_section SLACK = {
    .title = "slack", .help = "An incoming webhook in Slack's form: Slack, Mattermost, Rocket.Chat, Discord with /slack.",
    SECTION_OF(SLACK_KEYS, sb_channel_def), .finish = finish_http};

#define TOKEN \
    {TEXT("token", sb_channel_def, secret, sb_cfg_check_secret, NULL, "Access token: file:PATH, env:NAME or cred:NAME."), NOTE("none")}

static const struct sb_cfg_key ALERTMANAGER_KEYS[] = {
    ADDRESS(check_address, "Address of Alertmanager, without /api."),
    TOKEN,
    {SPAN("every", sb_channel_def, every, SB_S(10), SB_HOUR(1), "1m",
          "How often a firing alert is sent again; three times that long without a word and Alertmanager ends it.")},
    CA_FILE,
    ALLOW_PRIVATE("true"),
    ALLOW_INSECURE,
};

static const struct sb_cfg_section ALERTMANAGER = {
    .title = "alertmanager", .help = "Alerts of Prometheus' Alertmanager, API v2: it groups, silences and notifies.",
    SECTION_OF(ALERTMANAGER_KEYS, sb_channel_def), .finish = finish_http};

static const char *check_topic(const char *text)
{
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return text[size] == '\0' && size > 0 && size <= 64 ? NULL : "must be 1 to 64 letters, digits, _ and -";
}

static const struct sb_cfg_key NTFY_KEYS[] = {
    ADDRESS(check_address, "Address of the server, as in https://ntfy.sh."),
    {TEXT("topic", sb_channel_def, topic, check_topic, NULL, "Topic to publish to."), REQUIRED},
    TOKEN,
    CA_FILE,
    ALLOW_PRIVATE("false"),
    ALLOW_INSECURE,
};

static const struct sb_cfg_section NTFY = {
    .title = "ntfy", .help = "Push messages to telephones by ntfy: page rings as priority 5, warn as 3, info as 2.",
    SECTION_OF(NTFY_KEYS, sb_channel_def), .finish = finish_http};

static const char *check_mail_server(const char *text)
{
    const size_t scheme = strncmp(text, "smtp://", 7) == 0 ? 7 : strncmp(text, "smtps://", 8) == 0 ? 8 : 0;
    const bool is_right = scheme > 0 && sb_cfg_check_host(text + scheme) == NULL;
    return is_right || sb_cfg_check_secret(text) == NULL ? NULL : "must be smtp://HOST:PORT or smtps://HOST:PORT, or a reference to it";
}

/* The plain form alone: a name, an @, a domain. What could end an address or a header is not among it. */
static const char *check_mailbox(const char *text)
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~.";
    const size_t name = strspn(text, ALLOWED);
    const bool is_right = name > 0 && name <= 64 && text[name] == '@' && sb_cfg_check_host(text + name + 1) == NULL &&
                          strchr(text + name + 1, ':') == NULL && strlen(text) <= 254;
    return is_right ? NULL : "must be an address like ops@example.net";
}

static const struct sb_cfg_key SMTP_KEYS[] = {
    ADDRESS(check_mail_server, "Mail server: smtp://HOST:587 (STARTTLS), or smtps://HOST:465."),
    {TEXT("from", sb_channel_def, from, check_mailbox, NULL, "Address of the sender."), REQUIRED},
    {.name = "to", .type = SB_CFG_TEXTS, .offset = offsetof(struct sb_channel_def, to), ASIDE(sb_channel_def, to_count), .check = check_mailbox,
     .max = SB_CHANNEL_TO_MAX, .help = "Addresses of the recipients.", REQUIRED},
    {TEXT("user", sb_channel_def, user, sb_cfg_check_some, NULL, "Name to log in with; needs a password."), NOTE("no login")},
    {TEXT("password", sb_channel_def, secret, sb_cfg_check_secret, NULL, "Where the password is: file:PATH, env:NAME or cred:NAME."),
     NOTE("no login")},
    CA_FILE,
    {FLAG("allow_insecure", sb_channel_def, allows_insecure, "false",
          "Go on without TLS when the server offers none, as one on this machine may; never with a login.")},
};

static void finish_smtp(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    const struct sb_channel_def *channel = target;
    const struct sb_cfg_node *to = sb_cfg_get(node, "to");
    (void)set;
    if (to != NULL && to->kind == SB_CFG_LIST && to->count == 0) {
        sb_cfg_blame(binder, to, NULL, "to names nobody");
    }
    if ((channel->user != NULL) != (channel->secret != NULL)) {
        sb_cfg_blame(binder, sb_cfg_spot(node, channel->user != NULL ? "user" : "password"), "give both, or neither",
                     "%s without %s", channel->user != NULL ? "user" : "password", channel->user != NULL ? "password" : "user");
    } else if (channel->user != NULL && channel->allows_insecure) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "allow_insecure"), "remove it", "a password never goes over a connection without TLS");
    }
}

static const struct sb_cfg_section SMTP = {
    .title = "smtp", .help = "Mail; the notices of an incident stand in one thread.", SECTION_OF(SMTP_KEYS, sb_channel_def),
    .finish = finish_smtp};

static const struct sb_cfg_key EXEC_KEYS[] = {
    {.name = "argv", .type = SB_CFG_TEXTS, .offset = offsetof(struct sb_channel_def, argv), ASIDE(sb_channel_def, argc),
     .check = sb_cfg_check_some, .max = 64, .help = "Program and arguments; there is no shell.", REQUIRED},
};

static void finish_exec(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    (void)set;
    const struct sb_cfg_node *argv = sb_cfg_get(node, "argv");
    if (((const struct sb_channel_def *)target)->argc == 0 && argv != NULL && argv->kind == SB_CFG_LIST && argv->count == 0) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "argv"), NULL, "argv names no program");
    }
}

static const struct sb_cfg_section EXEC = {
    .title = "exec", .help = "Runs a program with the notice as JSON on its stdin; exit 75 asks for another attempt.",
    SECTION_OF(EXEC_KEYS, sb_channel_def), .finish = finish_exec};

static const struct sb_cfg_key DEADMAN_KEYS[] = {
    ADDRESS(check_secret_address, "Reference to the address to ping: file:PATH, env:NAME or cred:NAME."),
    {SPAN("every", sb_channel_def, every, SB_S(10), SB_DAY(1), "1m", "Time between two pings.")},
    CA_FILE,
    ALLOW_PRIVATE("false"),
    ALLOW_INSECURE,
};

static const struct sb_cfg_section DEADMAN = {
    .title = "deadman", .help = "Pings a watcher elsewhere which raises the alarm when they stop, as healthchecks.io does; no alerts.",
    SECTION_OF(DEADMAN_KEYS, sb_channel_def), .finish = finish_http};

/* ------------------------------------------------------------------------------------------------ a channel */

#define KIND(k, v, sec, h) \
    {.name = k, .type = SB_CFG_BRANCH, .offset = 0, .value = (v) + 1, .section = &sec, .help = h}

static const struct sb_cfg_key CHANNEL_KEYS[] = {
    KIND("webhook", SB_CHANNEL_WEBHOOK, WEBHOOK, "Posts the notice as JSON."),
    KIND("slack", SB_CHANNEL_SLACK, SLACK, "An incoming webhook in Slack's form."),
    KIND("alertmanager", SB_CHANNEL_ALERTMANAGER, ALERTMANAGER, "Alerts of Prometheus' Alertmanager."),
    KIND("ntfy", SB_CHANNEL_NTFY, NTFY, "Push messages by ntfy."),
    KIND("smtp", SB_CHANNEL_SMTP, SMTP, "Mail, one thread per incident."),
    KIND("exec", SB_CHANNEL_EXEC, EXEC, "Runs a program."),
    KIND("deadman", SB_CHANNEL_DEADMAN, DEADMAN, "Pings while we live."),
    {CHOICE("min_severity", sb_channel_def, min_severity, sb_severity_text, SB_SEVERITY_COUNT, "warn",
            "Notices of this severity and graver ones.")},
    {TEXTS("rules", sb_channel_def, rules, rule_count, check_rule, "Alert rules it is for, as in job_*."), NOTE("all")},
    {FLAG("resolved", sb_channel_def, sends_resolved, "true", "Also tells when an incident is over.")},
    {COUNT("per_minute", sb_channel_def, per_minute, 1, 600, "20", "Messages; what is more waits and becomes one digest.")},
    {SPAN("after", sb_channel_def, after, 0, SB_DAY(7), "0s", "Told only what has been firing unacknowledged for so long: escalation.")},
    {SPAN("timeout", sb_channel_def, timeout, SB_S(1), SB_S(30), "10s", "How long one attempt may take.")},
    {.name = "labels", .type = SB_CFG_PAIRS, .offset = offsetof(struct sb_channel_def, labels), ASIDE(sb_channel_def, label_count),
     .check = check_label, .max = SB_CHANNEL_LABELS_MAX, .help = "Words added to each message, as in host: alpha."},
    {TEXT("link", sb_channel_def, link, sb_cfg_check_url, NULL, "Where people can look, in the messages."), NOTE("none")},
};

static void finish_channel(struct sb_cfg_binder *binder, const struct sb_cfg_node *node, void *target, uint64_t set)
{
    const struct sb_channel_def *channel = target;
    (void)set;
    if (channel->link != NULL && strpbrk(channel->link, "<>|\"\\") != NULL) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "link"), "write them as %3C, %3E, %7C, %22, %5C", "link holds one of < > | \" \\");
    }
    if (channel->link != NULL && strlen(channel->link) > LINK_MAX) {
        sb_cfg_blame(binder, sb_cfg_spot(node, "link"), NULL, "link has %zu characters; the limit is %d", strlen(channel->link), LINK_MAX);
    }
    for (size_t i = 0; i < channel->label_count; i++) {
        if (strstr(channel->labels[i].value, "{{") != NULL) {
            sb_cfg_blame(binder, sb_cfg_spot(node, "labels"), NULL, "label %s holds {{: labels are words, not templates", channel->labels[i].key);
        }
    }
}

const struct sb_cfg_section sb_cfg_channel_section = {
    .title = "channel", .help = "One way to tell people or programs about alerts; `signalbox notify test NAME` tries it.",
    SECTION_OF(CHANNEL_KEYS, sb_channel_def), .has_name = true, .name_offset = offsetof(struct sb_channel_def, name), .branch_note = "kind",
    .kind_offset = offsetof(struct sb_channel_def, kind), .finish = finish_channel};
