#!/bin/sh
# sh supervise.sh <attempt directory> <working directory>
# Runs command.sh of the attempt once, however often it is started, and leaves its exit code behind.
job=$1
mkdir "$job/started" 2>/dev/null || exit 0

# A stop is sent to the whole group. Caught here (not ignored: that would be inherited), so that the exit code is kept.
trap : TERM INT HUP

leave() {
  printf '%s\n' "$1" >"$job/exit.tmp" && mv "$job/exit.tmp" "$job/exit"
  exit 0
}

# The pid comes before the look at `stopped`: a stop that is not seen here finds the pid.
printf '%s\n' "$$" >"$job/pid.tmp" && mv "$job/pid.tmp" "$job/pid" || leave 125
[ -e "$job/stopped" ] && leave 143

cd -- "$2" || leave 125
sh "$job/command.sh" >"$job/output.log" 2>&1 </dev/null
leave $?
