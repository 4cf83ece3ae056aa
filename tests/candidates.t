# candidates - contexts by items: all, the most popular, or those that co-occur most; against the same in awk
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

cd "$tmp" || exit
tab=$(printf '\t')
: >empty
printf 'u1\tmon\nu2\ttue\nu9\twed\n' >contexts
printf 'a\t1\nb\t2\nc\t3\nd\t4\n' >items
printf 'u1\ta\nu2\tb\nu3\ta\nu3\tc\nu4\tc\nu4\ta\nu5\tb\nu5\td\nu2\tq\nu5\tq\nu6\tc\n' >history

t 'all items, in their order' 0 "u1${tab}mon${tab}a${tab}1
u1${tab}mon${tab}b${tab}2
u2${tab}tue${tab}a${tab}1
u2${tab}tue${tab}b${tab}2" '' sh -c 'head -n 2 items | candidates --catalogue /dev/stdin contexts | head -n 4'
t 'the most popular; of equal ones the first name' 0 "u1${tab}mon${tab}a${tab}1
u1${tab}mon${tab}c${tab}3
u1${tab}mon${tab}b${tab}2" '' sh -c 'candidates --catalogue items -k 3 --history history contexts | head -n 3'
t 'co-occurring, then popular, none of its own, none that is not in the catalogue' 0 "u1${tab}mon${tab}c${tab}3
u1${tab}mon${tab}b${tab}2
u2${tab}tue${tab}d${tab}4
u2${tab}tue${tab}a${tab}1
u9${tab}wed${tab}a${tab}1
u9${tab}wed${tab}c${tab}3" '' candidates --catalogue items -k 2 --history history --co-occur contexts
t '-k beyond the catalogue' 0 - '' candidates --catalogue items -k 9 --history history contexts
is 'all of it' "$(awk 'END { print NR }' .out)" 12
t '-k beyond it, --co-occur' 0 - '' candidates --catalogue items -k 9 --history history --co-occur contexts
is 'all that is not their own' "$(cut -f 1 .out | sort | uniq -c | awk '{ print $1, $2 }' | paste -s -d , -)" '3 u1,3 u2,4 u9'
is '-g names the group' "$(awk '{ print $2 "\t" $1 }' contexts | candidates --catalogue items -k 2 --history history --co-occur -g 2 | cut -f 2-)" \
	"$(candidates --catalogue items -k 2 --history history --co-occur contexts | cut -f 1,3-)"
is '-i names the item' "$(awk '{ print $2 "\t" $1 }' items | candidates --catalogue /dev/stdin -i 2 -k 2 --history history --co-occur contexts | cut -f 4)" \
	"$(candidates --catalogue items -k 2 --history history --co-occur contexts | cut -f 3)"
printf 'u1\td\nu1\ta\nu1\td\nu2\ta\nu2\tb\nu3\td\nu3\tc\nu3\ta\nu4\td\nu4\tc\nu5\ta\nu5\tb\n' >order
t '--last 1: the last line counts, of an item that was there before' 0 "u1${tab}mon${tab}c${tab}3" '' \
	sh -c 'candidates --catalogue items -k 1 --history order --co-occur --last 1 contexts | head -n 1'
sed 1d order | grep -v '^u1.d' >shorter
t 'what is not there does not' 0 "u1${tab}mon${tab}b${tab}2" '' \
	sh -c 'candidates --catalogue items -k 1 --history shorter --co-occur --last 1 contexts | head -n 1'

# ---- against awk ----

awk 'BEGIN { for (i = 0; i < 3000; i++) print "u" i * 7919 % 97 "\ti" i * i % 211 % 60 }' >log
awk 'BEGIN { for (i = 0; i < 50; i++) print "i" i "\tname " i; for (i = 0; i < 120; i++) print "u" i "\tx" >"people" }' >names
awk -v k=12 -v last=5 '
FILENAME == "log" {
	lines[$2]++
	if (!(($1, $2) in has)) list[$1] = list[$1] " " $2
	has[$1, $2] = FNR
	next
}
FILENAME == "names" { n++; name[n] = $1; line[n] = $0; next }
{
	m = split(list[$1], own, " ")
	for (i = 1; i <= m; i++) when[i] = has[$1, own[i]]
	for (i = 1; i <= m; i++) { # place by the last line, last first
		place = 1
		for (j = 1; j <= m; j++) place += when[j] > when[i]
		if (place <= last) recent[own[i]]
	}
	for (i = 1; i <= n; i++) {
		shared[i] = 0
		if (!(($1, name[i]) in has))
			for (g = 0; g < 97; g++)
				if (("u" g, name[i]) in has)
					for (r in recent) shared[i] += ("u" g, r) in has
	}
	split("", recent)
	for (i = 1; i <= n; i++)
		if (!(($1, name[i]) in has))
			printf "%s\t%06d\t%06d\t%s\t%s\n", $1, 999999 - shared[i], 999999 - lines[name[i]], name[i], $0 "\t" line[i] | "sort"
}' FS='\t' log names people | awk -F '\t' '$1 != user { user = $1; n = 0 } ++n <= 12' | cut -f 5- >expected
is 'co-occurrence is that of awk' "$(candidates --catalogue names -k 12 --history log --co-occur --last 5 people | sort -s -t "$tab" -k 1,1 | cmp - expected 2>&1)" ''
is 'popularity is that of awk' "$(head -n 1 people | candidates --catalogue names -k 20 --history log | cut -f 3)" \
	"$(awk '{ n[$2]++ } END { for (i in n) print n[i] "\t" i }' log | sort -t "$tab" -k 1,1nr -k 2,2 |
		awk 'NR == FNR { known[$1]; next } $2 in known { print $2 }' names - | head -n 20)"
candidates --catalogue names -k 12 --history log --co-occur people >once
is 'two runs are equal' "$(candidates --catalogue names -k 12 --history log --co-occur people | cmp - once 2>&1)" ''
{
	head -n 50 people | candidates --catalogue names -k 12 --history log --co-occur
	tail -n +51 people | candidates --catalogue names -k 12 --history log --co-occur
} >halves
is 'contexts may be cut anywhere' "$(cmp halves once 2>&1)" ''

# ---- CSV ----

printf 'user,when\n"u, 1", 5\nu2,"a\nb"\n' >contexts.csv
printf 'film,title\n1,"Up, ""2009"""\n2,Heat\n' >films.csv
t 'CSV: rows side by side as they came' 0 'user,when,film,title
"u, 1", 5,1,"Up, ""2009"""
"u, 1", 5,2,Heat
u2,"a
b",1,"Up, ""2009"""
u2,"a
b",2,Heat' '' candidates -C --catalogue films.csv contexts.csv
printf 'u, 1\t1\nv\t1\nv\t2\nw\t2\n' >seen
t 'CSV: columns by name' 0 'user,when,film,title
"u, 1", 5,2,Heat
u2,"a
b",1,"Up, ""2009"""' '' candidates -C --catalogue films.csv -i film -g user -k 1 --history seen --co-occur contexts.csv
t 'CSV: another delimiter' 0 'a;b;c
1;"x;y";2' '' sh -c "printf 'b;c\n\"x;y\";2\n' >semicolons && printf 'a\n1\n' | candidates -d ';' --catalogue semicolons"
t 'CSV: a name in both' 2 '' '--catalogue: the contexts have a column "film", too' candidates -C --catalogue films.csv - <<END
film
1
END
t 'CSV: -i must name the item' 2 '' '-C: --item must name a column' candidates -C --catalogue films.csv -k 1 --history seen contexts.csv
t 'CSV: -g must name the group' 2 '' '-C: --group must name a column' candidates -C -i film --catalogue films.csv -k 1 --history seen --co-occur contexts.csv
t 'CSV: no such item column' 2 '' 'item: no column "x"' candidates -C -i x --catalogue films.csv -k 1 --history seen contexts.csv
t 'CSV: no such group column' 2 - 'group: no column "x"' candidates -C -i film -g x --catalogue films.csv -k 1 --history seen --co-occur contexts.csv
t 'CSV: headers alone' 0 'a,film,title' '' candidates -C --catalogue films.csv - <<END
a
END
t 'CSV: empty contexts' 0 '' '' candidates -C --catalogue films.csv empty

# ---- lines ----

t 'no contexts' 0 '' '' candidates --catalogue items empty
t 'no items' 0 '' '' candidates --catalogue empty contexts
t 'no items, with a history' 0 '' '' candidates --catalogue empty -k 2 --history history --co-occur contexts
t 'no history' 0 "u1${tab}mon${tab}a${tab}1" '' sh -c 'candidates --catalogue items -k 2 --history empty --co-occur contexts | head -n 1'
printf 'u1\tmon\nu2\n' >short
t 'a short context' 3 - 'short:2: fewer fields' candidates --catalogue items short
t '--max-bad and --rejects' 0 - '1 of 2 lines refused' candidates --max-bad 1 --rejects rejected --catalogue items short
is 'the rejects are the line' "$(cat rejected)" u2
printf 'u1\tmon\n\n' >blank
t 'a blank line' 3 - 'blank:2: blank line' candidates --catalogue items blank
printf 'a\t1\nb\n' >short
t 'a short item' 3 '' 'short:2: fewer fields' candidates --catalogue short contexts
t 'a short line of the history' 3 '' 'short:2: too few fields' sh -c "printf 'a\tb\nc\n' >short; candidates --catalogue items -k 1 --history short contexts"
printf 'a\t1\nb\t1\na\t2\n' >twice
t 'an item twice' 3 '' 'twice:3: field 1 \(item\): is there already: "a"' candidates --catalogue twice -k 1 --history history contexts
t 'where items are not looked up that is no matter' 0 - '' candidates --catalogue twice contexts
printf '\357\273\277a\0\t1\r\nb\377\t2' >bytes
t 'CR LF is dropped, once said' 0 - 'CR LF' candidates --catalogue bytes contexts
is 'NUL and broken UTF-8 are data, a BOM is not, the last line counts' "$(head -n 2 .out | od -An -c)" \
	"$(printf 'u1\tmon\ta\0\t1\nu1\tmon\tb\377\t2\n' | od -An -c)"

# ---- options and system ----

t 'a catalogue is needed' 2 '' '--catalogue must name the items' candidates contexts
t '-k needs --history' 2 '' '-k and --history go together' candidates --catalogue items -k 2 contexts
t '--history needs -k' 2 '' '-k and --history go together' candidates --catalogue items --history history contexts
t '--co-occur needs --history' 2 '' '--co-occur needs --history' candidates --catalogue items --co-occur contexts
printf 'user\n"u\tv"\n' >odd.csv
printf 'item\na\\b\nc\nd\n' >oddities.csv
printf 'u\\tv\tc\nw\tc\nw\ta\\\\b\n' >odd
t '-C --history: groups and items of records are those of the rows' 0 "user,item
\"u${tab}v\",a\\b" '' candidates -C --catalogue oddities.csv -i item --history odd --co-occur -g user -k 1 odd.csv

t '-k 0' 2 '' 'candidates: not within' candidates --catalogue items -k 0 --history history contexts
t 'no such field' 2 - 'group: no field 9' candidates --catalogue items -k 1 --history history --co-occur -g 9 contexts
t 'no such option' 2 '' 'no such option' candidates -Z
t 'no such catalogue' 4 '' 'nowhere: No such file' candidates --catalogue nowhere contexts
t 'no such history' 4 '' 'nowhere: No such file' candidates --catalogue items -k 1 --history nowhere contexts
t 'no such file' 4 '' 'nowhere: No such file' candidates --catalogue items nowhere
if [ -w /dev/full ]; then
	t 'a full disk' 4 '' 'No space left' sh -c 'candidates --catalogue items contexts >/dev/full'
else
	skip 'a full disk' 'no /dev/full'
fi
done_testing
