/* How the C library's allocator treats memory that is free again. */
#ifndef SIGNALBOX_OS_MEMORY_H
#define SIGNALBOX_OS_MEMORY_H

/* Once, at the start of main. Without it a runtime keeps what its threads used at the most: every thread that answers a client, a picture of some
 * hundred KiB each time, would get a heap of its own, and none gives back what it has once grown to. */
void sb_memory_keep_little(void);

#endif
