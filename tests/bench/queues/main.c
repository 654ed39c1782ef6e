/* The runtime's side of the comparison with job queues (tests/bench/queues/run): no-op runs through the real engine, core and store.
 *
 *   sb_queues runs LOCATION WORKERS plain|effect COUNT        asked for by this process, until the last event is on disk
 *   sb_queues latency LOCATION plain|effect SOCKET COUNT      asked for by another process over the API's socket, one by one with pauses;
 *                                                             then ten times COUNT as fast as one client can
 *
 * `effect`: a step begins only when its start is on disk. A result is one line, `PART key=value ...`. Afterwards the store is asked how many
 * runs have succeeded: one too few or too many ends the program with status 1. */
#include "tests/bench/bench.h"
#include "tests/bench/figures.h"
#include "tests/bench/noop.h"

#include "signalbox/api/api.h"
#include "signalbox/os/os.h"
#include "signalbox/ports/store.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS = 30, WORKERS = 10, COUNT_MAX = 300, FAST_TIMES = 10, PAUSE_MIN_MS = 10, PAUSE_SPREAD_MS = 21, PATIENCE_S = 30 };

void give_up(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("queues: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void must(enum sb_err rc, const char *what, const struct sb_error *err)
{
    if (rc != SB_OK)
        give_up("%s: %s", what, err->text);
}

static struct sb_op in_time(void)
{
    return (struct sb_op){ .deadline = sb_now() + SB_S(PATIENCE_S) };
}

/* VmRSS (now) or VmHWM (the most there ever was), in MiB. */
static double memory_mib(const char *key)
{
    char line[128];
    unsigned long kib = 0;
    FILE *status = fopen("/proc/self/status", "re");

    while (status != NULL && fgets(line, sizeof(line), status) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            kib = strtoul(line + strlen(key) + 1, NULL, 10);
    if (status != NULL)
        (void)fclose(status);
    return (double)kib / 1024;
}

static struct sb_store *open_store(const char *location)
{
    struct sb_store *store = NULL;
    struct sb_error error = { 0 };

    must(sb_store_open(&store, location, &error), "store", &error);
    return store;
}

/* Each run that was carried out is in the store once, ended well, and nothing else is. */
static void check_kept(struct sb_store *store, uint16_t herald, uint64_t runs)
{
    char name[SB_NAME_MAX];
    (void)snprintf(name, sizeof(name), "job_%05u", herald);
    const struct sb_cell params[] = { sb_cell_text(name) };
    const struct sb_statement statement = {
        "SELECT COUNT(*) AS total, SUM(CASE WHEN state = 'succeeded' AND ended_at_ms IS NOT NULL THEN 1 ELSE 0 END) AS ended "
        "FROM job_runs WHERE job_name <> $1", params, 1, -1
    };
    const struct sb_op op = in_time();
    struct sb_rows *rows = NULL;
    struct sb_error error = { 0 };

    must(store->ops->query(store, &statement, &op, &rows, &error), "counting runs", &error);
    int64_t total = sb_rows_number(rows, 0, "total"), ended = sb_rows_number(rows, 0, "ended");
    sb_rows_destroy(rows);
    if (total != (int64_t)runs || ended != total)
        give_up("%llu runs were carried out; the store has %lld, of which %lld have succeeded", (unsigned long long)runs, (long long)total,
                (long long)ended);
}

/* ---- runs ---- */

static double idle_mib;

static void on_begun(void)
{
    idle_mib = memory_mib("VmRSS");
}

static void measure_runs(const char *location, uint16_t workers, bool is_effect, uint64_t count)
{
    struct sb_store *store = open_store(location);
    const struct noop_load load = { .store = store, .workers = workers, .is_effect = is_effect, .runs = count, .on_begun = on_begun };
    const struct noop_rates rates = noop_throughput(&load);

    check_kept(store, NOOP_HERALD, count);
    (void)printf("runs at_once=%u rate=%.1f idle_mib=%.1f peak_mib=%.1f\n", workers, rates.runs, idle_mib,
                 memory_mib("VmHWM"));
    store->ops->close(store);
}

/* ---- latency: another process asks ---- */

/* Shared with it. */
static struct shared {
    sb_ns sent[COUNT_MAX];
    double asked_rate;
} *shared;

/* The k-th start of a job belongs to the k-th order of it. */
static uint16_t job_of(unsigned order)
{
    return (uint16_t)(order % JOBS);
}

static int dial(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || !sb_copy(address.sun_path, sizeof(address.sun_path), path) || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        give_up("cannot connect to %s: %s", path, strerror(errno));
    return fd;
}

static void pause_ms(unsigned ms)
{
    const struct sb_op op = { .deadline = sb_now() + SB_MS(ms) };
    const int none = -1;
    size_t ready;
    (void)!sb_poll_readable(&none, 1, &op, &ready, NULL);
}

/* One command over the connection that stays; returns when it was answered: false when too many runs wait already. */
static bool order_run(int fd, uint16_t job)
{
    char body[96], request[256], answer[2048];
    const struct sb_op op = in_time();
    struct sb_error error = { 0 };
    size_t have = 0, ready;
    const char *end = NULL, *length = NULL;

    int size = snprintf(body, sizeof(body), "{\"kind\": \"run_job\", \"job\": \"job_%05u\", \"confirmed\": true}", job);
    size = snprintf(request, sizeof(request), "POST /v1/commands HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", size, body);
    if (write(fd, request, (size_t)size) != size)
        give_up("cannot send a command: %s", strerror(errno));
    while (end == NULL || length == NULL || (size_t)(end + 4 - answer) + strtoul(length + 16, NULL, 10) > have) {
        must(sb_poll_readable(&fd, 1, &op, &ready, &error), "the answer to a command", &error);
        ssize_t got = read(fd, answer + have, sizeof(answer) - 1 - have);
        if (got <= 0)
            give_up("no answer to a command");
        have += (size_t)got;
        answer[have] = '\0';
        end = strstr(answer, "\r\n\r\n");
        length = strstr(answer, "Content-Length: ");
    }
    if (strstr(answer, "\"run table full\"") != NULL)
        return false;
    if (strstr(answer, " 200 ") == NULL)
        give_up("a run was refused: %s", answer);
    return true;
}

/* The other process: `go` says that the socket is there. */
static _Noreturn void ask_for_runs(int go, const char *path, unsigned count)
{
    char byte;
    uint32_t mix = 1;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (read(go, &byte, 1) != 1)
        exit(1);
    int fd = dial(path);
    for (unsigned order = 0; order < count; order++) {
        mix = mix * 1664525u + 1013904223u;
        pause_ms(PAUSE_MIN_MS + (mix >> 16) % PAUSE_SPREAD_MS);
        shared->sent[order] = sb_now();
        if (!order_run(fd, job_of(order)))
            give_up("too many runs wait");
    }
    sb_ns began = sb_now();
    for (unsigned order = count; order < count + count * FAST_TIMES; order++)
        while (!order_run(fd, job_of(order)))
            pause_ms(1);
    shared->asked_rate = (double)(count * FAST_TIMES) / ((double)(sb_now() - began) / 1e9);
    exit(0);
}

static pid_t start_asking(int *go, const char *path, unsigned count)
{
    int ends[2];

    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || pipe(ends) != 0)
        give_up("no memory or no pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        give_up("no process: %s", strerror(errno));
    if (pid == 0)
        ask_for_runs(ends[0], path, count);
    (void)close(ends[0]);
    *go = ends[1];
    return pid;
}

static void jobs_init_ordered(struct jobs *jobs, bool is_effect)
{
    jobs_init_even(jobs, JOBS + 1, SB_HOUR(1), 0); /* with the herald */
    jobs->catalogue.pool.workers = WORKERS;
    for (uint32_t i = 0; i <= JOBS; i++) {
        struct sb_job_def *job = &jobs->catalogue.jobs[i];
        job->schedule = SB_SCHEDULE_NONE;
        job->overlap = SB_OVERLAP_ALLOW;
        job->overlap_max = 255;
        jobs->catalogue.steps[i].is_effect = is_effect;
    }
}

static void tell_latency(unsigned count)
{
    const struct noop_arrival *arrivals = noop_arrivals();
    unsigned starts[JOBS] = { 0 };
    struct samples samples;

    samples_init(&samples, count);
    for (uint64_t i = 0; i < noop_done() && i < NOOP_ARRIVALS_MAX; i++) {
        uint16_t job = arrivals[i].job;
        unsigned order = job + starts[job]++ * JOBS;
        if (order < count)
            samples_add(&samples, arrivals[i].at - shared->sent[order]);
    }
    if (samples.count != count)
        give_up("%u runs were asked for, %zu have begun", count, samples.count);
    (void)printf("latency p50_ms=%.3f p99_ms=%.3f asked_rate=%.1f idle_mib=%.1f peak_mib=%.1f\n",
                 samples_permille(&samples, 500) / 1e6, samples_permille(&samples, 990) / 1e6, shared->asked_rate, idle_mib, memory_mib("VmHWM"));
    samples_deinit(&samples);
}

static void measure_latency(const char *location, bool is_effect, const char *path, unsigned count)
{
    const uint64_t all = (uint64_t)count * (1 + FAST_TIMES);
    int go, status = 0;
    struct jobs jobs;
    struct sb_api *api = NULL;
    struct sb_error error = { 0 };

    pid_t pid = start_asking(&go, path, count);
    jobs_init_ordered(&jobs, is_effect);
    struct sb_store *store = open_store(location);
    struct sb_engine *engine = noop_start(&jobs, store);
    const struct sb_api_setup setup = { .catalogue = &jobs.catalogue, .store = store, .control = sb_engine_control(engine), .socket_path = path };
    must(sb_api_open(&api, &setup, &error), "interface for programs", &error);
    noop_begin(engine, JOBS);
    on_begun();
    if (write(go, "g", 1) != 1)
        give_up("the other process is gone");
    (void)close(go);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        give_up("the process that asks for runs has failed");
    noop_wait(all);
    tell_latency(count);
    sb_api_close(api);
    noop_stop(engine);
    check_kept(store, JOBS, all);
    store->ops->close(store);
    jobs_deinit(&jobs);
}

/* ---- */

static unsigned number(const char *text, unsigned long max)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value == 0 || value > max)
        give_up("%s is no number from 1 to %lu", text, max);
    return (unsigned)value;
}

static bool is_effect(const char *word)
{
    if (strcmp(word, "plain") != 0 && strcmp(word, "effect") != 0)
        give_up("%s is neither plain nor effect", word);
    return word[0] == 'e';
}

int main(int argc, char **argv)
{
    sb_log_level_set(SB_LOG_ERROR);
    if (argc == 6 && strcmp(argv[1], "runs") == 0)
        measure_runs(argv[2], (uint16_t)number(argv[3], 64), is_effect(argv[4]), number(argv[5], 1000000));
    else if (argc == 6 && strcmp(argv[1], "latency") == 0)
        measure_latency(argv[2], is_effect(argv[3]), argv[4], number(argv[5], COUNT_MAX));
    else
        give_up("see the head of main.c");
    return 0;
}
