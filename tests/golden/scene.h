/* A scene: events written by hand, each stamped with the next sequence number and the scene's own clock. For tests of the console. */
#ifndef SB_TEST_SCENE_H
#define SB_TEST_SCENE_H

#include "signalbox/base/text.h"
#include "signalbox/model/command.h"
#include "signalbox/model/event.h"
#include "signalbox/tui/screen.h"

#include <string.h>

enum { SCENE_MAX = 2048 };

struct scene {
    struct sb_event events[SCENE_MAX];
    unsigned count;
    uint64_t seq;
    sb_ns now;
    struct sb_wall wall;
};

/* 2026-11-23T14:41:07Z */
#define SCENE_WALL INT64_C(1795444867000000000)
#define SCENE_NOW SB_HOUR(10)

static inline void scene_init(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    scene->now = SCENE_NOW;
    scene->wall.ns = SCENE_WALL;
}

static inline void scene_wait(struct scene *scene, sb_ns time)
{
    scene->now += time;
    scene->wall.ns += time;
}

static inline const struct sb_event *scene_push(struct scene *scene, const struct sb_event *event)
{
    struct sb_event *const to = &scene->events[scene->count++];
    memset(to, 0, sizeof *to);
    memcpy(to, event, sizeof *to);
    to->seq = ++scene->seq;
    to->now = scene->now;
    to->wall = scene->wall;
    return to;
}

/* SAY(scene, RUN_QUEUED, run_queued, .run = 7, .job = 1) */
#define SAY(scene, CODE, lower, ...) scene_push((scene), &(struct sb_event){.kind = SB_EVENT_##CODE, .as.lower = {__VA_ARGS__}})

static inline void scene_job(struct scene *scene, uint16_t job, const char *name, enum sb_category category, uint8_t priority, uint8_t steps)
{
    struct sb_event event = {.kind = SB_EVENT_JOB_DEFINED};
    struct sb_ev_job_defined *const defined = &event.as.job_defined;
    defined->job = job;
    defined->category = (uint8_t)category;
    defined->priority = priority;
    defined->steps = steps;
    defined->needs_browser = category != SB_CATEGORY_NONE;
    defined->needs_llm = category == SB_CATEGORY_NONE;
    defined->attempts_max = 3;
    defined->timeout = SB_MIN(5);
    defined->every = SB_MIN(20);
    sb_copy(defined->name, sizeof defined->name, name);
    sb_copy(defined->schedule, sizeof defined->schedule, "every 20m");
    scene_push(scene, &event);
    static const char *const step_names[] = {"open", "login", "read", "check", "submit", "save", "archive"};
    for (uint8_t i = 0; i < steps; i++) {
        struct sb_event step = {.kind = SB_EVENT_STEP_DEFINED};
        step.as.step_defined.job = job;
        step.as.step_defined.step = i;
        step.as.step_defined.kind = category == SB_CATEGORY_NONE ? SB_STEP_KIND_SQL : SB_STEP_KIND_BROWSE;
        step.as.step_defined.needs_context = category != SB_CATEGORY_NONE;
        step.as.step_defined.is_effect = i == 4;
        step.as.step_defined.timeout = SB_S(30);
        sb_copy(step.as.step_defined.name, SB_NAME_MAX, step_names[i % 7]);
        scene_push(scene, &step);
    }
}

static inline void scene_start(struct scene *scene)
{
    SAY(scene, RUNTIME_STARTED, runtime_started, .boot = 3, .version = "0.1.0", .host = "ops1", .config_hash = "9f3a61c0aa", .jobs = 4);
    SAY(scene, POOL_DEFINED, pool_defined, .contexts = 3, .burst = 1, .policy = SB_LANE_POLICY_RECLAIM, .workers = 4);
    SAY(scene, COMPONENT_DEFINED, component_defined, .component = SB_COMPONENT_STORE, .class = SB_COMPONENT_CLASS_REQUIRED);
    SAY(scene, COMPONENT_DEFINED, component_defined, .component = SB_COMPONENT_BROWSER, .class = SB_COMPONENT_CLASS_IMPORTANT);
    SAY(scene, COMPONENT_DEFINED, component_defined, .component = SB_COMPONENT_LLM, .class = SB_COMPONENT_CLASS_IMPORTANT);
    SAY(scene, CONTEXT_DEFINED, context_defined, .ctx = 0, .lane = SB_LANE_LOW);
    SAY(scene, CONTEXT_DEFINED, context_defined, .ctx = 1, .lane = SB_LANE_HIGH);
    SAY(scene, CONTEXT_DEFINED, context_defined, .ctx = 2, .lane = SB_LANE_POSTING);
    SAY(scene, CONTEXT_DEFINED, context_defined, .ctx = 3, .lane = SB_LANE_POSTING, .is_burst = true);
}

/* The runtime is alive: without it a picture grows stale. */
static inline void scene_beat(struct sb_screen *screen, struct sb_now now)
{
    struct sb_event event;
    memset(&event, 0, sizeof event);
    event.kind = SB_EVENT_HEARTBEAT;
    event.now = now.mono;
    event.wall = now.wall;
    sb_screen_fold(screen, &event);
}

static inline void scene_described(struct scene *scene)
{
    SAY(scene, DESCRIBED, described, .jobs = 4);
}

#endif
