/* compare.c - two samples: published intervals and tests, and the cases at the edge. */
#include "../common/eval/compare.h"
#include "tap.h"

static void
test_rates(void)
{
	/* Newcombe 1998, Statistics in Medicine 17, page 873, table II, method 10, 95 % */
	static const struct {
		struct rate a, b;
		double lower, upper;
	} known[] = {
		{{70, 56}, {80, 48}, 0.0524, 0.3339}, {{10, 9}, {10, 3}, 0.1705, 0.8090}, {{7, 6}, {7, 2}, 0.0582, 0.8062},
		{{56, 5}, {29, 0}, -0.0381, 0.1926}, {{10, 0}, {20, 0}, -0.1611, 0.2775}, {{10, 0}, {10, 0}, -0.2775, 0.2775},
		{{10, 10}, {20, 0}, 0.6791, 1}, {{10, 10}, {10, 0}, 0.6075, 1},
	};
	double z = normal_quantile(0.975);
	struct comparison c, mirrored;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		c = compare_rates(known[i].a, known[i].b, z);
		tap_ok(fabs(c.lower - known[i].lower) < 5e-5 && fabs(c.upper - known[i].upper) < 5e-5,
		       "Newcombe's interval for %d of %d less %d of %d: %.4f to %.4f", (int)known[i].a.positive,
		       (int)known[i].a.n, (int)known[i].b.positive, (int)known[i].b.n, c.lower, c.upper);
	}
	c = compare_rates(known[0].a, known[0].b, z);
	/* z = 0.2 / sqrt(104 / 150 * 46 / 150 * (1 / 70 + 1 / 80)) */
	tap_ok(fabs(c.p - erfc(0.2 / sqrt(104.0 / 150 * 46 / 150 * (1.0 / 70 + 1.0 / 80) * 2))) < 1e-15, "p is that of z");
	mirrored = compare_rates(known[0].b, known[0].a, z);
	tap_ok(mirrored.difference == -c.difference && mirrored.lower == -c.upper && mirrored.upper == -c.lower && mirrored.p == c.p,
	       "the other way round all is negated");
	tap_ok(compare_rates(known[4].a, known[4].b, z).p == 1 && compare_rates((struct rate){3, 3}, (struct rate){9, 9}, z).p == 1,
	       "none and none, or all and all: no difference");
	c = compare_rates((struct rate){1000000, 900000}, (struct rate){1000000, 100000}, z);
	tap_ok(c.p == 0, "beyond the smallest double p is 0");
}

/* The tally of n amounts in tenths. */
static struct money
tenths(size_t n, const int *amount)
{
	struct money sum = {0}, one;

	for (size_t i = 0; i < n; i++)
		if (!money_of(&one, amount[i], 1) || !money_add(&sum, one))
			return (struct money){0};
	return sum;
}

static void
test_means(void)
{
	/* Student's sleep data by Welch's test, as in the manual of R's t.test */
	static const int first[] = {7, -16, -2, -12, -1, 34, 37, 8, 0, 20}, second[] = {19, 8, 11, 1, -1, 44, 55, 16, 46, 34};
	static const int equal[] = {5, 5, 5}, others[] = {7, 7};
	struct money a = tenths(10, first), b = tenths(10, second), one = tenths(1, first);
	struct money same = tenths(3, equal), more = tenths(2, others);
	struct comparison c = compare_means(&a, &b, 0.95);

	tap_ok(fabs(c.difference + 1.58) < 1e-15 && fabs(c.lower + 3.3654832) < 5e-8 && fabs(c.upper - 0.2054832) < 5e-8,
	       "Welch's interval for the sleep data: %.7f to %.7f", c.lower, c.upper);
	tap_ok(fabs(c.p - 0.07939414) < 5e-9, "and his p: %.8f", c.p);
	c = compare_means(&one, &b, 0.95);
	tap_ok(isnan(c.difference) && isnan(c.lower) && isnan(c.upper) && isnan(c.p), "one amount tells nothing");
	c = compare_means(&b, &one, 0.95);
	tap_ok(isnan(c.p), "on either side");
	c = compare_means(&same, &more, 0.95);
	tap_ok(fabs(c.lower + 0.2) < 1e-15 && c.upper == c.lower && c.p == 0, "equal amounts leave no doubt that two means differ");
	c = compare_means(&same, &same, 0.95);
	tap_ok(c.lower == 0 && c.upper == 0 && c.p == 1, "or that they do not");
	c = compare_means(&same, &a, 0.95);
	tap_ok(fabs(c.upper - c.lower - 2 * student_quantile(9, 0.975) * sqrt(money_variance(&a) / 10)) < 1e-14,
	       "one without variance leaves the degrees of freedom of the other");
}

int
main(void)
{
	test_rates();
	test_means();
	return tap_done();
}
