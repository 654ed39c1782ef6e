/* Section picture: the console's screen and terminal without a runtime. What three changed rows cost in bytes, and what a frame of
 * 10,000 jobs costs in time. */
#include "bench.h"
#include "figures.h"
#include "seat.h"

#include "signalbox/os/os.h"
#include "signalbox/tui/screen.h"
#include "signalbox/tui/term.h"
#include "tests/golden/incident.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A string of the operating system class, which terminals ignore: the end of a frame in the output, because a pseudo-terminal delivers later than
 * write returns. */
#define MARK "\033]777;bench\007"

enum { CELLS_MAX = 200 * 50, STAGES = 3, PATIENCE_S = 10, BIG_JOBS = 10000, DRAWS = 200 };

static void mark(void)
{
    if (write(STDOUT_FILENO, MARK, sizeof(MARK) - 1) != (ssize_t)sizeof(MARK) - 1)
        _exit(1);
}

struct stage {
    struct sb_screen *screen;
    struct sb_term *term;
    struct sb_grid grid;
    struct sb_now now;
};

static void show(struct stage *stage)
{
    sb_screen_draw(stage->screen, stage->now, &stage->grid);
    (void)sb_term_paint(stage->term, &stage->grid);
    mark();
}

static void fold_from(struct stage *stage, const struct scene *scene, unsigned from)
{
    for (unsigned i = from; i < scene->count; i++)
        sb_screen_fold(stage->screen, &scene->events[i]);
}

/* The picture of an incident; three jobs get another due time; three jobs start. */
static int play(void *arg)
{
    static struct scene scene;
    static struct sb_grid_cell cells[CELLS_MAX];
    const struct sb_screen_setup setup = { .actor = "ana", .environment = "bench" };
    struct stage stage = { .grid = { .cells = cells }, .now = { .mono = SCENE_NOW, .wall = { SCENE_WALL } } };
    static const uint16_t jobs[] = { 9, 14, 17 };

    (void)arg;
    (void)setlocale(LC_ALL, "");
    if (sb_term_open(&stage.term, NULL) != SB_OK || (stage.screen = sb_screen_create(&setup, NULL)) == NULL)
        return 1;
    (void)sb_term_size(stage.term, &stage.grid.rows, &stage.grid.cols);
    incident_play(&scene);
    fold_from(&stage, &scene, 0);
    show(&stage);
    unsigned from = scene.count;
    for (size_t i = 0; i < SB_LEN(jobs); i++)
        SAY(&scene, JOB_SCHEDULED, job_scheduled, .job = jobs[i], .due = SCENE_WALL + SB_MIN(3));
    fold_from(&stage, &scene, from);
    show(&stage);
    from = scene.count;
    for (size_t i = 0; i < SB_LEN(jobs); i++) {
        SAY(&scene, RUN_QUEUED, run_queued, .run = 900 + i, .job = jobs[i], .attempt = 1, .cause = SB_CAUSE_SCHEDULE);
        SAY(&scene, RUN_STARTED, run_started, .run = 900 + i, .job = jobs[i], .attempt = 1);
    }
    fold_from(&stage, &scene, from);
    show(&stage);
    sb_term_close(stage.term);
    sb_screen_destroy(stage.screen);
    return 0;
}

/* Bytes of each stage, marks left out. */
static void play_at(int rows, int cols, uint64_t *bytes)
{
    static char output[1 << 20];
    size_t seen = 0, at = 0;
    struct seat seat;

    seat_open(&seat, rows, cols, NULL, play, NULL);
    sb_ns patience = sb_now() + SB_S(PATIENCE_S);
    for (unsigned stage = 0; stage < STAGES;) {
        char *found = memmem(output + at, seen - at, MARK, sizeof(MARK) - 1);
        if (found != NULL) {
            bytes[stage++] = (uint64_t)(found - (output + at));
            at = (size_t)(found - output) + sizeof(MARK) - 1;
            continue;
        }
        ssize_t got = sb_now() < patience ? read(seat.master, output + seen, sizeof(output) - seen) : 0;
        if (got <= 0)
            give_up("the picture was not painted");
        seen += (size_t)got;
    }
    seat_close(&seat);
}

/* Folding the definitions of 10,000 jobs, and drawing them. */
static void draw_many(void)
{
    static struct sb_grid_cell cells[CELLS_MAX];
    const struct sb_screen_setup setup = { .actor = "ana", .environment = "bench" };
    struct sb_error error = { 0 };
    struct sb_screen *screen = sb_screen_create(&setup, &error);
    struct sb_grid grid = { .rows = 50, .cols = 200, .cells = cells };
    struct samples samples;
    static struct scene scene;

    if (screen == NULL)
        give_up("screen: %s", error.text);
    scene_init(&scene);
    scene_start(&scene);
    for (unsigned i = 0; i < scene.count; i++)
        sb_screen_fold(screen, &scene.events[i]);
    for (uint16_t job = 0; job < BIG_JOBS; job++) {
        char name[SB_NAME_MAX];
        scene.count = 0;
        (void)snprintf(name, sizeof(name), "job_%05u", (unsigned)job);
        scene_job(&scene, job, name, SB_CATEGORY_NONE, 5, 1);
        for (unsigned i = 0; i < scene.count; i++)
            sb_screen_fold(screen, &scene.events[i]);
    }
    scene.count = 0;
    scene_described(&scene);
    sb_screen_fold(screen, &scene.events[0]);
    struct sb_now now = { .mono = scene.now, .wall = scene.wall };
    samples_init(&samples, DRAWS);
    for (unsigned i = 0; i < DRAWS; i++) {
        scene.count = 0;
        SAY(&scene, JOB_SCHEDULED, job_scheduled, .job = (uint16_t)(i * 37 % BIG_JOBS), .due = SCENE_WALL + SB_MIN(i));
        sb_ns began = sb_now();
        sb_screen_fold(screen, &scene.events[0]);
        sb_screen_draw(screen, now, &grid);
        samples_add(&samples, sb_now() - began);
    }
    figures_row("fold one event + draw, 10,000 jobs 200x50: p50, p99", figure(UNIT_NS, samples_permille(&samples, 500)),
                figure(UNIT_NS, samples_permille(&samples, 990)));
    samples_deinit(&samples);
    sb_screen_destroy(screen);
}

void bench_picture(const struct bench *bench)
{
    uint64_t large[STAGES], small[STAGES];

    (void)bench;
    play_at(50, 200, large);
    play_at(24, 80, small);
    figures_row("bytes of a first frame: 200x50, 80x24", figure(UNIT_BYTES, (double)large[0]), figure(UNIT_BYTES, (double)small[0]));
    figures_row("bytes when three rows change: 200x50, 80x24", figure_at_most(UNIT_BYTES, (double)large[1], 800),
                figure_at_most(UNIT_BYTES, (double)small[1], 300));
    figures_row("bytes when three jobs start (rows move): 200x50, 80x24", figure(UNIT_BYTES, (double)large[2]),
                figure(UNIT_BYTES, (double)small[2]));
    draw_many();
}
