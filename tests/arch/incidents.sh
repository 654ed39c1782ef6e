#!/bin/sh
# Every test that docs/INCIDENTS.md names exists.
set -eu
cd "$1"
missing=0
for name in $(grep -o '`[a-z0-9_]*__[a-z0-9_]*`' docs/INCIDENTS.md | tr -d '`' | sort -u); do
  if ! grep -rqw --include='*.c' "$name" tests; then
    echo "docs/INCIDENTS.md names $name, and no test is called so"
    missing=$((missing + 1))
  fi
done
echo "$missing tests are missing"
[ "$missing" = 0 ]
