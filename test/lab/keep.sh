#!/bin/bash
# Keeps what one lab has on this machine: keep.sh ID, started in a mount namespace of its own.
#
# It holds the lab's disk (a tmpfs that only this namespace sees) and its cgroup, says "ready CGROUP DISK", and waits
# until standard input ends. That happens whenever the test's process is gone, however it went; then everything is
# ended and removed. Should this script itself be killed, the next one removes what it left.
set -euo pipefail
id=$1
state=/run/wsgictl-lab

cgroup2=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET) ||
  { echo 'the lab needs a cgroup2 hierarchy, and none is mounted' >&2; exit 1; }

# Ends the processes of a lab and removes its cgroup. Only labs' processes are ever put into cgroups of this name.
end_cgroup() {
  local cgroup=$cgroup2/wsgictl-lab-$1
  [ -d "$cgroup" ] || return 0
  echo 1 >"$cgroup/cgroup.kill"
  for _ in {1..200}; do
    if grep -qx 'populated 0' "$cgroup/cgroup.events"; then break; fi
    sleep 0.02
  done
  find "$cgroup" -depth -type d -exec rmdir {} +
}

mkdir -p "$state"
exec 8>"$state/lock"
flock 8
for left in "$state"/*/; do
  [ -d "$left" ] || continue
  # A living keeper holds the lock of its directory.
  if flock --nonblock "$left/lock" true; then
    end_cgroup "$(basename "$left")"
    rm -rf --one-file-system "$left"
  fi
done
mkdir "$state/$id" "$cgroup2/wsgictl-lab-$id"
exec 9>"$state/$id/lock"
flock 9
exec 8>&-

finish() {
  trap '' EXIT
  end_cgroup "$id"
  umount --lazy "$state/$id" || true
  rm -rf --one-file-system "${state:?}/$id"
}
trap finish EXIT

mount -t tmpfs -o mode=755 wsgictl-lab "$state/$id"
mkdir "$state/$id"/{upper,work,root}
echo "ready $cgroup2/wsgictl-lab-$id $state/$id"
while read -r _; do :; done
