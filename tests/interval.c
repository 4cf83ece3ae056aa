/* interval.c - quantiles and intervals against published tables, closed forms and examples of the literature. */
#include "../common/eval/interval.h"
#include "tap.h"

static bool
near(double got, double expected, double error)
{
	return fabs(got - expected) <= error * fabs(expected);
}

static void
test_normal(void)
{
	/* the three checks of Wichura's paper, then common levels to 16 digits */
	static const double known[][2] = {
		{0.25, -0.67448975019608174320}, {0.001, -3.0902323061678135415}, {1e-20, -9.2623400897984077744},
		{0.975, 1.9599639845400542355}, {0.95, 1.6448536269514729}, {0.995, 2.5758293035489004},
		{0.84134474606854293, 1}, {0.99865010196836989, 3},
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		double got = normal_quantile(known[i][0]);

		tap_ok(near(got, known[i][1], 2e-15), "normal quantile of %g is %.16g: %.16g", known[i][0], known[i][1], got);
	}
	tap_ok(normal_quantile(0.5) == 0, "its median is 0");
	tap_ok(normal_quantile(0) == -INFINITY && normal_quantile(1) == INFINITY, "its ends are infinite");
	tap_ok(isnan(normal_quantile(-0.1)) && isnan(normal_quantile(1.1)) && isnan(normal_quantile(NAN)),
	       "outside of [0, 1] there is none");
}

static void
test_normal_tail(void)
{
	double worst = 0, both = 0;

	for (double x = 0; x < 37; x += 1.0 / 64) {
		long double expected = erfcl((long double)x / sqrtl(2)) / 2;

		worst = fmax(worst, fabs((double)(normal_tail(x) / expected - 1)));
		both = fmax(both, fabs(normal_tail(x) + normal_tail(-x) - 1));
	}
	tap_ok(worst < 1e-13, "normal tails are those of long double erfc: %g", worst);
	tap_ok(both < 1e-15, "both tails make 1");
	tap_ok(normal_tail(INFINITY) == 0 && normal_tail(-INFINITY) == 1, "beyond infinity there is nothing");
}

static void
test_student(void)
{
	static const double level[] = {0.6, 0.9, 0.975, 0.995};
	/* computed to 40 digits by inverting the incomplete beta function */
	static const struct {
		double df, t[4];
	} known[] = {
		{1, {0.32491969623290625, 3.0776835371752541, 12.706204736174693, 63.656741162871524}},
		{2, {0.28867513459481282, 1.885618083164127, 4.3026527297494618, 9.9248432009182886}},
		{3, {0.27667066233268985, 1.6377443536962103, 3.1824463052837084, 5.8409093097333554}},
		{5, {0.26718086570414507, 1.4758840488244813, 2.5705818356363148, 4.0321429835552272}},
		{10, {0.26018482949208018, 1.3721836411103358, 2.2281388519862742, 3.1692726726169507}},
		{19.5, {0.25683046228722769, 1.3265027907738685, 2.0893976209722461, 2.8529183536388811}},
		{30, {0.25560536495191271, 1.3104150253913957, 2.0422724563012379, 2.749995653567225}},
		{100, {0.25402218245822776, 1.2900747613465161, 1.9839715185235519, 2.6258905214380176}},
		{21306, {0.25335026668280634, 1.2815913013731241, 1.9600753336299949, 2.5760600818407492}},
		{1e6, {0.25334717053784162, 1.2815524121299386, 1.9599663568141067, 2.5758342201053338}},
		{1e12, {0.25334710313586714, 1.2815515655454472, 1.9599639845424261, 2.575829303553817}},
	};
	/* the 0.975 column of every textbook's table, df 1 to 10 */
	static const double table[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228};
	bool equal = true, odd = true, rising = true;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		double worst = 0;

		for (size_t j = 0; j < 4; j++) {
			double error = fabs(student_quantile(known[i].df, level[j]) / known[i].t[j] - 1);

			worst = fmax(worst, error / (1e-14 + 2e-15 / (1 - level[j])));
		}
		tap_ok(worst <= 1, "t quantiles with %g degrees of freedom are right to the stated error", known[i].df);
	}
	for (size_t df = 1; df <= 10; df++)
		equal = equal && fabs(student_quantile((double)df, 0.975) - table[df - 1]) <= 0.0005;
	tap_ok(equal, "t quantiles are those of the table");
	for (double p = 0.55; p < 1; p += 0.05) {
		double cauchy = tan(MATH_PI * (p - 0.5)), two = (2 * p - 1) / sqrt(2 * p * (1 - p));

		equal = equal && near(student_quantile(1, p), cauchy, 1e-13) && near(student_quantile(2, p), two, 1e-13);
		odd = odd && near(student_quantile(3, 1 - p), -student_quantile(3, p), 1e-14);
	}
	tap_ok(equal, "with 1 and 2 degrees of freedom they are the closed forms");
	tap_ok(odd, "they are odd about the median");
	tap_ok(student_quantile(7, 0.5) == 0, "the median is 0");
	tap_ok(near(student_quantile(1, 0.9999995), 636619.77236756799, 1e-8), "far out in the heaviest tail it holds");
	for (double df = 1; df < 200; df++)
		rising = rising && student_quantile(df, 1 - 0x1p-53) >= student_quantile(df, 1 - 0x1p-50);
	tap_ok(rising, "up to the last p below 1 it rises");
	tap_ok(near(student_quantile(1e18, 0.975), normal_quantile(0.975), 1e-14), "with many it is the normal's");
	tap_ok(isnan(student_quantile(0, 0.9)) && isnan(student_quantile(3, 0)) && isnan(student_quantile(3, 1)) &&
	       isnan(student_quantile(NAN, 0.9)), "without degrees of freedom, or outside of (0, 1), there is none");
}

static void
test_student_tails(void)
{
	static const double df[] = {1, 2, 3, 7, 19.5, 100, 21306, 1e6, 1e9};
	double worst = 0;

	for (double t = 0; t < 60; t += 0.125) {
		double two = 2 / (sqrt(2 + t * t) * (sqrt(2 + t * t) + t));

		worst = fmax(worst, fabs(student_tails(1, t) / (2 / MATH_PI * atan2(1, t)) - 1));
		worst = fmax(worst, fabs(student_tails(2, t) / two - 1));
		worst = fmax(worst, fabs(student_tails(1e18, t / 10) / 2 / normal_tail(t / 10) - 1));
	}
	tap_ok(worst < 1e-13, "Student's tails are the closed forms of 1, 2 and very many degrees of freedom: %g", worst);
	worst = 0;
	for (size_t i = 0; i < sizeof df / sizeof *df; i++)
		for (double p = 0.0005; p < 0.5; p += 0.0625)
			worst = fmax(worst, fabs(student_tails(df[i], student_quantile(df[i], p)) / (2 * p) - 1));
	tap_ok(worst < 1e-11, "they lead back from the quantiles: %g", worst);
	tap_ok(student_tails(5, 0) == 1 && student_tails(5, INFINITY) == 0, "all is beyond 0, nothing beyond infinity");
	tap_ok(student_tails(5, -2.5705818356363148) == student_tails(5, 2.5705818356363148), "they are two");
}

static void
test_wilson(void)
{
	/* Newcombe 1998, Statistics in Medicine 17, table I, method 3, 95 % */
	static const struct {
		uint64_t k, n;
		double lower, upper;
	} known[] = {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}};
	double z = normal_quantile(0.975);
	struct interval got;
	bool ends = true;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		got = wilson_interval(known[i].n, known[i].k, z);
		tap_ok(fabs(got.lower - known[i].lower) < 5e-5 && fabs(got.upper - known[i].upper) < 5e-5,
		       "Wilson's interval for %d of %d", (int)known[i].k, (int)known[i].n);
	}
	got = wilson_interval(0, 0, z);
	tap_ok(got.lower == 0 && got.upper == 1, "for 0 of 0 it is all of [0, 1]");
	for (uint64_t n = 1; n < (uint64_t)1 << 50; n = n * 3 + 1) {
		struct interval none = wilson_interval(n, 0, z), all = wilson_interval(n, n, z);

		ends = ends && none.lower == 0 && all.upper == 1 && none.upper > 0 && all.lower < 1;
	}
	tap_ok(ends, "for none and for all of n it ends at 0 and at 1 exactly, for any n");
	got = wilson_interval((uint64_t)1 << 60, 1, z);
	tap_ok(near(got.lower * 0x1p60, 0.176524554935153, 1e-14) && near(got.upper * 0x1p60, 5.66493426575897, 1e-14),
	       "for 1 of 2^60 it keeps its digits");
	got = wilson_interval(10, 3, 0);
	tap_ok(near(got.lower, 0.3, 1e-15) && near(got.upper, 0.3, 1e-15), "at level 0 it is the rate");
}

static void
test_mean(void)
{
	struct interval got;

	/* Student 1908, additional hours of sleep: 1.2 2.4 1.3 1.3 0 1 1.8 0.8 4.6 1.4 */
	got = mean_interval(10, 1.58, 13.616 / 9, 0.95);
	tap_ok(near(got.lower, 0.7001142, 1e-6) && near(got.upper, 2.4598858, 1e-7), "Student's sleep data");
	/* NIST handbook 1.3.5.2, ZARR13.DAT */
	got = mean_interval(195, 9.261460, 0.022789 * 0.022789, 0.95);
	tap_ok(fabs(got.lower - 9.258242) < 1e-6 && fabs(got.upper - 9.264679) < 1e-6, "the handbook's heat flow meter");
	got = mean_interval(1, 5, 0, 0.95);
	tap_ok(got.lower == -INFINITY && got.upper == INFINITY, "one observation says nothing of the mean's error");
	got = mean_interval(3, 9.99, 0, 0.95);
	tap_ok(got.lower == 9.99 && got.upper == 9.99, "equal observations leave no doubt");
}

int
main(void)
{
	test_normal();
	test_normal_tail();
	test_student();
	test_student_tails();
	test_wilson();
	test_mean();
	return tap_done();
}
