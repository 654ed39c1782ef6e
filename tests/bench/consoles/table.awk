# Reads lines `NAME SIZE key=value ...`; prints one table, a row for each contender and size. Columns: docs/BENCHMARKS.md.
function rank(key, permille,    n, i, j, swap, list) { # a measured value, by nearest rank
  n = split(values[key], list, " ")
  if (n == 0)
    return "-"
  for (i = 2; i <= n; i++)
    for (j = i; j > 1 && list[j - 1] + 0 > list[j] + 0; j--) {
      swap = list[j]; list[j] = list[j - 1]; list[j - 1] = swap
    }
  i = int((n * permille + 999) / 1000)
  return list[i < 1 ? 1 : i]
}
function cell(text) { cells[lines, ++columns] = text; if (length(text) > width[columns]) width[columns] = length(text) }
function show(value, digits) { return value == "-" ? "-" : sprintf("%.*f", digits, value) }
# The value, and how many times signalbox's at the same size it is.
function beside(row, key, digits,    mine, value) {
  value = rank(row SUBSEP key, 500)
  mine = rank("signalbox" SUBSEP size[row] SUBSEP key, 500)
  if (value == "-" || mine == "-" || mine + 0 == 0)
    return show(value, digits)
  return sprintf(value / mine < 10 ? "%.*f (%.2gx)" : "%.*f (%.0fx)", digits, value, value / mine)
}
{
  row = $1 SUBSEP $2
  if (!(row in seen)) { seen[row] = 1; order[++count] = row; name[row] = $1; size[row] = $2 }
  for (i = 3; i <= NF; i++) { split($i, pair, "="); values[row SUBSEP pair[1]] = values[row SUBSEP pair[1]] " " pair[2] }
}
END {
  n = split("|rows x cols|first frame ms|p95|key ms|p95|bytes a key|bytes/s idle|CPU ms in 30 s idle|RSS MiB|PSS MiB|processes", head, "|")
  lines = 1; columns = 0
  for (i = 1; i <= n; i++) cell(head[i])
  for (r = 1; r <= count; r++) {
    row = order[r]
    lines++; columns = 0
    cell(name[row]); cell(size[row])
    cell(beside(row, "start_ms", 1)); cell(show(rank(row SUBSEP "start_ms", 950), 1))
    cell(beside(row, "key_ms", 2)); cell(show(rank(row SUBSEP "key_ms", 950), 2)); cell(beside(row, "key_bytes", 0))
    cell(beside(row, "idle_bytes", 0)); cell(beside(row, "idle_cpu_ms", 0))
    cell(beside(row, "rss_mib", 1)); cell(beside(row, "pss_mib", 1)); cell(show(rank(row SUBSEP "processes", 500), 0))
  }
  for (l = 1; l <= lines; l++) {
    text = "|"
    for (i = 1; i <= n; i++) text = text sprintf(i > 1 ? " %*s |" : " %-*s |", width[i], cells[l, i])
    print text
    if (l == 1) {
      text = "|"
      for (i = 1; i <= n; i++) { dash = sprintf("%*s", width[i], ""); gsub(/ /, "-", dash); text = text " " dash (i > 1 ? ":|" : " |") }
      sub(/ :/, ":", text)
      print text
    }
  }
}
