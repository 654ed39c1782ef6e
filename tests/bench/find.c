/* Section find: what finding costs among 10,000 jobs, without a terminal: a key of a filter, of the palette or of the order, together with
 * the frame that shows it, at 200x50. */
#include "bench.h"
#include "figures.h"

#include "signalbox/os/os.h"
#include "signalbox/tui/screen.h"
#include "tests/golden/scene.h"

#include <stdio.h>
#include <string.h>

enum { JOBS = 10000, ROUNDS = 25, SAMPLES = 4096, ROWS = 50, COLS = 200 };

static struct sb_grid_cell cells[ROWS * COLS];

static struct sb_screen *open_many(struct sb_now *now)
{
    /* Names as they are in life: words, some in common. */
    static const char *const words[] = { "posting", "scraper", "harvester", "snapshot", "report", "monitor", "review", "archive" };
    static const char *const places[] = { "mega_viral", "peer", "news", "trend", "reply_performance", "follower", "session" };
    const struct sb_screen_setup setup = { .actor = "ana", .environment = "bench" };
    static struct scene scene;
    struct sb_error error = { 0 };
    struct sb_screen *screen = sb_screen_create(&setup, &error);
    if (screen == NULL)
        give_up("screen: %s", error.text);
    scene_init(&scene);
    scene_start(&scene);
    for (unsigned i = 0; i < scene.count; i++)
        sb_screen_fold(screen, &scene.events[i]);
    for (uint16_t job = 0; job < JOBS; job++) {
        char name[SB_NAME_MAX];
        scene.count = 0;
        (void)snprintf(name, sizeof(name), "%s_%s_%05u", places[job % SB_LEN(places)], words[job / 3 % SB_LEN(words)], (unsigned)job);
        scene_job(&scene, job, name, SB_CATEGORY_NONE, (uint8_t)(job % 11), 1);
        SAY(&scene, RUN_STARTED, run_started, .run = 1U + job, .job = job, .attempt = 1);
        SAY(&scene, RUN_ENDED, run_ended, .run = 1U + job, .job = job, .attempt = 1,
            .state = job % 10 == 0 ? SB_RUN_STATE_FAILED : SB_RUN_STATE_SUCCEEDED, .class = job % 10 == 0 ? SB_CLASS_FATAL : SB_CLASS_NONE,
            .duration = SB_MS(1 + job * 7919 % 30000), .error = "HTTP 503 from the endpoint");
        for (unsigned i = 0; i < scene.count; i++)
            sb_screen_fold(screen, &scene.events[i]);
        scene_wait(&scene, SB_MS(1));
    }
    scene.count = 0;
    scene_described(&scene);
    sb_screen_fold(screen, &scene.events[0]);
    *now = (struct sb_now){ .mono = scene.now, .wall = scene.wall };
    return screen;
}

/* Each of the keys is one sample; `end` leads back to where it began and is none. */
static void measure(struct sb_screen *screen, struct sb_now *now, const char *row, const char *begin, const char *keys, const char *end, double most)
{
    struct sb_grid grid = { .rows = ROWS, .cols = COLS, .cells = cells };
    struct sb_screen_answer answer;
    struct samples samples;
    samples_init(&samples, SAMPLES);
    for (unsigned round = 0; round < ROUNDS; round++) {
        const char *const parts[] = { begin, keys, end };
        for (unsigned part = 0; part < SB_LEN(parts); part++) {
            for (const char *key = parts[part]; *key != '\0'; key++) {
                now->mono += SB_MS(100);
                sb_ns began = sb_now();
                sb_screen_key(screen, (struct sb_key){ (uint32_t)(unsigned char)*key }, *now, &answer);
                sb_screen_draw(screen, *now, &grid);
                if (part == 1)
                    samples_add(&samples, sb_now() - began);
            }
        }
    }
    figures_row(row, figure_at_most(UNIT_NS, samples_permille(&samples, 500), most), figure_at_most(UNIT_NS, samples_permille(&samples, 990), 16e6));
    samples_deinit(&samples);
}

void bench_find(const struct bench *bench)
{
    struct sb_now now;
    struct sb_screen *screen = open_many(&now);

    (void)bench;
    measure(screen, &now, "filter key + draw, 10,000 jobs, words: p50, p99", "/", "scraper 12 state:fail", "\033", 5e6);
    measure(screen, &now, "  letters (~): p50, p99", "/~", "mvhscr99", "\033", 5e6);
    measure(screen, &now, "  pattern (=): p50, p99", "/=", "^(m|p).*_(scr|h)[a-z]+_[0-9]{3}7.$", "\033", 5e6);
    measure(screen, &now, "  pattern that makes others explode: p50, p99", "/=", "(.|.)*(a*)*(a*)*(e|r)*_.{20}$", "\033", 5e6);
    measure(screen, &now, "  error:, alert:, paused: p50, p99", "/", "error:503 alert:no paused:no", "\033", 5e6);
    measure(screen, &now, "sort key + draw, 10,000 jobs: p50, p99", "", ">>>>>>>>>>>>I", "I", 10e6);
    measure(screen, &now, "palette key + draw, 10,000 jobs: p50, p99", ":", "retry scrap12", "\033", 5e6);
    measure(screen, &now, "line + draw, 10,000 jobs: p50, p99", "g", "jjjjkkjjj", "g", 2e6);
    sb_screen_destroy(screen);
}
