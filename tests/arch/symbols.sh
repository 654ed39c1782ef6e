#!/bin/sh
# symbols.sh ROOT TABLE [CC]: compiles the pure rooms plainly (-O2, no fortify, no sanitizer) and looks at what they call. A clock, a
# file, a thread, printf, malloc or floating-point arithmetic shows as an undefined symbol. Also looks for the words float and double in
# the rooms that must not know them, since the processor has instructions for those.
set -eu
root=$1 table=$2 cc=${3:-cc}
cd "$root"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
errors=0 rooms=0

# objects FOLDER: compiles its sources once and leaves the lists of what they define and what they need
objects() {
  object=$(printf '%s' "$1" | tr / _)
  [ ! -d "$work/$object" ] || return 0
  mkdir "$work/$object"
  find "$1" -name '*.c' | LC_ALL=C sort >"$work/$object.sources"
  [ -s "$work/$object.sources" ] || { echo "$1: no source"; exit 1; }
  number=0
  while read -r source; do
    number=$((number + 1))
    "$cc" -std=c11 -D_GNU_SOURCE -O2 -U_FORTIFY_SOURCE -fno-stack-protector -fno-strict-aliasing -Iinclude "-I$1" -c "$source" \
      -o "$work/$object/$number.o" || { echo "$source: does not compile" >&2; exit 1; }
    nm -u "$work/$object/$number.o" | awk -v source="$source" '{ print $NF, source }'
  done <"$work/$object.sources" >"$work/$object.needs"
  nm -g --defined-only "$work/$object"/*.o | awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u >"$work/$object.has"
}

grep -E '^room ' "$table" >"$work/rooms" || { echo "$table: no room"; exit 1; }
while IFS=: read -r left calls friends banned; do
  folder=$(printf '%s' "$left" | awk '{ print $2 }')
  rooms=$((rooms + 1))
  objects "$folder"
  name=$(printf '%s' "$folder" | tr / _)
  cp "$work/$name.has" "$work/allowed"
  for friend in $friends; do
    objects "$friend"
    cat "$work/$(printf '%s' "$friend" | tr / _).has" >>"$work/allowed"
  done
  awk -v folder="$folder" -v calls="$calls" -v banned="$banned" '
    BEGIN { n = split(calls, call, " "); m = split(banned, ban, " ") }
    NR == FNR { has[$1] = 1; next }
    {
      ok = $1 in has || $1 == "_GLOBAL_OFFSET_TABLE_"
      for (i = 1; i <= n; i++) {
        if (call[i] ~ /\*$/) { prefix = substr(call[i], 1, length(call[i]) - 1); if (substr($1, 1, length(prefix)) == prefix) ok = 1 }
        else if (call[i] == $1) ok = 1
      }
      for (i = 1; i <= m; i++) if (ban[i] == $1) ok = 0
      if (!ok) { print $2 ": " folder " may not call " $1; bad++ }
    }
    END { exit bad > 0 }' "$work/allowed" "$work/$name.needs" || errors=$((errors + 1))
done <"$work/rooms"

for folder in runtime/core runtime/model include/signalbox/core include/signalbox/model; do
  [ -d "$folder" ] || continue
  if grep -rnwE 'float|double' "$folder" --include='*.c' --include='*.h' --include='*.def' | grep -vE ':[[:space:]]*(/\*|\*|//)'; then
    echo "$folder: no floating point here: time is sb_ns, money is sb_usd"
    errors=$((errors + 1))
  fi
done
echo "$rooms rooms checked, $errors with a forbidden call"
[ "$errors" = 0 ] && [ "$rooms" -gt 0 ]
