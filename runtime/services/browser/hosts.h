/* Which documents a context may load: pure checks of addresses. */
#ifndef SIGNALBOX_BROWSER_HOSTS_H
#define SIGNALBOX_BROWSER_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

/* True when a document may be loaded from `url`. `hosts` are "host" (any port) or "host:port"; count 0 = everything but local files.
 * With a list only http, https and about:blank pass. Host names compare without case. */
bool sb_hosts_allow(const char *const *hosts, size_t count, const char *url);

#endif
