# A private PostgreSQL for an end-to-end script: its folder is $DIR/pg, its socket too, and it has no port. Sourced after lib.sh; it ends with
# the script.
# shellcheck shell=bash

PG=/usr/lib/postgresql/15/bin
[ -x "$PG/postgres" ] || give_up "there is no PostgreSQL 15 in $PG (package postgresql-15)"

# The server refuses root: then it is the user postgres. It ends with this script, whatever becomes of it.
as_postgres() {
  local who=()
  [ "$(id -u)" != 0 ] || who=(--reuid=postgres --regid=postgres --clear-groups)
  setpriv "${who[@]+"${who[@]}"}" --pdeathsig QUIT "$@"
}

start_postgres() {
  (cd "$DIR/pg" && exec setpriv $([ "$(id -u)" != 0 ] || echo --reuid=postgres --regid=postgres --clear-groups) --pdeathsig QUIT \
    "$PG/postgres" -D "$DIR/pg/data" -c listen_addresses= -c "unix_socket_directories=$DIR/pg" -c fsync=off) >>"$DIR/pg.log" 2>&1 </dev/null &
  postgres=$!
  wait_for 40 as_postgres "$PG/pg_isready" -q -h "$DIR/pg" -U postgres || give_up "PostgreSQL does not start: $(tail -n 5 "$DIR/pg.log")"
}

# stop_postgres SIGNAL: INT ends the sessions and stops, QUIT is a crash
stop_postgres() {
  [ -n "${postgres:-}" ] || return 0
  kill "-$1" "$postgres" 2>/dev/null
  wait "$postgres" 2>/dev/null
  postgres=''
}

clean_up_postgres() {
  local status=$?
  stop_postgres QUIT
  (exit "$status")
  clean_up
}
trap clean_up_postgres EXIT

query() { # USER DATABASE STATEMENT
  PGOPTIONS='-c client_min_messages=error' "$PG/psql" -h "$DIR/pg" -U "$1" -d "$2" -XAtqc "$3"
}

# instead of lib.sh's, which reads SQLite
sql() {
  query signalbox signalbox "$2"
}

# instead of lib.sh's: this server reads no files, so the rows go to where the files are
sql_beside_site() {
  rm -f "$DIR/mirror.db"
  sqlite3 "$DIR/mirror.db" "CREATE TABLE content_metadata (decision_id TEXT, status TEXT, kind TEXT, text TEXT, post_id TEXT, target_post_id TEXT,
    thread_id TEXT, part INTEGER); CREATE TABLE posted_decisions (decision_id TEXT)"
  sql "$STATE" "COPY (SELECT decision_id, status, kind, text, post_id, target_post_id, thread_id, part FROM content_metadata) TO STDOUT CSV" \
    >"$DIR/mirror.csv" || return 1
  sqlite3 "$DIR/mirror.db" ".import --csv '$DIR/mirror.csv' content_metadata"
  sql "$STATE" "COPY (SELECT decision_id FROM posted_decisions) TO STDOUT CSV" >"$DIR/mirror.csv" || return 1
  sqlite3 "$DIR/mirror.db" ".import --csv '$DIR/mirror.csv' posted_decisions"
  sqlite3 -readonly "$DIR/mirror.db" "$1"
}

chmod 755 "$DIR"
mkdir "$DIR/pg"
[ "$(id -u)" != 0 ] || chown postgres:postgres "$DIR/pg"
(cd "$DIR/pg" && as_postgres "$PG/initdb" -D "$DIR/pg/data" -U postgres -A trust -E UTF8 --locale=C --no-sync) >"$DIR/pg.log" 2>&1 ||
  give_up "initdb: $(tail -n 3 "$DIR/pg.log")"
start_postgres
query postgres postgres "CREATE ROLE signalbox LOGIN"
