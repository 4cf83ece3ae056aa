. "$(dirname "$0")/tap.sh"

header=ts,request,user,item,position,category,device,hour,price,clicked

t 'a log of no impressions is a header' 0 "$header" '' simulate -n 0
t 'rows to the last byte' 0 "$header,truth
1767225600,1,t5190,7,1,11,3,15,8.64,0,0.0455046499
1767225600,1,t5190,3,2,16,3,15,25.08,0,0.0675020156
1767225600,1,t5190,2,3,20,3,15,21.24,1,0.0953445014
1767225600,1,t5190,14268,4,5,3,15,47.45,0,0.115783297" '' simulate -n 4 --domain target --truth
t 'the domain is source or target' 2 '' 'neither source nor target: "both"' simulate --domain both
t 'takes no operand' 2 '' 'operand' simulate log.csv
t 'too few items for a request' 2 '' 'items: not within 10' simulate --items 9
t 'unknown option' 2 '' 'no such option' simulate --item-count 9
if [ -w /dev/full ]; then
	t 'a full disk is an error' 4 - 'stdout: ' sh -c 'simulate -n 10000 >/dev/full'
fi
t 'a closed stdout is an error' 4 '' 'stdout: ' sh -c 'simulate -n 1 >&-'

simulate -n 20000 --truth >"$tmp/a"
simulate -n 20000 --truth | cmp -s - "$tmp/a"
is 'two runs are equal' $? 0
simulate -n 7777 --truth >"$tmp/b"
head -n 7778 "$tmp/a" | cmp -s - "$tmp/b"
is 'a longer log begins with the shorter one' $? 0
simulate -n 20000 --truth --seed 2 | cmp -s - "$tmp/a"
is 'another seed is another world' $? 1
is 'truth is the last column and changes nothing else' "$(sed 's/,[^,]*$//' "$tmp/a" | cksum)" \
	"$(simulate -n 20000 | cksum)"

is 'a request has 3 to 10 positions, 1 2 3..., each of another item, one user, device and hour' "$(awk -F, '
	NR == 1 { next }
	$2 != request { if (request && (n < 3 || n > 10)) bad++; request = $2; n = 0; of = $1 $3 $7 $8; split("", seen) }
	$5 != ++n || $4 in seen || of != $1 $3 $7 $8 { bad++ }
	{ seen[$4]; sizes[n] }
	END { for (n in sizes) k++; print bad + 0, k }' "$tmp/a")" '0 10'
is 'an item keeps category and price, in both domains' "$( (cat "$tmp/a"; simulate -n 20000 --domain target) | awk -F, '
	$1 != "ts" { if (($4 in of) && of[$4] != $6 " " $9) bad++; of[$4] = $6 " " $9; n++ } END { print bad + 0, n }')" '0 40000'
is 'the domains share no user' "$( (cat "$tmp/a"; simulate -n 20000 --domain target) | awk -F, '
	$3 ~ /^s/ { s++ } $3 ~ /^t/ { t++ } END { print s, t }')" '20000 20000'

# Bounds are four standard deviations and more; the seed is fixed.
is 'clicks come with the true probability, low and high' "$(awk -F, '
	NR > 1 { k = $11 > 0.1; c[k] += $10; p[k] += $11; v[k] += $11 * (1 - $11) }
	END { for (k = 0; k < 2; k++) { d = c[k] - p[k]; print (d * d < 16 * v[k] ? "ok" : d) } }' "$tmp/a")" 'ok
ok'
is 'a popular item is at every position alike' "$(simulate -n 20000 --items 20 | awk -F, '
	NR > 1 && $5 <= 3 && $4 == 1 { k[$5]++ }
	END { m = (k[1] + k[2] + k[3]) / 3; for (p = 1; p <= 3; p++) if ((k[p] - m) ^ 2 > 16 * m) bad++; print bad + 0 }')" 0
is 'users follow the law of Zipf' "$(simulate -n 20000 --users 1000 | awk -F, '
	NR > 1 && $2 != request { request = $2; n++; if ($3 == "s1") k++ }
	END { for (r = 1; r <= 1000; r++) sum += r ^ -0.9; m = n / sum; print ((k - m) ^ 2 < 16 * m ? "ok" : k " not " m) }')" ok

# With one user, category and device the logit is a + item + position + hour: differences of positions do not depend on the rest.
logits() {
	simulate -n 60000 --truth --users 1 --items 10 --categories 1 --devices 1 "$@"
}
is 'the truth is log-linear' "$(logits | awk -F, '
	NR > 1 { x[$4, $5, $8] = log($11 / (1 - $11)) }
	END {
		for (i = 1; i <= 10; i++) for (h = 0; h < 24; h++) for (p = 2; p <= 10; p++) if ((i, p, h) in x && (i, 1, h) in x) {
			d = x[i, p, h] - x[i, 1, h] - (x[1, p, 0] - x[1, 1, 0])
			n++
			if (d * d > 1e-12) bad++
		}
		print bad + 0, (n > 1000 ? "many" : n)
	}')" '0 many'

# How far item and position differences move from one domain to the other.
moved() {
	(logits; logits --domain target --shift "$1") | awk -F, '
		$1 != "ts" && $8 == 0 { x[substr($3, 1, 1), $4, $5] = log($11 / (1 - $11)) }
		END {
			for (i = 2; i <= 10; i++) { item = x["s", i, 1] - x["s", 1, 1] - x["t", i, 1] + x["t", 1, 1]; sum += item * item }
			for (p = 2; p <= 10; p++) { place = x["s", 1, p] - x["s", 1, 1] - x["t", 1, p] + x["t", 1, 1]; sum += place * place }
			printf "%.3f\n", sum / 18
		}'
}
is 'without a shift the domains share the effects' "$(moved 0)" 0.000
is 'a shift moves them by its variance' "$(moved 0.1 | awk '{ print ($1 > 0.05 && $1 < 0.8 ? "ok" : $1) }')" ok

done_testing
