# csv - the CSV border against RFC 4180 and what libcsv does otherwise; seen through featurize
. "$(dirname "$0")/tap.sh"

cd "$tmp" || exit
tab=$(printf '\t')

# row WHAT CSV VALUES: the columns a, b and c of the rows below the header, as featurize carries them along.
row() {
	printf "a,b,c\\n$2" >csv
	t "$1" 0 "$3" "${4-}" sh -c 'featurize -k a,b,c "na(a)" csv | cut -f 1-3'
}
row 'plain' '1,2,3\n' "1${tab}2${tab}3"
row 'no final newline' '1,2,3' "1${tab}2${tab}3"
row 'no final newline after a quote' '1,2,"3"' "1${tab}2${tab}3"
row 'no final newline after an empty value' '1,2,' "1${tab}2${tab}"
row 'empty values' ',,\n' "${tab}${tab}"
row 'empty values in quotes' '"","",""\n' "${tab}${tab}"
row 'blanks belong to the value' ' 1 ,  2,\t3 \n' " 1 ${tab}  2${tab}\\t3 "
row 'blanks in quotes' '" 1 ",2,3\n' " 1 ${tab}2${tab}3"
row 'commas in quotes' '"1,1","2,",","\n' "1,1${tab}2,${tab},"
row 'doubled quotes' '"1 ""x"" 1","""",""""""\n' "1 \"x\" 1${tab}\"${tab}\"\""
row 'quotes inside a value that does not start with one' '1"2,5" x 3",a""\n' "1\"2${tab}5\" x 3\"${tab}a\"\""
row 'a newline in quotes' '"1\n1",2,3\n' "1\\n1${tab}2${tab}3"
row 'newlines in quotes, and nothing else' '"\n\n",2,"\n"\n' "\\n\\n${tab}2${tab}\\n"
row 'a CR LF in quotes stays' '"1\r\n1",2,3\n' "1\\r\\n1${tab}2${tab}3" -
row 'a lone CR is a character' '1\r1,2,3\n' "1\\r1${tab}2${tab}3"
row 'a lone CR in quotes too' '"1\r1",2,3\n' "1\\r1${tab}2${tab}3"
row 'blank lines are no rows, but lines in quotes are lines' '\n1,2,3\n\n\n"\n",5,6\n\n' "1${tab}2${tab}3
\\n${tab}5${tab}6"
row 'a line of blanks in quotes' '"\n \n",2,3\n' "\\n \\n${tab}2${tab}3"
row 'a backslash is a character' '1\\,"2\\",3\n' "1\\\\${tab}2\\\\${tab}3"
row 'UTF-8' '\303\251,\312\244,"\342\202\254"\n' "$(printf '\303\251\t\312\244\t\342\202\254')"

printf 'a,b,c\r\n"1\r\n1",2,3\r\n4,5,6' >csv
t 'CR LF throughout' 0 "1\\r\\n1${tab}2${tab}3
4${tab}5${tab}6" 'csv:1: line ends in CR LF' sh -c 'featurize -k a,b,c "na(a)" csv | cut -f 1-3'
printf '"a\nb","c,""d"""\n1,2\n' >csv
t 'names in quotes' 0 "1${tab}2" '' sh -c 'featurize -k "\"a
b\",\"c,\"\"d\"\"\"" "na(\`c,\"d\"\`)" csv | cut -f 1-2'

# bad WHAT CSV MESSAGE: the row is refused alone, byte for byte, and the rest comes through.
bad() {
	printf "a,b\\n0,0\\n$2" >csv
	t "$1" 3 "0${tab}?${tab}" "csv:$3" featurize -k a 'na(a)' csv
}
bad 'text after a closing quote' '"1"2,3\n' '3: text after the quote that closes a value: "\\"1\\"2,3"'
bad 'a blank after a closing quote' '"1" ,3\n' '3: text after the quote'
bad 'a quote that never closes' '3,"4\n5,6\n' '3: a quote opens here and never closes'
bad 'a quote that never closes, in the last byte' '3,"' '3: a quote opens here and never closes'
bad 'too few values' '1\n' '3: fewer values than the header has names'
bad 'too many values' '1,2,\n' '3: more values than the header has names'
printf 'a,b\n"\n\n",1\n1\n' >csv
t 'the line of a message is the physical one' 3 "\\n\\n${tab}?${tab}" 'csv:5: fewer values' featurize -k a 'na(a)' csv
printf 'a,b\n"1"2,3\n4,"5\n5"\n6,"7"x\n8,9\n' >csv
t 'what follows a refused row is read' 0 "4${tab}?${tab}
8${tab}?${tab}" '2 of' featurize --max-bad 3 --rejects rejects -k a 'na(a)' csv
is 'refused rows are kept byte for byte' "$(cat rejects)" '"1"2,3
6,"7"x'
printf 'a,b\n1,2\n10,"11\n12,13\n14,15\n' >csv
t 'not what a quote that never closes has swallowed' 3 "1${tab}?${tab}" '^featurize: csv:3: a quote opens here and never closes: ' \
	featurize --max-bad 3 --rejects rejects -k a 'na(a)' csv
is 'it is kept' "$(cat rejects)" '10,"11
12,13
14,15'
printf 'a,"b\n1,2\n' >csv
t 'a header with an open quote' 3 '' 'csv:1: a quote opens here' featurize --max-bad 9 a csv

# A quoted value larger than what is read at once, and a row that straddles it.
awk 'BEGIN { print "a,b,c"; print "1,2,3"; printf "\"";
	for (i = 0; i < 300000; i++) printf "x,\"\"\n%d", i; print "\",5,6"; print "7,8,9" }' >csv
t 'a value of two megabytes' 0 "1${tab}3
5${tab}6
7${tab}9" '' sh -c 'featurize -k a,b,c "na(a)" csv | awk -F "\t" -v OFS="\t" "{ print (length(\$1) > 2000000 ? \$2 : \$1), \$3 }"'

# The cases of csv-spectrum, where they are beside the project and there is a python3 to read their JSON.
spectrum=$here/../../shared/data/csv-spectrum
cat >spectrum.py <<'END'
import csv, io, json, re, subprocess, sys
text, wanted = sys.argv[1:]
wanted = json.load(open(wanted, encoding="utf-8"))
if isinstance(wanted, dict):  # location_coordinates: no list, and its telephone number is not the one in the CSV
    wanted = [dict(wanted, **{"Contact Phone Number": "2095257564"})]
names = list(wanted[0])
row = io.StringIO()
csv.writer(row).writerow(names)
out = subprocess.run(["featurize", "-k", row.getvalue().strip(), "na(`%s`)" % names[0], text],
                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout.decode("utf-8")
plain = lambda s: re.sub(r"\\(.)", lambda m: {"t": "\t", "n": "\n", "r": "\r"}.get(m[1], m[1]), s)
got = [dict(zip(names, map(plain, line.split("\t")))) for line in out.split("\n")[:-1]]
print("equal" if got == wanted else "got %r, not %r" % (got, wanted))
END
if [ -d "$spectrum" ] && python3 -c 'import json' 2>/dev/null; then
	for case in "$spectrum"/csvs__*.csv; do
		name=${case##*/csvs__} name=${name%.csv}
		t "csv-spectrum: $name" 0 equal '' python3 spectrum.py "$case" "$spectrum/json__$name.json"
	done
else
	skip 'csv-spectrum' 'it is not there, or python3 is not'
fi
done_testing
