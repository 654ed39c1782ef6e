#!/bin/sh
# size.sh ROOT: sources of at most 600 lines and 150 columns (140 is the habit; a row of a table stays one line whatever
# its width). A file that outgrows it holds two ideas.
set -eu
cd "$1"
find runtime tui include tests -type f \( -name '*.c' -o -name '*.h' -o -name '*.def' -o -name '*.sh' \) ! -path 'tests/fuzz/corpus/*' |
  LC_ALL=C sort | LC_ALL=C xargs awk '
  FNR == 1 { files++ }
  !/^[ \t]*X\(/ && !/\\$/ {
    width = $0
    gsub(/[\200-\277]/, "", width) # bytes after the first of a UTF-8 character take no column
    if (length(width) > 150) { print FILENAME ":" FNR ": " length(width) " columns"; errors++ }
  }
  FNR == 601 { print FILENAME ": more than 600 lines"; errors++ }
  END { printf "%d files checked, %d too large\n", files, errors; exit errors > 0 || files == 0 }'
