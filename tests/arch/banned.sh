#!/bin/sh
# banned.sh ROOT TABLE: calls of functions that banned.txt forbids, in runtime/, tui/ and include/, and sleeping in tests that must not.
set -eu
root=$1 table=$2
cd "$root"
{
  find runtime tui include -type f \( -name '*.c' -o -name '*.h' -o -name '*.def' \)
  for folder in tests/unit tests/sim tests/golden; do
    [ ! -d "$folder" ] || find "$folder" -type f -name '*.c'
  done
} | LC_ALL=C sort | xargs awk -v table="$table" '
  function fits(name, pattern) {
    if (pattern ~ /\*$/) return substr(name, 1, length(pattern) - 1) == substr(pattern, 1, length(pattern) - 1)
    return name == pattern
  }
  function within(path, folders,   n, list) {
    for (n = split(folders, list, " "); n > 0; n--) if (substr(path, 1, length(list[n]) + 1) == list[n] "/") return 1
    return 0
  }
  # what is left of a line without strings, character constants and comments; in_comment lasts over lines
  function code(line,   out, c, two, quote) {
    out = ""
    while (line != "") {
      c = substr(line, 1, 1); two = substr(line, 1, 2)
      if (in_comment) {
        if (two == "*/") { in_comment = 0; line = substr(line, 3) } else line = substr(line, 2)
      } else if (quote != "") {
        if (c == "\\") line = substr(line, 3)
        else { if (c == quote) quote = ""; line = substr(line, 2) }
      } else if (two == "/*") { in_comment = 1; line = substr(line, 3) }
      else if (two == "//") line = ""
      else if (c == "\"" || c == "'\''") { quote = c; out = out " "; line = substr(line, 2) }
      else { out = out c; line = substr(line, 2) }
    }
    return out
  }
  function look(name,   i) {
    if (is_test && name !~ /sleep$/) return
    for (i = 1; i <= rules; i++) {
      if (!fits(name, rule_name[i]) || within(FILENAME, rule_folders[i])) continue
      if ((FILENAME, name) in lifted) { used[FILENAME, name] = 1; continue }
      print FILENAME ":" FNR ": " name "() " (rule_folders[i] == "" ? "is banned" : "is only for " rule_folders[i])
      errors++
    }
  }
  BEGIN {
    while ((getline line < table) > 0) {
      if (line ~ /^[ \t]*(#|$)/) continue
      kind = line; sub(/ .*/, "", kind)
      rest = substr(line, length(kind) + 1)
      folders = ""
      if (kind != "never") { folders = rest; sub(/:.*/, "", folders); sub(/^[^:]*:/, "", rest) }
      gsub(/^ +| +$/, "", folders)
      n = split(rest, names, " ")
      for (i = 1; i <= n; i++) {
        if (kind == "except") lifted[folders, names[i]] = 1
        else if (kind == "never" || kind == "only") { rules++; rule_name[rules] = names[i]; rule_folders[rules] = folders }
        else { print table ": cannot read: " line; failed = 1; exit }
      }
    }
    if (!rules) { print table ": no rule"; failed = 1; exit }
  }
  FNR == 1 { in_comment = 0; files++; is_test = FILENAME ~ /^tests\// }
  {
    if (!in_comment && $0 !~ /[a-z_]\(/) { if (index($0, "/*")) code($0); next }
    line = code($0)
    while (match(line, /[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)) {
      name = substr(line, RSTART, RLENGTH - 1)
      before = RSTART > 1 ? substr(line, RSTART - 1, 1) : ""
      before_two = RSTART > 2 ? substr(line, RSTART - 2, 2) : ""
      line = substr(line, RSTART + RLENGTH)
      gsub(/[ \t]/, "", name)
      if (before != "." && before_two != "->") look(name) # a member of that name is ours
    }
  }
  END {
    if (failed) exit 1
    for (place in lifted) if (!(place in used)) {
      split(place, part, SUBSEP)
      if (system("test -f " part[1]) == 0) { print table ": " part[1] " no longer calls " part[2] ": remove the exception"; errors++ }
    }
    printf "%d files checked against %d names, %d calls are banned\n", files, rules, errors
    exit errors > 0 || files == 0
  }'
