#!/bin/sh
# featurize.sh - a mapper: rows of a log to records, the key first. The header, which only one split would have, is a file.

formula='clicked ~ user + item + position + category + device + hour + user:category + category:device'
cat header.csv - | featurize --counters hadoop -C -b 18 -k "$1" "$formula"
