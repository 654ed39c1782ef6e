/* What happens when Redis fails, on a real one: killed, stopped, full, a replica, without a free client; and on a server that speaks nonsense.
 * Two promises: there are never more connections than the pool has, and a call on the cache that the program uses never fails and never waits
 * for long. */
#include "signalbox/ports/cache.h"

#include "signalbox/base/text.h"

#include "redis_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>

enum { POOL = 4, CROWD = 50 };

static const struct sb_op patient = { .deadline = SB_NEVER };
static struct redis_server server;
static struct sb_cache *cache;

static int set_up(void **state)
{
    (void)state;
    redis_server_start(&server, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sb_cache_close(cache);
    cache = NULL;
    redis_server_end(&server);
    return 0;
}

static void open_at(const char *location, bool has_no_fallback, const char *password, unsigned pool)
{
    struct sb_error err = { 0 };
    const struct sb_cache_setup setup = { .location = location, .pool = pool, .has_no_fallback = has_no_fallback, .password = password };
    if (sb_cache_open(&cache, &setup, &err) != SB_OK)
        fail_msg("open: %s", err.text);
}

static enum sb_err set_within(sb_ns timeout, struct sb_error *err)
{
    const struct sb_op op = { .deadline = sb_now() + timeout };
    return sb_cache_set(cache, "k", "x", 1, SB_MIN(1), &op, err);
}

static struct sb_cache_stats figures(void)
{
    struct sb_cache_stats stats;
    sb_cache_stats(cache, &stats);
    return stats;
}

static void wait_for_mode(const char *mode)
{
    const sb_ns deadline = sb_now() + SB_S(60);
    while (!sb_streq(figures().mode, mode)) {
        if (sb_now() >= deadline)
            fail_msg("the cache does not come to mode \"%s\" but stays \"%s\"", mode, figures().mode);
        (void)poll(NULL, 0, 5);
    }
}

/* ---- a crowd that works until it is told to stop ---- */

struct crowd {
    atomic_bool is_over;
    atomic_uint calls, failures;
    unsigned calls_each; /* 0: until is_over */
    struct sb_thread *threads[CROWD];
    atomic_uint clients_max; /* most connections that the server saw */
};
static struct crowd crowd;

static void work(void *arg)
{
    char key[32];
    struct sb_text text;
    sb_text_init(&text, key, sizeof(key));
    sb_text_addf(&text, "worker%zu", (size_t)((struct sb_thread **)arg - crowd.threads) % 7);
    for (unsigned i = 0; crowd.calls_each != 0 ? i < crowd.calls_each : !atomic_load(&crowd.is_over); i++) {
        const struct sb_op op = { .deadline = sb_now() + SB_S(30) };
        char *value = NULL;
        size_t size;
        int64_t number;
        struct sb_error err = { 0 };
        enum sb_err rc = i % 3 == 0   ? sb_cache_set(cache, key, "some value", 10, SB_MIN(1), &op, &err)
                         : i % 3 == 1 ? sb_cache_get(cache, key, &op, &value, &size, &err)
                                      : sb_cache_add(cache, "sum", 1, SB_MIN(1), &op, &number, &err);
        free(value);
        atomic_fetch_add(&crowd.calls, 1);
        if (rc != SB_OK && rc != SB_ERR_NOT_FOUND) {
            atomic_fetch_add(&crowd.failures, 1);
            print_message("  %s\n", err.text);
        }
    }
}

static void crowd_start(unsigned calls_each)
{
    memset(&crowd, 0, sizeof(crowd));
    crowd.calls_each = calls_each;
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(sb_thread_start(&crowd.threads[i], "worker", work, &crowd.threads[i], NULL), SB_OK);
}

static void look_at_clients(void)
{
    unsigned clients = redis_server_clients(&server);
    if (clients > atomic_load(&crowd.clients_max))
        atomic_store(&crowd.clients_max, clients);
}

/* Until the crowd has made so many calls in all. */
static void crowd_reach(unsigned until)
{
    const sb_ns deadline = sb_now() + SB_S(60);
    while (atomic_load(&crowd.calls) < until) {
        assert_true(sb_now() < deadline);
        if (server.pid != 0)
            look_at_clients();
    }
}

static void crowd_work(unsigned calls)
{
    crowd_reach(atomic_load(&crowd.calls) + calls);
}

static void crowd_join(void)
{
    atomic_store(&crowd.is_over, true);
    for (size_t i = 0; i < CROWD; i++)
        sb_thread_join(crowd.threads[i]);
    print_message("  %u calls, at most %u connections, %lu opened\n", atomic_load(&crowd.calls), atomic_load(&crowd.clients_max),
                  (unsigned long)figures().opened);
}

/* ---- the pool ---- */

static void pool__of_four_serves_fifty_threads_with_four_connections(void **state)
{
    (void)state;
    open_at(server.location, true, NULL, POOL);
    crowd_start(0);
    crowd_work(20000);
    crowd_join();
    assert_int_equal(atomic_load(&crowd.failures), 0);
    assert_true(atomic_load(&crowd.clients_max) <= POOL);
    assert_true(atomic_load(&crowd.clients_max) > 1);
    assert_int_equal(figures().opened, figures().connections); /* none was ever closed */
}

/* The incident: 10,000 operations, 50 workers, a server that takes 10 clients. */
static void clients__are_never_exhausted_by_fifty_workers(void **state)
{
    (void)state;
    redis_server_must(&server, "CONFIG SET maxclients 10");
    open_at(server.location, true, NULL, 8);
    crowd_start(200);
    crowd_reach(CROWD * 200);
    crowd_join();
    assert_int_equal(atomic_load(&crowd.failures), 0);
    assert_true(atomic_load(&crowd.clients_max) <= 8);
    int64_t sum = 0;
    assert_int_equal(sb_cache_add(cache, "sum", 0, SB_MIN(1), &patient, &sum, NULL), SB_OK);
    assert_int_equal(sum, CROWD * 66);
}

static void clients__that_others_took_leave_the_rest_to_the_pool(void **state)
{
    (void)state;
    int others[6];
    char answer[256];
    redis_server_must(&server, "CONFIG SET maxclients 10"); /* the test, six others: three are left for a pool of eight */
    for (size_t i = 0; i < SB_LEN(others); i++) {
        others[i] = redis_server_connect(&server);
        assert_true(others[i] >= 0);
        redis_server_say(others[i], "CLIENT SETNAME test", answer, sizeof(answer));
    }
    open_at(server.location, true, NULL, 8);
    crowd_start(100);
    crowd_reach(CROWD * 100);
    crowd_join();
    assert_int_equal(atomic_load(&crowd.failures), 0);
    assert_true(figures().connections <= 3);
    for (size_t i = 0; i < SB_LEN(others); i++)
        close(others[i]);
}

static void clients__none_left_is_told_with_the_remedy(void **state)
{
    (void)state;
    struct sb_error err = { 0 };
    redis_server_must(&server, "CONFIG SET maxclients 1");
    open_at(server.location, true, NULL, POOL);
    assert_int_equal(set_within(SB_S(10), &err), SB_ERR_FULL);
    assert_non_null(strstr(err.text, "raise its maxclients, or lower settings.cache_pool"));
    assert_int_equal(figures().connections, 0);
    redis_server_must(&server, "CONFIG SET maxclients 10");
    assert_int_equal(set_within(SB_S(10), &err), SB_OK);
}

static void killed_clients__cost_nothing(void **state)
{
    (void)state;
    open_at(server.location, false, NULL, POOL);
    crowd_start(0);
    for (int i = 0; i < 10; i++) {
        crowd_work(300);
        redis_server_must(&server, "CLIENT KILL TYPE normal SKIPME yes");
    }
    crowd_join();
    assert_int_equal(atomic_load(&crowd.failures), 0);
    assert_true(atomic_load(&crowd.clients_max) <= POOL);
    wait_for_mode("redis");
    assert_int_equal(figures().in_use, 0);
    assert_int_equal(set_within(SB_S(10), NULL), SB_OK);
    assert_true(redis_server_clients(&server) <= POOL);
}

static void killed_idle_connection__is_noticed_before_it_is_used(void **state)
{
    (void)state;
    open_at(server.location, true, NULL, POOL);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(set_within(SB_S(10), NULL), SB_OK);
        redis_server_must(&server, "CLIENT KILL TYPE normal SKIPME yes");
    }
    assert_int_equal(figures().errors, 0);
    assert_int_equal(figures().connections, 1);
}

/* ---- outages ---- */

static atomic_uint changes;

static void on_change(void *arg, bool is_away, const char *reason)
{
    unsigned before = atomic_fetch_add((atomic_uint *)arg, 1);
    assert_int_equal(is_away, before % 2 == 0);
    assert_true(is_away == (strstr(reason, server.socket) != NULL));
}

static void killed_server__is_replaced_by_this_process_and_found_again(void **state)
{
    (void)state;
    open_at(server.location, false, NULL, POOL);
    atomic_store(&changes, 0);
    sb_cache_set_callback(cache, &changes, on_change);
    crowd_start(0);
    for (int i = 0; i < 3; i++) {
        crowd_work(2000);
        redis_server_kill(&server);
        crowd_work(5000);
        assert_string_equal(figures().mode, "memory for redis");
        redis_server_start(&server, NULL);
        wait_for_mode("redis");
    }
    crowd_work(2000);
    crowd_join();
    assert_int_equal(atomic_load(&crowd.failures), 0);
    assert_true(atomic_load(&crowd.clients_max) <= POOL);
    assert_int_equal(figures().switches, 3);
    const sb_ns deadline = sb_now() + SB_S(30);
    while (atomic_load(&changes) < 6 && sb_now() < deadline)
        (void)poll(NULL, 0, 1);
    assert_int_equal(atomic_load(&changes), 6); /* there and back, three times */
    assert_int_equal(figures().in_use, 0);
}

static void stopped_server__ends_calls_at_their_deadline_and_goes_on(void **state)
{
    (void)state;
    struct sb_error err = { 0 };
    open_at(server.location, true, NULL, POOL);
    assert_int_equal(set_within(SB_S(10), NULL), SB_OK);
    assert_int_equal(kill(server.pid, SIGSTOP), 0);
    sb_ns begun = sb_now();
    assert_int_equal(set_within(SB_MS(100), &err), SB_ERR_TIMEOUT);
    print_message("  ended %.1f ms after its deadline\n", (double)(sb_now() - begun - SB_MS(100)) / 1e6);
    assert_non_null(strstr(err.text, "no answer in time"));
    assert_int_equal(figures().connections, 0); /* whose answer nobody waits for any more is closed */
    assert_int_equal(kill(server.pid, SIGCONT), 0);
    assert_int_equal(set_within(SB_S(10), NULL), SB_OK);
}

static void stopped_server__keeps_a_crowd_waiting_once(void **state)
{
    (void)state;
    open_at(server.location, false, NULL, POOL);
    crowd_start(0);
    crowd_work(1000);
    assert_int_equal(kill(server.pid, SIGSTOP), 0);
    const unsigned at = atomic_load(&crowd.calls);
    while (atomic_load(&crowd.calls) < at + 50000) /* the server would have to answer */
        (void)poll(NULL, 0, 1);
    assert_string_equal(figures().mode, "memory for redis");
    assert_int_equal(kill(server.pid, SIGCONT), 0);
    wait_for_mode("redis");
    crowd_work(1000);
    crowd_join();
    assert_int_equal(atomic_load(&crowd.failures), 0);
    assert_true(atomic_load(&crowd.clients_max) <= POOL);
    assert_int_equal(figures().in_use, 0);
}

static void own_deadline__is_not_held_against_the_server(void **state)
{
    (void)state;
    struct sb_cancel *cancel = sb_cancel_create(NULL);
    const struct sb_op off = { .deadline = SB_NEVER, .cancel = cancel };
    open_at(server.location, false, NULL, POOL);
    assert_int_equal(set_within(SB_S(10), NULL), SB_OK);
    assert_int_equal(kill(server.pid, SIGSTOP), 0);
    assert_int_equal(set_within(SB_MS(50), NULL), SB_ERR_TIMEOUT);
    assert_string_equal(figures().mode, "redis");
    sb_cancel_ask(cancel);
    assert_int_equal(sb_cache_set(cache, "k", "x", 1, SB_S(1), &off, NULL), SB_ERR_CANCELLED);
    assert_string_equal(figures().mode, "redis");
    assert_int_equal(set_within(SB_S(20), NULL), SB_OK); /* more patient than the cache is: this process serves */
    assert_string_equal(figures().mode, "memory for redis");
    assert_int_equal(kill(server.pid, SIGCONT), 0);
    wait_for_mode("redis");
    sb_cancel_destroy(cancel);
}

static void missing_server__is_told_by_the_check_while_this_process_serves(void **state)
{
    (void)state;
    struct sb_error err = { 0 };
    struct sb_cache_lock lock;
    int64_t value = 0;
    open_at(server.location, false, NULL, POOL);
    redis_server_kill(&server);
    assert_int_equal(sb_cache_check(cache, &patient, &err), SB_ERR_UNAVAILABLE);
    assert_non_null(strstr(err.text, server.socket));
    assert_int_equal(sb_cache_add(cache, "n", 2, SB_MIN(1), &patient, &value, NULL), SB_OK);
    assert_int_equal(value, 2);
    assert_int_equal(sb_cache_set(cache, "old", "x", 1, SB_HOUR(1), &patient, NULL), SB_OK);
    assert_int_equal(sb_cache_lock(cache, "door", SB_HOUR(1), &patient, &lock, NULL), SB_OK);
    redis_server_start(&server, NULL);
    wait_for_mode("redis");
    assert_int_equal(sb_cache_check(cache, &patient, &err), SB_OK);
    assert_int_equal(sb_cache_unlock(cache, &lock, &patient, &err), SB_ERR_STALE); /* lost at the switch, and known to be */
    assert_int_equal(sb_cache_add(cache, "n", 2, SB_MIN(1), &patient, &value, NULL), SB_OK);
    assert_int_equal(value, 2); /* begun anew */
    redis_server_kill(&server);
    char *found = NULL;
    size_t size = 0;
    assert_int_equal(sb_cache_get(cache, "old", &patient, &found, &size, NULL), SB_ERR_NOT_FOUND); /* an earlier outage's is forgotten */
}

/* ---- servers that refuse ---- */

static void refuses(enum sb_err code, const char *remedy)
{
    struct sb_error err = { 0 };
    enum sb_err rc = set_within(SB_S(10), &err);
    if (rc == SB_OK)
        rc = sb_cache_check(cache, &patient, &err);
    assert_int_equal(rc, code);
    if (strstr(err.text, remedy) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, remedy);
}

static void password__that_is_wrong_is_told_without_showing_it(void **state)
{
    (void)state;
    struct sb_error err = { 0 };
    redis_server_must(&server, "CONFIG SET requirepass right-one");
    open_at(server.location, true, NULL, POOL);
    refuses(SB_ERR_PERMISSION, "name it in settings.cache_password");
    sb_cache_close(cache);
    assert_int_equal(setenv("SB_TEST_CACHE_PASSWORD", "wrong-one", 1), 0);
    open_at(server.location, true, "env:SB_TEST_CACHE_PASSWORD", POOL);
    refuses(SB_ERR_PERMISSION, "look at what settings.cache_password refers to");
    (void)set_within(SB_S(10), &err);
    assert_null(strstr(err.text, "wrong-one"));
    assert_int_equal(setenv("SB_TEST_CACHE_PASSWORD", "right-one", 1), 0); /* read anew */
    assert_int_equal(set_within(SB_S(10), &err), SB_OK);
    sb_cache_close(cache);
    assert_int_equal(unsetenv("SB_TEST_CACHE_PASSWORD"), 0);
    open_at(server.location, true, "env:SB_TEST_CACHE_PASSWORD", POOL);
    refuses(SB_ERR_NOT_FOUND, "SB_TEST_CACHE_PASSWORD is not set");
}

/* The rights that docs/OPERATIONS.md names are enough for everything, in the database that the address names. */
static void user__with_the_documented_rights_can_do_everything(void **state)
{
    (void)state;
    char location[200], keys[64];
    struct sb_text text;
    struct sb_error err = { 0 };
    struct sb_cache_lock lock;
    struct sb_cache_turn turn;
    const struct sb_rate rate = { 1, SB_HOUR(1) };
    int64_t number;
    redis_server_must(&server, "ACL SETUSER box on >box-word ~signalbox:* -@all +ping +get +set +del +incrby +pttl +pexpire +lindex +llen +lpop "
                               "+rpush +ltrim +time +eval +info +auth +select +client|setname");
    assert_int_equal(setenv("SB_TEST_CACHE_PASSWORD", "box-word", 1), 0);
    sb_text_init(&text, location, sizeof(location));
    sb_text_addf(&text, "redis+unix://box@%s?db=3", server.socket);
    open_at(location, true, "env:SB_TEST_CACHE_PASSWORD", POOL);
    if (sb_cache_check(cache, &patient, &err) != SB_OK || sb_cache_add(cache, "n", 1, SB_HOUR(1), &patient, &number, &err) != SB_OK ||
        sb_cache_limit(cache, "r", &rate, &patient, &turn, &err) != SB_OK || sb_cache_limit(cache, "r", &rate, &patient, &turn, &err) != SB_OK ||
        sb_cache_lock(cache, "l", SB_HOUR(1), &patient, &lock, &err) != SB_OK ||
        sb_cache_renew(cache, &lock, SB_HOUR(1), &patient, &err) != SB_OK || sb_cache_unlock(cache, &lock, &patient, &err) != SB_OK)
        fail_msg("%s", err.text);
    redis_server_must(&server, "SELECT 3");
    redis_server_ask(&server, "DBSIZE", keys, sizeof(keys));
    assert_string_equal(keys, ":2\r\n");
    redis_server_must(&server, "ACL SETUSER box -get");
    refuses(SB_ERR_PERMISSION, "NOPERM");
    assert_int_equal(unsetenv("SB_TEST_CACHE_PASSWORD"), 0);
}

static void replica_and_full_server__are_told_with_the_remedy(void **state)
{
    (void)state;
    open_at(server.location, true, NULL, POOL);
    redis_server_must(&server, "REPLICAOF 127.0.0.1 1");
    refuses(SB_ERR_READ_ONLY, "name its master in settings.cache");
    redis_server_must(&server, "CONFIG SET replica-read-only no");
    refuses(SB_ERR_READ_ONLY, "is a replica"); /* it takes writes, and will lose them */
    redis_server_must(&server, "REPLICAOF NO ONE");
    assert_int_equal(set_within(SB_S(10), NULL), SB_OK);
    redis_server_must(&server, "CONFIG SET maxmemory-policy noeviction");
    redis_server_must(&server, "CONFIG SET maxmemory 1");
    refuses(SB_ERR_FULL, "maxmemory-policy allkeys-lru");
    redis_server_must(&server, "CONFIG SET maxmemory 0");
    assert_int_equal(set_within(SB_S(10), NULL), SB_OK);
}

/* ---- a server that says what it is told, over TCP ---- */

struct scripted {
    int listener, stop;
    int port;
    const char *answer;  /* to everything; NULL: closes at once */
    unsigned repeats;    /* of the answer */
    struct sb_thread *thread;
};

static void scripted_main(void *arg)
{
    const struct scripted *self = arg;
    char bytes[4096];
    for (;;) {
        struct pollfd fds[] = { { .fd = self->listener, .events = POLLIN }, { .fd = self->stop, .events = POLLIN } };
        assert_true(poll(fds, 2, -1) > 0);
        if (fds[1].revents != 0)
            return;
        int fd = accept(self->listener, NULL, NULL);
        while (self->answer != NULL && recv(fd, bytes, sizeof(bytes), 0) > 0)
            for (unsigned i = 0; i < self->repeats; i++)
                if (send(fd, self->answer, strlen(self->answer), MSG_NOSIGNAL) < 0)
                    break;
        close(fd);
    }
}

static void scripted_start(struct scripted *self)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(to);
    self->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(self->listener, (const struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(listen(self->listener, 16), 0);
    assert_int_equal(getsockname(self->listener, (struct sockaddr *)&to, &size), 0);
    self->port = ntohs(to.sin_port);
    assert_int_equal(sb_wake_open(&self->stop, NULL), SB_OK);
    assert_int_equal(sb_thread_start(&self->thread, "scripted", scripted_main, self, NULL), SB_OK);
}

static void scripted_end(struct scripted *self)
{
    sb_wake_post(self->stop);
    sb_thread_join(self->thread);
    close(self->listener);
    sb_fd_close(&self->stop);
}

static void nonsense__is_an_error_and_no_crash(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        unsigned repeats;
        enum sb_err code;
    } cases[] = {
        { "-LOADING Redis is loading the dataset in memory\r\n", 1, SB_ERR_UNAVAILABLE },
        { "-ERR unknown command `CLIENT`, with args beginning with: `x`\r\n", 1, SB_ERR_UNSUPPORTED },
        { "-MOVED 3999 127.0.0.1:6381\r\n", 1, SB_ERR_UNSUPPORTED },
        { "-\r\n", 1, SB_ERR_PROTOCOL },
        { "HTTP/1.1 400 Bad Request\r\n\r\n", 1, SB_ERR_PROTOCOL },
        { "$99999999\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 100000, SB_ERR_PROTOCOL },
        { "*2147483647\r\n", 1, SB_ERR_PROTOCOL },
        { "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", 1, SB_ERR_PROTOCOL },
        { ":1\r\n", 1, SB_ERR_PROTOCOL },
        { "$-1\r\n", 1, SB_ERR_PROTOCOL },
        { "+OK\r\n+OK\r\n", 1, SB_ERR_PROTOCOL }, /* one answer too many */
        { NULL, 0, SB_ERR_UNAVAILABLE },
    };
    for (size_t i = 0; i < SB_LEN(cases); i++) {
        struct scripted scripted = { .answer = cases[i].answer, .repeats = cases[i].repeats };
        char location[64];
        struct sb_text text;
        struct sb_error err = { 0 };
        scripted_start(&scripted);
        sb_text_init(&text, location, sizeof(location));
        sb_text_addf(&text, "redis://127.0.0.1:%d", scripted.port);
        open_at(location, true, NULL, 1);
        enum sb_err rc = set_within(SB_S(10), &err);
        for (int again = 0; rc == SB_OK && again < 3; again++) /* the first answers may have looked like what was asked for */
            rc = set_within(SB_S(10), &err);
        if (rc != cases[i].code)
            fail_msg("case %zu: %d, not %d: %s", i, (int)rc, (int)cases[i].code, err.text);
        assert_int_equal(figures().in_use, 0);
        sb_cache_close(cache);
        cache = NULL;
        scripted_end(&scripted);
    }
}

static void host__that_does_not_exist_is_named(void **state)
{
    (void)state;
    open_at("redis://name.invalid:6379/0", true, NULL, 1);
    refuses(SB_ERR_UNAVAILABLE, "name.invalid");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(pool__of_four_serves_fifty_threads_with_four_connections),
        TEST(clients__are_never_exhausted_by_fifty_workers),
        TEST(clients__that_others_took_leave_the_rest_to_the_pool),
        TEST(clients__none_left_is_told_with_the_remedy),
        TEST(killed_clients__cost_nothing),
        TEST(killed_idle_connection__is_noticed_before_it_is_used),
        TEST(killed_server__is_replaced_by_this_process_and_found_again),
        TEST(stopped_server__ends_calls_at_their_deadline_and_goes_on),
        TEST(stopped_server__keeps_a_crowd_waiting_once),
        TEST(own_deadline__is_not_held_against_the_server),
        TEST(missing_server__is_told_by_the_check_while_this_process_serves),
        TEST(password__that_is_wrong_is_told_without_showing_it),
        TEST(user__with_the_documented_rights_can_do_everything),
        TEST(replica_and_full_server__are_told_with_the_remedy),
        TEST(nonsense__is_an_error_and_no_crash),
        TEST(host__that_does_not_exist_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
