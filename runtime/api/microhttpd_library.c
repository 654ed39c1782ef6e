/* The table of libmicrohttpd's functions that the daemon calls. */
#define SB_API_MHD_TABLE
#include "microhttpd_library.h"

SB_LIBRARY_DEFINE(sb_api_mhd, SB_API_MHD_FUNCTIONS, SB_FILE_LIBMICROHTTPD, "the interface for programs");
