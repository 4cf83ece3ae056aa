# mean.awk - the item mean: others will rate an item as it was rated
#
#	awk -f mean.awk train test | metrics -M auc,gauc
#
# reads:  two files of user TAB item TAB rating, the first to learn from
# writes: for each rating of the second: user, item, label 1 for a rating from `positive` on (4), score
#
# The mean of an item is drawn to that of all by as many ratings as `few` says (5): of few ratings little is known.

BEGIN {
	FS = OFS = "\t"
	if (positive == "")
		positive = 4
	if (few == "")
		few = 5
}

FNR == 1 {
	files++
}

files == 1 {
	sum += $3
	total++
	item_sum[$2] += $3
	item_total[$2]++
	next
}

{
	mean = (item_sum[$2] + few * sum / total) / (item_total[$2] + few)
	print $1, $2, ($3 >= positive), sprintf("%.15g", mean)
}
