#!/bin/sh
# includes.sh ROOT TABLE: every #include under runtime/, tui/ and include/ against rooms.txt. runtime/app wires everything and is not
# checked; nobody may include it, which no unit line allows. Prints each forbidden include with its place.
set -eu
root=$1 table=$2
cd "$root"

find runtime tui include -type f \( -name '*.c' -o -name '*.h' -o -name '*.def' \) ! -path 'runtime/app/*' | LC_ALL=C sort |
  xargs awk -v table="$table" '
  function folder_of(path,   f) {
    f = path
    sub(/\/[^\/]*$/, "", f)
    while (!(f in room_set) && f ~ /\//) sub(/\/[^\/]*$/, "", f)
    return f
  }
  function begins(text, prefix) { return substr(text, 1, length(prefix)) == prefix }
  function bad(text) { print FILENAME ":" FNR ": " text; errors++ }

  function check_project(header, room,   i, unit, n, allowed) {
    if (!begins(header, "signalbox/")) {
      # a header of the same room: no path, or one folder down into the room
      if (header ~ /^\.\.?\// || header ~ /\/\.\.\//) bad("include by path \"" header "\": a room is entered through include/signalbox")
      else if (system("test -f \"" room "/" header "\" -o -f \"" own "/" header "\"") != 0)
        bad("\"" header "\" is not a header of " room)
      return
    }
    for (i = 1; i <= units; i++) if (begins(header, unit_prefix[i])) break
    if (i > units) { bad("\"" header "\" belongs to no unit of rooms.txt"); return }
    unit = unit_name[i]
    n = split(room_units[room], allowed, " ")
    for (i = 1; i <= n; i++)
      if (allowed[i] == unit || (allowed[i] ~ /[:\/]$/ && begins(unit, allowed[i]))) return
    bad(room " may not include \"" header "\" (" unit ")")
  }

  function check_system(header, room,   i, n, allowed, set) {
    for (i = 1; i <= libs; i++) if (begins(header, lib_prefix[i])) {
      n = split(lib_rooms[i], allowed, " ")
      for (n = n; n > 0; n--) if (allowed[n] == room) return
      bad(room " may not include <" header ">; only: " lib_rooms[i])
      return
    }
    set = room_set[room]
    if (header in pure) return
    if (header == "stdlib.h" && set != "pure") return
    if (header == "stdio.h" && (set == "format" || set == "libc")) return
    if (header in libc) {
      if (set == "libc") return
      bad(room " is " set " and may not include <" header ">")
      return
    }
    bad("<" header "> is not known: name it in rooms.txt, with the rooms that may include it")
  }

  BEGIN {
    n = split("assert.h ctype.h inttypes.h limits.h stdarg.h stdbool.h stddef.h stdint.h string.h errno.h", list, " ")
    for (; n > 0; n--) pure[list[n]] = 1
    n = split("arpa/inet.h dirent.h fcntl.h ftw.h getopt.h glob.h grp.h ifaddrs.h langinfo.h locale.h math.h netdb.h netinet/in.h " \
              "netinet/tcp.h poll.h pwd.h sched.h signal.h spawn.h stdatomic.h stdio.h stdlib.h strings.h sys/epoll.h sys/eventfd.h " \
              "sys/file.h sys/ioctl.h sys/mman.h sys/pidfd.h sys/prctl.h sys/random.h sys/resource.h sys/select.h sys/signalfd.h " \
              "sys/socket.h sys/stat.h sys/statvfs.h sys/syscall.h sys/time.h sys/timerfd.h sys/types.h sys/uio.h sys/un.h " \
              "sys/utsname.h sys/vfs.h sys/wait.h syslog.h termios.h time.h unistd.h wchar.h wctype.h linux/close_range.h", list, " ")
    for (; n > 0; n--) libc[list[n]] = 1
    while ((got = (getline line < table)) > 0) {
      if (line ~ /^[ \t]*(#|$)/) continue
      n = split(line, w, /[ \t]+/)
      rest = ""
      if (w[1] == "unit" && n == 3) { units++; unit_name[units] = w[2]; unit_prefix[units] = w[3] }
      else if (w[1] == "lib" && n >= 3) {
        for (i = 3; i <= n; i++) rest = rest (i > 3 ? " " : "") w[i]
        libs++; lib_prefix[libs] = w[2]; lib_rooms[libs] = rest
      } else if (w[1] == "room" && n >= 4 && w[3] ~ /^(pure|heap|format|libc)$/) {
        for (i = 4; i <= n; i++) rest = rest (i > 4 ? " " : "") w[i]
        room_set[w[2]] = w[3]; room_units[w[2]] = rest
      } else { print table ": cannot read: " line; failed = 1; exit }
    }
    if (got < 0 || !units || !libs) { print table ": cannot be read"; failed = 1; exit }
  }
  FNR == 1 {
    files++
    own = FILENAME
    sub(/\/[^\/]*$/, "", own)
    room = folder_of(FILENAME)
    if (!(room in room_set)) { bad("folder " own " has no room line in rooms.txt"); room = "" }
  }
  room != "" && /^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    includes++
    header = $0
    is_system = header ~ /include[ \t]*</
    sub(/^[^<"]*[<"]/, "", header)
    sub(/[>"].*$/, "", header)
    if (is_system) check_system(header, room)
    else check_project(header, room)
  }
  END {
    if (failed) exit 1
    printf "%d includes of %d files checked, %d forbidden\n", includes, files, errors
    exit errors > 0 || includes == 0
  }'
