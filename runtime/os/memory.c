/* Two heaps for all threads, and large pieces from the system and back to it. */
#include "signalbox/os/memory.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

enum { ARENAS = 2, LARGE_BYTES = 256 * 1024 };

void sb_memory_keep_little(void)
{
    /* Each answers 0 when it is refused, which costs memory and nothing else. Naming the threshold stops the library from raising it. */
    (void)mallopt(M_ARENA_MAX, ARENAS);
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
}
#else
void sb_memory_keep_little(void)
{
}
#endif
