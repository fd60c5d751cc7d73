#!/bin/bash
# Downloads what a lab's root lacks of some packages: packages.sh ROOT TARGET PACKAGE…
#
# By the root's own apt sources, keys and list of installed packages, and this machine's apt, which knows its proxy.
# Neither of the two is changed. TARGET appears whole or not at all.
set -euo pipefail
root=$1 target=$2
shift 2
mkdir -p "$(dirname "$target")"
exec 9>"$target.lock"
flock 9
if [ -d "$target" ]; then exit 0; fi
work=$(mktemp -d)
trap 'rm -rf "$work" "$target.making"' EXIT
mkdir -p "$work"/{state/lists,cache/archives}/partial
options=(
  -o Dir::State="$work/state" -o Dir::State::status="$root/var/lib/dpkg/status" -o Dir::Cache="$work/cache"
  -o Dir::Etc::sourcelist="$root/etc/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o Dir::Etc::trustedparts="$root/etc/apt/trusted.gpg.d" -o APT::Sandbox::User=root -o APT::Install-Recommends=false
)
apt-get "${options[@]}" update
apt-get "${options[@]}" install --yes --download-only "$@"
rm -rf "$target.making"
mkdir "$target.making"
mv "$work"/cache/archives/*.deb "$target.making/"
mv "$target.making" "$target"
