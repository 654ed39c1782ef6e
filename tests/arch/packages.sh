#!/bin/sh
# packages.sh ROOT: the package list of bootstrap is the one README.md shows.
set -eu
cd "$1"
words() { tr -s ' \n' '\n\n' | sed '/^$/d' | LC_ALL=C sort; }
script=$(sed -n '/^PACKAGES="/,/"$/p' bootstrap | sed 's/^PACKAGES="//; s/"$//' | words)
readme=$(sed -n '/<!-- packages -->/,/<!-- \/packages -->/p' README.md | sed '/<!--/d' | words)
[ -n "$script" ] || { echo "bootstrap: no package list"; exit 1; }
if [ "$script" != "$readme" ]; then
  echo "bootstrap installs:"; echo "$script" | tr '\n' ' '
  echo; echo "README.md shows:"; echo "$readme" | tr '\n' ' '
  exit 1
fi
echo "$(echo "$script" | wc -l) packages, the same in bootstrap and README.md"
