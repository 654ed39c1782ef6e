/* libmicrohttpd, loaded with the first client. Private to the daemon (server.c). */
#ifndef SIGNALBOX_API_MICROHTTPD_LIBRARY_H
#define SIGNALBOX_API_MICROHTTPD_LIBRARY_H

#include "signalbox/os/library.h"

#include <microhttpd.h>

#define SB_API_MHD_FUNCTIONS(X)                                                                                                                 \
    X(MHD_add_response_header) X(MHD_create_response_from_buffer) X(MHD_create_response_from_callback) X(MHD_destroy_response)                  \
    X(MHD_get_connection_info) X(MHD_lookup_connection_value) X(MHD_queue_response) X(MHD_start_daemon) X(MHD_stop_daemon)

SB_LIBRARY_DECLARE(sb_api_mhd, SB_API_MHD_FUNCTIONS);

#ifndef SB_API_MHD_TABLE /* microhttpd_library.c alone sees the library's names */
#define MHD_add_response_header sb_api_mhd.MHD_add_response_header
#define MHD_create_response_from_buffer sb_api_mhd.MHD_create_response_from_buffer
#define MHD_create_response_from_callback sb_api_mhd.MHD_create_response_from_callback
#define MHD_destroy_response sb_api_mhd.MHD_destroy_response
#define MHD_get_connection_info sb_api_mhd.MHD_get_connection_info
#define MHD_lookup_connection_value sb_api_mhd.MHD_lookup_connection_value
#define MHD_queue_response sb_api_mhd.MHD_queue_response
#define MHD_start_daemon sb_api_mhd.MHD_start_daemon
#define MHD_stop_daemon sb_api_mhd.MHD_stop_daemon
#endif

#endif
