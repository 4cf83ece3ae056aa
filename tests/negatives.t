# negatives - unseen items behind each positive, drawn by weight; random numbers follow from group and event alone
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

cd "$tmp" || exit
tab=$(printf '\t')
awk 'BEGIN { for (i = 0; i < 2000; i++) printf "u%d\ti%d\t%d\tpassenger %d\n", i * 7919 % 97, i * i % 211 % 60, i % 4 == 1, i }' >log
: >empty

# Holds the output of `negatives -k $2` on $1 against the input: rows come through in order, behind each positive come
# $2 rows that differ in item and label only, and their items are unseen by the group and differ.
sound() { # what, file, how many, output
	awk -F '\t' -v OFS='\t' -v k="$3" '
	FNR == NR { seen[$1, $2]; row[++n] = $0; next }
	left == 0 && $0 == row[at + 1] {
		at++
		head = $1
		tail = $4
		left = $3 == 1 ? k : 0
		split("", mine)
		next
	}
	left == 0 || $1 != head || $4 != tail || $3 != 0 || ($1, $2) in seen || $2 in mine { print "wrong: " $0; exit }
	{ mine[$2]; left-- }
	END { if (at != n || left) print at " of " n " rows, " left " negatives left" }' "$2" "$4" >wrong
	is "$1" "$(cat wrong)" ''
}

negatives -k 3 log >drawn
sound 'three unseen items behind each positive, and all else as it came' log 3 drawn
is 'two runs are equal' "$(negatives -k 3 log | cmp - drawn 2>&1)" ''
negatives log >five
sound 'five where nothing is said' log 5 five
firsts() { awk -F '\t' 'FNR == NR { given[$0]; next } !($0 in given) && ++n[$4] <= 3' log "$1"; }
is 'more negatives begin with the same' "$(firsts five)" "$(firsts drawn)"
negatives --power 0.75 -k 3 log >weighted
sound 'by popularity, too' log 3 weighted
is '--seed draws others' "$(negatives --seed 2 -k 3 log | cmp -s - drawn; echo $?)" 1
is 'events of a group draw apart' "$(awk '$1 == "u3" && $3 == 0 { print $2 }' drawn | sort -u | awk 'END { print (NR > 12) }')" 1
t 'the draws are the same for ever' 0 "u1${tab}a${tab}1
u1${tab}e${tab}0
u2${tab}b${tab}1
u2${tab}e${tab}0
u3${tab}c${tab}0
u3${tab}d${tab}0
u3${tab}e${tab}1
u3${tab}a${tab}0" '' negatives -k 1 -y -1 - <<END
u1${tab}a${tab}1
u2${tab}b${tab}1
u3${tab}c${tab}0
u3${tab}d${tab}0
u3${tab}e${tab}1
END

# ---- what the draws depend on ----

awk 'BEGIN { for (i = 0; i < 60; i++) print "i" i "\t" 60 - i }' >catalogue
negatives -k 3 --catalogue catalogue --power 1 log | sort >whole
for i in 0 1 2; do
	awk -v i=$i '{ n = substr($1, 2) } n % 3 == i' log | negatives -k 3 --catalogue catalogue --power 1
done | sort >shards
is 'shards by group draw what the whole does' "$(cmp whole shards 2>&1)" ''
sort -s -t "$tab" -k 1,1 log | negatives -k 3 --catalogue catalogue --power 1 | sort >shards
is 'so do groups in another order' "$(cmp whole shards 2>&1)" ''
sort catalogue | negatives -k 3 --catalogue /dev/stdin --power 1 log | sort >shards
is 'and a catalogue in another order' "$(cmp whole shards 2>&1)" ''

# ---- weights ----

# How often each item is drawn for 6000 groups that have seen z: the items of the catalogue by name.
frequencies() {
	awk 'BEGIN { for (i = 0; i < 6000; i++) print "g" i "\tz\t1" }' | negatives -y -1 --catalogue counts "$@" |
		awk '$3 == 0 { n[$2]++ } END { for (i in n) print i, int(n[i] / 300 + 0.5) }' | sort | paste -s -d , -
}
printf 'a\t1\nb\t4\nc\t10\nd\t0\nz\t100\n' >counts
is 'uniformly: a quarter each, never what is seen' "$(frequencies -k 1)" 'a 5,b 5,c 5,d 5'
is '--power 1: by count, one of count 0 never' "$(frequencies -k 1 --power 1)" 'a 1,b 5,c 13'
is '--power 0.5: by its root' "$(frequencies -k 1 --power 0.5)" 'a 3,b 6,c 10'
is 'the second differs from the first' "$(frequencies -k 2 --power 1)" 'a 4,b 16,c 19'
awk 'BEGIN { for (i = 0; i < 12; i++) print (i < 9 ? "a" : i < 11 ? "b" : "c") "\tx\t" }' |
	awk -F '\t' '{ print "other" NR "\t" $1 "\t0" } END { for (i = 0; i < 3000; i++) print "g" i "\tz\t1" }' >popular
is 'popularity is the number of rows of the input' "$(negatives -y -1 -k 1 --power 1 popular |
	awk 'NR > 12 && $3 == 0 { n[$2]++ } END { for (i in n) print i, int(n[i] / 250 + 0.5) }' | sort | paste -s -d , -)" \
	'a 9,b 2,c 1'

# ---- nothing left ----

awk 'BEGIN { for (i = 0; i < 300; i++) print "g\ti" i "\t" (i == 7); print "h\tlast\t0"; print "h\tleast\t0" }' >much
t 'a group that has seen much gets what is left' 0 - '1 of 1 positives have fewer than 5 negatives: their groups have seen the rest' \
	negatives -y -1 much
is 'all of it, once' "$(awk '$1 == "g" && $2 ~ /^l/' .out | sort)" "g${tab}last${tab}0
g${tab}least${tab}0"
is 'what is left comes by weight' "$(awk 'BEGIN {
	for (g = 0; g < 400; g++) for (i = 0; i < 40; i++) print "g" g "\tseen" i "\t" (i == 0) }' | {
	awk 'BEGIN { for (i = 0; i < 40; i++) print "seen" i "\t1000"; print "a\t1"; print "b\t3" }' >counts
	negatives -y -1 -k 1 --power 1 --catalogue counts | awk '$2 == "b" { b++ } END { print (b > 260 && b < 340) }'
})" 1
t 'a group that has seen all' 0 "g${tab}a${tab}1" 'fewer than 1 negatives' negatives -y -1 -k 1 - <<END
g${tab}a${tab}1
END
t 'a group sees what comes later, too' 0 "g${tab}a${tab}1
g${tab}c${tab}0
g${tab}b${tab}0
h${tab}c${tab}0" '' negatives -y -1 -k 1 - <<END
g${tab}a${tab}1
g${tab}b${tab}0
h${tab}c${tab}0
END
printf 'g\tc\textra\nelsewhere\tb\textra\nnobody\tq\textra\n' >seen
t '-x: what is seen elsewhere' 0 "g${tab}a${tab}1
g${tab}b${tab}0
h${tab}b${tab}0
h${tab}c${tab}0" 'fewer than 2' negatives -y -1 -k 2 -x seen - <<END
g${tab}a${tab}1
h${tab}b${tab}0
h${tab}c${tab}0
END

# ---- CSV ----

cat >log.csv <<END
who,"what ""it"" is",clicked,note
u1,"one, two",1,"a ""b"""
u2,three,1, plain 
u3,"four
lines",0,
END
t 'CSV: quoted where it must be' 0 'who,"what ""it"" is",clicked,note
u1,"one, two",1,"a ""b"""
u1,three,0,"a ""b"""
u1,"four
lines",0,"a ""b"""
u2,three,1, plain 
u2,"four
lines",0, plain 
u2,"one, two",0, plain 
u3,"four
lines",0,' '' negatives -C -k 2 -g who -i 'what "it" is' -y clicked log.csv
t 'CSV: another delimiter' 0 'a;b;c
x;1,5;1
x;"p;q";0
y;"p;q";0' '' negatives -d ';' -k 1 -g a -i b -y c - <<END
a;b;c
x;1,5;1
y;"p;q";0
END
t 'CSV: columns must be named' 2 '' '-C: --item must name a column' negatives -C -g who -y clicked log.csv
t 'CSV: no such column' 2 - 'item: no column "x"' negatives -C -g who -i x -y clicked log.csv
t 'CSV: a header alone' 0 'a,b,c' '' negatives -C -g a -i b -y c - <<END
a,b,c
END
t 'CSV: empty' 0 '' '' negatives -C -g a -i b -y c empty

# ---- lines ----

t 'empty input' 0 '' '' negatives empty
printf 'a\t1\tf\nb\t0\tf\n' >itemless
t 'records without an item: the label is none' 2 '' 'item and --label are the same column: 2' negatives itemless
printf 'a\tb\t1\tf\nc\td\t0\tf' >cut
t 'no final newline' 0 "a${tab}b${tab}1${tab}f
a${tab}d${tab}0${tab}f
c${tab}d${tab}0${tab}f" '' negatives -k 1 cut
printf 'a\tb\t0\tf\nc\td\t0\n' >short
t 'a short record: nothing is printed' 3 '' 'short:2: fewer fields' negatives short
t '--max-bad and --rejects' 0 "a${tab}b${tab}0${tab}f" '1 of 2 lines refused' negatives --max-bad 1 --rejects rejected short
is 'the rejects are the line' "$(cat rejected)" "c${tab}d${tab}0"
printf 'a\tb\t0\tf\n\n' >blank
t 'a blank line' 3 - 'blank:2: blank line' negatives blank
bad() { # label, rule
	printf 'a\tb\t%s\tf\n' "$1" >bad
	t "label $1" 3 '' "^negatives: bad:1: field 3 \(label\): $2" negatives bad
}
bad 2 'neither 0 nor 1: "2"'
bad '?' 'unknown, where one is needed'
bad '' 'not a number: "" \(it is empty\)'
bad nan 'not a number: "nan"'
bad 1,0 'not a number: "1,0" \(decimal comma\?\)'
printf '\357\273\277a\tb\0\1\t1\tf\r\nc\t\377\t0\tf\r\n' >bytes
t 'CR LF is dropped, once said' 0 - 'CR LF' negatives -k 1 bytes
is 'NUL and broken UTF-8 are data, a BOM is not' "$(od -An -c <.out)" "$(printf 'a\tb\0\1\t1\tf\na\t\377\t0\tf\nc\t\377\t0\tf\n' | od -An -c)"

# ---- catalogue ----

wrong() { # what, catalogue, pattern
	printf "$2" >wrong
	t "$1" 3 '' "^negatives: wrong:$3" negatives --power 1 --catalogue wrong cut
}
wrong 'an item twice' 'a\t1\na\t1\n' '2: field 1 \(item\): is there already: "a"'
wrong 'a count below 0' 'a\t-1\n' '1: field 2 \(count\): not a count: "-1"'
wrong 'no number' 'a\tmany\n' '1: field 2 \(count\): not a count: "many"'
wrong 'no count' 'a\n' '1: too few fields'
printf 'x\ny\n' >names
t 'without --power counts are not needed' 0 - '' negatives -k 2 --catalogue names cut
is 'and items of the input are not drawn' "$(grep -c "^a${tab}[xy]${tab}" .out)" 2
printf 'x\t1e300\n' >huge
t 'weights that overflow' 3 '' 'have no finite sum' negatives --power 10 --catalogue huge cut
t 'a missing catalogue' 4 '' 'nowhere: No such file' negatives --catalogue nowhere cut
t 'a missing file to exclude' 4 '' 'nowhere: No such file' negatives -x nowhere cut
t 'pairs to exclude have two fields' 3 '' 'names:1: too few fields' negatives -x names cut

# ---- options and system ----

# Programs that write records escape what a value of CSV may hold; here it is that value again.
printf 'user,item,y\nu,a\\b,1\nv,"x\ny",1\n' >odd.csv
ctr -C -g item -y y odd.csv >counts
t '-C --catalogue: items of ctr are those of the rows' 0 'user,item,y
u,a\b,1
u,"x
y",0
v,"x
y",1
v,a\b,0' '2 of 2 positives have fewer' negatives -C -g user -i item -y y -k 2 --catalogue counts odd.csv
printf 'v\\tw\tx\\ny\n' >seen
printf 'user,item,y\n"v\tw",a\\b,1\n' >odd.csv
t '-C -x: groups and items, too' 0 "user,item,y
\"v${tab}w\",a\\b,1" '1 of 1 positives have fewer' negatives -C -g user -i item -y y -x seen --catalogue counts odd.csv

t '-k 0' 2 '' 'negatives: not within' negatives -k 0 log
t '--power below 0' 2 '' 'power: not within 0 and 10' negatives --power -1 log
t 'no such field' 2 '' 'item: no field 9' negatives -i 9 log
t 'no such option' 2 '' 'no such option' negatives -Z
t 'no such file' 4 '' 'nowhere: No such file' negatives nowhere
if [ -w /dev/full ]; then
	t 'a full disk' 4 '' 'No space left' sh -c 'negatives log >/dev/full'
else
	skip 'a full disk' 'no /dev/full'
fi
done_testing
