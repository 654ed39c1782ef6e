/* Assertions: on in every build, release included. A failed assertion is a bug of ours; it calls the
 * hook (the engine dumps its flight ring there) and aborts. No side effects inside SB_ASSERT. */
#ifndef SIGNALBOX_BASE_ASSERT_H
#define SIGNALBOX_BASE_ASSERT_H

#define SB_ASSERT(claim) ((claim) ? (void)0 : sb_assert_fail(#claim, __FILE__, __LINE__))

/* Called once on the failing thread before abort(); must be async-signal-tolerant and short. */
typedef void sb_assert_hook(const char *claim, const char *file, int line);

_Noreturn void sb_assert_fail(const char *claim, const char *file, int line);

/* Installs the hook (NULL removes it). Call at start-up, before other threads exist. */
void sb_assert_hook_set(sb_assert_hook *hook);

#endif
