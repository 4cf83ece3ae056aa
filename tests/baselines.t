# baselines - the awk scripts of examples/baselines: by hand, and on the shop's clicks the figures that are published
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

cd "$tmp" || exit
tab=$(printf '\t')
baselines=$here/../examples/baselines

next() { # baseline, file to learn from, file to test on
	awk -f "$baselines/next.awk" -f "$baselines/$1.awk" "$2" "$3"
}

# What a baseline puts before or beside the item that came, best first: "session:position item..." a line.
ranks() {
	next "$1" train test | sort -t "$tab" -k 1,1 -k 4,4gr -k 2,2 | awk -F '\t' '
	$1 != at { if (NR > 1) print line; at = $1; line = $1 }
	{ line = line " " $2 ($3 == 1 ? "*" : "") }
	END { print line }'
}
printf '1\ta\n1\tb\n1\tc\n1\tb\n2\ta\n2\tc\n2\tc\n3\ta\n3\tb\n3\td\n' >train
printf '7\ta\n7\tc\n7\ta\n8\tb\n8\tnew\n9\td\n' >test
# seen: a 3, b 3, c 3, d 1
is 'popularity' "$(ranks popularity)" '7:1 a b c*
7:2 a* b c
8:1 a b c d new*'
# followed: ab 2, bc 1, cb 1, ac 1, cc 1, bd 1
is 'Markov' "$(ranks markov)" '7:1 b c*
7:2 b c a*
8:1 c d a b new*'
# together: ab 3 (twice in session 1), ac 3, bc 2, ad 1, bd 1
is 'association rules' "$(ranks rules)" '7:1 b c*
7:2 a*
8:1 a c d b new*'
# rules behind a: b 1 + 1/3 + 1, c 1/2 + 1 + 1/2, d 1/2; behind c: b 1, c 1
is 'sequential rules' "$(ranks sequential)" '7:1 b c*
7:2 b c a*
8:1 c d b a new*'
is 'a session of one item guesses nothing' "$(next markov train test | grep -c '^9')" 0
t 'nothing to test on' 0 '' '' next markov train /dev/null

printf 'u\ta\t5\nu\tb\t2\nv\ta\t4\nw\tc\t1\n' >rated
printf 'x\ta\t4\nx\tc\t3.5\nx\tnew\t5\n' >unrated
t 'the item mean, drawn to that of all' 0 "x${tab}a${tab}1${tab}3.42857142857143
x${tab}c${tab}0${tab}2.66666666666667
x${tab}new${tab}1${tab}3" '' awk -f "$baselines/mean.awk" rated unrated
t 'without ratings to draw it' 0 "x${tab}a${tab}0${tab}4.5
x${tab}c${tab}0${tab}1" '' sh -c "head -n 2 unrated | awk -v few=0 -v positive=4.5 -f '$baselines/mean.awk' rated -"
t 'run without data' 0 - '' sh -c "mkdir -p project/examples && cp -R '$baselines' '$here/../examples/real-data.sh' project/examples && BIN='$bin' project/examples/baselines/run"
is 'says where they come from' "$(grep -c '^skipped: .*archive.ics.uci.edu' .out)" 1

clicks=$here/../../shared/data/eshop-clickstream/eshop-clothing-2008.csv.gz
if [ -e "$clicks" ]; then
	gzip -dc "$clicks" | tr -d '\r' | awk -F ';' -v OFS='\t' '
	NR == 1 { next }
	$2 <= 6 { print $6, $8 >($5 == 29 ? "source" : "target") }
	$2 > 6 && $5 != 29 { print $6, $8 >"test" }'
	cat source target >both
	figures() { # baseline, file to learn from, least recall, most, least MRR, most
		is "$1 from $2: recall@20 $3 to $4, MRR@20 $5 to $6" "$(next "$1" "$2" test | metrics -k 20 -M recall,mrr |
			awk -v a="$3" -v b="$4" -v c="$5" -v d="$6" '{ v[$1] = $2 } END {
				print (v["recall@20"] >= a && v["recall@20"] <= b && v["mrr@20"] >= c && v["mrr@20"] <= d) ? "yes" : v["recall@20"] " " v["mrr@20"]
			}')" yes
	}
	figures popularity target 0.323 0.326 0.0700 0.0715
	figures markov both 0.711 0.713 0.265 0.2665
	figures sequential both 0.713 0.7145 0.258 0.2595
else
	skip 'figures of the shop' 'the data are not beside the project'
fi
done_testing
