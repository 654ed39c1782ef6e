# Reads result lines, `ROW PART key=value ...`, and the rows' names and promises (file `rows`: ROW, tab, name, tab, promise); prints one
# table with the median of each figure over the rounds. Columns: docs/BENCHMARKS.md.
function median(key,    n, i, j, swap, list) {
  n = split(values[key], list, " ")
  if (n == 0)
    return "-"
  for (i = 2; i <= n; i++)
    for (j = i; j > 1 && list[j - 1] + 0 > list[j] + 0; j--) {
      swap = list[j]; list[j] = list[j - 1]; list[j - 1] = swap
    }
  least = list[1]; most = list[n]
  return list[int((n + 1) / 2)]
}
function show(value, digits) { return value == "-" ? "-" : sprintf("%.*f", digits, value) }
function rate(value) { return show(value, value != "-" && value < 10 ? 1 : 0) }
function cell(text) { cells[lines, ++columns] = text; if (length(text) > width[columns]) width[columns] = length(text) }
FNR == NR { split($0, part, "\t"); order[++count] = part[1]; name[part[1]] = part[2]; promise[part[1]] = part[3]; next }
{
  key = $1 SUBSEP $2
  first = 3
  if ($2 == "runs") { split($3, pair, "="); key = key SUBSEP int(pair[2]); first = 4 }
  for (i = first; i <= NF; i++) {
    split($i, pair, "=")
    values[key SUBSEP pair[1]] = values[key SUBSEP pair[1]] " " pair[2]
  }
  seen[$1] = 1
}
END {
  split("|runs/s, 10 at once|(min-max)|1 at once|asked/s|asked -> code p50 ms|p99 ms|RSS idle MiB|peak|what is on disk when; how often a job runs", head, "|")
  lines = 1; columns = 0
  for (i = 1; i <= 10; i++) cell(head[i])
  for (r = 1; r <= count; r++) {
    row = order[r]
    if (!(row in seen)) continue
    lines++; columns = 0
    cell(name[row])
    cell(rate(median(row SUBSEP "runs" SUBSEP 10 SUBSEP "rate"))); cell(rate(least) "-" rate(most))
    cell(rate(median(row SUBSEP "runs" SUBSEP 1 SUBSEP "rate")))
    cell(rate(median(row SUBSEP "latency" SUBSEP "asked_rate")))
    cell(show(median(row SUBSEP "latency" SUBSEP "p50_ms"), 2)); cell(show(median(row SUBSEP "latency" SUBSEP "p99_ms"), 2))
    cell(show(median(row SUBSEP "latency" SUBSEP "idle_mib"), 0)); cell(show(median(row SUBSEP "runs" SUBSEP 10 SUBSEP "peak_mib"), 0))
    cell(promise[row])
  }
  for (l = 1; l <= lines; l++) {
    text = "|"
    for (i = 1; i <= 10; i++) text = text sprintf(i > 1 && i < 10 ? " %*s |" : " %-*s |", width[i], cells[l, i])
    print text
    if (l == 1) {
      text = "|"
      for (i = 1; i <= 10; i++) { dash = sprintf("%*s", width[i], ""); gsub(/ /, "-", dash); text = text " " dash " |" }
      print text
    }
  }
}
