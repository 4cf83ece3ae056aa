#!/bin/sh
# sessions.t - events to records of the next item: sessions that mix, windows, ids by catalogue, what is refused

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit
tab=$(printf '\t')

# Makes TAB-separated lines of words.
lines() {
	for line; do
		echo "$line" | tr ' ' '\t'
	done
}
lines 'a 5 9.5' 'b 6 1' 'a 7 2' 'a 5 3' 'b 8 4' 'c 1 5' 'a 9 6' >events
printf 'shop,who,what,when\n1,a,x,10\n1,b,"y, ""z""",11\n2,a,"y, ""z""",12\n2,a,"p\tq",13\n' >log.csv
printf 'x\ny, "z"\np\tq\n' >items

# ---- normal ----

t 'a record for each event but the first of its session' 0 "a${tab}1${tab}7${tab}5
a${tab}2${tab}5${tab}5 7
b${tab}1${tab}8${tab}6
a${tab}3${tab}9${tab}5 7 5" '' sessions events
t 'from stdin' 0 "$(sessions events)" '' sessions <events
t 'without a final newline' 0 "$(sessions events)" '' sh -c 'printf %s "$(cat events)" | sessions -'
t 'two files are one stream' 0 "$(sessions events)" '' sh -c 'head -n 3 events >one; tail -n +4 events >two; sessions one two'
t '-k: a window of the last two' 0 "a${tab}1${tab}7${tab}5
a${tab}2${tab}5${tab}5 7
b${tab}1${tab}8${tab}6
a${tab}3${tab}9${tab}7 5" '' sessions -k 2 events
t '-k 1: of the last' 0 "a${tab}1${tab}7${tab}5
a${tab}2${tab}5${tab}7
b${tab}1${tab}8${tab}6
a${tab}3${tab}9${tab}5" '' sessions -k 1 events
t '--next: what to predict after each event' 0 "a${tab}1${tab}?${tab}5
b${tab}1${tab}?${tab}6
a${tab}2${tab}?${tab}5 7
a${tab}3${tab}?${tab}7 5
b${tab}2${tab}?${tab}6 8
c${tab}1${tab}?${tab}1
a${tab}4${tab}?${tab}5 9" '' sessions --next -k 2 events
t '-g, -i, --carry: other fields, and passengers' 0 "6${tab}1${tab}b${tab}7${tab}2
2${tab}1${tab}a${tab}7${tab}9" '' sessions -g 3 -i 2 --carry 1 <<END
$(lines 'a 2 6' 'b 7 6' 'a 9 2' 'a 7 2')
END
t 'CSV by name, ids by catalogue' 0 "a${tab}1${tab}12${tab}2${tab}2${tab}1
a${tab}2${tab}13${tab}2${tab}3${tab}1 2" '' sessions -C -g who -i what --catalogue items --carry when,shop log.csv
t 'another delimiter' 0 "a${tab}1${tab}4${tab}3" '' sh -c 'printf "who;what\na;3\na;4\n" | sessions -d ";" -g who -i what'
printf 'x\nq\n' >two-items
t '--unknown: an item that is not in the catalogue is 0' 0 "a${tab}1${tab}0${tab}1
a${tab}2${tab}2${tab}1 0" '' sessions --unknown --catalogue two-items <<END
$(lines 'a x' 'a new' 'a q')
END
t 'nothing' 0 '' '' sessions /dev/null
t 'a header alone' 0 '' '' sh -c 'printf "who,what\n" | sessions -C -g who -i what'

sort -s -k 1,1 events >sorted
t '--contiguous: sessions one by one' 0 "$(sessions sorted)" '' sessions --contiguous sorted
t 'a session that comes again' 3 - 'events:3: its session ended at events:1' sessions --contiguous events
awk 'BEGIN { for (i = 0; i < 3000; i++) for (j = 0; j < 12; j++) print "s" i "\t" (i * 7 + j * j) % 100 }' >many
t 'many sessions, contiguous' 0 - '' sessions --contiguous -k 5 many
cp .out contiguous
sort -s -n -k 2 many >mixed
t 'and mixed: each has the records that it has alone' 0 "$(sort -s -n -k 2 many | sort -s -k 1,1 | sessions --contiguous -k 5 | sort)" '' \
	sh -c 'sessions -k 5 mixed | sort'
is 'windows of 5' "$(awk -F '\t' '{ n = split($4, f, " "); if (n != ($2 < 5 ? $2 : 5)) bad++ } END { print NR, bad + 0 }' contiguous)" '33000 0'

# What is written is written before a read that may block.
mkfifo pipe
sessions --next pipe >live &
exec 3>pipe
lines 'a 5' 'a 6' >&3
n=0
while [ "$(wc -l <live)" -lt 2 ] && [ $n -lt 100 ]; do
	n=$((n + 1))
	sleep 0.05
done
is 'live: nothing waits' "$(cat live)" "a${tab}1${tab}?${tab}5
a${tab}2${tab}?${tab}5 6"
exec 3>&-
wait

# ---- refused ----

t 'an item that is no id' 3 - 'stdin:2: field 2 \(item\): not an id: "x" \(--catalogue names the items\)' sessions <<END
$(lines 'a 1' 'a x')
END
t 'a negative one' 3 - 'not an id: "-1"' sessions <<END
$(lines 'a -1')
END
t 'one beyond 32 bits' 3 - 'not an id: "4294967296"' sessions <<END
$(lines 'a 4294967295' 'a 4294967296')
END
t 'an empty one' 3 - 'not an id: ""' sessions <<END
$(lines 'a ')
END
t 'an item that is not in the catalogue' 3 - 'field 2 \(item\): not in the catalogue: "5" \(--unknown takes it as 0\)' \
	sessions --catalogue items events
t '--max-bad: refused events are no part of their session' 0 "a${tab}1${tab}2${tab}1" '1 line refused|refused' sessions --max-bad 1 <<END
$(lines 'a 1' 'a x' 'a 2')
END
t 'a catalogue with an item twice' 3 '' 'twice:3: the same as line 1' sh -c 'printf "x\ny\nx\n" >twice; sessions --catalogue twice events'
t 'no catalogue there' 4 '' 'missing: No such file' sessions --catalogue missing events
t '--unknown alone' 2 '' '--unknown: with --catalogue' sessions --unknown events
t 'CSV without the columns' 2 '' '-C: --group must name a column' sessions -C log.csv
t 'a column that is not there' 2 - 'no column "whom" in the header' sessions -C -g whom -i what log.csv
t 'a field that is not there' 2 - '--item: no field 4' sessions -i 4 events
t 'a field to carry that is not there' 2 - '--carry: no field 9' sessions --carry 9 events
t '-k 0' 2 '' '--items: ' sessions -k 0 events
t 'a missing file' 4 '' 'missing: No such file' sessions missing
t '>/dev/full' 4 - 'stdout: No space left' sh -c 'sessions events >/dev/full'
done_testing
