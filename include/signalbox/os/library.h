/* Shared libraries that are loaded when they are needed first, because they are large and most processes never need them (docs/decisions/0018).
 *
 * The room that knows the library keeps a table: a struct of pointers made of one list of names, whose types are those of the library's header.
 * Behind it `#define NAME table.NAME` lets the rest of the room call as if the library were linked; the `_load` of the table comes before
 * the first call. Loading waits for the disk; what was loaded stays. Any thread. */
#ifndef SIGNALBOX_OS_LIBRARY_H
#define SIGNALBOX_OS_LIBRARY_H

#include "signalbox/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct sb_library {
    const char *file;            /* its SONAME, as CMake found it: searched where linked libraries are searched */
    const char *purpose;         /* what cannot be done without it */
    const char *const *names;    /* of the functions */
    void *functions;             /* the struct of pointers, in the same order */
    size_t count;
    _Atomic(bool) is_loaded;
};

/* SB_OK when it is there already. SB_ERR_UNAVAILABLE: the file cannot be loaded or is too old; a later call tries again. */
enum sb_err sb_library_load(struct sb_library *library, struct sb_error *err) SB_MUST_USE;

#define SB_LIBRARY_NAME(name) #name,
#define SB_LIBRARY_POINTER(name) __typeof__(name) *name;
/* In a header: SB_LIBRARY_DECLARE(sb_curl, SB_CURL_FUNCTIONS) declares the table `sb_curl` and `sb_curl_load(err)`. The list is X(NAME) ... */
#define SB_LIBRARY_DECLARE(table, list)                                                                                                         \
    struct table##_functions {                                                                                                                  \
        list(SB_LIBRARY_POINTER)                                                                                                                \
    };                                                                                                                                          \
    extern struct table##_functions table;                                                                                                      \
    enum sb_err table##_load(struct sb_error *err) SB_MUST_USE
/* In one source file, before the names become those of the table. */
#define SB_LIBRARY_DEFINE(table, list, soname, needed_for)                                                                                      \
    struct table##_functions table;                                                                                                             \
    enum sb_err table##_load(struct sb_error *err)                                                                                              \
    {                                                                                                                                           \
        static const char *const names[] = { list(SB_LIBRARY_NAME) };                                                                           \
        static struct sb_library library = { soname, needed_for, names, &table, SB_LEN(names), false };                                         \
        _Static_assert(sizeof(table) == SB_LEN(names) * sizeof(void (*)(void)), "pointers and nothing else");                                   \
        return sb_library_load(&library, err);                                                                                                  \
    }                                                                                                                                           \
    struct table##_functions table

#endif
