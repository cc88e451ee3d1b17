#!/usr/bin/env bash
# newer-pythons.sh DIR [--tests]: brings CPython 3.14 and 3.15 with venv from Debian sid into DIR, as root on Debian or Ubuntu, and prints the two
# interpreters' paths. They run beside the system's own Python, with a libc of their own: the system gains nothing but the packages
# debootstrap and patchelf. A second call with the same DIR only prints. About 20 s and 200 MB; 130 MB more with their test suites.
# DIR/.ready is written last: a folder without it is left from an interrupted call and is made anew.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin" # debootstrap's own
dir=$(realpath -m "${1:?usage: newer-pythons.sh DIR [--tests]}")
tests=${2:-}
versions=(3.14 3.15)

bring() {
  if ! { command -v debootstrap && command -v patchelf; } >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap patchelf
  fi
  rm -rf "$dir"
  mkdir -p "$dir"
  local packages=ca-certificates version deb
  for version in "${versions[@]}"; do
    packages+=",python$version,python$version-venv"
    if [ "$tests" ]; then packages+=",libpython$version-testsuite"; fi
  done
  # Only downloads and unpacks the base; the packages are unpacked below, and none of their scripts runs.
  debootstrap --foreign --variant=minbase --include="$packages" sid "$dir"
  for deb in "$dir"/var/cache/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" --keep-directory-symlink
  done
  for version in "${versions[@]}"; do
    patchelf --set-interpreter "$(ls "$dir"/usr/lib*/ld-linux-*.so.* | head -n 1)" \
      --set-rpath "$(dirname "$(ls "$dir"/usr/lib/*/libc.so.6 | head -n 1)")" --force-rpath "$dir/usr/bin/python$version"
  done
  rm -rf "$dir"/var/cache/apt/archives/*.deb
  touch "$dir/.ready"
}

[ -e "$dir/.ready" ] || bring >&2
for version in "${versions[@]}"; do echo "$dir/usr/bin/python$version"; done
