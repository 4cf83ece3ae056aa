/*
 * policy.c - estimators by hand, target policies, and intervals: by hand, and how often they cover a truth that is
 * known.
 */
#include "../common/eval/policy.h"
#include "tap.h"

static bool
near(double got, double expected)
{
	return fabs(got - expected) <= 1e-12 * fmax(1, fabs(expected));
}

static const struct policy_estimator *
find(const char *name)
{
	for (size_t i = 0; i < POLICY_ESTIMATORS; i++)
		if (strcmp(policy_estimators[i].name, name) == 0)
			return &policy_estimators[i];
	return NULL;
}

/* Weights 4, 1/2 and 0, rewards 1, 3 and 5, predictions 2, 2 and 4, expected 1, 2 and 3. */
static const struct policy_decision by_hand[] = {
	{.weight = 4, .target = 1, .reward = 1, .predicted = 2, .expected = 1, .group = 0},
	{.weight = 0.5, .target = 0.25, .reward = 3, .predicted = 2, .expected = 2, .group = 1},
	{.weight = 0, .target = 0, .reward = 5, .predicted = 4, .expected = 3, .group = 2},
};

static void
test_estimators(void)
{
	/* shrinkage by 2: weights 4 -> 8 / 18 and 1/2 -> 1 / 2.25, both 4/9 */
	static const struct {
		const char *name;
		double c, value, effective_n, max_weight;
	} known[] = {
		{"replay", INFINITY, 1.75 / 1.25, 1.25 * 1.25 / 1.0625, 1},
		{"ips", INFINITY, 5.5 / 3, 4.5 * 4.5 / 16.25, 4},
		{"snips", INFINITY, 5.5 / 4.5, 4.5 * 4.5 / 16.25, 4},
		{"clipped-ips", 1.5, 1, 2 * 2 / 2.5, 1.5},
		{"clipped-ips", 4, 5.5 / 3, 4.5 * 4.5 / 16.25, 4},
		{"shrunk-ips", 2, 4 * 4. / 9 / 3, 2, 4. / 9},
		{"dm", INFINITY, 2, 3, 0},
		{"dr", INFINITY, 2 - 3.5 / 3, 4.5 * 4.5 / 16.25, 4},
		{"sndr", INFINITY, 2 - 3.5 / 4.5, 4.5 * 4.5 / 16.25, 4},
		{"clipped-dr", 1.5, 2 - 1. / 3, 2 * 2 / 2.5, 1.5},
		{"switch-dr", 0.5, 2 + 0.5 / 3, 1, 0.5},
		{"switch-dr", 3.9, 2 + 0.5 / 3, 1, 0.5},
		{"switch-dr", 4, 2 - 3.5 / 3, 4.5 * 4.5 / 16.25, 4},
		{"shrunk-dr", 2, 2, 2, 4. / 9},
	};
	struct policy_sums sums[3];
	bool all = true;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct policy_estimate e = policy_estimate(find(known[i].name), known[i].c, 3, by_hand, 3, sums);

		tap_ok(near(e.value, known[i].value), "%s with %g is %.15g by hand: %.15g", known[i].name, known[i].c,
		       known[i].value, e.value);
		tap_ok(near(e.effective_n, known[i].effective_n), "its effective n is %g: %g", known[i].effective_n,
		       e.effective_n);
		tap_ok(near(e.max_weight, known[i].max_weight), "its greatest weight is %g: %g", known[i].max_weight, e.max_weight);
	}
	for (size_t i = 0; i < POLICY_ESTIMATORS; i++) {
		struct policy_decision plain[3];
		bool dm = policy_estimators[i].weight == policy_nothing;

		for (size_t j = 0; j < 3; j++)
			plain[j] = (struct policy_decision){1, 1, by_hand[j].reward, 2, 2, (uint32_t)j};
		all = all && near(policy_estimate(&policy_estimators[i], 1e16, 3, plain, 3, sums).value, dm ? 2 : 3);
	}
	tap_ok(all, "of its own log a policy is worth the mean reward");
}

static void
test_nothing_in_common(void)
{
	struct policy_decision none[] = {by_hand[2], by_hand[2]};
	struct policy_sums sums[2];
	struct policy_estimate e;

	none[0].group = 0;
	none[1].group = 1;
	e = policy_estimate(find("ips"), INFINITY, 2, none, 2, sums);
	tap_ok(e.value == 0 && e.effective_n == 0 && e.max_weight == 0, "where all weights are 0, ips is 0, of no decisions");
	tap_ok(isnan(policy_estimate(find("snips"), INFINITY, 2, none, 2, sums).value) &&
	       isnan(policy_estimate(find("sndr"), INFINITY, 2, none, 2, sums).value), "snips and sndr have no value");
	tap_ok(policy_estimate(find("dr"), INFINITY, 2, none, 2, sums).value == 3, "and dr is what the model says");
}

static void
test_errors(void)
{
	struct policy_decision two[] = {by_hand[0], by_hand[1], by_hand[2]};
	struct policy_sums sums[3];
	struct policy_estimate e = policy_estimate(find("ips"), INFINITY, 3, by_hand, 3, sums);
	struct interval student = mean_interval(3, 5.5 / 3, 49. / 12, 0.95); /* of 4, 1.5 and 0 */
	double error, mean;

	tap_ok(near(policy_student(&e, 3, 0.95).lower, student.lower) && near(policy_student(&e, 3, 0.95).upper, student.upper),
	       "of decisions that are groups, the interval of ips is that of a mean");
	mean = policy_mean_weight(3, sums, &error);
	tap_ok(near(mean, 1.5) && near(error, sqrt(4.75 / 3)), "mean weight and its error are those of 4, 1/2 and 0");
	e = policy_estimate(find("snips"), INFINITY, 3, by_hand, 3, sums);
	/* residuals w (r - 11/9) / (9/2): -16/81, 16/81 and 0 */
	tap_ok(near(e.variance, 1.5 * 2 * (16. / 81) * (16. / 81)), "the variance of snips by the delta method: %.15g", e.variance);
	two[1].group = 0;
	two[2].group = 1;
	e = policy_estimate(find("ips"), INFINITY, 3, two, 2, sums);
	/* group residuals 5.5 - 2 * 11/6 and 0 - 11/6, by 3 */
	tap_ok(near(e.variance, 2 * 2 * (11. / 18) * (11. / 18)), "decisions of a group count together: %.15g", e.variance);
	mean = policy_mean_weight(2, sums, &error);
	tap_ok(near(mean, 1.5) && near(error, 1), "and their weights do: 4.5 of two and 0 of one");
	two[1].group = 1;
	e = policy_estimate(find("sndr"), INFINITY, 3, two, 2, sums);
	/* (1 - 2) / 3 + (-4 + 7/9 * 4) / 4.5 and (5 - 2 * 2) / 3 + (0.5 + 7/9 * 0.5) / 4.5 */
	tap_ok(near(e.variance, 2 * 2 * (43. / 81) * (43. / 81)), "both ratios of sndr count: %.15g", e.variance);
	e = policy_estimate(find("dr"), INFINITY, 1, by_hand, 1, sums);
	tap_ok(isinf(e.variance) && policy_student(&e, 1, 0.95).lower == -INFINITY &&
	       policy_student(&e, 1, 0.95).upper == INFINITY, "of one group nothing is known");
}

static bool
probabilities(const struct policy_candidate c[3], double a, double b, double d)
{
	return near(c[0].probability, a) && near(c[1].probability, b) && near(c[2].probability, d);
}

static void
test_policies(void)
{
	struct policy_candidate c[] = {{.score = 1, .predicted = 10}, {.score = 3, .predicted = 20}, {.score = 2, .predicted = 40}};
	double third = exp(-1) + 1 + exp(-0.5);

	policy_greedy(3, c);
	tap_ok(probabilities(c, 0, 1, 0), "greedy takes the best");
	policy_explore(3, c, 0.3);
	tap_ok(probabilities(c, 0.1, 0.8, 0.1), "and 0.3 of the time any");
	tap_ok(near(policy_expected(3, c), 21), "mean prediction");
	policy_softmax(3, c, 2);
	tap_ok(probabilities(c, exp(-1) / third, 1 / third, exp(-0.5) / third), "softmax with temperature 2");
	c[0].score = 3;
	policy_greedy(3, c);
	tap_ok(probabilities(c, 0.5, 0.5, 0), "ties share");
	c[0].score = -1e308;
	c[1].score = 1e308;
	policy_softmax(3, c, 1e-9);
	tap_ok(probabilities(c, 0, 1, 0), "softmax of scores far apart");
	c[0].score = c[1].score = c[2].score = -1e300;
	policy_softmax(3, c, 0.5);
	tap_ok(probabilities(c, 1. / 3, 1. / 3, 1. / 3), "softmax of equal scores");
}

static void
test_bootstrap(void)
{
	enum { N = 100000, G = 200, B = 4000 };
	static struct policy_decision d[G], turned[G];
	static struct policy_sums sums[G], turned_sums[G];
	static uint64_t key[G], turned_key[G];
	static double value[B];
	struct policy_estimate e;
	struct interval a, b, student;
	double sum = 0, squares = 0, none = 0, sorted[] = {1, 2, 4, 8, 16};

	for (size_t i = 0; i < N; i++) {
		double k = policy_poisson(random_uniform(7, i));

		sum += k;
		squares += k * k;
		none += k == 0;
	}
	tap_ok(fabs(sum / N - 1) < 0.015 && fabs(squares / N - 2) < 0.05 && fabs(none / N - exp(-1)) < 0.01,
	       "Poisson draws: mean %g, square %g, 0 as often as %g", sum / N, squares / N, none / N);
	tap_ok(policy_poisson(exp(-1)) == 0 && policy_poisson(exp(-1) + 1e-9) == 1 && policy_poisson(2 * exp(-1) + 1e-9) == 2 &&
	       isfinite(policy_poisson(1 - 0x1p-53)), "at their limits");
	tap_ok(interval_quantile(5, sorted, 0) == 1 && interval_quantile(5, sorted, 1) == 16 && interval_quantile(5, sorted, 0.5) == 4 &&
	       interval_quantile(5, sorted, 0.625) == 6 && interval_quantile(1, sorted, 0.3) == 1, "quantiles of five values");
	for (uint32_t g = 0; g < G; g++) {
		d[g] = (struct policy_decision){.weight = 2 * random_uniform(1, g), .reward = random_uniform(2, g), .group = g};
		turned[G - 1 - g] = d[g];
		turned[G - 1 - g].group = G - 1 - g;
		key[g] = turned_key[G - 1 - g] = random_bits(3, g);
	}
	e = policy_estimate(find("snips"), INFINITY, G, d, G, sums);
	student = policy_student(&e, G, 0.9);
	a = policy_bootstrap(find("snips"), B, value, G, sums, key, 1, 0.9);
	tap_ok(fabs(a.lower - student.lower) < 0.05 * (student.upper - student.lower) &&
	       fabs(a.upper - student.upper) < 0.05 * (student.upper - student.lower), "the bootstrap's interval is near Student's");
	policy_estimate(find("snips"), INFINITY, G, turned, G, turned_sums);
	b = policy_bootstrap(find("snips"), B, value, G, turned_sums, turned_key, 1, 0.9);
	tap_ok(near(a.lower, b.lower) && near(a.upper, b.upper), "whatever the order of the groups");
	b = policy_bootstrap(find("snips"), B, value, G, sums, key, 2, 0.9);
	tap_ok(a.lower != b.lower && a.upper != b.upper, "another seed draws otherwise");
	b = policy_bootstrap(find("snips"), B, value, 1, sums, key, 1, 0.9);
	tap_ok(isinf(b.lower) && isinf(b.upper), "of one group it knows nothing");
}

static void
test_concentration(void)
{
	struct policy_estimate e = {.value = 0.5, .variance = 0.0025};
	struct interval i = policy_hoeffding(&e, 100, 2, 0.95);
	double half = 2 * sqrt(log(40) / 200);

	tap_ok(near(i.lower, 0.5 - half) && near(i.upper, 0.5 + half), "Hoeffding's interval");
	i = policy_bernstein(&e, 100, 2, 0.95);
	half = sqrt(0.005 * log(80)) + 14 * log(80) / 297;
	tap_ok(near(i.lower, 0.5 - half) && near(i.upper, 0.5 + half), "Maurer and Pontil's");
	tap_ok(isinf(policy_bernstein(&e, 1, 2, 0.95).upper), "one decision has no variance");
	tap_ok(policy_span(find("ips"), INFINITY, 10, 3) == 30 && isinf(policy_span(find("ips"), INFINITY, INFINITY, 3)),
	       "terms of ips lie within the greatest weight times the greatest reward");
	tap_ok(policy_span(find("clipped-ips"), 5, INFINITY, 3) == 15 && policy_span(find("clipped-ips"), 5, 2, 3) == 6,
	       "of clipped-ips within the clip, if that is less");
	tap_ok(near(policy_span(find("shrunk-ips"), 16, INFINITY, 3), 6) && near(policy_span(find("shrunk-ips"), 16, 2, 3), 4.8),
	       "of shrunk-ips within half the root of L");
	tap_ok(policy_span(find("dm"), INFINITY, INFINITY, 3) == 3, "of dm within the rewards");
	tap_ok(policy_span(find("switch-dr"), 5, INFINITY, 3) == 33 && policy_span(find("dr"), INFINITY, 2, 3) == 15,
	       "with a model by a reward either way");
	tap_ok(isinf(policy_span(find("snips"), INFINITY, 2, 3)) && isinf(policy_span(find("sndr"), INFINITY, 2, 3)) &&
	       isinf(policy_span(find("replay"), INFINITY, 2, 3)), "what is self-normalised is no mean of terms");
}

/* ---- coverage: a world of three contexts and three actions, decisions in pairs of one user ---- */

enum { RUNS = 1000, PAIRS = 150, DRAWS = 400 };

static const double context_share[] = {0.5, 0.3, 0.2};
static const double logging[][3] = {{0.6, 0.3, 0.1}, {0.2, 0.5, 0.3}, {0.25, 0.25, 0.5}};
static const double wanted[][3] = {{0.2, 0.3, 0.5}, {0.6, 0.2, 0.2}, {0.1, 0.8, 0.1}};
static const double click[][3] = {{0.2, 0.4, 0.6}, {0.3, 0.1, 0.5}, {0.7, 0.5, 0.2}}; /* with 0.2 more or less by user */
static const double rough[][3] = {{0.3, 0.3, 0.5}, {0.3, 0.2, 0.3}, {0.5, 0.5, 0.4}};

static size_t
draw(const double share[3], double uniform)
{
	return uniform < share[0] ? 0 : uniform < share[0] + share[1] ? 1 : 2;
}

/* A log of 2 PAIRS decisions: by a uniform policy and with the true model, or not. */
static void
simulate(struct policy_decision *d, uint64_t run, bool plain)
{
	static const double uniform[] = {1. / 3, 1. / 3, 1. / 3};
	const double (*q)[3] = plain ? click : rough;

	for (uint32_t i = 0; i < 2 * PAIRS; i++) {
		uint64_t user = run * PAIRS + i / 2, key = run * 2 * PAIRS + i;
		size_t x = draw(context_share, random_uniform(1, user));
		const double *by = plain ? uniform : logging[x];
		size_t a = draw(by, random_uniform(2, key));
		double p = click[x][a] + (random_uniform(3, user) < 0.5 ? -0.1 : 0.1);

		d[i] = (struct policy_decision){.weight = wanted[x][a] / by[a], .target = wanted[x][a],
		                                .reward = random_uniform(4, key) < p, .predicted = q[x][a], .group = i / 2};
		for (size_t b = 0; b < 3; b++)
			d[i].expected += wanted[x][b] * q[x][b];
	}
}

static double
truth(void)
{
	double sum = 0;

	for (size_t x = 0; x < 3; x++)
		for (size_t a = 0; a < 3; a++)
			sum += context_share[x] * wanted[x][a] * click[x][a];
	return sum;
}

static bool
covers(struct interval i)
{
	return i.lower <= truth() && truth() <= i.upper;
}

static void
test_coverage(const char *name, bool plain, bool bootstrap)
{
	static struct policy_decision d[2 * PAIRS];
	static struct policy_sums sums[PAIRS];
	static uint64_t key[PAIRS];
	static double value[DRAWS];
	const struct policy_estimator *e = find(name);
	int covered = 0;

	for (uint64_t run = 0; run < RUNS; run++) {
		struct policy_estimate made;

		simulate(d, run, plain);
		for (uint64_t g = 0; g < PAIRS; g++)
			key[g] = run * PAIRS + g;
		made = policy_estimate(e, INFINITY, 2 * PAIRS, d, PAIRS, sums);
		covered += covers(bootstrap ? policy_bootstrap(e, DRAWS, value, PAIRS, sums, key, 1, 0.95)
		                            : policy_student(&made, PAIRS, 0.95));
	}
	tap_ok(covered >= 0.93 * RUNS && covered <= 0.97 * RUNS,
	       "the %s interval of %s covers the truth 93 to 97 %% of times: %d of %d", bootstrap ? "bootstrap" : "Student", name, covered, RUNS);
}

/* Only the first decision of each user: they are independent. */
static void
test_concentration_covers(void)
{
	static struct policy_decision d[2 * PAIRS];
	static struct policy_sums sums[PAIRS];
	int hoeffding = 0, bernstein = 0;

	for (uint64_t run = 0; run < RUNS; run++) {
		struct policy_estimate e;
		double span = policy_span(find("ips"), INFINITY, 5, 1);

		simulate(d, run, false);
		for (size_t i = 0; i < PAIRS; i++)
			d[i] = d[2 * i];
		e = policy_estimate(find("ips"), INFINITY, PAIRS, d, PAIRS, sums);
		hoeffding += covers(policy_hoeffding(&e, PAIRS, span, 0.95));
		bernstein += covers(policy_bernstein(&e, PAIRS, span, 0.95));
	}
	tap_ok(hoeffding >= 0.95 * RUNS && bernstein >= 0.95 * RUNS,
	       "Hoeffding's and Bernstein's cover it at least 95 %%: %d, %d of %d", hoeffding, bernstein, RUNS);
}

int
main(void)
{
	test_estimators();
	test_nothing_in_common();
	test_errors();
	test_policies();
	test_bootstrap();
	test_concentration();
	test_coverage("ips", false, false);
	test_coverage("snips", false, false);
	test_coverage("dr", false, false);
	test_coverage("sndr", false, false);
	test_coverage("replay", true, false);
	test_coverage("dm", true, false);
	test_coverage("snips", false, true);
	test_coverage("dr", false, true);
	test_concentration_covers();
	return tap_done();
}
