# verdict - figures against a computation by hand and against metrics, words, slices, gates, pairing, and what is refused
. "$(dirname "$0")/tap.sh"

cd "$tmp" || exit
tab=$(printf '\t')
: >empty
tabs() { tr ' ' '\t'; }
words() { awk -F '\t' '{ print $1, $NF }' | paste -s -d , -; } # metric and verdict of each line

# Student's two drugs: hours of sleep gained by each of ten patients.
paste -d ' ' - - <<END | awk '{ print "p" NR, "hours", $1 >"a"; print "p" NR, "hours", $2 >"b" }'
0.7
1.9
-1.6
0.8
-0.2
1.1
-1.2
0.1
-0.1
-0.1
3.4
4.4
3.7
5.5
0.8
1.6
0
4.6
2.0
3.4
END
for f in a b; do
	tabs <$f >tabbed
	mv tabbed $f
done

# ---- figures ----

t "columns; Student's own example" 0 "$(echo metric n a b difference lower upper p effect verdict | tabs)
hours${tab}10${tab}0.75${tab}2.33${tab}1.58${tab}0.700114237${tab}2.45988576${tab}0.0028328902${tab}1.28455756${tab}gain" '' \
	verdict -H --test t a b
verdict a b >got
is 'randomisation: 4 of 1024 signs are as far' "$(cut -f 8 got)" 0.00390625
is "the bootstrap's interval is right of Student's" "$(awk '{ print ($6 > 0.9), ($7 > 2.5) }' got)" '1 1'
is 'Wilcoxon: 2 of 512 signs, and the zero ranks first' "$(verdict --test wilcoxon a b | cut -f 8)" 0.00390625
t 'the size of a difference counts for one and its rank for the other' 0 '1
0.875' '' sh -c 'for i in 1 2 3 -10; do printf "g$i\tm\t0\n" >&3; printf "g$i\tm\t$i\n"; done 3>none >some
	for test in randomisation wilcoxon; do verdict --test $test none some; done | cut -f 8'
for i in 1 2 3 4 5 6 7 8; do echo $i; done | awk '
	{ split("2 4 6 8 4 2 8 8", a); split("4 6 8 10 2 0 6 10", b) }
	{ print "g" $1 "\tm\t" a[$1] / 10 >"fifths"; print "g" $1 "\tm\t" b[$1] / 10 >"others" }'
is 'Wilcoxon: 0.4 - 0.2 and 0.8 - 0.6 are equal, as sizes' "$(verdict --test wilcoxon fifths others | cut -f 8)" 0.7265625
awk -v OFS='\t' '{ $3 += 0.2 } 1' fifths >alike
awk -v OFS='\t' 'BEGIN {
	for (i = 1; i <= 40; i++) {
		print "g" i, i % 3 == 0, i * 7 % 10 / 10 >"some.old"
		print "g" i, i % 3 == 0, (i % 2 ? i * 7 % 10 : i * 3 % 10) / 10 >"some.new"
	}
}'
for f in old new; do metrics -q -M brier some.$f >values.$f; done
is 'records in which nothing changed differ by 0: Wilcoxon of records is that of their values' \
	"$(verdict --test wilcoxon -M brier some.old some.new | cut -f 2,8)" \
	"$(verdict --test wilcoxon values.old values.new | cut -f 2,8)"
is 'nor do they count as better or worse' "$(verdict -v -M brier some.old some.new 2>&1 >/dev/null | sed 's/.*: //')" \
	"$(verdict -v values.old values.new 2>&1 >/dev/null | sed 's/.*: //')"
t 'all differ alike, but for rounding: no effect size' 0 "m${tab}8${tab}0.525${tab}0.725${tab}0.2${tab}0.2${tab}0.2${tab}0${tab}?${tab}gain" \
	'better in 8 of 8 groups, worse in 0$' verdict -v --test t fifths alike
verdict a b >again
is 'two runs are equal' "$(cmp got again 2>&1)" ''
sort -r a >back
verdict back b >again
is 'the order of the lines does not matter' "$(cmp got again 2>&1)" ''
t '--level' 0 "1.04205891${tab}2.11794109" '' sh -c 'verdict --test t --level 0.8 a b | cut -f 6,7'
t 'b from stdin' 0 "$(cat got)" '' verdict a <b
t 'a from stdin' 0 "$(cat got)" '' verdict - b <a
t '-v: groups that gain' 0 "$(cat got)" '^verdict: b: hours: better in 9 of 10 groups, worse in 0$' verdict -v a b
t '-v: what was read' 0 - '^verdict: 20 lines in 2 files, 10 groups$' verdict -v a b
t 'one group says nothing' 0 "hours${tab}1${tab}1${tab}2${tab}1${tab}?${tab}?${tab}1${tab}?${tab}no difference" '' \
	sh -c 'printf "g\thours\t1\n" >one; printf "g\thours\t2\n" | verdict one'
t 'an effect without scatter has no size' 0 '1 1 1 ?' '' \
	sh -c 'printf "g\tm\t1\nh\tm\t2\n" >one; printf "g\tm\t2\nh\tm\t3\n" | verdict one | cut -f 5-7,9 | tr "\t" " "'
awk -v OFS='\t' 'BEGIN { for (i = 0; i < 40; i++) print "g" i, "m", cos(i * i) >"x"; for (i = 0; i < 40; i++) print "g" i, "m", cos(i * i) + cos(i) * 0.3 + 0.08 >"y" }'
verdict x y >got
verdict --seed 2 x y >again
is 'beyond 20 groups signs are random: another seed, another p' "$(cut -f 8 got again | uniq | wc -l | tr -d ' ')" 2
is 'and another interval' "$(cut -f 6 got again | uniq | wc -l | tr -d ' ')" 2
is 'p of --resamples' "$(verdict --resamples 999 x y | awk -F '\t' '{ n = $8 * 1000; print n - int(n + 0.5) < 1e-6 && int(n + 0.5) - n < 1e-6 }')" 1

# ---- words ----

awk -v OFS='\t' 'BEGIN {
	for (i = 0; i < 12; i++)
		for (m = split("auc logloss ndcg@10 cost nll", name, " "); m; m--) {
			print "g" i, name[m], 0.5 >"flat"
			print "g" i, name[m], 0.6 + i / 1000 >"more"
			print "g" i, name[m], 0.5 + (i % 2 ? 0.1 : -0.1) >"wild"
		}
}'
is 'more is a gain, but for losses' "$(verdict flat more | words)" 'auc gain,cost gain,logloss loss,ndcg@10 gain,nll loss'
is 'less is a loss, but for losses' "$(verdict more flat | words)" 'auc loss,cost loss,logloss gain,ndcg@10 loss,nll gain'
t '-v: less of it is better' 0 - 'verdict: more: logloss: better in 0 of 12 groups, worse in 12' verdict -v flat more
is 'as much is no difference' "$(verdict flat wild | words)" \
	'auc no difference,cost no difference,logloss no difference,ndcg@10 no difference,nll no difference'
t '--less of no metric' 2 '' '^verdict: --less: no metric of this name is compared: "latt"$' verdict --less cost,latt flat more
printf 'g\t1\t0.5\ng\t0\t0.4\n' >choices
t '--less of a metric that -M does not name' 2 '' '--less: no metric of this name is compared: "rmse"' verdict --less rmse -M auc choices choices
is '--less names others' "$(verdict --less ndcg@10,cost flat more | words)" 'auc gain,cost loss,logloss loss,ndcg@10 loss,nll loss'
is '--transfer' "$(verdict --transfer more flat | words | cut -d , -f 1)" 'auc negative transfer'
grep -v -e g9 -e g1 flat | grep auc >few && grep -v -e g9 -e g1 more | grep auc >few.more
is 'p must be low, not only the interval beyond 0' "$(verdict --level 0.995 few few.more | words)" 'auc no difference'
is 'so for a loss' "$(verdict --level 0.995 few.more few | words)" 'auc no difference'
is 'and the interval beyond 0, not only p low' \
	"$(awk -v OFS='\t' 'BEGIN { print "g", "m", 0 >"p"; print "g", "m", 1 >"q" }'; verdict --level 0 p q | words)" 'm no difference'

# ---- gates ----

t '--gate: a gain passes' 0 - '' verdict --gate a b
t '--gate: a loss does not, and its line is printed' 1 "$(verdict b a)" '^verdict: there is a loss$' verdict --gate b a
t '--gate: no difference passes' 0 - '' verdict --gate flat wild
t 'no gate' 0 - '' verdict b a
t '--least: as certain as that' 0 - '' verdict --test t --least 0.7 a b
t '--least: not as certain as that' 1 - '^verdict: it is not certain that all gains are 0.71 or more$' verdict --test t --least 0.71 a b
t '--least below 0: how much may be lost' 0 - '' verdict --test t --least -2.46 b a
t '--least below 0: more is lost' 1 - 'not certain' verdict --test t --least -2.45 b a
t '--least of a loss: less is more' 0 - '' sh -c 'grep logloss more >l; grep logloss flat | verdict --least 0.1 l'

# ---- several systems: Holm ----

# 2 of 128 signs are as far as 1 to 7; 14 of 128 where 5 is the other way and 1 is not there.
awk -v OFS='\t' 'BEGIN {
	for (i = 1; i <= 7; i++) {
		print "g" i, "m", 0 >"base"
		print "g" i, "m", i >"first"
		print "g" i, "m", i == 1 ? -5 : i >"second"
	}
}'
cp first third
t 'one alone' 0 "m${tab}0.015625" '' sh -c 'verdict base first | cut -f 1,8'
t 'a line for each system, corrected by Holm' 0 "$(tabs <<END
system metric p verdict
first m 0.046875 gain
second m 0.109375 no$(printf '\001')difference
third m 0.046875 gain
END
)" '' sh -c 'verdict -H base first second third | cut -f 1,2,9,11 | tr " " "\001"'
t 'a gain alone, none of five' 0 'gain
no difference' '' \
	sh -c 'verdict base first | cut -f 10; verdict base first third first third third | cut -f 11 | uniq'

# ---- scored records ----

# user item category label score, of 40 users; the second system knows more, but of category c2 less
awk -v OFS='\t' 'BEGIN {
	for (u = 0; u < 40; u++)
		for (i = 0; i < 8 + u % 5; i++) {
			h = (u * 7919 + i * 104729) % 1000 / 1000
			y = (u * 31 + i * i * 17 + int(u * i / 3)) % 5 < 2
			c = i % 3
			weak = 0.3 + 0.2 * y + 0.3 * h
			good = 0.2 + 0.5 * y + 0.3 * h
			print "u" u, "i" i, "c" c, y, c == 2 ? good : weak >"old"
			print "u" u, "i" i, "c" c, y, c == 2 ? weak : good >"new"
		}
}'
metrics='auc,gauc,logloss,accuracy,ppv@0.9,f1@0.8,rmse,ece,ndcg@3,mrr'
is 'a and b are what metrics says' "$(verdict -M $metrics old new | cut -f 1,3,4)" \
	"$(metrics -M $metrics old >by.old; metrics -M $metrics new >by.new; paste by.old by.new | cut -f 1,2,7)"
# One says the positive of u and the negative of v, the other the positives of u and w.
printf '%s\t%s\t%s\n' u 1 0.9 u 0 0.2 v 0 0.9 v 1 0.1 w 1 0.1 w 0 0.3 >said
printf '%s\t%s\t%s\n' u 1 0.9 u 0 0.2 v 0 0.1 v 1 0.1 w 1 0.9 w 0 0.3 >said.else
is 'also where a system says no positive in a group' "$(verdict -M ppv said said.else | cut -f 1-5)" \
	"$(echo ppv 3 0.5 1 0.5 | tabs)"
awk -v OFS='\t' '{ $NF = 0.5; print }' old >half
is "against a constant the interval is that of metrics: means over records" \
	"$(verdict --test t -M logloss half new | awk '{ printf "%.7f %.7f\n", $6 + log(2), $7 + log(2) }')" \
	"$(metrics -M logloss new | awk '{ printf "%.7f %.7f\n", $3, $4 }')"
is 'and of means over groups' "$(verdict --test t -M mrr half new | cut -f 2)" "$(metrics -M mrr new | cut -f 5)"
awk -v OFS='\t' '{ $1 = NR; print }' old >own.old
awk -v OFS='\t' '{ $1 = NR; print }' new >own.new
# DeLong, DeLong and Clarke-Pearson's paired variance, pair by pair; ours corrects both classes as one, by 400 of 399.
paste own.old own.new | awk -F '\t' '
{ y[NR] = $4; s[1, NR] = $5; s[2, NR] = $10; if ($4) m++; else n++ }
END {
	for (k = 1; k <= 2; k++)
		for (i = 1; i <= NR; i++) {
			for (j = 1; j <= NR; j++)
				if (y[i] != y[j]) {
					d = y[i] ? s[k, i] - s[k, j] : s[k, j] - s[k, i]
					v[k, i] += (d > 0 ? 1 : d == 0 ? 0.5 : 0) / (y[i] ? n : m)
				}
			if (y[i]) auc[k] += v[k, i] / m
		}
	for (i = 1; i <= NR; i++) {
		e = v[2, i] - auc[2] - (v[1, i] - auc[1])
		if (y[i]) p += e * e; else q += e * e
	}
	se = sqrt(p / (m - 1) / m + q / (n - 1) / n)
	printf "%.6f %.3f\n", auc[2] - auc[1], (auc[2] - auc[1]) / se
}' >expected
is "auc of records without groups: DeLong's paired test" \
	"$(verdict --test t -M auc own.old own.new | awk '{ printf "%.6f %.3f\n", $5, $9 * sqrt($2) }' |
		awk 'NR == FNR { e = $2; d = $1; next } { print $1 == d, ($2 / e > 0.995 && $2 / e < 1.005) }' expected -)" '1 1'
sort -r new >back
is 'the order of the records does not matter' "$(verdict -M $metrics old back)" "$(verdict -M $metrics old new)"
is '-q of metrics, for those that groups have' "$(metrics -q -M ndcg@3,mrr old >by.old; metrics -q -M ndcg@3,mrr new | verdict by.old)" \
	"$(verdict -M mrr,ndcg@3 old new | sort)"
awk -v OFS='\t' '{ print $5, $4, $2, $1 }' old >turned && awk -v OFS='\t' '{ print $5, $4, $2, $1 }' new >turned.new
is '-g, -y and -s' "$(verdict -M auc -g 4 -y 2 -s 1 turned turned.new)" "$(verdict -M auc old new)"

# ---- slices ----

verdict -M logloss --by 3 old new >got
is 'slices, the strongest of equal p first, in words' "$(cut -f 1,2,11 got)" "$(tabs <<END | tr '_' ' '
c0 logloss gain
c1 logloss gain
c2 logloss loss
END
)"
grep c2 old >c2 && grep c2 new >c2.new
verdict -M logloss c2 c2.new >alone
is 'a slice is compared as if it were all' "$(grep '^c2' got | cut -f 2-8)" "$(cut -f 1-7 alone)"
is 'and its p is corrected: three slices' "$(grep '^c2' got | awk -F '\t' '{ printf "%.9f", $9 }')" \
	"$(awk -F '\t' '{ printf "%.9f", $8 * 3 }' alone)"
t 'the header' 0 "$(echo system slice metric n a b difference lower upper p effect verdict | tabs)" '' \
	sh -c 'verdict -H -M auc --by 3 old new new | head -n 1'
t 'auc over the records of each slice' 0 "$(for c in 0 1 2; do grep "c$c" new | metrics -M auc | cut -f 2; done)" '' \
	sh -c 'verdict -M auc --by 3 old new | sort | cut -f 5'
is 'equal ones in the order of their bytes' "$(verdict -M auc --by 3 old old | cut -f 1 | paste -s -d ' ' -)" 'c0 c1 c2'
is 'most significant first' "$(verdict --test t -M logloss --by 2 old new | cut -f 9 | sort -c -g 2>&1)" ''
t 'resamples that cannot tell' 0 - 'logloss: 100 resamples are too few to tell among 12 comparisons' \
	verdict -M logloss --resamples 100 --by 2 old new
t '--gate: a slice that loses' 1 - 'there is a loss' verdict --gate -M logloss --by 3 old new

# ---- pairing ----

grep -v p7 b >lacking
t 'a group that one file lacks' 3 '' '^verdict: lacking: no hours of group "p7", which other files have \(--common' verdict a lacking
t 'or the first' 3 '' '^verdict: lacking: no hours of group "p7"' verdict lacking a
t '--common leaves it out' 0 "hours${tab}9" '^verdict: 1 of 10 groups are not in all files and are left out$' \
	sh -c 'verdict --common a lacking | cut -f 1,2'
grep -v "^u7$tab" new >lacking.new
t 'a group whose records one file lacks' 3 '' '^verdict: lacking.new: no group "u7", which other files have' verdict -M auc old lacking.new
t 'of a slice' 3 '' '^verdict: lacking.new: no c0 of group "u7"' verdict -M auc --by 3 old lacking.new
grep -v "^u7$tab" old >lacking.old
is '--common leaves it out everywhere' "$(verdict --common -M $metrics lacking.old new 2>.common)" \
	"$(verdict -M $metrics lacking.old lacking.new)"
t 'a group that lacks a record' 3 '' '^verdict: short.new: group "u0" has other labels than in old$' \
	sh -c 'tail -n +2 new >short.new; verdict --common -M auc old short.new'
t 'a label that is another' 3 '' 'group "u0" has other labels than in old' \
	sh -c 'awk -v OFS="\t" "NR == 1 { \$4 = 1 - \$4 } 1" new >other.new; verdict -M auc old other.new'
t 'labels that add up to as much' 3 '' 'group "g" has other labels than in grades' \
	sh -c 'printf "g\t%s\t0.5\n" 1 4 >grades; printf "g\t%s\t0.5\n" 2 2 | verdict -M ndcg grades'
t 'no group in common' 3 '' '^verdict: no group is in all files$' sh -c 'sed "s/^p/q/" b >strangers; verdict --common a strangers'
awk '$4 == 0' old >zeros
t 'no metric has a value' 3 '' '^verdict: no metric has a value on these records$' verdict -M auc zeros zeros
t 'a metric without a value' 0 "logloss" 'auc: 1 of 1 comparisons have no value' sh -c 'verdict -M auc,logloss zeros zeros | cut -f 1'

# ---- what is refused ----

t 'empty input' 3 '' '^verdict: no records in empty$' verdict a empty
t 'empty stdin' 3 '' '^verdict: no records in stdin$' verdict a <empty
t 'both empty' 3 '' '^verdict: no records in empty$' verdict empty empty
t 'a value twice' 3 '' '^verdict: twice:11: a second value of this group and metric: "p1' sh -c '{ cat a; head -n 1 a; } >twice; verdict twice b'
for bad in nan 1,5 '' 1e999; do
	printf 'g\tm\t%s\n' "$bad" >line
	t "a value of \"$bad\"" 3 '' 'line:1: field 3 \(value\): not a number' verdict a line
done
t 'scored records without -M' 3 '' 'old:1: not group, metric and value: .*\(-M names metrics of scored records\)' verdict old new
t 'two fields' 3 '' 'line:1: too few fields' sh -c 'printf "g\tm\n" >line; verdict a line'
t 'a score that is no probability' 3 '' 'line:1: field 3 \(score\): not a probability' sh -c 'printf "g\t1\t7\n" >line; verdict -M logloss line line'
t '--max-bad goes on' 0 - '1 of 21 lines refused' sh -c '{ cat a; echo; } >blank; verdict --max-bad 1 blank b'

# ---- options and system ----

t 'no file' 2 '' 'no file is named' verdict
t 'no such test' 2 '' 'test: neither randomisation, t nor wilcoxon: "z"' verdict --test z a b
t 'no such metric' 2 '' 'no metric "auk"' verdict -M auk old new
t '--by without -M' 2 '' '--by needs scored records' verdict --by 3 old new
t '--by a field that is not there' 2 '' '--by: no field 9' verdict -M auc --by 9 old new
t 'no such file' 4 '' 'nowhere: No such file' verdict a nowhere
if [ -w /dev/full ]; then
	t 'a full disk' 4 '' 'No space left' sh -c 'verdict b b >/dev/full'
	t 'a full disk comes before a gate' 4 '' 'No space left' sh -c 'verdict --gate more flat >/dev/full'
else
	skip 'a full disk' 'no /dev/full'
fi
done_testing
