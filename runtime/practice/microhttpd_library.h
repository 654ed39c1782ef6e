/* libmicrohttpd, loaded when a practice world begins: the program has one, and most of its processes never practise. Private to practice.c. */
#ifndef SIGNALBOX_PRACTICE_MICROHTTPD_LIBRARY_H
#define SIGNALBOX_PRACTICE_MICROHTTPD_LIBRARY_H

#include "signalbox/os/library.h"

#include <microhttpd.h>

#define SB_PRACTICE_MHD_FUNCTIONS(X)                                                                                                            \
    X(MHD_add_response_header) X(MHD_create_response_from_buffer) X(MHD_destroy_response) X(MHD_lookup_connection_value)                        \
    X(MHD_queue_response) X(MHD_resume_connection) X(MHD_start_daemon) X(MHD_stop_daemon) X(MHD_suspend_connection)

SB_LIBRARY_DECLARE(sb_practice_mhd, SB_PRACTICE_MHD_FUNCTIONS);

#ifndef SB_PRACTICE_MHD_TABLE /* microhttpd_library.c alone sees the library's names */
#define MHD_add_response_header sb_practice_mhd.MHD_add_response_header
#define MHD_create_response_from_buffer sb_practice_mhd.MHD_create_response_from_buffer
#define MHD_destroy_response sb_practice_mhd.MHD_destroy_response
#define MHD_lookup_connection_value sb_practice_mhd.MHD_lookup_connection_value
#define MHD_queue_response sb_practice_mhd.MHD_queue_response
#define MHD_resume_connection sb_practice_mhd.MHD_resume_connection
#define MHD_start_daemon sb_practice_mhd.MHD_start_daemon
#define MHD_stop_daemon sb_practice_mhd.MHD_stop_daemon
#define MHD_suspend_connection sb_practice_mhd.MHD_suspend_connection
#endif

#endif
