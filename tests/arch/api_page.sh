#!/bin/sh
# api_page.sh ROOT: docs/API.md names every route of routes.def and every command of commands.def.
set -eu
cd "$1"
missing=0
sed -n 's/^X("\([A-Z]*\)", "\([^"]*\)".*/\1 \2/p' runtime/api/routes.def | sed 's/\*$//' | while read -r method path; do
  grep -q "^| \`$method $path" docs/API.md || { echo "docs/API.md does not name $method $path"; exit 1; }
done || missing=1
for kind in $(sed -n 's/^X([A-Z_]*, \([a-z_]*\),.*/\1/p' include/signalbox/model/commands.def); do
  grep -q "^| .*\`$kind\`" docs/API.md || { echo "docs/API.md does not name the command $kind"; missing=1; }
done
[ "$missing" = 0 ]
