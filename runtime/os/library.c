/* Loading a shared library once, and the addresses of its functions into their table. */
#include "signalbox/os/library.h"
#include "signalbox/os/os.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER; /* under every lock that has a rank: nothing is called with it held but the loader */

static enum sb_err find_functions(const struct sb_library *library, void *handle, struct sb_error *err)
{
    for (size_t i = 0; i < library->count; i++) {
        void *address = dlsym(handle, library->names[i]);
        if (address == NULL)
            return sb_error_set(err, SB_ERR_UNAVAILABLE, "%s, which %s needs, has no %s: install a newer one", library->file, library->purpose,
                                library->names[i]);
        memcpy((unsigned char *)library->functions + i * sizeof(address), &address, sizeof(address));
    }
    return SB_OK;
}

enum sb_err sb_library_load(struct sb_library *library, struct sb_error *err)
{
    enum sb_err code = SB_OK;
    _Static_assert(sizeof(void *) == sizeof(void (*)(void)), "POSIX: an address of a function fits");
    if (atomic_load_explicit(&library->is_loaded, memory_order_acquire))
        return SB_OK;
    (void)pthread_mutex_lock(&loading);
    if (!atomic_load_explicit(&library->is_loaded, memory_order_relaxed)) {
        sigset_t before;
        sb_signals_hold(&before);
        void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        sb_signals_release(&before);
        if (handle == NULL)
            code = sb_error_set(err, SB_ERR_UNAVAILABLE, "%s needs a library that cannot be loaded: %s; install the package that has it",
                                library->purpose, dlerror());
        else
            code = find_functions(library, handle, err);
        if (code == SB_OK)
            atomic_store_explicit(&library->is_loaded, true, memory_order_release);
    }
    (void)pthread_mutex_unlock(&loading);
    return code;
}
