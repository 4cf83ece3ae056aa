# metrics - columns, intervals, the choice of metrics, groups without a value, and what is refused
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/parts.sh
. "$(dirname "$0")/parts.sh"

cd "$tmp" || exit
tab=$(printf '\t')
: >empty

# Rows of fields written with blanks, as records.
tabs() { tr ' ' '\t'; }

tabs >own <<END
a i 1 0.9
b i 1 0.4
c i 0 0.5
d i 0 0.1
END
t 'columns; groups of one record: DeLong and Student over records' 0 "$(tabs <<END
metric value lower upper n
auc 0.75 0.0570480878 1.44295191 4
logloss 0.455039736 -0.203605407 1.11368488 4
accuracy 0.75 -0.0456115763 1.54561158 4
END
)" '^metrics: gauc: has no value on these records$' metrics -H own
tabs >two <<END
u x 0 0.8
v x 1 0.7
u y 1 0.6
v y 0 0.2
u z 0 0.5
v z 0 0.1
v w 1 0.1
END
t 'the ranking metrics once -k is given; groups weigh in' 0 "$(tabs <<END
auc 0.541666667 0.405558057 0.677775277 7
gauc 0.571428571 -0.206502331 1.34935947 7
logloss 0.82873926 -0.359083723 2.01656224 7
accuracy 0.714285714 0.195665113 1.23290632 7
ndcg@2 0.622038473 0.509064044 0.735012902 2
mrr@2 0.75 -2.42655118 3.92655118 2
recall@2 0.75 -2.42655118 3.92655118 2
precision@2 0.5 0.5 0.5 2
hit@2 1 1 1 2
END
)" '' metrics -k 2 two
t 'a value of each group, groups in the order of their bytes' 0 "$(tabs <<END
group metric value
u ndcg@1 0
u mrr 0.5
u auc 0.5
v ndcg@1 1
v mrr 1
v auc 0.625
END
)" '' metrics -q -H -M ndcg@1,mrr,auc two
t '-M with -k: every cutoff of -k, or its own' 0 'recall@1
recall@2
hit@3
auc' '' sh -c 'metrics -k 1,2 -M recall,hit@3,auc two | cut -f 1'

t 'without -k the whole list counts' 0 "$(tabs <<END
mrr 0.75 -2.42655118 3.92655118 2
precision 0.416666667 -0.642183728 1.47551706 2
END
)" '' metrics -M mrr,precision two
t '--level' 0 "mrr${tab}0.75${tab}0.5${tab}1${tab}2" '' metrics --level 0.5 -M mrr two
t 'the printed name of a metric names it' 0 'ndcg_exp@2' '' sh -c 'metrics -M ndcg_exp@2 two | cut -f 1'
t '-g, -y and -s name fields' 0 "mrr${tab}0.5${tab}?${tab}?${tab}1" '' metrics -g 4 -y 1 -s 3 -M mrr /dev/stdin <<END
0	x	0.9	u
1	y	0.8	u
END

# ---- an independent computation ----

# user item label score, groups interleaved, ties, scores of 0 and 1
awk 'BEGIN {
	for (i = 0; i < 4000; i++)
		printf "u%d\ti%d\t%d\t%.2f\n", i * 7919 % 61, i, i * 104729 % 7 < 3, i * 15485863 % 101 / 100
}' >scored
awk -F '\t' '
{
	p = $3 == 1 ? $4 : 1 - $4
	loss[$1] -= log(p < 1e-15 ? 1e-15 : p)
	right += ($4 > 0.5) == ($3 == 1)
	n[$1]++
}
END {
	for (g in n) sum += loss[g]
	mean = sum / NR
	for (g in n) { groups++; squares += (loss[g] - n[g] * mean) ^ 2 }
	half = 2.00029782 * sqrt(squares * groups / (groups - 1)) / NR # 60 degrees of freedom
	printf "logloss %.6f %.6f %.6f %d\naccuracy %.6f\n", mean, mean - half, mean + half, NR, right / NR
}' scored >expected
metrics -M logloss,accuracy scored |
	awk '{ printf $1 == "logloss" ? "%s %.6f %.6f %.6f %d\n" : "%s %.6f\n", $1, $2, $3, $4, $5 }' >got
is 'log-loss with groups as units, and accuracy, equal awk' "$(diff got expected)" ''
metrics -k 5 scored >got
sort -r scored | metrics -k 5 /dev/stdin >again
is 'the order of the input does not matter' "$(diff got again)" ''
metrics -k 5 scored >again
is 'two runs are equal' "$(cmp got again 2>&1)" ''
awk -v OFS='\t' '{ $4 = 0.5 } 1' scored | sort -k 1,1 -k 3,3r >first
awk -v OFS='\t' '{ $4 = 0.5 } 1' scored | sort -k 1,1 -k 3,3 >last
metrics -k 1,5 first >got
metrics -k 1,5 last >again
is 'a constant score gains nothing by the order of its records' "$(diff got again)" ''
is 'and has an AUC of a half' "$(awk '/auc/ { print $2 }' got | paste -s -d ' ' -)" '0.5 0.5'

# ---- groups without a value ----

tabs >some <<END
u x 1 0.9
u y 0 0.8
v x 0 0.7
w x 1 0.6
END
t '-v counts the groups without a value' 0 - '^metrics: ndcg@1: 1 of 3 groups have no value$' metrics -v -k 1 some
t '-v counts what was read' 0 - '^metrics: 4 records in 3 groups$' metrics -v some
t 'n is the groups that have one' 0 "$(tabs <<END
gauc 1 ? ? 2
ndcg@1 1 1 1 2
nll 0.30809307 -2.26786827 2.88405441 2
END
)" 'have no positive' metrics -M gauc,ndcg@1,nll some
t '-q leaves them out' 0 "u${tab}mrr${tab}1
w${tab}mrr${tab}1" 'have no positive' metrics -q -M mrr some
grep 0.7 some >nothing
t 'no metric has a value' 3 '' '^metrics: no metric has a value on these records$' metrics -M auc,ndcg@3 nothing

t '--empty zero: rankings without a positive are worth 0' 0 "$(tabs <<END
gauc 1 ? ? 2
ndcg@1 0.666666667 -0.76755091 2.10088424 3
nll 0.30809307 -2.26786827 2.88405441 2
END
)" 'have no positive' metrics --empty zero -M gauc,ndcg@1,nll some
t '-v reports them either way' 0 - '^metrics: 1 of 3 groups have no positive: their rankings count as 0$' metrics -v --empty zero -M mrr some
t 'skipped' 0 - '^metrics: 1 of 3 groups have no positive: their rankings do not count$' metrics -v -M mrr some
t 'without -v too: they are never passed over in silence' 0 "mrr${tab}1${tab}1${tab}1${tab}2" \
	'^metrics: 1 of 3 groups have no positive: their rankings do not count$' metrics -M mrr some
t 'not by a shard, which prints no figure' 0 - '' sh -c 'metrics --partial -M mrr some >some.part'
sed 's/^/x/' some | metrics --partial -M mrr >more.part
t 'but where shards are added up' 0 "mrr${tab}1${tab}1${tab}1${tab}4" '^metrics: 2 of 6 groups have no positive$' \
	metrics --merge some.part more.part
t 'they are not said where no ranking is asked for' 0 - '^metrics: 4 records in 3 groups$' metrics -v -M accuracy some
is 'only that' "$(wc -l <"$tmp/.err" | tr -d ' ')" 1
t '-q prints the 0' 0 "u${tab}mrr${tab}1
v${tab}mrr${tab}0
w${tab}mrr${tab}1" 'have no positive' metrics -q --empty zero -M mrr some

# ---- ties ----

tabs >equal <<END
u c 0 0.5
u a 1 0.5
u b 0 0.5
v c 1 0.5
v a 0 0.5
END
tie() { metrics --ties "$1" -q -M mrr "${2:-equal}" | cut -f 3 | paste -s -d ' ' -; }
is '--ties expected' "$(tie expected)" '0.611111111 0.75'
is '--ties trec: the greatest item first' "$(tie trec)" '0.333333333 1'
is '--ties pessimistic: positives last' "$(tie pessimistic)" '0.333333333 0.5'
is '--ties optimistic: positives first' "$(tie optimistic)" '1 1'
sort -r equal >lauqe
is '--ties trec does not depend on the order of the input' "$(tie trec lauqe)" '0.333333333 1'
t '-i names the item' 0 "u${tab}mrr${tab}1
v${tab}mrr${tab}1" '' metrics --ties trec -i 4 -y 2 -s 3 -q -M mrr /dev/stdin <<END
u	1	0.5	z
u	0	0.5	y
v	0	0.5	y
v	1	0.5	z
END
t 'auc counts a half whatever the rule' 0 "auc${tab}0.5${tab}5" '' sh -c 'metrics --ties optimistic -M auc equal | cut -f 1,2,5'
printf 'u\t0\t0.5\nu\t1\t0.5\nu\t0\t0.5\n' >three
t 'a label is no item to break ties by' 2 '' '--item and --label are the same field: 2 of the 3 that' metrics --ties trec -M mrr three
t 'nor is a score' 2 '' '--item and --score are the same field: 3 of the 3 that' metrics --ties trec -i -1 -M mrr three
t 'nor a catalogue' 2 '' '--item and --label are the same' metrics -M coverage@1 three
t 'ties that need no item' 0 - '' metrics -M mrr three
t 'no such rule' 2 '' 'neither expected, trec, pessimistic nor optimistic: "x"' metrics --ties x two
t 'no such rule of the empty' 2 '' 'neither skip nor zero: "x"' metrics --empty x two

# ---- thresholds, calibration, numbers ----

tabs >said <<END
a i 1 0.9
b i 0 0.7
c i 1 0.3
d i 0 0.1
e i 1 0.6
END
t 'arguments of metrics; n is what they are shares of' 0 "$(tabs <<END
ppv@0.65 0.5 2
tpr@0.65 0.333333333 3
f1@0.65 0.4 5
accuracy@0.65 0.4 5
accuracy 0.6 5
f1 0.666666667 6
END
)" '' sh -c 'metrics -M ppv@0.65,tpr@0.65,f1@0.65,accuracy@0.65,accuracy,f1 said | cut -f 1,2,5'
t '--threshold is that of those that name none' 0 "$(tabs <<END
f1@0.65 0.4
f1@0.2 0.857142857
brier 0.232
END
)" '' sh -c 'metrics --threshold 0.65 -M f1,f1@0.2,brier said | cut -f 1,2'
tabs >numbers <<END
a i -1.5 2
a i 3 3
b i 10 8
END
# x = 12.25, 4 and w = 2, 1: m = 65/12, the squares 2 (17/12)^2, times 2 by 9; a first-order root divides by 2 sqrt m
t 'rmse and mae of any numbers; the root has a first-order interval' 0 "$(tabs <<END
mse 5.41666667 3.56309008 7.27024326 3
rmse 2.32737334 1.92916121 2.72558547 3
mae 1.83333333 1.6152655 2.05140117 3
END
)" '' metrics --level 0.7 -M mse,rmse,mae numbers
t '-q prints roots' 0 "a${tab}rmse${tab}2.47487373
b${tab}rmse${tab}2" '' metrics -q -M rmse numbers
t 'a negative label where a gain is needed' 3 '' 'below 0: "-1.5"' metrics -M rmse,ndcg numbers
printf 'a\tx\t1\t1e31\n' >line
t 'a number whose square would not do' 3 '' 'field 4 \(score\): too large' metrics -M mae line
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "u%d\tx\t%d\t%.4f\n", i, i * 7919 % 1000 < i / 2, i / 1000 }' >half
awk -F '\t' -v OFS='\t' '
{ bin = int((NR - 1) / 250); n[bin]++; score[bin] += $4; clicks[bin] += $3 }
END {
	z2 = 1.959963985 ^ 2
	for (b = 0; b < 4; b++) {
		rate = clicks[b] / n[b]
		middle = (rate + z2 / 2 / n[b]) / (1 + z2 / n[b])
		half = sqrt(z2 * (rate * (1 - rate) / n[b] + z2 / 4 / n[b] ^ 2)) / (1 + z2 / n[b])
		printf "%d\t%.6f\t%.6f\t%.6f\t%.6f\t%d\n", b + 1, score[b] / n[b], rate, middle - half, middle + half, n[b]
		error += score[b] - clicks[b]
	}
	printf "ece@4\t%.6f\n", error / NR
}' half >want
{
	metrics --reliability 4 half
	metrics -M ece@4 half | cut -f 1,2
} | awk -v OFS='\t' '{ for (i = 2; i <= NF && i < 6; i++) $i = sprintf("%.6f", $i); print }' >got
is '--reliability and ece equal awk' "$(diff got want)" ''
is 'the header of --reliability' "$(metrics -H --reliability 1 half | head -n 1)" "$(echo bin mean_score rate lower upper n | tabs)"
t 'a number of bins' 2 '' 'ece\[@bins\] takes no such argument: "ece@0"' metrics -M ece@0 half
t '--reliability prints no metrics' 2 '' 'reliability' metrics --reliability 4 -M auc half
t 'rbp takes a share' 2 '' 'rbp\[@p\] takes no such argument: "rbp@1"' metrics -M rbp@1 two

# ---- the catalogue ----

# three lists of four items; a b c d are shown 3 2 1 0 times in the first two places
tabs >shown <<END
u a ? 0.9 x
u b ? 0.8 x
u c ? 0.7 y
v a ? 0.9 x
v c ? 0.8 y
v d ? 0.1 y
w a ? 0.5 x
w b ? 0.4 x
END
t 'coverage, gini, novelty and diversity; labels do not matter' 0 "$(tabs <<END
coverage@2 0.75 4
gini@2 0.555555556 4
novelty@2 1.70751875 3
diversity@2 0.333333333 3
END
)" '' sh -c 'metrics -y 3 -s 4 --category 5 -M coverage@2,gini@2,novelty@2,diversity@2 shown | cut -f 1,2,5'
tabs >popular <<END
a 4 more
b 2 more
c 1 more
d 1 more
e 8 more
END
t '--popularity names the catalogue' 0 "$(tabs <<END
coverage@2 0.6 5
novelty@2 2.66666667 3
END
)" '' sh -c 'metrics -y 3 -s 4 --popularity popular -M coverage@2,novelty@2 shown | cut -f 1,2,5'
grep -v d popular >fewer
t 'an item that is not in it' 3 '' 'item "d" is not in fewer' metrics -y 3 -s 4 --popularity fewer -M coverage shown
t 'equal scores: the list has an order all the same, the greatest item first' 0 "u${tab}novelty@1${tab}1.32192809
v${tab}novelty@1${tab}1.32192809" '' metrics -q -M novelty@1 equal
t 'diversity needs a category' 2 '' '--category' metrics -M diversity shown
cat popular popular >twice
t 'popularity twice' 3 '' 'item "a" is there twice' metrics -y 3 -s 4 --popularity twice -M coverage shown
printf 'a\t0\n' >bad
t 'popularity of nothing' 3 '' 'bad:1: field 2 \(count\): not a number above 0: "0"' metrics -y 3 -s 4 --popularity bad -M coverage shown

# ---- TREC ----

cat >judged <<END
t1 0 d1 2
t1 0 d2 0
t1 0 d3 1
t1 0 d9 1
t2 0 d1 0
t3 0 d1 1
END
cat >run <<END
t1 Q0 d2 1 9.5 tag
t1  Q0	d1 2  7e0 tag and more
t1 Q0 d5 3 7 tag
t2 Q0 d1 1 1 tag
t4 Q0 d1 1 1 tag
END
t '--qrels: positives that the run lacks count; topics without any are worth 0; ties by document' 0 "t1${tab}map${tab}0.111111111
t1${tab}recall${tab}0.333333333
t1${tab}mrr${tab}0.333333333
t1${tab}bpref${tab}0
t2${tab}map${tab}0
t2${tab}recall${tab}0
t2${tab}mrr${tab}0
t2${tab}bpref${tab}0" 'have no positive' metrics -q --qrels judged -M map,recall,mrr,bpref run
t 'topics that the run lacks do not count' 0 "map${tab}0.0555555556${tab}2" 'topics are not in the run: they do not count' sh -c 'metrics -v --qrels judged -M map run | cut -f 1,2,5'
t 'unless --complete' 0 "map${tab}0.037037037${tab}3" 'topics are not in the run: they count as 0' sh -c 'metrics -v --complete --qrels judged -M map run | cut -f 1,2,5'
t '-v counts lines of topics without judgements' 0 - '^metrics: 1 lines are of topics without judgements' metrics -v --qrels judged run
t '--ties and --empty hold here too' 0 "map${tab}0.166666667${tab}1" 'have no positive' sh -c 'metrics --ties optimistic --empty skip --qrels judged -M map run | cut -f 1,2,5'
t 'what is printed where nothing is named' 0 'map rprec bpref mrr ndcg' 'have no positive' sh -c 'metrics --qrels judged run | cut -f 1 | paste -s -d " " -'
printf 'x Q0 d1 1 1 tag\n' >others
t 'no topic that is judged' 3 '' '^metrics: no topic of the run is judged$' metrics --qrels judged others
for o in '-g 2' '-i 3' '-s 2' '-y 4'; do
	t "$o of a run" 2 '' '--qrels: the words of a run have their places' sh -c "metrics --qrels judged $o run"
done
t 'no ranking' 2 '' 'auc does not measure rankings' metrics --qrels judged -M auc run
t '--complete needs topics' 2 '' '--complete: needs --qrels' metrics --complete two
printf 't1 Q0 d1 1 1 tag\nt1 Q0 d1 2 0.5 tag\n' >twice
t 'a document twice' 3 '' 'twice:2: document "d1" is there twice in topic "t1"' metrics --qrels judged twice
cat judged judged >twice
t 'a judgement twice' 3 '' "twice:$(($(wc -l <judged) + 1)): document \"d1\" is judged in topic \"t1\" at twice:1 too" metrics --qrels twice run
printf 't1 Q0 d1 1 x tag\n' >bad
t 'a score that is none' 3 '' 'bad:1: field 5 \(score\): not a number: "x"' metrics --qrels judged bad
printf 't1 Q0 d1 1 1\n' >bad
t 'too few words' 3 '' 'bad:1: not topic, Q0, document, rank, score and tag' metrics --qrels judged bad
printf 't1 0 d1\n' >bad
t 'too few words in judgements' 3 '' 'bad:1: not topic, 0, document and relevance' metrics --qrels bad run
t 'no judgements' 3 '' 'empty: no judgements' metrics --qrels empty run

trec=$here/../../shared/data/trec-eval
named=map,rprec,bpref,mrr,ndcg,precision,recall
cut=5,10,15,20,30,100,200,500,1000
# From our lines, of metric and value or of group, metric and value, to trec_eval's: its names, four decimals.
trec_names() {
	awk -F '\t' 'BEGIN {
		n = split("map Rprec bpref recip_rank ndcg set_P set_recall", new, " ")
		split("map rprec bpref mrr ndcg precision recall", old, " ")
		for (i = 1; i <= n; i++) name[old[i]] = new[i]
		n = split("map_cut ndcg_cut P recall success", new, " ")
		split("map ndcg precision recall hit", old, " ")
		for (i = 1; i <= n; i++) cut[old[i]] = new[i]
	}
	{
		if (NF == 5) { $3 = $2; $2 = $1; $1 = "all" }
		n = split($2, part, "@")
		$2 = part[1] == "rbp" ? "rbp" : n == 2 ? cut[part[1]] "_" part[2] : name[$2]
		printf "%s %s %.4f\n", $2, $1, $3
	}'
}
agrees() { # expected output, run, whether topics are apart, how many figures are shared, options
	expected=$1 run=$trec/$2 apart=$3 many=$4
	shift 4
	if [ ! -d "$trec" ]; then
		skip "trec_eval's $expected" 'its data are not here'
		return
	fi
	for list in "-M $named,rbp@0.9,hit@1,hit@5,hit@10" "-k $cut -M map,ndcg,precision,recall"; do
		# shellcheck disable=SC2086 # a list is several arguments
		metrics --qrels "$trec/qrels.test" "$@" $list "$run"
		# shellcheck disable=SC2086
		[ "$apart" = no ] || metrics -q --qrels "$trec/qrels.test" "$@" $list "$run"
	done | trec_names | sort >got
	awk 'NR == FNR { ours[$1, $2]; next } ($1, $2) in ours { print $1, $2, $3 }' got "$trec/$expected" | sort >want
	awk 'NR == FNR { theirs[$1, $2]; next } ($1, $2) in theirs' want got >both
	is "trec_eval's $expected" "$(diff both want)" ''
	is "in $many figures" "$(wc -l <both | tr -d ' ')" "$many"
}
agrees out.test results.test no 13
agrees out.test.a results.test no 47
agrees out.test.aq results.test yes 188
agrees out.test.aqc results.trunc yes 188 --complete

# ---- shards ----

asked=auc,gauc,logloss,brier,ece,ece@3,accuracy,f1,rmse,ndcg@5,map,mrr,hit@2
awk -F '\t' -v OFS='\t' '{ $4 = $4 / 3 } 1' scored >thirds # sums that are rounded
metrics --partial -M $asked thirds >once
metrics --merge once >merged
for i in 0 1 2 3 4 5 6 7; do
	for j in 7 6 5 4 3 2 1 0; do
		awk -v i=$((8 * j + i)) '{ split($1, name, "u") } name[2] * 37 % 61 == i' thirds | metrics --partial -M $asked
	done
done >parts
is '64 shards, some empty' "$(grep -c "^metrics1${tab}map" parts)" 64
is 'shards in any order add up to the same statistics' "$(metrics --merge --partial parts | cmp - once 2>&1)" ''
sort once >want
is 'however their lines are mixed' "$(sort -r parts | metrics --merge --partial | sort | cmp - want 2>&1)" ''
is 'and to the same figures' "$(metrics --merge parts | cmp - merged 2>&1)" ''
awk '!/^auc|^ece/' merged >got
metrics -M $asked thirds | awk '!/^auc|^ece/' >want
is 'which are those of one run' "$(cmp got want 2>&1)" ''
cut -f 1,2,5 merged >got
metrics -M $asked thirds | cut -f 1,2,5 >want
is 'auc and ece lose their interval only' "$(cmp got want 2>&1)" ''
is 'and show it' "$(awk '/^auc/ { print $3, $4 }' merged)" '? ?'
metrics --reliability 5 thirds >want
for i in 0 1 2; do awk -v i=$i 'NR % 3 == i' thirds | metrics --partial --reliability 5; done | metrics --merge --reliability 5 >got
is '--reliability adds up' "$(cmp got want 2>&1)" ''
metrics -y 3 -s 4 --popularity popular -M novelty@2 shown >want
metrics --partial -y 3 -s 4 --popularity popular -M novelty@2 shown | metrics --merge >got
is 'novelty of a known popularity adds up' "$(cmp got want 2>&1)" ''
t 'without one it does not' 2 '' 'novelty needs all groups at once' metrics --partial -M novelty two
t 'nor does coverage' 2 '' 'coverage needs all groups at once' metrics --partial -M coverage two
t 'no lines' 3 '' '^metrics: no records$' metrics --merge empty
t 'of nothing at all no figure' 3 '' 'no metric has a value' sh -c 'metrics --partial -M mrr empty | metrics --merge'
t 'no line of --partial' 3 '' 'not a line of this program' metrics --merge two
for bad in 's/1/2/' 's/gauc/gauk/' 's/gauc/gauc@1/' 's/\t[0-9]*\t/\t-1\t/' 's/ /  /' 's/$/ 1e400/' 's/$/ 1e200/' 's/$/ nan/' 's/$/\t1/' 's/\t61\t/\t1e300\t/'; do
	sed -n "2{$(printf '%s' "$bad" | sed "s/\\\\t/$tab/g")
p;}" once >line
	if grep -qxF -f line once; then not_ok "a broken line: $bad" 'it is not broken'; fi
	t "a broken line: $bad" 3 '' 'not a line of this program' metrics --merge line
done
printf 'metrics1\tece\t0\t0\t0\t0\t0\t0\t0\nmetrics1\tscore\t0.5\t0\t0\n' >line
t 'a score of no records' 3 '' '^metrics: line:2: ' metrics --merge line
printf 'metrics1\tmap\t4\t1\t0.5\t1e20\t1\t1\t4\n' >line
t 'more records than can be counted' 3 '' 'not a line of this program' metrics --merge line
printf 'metrics1\tauc\t0\t0\t0\t0\t0\t0\t0\nmetrics1\tscore\t0.5\t0\t5000000000000000\n' >line
printf 'metrics1\tscore\t0.5\t0\t5000000000000000\n' >more
t 'nor more of one score' 3 '' '^metrics: more:1: ' metrics --merge line more
for counts in '3\t4' '9007199254740992\t0' '3' '3\tx'; do
	printf "metrics1\\tmap\\t1\\t0\\t1\\t1\\t1\\t1\\t1\\nmetrics1\\tgroups\\t$counts\\n" >line
	t "groups that cannot be counted: $counts" 3 '' '^metrics: line:2: ' metrics --merge line
done
grep -v mrr once >bad
t 'shards of other metrics' 3 '' '2 lines of auc, 1 of mrr|1 lines of mrr, 2 of' metrics --merge once bad
t '--merge takes its metrics from the lines' 2 '' 'the lines name the metrics' metrics --merge -M auc once
t '--partial has no groups' 2 '' '--partial: its lines have no header' metrics --partial -q two
grep -v score once >bad
t '--reliability of lines without scores' 3 '' 'the lines hold no scores' metrics --merge --reliability 3 bad

# ---- groups one after the other ----

sort -t "$tab" -k 1,1 -k 2,2r thirds >together
shuffled=gauc,logloss,f1,rmse,ndcg@5,ndcg,map,mrr,bpref,hit@2
for rule in expected trec pessimistic optimistic; do
	metrics -v --contiguous --ties $rule -M $shuffled together >got 2>said.got
	metrics -v --ties $rule -M $shuffled thirds >want 2>said.want
	is "--contiguous measures the same, --ties $rule" "$(cmp got want 2>&1; cmp said.got said.want 2>&1)" ''
done
t '-q prints groups as they come' 0 "w${tab}mrr${tab}1
u${tab}mrr${tab}1" 'have no positive' sh -c 'sort -r some | metrics --contiguous -q -M mrr'
t 'a group that comes again' 3 - 'two:3: its group ended at two:1 ' metrics --contiguous -M mrr two
t 'the last group may have been there too' 3 - 'its group ended at' sh -c 'cat some some | metrics --contiguous -M mrr'
t 'what is of all records' 2 '' 'auc is of all records' metrics --contiguous some
t 'what needs all groups' 2 '' '--contiguous: coverage needs all groups at once' metrics --contiguous -M coverage some
t 'topics one after the other, --complete' 0 "map${tab}0.037037037${tab}3" 'topics are not in the run: they count as 0' sh -c 'metrics --contiguous -v --complete --qrels judged -M map run | cut -f 1,2,5'
t 'and without' 0 "map${tab}0.0555555556${tab}2" 'topics are not in the run: they do not count' sh -c 'metrics --contiguous -v --qrels judged -M map run | cut -f 1,2,5'
metrics --contiguous --partial -M $shuffled together >got
metrics --partial -M $shuffled thirds >want
is '--partial too' "$(cmp got want 2>&1)" ''
metrics -q -y 3 -s 4 --popularity popular -M novelty@2 shown >want
t 'novelty of a known popularity' 0 "$(cat want)" '' metrics --contiguous -q -y 3 -s 4 --popularity popular -M novelty@2 shown
t 'nothing' 3 '' '^metrics: no records$' metrics --contiguous -M mrr empty

# ---- processes that share the groups ----

awk 'BEGIN {
	for (i = 0; i < 240000; i++)
		printf "u%d\ti%d\tc%d\t%d\t%s\n", i / 13, i, i % 7, i * 31 % 11 < 2, (i * 104729 % 8191) / 8192
}' >wide
sort -t "$tab" -k 2,2 wide >wide.shuffled
{ tail -n 200000 wide; head -n 40000 wide; } >wide.turned
{ cat wide; tail -n 1 wide; } >wide.again
awk '{ print $1 " Q0 " $2 " 1 " $5 " run" }' wide >wide.run
awk 'NR % 5 == 0 && NR < 200000 { print $1, 0, $2, $4 } END { print "missing 0 i 1" }' wide >wide.qrels
{ cat wide.run; head -n 1 wide.run; } >twice.run
for list in mrr,ndcg@5,map,recall@3,gauc mrr,mrr,mrr@2,rbp@0.5 auc,mrr coverage@3,mrr; do
	one_and_parts metrics -M $list wide
done
one_and_parts metrics -k 1,5 -H wide
awk -v OFS='\t' '$1 ~ /7$/ { $4 = 0 } 1' wide >wide.empty
one_and_parts metrics -M mrr wide.empty
one_and_parts metrics --empty zero -M mrr wide.empty
for options in --contiguous --partial '--empty zero' -q -v '--shard 1/3' '--max-bad 2' '--ties pessimistic' '-g 3' '--max-line 60'; do
	# shellcheck disable=SC2086 # several words
	one_and_parts metrics -M mrr,ndcg@3 $options wide
done
one_and_parts metrics -M mrr --reliability 5 wide
for file in wide.shuffled wide.turned wide.again nowhere; do
	one_and_parts metrics -M mrr $file
	one_and_parts metrics -M mrr --contiguous $file
done
one_and_parts metrics -M mrr wide wide
sed "200001s/${tab}[.0-9]*\$/${tab}x/" wide >wrong
one_and_parts metrics -M mrr wrong
sed "s/\$/$(printf '\r')/" wide >windows
one_and_parts metrics -M mrr windows
parts_do_it metrics -M mrr windows
awk -v OFS='\t' '{ print $2, 1 + NR % 5 }' wide >wide.popular
one_and_parts metrics -M novelty@2 --popularity wide.popular wide
measure_stdin() {
	metrics "$@" <wide.popular
}
one_and_parts measure_stdin -M novelty@2 --popularity - wide
for options in '' --contiguous --complete -v -q '--empty skip'; do
	# shellcheck disable=SC2086 # several words
	one_and_parts metrics --qrels wide.qrels $options wide.run
done
one_and_parts metrics --qrels wide.qrels twice.run
sed 's/^u/v/' wide.run >unjudged.run
one_and_parts metrics --qrels wide.qrels unjudged.run
parts_do_it metrics -M mrr,ndcg@3 wide
parts_do_it metrics --qrels wide.qrels wide.run
is 'a metric that is named twice is there once' "$(metrics -M mrr,mrr,mrr@3,mrr@1 two | cut -f 1 | paste -s -d ' ' -)" 'mrr mrr@3 mrr@1'
metrics -M mrr,mrr --partial wide | metrics --merge >got
is 'and is added up once' "$(metrics -M mrr wide | cmp - got 2>&1)" ''

# ---- what is refused ----

t 'empty input' 3 '' '^metrics: no records$' metrics empty
t 'a label ?' 3 '' 'line:1: field 3 \(label\): unknown, where one is needed: "\?"' sh -c 'printf "a\tx\t?\t0.3\n" >line; metrics line'
for bad in 2 0.5 -1 x ''; do
	printf 'a\tx\t%s\t0.3\n' "$bad" >line
	t "a label of \"$bad\"" 3 '' 'line:1: field 3 \(label\): (neither 0 nor 1|not a number)' metrics line
done
printf 'a\tx\t0.5\t7\n' >line
t 'a grade where grades will do, a score where scores will do' 0 "ndcg@2${tab}1${tab}?${tab}?${tab}1" '' metrics -M ndcg@2 line
printf 'a\tx\t-1\t7\n' >line
t 'a grade below 0' 3 '' 'field 3 \(label\): below 0: "-1"' metrics -M ndcg line
printf 'a\tx\t101\t7\n' >line
t 'a grade for 2^label' 3 '' 'field 3 \(label\): too large for a gain of 2\^label: "101"' metrics -M ndcg_exp line
for bad in nan inf 1e999 0x1 1,5 '' 1x; do
	printf 'a\tx\t1\t%s\n' "$bad" >line
	t "a score of \"$bad\"" 3 '' 'line:1: field 4 \(score\): not a number' metrics -M auc line
done
for bad in 1.5 -0.1; do
	printf 'a\tx\t1\t%s\n' "$bad" >line
	t "a score of $bad is no probability" 3 '' 'line:1: field 4 \(score\): not a probability.*-M' metrics line
done
printf 'a\tx\t1\t7\nb\tx\t0\t-7\n' >line
t 'AUC needs none' 0 "auc${tab}1${tab}?${tab}?${tab}2" '' metrics -M auc line
printf 'a\tx\t1\t0.3\na\ty\t1\n' >short
t 'a short record' 3 '' 'short:2: fewer fields' metrics short
t '--max-bad goes on' 0 "mrr${tab}1${tab}?${tab}?${tab}1" '1 of 2 lines refused' metrics -M mrr --max-bad 1 short
printf 'a\tx\t1\t0.3\n\n' >blank
t 'a blank line' 3 '' 'blank:2: blank line' metrics blank
printf 'a\tx\t1\t0.3\r\n\377\0\tx\t1\t0.2' >bytes
t 'CR LF is said; no final newline; any bytes' 0 - 'CR LF' metrics -q -M mrr bytes
is 'byte for byte' "$(od -An -c <.out)" "$(printf 'a\tmrr\t1\n\377\0\tmrr\t1\n' | od -An -c)"

# ---- options and system ----

t 'no such metric: they are named' 2 '' 'auc gauc .* ndcg\[@k\].*' metrics -M auk two
t 'no such metric' 2 '' 'no metric "auk"' metrics -M mrr,auk two
t 'a cutoff for what takes none' 2 '' 'auc takes no such argument: "auc@5"' metrics -M auc@5 two
for bad in 0 x 1,,2 5.5 -1; do
	t "-k $bad" 2 '' 'cutoff: not a cutoff from 1 on' metrics -k "$bad" two
done
t 'a cutoff of nothing' 2 '' 'mrr\[@k\] takes no such argument: "mrr@"' metrics -M mrr@ two
t 'no metric at all' 2 '' 'no metric is named' metrics -M '' two
t 'no such field' 2 '' 'score: no field 7' metrics -s 7 two
t 'no such option' 2 '' 'no such option' metrics -Z
t 'no such file' 4 '' 'nowhere: No such file' metrics nowhere
if [ -w /dev/full ]; then
	t 'a full disk' 4 '' 'No space left' sh -c 'metrics two >/dev/full'
else
	skip 'a full disk' 'no /dev/full'
fi
done_testing
