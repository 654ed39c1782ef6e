/* libcurl, loaded with the first request or mail. Private to services/net: nobody else includes the library's header. */
#ifndef SIGNALBOX_NET_CURL_H
#define SIGNALBOX_NET_CURL_H

#include "signalbox/os/library.h"

#define CURL_DISABLE_TYPECHECK /* its macros would call the library's own names */
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define SB_CURL_FUNCTIONS(X)                                                                                                                    \
    X(curl_easy_cleanup) X(curl_easy_getinfo) X(curl_easy_init) X(curl_easy_setopt) X(curl_easy_strerror) X(curl_global_cleanup)                \
    X(curl_global_init) X(curl_multi_add_handle) X(curl_multi_cleanup) X(curl_multi_info_read) X(curl_multi_init) X(curl_multi_perform)         \
    X(curl_multi_poll) X(curl_multi_remove_handle) X(curl_multi_wakeup) X(curl_slist_append) X(curl_slist_free_all)

SB_LIBRARY_DECLARE(sb_curl, SB_CURL_FUNCTIONS);

#ifndef SB_CURL_TABLE /* curl.c alone sees the library's names */
#define curl_easy_cleanup sb_curl.curl_easy_cleanup
#define curl_easy_getinfo sb_curl.curl_easy_getinfo
#define curl_easy_init sb_curl.curl_easy_init
#define curl_easy_setopt sb_curl.curl_easy_setopt
#define curl_easy_strerror sb_curl.curl_easy_strerror
#define curl_global_cleanup sb_curl.curl_global_cleanup
#define curl_global_init sb_curl.curl_global_init
#define curl_multi_add_handle sb_curl.curl_multi_add_handle
#define curl_multi_cleanup sb_curl.curl_multi_cleanup
#define curl_multi_info_read sb_curl.curl_multi_info_read
#define curl_multi_init sb_curl.curl_multi_init
#define curl_multi_perform sb_curl.curl_multi_perform
#define curl_multi_poll sb_curl.curl_multi_poll
#define curl_multi_remove_handle sb_curl.curl_multi_remove_handle
#define curl_multi_wakeup sb_curl.curl_multi_wakeup
#define curl_slist_append sb_curl.curl_slist_append
#define curl_slist_free_all sb_curl.curl_slist_free_all
#endif

#endif
