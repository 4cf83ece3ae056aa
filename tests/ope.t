# ope - columns, both shapes of input, the policies, rankings, intervals, warnings, what is refused; known truths and
# reference values on real logs
. "$(dirname "$0")/tap.sh"

cd "$tmp" || exit
tab=$(printf '\t')
: >empty

# Rows of fields written with blanks, as records.
tabs() { tr ' ' '\t'; }

# ---- decisions, by hand ----

# weights 4, 0.5 and 0: those of tests/policy.c, where the figures come from
tabs >three <<END
a i 0.25 1 1 2 1
b i 0.5 3 0.25 2 2
c i 0.5 5 0 4 3
END
t 'every estimator by hand' 0 "$(tabs <<END
replay 1.4 3 1.47058824 1
ips 1.83333333 3 1.24615385 4
snips 1.22222222 3 1.24615385 4
clipped-ips 1 3 1.6 1.5
shrunk-ips 0.592592593 3 2 0.444444444
dm 2 3 3 0
dr 0.833333333 3 1.24615385 4
sndr 1.22222222 3 1.24615385 4
clipped-dr 1.66666667 3 1.6 1.5
switch-dr 2.16666667 3 1 0.5
shrunk-dr 2 3 2 0.444444444
END
)" '' sh -c 'ope --target 5 --predicted 6 --expected 7 -p 3 -y 4 --clip 1.5 --shrink 2 --switch 0.5 three 2>/dev/null | cut -f 1,2,5-'
t 'a header; intervals of a mean, t with 2 degrees of freedom' 0 "estimator${tab}value${tab}lower${tab}upper${tab}n${tab}effective_n${tab}max_weight
ips${tab}1.83333333${tab}-3.18642818${tab}6.85309485${tab}3${tab}1.24615385${tab}4" '' \
	sh -c 'ope -H --target 5 -p 3 -y 4 three | sed "/replay/d; /snips/d"'
cut -f 1-5 three >default
t 'in records the columns have their places' 0 - '' sh -c 'ope --target -1 default >got && ope --target 5 -g 1 -p 3 -y 4 three | cmp got -'
(echo user,item,p,r,t && tr '\t' , <default) >log.csv
t 'CSV by name, -g: the same' 0 "$(ope --target -1 default)" '' ope -C -g user -p p -y r --target t log.csv
t 'without -g each row is a group' 0 "$(ope --target -1 default)" '' ope -C -p p -y r --target t log.csv
t 'another delimiter' 0 "$(ope --target -1 default)" '' sh -c 'tr , ";" <log.csv | ope -d ";" -p p -y r --target t'
t '-v; what --clip and --switch changed is counted' 0 - '3 decisions in 3 groups; mean weight 1.5, standard error 1.3' \
	ope -v --target -1 default
t 'clipped weights are counted' 0 - '^ope: 1 of 3 weights are above --clip$' ope --clip 1.5 --target -1 default
t 'switched ones too' 0 - '^ope: 2 of 3 weights are above --switch$' \
	ope --target 5 --predicted 6 --expected 7 -p 3 -y 4 --switch 0.1 three
t 'none: nothing is said' 0 - '' ope --clip 4 --target -1 default
sed 's/^c/a/' default >pair
t 'decisions of a group stand together: ips by hand' 0 "ips${tab}1.83333333${tab}-0.990267719${tab}4.65693439" '' \
	sh -c 'ope --target -1 pair | grep ^ips | cut -f 1-4'
t 'no final newline, negative rewards' 0 "ips${tab}-1.5" - sh -c 'printf "a\t0.5\t-1.5\t0.5" | ope --target -1 | grep ^ips | cut -f 1,2'
t 'of one group nothing is known' 0 "replay${tab}3${tab}?${tab}?${tab}1${tab}1${tab}0.25
ips${tab}1.5${tab}?${tab}?${tab}1${tab}1${tab}0.5
snips${tab}3${tab}?${tab}?${tab}1${tab}1${tab}0.5" '' sh -c 'grep ^b default | ope --target -1'

# ---- candidates, by hand ----

tabs >candidates <<END
d a 0.5 6 1 2
d b ? ? 3 5
d c ? ? 3 7
e a 0.1 ? 3 1
e b 0.2 4 2 3
END
best() { ope -p 3 -y 4 -s 5 --predicted 6 "$@" candidates; }
t 'greedy: ties share; the model of the group' 0 "$(tabs <<END
ips 0 2 0 0
dm 3.5 2 2 0
dr 3.5 2 0 0
END
)" - sh -c 'ope -p 3 -y 4 -s 5 --predicted 6 candidates | cut -f 1,2,5-'
t 'epsilon: 0.6 of the time the best, else any' 0 "$(best --epsilon 0.4 2>/dev/null)" - sh -c '
	printf "d\t0.5\t6\t%.17g\t2\t%.17g\ne\t0.2\t4\t0.2\t3\t1.4\n" 0.13333333333333333 5.4666666666666667 |
	ope -p 2 -y 3 --target 4 --predicted 5 --expected 6'
t 'softmax with temperature 2' 0 "$(best -T 2 2>/dev/null)" - sh -c '
	awk "BEGIN {
		a = exp(0.5); b = exp(1.5); z = a + 2 * b
		printf \"d\t0.5\t6\t%.17g\t2\t%.17g\n\", a / z, (2 * a + 12 * b) / z
		a = exp(1.5); b = exp(1)
		printf \"e\t0.2\t4\t%.17g\t3\t%.17g\n\", b / (a + b), (a + 3 * b) / (a + b)
	}" | ope -p 2 -y 3 --target 4 --predicted 5 --expected 6'
t 'candidates in CSV' 0 "$(best -T 2 2>/dev/null)" - sh -c '(echo u,i,p,r,s,q; tr "\t" , <candidates) | ope -C -g u -p p -y r -s s --predicted q -T 2'
sed 's/^d\tb\t?/d	b	0/; s/^e\ta\t0.1/e	a	0/' candidates >never
t 'what is never taken, and the target takes' 0 - 'in 2 decisions .* propensity of 0; in the mean with probability 0.75$' \
	ope -p 3 -y 4 -s 5 never
t 'and is not with this target: nothing is said' 0 - '' ope -y 2 -p 3 - <<END
a${tab}1${tab}1${tab}0.9
a${tab}?${tab}0${tab}0.3
END

# ---- rankings ----

tabs >rankings <<END
r a 0.5 1 0.25
s b 0.25 0 0.5
r b 0.5 0 0.5
s a 0.5 1 0.75
s c 1 2 1
END
# weights .5, .5 and 2, 3, 3; targets .25, .125 and .5, .375, .375
t '--cascade: weights multiply down a ranking' 0 "replay${tab}0.846153846${tab}4.33333333${tab}0.5
ips${tab}1.9${tab}3.6${tab}3
snips${tab}1.05555556${tab}3.6${tab}3" - sh -c 'ope --cascade --target -1 rankings | cut -f 1,2,6-'
t 'without it each place is by itself' 0 "ips${tab}0.8" - sh -c 'ope --target -1 rankings | grep ^ips | cut -f 1-2'

# ---- intervals ----

awk 'BEGIN {
	for (i = 0; i < 300; i++) {
		p = i % 3 ? 0.25 : 0.5
		printf "u%d\ti\t%g\t%d\t%g\n", i * 7919 % 101, p, i * 31 % 7 < 3, i % 6 < 3 ? 0.25 : 0.35
	}
}' >log
ope --target -1 --draws 500 log >got
ope --target -1 --draws 500 log | cmp - got >again 2>&1
is 'two runs are equal, bootstrap and all' "$(cat again)" ''
sort -r log | ope --target -1 --draws 500 >again
is 'the order of the input does not matter' "$(diff got again)" ''
t 'another seed draws otherwise' 1 - '' sh -c 'ope --target -1 --draws 500 --seed 2 log | cmp -s - got'
is 'estimates are the same, and intervals near' \
	"$(ope --target -1 log | paste got - | awk -F '\t' '{ d = ($11 - $10) / 10; print $1 == $8 && $2 == $9 && ($3 - $10) ^ 2 < d ^ 2 && ($4 - $11) ^ 2 < d ^ 2 }' | paste -s -d ' ' -)" '1 1 1'
t '--level' 0 '' '' sh -c 'ope --target -1 --level 0 log | awk "(\$3 - \$2) ^ 2 + (\$4 - \$2) ^ 2 > 1e-17"'
awk -v OFS='\t' '{ $1 = NR } 1' log >single
interval() { ope --target -1 --max-weight 2 --concentration "$@" --clip 1 single 2>/dev/null | grep -E '^(clipped-)?ips' | cut -f 3,4; }
is 'hoeffding, by awk' "$(interval hoeffding)" "$(awk -v OFS='\t' '
	{ w = $5 / $3; s += w * $4; c += (w < 1 ? w : 1) * $4 }
	END {
		h = sqrt(log(40) / (2 * NR))
		printf "%.9g\t%.9g\n%.9g\t%.9g\n", s / NR - 2 * h, s / NR + 2 * h, c / NR - h, c / NR + h
	}' single)"
is 'bernstein, by awk' "$(interval bernstein --level 0.9 | head -n 1)" "$(awk -v OFS='\t' '
	{ x = $5 / $3 * $4; s += x; q += x * x }
	END {
		m = s / NR
		h = sqrt(2 * (q - NR * m * m) / (NR - 1) * log(40) / NR) + 7 * 2 * log(40) / (3 * (NR - 1))
		printf "%.9g\t%.9g\n", m - h, m + h
	}' single)"
t 'a weight that is not bounded has no such interval' 0 "ips${tab}?${tab}?" - \
	sh -c 'ope --target -1 --concentration bernstein single | grep ^ips | cut -f 1,3,4'
t 'a weight above its bound' 3 '' 'greatest weight is 1.4, above --max-weight' \
	ope --target -1 --concentration bernstein --max-weight 1.3 single
t 'a reward above its bound' 3 '' 'single:1: field 4 \(label\): not within 0 and --max-reward: "1"' \
	ope --target -1 --concentration bernstein --max-reward 0.5 single
t 'decisions of a group are not independent' 3 '' '300 decisions in 101 groups' ope --target -1 --concentration bernstein log

# ---- warnings ----

awk 'BEGIN { for (i = 0; i < 100; i++) printf "%d\t%g\t1\t%g\n", i, 0.5, i % 3 ? 0.5 : 0.6 }' >high
t 'the mean weight is not 1' 0 - 'mean weight is 1.068, not 1 \(standard error 0.0095\)' ope --target -1 high
awk 'BEGIN { for (i = 0; i < 100; i++) printf "%d\t%g\t1\t%g\n", i, i ? 0.5 : 0.01, i ? 0.001 : 1 }' >few
t 'few decisions carry the weight' 0 - '100 decisions weigh as much as 1.00' ope --target -1 few
awk 'BEGIN { for (i = 0; i < 100; i++) printf "%d\t%g\t1\t%g\n", i, 0.5, i % 2 }' >good
t 'a sound log: nothing is said' 0 - '' ope --target -1 good
awk 'BEGIN { for (i = 0; i < 100; i++) printf "%d\t%g\t1\t0\n", i, 0.5 }' >apart
t 'no action in common' 0 - 'snips: has no value: the target policy takes nothing that was taken' ope --target -1 apart
t 'and the mean weight says so' 0 - 'mean weight is 0, not 1' ope --target -1 apart

# ---- what is refused ----

bad() { # propensity, reward, target, message
	printf 'a\t%s\t%s\t%s\n' "$1" "$2" "$3" >bad
	t "propensity \"$1\", reward \"$2\", target \"$3\"" 3 '' "^ope: bad:1: field $4" ope --target -1 bad
}
bad 0 1 0.5 '2 \(propensity\): 0, and yet it was taken: "0"$'
bad -0.1 1 0.5 '2 \(propensity\): not a probability: "-0.1"$'
bad 1.01 1 0.5 '2 \(propensity\): not a probability: "1.01"$'
bad 1e-320 1 0.5 '2 \(propensity\): too small: "1e-320"$'
bad '?' 1 0.5 '2 \(propensity\): unknown, where one is needed: "\?"$'
bad '' 1 0.5 '2 \(propensity\): not a number: "" \(it is empty\)$'
bad 0,5 1 0.5 '2 \(propensity\): not a number: "0,5" \(decimal comma\?\)$'
bad 0.5 '?' 0.5 '3 \(label\): unknown, where one is needed: "\?"$'
bad 0.5 nan 0.5 '3 \(label\): not a number: "nan"$'
bad 0.5 inf 0.5 '3 \(label\): not a number: "inf"$'
bad 0.5 1e999 0.5 '3 \(label\): not a number: "1e999" \(too large\?\)$'
bad 0.5 0x1 0.5 '3 \(label\): not a number: "0x1" \(hexadecimal\?\)$'
bad 0.5 1 1.5 '4 \(target\): not a probability: "1.5"$'
bad 0.5 1 -1 '4 \(target\): not a probability: "-1"$'
t 'in CSV the column is named' 3 '' 'stdin:3: field 2 \(chance\): 0, and yet it was taken' ope -C -p chance -y r --target t - <<END
t,chance,r
1,1,1
1,0,1
END
t 'empty input' 3 '' '^ope: no records$' ope empty
t 'empty input, decisions' 3 '' '^ope: no records$' ope --target -1 empty
printf 'a\t0.5\t1\t1\na\t0.5\t1\n' >short
t 'a short record' 3 '' 'short:2: fewer fields' ope --target -1 short
t '--max-bad goes on' 0 - '1 of 2 lines refused' ope --target -1 --max-bad 1 short
printf 'a\t0.5\t1\t1\n\nb\t0.5\t1\t1\n' >blank
t 'a blank line' 3 '' 'blank:2: blank line' ope --target -1 blank
printf 'a\t0.5\t1e308\t1\r\n\377\0\t0.5\t1e308\t1' >bytes
t 'any bytes, CR LF; a sum that overflows is no figure' 3 '' 'the sum overflows' ope --target -1 bytes
printf 'a\t0.5\t?\t0.3\na\t0.5\t1\t0.1\nb\t?\t?\t0.3\nb\t?\t?\t0.3\nc\t1\t1\t0.3\n' >none
t 'a group in which nothing was taken' 3 '' 'none:4: its group ends here, and no candidate was taken' ope none
t 'the last one too' 3 '' 'stdin:4: its group ends here' sh -c 'head -n 4 none | ope'
printf 'a\t0.5\t0\t0.3\na\t0.5\t1\t0.1\n' >twice
t 'two that were taken' 3 '' 'twice:2: field 3 \(label\): a second candidate of its group that was taken: "1"' ope twice
printf 'a\t0.5\t1\t1\nb\t0.5\t1\t1\na\t0.5\t?\t1\n' >again
t 'a group that comes again' 3 '' 'again:3: its group ended at again:1 \(sort first\)' ope again
printf 'a\t7\t?\t1\na\t0.5\t1\t1\n' >chance
t 'a propensity of what was not taken' 3 '' 'chance:1: field 2 \(propensity\): not a probability: "7"' ope chance
printf 'a\t?\t?\t1\na\t0.5\t1\t?\n' >score
t 'a score that is not there' 3 '' 'score:2: field 4 \(score\): unknown' ope score

# ---- options and system ----

t 'no such column' 2 '' 'target: no field 9' ope --target 9 default
t 'no such name' 2 '' 'no column "x" in the header' ope -C -p p -y x --target t log.csv
t 'a name in records' 2 '' 'not a field number: "t" \(-C reads names\)' ope --target t default
t 'CSV wants names' 2 '' '^ope: -C: --propensity must name a column' ope -C -y r --target t log.csv
t 'and of candidates more' 2 '' '^ope: -C: --group must name a column' ope -C -p p -y r -s t log.csv
t '--cascade wants groups' 2 '' '^ope: -C: --group must name a column' ope -C -p p -y r --target t --cascade log.csv
for options in '-s 5' '-T 1' '--epsilon 0.5'; do
	# shellcheck disable=SC2086
	t "--target and $options" 2 '' 'target: it is the policy' ope --target -1 $options default
done
t '--predicted without --expected' 2 '' 'go together' ope --target -1 --predicted 4 default
t '--expected without --predicted' 2 '' 'go together' ope --target -1 --expected 4 default
t '--expected of candidates' 2 '' 'expected: goes with --target' ope --expected 4 candidates
t '--cascade of candidates' 2 '' 'cascade: goes with --target' ope --cascade candidates
for o in bootstrap model; do
	t "--$o means something else in other programs" 2 '' 'no such option' ope --target -1 --$o 4 default
done
t '--cascade with a model' 2 '' 'no estimators with a model \(--predicted\)' ope --target -1 --predicted 4 --expected 4 --cascade default
t '--max-bad of candidates' 2 '' 'max-bad: goes with --target' ope --max-bad 1 candidates
t '--max-bad of rankings' 2 '' 'max-bad: goes with --target only, without --cascade' ope --target -1 --cascade --max-bad 1 rankings
t '--switch without a model' 2 '' 'switch: goes with --predicted' ope --target -1 --switch 1 default
t 'no such inequality' 2 '' 'neither hoeffding nor bernstein: "chernoff"' ope --target -1 --concentration chernoff default
t 'two kinds of interval' 2 '' 'one kind of interval' ope --target -1 --concentration hoeffding --draws 5 default
t 'no such option' 2 '' 'no such option' ope -Z
t 'no such file' 4 '' 'nowhere: No such file' ope --target -1 nowhere
if [ -w /dev/full ]; then
	t 'a full disk' 4 '' 'No space left' sh -c 'ope --target -1 default >/dev/full'
else
	skip 'a full disk' 'no /dev/full'
fi

# ---- the loop closes: topk explores and logs, ope reads ----

# 4000 requests of 4 candidates; the chance of a click depends on the request and the item, and is known. The logged
# scores see half of it; the new policy is a softmax of the chances themselves.
awk -v OFS='\t' 'BEGIN {
	for (r = 0; r < 4000; r++)
		for (i = 0; i < 4; i++)
			print "r" r, "i" i, 0.1 + 0.2 * ((r + i) % 4), "?", 0.05 * ((r + i) % 4)
}' >catalogue
topk -T 0.2 -k 4 catalogue | awk -v OFS='\t' '
	function hash(x) { x = x * 16807 % 2147483647; return x * 48271 % 2147483647 }
	{ chance = $3; score = chance }
	$1 != last { $5 = hash(substr($1, 2) * 4 + substr($2, 2) + 1) / 2147483647 < chance ? 1 : 0 }
	{ last = $1; $6 = score; print }' >explored
truth=$(awk 'BEGIN { for (i = 0; i < 4; i++) { c = 0.1 + 0.2 * i; z += exp(c / 0.1); s += c * exp(c / 0.1) } printf "%.9g", s / z }')
holds=$(ope -T 0.1 explored 2>"$tmp/said" | awk -v truth="$truth" '$1 != "replay" { print $1, $3 < truth && truth < $4 && $4 - $3 < 0.1 }' | paste -s -d ' ' -)
is 'topk -T logs what ope reads: ips and snips cover the truth' "$holds" 'ips 1 snips 1'
is 'and no check is amiss' "$(cat "$tmp/said")" ''
is 'a model that knows the truth: dm is the truth' \
	"$(ope -T 0.1 --predicted -1 explored | awk '$1 == "dm" { print $2 }')" "$truth"

# ---- real logs ----

data=$here/../../shared/data
if [ -e "$data/hillstrom/hillstrom.csv.gz" ]; then
	gzip -dc "$data/hillstrom/hillstrom.csv.gz" | tr -d '\r' >hillstrom.csv
	for y in visit spend; do
		awk -F, -v y=$y -v OFS='\t' '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == y) behind = NF - i; next }
		{ print NR, $(NF - 3), 1 / 3, $(NF - behind), $(NF - 3) == "Womens E-Mail" }' OFMT=%.17g CONVFMT=%.17g hillstrom.csv >arms
		is "Hillstrom's e-mail test, $y: snips of 'always Women's' is that arm's mean, ips three times its sum over all" \
			"$(ope --target -1 arms | awk '/^(replay|ips|snips)/ { print $1, $2 }' | paste -s -d ' ' -)" \
			"$(awk -F '\t' '$5 { n++; s += $4 } END { printf "replay %.9g ips %.9g snips %.9g\n", s / n, 3 * s / NR, s / n }' arms)"
	done
	is 'and no check is amiss' "$(ope --target -1 arms 2>&1 >/dev/null)" ''
else
	for what in visit spend checks; do skip "Hillstrom's e-mail test, $what" 'the data are not beside the project'; done
fi

# To the nine digits that are printed. OBP is Open Bandit Pipeline 0.5.7, obp.ope.estimators.
# The model is (clicks + 1) / (impressions + 100) of each item in the log itself.
items=$data/open-bandit/item_context_men.csv
logged() { gzip -dc "$data/open-bandit/$1_men.csv.gz" | awk -F, -v OFS='\t' 'NR > 1 { print $3, $6, $5 }'; }
obp() { # what, estimates expected, file, options...
	what=$1 want=$2 file=$3
	shift 3
	ope "$@" "$file" 2>/dev/null | cut -f 1,2 >got
	echo "$want" | awk '
		NR == FNR { got[$1] = $2; next }
		{ d = got[$1] - $2; if (!($1 in got) || d > 5e-9 * $2 || d < -5e-9 * $2) print $1, got[$1], "not", $2 }' got - >difference
	is "$what" "$(cat difference)" ''
}
if [ -e "$items" ]; then
	logged bts | awk -v OFS='\t' '
	{ item[NR] = $1; p[NR] = $2; click[NR] = $3; n[$1]++; c[$1] += $3 }
	END {
		for (a = 0; a < 34; a++) mean += (c[a] + 1) / (n[a] + 100) / 34
		for (i = 1; i <= NR; i++) {
			a = item[i]
			printf "%d\t%s\t%s\t%.17g\t%.17g\t%.17g\n", i, p[i], click[i], 1 / 34, (c[a] + 1) / (n[a] + 100), mean
		}
	}' >uniform
	obp "Open Bandit, Thompson's log, a uniform policy: OBP's values" 'ips 0.0030086263272564818
snips 0.0031894231622774027
clipped-ips 0.0024475959153516789
dm 0.0073417342294914822
dr 0.0033549380958788483
sndr 0.0031153602804815817
clipped-dr 0.0060068740514765597
switch-dr 0.0065864992660030555
shrunk-dr 0.0054495024427298191' uniform -p 2 -y 3 --target 4 --predicted 5 --expected 6 --clip 2 --shrink 100 --switch 5
	is 'shrunk-ips, which it lacks, is that of awk' "$(ope -p 2 -y 3 --target 4 --shrink 4 uniform 2>/dev/null | awk '/shrunk/ { print $2 }')" \
		"$(awk '{ w = $4 / $2; s += 4 * w / (w * w + 4) * $3 } END { printf "%.9g", s / NR }' uniform)"
	# a line for each of the 34 candidates; the score is the item's feature 0
	{ awk -F, 'NR > 1 { print $2, $3 }' "$items" && echo && logged random; } | awk '
	NF == 2 { score[$1] = $2; next }
	NF == 3 { item[++rows] = $1; p[rows] = $2; click[rows] = $3; n[$1]++; c[$1] += $3 }
	END {
		for (i = 1; i <= rows; i++)
			for (a = 0; a < 34; a++)
				printf "%d\t%d\t%s\t%s\t%s\t%.17g\n", i, a, a == item[i] ? p[i] : "?", a == item[i] ? click[i] : "?", score[a],
					(c[a] + 1) / (n[a] + 100)
	}' >random
	obp 'Open Bandit, random log, a softmax of an item feature: OBP' 'ips 0.0031831600331558539
snips 0.0030414813874904893
clipped-ips 0.00089224836867389762
dm 0.0047411286168985043
dr 0.002953112346643996
sndr 0.0030326948121684018
clipped-dr 0.004163399441576141
switch-dr 0.0043622594943377203
shrunk-dr 0.0043528892360456478' random -p 3 -y 4 -s 5 -T 0.5 --predicted 6 --clip 1.5 --shrink 4 --switch 2
	obp 'its greedy policy, with replay: OBP' 'replay 0.0031645569620253164
ips 0.0033999999999999998
snips 0.0031645569620253164
clipped-ips 0.001
dm 0.004807692307692308
dr 0.0030423076923076931
sndr 0.0031645569620253164
clipped-dr 0.0042884615384615379
switch-dr 0.004807692307692308
shrunk-dr 0.004667136207741303' random -p 3 -y 4 -s 5 --predicted 6 --clip 10 --shrink 100 --switch 20
	obp 'its epsilon-greedy policy: OBP' 'ips 0.0035200000000000001
snips 0.0032990927494938888
clipped-ips 0.0014499999999999999
dm 0.0049237672651782976
dr 0.0031978481353389177
sndr 0.0033061629221482116
clipped-dr 0.0042726558276466094
switch-dr 0.0047918865968773787
shrunk-dr 0.0046389929488800247' random -p 3 -y 4 -s 5 --epsilon 0.1 --predicted 6 --clip 10 --shrink 100 --switch 20
else
	for what in uniform shrunk softmax greedy epsilon; do skip "Open Bandit, $what" 'the data are not beside the project'; done
fi
done_testing
