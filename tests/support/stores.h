/* The stores under test: a suite runs on the one that the environment variable SB_TEST_STORE names, sqlite (default) or postgres. Header only. */
#ifndef SIGNALBOX_TEST_STORES_H
#define SIGNALBOX_TEST_STORES_H

#include "signalbox/base/text.h"

#include "postgres_server.h"

enum { TEST_LOCATION_MAX = 256 };

static inline bool test_store_is_postgres(void)
{
    const char *name = getenv("SB_TEST_STORE");
    if (!name || strcmp(name, "sqlite") == 0)
        return false;
    if (strcmp(name, "postgres") != 0)
        abort();
    return true;
}

/* The name of a suite with the store it runs on. */
static inline const char *test_store_suite(const char *name)
{
    static char full[96];
    (void)snprintf(full, sizeof full, "%s: %s", name, test_store_is_postgres() ? "postgres" : "sqlite");
    return full;
}

/* A new, empty store. */
static inline void test_store_create(char location[TEST_LOCATION_MAX])
{
    char folder[] = "/tmp/signalbox-store-XXXXXX";
    if (test_store_is_postgres()) {
        test_pg_location(location, TEST_LOCATION_MAX);
        return;
    }
    if (!mkdtemp(folder))
        abort();
    (void)snprintf(location, TEST_LOCATION_MAX, "sqlite:%s/store.db", folder);
}

static inline void test_store_destroy(const char *location)
{
    char folder[TEST_LOCATION_MAX];
    const char *path = location + strlen("sqlite:");
    if (test_store_is_postgres()) {
        test_pg_drop(location);
        return;
    }
    (void)sb_copy_n(folder, sizeof folder, path, (size_t)(strrchr(path, '/') - path));
    if (sb_dir_remove(folder, NULL))
        abort();
}

#endif
