# next.awk - what the baselines for the next item have in common
#
#	awk -f next.awk -f popularity.awk train test | metrics -k 20 -M recall,mrr
#
# reads:  two files of session TAB item in the order of time, sessions one after the other: the first to learn from
# writes: for each item of the second, from the second of its session on: session:position, item, label, score
#
# A baseline has two functions: learn() takes in the item seq[n], which came behind seq[1] to seq[n - 1]; guess(s) adds to
# s[item] how likely each item is behind seq[n]. What is there already is less than anything they add: of equal items the
# one seen more often ranks first. Items that score less than the one that came are left out: none of these figures
# depends on them.

BEGIN {
	FS = OFS = "\t"
}

FNR == 1 {
	files++
}

$1 != session {
	session = $1
	n = 0
}

files == 1 {
	seq[++n] = $2
	seen[$2]++
	total++
	learn()
	next
}

n > 0 && files == 2 {
	for (item in seen)
		s[item] = seen[item] / total / 1000000
	if (!($2 in s))
		s[$2] = 0
	guess(s)
	for (item in s)
		if (s[item] >= s[$2])
			print session ":" n, item, item == $2 ? 1 : 0, sprintf("%.15g", s[item])
	split("", s)
}

{
	seq[++n] = $2
}
