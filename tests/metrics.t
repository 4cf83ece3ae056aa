# metrics - columns, intervals, the choice of metrics, groups without a value, and what is refused
. "$(dirname "$0")/tap.sh"

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
t '-g, -y and -s name fields' 0 "mrr${tab}0.5${tab}-inf${tab}inf${tab}1" '' metrics -g 4 -y 1 -s 3 -M mrr /dev/stdin <<END
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
gauc 1 -inf inf 2
ndcg@1 1 1 1 2
nll 0.30809307 -2.26786827 2.88405441 2
END
)" '' metrics -M gauc,ndcg@1,nll some
t '-q leaves them out' 0 "u${tab}mrr${tab}1
w${tab}mrr${tab}1" '' metrics -q -M mrr some
grep 0.7 some >nothing
t 'no metric has a value' 3 '' '^metrics: no metric has a value on these records$' metrics -M auc,ndcg@3 nothing

# ---- what is refused ----

t 'empty input' 3 '' '^metrics: no records$' metrics empty
t 'a label ?' 3 '' 'line:1: field 3 \(label\): unknown, where one is needed: "\?"' sh -c 'printf "a\tx\t?\t0.3\n" >line; metrics line'
for bad in 2 0.5 -1 x ''; do
	printf 'a\tx\t%s\t0.3\n' "$bad" >line
	t "a label of \"$bad\"" 3 '' 'line:1: field 3 \(label\): (neither 0 nor 1|not a number)' metrics line
done
printf 'a\tx\t0.5\t7\n' >line
t 'a grade where grades will do, a score where scores will do' 0 "ndcg@2${tab}1${tab}-inf${tab}inf${tab}1" '' metrics -M ndcg@2 line
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
t 'AUC needs none' 0 "auc${tab}1${tab}-inf${tab}inf${tab}2" '' metrics -M auc line
printf 'a\tx\t1\t0.3\na\ty\t1\n' >short
t 'a short record' 3 '' 'short:2: fewer fields' metrics short
t '--max-bad goes on' 0 "mrr${tab}1${tab}-inf${tab}inf${tab}1" '1 of 2 lines refused' metrics -M mrr --max-bad 1 short
printf 'a\tx\t1\t0.3\n\n' >blank
t 'a blank line' 3 '' 'blank:2: blank line' metrics blank
printf 'a\tx\t1\t0.3\r\n\377\0\tx\t1\t0.2' >bytes
t 'CR LF is said; no final newline; any bytes' 0 - 'CR LF' metrics -q -M mrr bytes
is 'byte for byte' "$(od -An -c <.out)" "$(printf 'a\tmrr\t1\n\377\0\tmrr\t1\n' | od -An -c)"

# ---- options and system ----

t 'no such metric: they are named' 2 '' 'auc gauc .* ndcg\[@k\].*' metrics -M auk two
t 'no such metric' 2 '' 'no metric "auk"' metrics -M mrr,auk two
t 'a cutoff for what takes none' 2 '' 'auc takes no argument' metrics -M auc@5 two
for bad in 0 x 1,,2 5.5 -1; do
	t "-k $bad" 2 '' 'cutoff: not a cutoff from 1 on' metrics -k "$bad" two
done
t 'a cutoff of nothing' 2 '' 'metrics: not a cutoff' metrics -M mrr@ two
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
