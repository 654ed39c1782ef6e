/* The one place where a bug of ours ends the process. The hook is written once at start-up. */
#include "signalbox/base/assert.h"

#include <stddef.h>
#include <stdlib.h>

static sb_assert_hook *installed_hook;

void sb_assert_hook_set(sb_assert_hook *hook)
{
    installed_hook = hook;
}

_Noreturn void sb_assert_fail(const char *claim, const char *file, int line)
{
    sb_assert_hook *hook = installed_hook;

    installed_hook = NULL; /* an assertion inside the hook must not recurse */
    if (hook != NULL)
        hook(claim, file, line);
    abort();
}
