# holdout - the three modes; held out and rest make up the input; rows come through byte for byte
. "$(dirname "$0")/tap.sh"

cd "$tmp" || exit
tab=$(printf '\t')
awk 'BEGIN { for (i = 0; i < 3000; i++) printf "u%d\titem%d\t%d\t0.%d\n", i * 7919 % 997, i % 50, i % 3 == 0, i }' >log
: >empty

# Held out and rest of the log, in "held" and "rest", with the options given.
split() {
	holdout "$@" log >held && holdout -v "$@" log >rest
}

# Whether held and rest are disjoint and make up the log, both in its order. The log's rows all differ.
parts() { # what
	awk '
	FILENAME == "log" { at[$0] = ++n; next }
	!($0 in at) { print "foreign row: " $0 }
	FILENAME != file { file = FILENAME; before = 0 }
	at[$0] <= before { print FILENAME ": out of order: " $0 }
	{ before = at[$0]; delete at[$0]; seen++ }
	END { if (seen != n) print seen + 0 " of " n " rows" }' log held rest >wrong
	is "$1: held out and rest make up the input, in its order" "$(cat wrong)" ''
}

# ---- by hash ----

split -f 0.2
parts '-f'
is '-f keeps groups whole' "$(cut -f 1 held | sort -u >a; cut -f 1 rest | sort -u | comm -12 - a)" ''
is '-f 0.2 holds out about a fifth of 997 groups' "$(cut -f 1 held | sort -u | awk 'END { print (NR > 150 && NR < 250) }')" 1
cp held held.1
split -f 0.2
is 'two runs are equal' "$(cmp held held.1 2>&1)" ''
sort -r log | holdout -f 0.2 | sort >held.1
is 'the order of the input does not matter' "$(sort held | cmp - held.1 2>&1)" ''
split -f 0.4
is 'a larger fraction holds out the same groups and more' "$(sort held | comm -13 - held.1)" ''
split -f 0.2 --seed 2
parts '--seed'
is '--seed holds out other groups' "$(sort held | cmp -s - held.1; echo $?)" 1
split -f 0.2 -g 2
is '-g names the group' "$(cut -f 2 held | sort -u >a; cut -f 2 rest | sort -u | comm -12 - a)" ''
holdout -f 0 log >held
is '-f 0 holds out nothing' "$(cat held)" ''
holdout -f 1 log >held
is '-f 1 holds out everything' "$(cmp held log 2>&1)" ''
awk 'BEGIN { for (i = 0; i < 12; i++) print "u" i }' >users
t 'the hash is the same for ever' 0 'u0
u6' '' holdout -f 0.5 users

# ---- last of each group ----

split --last 2
parts '--last'
awk '{ row[NR] = $0; user[NR] = $1; n[$1]++ } END { for (i = 1; i <= NR; i++) if (n[user[i]]-- <= 2) print row[i] }' log >expected
is '--last holds out the last rows of each group' "$(cmp held expected 2>&1)" ''
printf 'a\t1\nb\t2\na\t3\na\t4\nb\t5\nc\t6\n' >small
t '--last 1, groups interleaved' 0 "a${tab}4
b${tab}5
c${tab}6" '' holdout --last 1 small
t '--last 1 -v' 0 "a${tab}1
b${tab}2
a${tab}3" '' holdout -v --last 1 small
t '--last more than there are' 0 '' '' holdout -v --last 9 small

# ---- after a time ----

printf 'a\t9\nb\t10\nc\t10.5\nd\t-1e3\n' >times
t '--after compares numbers as numbers' 0 "c${tab}10.5" '' holdout --after 10 -t 2 times
t '--after -v' 0 "a${tab}9
b${tab}10
d${tab}-1e3" '' holdout -v --after 10 -t 2 times
printf 'a\t2025-12-31T23:59:59\nb\t2026-01-01T10:00:00\nc\t2026-01-02T00:00:00\n' >times
t 'no time of a day is after the day' 0 "c${tab}2026-01-02T00:00:00" '' holdout --after 2026-01-01 -t -1 times
t 'one is after a moment of the day' 0 "b${tab}2026-01-01T10:00:00
c${tab}2026-01-02T00:00:00" '' holdout --after 2026-01-01T09 -t -1 times
t 'a month will do' 0 "b${tab}2026-01-01T10:00:00
c${tab}2026-01-02T00:00:00" '' holdout --after 2025-12 -t -1 times
t 'a blank is no T' 3 '' 'times:1: field 2: not written as the time of --after: "2025-12-31T23:59:59"' \
	holdout --after '2026-01-01 09' -t -1 times
printf 'a\t31.12.2025\n' >times
t 'a date in another order' 3 '' 'times:1: field 2: not written as' holdout --after 2026-01-01 -t 2 times
t 'a date for a number' 3 '' 'times:1: field 2: not a number: "31.12.2025"' holdout --after 100 -t 2 times
t 'a time that is neither' 2 '' 'neither a number nor a date' holdout --after yesterday -t 2 times
awk '{ print $0 "\t" NR * 7919 % 3001 }' log >dated
mv dated log
split --after 2000 -t -1
parts '--after'

# ---- CSV ----

printf 'user,"a ""title""",when\r\n7, blank ,1\r\n"8, b","two\nlines",2\r\n7,"",3\r\n' >log.csv
printf 'user,"a ""title""",when\n7, blank ,1\n"8, b","two\nlines",2\n7,"",3\n' >plain.csv
t 'CSV: the header first, rows as they came' 0 'user,"a ""title""",when
"8, b","two
lines",2
7,"",3' '' holdout -C --last 1 -g user plain.csv
t 'CSV: CR LF becomes LF, and is said' 0 "$(cat plain.csv)" 'CR LF' holdout -C -f 1 -g user log.csv
t 'CSV: a column by name' 0 'user,"a ""title""",when
7,"",3' '' holdout -C --after 2 -t when plain.csv
t 'CSV: a header alone' 0 'a,b' '' holdout -C -f 0.5 -g a /dev/stdin <<END
a,b
END
t 'CSV: another delimiter' 0 'a;b
1;2' '' holdout -d ';' -f 1 -g b /dev/stdin <<END
a;b
1;2
END
t 'CSV: no such column' 2 - 'group: no column "users"' holdout -C -f 0.5 -g users plain.csv
t 'CSV: a record and a row of one group fall on the same side' 0 'user
u0
u6' '' sh -c '(echo user; cat users) | holdout -C -g user -f 0.5'

# ---- lines ----

printf 'a\t1\nb\t2' >cut
t 'no final newline' 0 "a${tab}1
b${tab}2" '' holdout -f 1 cut
t 'the files are one log' 0 "a${tab}1
b${tab}2
a${tab}1
b${tab}2" '' holdout -f 1 cut cut
t 'empty input' 0 '' '' holdout -f 0.5 empty
t 'empty input, --last' 0 '' '' holdout --last 2 empty
t 'empty CSV' 0 '' '' holdout -C -g a -f 0.5 empty
printf 'a\t1\nb\nc\t3\n' >short
t 'a short record' 3 "a${tab}1" 'short:2: fewer fields' holdout -f 1 short
t 'a short record, --last: nothing is printed' 3 '' 'short:2: fewer fields' holdout --last 1 short
t '--max-bad and --rejects' 0 "a${tab}1
c${tab}3" '1 of 3 lines refused' holdout -f 1 --max-bad 1 --rejects rejected short
is 'the rejects are the line' "$(cat rejected)" b
printf 'a\t1\n\nc\t3\n' >blank
t 'a blank line' 3 - 'blank:2: blank line' holdout -f 1 blank
printf '\357\273\277a\0\377\t1\n' >bytes
t 'NUL and broken UTF-8 are data, a BOM is not' 0 - '' holdout -f 1 bytes
is 'byte for byte' "$(od -An -c <.out)" "$(printf 'a\0\377\t1\n' | od -An -c)"

# ---- options and system ----

t 'no mode' 2 '' 'one of --fraction, --last and --after' holdout log
t 'two modes' 2 '' 'one of --fraction, --last and --after' holdout -f 0.1 --last 1 log
t '--after without --time' 2 '' '--after and --time go together' holdout --after 1 log
t '--time without --after' 2 '' '--after and --time go together' holdout -f 0.1 -t 1 log
t 'a fraction above 1' 2 '' 'fraction: not within 0 and 1' holdout -f 1.5 log
t '--last 0' 2 '' 'last: not within' holdout --last 0 log
t 'no such field' 2 '' 'group: no field 9' holdout -f 0.5 -g 9 log
t 'no such option' 2 '' 'no such option' holdout -Z
t 'no such file' 4 '' 'nowhere: No such file' holdout -f 0.5 nowhere
if [ -w /dev/full ]; then
	t 'a full disk' 4 '' 'No space left' sh -c 'holdout -f 1 log >/dev/full'
else
	skip 'a full disk' 'no /dev/full'
fi
done_testing
