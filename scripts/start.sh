#!/bin/sh
# Start script of the archive and of the container. Runs Rollcall on the Deno next to this script.
#
# `rollcall serve` replaces this script with the registry itself, without a supervisor: the caller, such as systemd, restarts
# it. The command line computes its permissions first. Every other command runs in the command line.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd -P)

command_line() {
  "$here/deno" run --no-config --no-lock --no-remote --no-npm --allow-all "$here/bin/rollcall.js" "$@"
}

is_start=no
if [ "${1-}" = serve ]; then
  is_start=yes
  for word; do
    case $word in -h | --help | --print-command) is_start=no ;; esac
  done
fi
if [ "$is_start" = no ]; then
  command_line "$@"
  exit
fi

command=$(command_line "$@" --print-command)
# A write beyond the file size limit must fail like a write to a full disk; its signal would end Deno.
if (trap '' XFSZ) 2>/dev/null; then trap '' XFSZ; fi
ulimit -n "$(ulimit -Hn)" 2>/dev/null || ulimit -n 10240 2>/dev/null || true
ROLLCALL_DESCRIPTOR_LIMIT=$(ulimit -n)
export ROLLCALL_DESCRIPTOR_LIMIT
if [ -z "${ROLLCALL_COMMIT-}" ] && [ -f "$here/dist/commit" ]; then
  ROLLCALL_COMMIT=$(cat "$here/dist/commit")
  export ROLLCALL_COMMIT
fi
# The command line has quoted its words for a shell.
eval "exec $command"
