/* The table of libpq's functions. */
#define SB_PQ_TABLE
#include "postgres_library.h"

SB_LIBRARY_DEFINE(sb_pq, SB_PQ_FUNCTIONS, SB_FILE_LIBPQ, "a PostgreSQL store");
