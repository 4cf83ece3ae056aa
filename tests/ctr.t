# ctr - clicks over impressions: exact counts, Wilson's interval, any split the same bytes
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/sums.sh
. "$(dirname "$0")/sums.sh"

cd "$tmp" || exit
awk 'BEGIN { for (i = 0; i < 997; i++) printf "u%d\ti%d\t%d\tf\n", i * 31 % 13, i % 7, i * i % 11 == 1 }' >log

# by hand: Newcombe 1998 has 15 of 148 from 0.0624 to 0.1605, and 0 of 20 up to 0.1611
awk 'BEGIN { for (i = 0; i < 148; i++) print "b\t" (i < 15) "\tf"; for (i = 0; i < 20; i++) print "a\t0\tf" }' >newcombe
grep '^b' newcombe >fifteen
t "Wilson's interval, by key, keys sorted" 0 "a${tab}20${tab}0${tab}0${tab}0${tab}0.161125158
b${tab}148${tab}15${tab}0.101351351${tab}0.0623863995${tab}0.160487242" '' ctr -g 1 newcombe
t 'without -g one line' 0 "168${tab}15${tab}0.0892857143${tab}0.0548547095${tab}0.142079482" '' ctr newcombe
t '--level 0 is the rate alone' 0 "4${tab}1${tab}0.25${tab}0.25${tab}0.25" '' ctr --level 0 - <<END
a${tab}1${tab}f
a${tab}0${tab}f
b${tab}0${tab}f
b${tab}0.0${tab}f
END
t 'several keys' 0 "a${tab}x${tab}1${tab}1${tab}1${tab}0.206549314${tab}1
a${tab}y${tab}1${tab}0${tab}0${tab}0${tab}0.793450686" '' ctr -g 1,2 - <<END
a${tab}y${tab}0${tab}f
a${tab}x${tab}1${tab}f
END
t '-y names the label' 0 "2${tab}1${tab}0.5${tab}0.0945312057${tab}0.905468794" '' ctr -y 1 - <<END
1${tab}x
0${tab}x
END
t 'CSV by name, quoted, keys escaped' 0 "a\\tb${tab}1${tab}1${tab}1${tab}0.206549314${tab}1
c,d${tab}2${tab}0${tab}0${tab}0${tab}0.657619772" '' ctr -C -g who -y click - <<END
click,who
0,"c,d"
1,a${tab}b
0,"c,d"
END
t '-d another delimiter' 0 "k${tab}1${tab}1${tab}1${tab}0.206549314${tab}1" '' ctr -d ';' -g a -y b - <<END
a;b
k;1
END
t '--interval exact: Clopper and Pearson' 0 "a${tab}20${tab}0${tab}0${tab}0${tab}0.168433471
b${tab}148${tab}15${tab}0.101351351${tab}0.0578440101${tab}0.16165049" '' ctr --interval exact -g 1 newcombe
t '--interval exact --level' 0 "148${tab}15${tab}0.101351351${tab}0.0635184488${tab}0.15176837" '' \
	ctr --interval exact --level 0.9 fifteen
t 'another interval' 2 '' '--interval: neither wilson nor exact: "wald"' ctr --interval wald newcombe
# by hand: Newcombe 1998 has 56 of 70 less 48 of 80 from 0.0524 to 0.3339; z is 2.65016
awk 'BEGIN { for (i = 0; i < 70; i++) print "a\t" (i < 56) "\tf"; for (i = 0; i < 80; i++) print "b\t" (i < 48) "\tf" }' >arms
t "--against: Newcombe's interval of the difference, and p" 0 \
	"a${tab}70${tab}56${tab}0.8${tab}0.691833555${tab}0.876952608${tab}0.2${tab}0.0524314724${tab}0.333872654${tab}0.00804508137
b${tab}80${tab}48${tab}0.6${tab}0.49045465${tab}0.700381724${tab}?${tab}?${tab}?${tab}?" '' ctr -g 1 --against b arms
is 'its interval does not depend on --interval' "$(ctr -g 1 --against b --interval exact arms | cut -f 7-)" \
	"$(ctr -g 1 --against b arms | cut -f 7-)"
is 'counts are those of awk' "$(ctr -g 1,2 log | cut -f 1-4)" \
	"$(awk '{ k = $1 "\t" $2; n[k]++; c[k] += $3 } END { for (k in n) print k "\t" n[k] "\t" c[k] }' log | LC_ALL=C sort)"
ctr -g 1 log >once
is 'two runs are equal' "$(ctr -g 1 log | cmp - once)" ''
any_split ctr
any_split ctr -g 2
any_split ctr -g 1,2 --level 0.95
flat 'few keys' log ctr -g 2

# ---- the bootstrap ----

rates_draw_units ctr

bad() { # label, rule
	printf 'k\t1\tf\nk\t%s\tf\n' "$1" >bad
	t "label $1" 3 '' "^ctr: bad:2: field 2 \(label\): $2$" ctr bad
}
bad 2 'neither 0 nor 1: "2"'
bad 0.5 'neither 0 nor 1: "0.5"'
bad -1 'neither 0 nor 1: "-1"'
bad '?' 'unknown, where one is needed: "\?"'
bad '' 'not a number: "" \(it is empty\)'
bad yes 'not a number: "yes"'
bad '1,0' 'not a number: "1,0" \(decimal comma\?\)'
bad nan 'not a number: "nan"'
bad inf 'not a number: "inf"'
bad 1e999 'not a number: "1e999" \(too large\?\)'
bad 0x1 'not a number: "0x1" \(hexadecimal\?\)'
bad '1 ' 'not a number: "1 "'
t 'in CSV the column is named' 3 '' 'stdin:3: field 2 \(click\): neither 0 nor 1: "7"' ctr -C -y click - <<END
who,click
a,1
a,7
END
t 'a label is refused before its key is known' 0 "b${tab}1${tab}1" - sh -c 'ctr -g 1 --max-bad 1 - | cut -f 1-3' <<END
a${tab}2${tab}f
b${tab}1${tab}f
END
sums_share ctr

sums_are_strict ctr "impressions${tab}clicks${tab}ctr${tab}lower${tab}upper"
t '--partial lines' 0 "ctr/1${tab}a${tab}20${tab}0
ctr/1${tab}b${tab}148${tab}15" '' ctr --partial -g 1 newcombe
t '--merge refuses more clicks than impressions' 3 '' 'field 3 \(clicks\): more than impressions: "2"' ctr --merge - <<END
ctr/1${tab}1${tab}2
END
t '--merge refuses a key without impressions' 3 '' 'field 2 \(impressions\): not a count: "0"' ctr --merge - <<END
ctr/1${tab}0${tab}0
END
t 'counts beyond 2^64 are an error' 3 '' 'stdin:2: the sum overflows' ctr --merge - <<END
ctr/1${tab}9999999999999999999${tab}1
ctr/1${tab}9999999999999999999${tab}1
END

printf '"a,b",k,y\n1,2,1\n1,3,0\n' >quoted.csv
t '-g: a name that holds a comma is quoted' 0 "1${tab}2${tab}1${tab}1
1${tab}3${tab}1${tab}0" '' sh -c 'ctr -C -g "\"a,b\",k" -y y quoted.csv | cut -f 1-4'
t '-g: a quote that never closes' 2 '' '^ctr: --group: a quote never closes: ' ctr -C -g '"a,b' -y y quoted.csv

hillstrom=$here/../../shared/data/hillstrom/hillstrom.csv.gz
if [ -e "$hillstrom" ]; then
	gzip -dc "$hillstrom" | tr -d '\r' >hillstrom.csv
	is "Hillstrom's e-mail test: visits by arm are those of awk" "$(ctr -C -g segment -y visit hillstrom.csv | cut -f 1-4)" \
		"$(awk -F, 'NR > 1 { k = $(NF - 3); n[k]++; c[k] += $(NF - 2) }
		END { for (k in n) printf "%s\t%d\t%d\t%.9g\n", k, n[k], c[k], c[k] / n[k] }' hillstrom.csv | sort)"
	is 'and so are the intervals' "$(ctr -C -g segment -y visit hillstrom.csv | cut -f 1,5-)" \
		"$(awk -F, 'NR > 1 { k = $(NF - 3); n[k]++; c[k] += $(NF - 2) }
		END {
			z = 1.959963984540054
			for (k in n) {
				p = c[k] / n[k]
				middle = (p + z * z / (2 * n[k])) / (1 + z * z / n[k])
				half = z / (1 + z * z / n[k]) * sqrt(p * (1 - p) / n[k] + z * z / (4 * n[k] * n[k]))
				printf "%s\t%.9g\t%.9g\n", k, middle - half, middle + half
			}
		}' hillstrom.csv | sort)"
else
	skip "Hillstrom's e-mail test: visits by arm are those of awk" 'the data are not beside the project'
	skip 'and so are the intervals' 'the data are not beside the project'
fi
done_testing
