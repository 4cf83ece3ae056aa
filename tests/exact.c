/*
 * exact.c - exact sums against long arithmetic, bit by bit: orders, cancellation, carries, subnormals, ties of rounding.
 */
#include "../common/num/exact.h"
#include "../common/num/random.h"
#include "tap.h"

enum { BITS = 2200, MOST = 200, CASES = 1000 };

static uint64_t drawn;

static uint64_t
draw(uint64_t n)
{
	return random_bits(7, drawn++) % n;
}

/* ---- long arithmetic: a bit a byte, bit i has the worth 2^(i - 1074) ---- */

/* to += |x| */
static void
long_add(unsigned char *to, double x)
{
	int exponent, carry = 0;
	double m = frexp(fabs(x), &exponent); /* |x| = m 2^exponent, m in [1/2, 1) */
	uint64_t whole = (uint64_t)ldexp(m, 53);
	int at = exponent - 53 + 1074;

	for (; at < 0; at++) /* a subnormal: the bits that go are 0 */
		whole /= 2;
	for (int i = at; i < BITS; i++) {
		int bit = to[i] + carry + (int)(whole & 1);

		whole /= 2;
		to[i] = (unsigned char)(bit & 1);
		carry = bit / 2;
	}
}

static int
long_compare(const unsigned char *a, const unsigned char *b)
{
	for (int i = BITS; i--;)
		if (a[i] != b[i])
			return a[i] - b[i];
	return 0;
}

/* a - b to the nearest double; a >= b */
static double
long_difference(const unsigned char *a, const unsigned char *b)
{
	unsigned char d[BITS];
	int borrow = 0, top = BITS - 1, low;
	double value = 0;
	bool rest = false;

	for (int i = 0; i < BITS; i++) {
		int bit = a[i] - b[i] - borrow;

		borrow = bit < 0;
		d[i] = (unsigned char)(bit & 1);
	}
	while (top > 0 && !d[top])
		top--;
	low = top > 52 ? top - 52 : 0;
	for (int i = top; i >= low; i--)
		value = 2 * value + d[i];
	for (int i = 0; i < low - 1; i++)
		rest = rest || d[i];
	if (low > 0 && d[low - 1] && (rest || d[low]))
		value++;
	return ldexp(value, low - 1074);
}

static double
long_sum(size_t n, const double *x)
{
	static unsigned char positive[BITS], negative[BITS];

	memset(positive, 0, sizeof positive);
	memset(negative, 0, sizeof negative);
	for (size_t i = 0; i < n; i++)
		long_add(x[i] < 0 ? negative : positive, x[i]);
	return long_compare(positive, negative) >= 0 ? long_difference(positive, negative)
	                                             : -long_difference(negative, positive);
}

/* ---- ours ---- */

static struct exact
sum_of(size_t n, const double *x)
{
	struct exact e = {{0}, 0};

	for (size_t i = 0; i < n; i++)
		exact_add(&e, x[i]);
	return e;
}

static bool
same(double a, double b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

/* Any finite double; narrow: exponents near each other, so that much cancels and rounds. */
static double
draw_double(bool narrow)
{
	uint64_t bits = random_bits(8, drawn++);
	double x;

	bits &= ~((uint64_t)0x7ff << 52);
	bits |= (narrow ? 1000 + draw(60) : draw(2040)) << 52;
	memcpy(&x, &bits, sizeof x);
	return x;
}

static void
shuffle(size_t n, double *x)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)draw(i);
		double swapped = x[i - 1];

		x[i - 1] = x[j];
		x[j] = swapped;
	}
}

static void
test_hand(void)
{
	static const struct {
		const char *what;
		size_t n;
		double x[5], sum;
	} row[] = {
		{"nothing", 0, {0}, 0},
		{"minus zero is zero", 1, {-0.0}, 0},
		{"one tenth, three times, is rounded once", 3, {0.1, 0.1, 0.1}, 0.30000000000000004},
		{"what cancels leaves no trace", 3, {1e308, 1e-308, -1e308}, 1e-308},
		{"beyond the greatest and back", 4, {1.7e308, 1.7e308, -1.7e308, -1.7e308}, 0},
		{"below the least and back", 3, {-1.7e308, -1.7e308, 1.7e308}, -1.7e308},
		{"beyond the greatest", 2, {1.7e308, 1.7e308}, INFINITY},
		{"beyond the least", 2, {-1.7e308, -1.7e308}, -INFINITY},
		{"the least subnormal", 2, {0x1p-1074, 0x1p-1074}, 0x1p-1073},
		{"subnormals that make a normal", 2, {0x1p-1022 - 0x1p-1074, 0x1p-1074}, 0x1p-1022},
		{"a half, down to even", 2, {0x1p53, 1}, 0x1p53},
		{"a half, up to even", 2, {0x1p53 + 2, 1}, 0x1p53 + 4},
		{"a half and the least bit", 3, {0x1p53, 1, 0x1p-1074}, 0x1p53 + 2},
		{"a half less the least bit", 3, {0x1p53 + 2, 1, -0x1p-1074}, 0x1p53 + 2},
		{"rounding takes a new bit", 3, {0x1p54 - 2, 1, 0.5}, 0x1p54},
		{"less than nothing", 3, {-0x1p53, -1, -0x1p-1074}, -0x1p53 - 2},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct exact e = sum_of(row[i].n, row[i].x);

		tap_ok(same(exact_value(&e), row[i].sum), "%s", row[i].what);
	}
}

static void
test_random(void)
{
	size_t wrong = 0, wrong_order = 0, wrong_merge = 0, wrong_parts = 0;

	for (size_t c = 0; c < CASES; c++) {
		double x[MOST], part[EXACT_PARTS];
		size_t n = 1 + (size_t)draw(MOST), cut = (size_t)draw(n + 1), n_parts;
		struct exact once, again, first, second;

		for (size_t i = 0; i < n; i++)
			x[i] = i % 3 == 2 && c % 2 ? -x[i - 1] : draw_double(c % 4 < 2);
		once = sum_of(n, x);
		wrong += !same(exact_value(&once), long_sum(n, x));
		shuffle(n, x);
		again = sum_of(n, x);
		first = sum_of(cut, x);
		second = sum_of(n - cut, x + cut);
		exact_merge(&first, &second);
		exact_carry(&once);
		exact_carry(&again);
		wrong_order += memcmp(&once, &again, sizeof once) != 0;
		wrong_merge += memcmp(&once, &first, sizeof once) != 0;
		if (isinf(exact_value(&once)))
			continue;
		n_parts = exact_parts(&once, part);
		again = sum_of(n_parts, part);
		exact_carry(&again);
		wrong_parts += memcmp(&once, &again, sizeof once) != 0;
	}
	tap_ok(wrong == 0, "sums equal long arithmetic, rounded: %zu of %d cases differ", wrong, CASES);
	tap_ok(wrong_order == 0, "their bytes do not depend on the order: %zu differ", wrong_order);
	tap_ok(wrong_merge == 0, "nor on where they were cut: %zu differ", wrong_merge);
	tap_ok(wrong_parts == 0, "their parts add up to them: %zu differ", wrong_parts);
}

/* More additions than digits can take without carries, of each sign. */
static void
test_carries(void)
{
	struct exact e = {{0}, 0};
	int n = 5 * EXACT_CARRY / 2;

	for (int i = 0; i < n; i++)
		exact_add(&e, 0x1.fffffffffffffp1);
	for (int i = 0; i < n; i++)
		exact_add(&e, -0x1.fffffffffffffp0);
	tap_ok(exact_value(&e) == n * 0x1.fffffffffffffp0, "carries");
	tap_ok(e.pending < EXACT_CARRY, "they are taken in time");
}

static void
test_products(void)
{
	struct exact e = {{0}, 0}, more = {{0}, 0};

	exact_add_product(&e, 1 + 0x1p-30, 1 + 0x1p-30);
	exact_add(&e, -1);
	exact_add(&e, -0x1p-29);
	tap_ok(exact_value(&e) == 0x1p-60, "a product is added in full");
	exact_add(&more, 1e16);
	exact_add(&more, 1 + 0x1p-52);
	memset(&e, 0, sizeof e);
	exact_add_scaled(&e, &more, 3);
	exact_add(&e, -3e16);
	tap_ok(exact_value(&e) == 3 + 3 * 0x1p-52, "and so is a multiple of a sum");
}

int
main(void)
{
	test_hand();
	test_random();
	test_carries();
	test_products();
	return tap_done();
}
