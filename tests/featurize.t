# featurize - every term, labels, indexes that are the same for ever, and each refusal
. "$(dirname "$0")/tap.sh"

cd "$tmp" || exit
tab=$(printf '\t')

# The records that featurize writes, indexes replaced by their tokens: label, then token*value joined by single blanks.
named() { # options..., formula, file...
	featurize --names names "$@" >records || return
	awk -F '\t' '
	NR == FNR { token[$1] = $2; next }
	{
		line = $(NF - 1)
		n = split($NF, feature, " ")
		for (i = 1; i <= n; i++) {
			split(feature[i], part, ":")
			line = line " " token[part[1]] (part[2] == "" ? "" : "*" part[2])
		}
		print line
	}' names records
}

cat >log <<'END'
user,genre,price,y,t,title,empty
7,Drama,3,1,2016-02-29T23:59:60+01:00,The Cat; 2nd,
8,"Drama|Action||",0.5,0,86399,"O, brother",x
,,-8,1,1000000000.5,--,
END

# ---- terms ----

t 'columns are categories; an empty cell gives nothing' 0 '1 user=7 genre=Drama
0 user=8 genre=Drama|Action||
1' '' named 'y ~ user + genre' log
t 'crosses join tokens; one empty side gives nothing' 0 '1 user=7:genre=Drama
0 user=8:genre=Drama|Action||
1' '' named 'y ~ user:genre' log
t 'a*b is a + b + a:b' 0 '1 user=7 price=3 user=7:price=3
0 user=8 price=0.5 user=8:price=0.5
1 price=-8' '' named 'y ~ user*price' log
t 'parentheses distribute; crosses go before products and sums' 0 '1 user=7:price=3 genre=Drama:price=3 y2=a
0 user=8:price=0.5 genre=Drama:price=0.5 y2=b' '' named 'y ~ (user + genre):price + y2' - <<'END'
y,user,genre,price,y2
1,7,Drama,3,a
0,8,Drama,0.5,b
END
t 'a term said twice counts once, in whatever order; so does a factor' 0 '1 user=7 genre=Drama genre=Drama:user=7' '' \
	named 'y ~ user + genre*user + genre:user + (user + genre):(user + genre) + user*genre + genre:genre' - <<'END'
y,user,genre
1,7,Drama
END
t 'num, a bare number; 0 says nothing' 0 '? price*3
? price*0.5
? price*-8
?' '' named 'num(price)' - <<'END'
price
3
0.5
-8
0
END
t 'log1p, sqrt, scale, and functions of functions' 0 \
	'? log1p(x)*1.60943791 sqrt(x)*2 scale(x,1,2)*1.5 scale(log1p(x),0.5,0.25)*4.43775165 log1p(sqrt(x))*1.09861229' '' \
	named ' ~ log1p( x )+sqrt(num(x)) + scale(x, 1.0, 2) + scale( log1p(num(x)) , .5, 2.5e-1) + log1p(sqrt(x))' - <<'END'
x
4
END
t 'crosses multiply values' 0 '1 user=7:price*3 price:sqrt(n)*6
0 user=8:price*0.5 price:sqrt(n)*1.5' '' named 'y ~ user:num(price) + num(price):sqrt(n)' - <<'END'
y,user,price,n
1,7,3,4
0,8,0.5,9
END
t 'bin: intervals closed below' 0 '? bin(x)=[-inf,-1.5)
? bin(x)=[-1.5,10)
? bin(x)=[-1.5,10)
? bin(x)=[10,inf)
? bin(x)=[10,inf)' '' named 'bin(x, -1.5, 10)' - <<'END'
x
-2
-1.5
9.99
10
1e9
END
t 'bin of a function of a number' 0 '? bin(log1p(x))=[1,inf)' '' named 'bin(log1p(x), 1)' - <<'END'
x
4
END
t 'log2bin: powers of two, 0, and negative numbers mirrored' 0 '? log2bin(x)=0
? log2bin(x)=[1,2)
? log2bin(x)=[4,8)
? log2bin(x)=[8,16)
? log2bin(x)=[0.25,0.5)
? log2bin(x)=(-8,-4]' '' named 'log2bin(x)' - <<'END'
x
0
1
7.9
8
0.3
-4
END
t 'split: parts as if they were cells of their own' 0 '1 genre=Drama
0 genre=Drama genre=Action
1' '' named 'y ~ split(genre, "|")' log
t 'split: long separators, and separators alone' 0 '? x=a x=:b x=c
?
? x=:' '' named 'split(x, "::")' - <<'END'
x
a:::b::c
::::
:
END
t 'split crossed gives every pair' 0 '? a=1:b=x a=1:b=y a=2:b=x a=2:b=y' '' named 'split(a, " "):split(b, " ")' - <<'END'
a,b
1 2,x y
END
t 'words: letters, digits and what is beyond ASCII; only A to Z are lowered' 0 '? words(x)=été words(x)=Été words(x)=r2 words(x)=d2 words(x)=az
?
?' '' named 'words(x)' - <<'END'
x
" été, Été--R2/d2! AZ"
...
""
END
featurize --names names 'ngrams(x, 2) + ngrams(x,1)' >/dev/null - <<'END'
x
A b. c
one
END
is 'ngrams: words in a row' "$(cut -f 2 names)" 'ngrams(x,2)=a b
ngrams(x,2)=b c
ngrams(x,1)=a
ngrams(x,1)=b
ngrams(x,1)=c
ngrams(x,1)=one'
t 'hour and weekday: seconds, fractions, ISO 8601 with zones; all UTC' 0 '1 hour(t)=22 weekday(t)=1
0 hour(t)=23 weekday(t)=4
1 hour(t)=1 weekday(t)=7' '' named 'y ~ hour(t) + weekday(t)' log
t 'na: where the cell is empty' 0 '1 na(empty)
0
1 na(empty)' '' named 'y ~ na(empty)' log
t 'where na() of a column stands, its empty cells are no error' 0 '? log1p(x)*1.60943791 bin(x)=[1,inf) hour(x)=0
? na(x)' '' named 'log1p(x) + bin(x, 1) + hour(x) + na(x)' - <<'END'
x,y
4,
,
END
printf 'a\nb c\n\n' >lines
t 'index: line numbers of a file, an empty line too' 0 "1	?	2
2	?	1
3	?	3" '' featurize 'index(x, "lines")' - <<'END'
x,y
b c,
a,
,
END
t 'index: several columns, one file' 0 "1	?	2 1" '' featurize 'index(x, "lines") + index(y, "lines")' - <<'END'
x,y
b c,a
END
printf 'x\nz\n' >unknown
t 'index: an unknown value is an error' 3 '' 'unknown:2: field 1 \(x\): not in index\(\).s file: "z" \(--unknown' featurize 'index(x, "lines")' unknown
t 'index: or 0 with --unknown' 0 "1	?	0" '' featurize --unknown 'index(x, "lines")' unknown
printf 'a\nb\na\n' >twice
t 'index: a line twice is an error' 3 '' 'twice:3: the same as line 1' featurize 'index(x, "twice")' unknown
t 'index: a missing file' 4 '' 'nowhere: No such file' featurize 'index(x, "nowhere")' unknown
t 'dense: the matching columns in order, zeros too' 0 "1	1	=0.5 0 -2
2	0	=1 2 3" '' featurize --names names 'y ~ dense(p*)' - <<'END'
p1,y,p3,q,p2
0.5,1,0,9,-2
1.0,0,2,9,3
END
is 'dense: names are places and columns' "$(cat names)" "0	p1
1	p3
2	p2"
t 'dense: sums follow each other; brackets and backquotes' 0 "1	?	=2 1 3" '' featurize 'dense([bc]) + dense(`a`) + dense(d)' - <<'END'
a,b,d
1,2,3
END
t 'dense: an empty cell is an error' 3 '' 'stdin:2: field 2 \(b\): not a number: ""' featurize 'dense(*)' - <<'END'
a,b
1,
END
t 'backquotes: columns of any name, and such as functions have' 0 '1 page 1 (main)=2 log1p=3 hour=4' '' \
	named 'y ~ `page 1 (main)` + log1p + `hour`' - <<'END'
page 1 (main),log1p,hour,y
2,3,4,1
END

# ---- indexes ----

# XXH3-64 of user=7 is 5fb62849b33351b6, of user=7:genre=Drama 1ee0b5c516cf568a: computed by another implementation.
cat >known <<'END'
y,user,genre
1,7,Drama
END
t 'indexes are the low bits of XXH3-64, 22 of them' 0 "1	1	3363254 1005194" '' featurize 'y ~ user + user:genre' known
t '-b 30' 0 "1	1	859001270 382686858" '' featurize -b 30 'y ~ user + user:genre' known
t '-b 1' 0 "1	1	0 0" '' featurize -b 1 'y ~ user + user:genre' known
featurize -b 30 'y ~ user + genre + price + user:title' log | awk -F '\t' '{
	n = split($3, index_, " ")
	for (i = 1; i <= n; i++) printf "%s%d", (i > 1 ? " " : ""), index_[i] % 1024
	print "" }' >modulo
is 'fewer bits are the same indexes modulo' "$(featurize -b 10 'y ~ user + genre + price + user:title' log | cut -f 3)" "$(cat modulo)"

# ---- labels and columns that are kept ----

t 'a number as it stands, and ?' 0 "1	1.0	
2	?	
3	-2e3	" '' featurize 'y ~ x' - <<'END'
y,x
1.0,
?,
-2e3,
END
t 'a comparison gives 1, 0, or ? where it is unknown' 0 '1
0
?' '' sh -c 'featurize "(y >= 4) ~ x" | cut -f 2' <<'END'
y,x
4.0,
3.5,
?,
END
for c in '<4 1 0 0' '<=4 1 1 0' '>4 0 0 1' '>=4 0 1 1' '==4.0 0 1 0' '!=4 1 0 1' '== "4" 0 1 0' "!='4' 1 0 1"; do
	printf 'y,x\n3,\n4,\n5,\n' >three
	is "y ${c% ? ? ?}" "$(featurize "y ${c% ? ? ?} ~ x" three | cut -f 2 | paste -s -d ' ' -)" "${c#"${c% ? ? ?}" }"
done
t 'no left side, or an empty one' 0 "1	?	" '' featurize '~ x' - <<'END'
x,y
,1
END
t '-k: group and passengers, escaped' 0 "9	a\\tb\\\\c\\nd	1	" '' featurize -k 'g,"p, 1"' 'y ~ x' - <<END
"p, 1",x,y,g
"a${tab}b\\c
d",,1,9
END
printf 'y,empty2\n1,\n' >log2
t 'without -k the records are numbered' 0 "1	1	
2	0	
3	1	" '' featurize 'y ~ empty2' - log2 <<'END'
y,empty2
1,
0,
END
t '--augment: a copy of every token for the domain, none where it is empty' 0 \
	'1 x=1 x=1:z=2 num d=a:x=1 d=a:x=1:z=2 d=a:num
1 x=1 x=1:z=2 num' '' named --augment d 'y ~ x + x:z + num(num)' - <<'END'
y,x,z,d,num
1,1,2,a,1
1,1,2,,1
END
t '--augment: terms that hold the domain are no copies twice' 0 '1 d=a x=1 d=a:x=1' '' named --augment d 'y ~ d + x + d:x' - <<'END'
y,x,d
1,1,a
END
featurize -b 2 --names names 'user + genre + price' log >/dev/null 2>err
is '--names: every token once, with its index' "$(cut -f 2 names)" 'user=7
genre=Drama
price=3
user=8
genre=Drama|Action||
price=0.5
price=-8'
is '--names: says how many share an index' "$(cat err)" \
	"featurize: $((7 - $(cut -f 1 names | sort -u | wc -l))) of 7 tokens share their index with an earlier one (-b 2)"
t '--names escapes' 0 "x=a\\tb" '' sh -c 'featurize --names names x >/dev/null && cut -f 2 names' <<END
x
a${tab}b
END

# ---- the formula is wrong ----

wrong() { # formula, message
	t "formula '$1'" 2 '' "formula, $2" featurize "$1" log
}
wrong '' 'at its end: a column or a function is missing'
wrong 'y ~' 'at its end: a column or a function is missing'
wrong 'y ~ user +' 'at its end: a column or a function is missing'
wrong 'y ~ user + + genre' 'character 12: a column or a function is missing: "\+ genre"'
wrong 'y ~ usr' 'character 5: no such column in the header: "usr"'
wrong 'z ~ user' 'character 1: no such column in the header: "z ~ user"'
wrong 'y ~ lg(user)' 'character 5: no such function: "lg\(user\)"'
wrong 'y ~ log1p(lg(user))' 'character 11: no such function: "lg\(user\)\)"'
wrong 'y ~ `hour`(t)' 'character 5: no such function'
wrong 'y ~ user genre' 'character 10: terms are joined by \+, : and \*: "genre"'
wrong 'y ~ 1 + user' 'character 5: not a column .*digit.*: "1 \+ user"'
wrong 'y ~ (user + genre' 'at its end: a closing parenthesis is missing'
wrong 'y ~ user)' 'character 9: terms are joined by'
wrong 'y ~ log1p(price' 'at its end: a closing parenthesis is missing'
wrong 'y ~ log1p(hour(t))' 'character 11: not a numeric term'
wrong 'y ~ log1p(log1p(log1p(log1p(log1p(log1p(log1p(log1p(log1p(price)))))))))' 'character 53: too many functions'
wrong 'y ~ user:genre:price:t:title:empty:na(user):na(genre):na(t)' 'at its end: a cross of more than 8 factors ends here'
wrong 'y ~ scale(price, 1)' 'character 19: .*standard deviation is missing'
wrong 'y ~ scale(price, a, 1)' 'character 18: not a number: "a, 1\)"'
wrong 'y ~ scale(price, 1, 0)' 'character 21: the standard deviation is not above 0'
wrong 'y ~ bin(price)' 'character 14: .*a cut is missing'
wrong 'y ~ bin(price, 2, 1)' 'character 19: the cut is not above the one before it: "1\)"'
wrong 'y ~ bin(price, 1, 1)' 'character 19: the cut is not above the one before it: "1\)"'
wrong 'y ~ split(genre)' 'character 16: .*the separator is missing'
wrong 'y ~ split(genre, |)' 'character 18: a text in quotes is missing'
wrong 'y ~ split(genre, "")' 'character 18: the separator is empty'
wrong 'y ~ split(genre, "|)' 'character 18: a quote opens here and never closes'
wrong 'y ~ `genre' 'character 5: a quote opens here and never closes'
wrong 'y ~ `` + genre' 'character 5: a column without a name'
wrong 'y ~ ngrams(title)' 'character 17: .*number of words is missing'
wrong 'y ~ ngrams(title, 1.5)' 'character 19: not a whole number from 1 to 8'
wrong 'y ~ ngrams(title, 9)' 'character 19: not a whole number from 1 to 8'
wrong 'y ~ index(user)' 'character 15: .*the file is missing'
wrong 'y ~ user + index(user, "lines")' 'character 12: index\(\) and dense\(\) stand beside their like only'
wrong 'y ~ index(user, "lines") + user' 'character 28: index\(\) and dense\(\) stand beside their like only'
wrong 'y ~ index(user, "lines"):index(genre, "lines")' 'character 5: index\(\) and dense\(\) cannot be crossed'
wrong 'y ~ index(user, "lines") + index(genre, "log")' 'character 28: every index\(\) of a formula has the same file'
wrong 'y ~ dense()' 'character 11: .*the pattern is missing'
wrong 'y ~ dense(zz*)' 'character 5: matches no column of the header'
wrong 'y ~ dense(*)' 'character 5: the label is among the features'
wrong '(y > 0) ~ user:log1p(y)' 'character 16: the label is among the features'
wrong 'y > "a" ~ user' 'character 5: text compares with == and != only'
wrong 'y + t ~ user' 'character 3: the left side is a column or a comparison'
wrong '(y > 0 ~ user' 'character 8: a closing parenthesis is missing'
wrong 'y ~ user ~ t' 'character 10: terms are joined'
n=0 open=
while [ $n -lt 65 ]; do open="$open(" n=$((n + 1)); done
wrong "${open}user" 'character 65: too many parentheses'
crosses=$(awk 'BEGIN { for (i = 0; i < 14; i++) printf "%s(c%d + d%d)", i ? "*" : "", i, i }')
wrong "$crosses" 'at its end: a cross of more than 8|.*more than 4096 terms'
t '--augment of dense()' 2 '' 'character 5: index\(\) and dense\(\) have no copies' featurize --augment user 'y ~ dense(p*)' log
t '--augment: no such column' 2 '' 'augment: no column "zz"' featurize --augment zz 'y ~ user' log
t '-k: no such column' 2 '' 'keep: no column "zz"' featurize -k user,zz 'y ~ user' log
t 'no formula' 2 '' 'a formula is missing' featurize
t 'a bad option' 2 '' 'no such option' featurize --zz 'y ~ user' log
t '-b 31' 2 '' 'not within 1 and 30' featurize -b 31 'y ~ user' log
t 'a wrong formula is told before anything is read' 2 '' 'no such function' featurize 'lg(x)' nowhere
t 'a header alone is held against the formula' 2 '' 'no such column' featurize 'zz' - <<'END'
x
END

# ---- the log is wrong ----

refused() { # what, cell, message, formula
	printf 'y,x\n1,3\n1,%s\n' "$2" >bad
	t "$1" 3 - "bad:3: field 2 \(x\): $3" featurize "y ~ $4" bad
}
refused 'a word for a number' abc 'not a number: "abc"' 'num(x)'
refused 'an empty cell for a number' '' 'not a number: "" \(it is empty; na\(\) allows that\)' 'log1p(x)'
refused 'a decimal comma' '"1,5"' 'not a number: "1,5" \(decimal comma\?\)' 'num(x)'
refused 'hexadecimal' 0x10 'not a number: "0x10" \(hexadecimal\?\)' 'num(x)'
refused 'trailing junk' 1.5kg 'not a number' 'bin(x, 1)'
refused 'NaN' nan 'not a number: "nan"' 'log2bin(x)'
refused 'Inf' inf 'not a number: "inf"' 'sqrt(x)'
refused 'overflow' 1e999 'not a number: "1e999" \(too large\?\)' 'scale(x, 0, 1)'
refused 'too large for a feature' 1e31 'too large for a feature: "1e31"' 'num(x)'
refused 'the root of a negative number' -1 'sqrt of a negative number: "-1"' 'sqrt(x)'
refused 'log1p of -1' -1 'log1p of a number that is not above -1: "-1"' 'log1p(x)'
refused 'a word for a time' noon 'not a time: "noon" \(seconds since 1970' 'weekday(x)'
refused 'milliseconds' 1456786799000 'not a time: "1456786799000" \(milliseconds\?\)' 'hour(x)'
refused 'a day that is not' 2015-02-29T00:00 'not a time' 'weekday(x)'
refused 'the hour of a date' 2015-02-28 'a date without a time of day' 'hour(x)'
t 'a label that is no number' 3 '' 'stdin:2: field 1 \(y\): not a number: "yes"' featurize 'y ~ x' - <<'END'
y,x
yes,1
END
t 'an empty label' 3 '' 'stdin:2: field 1 \(y\): not a number: "" \(it is empty\)' featurize 'y > 0 ~ x' - <<'END'
y,x
,1
END
t 'a product that is too large' 3 '' 'stdin:2: a product is too large' featurize 'num(x):num(y)' - <<'END'
y,x
1e20,1e20
END
awk 'BEGIN { for (i = 0; i < 1025; i++) a = a " " i; print "x,y"; print a "," a }' >many
t 'more pairs than a row may have' 3 '' 'many:2: more than 1048576 features' featurize 'split(x, " "):split(y, " ")' many
printf 'y,x\r\n1,"a\r\nb",7\r\n0,x\r\n,3\r\n2,y' >mixed
t '--max-bad: what is right comes through' 0 "1	0	
2	2	" '2 of 5 lines refused' featurize --max-bad 2 --rejects rejects 'y ~ x2' - <<'END'
y,x2
1,a,7
0,
,3
2,
END
featurize --max-bad 2 --rejects rejects 'y ~ x' mixed >records 2>err
is '--rejects: byte for byte, physical lines and all' "$(od -c rejects)" "$(printf '1,"a\r\nb",7\r\n,3\r\n' | od -c)"
is 'errors name the physical line, in CR LF and after quoted newlines' "$(grep -c -e 'mixed:2: more values' -e 'mixed:5: field 1 (y)' err)" 2
t 'one more than --max-bad' 3 - 'mixed:5: field 1' featurize --max-bad 1 'y ~ x' mixed
t 'a quote that never closes' 3 - 'stdin:3: a quote opens here and never closes' featurize 'y ~ x' - <<'END'
y,x
1,2
1,"2
1,3
END
t 'too few values' 3 '' 'stdin:2: fewer values than the header has names' featurize 'y ~ x' - <<'END'
y,x
1
END
t 'another header' 3 - 'known:1: its header is not that of the first file' featurize 'y' log known
t 'two columns of one name' 3 '' 'stdin:1: two columns are named "x"' featurize 'x' - <<'END'
x,x
END
t 'a line over --max-line' 3 - 'longer than 20 bytes' featurize --max-line 20 'y ~ user' log

# ---- a good citizen ----

printf '\357\273\277user,y\r\n7,1\r\n' >windows
t 'BOM and CR LF, which is said' 0 "1	1	3363254" 'windows:1: line ends in CR LF' featurize 'y ~ user' windows
printf 'user,y\n\n7,1' >last
t 'a blank line is no row; no final newline' 0 "1	1	3363254" '' featurize 'y ~ user' last
printf '\n\nuser,y\n7,1\n' >late
t 'blank lines before the header' 0 "1	1	3363254" '' featurize 'y ~ user' late
t 'quoted cells' 0 "1	1	3363254" '' featurize 'y ~ user' - <<'END'
"user","y"
"7","1"
END
t '-d' 0 "1	1	3363254" '' featurize -d ';' 'y ~ user' - <<'END'
user;y
7;1
END
t '-d TAB, and -C, which is so anyway' 0 "1	1	3363254" '' featurize -C -d '\t' 'y ~ user' - <<END
user${tab}y
7${tab}1
END
t 'several files, each with the header; they are one' 0 "1	1	3363254
2	1	3363254" '' featurize 'y ~ user' late late
: >empty
t 'nothing at all' 0 '' '' featurize 'y ~ user' empty
t 'a header alone' 0 '' '' featurize 'y ~ x' - <<'END'
y,x
END
printf 'user,y\n7\000,1\n\377,1\n' >bytes
t 'NUL and broken UTF-8 are data' 0 '2' '' sh -c 'featurize "y ~ user" bytes | cut -f 3 | sort -u | grep -c "[0-9]"'
t 'a missing file' 4 '' 'nowhere: No such file' featurize 'y ~ user' nowhere
t 'a directory' 4 '' 'Is a directory' featurize 'y ~ user' .
if [ -w /dev/full ]; then
	t 'a full disk' 4 - 'stdout: No space' sh -c 'featurize "y ~ user" log >/dev/full'
	t 'a full disk for the names' 4 - '/dev/full: No space' featurize --names /dev/full 'y ~ user' log
else
	skip 'a full disk' 'no /dev/full'
fi
t 'names that cannot be' 4 '' 'no/where: No such file' featurize --names no/where 'y ~ user' log
awk 'BEGIN { print "y,u,v,w"; for (i = 0; i < 20000; i++) printf "%d,u%d,%d|%d,%d\n", i % 2, i * 7919 % 997, i % 7, i % 11, i }' >long
formula='y ~ u*split(v, "|") + scale(log1p(w), 5, 2) + log2bin(w):u'
featurize --names names "$formula" long >once
cp names names.1
featurize --names names "$formula" long >twice
is 'two runs are equal' "$(cmp once twice; cmp names names.1)" ''
is 'every row is there' "$(wc -l <once | tr -d ' ')" 20000
sed -n '1p; 2,7000p' long >a
sed -n '1p; 7001,$p' long >b
cut -f 2- once >whole
is 'shards give the same records' "$(for s in a b; do featurize -k y "$formula" $s; done | cut -f 2- | cmp - whole)" ''
done_testing
