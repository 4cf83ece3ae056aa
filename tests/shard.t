#!/bin/sh
# shard.t - every program that reads records takes a part of the groups, as if the others were not there; and counts

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit

awk 'BEGIN {
	print "user,item,price,clicked"
	for (i = 0; i < 900; i++)
		printf "u%d,i%d,%d.5,%d\n", i / 3, i * 5 % 7, i % 9, i % 3 == int(i / 3) % 3
}' >log.csv
featurize -C -b 8 -k user,item,price 'clicked ~ item' log.csv >records
awk -F '\t' -v OFS='\t' '{ $NF = NR * 7 % 11 / 11; print }' records >scored
awk -F '\t' -v OFS='\t' '{ print $1, $2, 0.5, $4, 0.25 + NR % 2 / 2 }' records >decisions
cut -f 2 records | sort -u >items
pretrain -b 8 -o model records

# ---- which groups ----

for i in 0 1 2; do
	featurize -C -b 8 -k user,item,price --shard $i/3 'clicked ~ item' log.csv >part$i
done
is 'the parts are the whole' "$(cat part0 part1 part2 | sort | cksum)" "$(sort records | cksum)"
is 'none is empty, none has it all' "$(wc -l part0 part1 part2 | awk '$2 != "total" { print ($1 > 200 && $1 < 400) }' | paste -s -d ' ' -)" '1 1 1'
for i in 0 1 2; do
	awk 'BEGIN { for (i = 0; i < 10; i++) print "u" i "\t1\t0" }' | topk -k 1 --shard $i/3 | cut -f 1 | paste -s -d , - >groups$i
done
is 'they are the same for ever' "$(cat groups0 groups1 groups2 | paste -s -d ' ' -)" 'u0,u1,u4,u5,u6 u7,u8 u2,u3,u9'
is 'one part is all' "$(score -m model --shard 0/1 records | cksum)" "$(score -m model records | cksum)"
printf '\tx\t0\t0.5\n\ty\t1\t0.5\n' >nameless
is 'an empty group is a group' "$(for i in 0 1 2; do topk -k 2 --shard $i/3 nameless; done | wc -l | tr -d ' ')" 2
ctr -g 2 --shard 0/3/2 records >by_item
ctr -g 2 records | grep -F -f by_item >of_all
is 'and its groups are whole' "$(cmp by_item of_all)" ''
is 'of another column, by its name' "$(ctr -C -y clicked -g item --shard 0/3/item log.csv)" "$(cat by_item)"

# ---- of the group that the program has ----

printf 'a\tu\tx\t1\t0.9\nb\tu\ty\t0\t0.8\nc\tu\tz\t0\t0.7\nd\tu\tw\t1\t0.2\n' >second
for i in 0 1; do metrics -g 2 -M mrr,gauc --partial --shard $i/2 second; done >part
is 'metrics -g: the parts are the whole' "$(metrics --merge part)" "$(metrics -g 2 -M mrr,gauc second)"
awk 'BEGIN { for (i = 0; i < 60; i++) print i "\tu" i % 5 "\t" int(i / 5) % 2 "\t" i * 7 % 11 / 11 }' >second
awk -F '\t' -v OFS='\t' '{ print $1, $2, $3, $1 % 7 }' second >features
awk -F '\t' -v OFS='\t' '{ print $1, $2, 0.5, $3, $4 }' second >taken
awk -F '\t' -v OFS='\t' '{ $4 = $4 * $4 - $1 / 9; print }' second >better
{ echo number,user,y,score && tr '\t' , <second; } >second.csv
as_named() { # column, program, arguments...: parts of what the program takes for a group, and those of that column by name
	column=$1
	shift
	for i in 0 1 2; do "$@" --shard $i/3; done >default 2>&1
	for i in 0 1 2; do "$@" --shard $i/3/"$column"; done >named 2>&1
	is "$*" "$([ -s named ] && cmp default named)" ''
}
as_named 2 metrics -g 2 -M gauc --partial second
as_named 2 verdict -g 2 -M gauc second better
as_named 1 verdict -M gauc second better
as_named 2 topk -g 2 -i 1 -k 2 second
as_named 2 topk -g -3 -i 1 -k 2 second
as_named 2 score -m model -g 2 features
as_named 2 ope -g 2 --target -1 taken
as_named 2 holdout -g 2 --last 1 second
as_named user holdout -C -g user --last 1 second.csv
as_named 2 negatives -g 2 -i 1 -k 1 second
as_named user negatives -C -g user -i number -y y -k 1 second.csv
as_named 2 sessions -g 2 -i 1 second
as_named user sessions -C -g user -i number second.csv
as_named 2 candidates --catalogue items --co-occur --history second -k 2 -g 2 second
as_named user featurize -k user,number 'y ~ score' second.csv
as_named number featurize 'y ~ score' second.csv
as_named 1 ctr -g 2 second
as_named number feedback -C -g user -y y second.csv
for p in 'pretrain -b 8' 'finetune -m model'; do
	$p -g 2 --shard 0/3 -o default features 2>/dev/null
	$p -g 2 --shard 0/3/2 -o named features 2>/dev/null
	is "$p -g 2" "$(cmp default named 2>&1)" ''
done
t 'a group that is not there' 2 '' '^topk: --group: no field 9: the records have 4$' topk -g 9 --shard 0/3 second

# ---- in every program ----

# The input as if other groups were not in it.
cut -f 1 part1 | sort -u >users
awk -F '\t' 'NR == FNR { taken[$1] = 1; next } $1 in taken' users records >records.1
awk -F '\t' 'NR == FNR { taken[$1] = 1; next } $1 in taken' users scored >scored.1
awk -F '\t' 'NR == FNR { taken[$1] = 1; next } $1 in taken' users decisions >decisions.1
awk -F , 'NR == FNR { taken[$1] = 1; next } FNR == 1 || $1 in taken' users log.csv >log.csv.1

alike() { # input, program, arguments...: what it prints, or the model it makes
	input=$1
	shift
	rm -f made
	t "$1 --shard" 0 - - "$@" --shard 1/3 "$input"
	[ ! -e made ] || mv made .out
	cp .out sharded
	"$@" "$input.1" >alone 2>/dev/null
	[ ! -e made ] || mv made alone
	is "$1: as if the others were not there" "$([ -s alone ] && cmp sharded alone)" ''
}
alike log.csv featurize -C -b 8 -k user 'clicked ~ item + num(price)'
alike log.csv holdout -C -g user -f 0.3
alike records holdout --last 1
alike records sessions --unknown --catalogue items
alike records negatives -k 1 --catalogue items
alike scored candidates --catalogue items
alike records pretrain -b 8 -o made
alike records pretrain -a 'hash 8, dense 1 choice' -o made
alike records finetune -m model -o made
alike records score -m model
alike scored topk -k 1
alike log.csv ctr -C -g item -y clicked
alike records ctr -g 2
alike log.csv revenue -C -y price
alike log.csv feedback -C -y clicked
alike scored metrics -M auc,gauc
alike decisions ope --target -1
awk -F '\t' -v OFS='\t' '{ $NF = NR * 5 % 13 / 13; print }' records >other
awk -F '\t' 'NR == FNR { taken[$1] = 1; next } $1 in taken' users other >other.1
t 'verdict --shard' 0 - '' verdict -M gauc scored other --shard 1/3
verdict -M gauc scored.1 other.1 | cut -f 2- >alone
cut -f 2- .out >sharded
is 'verdict: as if the others were not there' "$([ -s alone ] && cmp sharded alone)" ''
for p in ctr feedback; do
	for i in 0 1 2; do
		$p -g 2 --partial --shard $i/3 records
	done | $p -g 2 --merge >merged
	is "$p: parts add up to the whole" "$(cat merged)" "$($p -g 2 records)"
done

# ---- counters ----

counts='reporter:counter:weir,records,900
reporter:counter:weir,refused,0'
for p in 'ctr records' 'ctr -C -y clicked log.csv' 'score -m model records' 'pretrain -b 8 -o made records' 'topk -k 1 scored'; do
	# shellcheck disable=SC2086
	is "--counters: $p" "$($p --counters hadoop 2>&1 >/dev/null)" "$counts"
done
is 'of a part only its own' "$(ctr --shard 1/3 --counters hadoop records 2>&1 >/dev/null | head -n 1)" \
	"reporter:counter:weir,records,$(wc -l <records.1 | tr -d ' ')"
printf 'u\t1\t3\nu\t2\t3\n\nu\t0\t3\n' >bad
is 'refused lines' "$(ctr --max-bad 2 --counters hadoop bad 2>&1 >/dev/null | grep reporter | paste -s -d ' ' -)" \
	'reporter:counter:weir,records,2 reporter:counter:weir,refused,2'
printf 'y,user\n\n1,u\n\n"0","u\n"\n' >quoted.csv
is 'a blank line of CSV, a header and a second line of a row are none' "$(ctr -C -y y --counters hadoop quoted.csv 2>&1 >/dev/null | head -n 1)" \
	reporter:counter:weir,records,2

# ---- what is refused ----

for shard in '' 1 1/ /3 3/3 -1/3 1/0 a/3 1/b 1/3/ 1.0/3 1/3x; do
	t "--shard '$shard'" 2 '' '^ctr: --shard: not I/N with I from 0 to N - 1: ' ctr --shard "$shard" records
done
t 'a field that is not there' 2 '' '^ctr: --shard: no field 9: the records have 5$' ctr --shard 1/3/9 records
t 'a name, in records' 2 '' '^ctr: --shard: not a field number: "item"' ctr --shard 1/3/item records
t 'a column that is not there' 2 '' '^ctr: --shard: no column "thing" in the header$' ctr -C -y clicked --shard 1/3/thing log.csv
t 'of lines of --partial' 2 '' '^ctr: --merge: ' ctr --merge --shard 1/3 records
t 'of lines of --partial' 2 '' '^metrics: --merge: ' metrics --merge --shard 1/3 records
t 'of a run' 2 '' '^metrics: --shard: of records, and --qrels reads a run$' metrics --qrels records --shard 1/3 records
t 'another engine' 2 '' '^ctr: --counters: not hadoop: "spark"$' ctr --counters spark records
t 'weights has none' 2 '' 'no such option' weights --load --shard 1/3 records
done_testing
