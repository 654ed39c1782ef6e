/* practice: a site and an LLM endpoint on loopback, and the growth catalogue working against them. Everything but the world is real. */
#include "app.h"
#include "keymap.h"

#include "signalbox/base/text.h"
#include "signalbox/os/os.h"
#include "signalbox/practice/practice.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rehearsal {
    struct sb_practice *world;
    char catalogue[PATH_BYTES + 16], state_dir[PATH_BYTES], site_path[PATH_BYTES + 32];
    char speed[24], limit[24], host[64];
};

static enum sb_err open_world(struct rehearsal *rehearsal, const struct options *options, struct sb_error *err)
{
    struct sb_practice_setup setup = {
        .seed = (uint64_t)options->seed,
        .speed_pct = (uint32_t)options->speed * 100,
        .port = (uint16_t)options->port,
        .state_path = rehearsal->site_path,
    };
    if (options->is_fresh) {
        enum sb_err rc = sb_dir_remove(rehearsal->state_dir, err);
        if (rc != SB_OK)
            return rc;
    }
    enum sb_err rc = sb_dir_make(rehearsal->state_dir, 0700, err);
    return rc == SB_OK ? sb_practice_start(&rehearsal->world, &setup, err) : rc;
}

static int serve_only(const struct rehearsal *rehearsal, int signal_fd)
{
    (void)printf("site %s\nllm  %s\nfaults %s/control\n", sb_practice_site_url(rehearsal->world),
                 sb_practice_llm_url(rehearsal->world), sb_practice_site_url(rehearsal->world));
    (void)fflush(stdout);
    struct pollfd wait = { .fd = signal_fd, .events = POLLIN };
    while (poll(&wait, 1, -1) < 0 || sb_signals_take(signal_fd) == 0) {
    }
    return EXIT_OK;
}

/* The growth catalogue pointed at the practice world. */
static int point_options(struct options *options, struct rehearsal *rehearsal)
{
    const struct {
        const char *key, *value;
    } settings[] = {
        { "settings.practice", "true" },
        { "settings.speed", rehearsal->speed },
        { "sites.practice.base_url", sb_practice_site_url(rehearsal->world) },
        { "sites.practice.allowed_hosts", rehearsal->host },
        { "llm.base_url", sb_practice_llm_url(rehearsal->world) },
        { "budget.limit_usd", rehearsal->limit }, /* as many days' money as the rehearsal has days in one */
        /* The world's clock runs faster than its posting limits would like. */
        { "content.posts_per_hour", "120" },
        { "content.posts_per_hour_max", "240" },
        { "content.spacing", "20s" },
        { "content.stuck_after", "60s" }, /* a rehearsal that was killed goes on soon */
    };
    (void)snprintf(rehearsal->limit, sizeof(rehearsal->limit), "%lld", (long long)options->speed * 5);
    (void)snprintf(rehearsal->speed, sizeof(rehearsal->speed), "%lld", (long long)options->speed);
    (void)snprintf(rehearsal->host, sizeof(rehearsal->host), "127.0.0.1:%u", (unsigned)sb_practice_port(rehearsal->world));
    for (size_t i = 0; i < SB_LEN(settings); i++) {
        int code = options_override(options, settings[i].key, settings[i].value, "practice");
        if (code != EXIT_OK)
            return code;
    }
    if (options->catalogue == NULL)
        options->catalogue = rehearsal->catalogue;
    options->state_dir = rehearsal->state_dir;
    return EXIT_OK;
}

static int rehearse(struct options *options, struct rehearsal *rehearsal, int signal_fd)
{
    struct installation in;
    int code = point_options(options, rehearsal);
    if (code != EXIT_OK)
        return code;
    /* References of the practice profile; neither is a secret. */
    if (setenv("SIGNALBOX_PRACTICE_PASSWORD", SB_PRACTICE_PASSWORD, 1) != 0 || setenv("SIGNALBOX_PRACTICE_KEY", SB_PRACTICE_KEY, 1) != 0)
        return EXIT_BUG;
    static struct keymap keymap;
    code = options->is_headless ? EXIT_OK : keymap_load(&keymap, options);
    if (code == EXIT_OK)
        code = installation_open(&in, options, !options->is_headless, NULL);
    if (code != EXIT_OK)
        return code;
    /* On the terminal before the console covers it, and in its log file. */
    (void)printf("practice site %s, faults %s/control\n", sb_practice_site_url(rehearsal->world), sb_practice_site_url(rehearsal->world));
    (void)fflush(stdout);
    sb_log(SB_LOG_INFO, "practice", "site %s, faults %s/control", sb_practice_site_url(rehearsal->world),
           sb_practice_site_url(rehearsal->world));
    const struct session session = {
        .installation = &in, .options = options, .keys = options->is_headless ? NULL : &keymap.keys,
        .is_headless = options->is_headless, .signal_fd = signal_fd,
        .environment = "practice",
    };
    code = session_run(&session);
    installation_close(&in);
    return code;
}

int command_practice(struct options *options)
{
    struct rehearsal rehearsal = { 0 };
    struct paths paths;
    struct sb_error error = { 0 };

    if (!options->is_headless && !options->is_serve_only && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))) {
        complain("the console needs a terminal; --headless and --serve-only work without one");
        return EXIT_USAGE;
    }
    int signal_fd = -1;
    int code = session_signals(&signal_fd);
    if (code != EXIT_OK)
        return code;
    enum sb_err rc = paths_find(&paths, options, "practice", &error);
    if (rc == SB_OK) {
        (void)snprintf(rehearsal.catalogue, sizeof(rehearsal.catalogue), "%s/growth.yaml", paths.data_dir);
        (void)sb_copy(rehearsal.state_dir, sizeof(rehearsal.state_dir), paths.state_dir);
        (void)snprintf(rehearsal.site_path, sizeof(rehearsal.site_path), "%s/practice-site.jsonl", paths.state_dir);
        rc = open_world(&rehearsal, options, &error);
    }
    if (rc != SB_OK) {
        complain("%s", error.text);
        code = exit_code_of(rc);
    } else {
        code = options->is_serve_only ? serve_only(&rehearsal, signal_fd) : rehearse(options, &rehearsal, signal_fd);
    }
    sb_practice_stop(rehearsal.world);
    sb_fd_close(&signal_fd);
    return code;
}
