#!/bin/sh
# shipped_test.sh PROGRAM: what the documentation ships for operators is accepted by the tools it is for: Prometheus' rules and their unit tests,
# the dashboard's names, systemd's files. Run from the sources' folder. A tool that is missing is a failure.
set -eu
program=$1
dir=$(mktemp -d "${TMPDIR:-/tmp}/sb-shipped.XXXXXX")
trap 'rm -rf "$dir"' EXIT
failed=0
no() { echo "not ok - $*"; failed=1; }
for tool in promtool systemd-analyze systemd-sysusers systemd-tmpfiles sqlite3; do
  command -v "$tool" >/dev/null || no "$tool is not installed (README.md has the packages)"
done

promtool check rules docs/monitoring/prometheus-rules.yaml || no "the rules"
promtool test rules tests/monitoring/rules_test.yaml || no "the unit tests of the rules"
promtool check config --lint=none docs/monitoring/prometheus.yaml || no "the example of a configuration"

# Every name that rules and dashboard use is a metric of docs/METRICS.md, which is made of the table the scrape is written with.
[ "$(sqlite3 :memory: "SELECT json_valid(CAST(readfile('docs/monitoring/grafana-dashboard.json') AS TEXT))")" = 1 ] || no "the dashboard is no JSON"
sed -n 's/^| `\(signalbox_[a-z_]*\)` | histogram .*/\1_bucket\n\1_sum\n\1_count/p
  s/^| `\(signalbox_[a-z_]*\)` |.*/\1/p' docs/METRICS.md >"$dir/known"
for file in docs/monitoring/prometheus-rules.yaml docs/monitoring/grafana-dashboard.json; do
  sed 's/^  - name:.*//' "$file" | grep -o 'signalbox_[a-z_]*' | sort -u >"$dir/used"
  [ "$(wc -l <"$dir/used")" -ge 20 ] || no "$file names hardly any metric"
  grep -vxFf "$dir/known" "$dir/used" && no "$file names metrics that do not exist (above)"
done

sed "s|/usr/bin/signalbox|$program|" docs/systemd/signalbox.service >"$dir/signalbox.service"
systemd-analyze verify "$dir/signalbox.service" >"$dir/verify" 2>&1 || no "the unit"
[ ! -s "$dir/verify" ] || { cat "$dir/verify"; no "systemd has remarks on the unit"; }
exposure=$(systemd-analyze security --offline=yes "$dir/signalbox.service" 2>/dev/null |
  sed -n 's/.*Overall exposure level for [^:]*: \([0-9]*\)\..*/\1/p')
echo "exposure by systemd-analyze security: ${exposure:-none}"
[ "${exposure:-10}" -lt 5 ] || no "the unit leaves more open than a medium exposure"
mkdir -p "$dir/root/etc"
systemd-sysusers --root="$dir/root" "$PWD/docs/systemd/sysusers.d/signalbox.conf" || no "sysusers.d"
grep -q '^signalbox:' "$dir/root/etc/passwd" || no "no user signalbox was made"
systemd-tmpfiles --root="$dir/root" --create "$PWD/docs/systemd/tmpfiles.d/signalbox.conf" || no "tmpfiles.d"
[ "$(stat -c %a "$dir/root/etc/signalbox/credentials")" = 700 ] || no "the folder of credentials is open to others"
[ "$failed" = 0 ] && echo "ok"
