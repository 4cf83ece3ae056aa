# topk - rankings against sort and awk; ties, caps, exclusions; sampled rankings and their propensities
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/parts.sh
. "$(dirname "$0")/parts.sh"

cd "$tmp" || exit
tab=$(printf '\t')
: >empty
# group item category label score, groups interleaved, many ties
awk 'BEGIN {
	for (i = 0; i < 5000; i++)
		printf "u%d\ti%d\tc%d\t%d\t%s\n", i * 7919 % 61, i, i * 31 % 7, i % 2, i * 104729 % 23 - 11
}' >scored
awk -v OFS='\t' '!($1 in first) { first[$1] = NR } { print first[$1], NR, $0 }' scored |
	sort -t "$tab" -k 1,1n -k 7,7gr -k 2,2n >ranked

t 'the best of each group' 0 "u1${tab}b${tab}0${tab}0.9
u1${tab}a${tab}1${tab}0.1
u2${tab}c${tab}0${tab}-1e3" '' topk -k 2 /dev/stdin <<END
u1	a	1	0.1
u2	c	0	-1e3
u1	b	0	0.9
u1	d	0	0.05
END
for k in 1 3 10 1000; do
	topk -k $k scored >got
	is "-k $k equals sort and awk, ties in the order of the input" \
		"$(awk -v k=$k '{ if (n[$1]++ < k) print }' ranked | cut -f 3- | cmp - got 2>&1)" ''
done
topk scored >got
is '-k is 10 where it is not given' "$(topk -k 10 scored | cmp - got 2>&1)" ''
sort -s -t "$tab" -k 1,1 scored >grouped
topk -k 4 grouped >expected
t '--contiguous prints the same' 0 "$(cat expected)" '' topk -k 4 --contiguous grouped
t '--contiguous, a group that comes again' 3 - '^topk: scored:62: its group ended at scored:1 ' topk --contiguous scored
printf 'a\tx\t1\t1\nb\tx\t1\t1\n' >part
t '--contiguous, in another file' 3 - '^topk: part:1: its group ended at part:1 ' topk --contiguous part part
awk 'BEGIN { for (g = 0; g < 60000; g++) printf "g%d\ta\t0\t1\ng%d\tb\t0\t2\n", g, g }' >many
t '--contiguous, many groups that all come again' 3 - '^topk: many:[0-9]*: its group ended at many:[0-9]* ' \
	topk --contiguous many many
topk --contiguous many >got
is '--contiguous, many groups of which none does' "$(awk '{ line[NR % 2] = $0 } NR % 2 == 0 { print line[0]; print line[1] }' many | cmp - got 2>&1)" ''
awk 'BEGIN { for (i = 0; i < 900; i++) { long = long "x"; printf "g%d\ti%d\t%s\t%d\n", i % 3, i, long, i } }' >longer
topk -k 4 longer >got
is 'lines that grow take the places of shorter ones' \
	"$(tail -n 12 longer | sort -t "$tab" -k 1,1 -k 4,4gr | cmp - got 2>&1)" ''
t '-g, -i and -s name fields' 0 "0.7${tab}x${tab}i1${tab}g1
0.1${tab}x${tab}i1${tab}g2" '' topk -k 1 -g -1 -i 3 -s 1 /dev/stdin <<END
0.5	x	i2	g1
0.7	x	i1	g1
0.1	x	i1	g2
END

# ---- cap ----

for cap in 1 2 5; do
	topk -k 6 --cap $cap --category 3 scored >got
	is "--cap $cap equals awk's walk down the ranking" \
		"$(awk -v cap=$cap '{ if (c[$1, $5] < cap && n[$1] < 6) { c[$1, $5]++; n[$1]++; print } }' ranked | cut -f 3- | cmp - got 2>&1)" ''
done
t '--cap by the last field' 0 "a${tab}x${tab}3${tab}toys
a${tab}z${tab}1${tab}toy" '' topk -s 3 --cap 1 --category -1 /dev/stdin <<END
a	x	3	toys
a	y	2	toys
a	z	1	toy
END
topk -k 1000 --cap 2 --category 3 scored >got
is '--cap where the category is full and the ranking is not' \
	"$(awk '{ if (c[$1, $5]++ < 2) print }' ranked | cut -f 3- | cmp - got 2>&1)" ''

# ---- exclude ----

awk 'NR % 3 == 0' scored >seen
topk -k 5 -x seen scored >got
awk 'NR % 3' scored | topk -k 5 >unseen
is '-x leaves out what was seen' "$(cmp got unseen 2>&1)" ''
printf 'u1\tx\nu\t1x\n' >seen
t '-x takes pairs, not items or strings' 0 "u1${tab}y${tab}1${tab}1
u2${tab}x${tab}1${tab}1
u${tab}x${tab}1${tab}1" '' topk -x seen /dev/stdin <<END
u1	x	1	1
u1	y	1	1
u2	x	1	1
u	x	1	1
u	1x	1	1
END
t '-x of an empty file' 0 "$(cat part)" '' topk -x empty part
t '-x of no file' 4 '' 'nowhere: No such file' topk -x nowhere part
printf 'u1\n' >seen
t '-x without items' 3 '' 'seen:1: too few fields: "u1" \(2 at least\)$' topk -x seen part

# ---- a sampled ranking ----

# 20,000 groups of the same five scores, two of them cut away by -k 3
awk 'BEGIN { for (g = 0; g < 20000; g++) for (i = 0; i < 5; i++) printf "g%d\t%c\t0\t%.1f\n", g, 97 + i, i / 2 }' >five
topk -T 0.5 -k 3 five >sampled
is 'the propensity comes before the label' "$(awk -F '\t' 'NF != 5 || $4 != 0 || $3 <= 0 || $3 > 1' sampled)" ''
awk -F '\t' '
BEGIN { split("a b c d e", item, " "); for (i = 1; i <= 5; i++) w[item[i]] = exp((i - 1) / 2 / 0.5) }
$1 != g { g = $1; left = 0; for (i in w) left += w[i]; place = 0 }
{
	p = w[$2] / left
	if (p > $3 * (1 + 1e-8) || p < $3 * (1 - 1e-8)) print "propensity " $3 ", not " p ": " $0
	left -= w[$2]
	place++
	n[place, $2]++
	inverse[place, $2] += 1 / $3
}
END {
	# how often an item is first; and, unbiased, each place of each item that can still be picked
	for (i in w) all += w[i]
	for (i in w) {
		share = n[1, i] / 20000
		p = w[i] / all
		sd = sqrt(p * (1 - p) / 20000)
		if (share - p > 4 * sd || p - share > 4 * sd) print i " is first with " share ", not " p
	}
	for (place = 1; place <= 3; place++) {
		sum = 0
		for (i in w) sum += inverse[place, i]
		# at each place, the mean of 1 / propensity is how many could be picked
		if (sum / 20000 > (6 - place) * 1.1 || sum / 20000 < (6 - place) * 0.9)
			print "place " place ": mean inverse propensity " sum / 20000
	}
}' sampled >wrong
is 'each propensity is the weight by what is left; firsts and inverse propensities come out as they should' "$(cat wrong)" ''
topk -T 0.5 -k 3 five >again
is 'two runs are equal' "$(cmp sampled again 2>&1)" ''
topk -T 0.5 -k 3 --seed 2 five | cmp -s - sampled
is '--seed samples other rankings' $? 1
sort -r five | topk -T 0.5 -k 3 | sort | cut -f 1,2 >again
is 'the order of the input does not matter' "$(sort sampled | cut -f 1,2 | cmp - again 2>&1)" ''
topk -T 1e-9 -k 3 scored | cut -f 1-3,5- >got
awk -F '\t' '{ print $1 "\t" $5 }' got >cold
topk -k 3 scored | cut -f 1,5 >greedy
is 'a temperature near 0 is the greedy ranking' "$(cmp cold greedy 2>&1)" ''
t 'a group of one: propensity 1' 0 "a${tab}x${tab}1${tab}1${tab}0.3" '' topk -T 1 /dev/stdin <<END
a	x	1	0.3
END
printf 'a\tx\t0\t-1000\na\ty\t0\t1000\na\tz\t0\t1000\n' >far
t 'utilities far apart' 0 "z0.5 y1 x1 " '' sh -c "topk -T 1 far | sort -k 3g,3 -k 5gr | awk '{ printf \"%s%s \", \$2, \$3 } END { print \"\" }'"
t '-y names the label' 0 "a${tab}1${tab}x${tab}1${tab}0.3" '' topk -T 1 -i 3 -y 2 /dev/stdin <<END
a	x	1	0.3
END
t 'a score too large for the temperature' 3 '' 'field 4 \(score\): too large for this temperature' topk -T 1e-9 /dev/stdin <<END
a	x	1	1e305
END

# ---- what is refused ----

printf 'a\tx\t1\t0.3\na\tx\t1\t0.4\n' >twice
t 'an item twice in a ranking' 3 '' '^topk: twice:2: its group has the same item at twice:1$' topk twice
printf 'a\tx\t1\t0.4\na\ty\t1\t0.3\n' >one
printf 'a\tx\t1\t0.3\n' >two
printf 'b\tx\t1\t0.3\n' >alone
t 'an item twice, in two files' 3 '' '^topk: two:1: its group has the same item at one:1$' topk one two
t 'which came first is told by the order of the files' 3 '' '^topk: one:1: its group has the same item at stdin:1$' topk - one <two
t 'the second is not among the best: the ranking has no item twice' 0 "a${tab}x${tab}1${tab}0.4" '' topk -k 1 one two
printf 'b\tx\t1\t0.4\nb\ty\t1\t0.5\nb\tx\t1\t0.4\n' >second
t '-T: an item twice is an error also where it is not printed' 3 '' '^topk: two:1: its group has the same item at one:1$' \
	topk -T 1e-3 -k 1 one two
t '-T: and in groups one after the other' 3 - '^topk: second:3: its group has the same item at second:1$' \
	topk -T 1e-3 -k 1 --contiguous one second
t '-T: the same item in other groups' 0 - '' topk -T 1 --contiguous one alone
printf 'a\tx\n' >seen
t '-T: what -x leaves out may be there twice' 0 "a${tab}y${tab}1${tab}1${tab}0.3" '' topk -T 1 -x seen one two
printf 'a\ti4308\t1\t0.4\na\ti248712\t1\t0.3\n' >alike # the lower 32 bits of their XXH3 are the same
t 'two items of one hash' 0 "$(cat alike)" '' topk alike
printf 'u\t0\t0.5\nu\t1\t0.5\nu\t0\t0.4\n' >three
printf 'u\ta\t0.5\nu\tb\t1\n' >triples
t 'three fields: a label is no item' 0 "$(cat three)" '' topk three
for o in '-T 1' '-x seen'; do
	t "and $o needs one" 2 '' '--item and --label are the same field: 2 of the 3 that' sh -c "topk $o three"
done
t 'nor is a score' 2 '' '--item and --score are the same field: 3 of the 3 that' topk -T 1 -i 3 three
t '-y names another label' 0 - '' topk -y 1 -x seen triples
for bad in nan inf 1e999 0x1 1,5 '' 1x; do
	printf 'a\tx\t1\t%s\n' "$bad" >line
	t "a score of \"$bad\"" 3 '' 'line:1: field 4 \(score\): not a number' topk line
done
printf 'a\tx\t1\t0.3\na\ty\t1\n' >short
t 'a short record' 3 '' 'short:2: fewer fields' topk short
t '--max-bad goes on' 0 "a${tab}x${tab}1${tab}0.3" 'short:2.*' topk --max-bad 1 short
printf 'a\tx\t1\t0.3\n\n' >blank
t 'a blank line' 3 '' 'blank:2: blank line' topk blank
printf 'a\tx\t1\t0.3\r\nb\t\377\0\t1\t0.2' >bytes
t 'CR LF is said; no final newline; any bytes' 0 - 'CR LF' topk bytes
is 'byte for byte' "$(od -An -c <.out)" "$(printf 'a\tx\t1\t0.3\nb\t\377\0\t1\t0.2\n' | od -An -c)"
t 'empty input' 0 '' '' topk empty
t 'a line too long' 3 '' 'line is longer than' topk --max-line 5 one

# ---- processes that share the groups ----

awk 'BEGIN {
	for (i = 0; i < 200000; i++)
		printf "u%d\ti%d\tc%d\t%d\t%s\n", i * 7919 % 20011, i, i * 31 % 7, i % 2, i * 104729 % 23 - 11
}' >wide
sort -s -t "$tab" -k 1,1 wide >wide.grouped
awk -v OFS='\t' 'NR % 3 == 0 { print $1, $2 }' wide >seen
one_and_parts topk wide
one_and_parts topk -k 3 wide.grouped
one_and_parts topk -k 100 wide wide.grouped
sed 's/^u/v/' wide >wide.others
one_and_parts topk wide.grouped wide.others
one_and_parts topk -g 4 -i 2 wide
one_and_parts topk --cap 2 --category 3 -k 5 wide
one_and_parts topk -x seen wide
one_and_parts topk -T 3 --seed 7 -k 4 wide
one_and_parts topk --contiguous wide.grouped
one_and_parts topk --contiguous wide
one_and_parts topk --shard 1/2 wide
one_and_parts topk -g 9 wide
sed "150001s/${tab}[-0-9]*\$/${tab}x/" wide >wrong
one_and_parts topk wrong
one_and_parts topk --max-bad 1 wrong
sed '150001s/^u[0-9]*/u1/; 150002s/.*/u1\ti150000\tc\t0\t50/' wide >again
one_and_parts topk again
parts_do_it topk -k 100 wide

# ---- options and system ----

t 'no such field' 2 '' 'score: no field 7' topk -s 7 one
t 'field 0' 2 '' 'item: no field 0' topk -i 0 one
t '-k 0' 2 '' 'top: not within' topk -k 0 one
t '-T 0' 2 '' 'temperature: not within' topk -T 0 one
t '--cap without --category' 2 '' 'cap and --category go together' topk --cap 1 one
t '--category without --cap' 2 '' 'cap and --category go together' topk --category 1 one
t '--cap with -T' 2 '' 'cap and --temperature' topk --cap 1 --category 1 -T 1 one
t 'no such option' 2 '' 'no such option' topk -Z
t 'no such file' 4 '' 'nowhere: No such file' topk nowhere
if [ -w /dev/full ]; then
	t 'a full disk' 4 '' 'No space left' sh -c 'topk scored >/dev/full'
else
	skip 'a full disk' 'no /dev/full'
fi
done_testing
