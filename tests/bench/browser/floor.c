/* The floor: the least that a client of the protocol can do for the same visits. One thread, one pipe, no JSON library, no check, no
 * deadline; a command that needs no answer to the one before is sent with it. It measures what Chromium itself takes; nobody should drive
 * a browser so. */
#include "peers.h"

#include "signalbox/os/os.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ID_MAX = 80, BUFFER_SIZE = 1 << 20 };
enum command { MAKE_CONTEXT, MAKE_PAGE, ATTACH, ENABLE, NAVIGATE, EVALUATE, DISPOSE };

struct page {
    char context[ID_MAX], session[ID_MAX];
    bool is_committed; /* our document, not the blank one, is there */
    size_t visit;
    sb_ns began;
};

static struct {
    const char *base;
    bool keeps;
    int in, out;
    struct page pages[PEER_CONTEXTS];
    size_t begun, done, count;
    sb_ns *each;
    char buffer[BUFFER_SIZE];
    size_t held;
} world;

static const char script[] =
    "({title:document.title,rows:Array.from(document.querySelectorAll('.item')).map(e=>({author:e.querySelector('a').innerText,"
    "text:e.querySelector('.body').innerText,id:e.getAttribute('data-id')}))})";

SB_PRINTF(1, 2) static void post(const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    int size = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (size < 0 || (size_t)size >= sizeof(text) || write(world.out, text, (size_t)size + 1) != size + 1)
        give_up("the browser does not read"); /* commands are far smaller than a pipe */
}

/* The command and the page are in the id, so that an answer says by itself what it answers. */
static unsigned id_of(const struct page *page, enum command command)
{
    return (unsigned)(page - world.pages) * 16 + (unsigned)command + 1;
}

static void navigate(struct page *page)
{
    page->is_committed = false;
    post("{\"id\":%u,\"method\":\"Page.navigate\",\"params\":{\"url\":\"%s/rows\"},\"sessionId\":\"%s\"}", id_of(page, NAVIGATE), world.base,
         page->session);
}

static void begin(struct page *page)
{
    if (world.begun == world.count)
        return;
    page->visit = world.begun++;
    page->began = sb_now();
    if (world.keeps && page->session[0] != '\0')
        navigate(page);
    else
        post("{\"id\":%u,\"method\":\"Target.createBrowserContext\",\"params\":{}}", id_of(page, MAKE_CONTEXT));
}

static void end(struct page *page)
{
    world.each[page->visit] = sb_now() - page->began;
    world.done++;
    begin(page);
}

static void take_text(const char *message, const char *key, char out[static ID_MAX])
{
    const char *at = strstr(message, key);

    if (at == NULL)
        give_up("no %s in %.300s", key, message);
    at += strlen(key);
    size_t size = strcspn(at, "\"");
    if (size >= ID_MAX)
        give_up("too long: %.300s", message);
    memcpy(out, at, size);
    out[size] = '\0';
}

static void on_rows(struct page *page, const char *message)
{
    if (strstr(message, "\"p20\"") == NULL || strstr(message, "Twenty") == NULL)
        give_up("the page was not read: %.300s", message);
    if (world.keeps) {
        end(page);
        return;
    }
    post("{\"id\":%u,\"method\":\"Target.disposeBrowserContext\",\"params\":{\"browserContextId\":\"%s\"}}", id_of(page, DISPOSE), page->context);
    page->session[0] = '\0';
}

static void on_reply(struct page *page, enum command command, const char *message)
{
    char target[ID_MAX];

    switch (command) {
    case MAKE_CONTEXT:
        take_text(message, "\"browserContextId\":\"", page->context);
        post("{\"id\":%u,\"method\":\"Target.createTarget\",\"params\":{\"url\":\"about:blank\",\"browserContextId\":\"%s\"}}",
             id_of(page, MAKE_PAGE), page->context);
        break;
    case MAKE_PAGE:
        take_text(message, "\"targetId\":\"", target);
        post("{\"id\":%u,\"method\":\"Target.attachToTarget\",\"params\":{\"targetId\":\"%s\",\"flatten\":true}}", id_of(page, ATTACH), target);
        break;
    case ATTACH:
        take_text(message, "\"sessionId\":\"", page->session);
        post("{\"id\":%u,\"method\":\"Page.enable\",\"sessionId\":\"%s\"}", id_of(page, ENABLE), page->session);
        break;
    case EVALUATE:
        on_rows(page, message);
        break;
    case DISPOSE:
        end(page);
        break;
    case NAVIGATE:
        break;
    case ENABLE:
        navigate(page); /* not sooner: the load event of a page that was not ready to tell is lost */
        break;
    }
}

static void on_event(const char *message)
{
    bool is_load = strncmp(message, "{\"method\":\"Page.loadEventFired\"", 31) == 0;
    bool is_commit = strncmp(message, "{\"method\":\"Page.frameNavigated\"", 31) == 0 && strstr(message, "/rows\"") != NULL;

    for (size_t i = 0; i < PEER_CONTEXTS && (is_load || is_commit); i++) {
        struct page *page = &world.pages[i];
        if (page->session[0] == '\0' || strstr(message, page->session) == NULL)
            continue;
        if (is_commit)
            page->is_committed = true;
        else if (page->is_committed)
            post("{\"id\":%u,\"method\":\"Runtime.evaluate\",\"params\":{\"returnByValue\":true,\"expression\":\"%s\"},\"sessionId\":\"%s\"}",
                 id_of(page, EVALUATE), script, page->session);
    }
}

static void on_message(const char *message)
{
    if (strncmp(message, "{\"id\":", 6) != 0) {
        on_event(message);
        return;
    }
    unsigned long id = strtoul(message + 6, NULL, 10) - 1;
    if (strstr(message, "\"error\":{") != NULL || id / 16 >= PEER_CONTEXTS)
        give_up("the browser refused: %.300s", message);
    on_reply(&world.pages[id / 16], (enum command)(id % 16), message);
}

static void take_messages(void)
{
    ssize_t got = read(world.in, world.buffer + world.held, sizeof(world.buffer) - world.held);
    char *at = world.buffer;

    if (got <= 0)
        give_up("the browser is gone, or said more than %d bytes", BUFFER_SIZE);
    world.held += (size_t)got;
    for (char *nul = memchr(at, '\0', world.held); nul != NULL; nul = memchr(at, '\0', world.held)) {
        on_message(at);
        world.held -= (size_t)(nul + 1 - at);
        at = nul + 1;
    }
    memmove(world.buffer, at, world.held);
}

static void run(size_t count)
{
    world.begun = world.done = 0;
    world.count = count;
    for (size_t i = 0; i < PEER_CONTEXTS; i++)
        begin(&world.pages[i]);
    while (world.done < count)
        take_messages();
}

/* The flags of the product's own launch, so that both drive the same browser. */
static void launch(struct sb_child *child, const char *profile)
{
    static const char *const flags[] = {
        "--headless", "--remote-debugging-pipe", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-default-browser-check",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
        "--disable-breakpad", "--disable-crash-reporter", "--disable-client-side-phishing-detection", "--disable-domain-reliability",
        "--disable-field-trial-config", "--metrics-recording-only", "--no-pings", "--mute-audio", "--hide-scrollbars",
        "--password-store=basic", "--use-mock-keychain", "--force-color-profile=srgb", "--window-size=1280,900",
        "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
        "--disable-features=Translate,MediaRouter,OptimizationHints,DialMediaRouteProvider,AcceptCHFrame",
    };
    const char *path = getenv("CHROMIUM"), *argv[SB_LEN(flags) + 4];
    char profile_flag[320];
    int down[2], up[2];
    size_t count = 0;
    struct sb_error error = { 0 };

    argv[count++] = path != NULL ? path : "chromium-headless-shell";
    for (size_t i = 0; i < SB_LEN(flags); i++)
        argv[count++] = flags[i];
    (void)snprintf(profile_flag, sizeof(profile_flag), "--user-data-dir=%s", profile);
    argv[count++] = profile_flag;
    if (geteuid() == 0)
        argv[count++] = "--no-sandbox";
    argv[count] = NULL;
    if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0)
        give_up("no pipe");
    const int fds[] = { down[0], up[1] };
    const struct sb_child_spec spec = { .path = argv[0], .argv = argv, .fds = fds, .fd_count = 2, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1 };
    must(sb_child_start(child, &spec, &error), "launch", &error);
    (void)close(down[0]);
    (void)close(up[1]);
    world.out = down[1];
    world.in = up[0];
}

void peer_run_floor(const char *base, bool keeps, size_t count)
{
    const char *root = getenv("TMPDIR");
    char profile[256];
    struct sb_child child;
    struct sb_error error = { 0 };

    (void)snprintf(profile, sizeof(profile), "%s/sb-floor-XXXXXX", root != NULL ? root : "/tmp");
    if (mkdtemp(profile) == NULL)
        give_up("no folder %s", profile);
    launch(&child, profile);
    world.base = base;
    world.keeps = keeps;
    world.each = calloc(count > PEER_CONTEXTS ? count : PEER_CONTEXTS, sizeof(sb_ns));
    if (world.each == NULL)
        give_up("no memory");
    run(PEER_CONTEXTS); /* the first ones start caches and processes */
    sb_ns began = sb_now(), cpu = sb_cpu_time();
    run(count);
    const struct peer_visits told = { .who = "floor", .variant = keeps ? "kept" : "fresh", .each = world.each, .count = count,
                                      .wall = sb_now() - began, .cpu = sb_cpu_time() - cpu };
    peer_tell_visits(&told);
    sb_child_end(&child, SB_S(2));
    must(sb_dir_remove(profile, &error), "profile", &error);
    free(world.each);
}
