/* Readers of single values, and the checks that texts of a certain kind must pass. All pure. */
#ifndef SB_CONFIG_SCAN_H
#define SB_CONFIG_SCAN_H

#include "signalbox/base/units.h"
#include "signalbox/model/catalogue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "90s", "1h30m", "250ms": units d h m s ms, each at most once, larger before smaller. False: not a duration, out untouched. */
bool sb_cfg_scan_duration(const char *text, sb_ns *out);
/* Writes the shortest such text, e.g. "1h30m"; parts below a millisecond are dropped. */
void sb_cfg_write_duration(char *out, size_t cap, sb_ns duration);
/* "4.25" with at most `scale` digits after the point that are not zero -> 4.25 * 10^scale. False on anything else or overflow. */
bool sb_cfg_scan_decimal(const char *text, unsigned scale, int64_t *out);
/* "2026-11-23" -> days since 1970. */
bool sb_cfg_scan_date(const char *text, int64_t *days);
/* "allow(3)" -> the word before the parenthesis and 3. False when there is no such number. */
bool sb_cfg_scan_call(const char *text, char *word, size_t cap, uint64_t *count);

/* Checks return NULL when the text is fine, else what is wrong ("must ..."). */
typedef const char *sb_cfg_check(const char *text);
sb_cfg_check sb_cfg_check_name;   /* [a-z0-9_]+, at most 39 bytes */
sb_cfg_check sb_cfg_check_file;   /* [a-z0-9_-]+: part of a file name */
sb_cfg_check sb_cfg_check_key;    /* printable without blanks: name of a header, variable or argument */
sb_cfg_check sb_cfg_check_secret; /* file:PATH env:NAME cred:NAME */
sb_cfg_check sb_cfg_check_url;    /* http(s)://host... */
sb_cfg_check sb_cfg_check_host;   /* host or host:port */
sb_cfg_check sb_cfg_check_date;
sb_cfg_check sb_cfg_check_browser_url; /* ws: wss: http: https: without secrets, or a reference */
sb_cfg_check sb_cfg_check_store;  /* sqlite:PATH or postgresql://... */
sb_cfg_check sb_cfg_check_cache;  /* memory, redis:// or redis+unix:// without a password */
sb_cfg_check sb_cfg_check_prefix; /* 1 to 63 printable characters */
sb_cfg_check sb_cfg_check_rate;   /* "30/1m" */
/* False: not a rate, out untouched. */
bool sb_cfg_scan_rate(const char *text, struct sb_rate *out);
sb_cfg_check sb_cfg_check_some;   /* not empty */
sb_cfg_check sb_cfg_check_approval; /* off, required, first:N */
bool sb_cfg_read_approval(const char *text, uint64_t *first); /* how many texts wait for approval; UINT32_MAX = all */
sb_cfg_check sb_cfg_check_zone;   /* IANA name: no .., no leading / */
sb_cfg_check sb_cfg_check_method; /* upper case word */

#endif
