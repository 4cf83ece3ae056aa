# sequential.awk - sequential rules: what came after this item comes again, the sooner the likelier
# (Kamehkhosh, Jannach and Ludewig 2017): an item counts 1 right behind another, 1/2 a place further, up to ten places.

function learn(  i) {
	for (i = 1; i <= 10 && i < n; i++)
		rule[seq[n - i], seq[n]] += 1 / i
}

function guess(s,  item) {
	for (item in s)
		s[item] += rule[seq[n], item]
}
