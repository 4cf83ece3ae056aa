# revenue - sums of money to the last digit, Student's interval of the mean, any split the same bytes
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/sums.sh
. "$(dirname "$0")/sums.sh"

cd "$tmp" || exit
awk 'BEGIN { for (i = 0; i < 997; i++) printf "u%d\ti%d\t%s\tf\n", i * 31 % 13, i % 7, i % 5 ? 0 : i * i % 1000 / 8 - 20 }' >log

# by hand: Student 1908, additional hours of sleep, mean 1.58 from 0.7001142 to 2.4598858
printf '%s\tf\n' 1.2 2.4 1.3 1.3 0.0 1.0 1.8 0.8 4.6 1.4 >sleep
t "Student's interval" 0 "10${tab}15.8${tab}1.58${tab}0.700114237${tab}2.45988576" '' revenue sleep
t '--level' 0 "10${tab}15.8${tab}1.58${tab}0.315948115${tab}2.84405189" '' revenue --level 0.99 sleep
# by hand: Welch's test of the two drugs, as in the manual of R's t.test
printf '%s\tf\n' 0.7 -1.6 -0.2 -1.2 -0.1 3.4 3.7 0.8 0.0 2.0 | sed "s/^/first$tab/" >drugs
printf '%s\tf\n' 1.9 0.8 1.1 0.1 -0.1 4.4 5.5 1.6 4.6 3.4 | sed "s/^/second$tab/" >>drugs
is "--against: Welch's test" "$(revenue -g 1 --against second drugs | cut -f 1,7-)" \
	"first${tab}-1.58${tab}-3.36548323${tab}0.205483231${tab}0.0793941402
second${tab}?${tab}?${tab}?${tab}?"
t 'by key, one impression has no interval' 0 "a${tab}2${tab}3.00${tab}1.5${tab}-4.85310237${tab}7.85310237
b${tab}1${tab}-0.10${tab}-0.1${tab}?${tab}?" '' revenue -g 1 - <<END
b${tab}-0.10${tab}f
a${tab}1${tab}f
a${tab}2.0${tab}f
END
t 'what doubles cannot hold is exact' 0 "4${tab}10000000000.300000003" '' sh -c 'revenue | cut -f 1,2' <<END
0.1${tab}f
0.2${tab}f
10000000000${tab}f
0.000000003${tab}f
END
t 'ten dimes are a dollar' 0 "10${tab}1.0${tab}0.1${tab}0.1${tab}0.1" '' sh -c \
	'awk "BEGIN { for (i = 0; i < 10; i++) print \"0.1\tf\" }" | revenue'
t 'equal prices leave no doubt' 0 "3000${tab}29970.00${tab}9.99${tab}9.99${tab}9.99" '' sh -c \
	'awk "BEGIN { for (i = 0; i < 3000; i++) print \"9.99\tf\" }" | revenue'
t 'signs, exponents, points at either end' 0 "8${tab}1515.550" '' sh -c 'revenue | cut -f 1,2' <<END
+1.5e3${tab}f
-.5${tab}f
5.${tab}f
1E1${tab}f
25e-1${tab}f
-0.00${tab}f
50e-3${tab}f
-1.5e+0${tab}f
END
t 'a sum below 1 and below 0' 0 "1${tab}-0.05" '' sh -c 'revenue | cut -f 1,2' <<END
-0.05${tab}f
END
t 'nine decimals' 0 "1${tab}0.000000001" '' sh -c 'revenue | cut -f 1,2' <<END
0.000000001${tab}f
END
t 'all keys have the decimals of the most precise amount' 0 "a${tab}1${tab}5.000
b${tab}1${tab}0.125" '' sh -c 'revenue -g 1 | cut -f 1-3' <<END
a${tab}5${tab}f
b${tab}0.125${tab}f
END
t 'CSV by name' 0 "A, B${tab}2${tab}3.75" '' sh -c 'revenue -C -g shop -y paid | cut -f 1-3' <<END
shop,paid
"A, B",1.25
"A, B","2.50"
END
is 'sums are those of awk' "$(revenue -g 1,2 log | cut -f 1-5)" \
	"$(awk '{ k = $1 "\t" $2; n[k]++; s[k] += $3 }
	END { for (k in n) printf "%s\t%d\t%.3f\t%.9g\n", k, n[k], s[k], s[k] / n[k] }' log | sort)"
revenue -g 1 log >once
is 'two runs are equal' "$(revenue -g 1 log | cmp - once)" ''
any_split revenue
any_split revenue -g 2
any_split revenue -g 1,2

# ---- the bootstrap ----

sums_draw_units revenue
awk -v OFS='\t' '{ for (i = 0; i < 20; i++) print "v" NR, i, $3, "f" }' log >alike
is 'impressions of a user that are alike tell no more than one' "$(revenue --bootstrap 1 alike | cut -f 3-)" \
	"$(awk '$2 == 0' alike | revenue --bootstrap 1 | cut -f 3-)"
is 'where each user has one, it is nearly as wide as Student'\''s' "$(
	{ awk '$2 == 0' alike | revenue --bootstrap 1 && awk '$2 == 0' alike | revenue; } |
		awk '{ wide[NR] = $5 - $4 } END { print (wide[1] / wide[2] > 0.85 && wide[1] / wide[2] < 1.15) ? "yes" : wide[1] / wide[2] }'
)" yes
t 'of one user nothing is known' 0 "2${tab}3.5${tab}1.75${tab}?${tab}?" '' revenue --bootstrap 1 - <<END
b${tab}2.5${tab}f
b${tab}1${tab}f
END
# by hand: a user's first amount is 3.50 more than the second, in every draw
awk -v OFS='\t' 'BEGIN { for (i = 0; i < 50; i++) { print i, "a", i % 7 ".5", "f"; print i, "b", i % 7 - 3 ".00", "f" } }' >shops
is 'money of different decimals, and no doubt' "$(revenue --bootstrap 1 -g 2 --against b shops | cut -f 1-4,7-)" \
	"a${tab}50${tab}172.00${tab}3.44${tab}3.5${tab}3.5${tab}3.5${tab}0
b${tab}50${tab}-3.00${tab}-0.06${tab}?${tab}?${tab}?${tab}?"

bad() { # amount, rule
	printf 'k\t1\tf\nk\t%s\tf\n' "$1" >bad
	t "amount $1" 3 '' "^revenue: bad:2: field 2 \(label\): $2$" revenue bad
}
bad '1,50' 'not a number: "1,50" \(decimal comma\?\)'
bad '' 'not a number: "" \(it is empty\)'
bad '?' 'not a number: "\?"'
bad '$5' 'not a number: "\$5"'
bad '1.5 ' 'not a number: "1.5 "'
bad 1.2.3 'not a number: "1.2.3".*'
bad nan 'not a number: "nan"'
bad -inf 'not a number: "-inf"'
bad 1e999 'not a number: "1e999" \(too large\?\)'
bad 0x1F 'not a number: "0x1F" \(hexadecimal\?\)'
bad 0.1234567890 'more than 9 decimals: "0.1234567890"'
bad 1e-10 'more than 9 decimals: "1e-10"'
bad 1e-99999999999 'more than 9 decimals: "1e-99999999999"'
bad 1e-4294967296 'more than 9 decimals: "1e-4294967296"'
bad 340282366920938463463374607431768211456 'too large: "340282366920938463463374607431768211456"'
bad 1e38 'too large: "1e38"'
bad 1e300 'too large: "1e300"'
bad -13043817825332782213 'too large: "-13043817825332782213"'
bad 999999999999999999999999999999999999999999 'too large: "9999999.*'
t 'the largest amount' 0 "1${tab}13043817825332782212" '' sh -c 'revenue | cut -f 1,2' <<END
13043817825332782212${tab}f
END
t 'sums that overflow are an error' 3 '' 'stdin:2: the sum overflows' revenue - <<END
13043817825332782212${tab}f
13043817825332782212${tab}f
END
t 'so are amounts too large for the decimals of others' 3 '' 'stdin:2: the sum overflows' revenue - <<END
0.000000001${tab}f
13043817825332782212${tab}f
END
t 'whatever their order' 3 '' 'stdin:2: the sum overflows' revenue - <<END
13043817825332782212${tab}f
0.000000001${tab}f
END
sums_share revenue
# only parts can say this: each of their sums is possible, and no line of the file is wrong
awk 'BEGIN { for (i = 0; i < 400000; i++) print "k," i % 7 "," (i % 399999 ? i % 3 : "1e19") }' >rows
{ echo key,place,value; cat rows; } >huge.csv
t 'parts add up, also those that begin behind the header' 3 '' '^revenue: a part:[0-9]*: the sum overflows' revenue -j 3 -C -y value huge.csv
{ echo key,place,value; sed -n '1,199999p' rows; } >first.csv
{ echo key,place,value; sed '1,200001d' rows; } >second.csv
t 'and one that begins with a header' 3 '' '^revenue: a part:[0-9]*: the sum overflows' revenue -j 2 -C -y value first.csv second.csv
awk -F , -v OFS='\t' '{ print $1, $2, $3, "f" }' rows >huge
t 'and in records' 3 '' '^revenue: a part:[0-9]*: the sum overflows' revenue -j 3 huge

sums_are_strict revenue "impressions${tab}revenue${tab}mean${tab}lower${tab}upper"
t '--partial lines' 0 "revenue/1${tab}a${tab}2${tab}3.0${tab}500
revenue/1${tab}b${tab}1${tab}-0.10${tab}100" '' revenue --partial -g 1 - <<END
b${tab}-0.10${tab}f
a${tab}1${tab}f
a${tab}2.0${tab}f
END

refused() { # what, fields behind the tag, pattern
	printf 'revenue/1\t%s\n' "$2" >line
	t "--merge refuses $1" 3 '' "line:1: field $3" revenue --merge line
}
refused 'no impressions' "0${tab}0${tab}0" '2 \(impressions\): not a count: "0"'
refused 'a sum that is no number' "2${tab}x${tab}5" '3 \(revenue\): not a number: "x"'
refused 'squares that are no number' "2${tab}3${tab}x" '4 \(squares\): not a number: "x"'
refused 'squares that are not whole' "2${tab}3${tab}5.0" '4 \(squares\): impossible with this revenue: "5.0"'
refused 'squares too small for the sum' "2${tab}3${tab}4" '4 \(squares\): impossible with this revenue: "4"'
refused 'squares below 0' "2${tab}0${tab}-4" '4 \(squares\): impossible with this revenue: "-4"'
t 'counts beyond 2^64 are an error' 3 '' 'stdin:2: the sum overflows' revenue --merge - <<END
revenue/1${tab}9999999999999999999${tab}0${tab}0
revenue/1${tab}9999999999999999999${tab}0${tab}0
END

hillstrom=$here/../../shared/data/hillstrom/hillstrom.csv.gz
if [ -e "$hillstrom" ]; then
	gzip -dc "$hillstrom" | tr -d '\r' >hillstrom.csv
	is "Hillstrom's e-mail test: spend by arm is that of awk in whole cents" \
		"$(revenue -C -g segment -y spend hillstrom.csv | cut -f 1-4)" \
		"$(awk -F, 'NR > 1 { k = $(NF - 3); n[k]++; split($NF, d, "."); cents[k] += 100 * d[1] + substr(d[2] "00", 1, 2) }
		END { for (k in n) printf "%s\t%d\t%.2f\t%.9g\n", k, n[k], cents[k] / 100, cents[k] / 100 / n[k] }' \
			hillstrom.csv | sort)"
	is 'and so are the intervals' "$(revenue -C -g segment -y spend hillstrom.csv | cut -f 1,5-)" \
		"$(awk -F, 'NR > 1 { k = $(NF - 3); n[k]++; s[k] += $NF; x[NR] = $NF; key[NR] = k }
		END {
			for (i in x)
				square[key[i]] += (x[i] - s[key[i]] / n[key[i]]) ^ 2
			for (k in n) {
				df = n[k] - 1
				z = 1.959963984540054
				t = z + (z ^ 3 + z) / (4 * df) + (5 * z ^ 5 + 16 * z ^ 3 + 3 * z) / (96 * df ^ 2)
				half = t * sqrt(square[k] / df / n[k])
				printf "%s\t%.9g\t%.9g\n", k, s[k] / n[k] - half, s[k] / n[k] + half
			}
		}' hillstrom.csv | sort)"
else
	skip "Hillstrom's e-mail test: spend by arm is that of awk in whole cents" 'the data are not beside the project'
	skip 'and so are the intervals' 'the data are not beside the project'
fi
done_testing
