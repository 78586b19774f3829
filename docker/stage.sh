#!/bin/sh
# stage.sh ROOT PROGRAM...: makes ROOT a root file system that holds the programs in /usr/bin,
# the shared libraries they load, and nothing else: no shell, no package manager.
set -eu

root=$1
shift
libraries=$(ldd "$@")
case $libraries in
  *"not found"*)
    echo "stage.sh: a shared library is missing: $libraries" >&2
    exit 1
    ;;
esac
mkdir -p "$root/usr/bin"
install -d -m 1777 "$root/tmp"
install -s "$@" "$root/usr/bin/"
# "libz.so.1 => /lib/.../libz.so.1 (0x...)", and the loader itself: "/lib64/ld-... (0x...)".
echo "$libraries" | awk '$2 == "=>" { print $3 } $2 ~ /^\(/ && $1 ~ /^\// { print $1 }' | sort -u |
  while read -r library; do
    install -D -m 755 "$library" "$root$library"
  done
