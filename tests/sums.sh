# sums.sh - what ctr, revenue and feedback promise alike; sourced by their tests, behind tap.sh.

tab=$(printf '\t')
# shellcheck source=tests/parts.sh
. "$here/parts.sh"

# Any split of the file "log", its rows in any order, gives the bytes of one run after --merge.
any_split() { # program and options; $merging has those of --merge
	merge="$1 ${merging-} --merge"
	"$@" log >whole
	wrong=
	for split in 1/1 2/2 3/3 7/1 7/2 7/3 7/4 7/5 16/4 64/5; do
		n=${split%/*} order=${split#*/}
		rm -f shard.* part.*
		awk -v n="$n" -v order="$order" '
		{ row[NR] = $0 }
		END {
			for (i = 1; i <= NR; i++) {
				j = order % 2 ? i : NR + 1 - i
				print row[j] >("shard." (j * 7919 + order * int(j / 3)) % n)
			}
		}' log
		for shard in shard.*; do
			"$@" --partial "$shard" >"part.${shard#shard.}"
		done
		printf '%s\n' part.* | sort -t . -k "2,2$([ "$order" -gt 2 ] || echo r)" | xargs cat >parts
		$merge parts >merged
		cmp -s whole merged || wrong="$wrong $split"
	done
	is "$*: 1 to 64 shards, in 5 orders, give the bytes of one run" "$wrong" ''
	awk 'NR % 2' parts >half.1
	awk '!(NR % 2)' parts >half.2
	$merge --partial half.1 >merged.1
	$merge --partial half.2 | $merge merged.1 - >merged
	is "$*: partial lines merge in two steps" "$(cmp whole merged)" ''
}

# What every program says of input and options that are wrong, whatever it sums.
sums_are_strict() { # program, columns of a header
	program=$1
	: >empty
	printf 'k\t1\tf\nk\t1\n' >short
	printf 'k\t1\tf\n\nk\t1\tf\n' >blank
	t 'empty input: no figure, status 3' 3 '' "^$program: no records$" "$program" empty
	t 'with -H too' 3 '' 'no records' "$program" -H empty
	t 'CSV with nothing but a header' 3 '' 'no records' "$program" -C -y a - <<-END
		a,b
	END
	t 'an empty shard has no lines and is no error' 0 '' '' "$program" --partial empty
	t 'nothing to merge' 3 '' 'no records' "$program" --merge empty
	t 'a short row' 3 '' 'short:2: fewer fields than in the first record: "k\\t1"' "$program" short
	t 'a record of one field' 2 '' 'no field -2' "$program" - <<-END
		k
	END
	t 'a blank line' 3 '' 'blank:2: blank line' "$program" blank
	t '--max-bad goes on' 0 - '1 of 2 lines refused' "$program" --max-bad 1 --rejects rejected short
	is '--rejects has the line byte for byte' "$(tail -n 1 short | cmp - rejected)" ''
	t 'all rows refused: no records' 3 '' 'no records' "$program" --max-bad 9 - <<-END
		k${tab}x${tab}f
	END
	t 'no such key field' 2 '' '--group: no field 9: the records have 3' "$program" -g 9 short
	t 'a key by name without -C' 2 '' '--group: not a field number: "segment"' "$program" -g segment short
	t 'no such column' 2 '' '--group: no column "c" in the header' "$program" -C -g c -y a - <<-END
		a,b
		1,2
	END
	t 'CSV needs -y' 2 '' '-C: -y must name the column' "$program" -C empty
	t '--partial has no header' 2 '' '--partial: its lines have no header' "$program" --partial -H empty
	t '--merge takes no -y' 2 '' '--merge: reads lines of --partial' "$program" --merge -y 2 empty
	t '--merge takes no -C' 2 '' '--merge: reads lines of --partial' "$program" --merge -C empty
	t '--partial compares nothing' 2 '' '--partial: its lines have no figures' "$program" --partial --against k empty
	t '--against must be a key of the input' 2 '' '--against: there is no key "other"' "$program" -g 1 --against other - <<-END
		k${tab}1${tab}f
	END
	t 'without -g there are no keys to compare' 2 '' '--against: there is no key "k"' "$program" --against k - <<-END
		k${tab}1${tab}f
	END
	t '--level is below 1' 2 '' '--level: not within' "$program" --level 1 empty
	t 'a missing file' 4 '' 'nowhere: No such file' "$program" nowhere
	t 'an unknown option' 2 '' 'no such option' "$program" --bogus
	printf 'k\t1\tf' >unended
	printf 'k\t1\tf\n' >ended
	is 'no final newline: the last line counts' "$("$program" unended)" "$("$program" ended)"
	printf '\357\273\277k\t1\tf\r\n' >windows
	is 'BOM and CR LF are no data' "$("$program" -g 1 windows 2>/dev/null)" "$("$program" -g 1 ended)"
	printf 'a\0b\t1\tf\n\377\t1\tf\n' >bytes
	is 'NUL and bytes that are no UTF-8 pass through' "$("$program" -g 1 bytes | cut -f 1 | od -An -tx1 | tr -d ' \n')" \
		6100620aff0a
	if [ -c /dev/full ]; then
		t 'a full disk' 4 '' 'stdout: No space left' sh -c "$program ended >/dev/full"
	fi
	is 'the header has a name for each column' "$("$program" -H -g 1 ended)" "$(
		printf '1\t%s\n' "$2"
		"$program" -g 1 ended
	)"
	is 'and with --against' "$("$program" -H -g 1 --against k ended)" "$(
		printf '1\t%s\tdifference\tdifference_lower\tdifference_upper\tp\n' "$2"
		printf '%s\t?\t?\t?\t?\n' "$("$program" -g 1 ended)"
	)"
	printf 'a\tx\t1\tf\na\ty\t1\tf\na\tx\t0\tf\na\ty\t1\tf\nb\ty\t0\tf\na\ty\t0\tf\nb\ty\t0\tf\n' >two
	is 'a key of several columns is named as it is written' \
		"$("$program" -g 1,2 --against "a${tab}y" two | awk -F '\t' '{ print $1 $2, $(NF - 3) }' | sed 's/-0.1666666.*/-1\/6/' | paste -s -d , -)" \
		'ax -1/6,ay ?,by -0.666666667'
	is '--merge compares as one run does' "$("$program" -g 2 --partial two | "$program" --merge --against y)" \
		"$("$program" -g 2 --against y two)"
	"$program" --partial -g 1 ended >part
	is '--merge takes the names of the keys from -g' "$("$program" --merge -H -g segment part)" "$(
		printf 'segment\t%s\n' "$2"
		"$program" -g 1 ended
	)"
	t '-H cannot name the keys of merged lines alone' 2 '' 'names 0 columns: the keys of the lines have 1' \
		"$program" --merge -H part
	t '-g must name as many as there are' 2 '' 'names 2 columns: the keys of the lines have 1' \
		"$program" --merge -g a,b part
	t '--merge refuses what is no partial line' 3 '' "ended:1: not a line of this program's --partial" "$program" --merge ended
	sed 's/^[a-z]*/other/' part >other
	t '--merge refuses the lines of another program' 3 '' "other:1: not a line of this program's" "$program" --merge other
	sed 's/\/1/\/2/' part >newer
	t '--merge refuses another version of its lines' 3 '' "newer:1: not a line of this program's" "$program" --merge newer
	sed 's/	.*//' part >tag
	t '--merge refuses a tag alone' 3 '' "tag:1: not a line of this program's" "$program" --merge tag
	"$program" --partial ended >keyless
	t '--merge refuses keys of different columns' 3 - 'fewer fields than in the first record' "$program" --merge part keyless
	sed 's/1/-1/2' part >negative
	t '--merge refuses a negative count' 3 '' 'not a count: "-1"' "$program" --merge negative
	sed 's/1/1x/2' part >trailing
	t '--merge refuses a count with more behind it' 3 '' 'not a count: "1x"' "$program" --merge trailing
	sed 's/	1	/		/' part >uncounted
	t '--merge refuses an empty count' 3 '' 'not a count: ""' "$program" --merge uncounted
}

# What every program promises of --bootstrap. The rows of "log" are of the units in its first field.
sums_draw_units() { # program
	program=$1
	merging='--bootstrap u'
	any_split "$program" --bootstrap 1 -g 2
	unset merging
	is 'its sums are those without it' "$("$program" --bootstrap 1 -g 2 log | cut -f 1-4)" "$("$program" -g 2 log | cut -f 1-4)"

	# 500 users in each of two arms, who bring up to five rows, and a click in the more of them the likelier they do
	awk -v OFS='\t' 'BEGIN {
		for (u = 0; u < 1000; u++)
			for (i = 0; i <= u * 7 % 5; i++)
				print "u" u, (u % 2 ? "new" : "old"), (u * 331 % 1009 * (i * 17 + u * 13) % 997 < u * 331 % 1009 / 2), "f"
	}' >users
	awk -v OFS='\t' '{ $2 = NR % 3 ? "new" : "old"; print }' users >both
	for f in users both; do
		is "the difference, and how it scatters, are those of sums over users: $f" "$("$program" --bootstrap 1 -g 2 --against old "$f" | awk -F '\t' '
			NR == FNR { users[$1]; n[$2 $1]++; c[$2 $1] += $3; all[$2]++; clicks[$2] += $3; next }
			$1 == "new" {
				for (u in users) {
					moves = (c["new" u] - $4 * n["new" u]) / all["new"] - (c["old" u] - clicks["old"] / all["old"] * n["old" u]) / all["old"]
					squares += moves * moves
				}
				ratio = ($9 - $8) / (2 * 1.96 * sqrt(squares))
				off = $7 - ($4 - clicks["old"] / all["old"])
				print (ratio > 0.9 && ratio < 1.1 && off * off < 1e-16) ? "yes" : ratio " " off
			}' "$f" -)" yes
	done
	is 'and does so apart and together' "$(for f in users both; do "$program" --bootstrap 1 -g 2 --against old "$f"; done | awk -F '\t' '
		$1 == "new" { wide[NR] = $9 - $8 }
		END { r = wide[1] / wide[3]; print (r > 1.1) ? "yes" : r }')" yes

	# each row of a user of its own, and rows that are the same five times over
	awk -v OFS='\t' '{ $1 = NR; print }' users >alone
	for i in 1 2 3 4 5; do cat alone; done >five
	is 'of a row each, the difference has the interval it has without' "$({
		"$program" --bootstrap 1 -g 2 --against old alone
		"$program" -g 2 --against old alone
	} | awk -F '\t' '
		$1 == "new" { wide[++n] = $9 - $8; p[n] = $10 }
		END { r = wide[1] / wide[2]; print (r > 0.9 && r < 1.1 && p[1] > p[2] / 2 && p[1] < p[2] * 2) ? "yes" : r " " p[1] " " p[2] }')" yes
	is 'five alike tell no more than one' "$("$program" --bootstrap 1 -g 2 --against old five | cut -f 4-)" \
		"$("$program" --bootstrap 1 -g 2 --against old alone | cut -f 4-)"
	is 'so without it the interval is narrower by the root of five' "$(
		for u in 1 ''; do "$program" ${u:+--bootstrap $u} -g 2 --against old five; done | awk -F '\t' '
			$1 == "new" { wide[++n] = $9 - $8 }
			END { r = wide[1] / wide[2] / sqrt(5); print (r > 0.9 && r < 1.1) ? "yes" : r }')" yes
	awk -v OFS='\t' '{ $2 = "a"; print; $2 = "b"; print }' users >twice
	is 'the same users with the same rows: no difference, and no doubt' \
		"$("$program" --bootstrap 1 -g 2 --against b twice | cut -f 1,7-)" "a${tab}0${tab}0${tab}0${tab}1
b${tab}?${tab}?${tab}?${tab}?"
	"$program" --bootstrap 1 -g 2 --against old users >whole
	for i in 2 0 1; do
		awk -v i=$i 'NR % 3 == i' users | "$program" --bootstrap 1 -g 2 --partial
	done >parts
	is '--merge compares as one run does' "$("$program" --bootstrap u --merge --against old parts)" "$(cat whole)"
	is '--level' "$("$program" --bootstrap 1 -g 2 --against old --level 0.5 users | awk -F '\t' '
		NR == FNR { if ($1 == "new") wide = $9 - $8; next }
		$1 == "new" { r = wide / ($9 - $8); print (r > 2.5 && r < 3.3) ? "yes" : r }' whole -)" yes
	is 'CSV by name' "$(awk 'BEGIN { print "u,arm,y" } { print $1 "," $2 "," $3 }' users | "$program" -C --bootstrap u -g arm -y y --against old)" \
		"$(cat whole)"
	is 'of one user nothing is known' "$(head -n 1 users | "$program" --bootstrap 1 -g 2 --against old | cut -f 5-)" \
		"?${tab}?${tab}?${tab}?${tab}?${tab}?"
	awk -v OFS='\t' '{ $3 = 0; print }' users >none
	is 'nor of rows that are all alike' "$("$program" --bootstrap 1 -g 2 --against old none | cut -f 4-)" \
		"0${tab}?${tab}?${tab}0${tab}?${tab}?${tab}?
0${tab}?${tab}?${tab}?${tab}?${tab}?${tab}?"
	t 'no such column of users' 2 '' '--bootstrap: no field 9' "$program" --bootstrap 9 users
	t 'no such column of CSV' 2 '' '--bootstrap: no column "w"' "$program" -C -y y --bootstrap w - <<-END
		u,y
		a,1
	END
	"$program" --bootstrap 1 --partial users >drawn
	is 'the tag of its lines' "$(cut -f 1 drawn)" "$program-bootstrap/1"
	t '--merge of other lines' 3 '' 'not a line of this program' "$program" --merge drawn
	"$program" --partial users >plain
	t 'and of these with draws' 3 '' 'not a line of this program' "$program" --bootstrap 1 --merge plain
	for change in 's/ [-0-9]*$//' 's/$/ 1/' 's/ [0-9]*\t/ x\t/' 's/ [0-9]*\t/ 99999999\t/' 's/ [-0-9]*$/ 1.5/' 's/ [0-9]*\t/ -1\t/' \
		's/ [0-9]*\t/ 0\t/'; do
		sed "$(echo "$change" | sed "s/\\\\t/$tab/g")" drawn >line
		t "draws that are none: $change" 3 '' 'line:1: field [45] \(drawn\): no draws of so many records' \
			"$program" --bootstrap 1 --merge line
	done
}

# And where the sums are rates.
rates_draw_units() { # program
	sums_draw_units "$1"
	t 'its interval is not the exact one' 2 '' '--bootstrap: its interval is another' "$1" --bootstrap 1 --interval exact users
	for clicks in 9999 -1; do
		sed "s/ [0-9]*\$/ $clicks/" drawn >line
		t "a draw of $clicks positives" 3 '' 'field 4 \(drawn\): no draws of so many records' "$1" --bootstrap 1 --merge line
	done
}

# ---- processes that share the files ----

# Some megabytes, so that there are parts; of long keys, so that lines are few.
make_wide() {
	awk -v filler=$filler 'BEGIN {
		for (i = 0; i < 33000; i++)
			print "k" i * 7919 % 5003 filler "\t" i % 7 "\t" (i * 31 % 11 < 3) "\tf"
	}' >wide
	awk -v filler=$filler 'BEGIN {
		print "key,place,value"
		for (i = 0; i < 33000; i++)
			print (i % 9 ? "k" i * 7919 % 5003 filler : "\"k\n,\"\"" i % 13 "\"") "," i % 7 "," (i * 31 % 11 < 3)
	}' >wide.csv
	sed "s/\$/$(printf '\r')/" wide >windows
	{ cat wide; printf 'k1\t2\t1\tf'; } >unended
	sed "30001s/[01]${tab}f/x${tab}f/" wide >wrong
	sed "30001s/${tab}f//" wide >short.row
	{ cat wide.csv; printf '"open,1,1\n'; cat wide.csv; } >open.csv
	sed '1s/place/other/' wide.csv >other.csv
	# a value of more lines than all others, each a row where it is read from its middle
	{ head -n 3000 wide.csv; printf '"'; yes k1$filler,1,1 | head -n 30000; printf 'k",1,1\n'; tail -n 3000 wide.csv; } >span.csv
	# a header that would be a row, behind more blank lines than rows
	{ printf '\357\273\277' && yes "$(printf '\r')" | head -n 3000000 && sed '1s/value/1/' wide.csv; } >blank.csv
}

sums_share() { # program
	filler=$(printf %0100d 0)
	make_wide
	one_and_parts "$1" wide
	one_and_parts "$1" -g 1 wide
	one_and_parts "$1" -g 2,1 -H wide
	one_and_parts "$1" -g 1 --partial wide
	one_and_parts "$1" -g 1 --shard 1/3 wide
	one_and_parts "$1" -g 1 --against k1$filler wide
	one_and_parts "$1" -g 2 --bootstrap 1 --against 3 wide
	one_and_parts "$1" -g 2 --bootstrap 1 --max-line 140 wide
	one_and_parts "$1" -C -y value -g place,key wide.csv
	one_and_parts "$1" -C -y value -H wide.csv
	one_and_parts "$1" -g 1 wide unended wide
	one_and_parts "$1" -C -y value -g key wide.csv wide.csv
	one_and_parts "$1" -g 1 windows
	one_and_parts "$1" -g 1 wrong
	one_and_parts "$1" -g 1 --max-bad 3 wrong
	one_and_parts "$1" -g 1 short.row
	one_and_parts "$1" -C -y value -g key open.csv
	one_and_parts "$1" -C -y value -g place span.csv
	one_and_parts "$1" -C -y value -g place span.csv wide.csv
	one_and_parts "$1" -C -y value -g key wide.csv other.csv
	one_and_parts "$1" -g 9 wide
	one_and_parts "$1" -C -y 1 blank.csv blank.csv
	one_and_parts "$1" -g 1 --rejects rejected wrong
	is '--rejects has the line once' "$(sed -n 30001p wrong | cmp - rejected 2>&1)" ''
	sharing=$1
	one_and_parts nowhere -g 1 wide
	one_and_parts with_few_files -g 1 wide
}

# Where there is no room for what parts write.
nowhere() {
	TMPDIR=/nowhere "$sharing" "$@"
}

with_few_files() {
	# shellcheck disable=SC3045 # -n
	(ulimit -n 6 && exec "$sharing" "$@")
}
