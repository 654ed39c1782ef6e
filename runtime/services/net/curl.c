/* The table of libcurl's functions. */
#define SB_CURL_TABLE
#include "curl.h"

SB_LIBRARY_DEFINE(sb_curl, SB_CURL_FUNCTIONS, SB_FILE_LIBCURL, "HTTP and mail");
