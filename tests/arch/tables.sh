#!/bin/sh
# tables.sh ROOT TABLE: every row of a table has its file, every file its row. Says what it looked at.
set -eu
root=$1 table=$2
cd "$root"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
errors=0 tables=0

rows() { # ROWS FORM
  case "$2" in
    1 | 2) awk -v column="$2" '/^[ \t]*X\(/ { line = $0; sub(/^[ \t]*X\(/, "", line); split(line, args, ","); name = args[column]
             sub(/\).*/, "", name); gsub(/[ \t"]/, "", name); print name }' "$1" ;;
    line) sed '/^[[:space:]]*\(#.*\)*$/d' "$1" ;;
    include) sed -n 's/^#include ".*\/\(.*\)\.[a-z]*"$/\1/p' "$1" ;;
    *) echo "form $2 is not known" >&2; exit 1 ;;
  esac
}

grep -E '^table ' "$table" >"$work/tables"
while read -r _ list form folder extension symbol; do
  tables=$((tables + 1))
  if [ ! -f "$list" ]; then
    echo "$list: the table is missing"
    errors=$((errors + 1))
    continue
  fi
  rows "$list" "$form" | LC_ALL=C sort >"$work/rows"
  find "$folder" -maxdepth 1 -name "*.$extension" | sed "s|.*/||; s|\.$extension\$||" | LC_ALL=C sort >"$work/files"
  count=$(wc -l <"$work/rows")
  echo "$list: $count rows"
  [ "$count" -gt 0 ] || { echo "$list: no row was found"; errors=$((errors + 1)); }
  for twice in $(uniq -d "$work/rows"); do
    echo "$list: row '$twice' stands twice"
    errors=$((errors + 1))
  done
  for row in $(comm -23 "$work/rows" "$work/files"); do
    echo "$list: row '$row' has no file $folder/$row.$extension"
    errors=$((errors + 1))
  done
  for file in $(cat "$work/files"); do
    has_symbol=no has_row=no
    grep -qE "^[a-z][^;]*[ *]${symbol%!}$file\\(" "$folder/$file.$extension" && has_symbol=yes
    grep -qx "$file" "$work/rows" && has_row=yes
    case "$symbol,$has_symbol,$has_row" in
      -,*,yes | ?*,yes,yes) ;; # as it should be
      *!,*,no | -,*,no | *,yes,no)
        echo "$folder/$file.$extension: has no row in $list"
        errors=$((errors + 1))
        ;;
      *,no,yes)
        echo "$folder/$file.$extension: has a row in $list but does not define ${symbol%!}$file()"
        errors=$((errors + 1))
        ;;
      *) ;; # a helper
    esac
  done
done <"$work/tables"
echo "$tables tables checked, $errors mistakes"
[ "$errors" = 0 ] && [ "$tables" -gt 0 ]
