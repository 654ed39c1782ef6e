/* libpq, loaded when a store names PostgreSQL. Private to the store's postgres*.c. */
#ifndef SIGNALBOX_STORE_POSTGRES_LIBRARY_H
#define SIGNALBOX_STORE_POSTGRES_LIBRARY_H

#include "signalbox/os/library.h"

#include <libpq-fe.h>

#define SB_PQ_FUNCTIONS(X)                                                                                                                      \
    X(PQbackendPID) X(PQclear) X(PQcmdStatus) X(PQcmdTuples) X(PQconnectPoll) X(PQconnectStartParams) X(PQconnectionNeedsPassword)              \
    X(PQconnectionUsedPassword) X(PQconninfoFree) X(PQconninfoParse) X(PQconsumeInput) X(PQenterPipelineMode) X(PQerrorMessage)                 \
    X(PQexitPipelineMode) X(PQfinish) X(PQflush) X(PQfname) X(PQfnumber) X(PQfreemem) X(PQftype) X(PQgetResult) X(PQgetisnull)                  \
    X(PQgetlength) X(PQgetvalue) X(PQisBusy) X(PQnfields) X(PQnotifies) X(PQntuples) X(PQpipelineSync) X(PQresultErrorField)                    \
    X(PQresultErrorMessage) X(PQresultStatus) X(PQsendFlushRequest) X(PQsendPrepare) X(PQsendQueryParams) X(PQsendQueryPrepared)                \
    X(PQserverVersion) X(PQsetNoticeProcessor) X(PQsetSingleRowMode) X(PQsetnonblocking) X(PQsocket) X(PQstatus) X(PQtransactionStatus)

SB_LIBRARY_DECLARE(sb_pq, SB_PQ_FUNCTIONS);

#ifndef SB_PQ_TABLE /* postgres_library.c alone sees the library's names */
#define PQbackendPID sb_pq.PQbackendPID
#define PQclear sb_pq.PQclear
#define PQcmdStatus sb_pq.PQcmdStatus
#define PQcmdTuples sb_pq.PQcmdTuples
#define PQconnectPoll sb_pq.PQconnectPoll
#define PQconnectStartParams sb_pq.PQconnectStartParams
#define PQconnectionNeedsPassword sb_pq.PQconnectionNeedsPassword
#define PQconnectionUsedPassword sb_pq.PQconnectionUsedPassword
#define PQconninfoFree sb_pq.PQconninfoFree
#define PQconninfoParse sb_pq.PQconninfoParse
#define PQconsumeInput sb_pq.PQconsumeInput
#define PQenterPipelineMode sb_pq.PQenterPipelineMode
#define PQerrorMessage sb_pq.PQerrorMessage
#define PQexitPipelineMode sb_pq.PQexitPipelineMode
#define PQfinish sb_pq.PQfinish
#define PQflush sb_pq.PQflush
#define PQfname sb_pq.PQfname
#define PQfnumber sb_pq.PQfnumber
#define PQfreemem sb_pq.PQfreemem
#define PQftype sb_pq.PQftype
#define PQgetResult sb_pq.PQgetResult
#define PQgetisnull sb_pq.PQgetisnull
#define PQgetlength sb_pq.PQgetlength
#define PQgetvalue sb_pq.PQgetvalue
#define PQisBusy sb_pq.PQisBusy
#define PQnfields sb_pq.PQnfields
#define PQnotifies sb_pq.PQnotifies
#define PQntuples sb_pq.PQntuples
#define PQpipelineSync sb_pq.PQpipelineSync
#define PQresultErrorField sb_pq.PQresultErrorField
#define PQresultErrorMessage sb_pq.PQresultErrorMessage
#define PQresultStatus sb_pq.PQresultStatus
#define PQsendFlushRequest sb_pq.PQsendFlushRequest
#define PQsendPrepare sb_pq.PQsendPrepare
#define PQsendQueryParams sb_pq.PQsendQueryParams
#define PQsendQueryPrepared sb_pq.PQsendQueryPrepared
#define PQserverVersion sb_pq.PQserverVersion
#define PQsetNoticeProcessor sb_pq.PQsetNoticeProcessor
#define PQsetSingleRowMode sb_pq.PQsetSingleRowMode
#define PQsetnonblocking sb_pq.PQsetnonblocking
#define PQsocket sb_pq.PQsocket
#define PQstatus sb_pq.PQstatus
#define PQtransactionStatus sb_pq.PQtransactionStatus
#endif

#endif
