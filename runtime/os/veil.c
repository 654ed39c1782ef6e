/* The veil: the one place that knows the process's secrets by value, so that what comes in from programs, sites and endpoints can be cleaned of them
 * before it becomes an event, a row or a line of the log. Set before the threads that use it start, taken away when they are gone; reading it takes
 * no lock. */
#include "os_private.h"

#include "signalbox/base/text.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { VEILED_MAX = 4096 };

static _Atomic(const struct sb_redactor *) veil;

void sb_veil_set(const struct sb_redactor *redactor)
{
    atomic_store(&veil, redactor);
}

static void add_mark(struct sb_text *out, const char *name)
{
    sb_text_add(out, "[redacted:");
    sb_text_add(out, name);
    sb_text_add(out, "]");
}

void sb_veil_text(char *text, size_t cap)
{
    const struct sb_redactor *redactor = atomic_load(&veil);
    const size_t size = redactor != NULL ? strnlen(text, cap) : 0;
    struct sb_redact_span span;
    char clean[VEILED_MAX];
    struct sb_text out;
    if (size == 0 || !sb_redact_next(redactor, text, size, 0, &span))
        return;
    size_t at = 0;
    sb_text_init(&out, clean, cap < sizeof(clean) ? cap : sizeof(clean));
    do {
        sb_text_add_n(&out, text + at, span.start - at);
        add_mark(&out, span.name);
        at = span.start + span.size;
    } while (sb_redact_next(redactor, text, size, at, &span));
    sb_text_add_n(&out, text + at, size - at);
    (void)sb_copy(text, cap, clean); /* a cut text stays a text */
    explicit_bzero(clean, sizeof(clean));
}

bool sb_veil_document(char **text)
{
    const struct sb_redactor *redactor = atomic_load(&veil);
    const size_t size = redactor != NULL && *text != NULL ? strlen(*text) : 0;
    struct sb_redact_span span;
    size_t at = 0, wanted = size + 1;
    if (size == 0 || !sb_redact_next(redactor, *text, size, 0, &span))
        return true;
    for (size_t from = 0; sb_redact_next(redactor, *text, size, from, &span); from = span.start + span.size)
        wanted += strlen(span.name) + sizeof("[redacted:]");
    char *clean = malloc(wanted);
    if (clean != NULL) {
        struct sb_text out;
        sb_text_init(&out, clean, wanted);
        for (; sb_redact_next(redactor, *text, size, at, &span); at = span.start + span.size) {
            sb_text_add_n(&out, *text + at, span.start - at);
            add_mark(&out, span.name);
        }
        sb_text_add_n(&out, *text + at, size - at);
    }
    explicit_bzero(*text, size);
    free(*text);
    *text = clean;
    return clean != NULL;
}

void sb_core_dumps_off(void)
{
    /* 1, not 0: a core_pattern that is a pipe is not asked about 0, and 1 is the limit at which the kernel gives it nothing (core(5)). */
    const struct rlimit none = { .rlim_cur = 1, .rlim_max = 1 };
    struct rlimit have = { 0 };
    if (getrlimit(RLIMIT_CORE, &have) == 0 && have.rlim_max < 1)
        return; /* less is allowed already */
    (void)setrlimit(RLIMIT_CORE, &none); /* lowering a limit of one's own cannot fail */
}
