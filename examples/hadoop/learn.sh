#!/bin/sh
# learn.sh - a reducer: records to the model of a shard, which is the task's one line of output.

set -e
model=$(mktemp)
trap 'rm -f "$model"' EXIT
pretrain --counters hadoop -b 18 -o "$model"
printf 'model\t'
base64 <"$model" | tr -d '\n'
echo
