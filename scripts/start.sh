#!/bin/sh
# Rollcall, on the Deno beside this script: the start script of the archive and of the container.
#
# `rollcall serve` becomes the registry itself, with no other process above it: what started it, such as systemd, restarts
# it. The command line works out its permissions first. Every other command is the command line's.
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
# A write beyond a bound on files is to fail as one on a full disk does: its signal would end Deno.
if (trap '' XFSZ) 2>/dev/null; then trap '' XFSZ; fi
ulimit -n "$(ulimit -Hn)" 2>/dev/null || ulimit -n 10240 2>/dev/null || true
ROLLCALL_DESCRIPTOR_LIMIT=$(ulimit -n)
export ROLLCALL_DESCRIPTOR_LIMIT
if [ -z "${ROLLCALL_COMMIT-}" ] && [ -f "$here/dist/commit" ]; then
  ROLLCALL_COMMIT=$(cat "$here/dist/commit")
  export ROLLCALL_COMMIT
fi
# Its words are quoted for a shell.
eval "exec $command"
