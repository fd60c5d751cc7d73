#!/bin/bash
# Becomes PID 1 of a lab: boot.sh CGROUP DISK ROOT CAPABILITIES, started in fresh namespaces (all but the cgroup's), in the mount
# namespace of keep.sh. ROOT is never written to: what the lab writes goes to DISK/upper, /run, /tmp and /dev.
set -euo pipefail
cgroup=$1 disk=$2 root=$3 capabilities=$4

if [ "${5:-}" != inside ]; then
  read -r pid _ </proc/self/stat       # this /proc is still the outer one, and so is the number
  echo "pid $pid"
  # What the last boot left, if its power was cut; and where commands that are run inside have their place.
  find "$cgroup" -mindepth 1 -depth -type d -exec rmdir {} + || true
  mkdir -p "$cgroup/lab-run"
  # The cgroup namespace begins where its first process is. Only PID 1 may be in there: a process in the root of a
  # delegated tree keeps systemd from enabling controllers.
  echo 0 >"$cgroup/cgroup.procs"
  exec unshare --cgroup "$0" "$@" inside
fi

mount -t overlay -o "lowerdir=$root,upperdir=$disk/upper,workdir=$disk/work" wsgictl-lab "$disk/root"
cd "$disk/root"

mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs tmp

# The kernel's settings belong to the machine outside; but each boot has a number of its own, for the journal.
mount -t proc -o nosuid,nodev,noexec proc proc
cat proc/sys/kernel/random/uuid >run/boot-id
chmod 444 run/boot-id
for path in proc/sys proc/sysrq-trigger; do
  [ -e "$path" ] || continue
  mount --bind "$path" "$path"
  mount -o remount,bind,ro "$path"
done
mount --bind run/boot-id proc/sys/kernel/random/boot_id
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup

mount -t tmpfs -o mode=755,nosuid tmpfs dev
for device in null zero full random urandom tty; do
  : >"dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,nosuid,noexec,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr

pivot_root . mnt
cd /
umount --lazy /mnt
# As a machine's mounts are, and a container's: systemd hands on a service's credentials by way of that.
mount --make-rshared /
exec /usr/bin/setpriv --bounding-set="$capabilities" \
  /usr/bin/env -i container=wsgictl-lab PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system
