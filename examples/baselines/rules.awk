# rules.awk - association rules of two items: what was in most sessions with this item comes next

function learn(  i) {
	for (i = 1; i < n; i++)
		if (seq[i] != seq[n]) {
			together[seq[i], seq[n]]++
			together[seq[n], seq[i]]++
		}
}

function guess(s,  item) {
	for (item in s)
		s[item] += together[seq[n], item]
}
