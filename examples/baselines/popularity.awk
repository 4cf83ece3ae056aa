# popularity.awk - what was seen most often comes next

function learn() {
}

function guess(s) {
}
