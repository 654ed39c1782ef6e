/* The table of libmicrohttpd's functions that the practice world calls. */
#define SB_PRACTICE_MHD_TABLE
#include "microhttpd_library.h"

SB_LIBRARY_DEFINE(sb_practice_mhd, SB_PRACTICE_MHD_FUNCTIONS, SB_FILE_LIBMICROHTTPD, "the practice world");
