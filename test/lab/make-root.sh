#!/bin/bash
# Makes the root file system of a lab: make-root.sh RELEASE TARGET
#
# TARGET appears whole or not at all: it is built beside its final name and renamed. Two builders wait for each other,
# and what a killed one left is removed. Everything runs in namespaces of its own, so that no mount and no process
# outlives it. Lines that begin with "== " on standard output are for people; the rest is the tools' own talk.
# The name of TARGET holds a hash of this file: whatever changes here makes new roots.
set -euo pipefail
release=$1 target=$2

packages=(
  systemd systemd-sysv libpam-systemd dbus polkitd
  python3 python3-venv gunicorn python3-flask python3-django
  nodejs nginx apache2 logrotate
  procps iproute2 ca-certificates less curl
)

if [ -z "${WSGICTL_MAKING_ROOT:-}" ]; then
  mkdir -p "$(dirname "$target")"
  exec 9>"$(dirname "$target")/$release.lock"
  flock --nonblock 9 || { echo '== another run is making it: waiting for that'; flock 9; }
  if [ -d "$target" ]; then exit 0; fi
  rm -rf --one-file-system "$target.making"
  # Roots of other recipes go when nobody has booted them for two weeks.
  find "$(dirname "$target")" -maxdepth 1 -name "$release-*" -mtime +14 -exec rm -rf --one-file-system {} +
  WSGICTL_MAKING_ROOT=1 exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi

# Roots of two releases may be made at once, and apt works for one at a time.
exec 8>"$(dirname "$target")/debootstrap.lock"
flock 8
if ! command -v debootstrap >/dev/null; then
  echo '== debootstrap is missing: installing it (nothing else is installed on this machine)'
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends debootstrap
fi
exec 8>&-

# The mirror that this machine uses, if it is a Debian; one-line and deb822 sources both hold it as a word.
mirror=http://deb.debian.org/debian
if grep -qx 'ID=debian' /etc/os-release; then
  found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    grep -v '^ *#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ' || true)
  mirror=${found:-$mirror}
fi
proxy=$(apt-config shell proxy Acquire::http::Proxy 2>/dev/null || true)
eval "$proxy"
if [ -n "${proxy:-}" ]; then export http_proxy=$proxy; fi

building=$target.making
inside() { chroot "$building" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
  LC_ALL=C ${http_proxy:+http_proxy="$http_proxy"} "$@"; }

echo "== base system from $mirror"
scripts=/usr/share/debootstrap/scripts
known=$release
if [ ! -e "$scripts/$release" ]; then known=sid; fi
debootstrap --variant=minbase --include=ca-certificates "$release" "$building" "$mirror" "$scripts/$known"

echo "== packages: ${packages[*]}"
printf '#!/bin/sh\nexit 101\n' >"$building/usr/sbin/policy-rc.d"    # nothing starts while it is installed
chmod 755 "$building/usr/sbin/policy-rc.d"
cp --dereference /etc/resolv.conf "$building/etc/resolv.conf"
mount -t proc proc "$building/proc"
inside apt-get update
inside apt-get install --yes --no-install-recommends "${packages[@]}"

echo '== settings'
# Proxies are for the tests that want one; timers and consoles are nothing that a lab needs.
inside systemctl disable apache2.service nginx.service
inside systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
  logrotate.timer getty@.service getty.target console-getty.service container-getty@.service systemd-networkd.service \
  apache-htcacheclean.service systemd-ask-password-wall.path
inside useradd --system --user-group --home-dir /srv --shell /usr/sbin/nologin deploy
inside useradd --create-home --shell /bin/bash alice                 # somebody with units of her own (--user)
inside install -d -o deploy -g deploy /srv
# With an empty machine-id the first boot would reset what is enabled.
echo 5c8a3e1d0b7f4f7a9d5e2b6c4a1f8e30 >"$building/etc/machine-id"
echo lab >"$building/etc/hostname"
printf '127.0.0.1 localhost lab\n::1 localhost\n' >"$building/etc/hosts"
mkdir -p "$building/var/log/journal" "$building/etc/systemd/journald.conf.d"
printf '[Journal]\nSystemMaxUse=128M\nRateLimitIntervalSec=0\n' >"$building/etc/systemd/journald.conf.d/lab.conf"

inside apt-get clean
umount "$building/proc"
rm -rf "$building"/var/lib/apt/lists/* "$building"/usr/share/{doc,man,locale}/* "$building"/var/log/*.log
rm "$building/usr/sbin/policy-rc.d"
: >"$building/etc/resolv.conf"
touch "$building"
mv "$building" "$target"
echo '== whole'
