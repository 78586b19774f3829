#!/bin/sh
# slow-link NETWORK RATE: sends no faster than RATE (20mbit, ...) to NETWORK (172.30.73.0/24)
# until it is stopped. slow-link check: whether that is so.
set -eu

if [ "$1" = check ]; then
  tc qdisc show | grep -q tbf
  exit
fi

interface=$(ip -o -4 address show to "$1" | awk '{ print $2 }')
[ -n "$interface" ] || {
  echo "slow-link: no interface has an address in $1" >&2
  exit 1
}
# A burst holds what the network card would cut into packets; a second of data may wait.
tc qdisc replace dev "$interface" root tbf rate "$2" burst 128kb latency 1s
tc qdisc show dev "$interface"
trap 'exit 0' TERM INT
sleep infinity &
wait
