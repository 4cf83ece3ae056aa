/*
 * metric.c - metrics against cases worked by hand, and against definitions written out in long double: AUC pair by
 * pair, rankings over every order of their ties.
 */
#include "../common/eval/metric.h"
#include "../common/num/random.h"
#include "tap.h"

enum { MOST = 60, MOST_GROUPS = 6, CASES = 1000 };

static uint64_t drawn;

/* A whole number below n. */
static size_t
draw(size_t n)
{
	return (size_t)(random_bits(1, drawn++) % n);
}

static bool
near(double got, long double want)
{
	if (isnan(got) || isnan(want))
		return isnan(got) && isnan(want);
	return fabsl(got - want) <= 1e-9L * fmaxl(1, fabsl(want));
}

static const struct metric *
metric_named(const char *name)
{
	for (size_t i = 0; i < N_METRICS; i++)
		if (strcmp(metrics[i].name, name) == 0)
			return &metrics[i];
	return NULL;
}

/* The metric of n records of one group. */
static double
value_of(const char *name, size_t k, size_t n, const double *score, const float *label)
{
	struct metric_record all[MOST], grouped[MOST];
	struct metric_list list;
	float ideal[MOST];
	size_t end;

	for (size_t i = 0; i < n; i++)
		all[i] = (struct metric_record){score[i], label[i], 0};
	metric_deal(n, 1, &list, grouped, ideal, &end, all);
	return metric_named(name)->value(&list, k);
}

/* ---- by hand ---- */

static void
test_rankings(void)
{
	static const double score[] = {0.5, 0.9, 0.7, 0.6, 0.8};
	static const float label[] = {0, 1, 1, 0, 0}, none[] = {0, 0, 0, 0, 0}, all[] = {1, 1, 1, 1, 1};
	static const float graded[] = {0, 3, 0, 1, 2}; /* by score: 3 2 0 1 0 */

	tap_ok(near(value_of("auc", 0, 5, score, label), 5 / 6.0L), "auc: five of six pairs");
	tap_ok(isnan(value_of("auc", 0, 5, score, none)) && isnan(value_of("auc", 0, 5, score, all)), "auc: one class");
	tap_ok(near(value_of("ndcg", 0, 5, score, label), (1 + 1 / log2l(4)) / (1 + 1 / log2l(3))), "ndcg");
	tap_ok(near(value_of("ndcg", 2, 5, score, label), 1 / (1 + 1 / log2l(3))), "ndcg@2");
	tap_ok(near(value_of("ndcg", 0, 5, score, graded),
	            (3 + 2 / log2l(3) + 1 / log2l(5)) / (3 + 2 / log2l(3) + 1 / log2l(4))), "ndcg: the gain is the label");
	tap_ok(near(value_of("ndcg_exp", 0, 5, score, graded),
	            (7 + 3 / log2l(3) + 1 / log2l(5)) / (7 + 3 / log2l(3) + 1 / log2l(4))), "ndcg_exp: it is 2^label - 1");
	tap_ok(near(value_of("ndcg_exp", 3, 5, score, graded), (7 + 3 / log2l(3)) / (7 + 3 / log2l(3) + 1 / log2l(4))),
	       "ndcg_exp@3");
	tap_ok(value_of("mrr", 0, 5, score, label) == 1 && near(value_of("mrr", 0, 4, score + 1, none + 1), NAN), "mrr");
	tap_ok(near(value_of("mrr", 0, 3, score + 2, label + 2), 0.5L), "mrr: the first is second");
	tap_ok(value_of("mrr", 1, 3, score + 2, label + 2) == 0, "mrr@1: it is beyond the cutoff");
	tap_ok(value_of("recall", 2, 5, score, label) == 0.5 && value_of("recall", 3, 5, score, label) == 1, "recall");
	tap_ok(value_of("precision", 2, 5, score, label) == 0.5 && value_of("precision", 0, 5, score, label) == 0.4, "precision");
	tap_ok(value_of("precision", 10, 5, score, label) == 0.2, "precision@10 of five records divides by ten");
	tap_ok(value_of("hit", 1, 5, score, label) == 1 && value_of("hit", 1, 3, score + 2, label + 2) == 0, "hit");
	for (size_t i = 0; i < N_METRICS; i++)
		if (metrics[i].flags & METRIC_CUT)
			tap_ok(isnan(metrics[i].value(&(struct metric_list){&(struct metric_record){1, 0, 0}, none, 1}, 1)),
			       "%s: no value without a positive", metrics[i].name);
}

static void
test_ties(void)
{
	static const double constant[] = {0.5, 0.5, 0.5, 0.5};
	static const float first[] = {1, 0, 0, 0}, two[] = {1, 1, 0, 0};
	long double discounts = 1 + 1 / log2l(3) + 1 / log2l(4) + 1 / log2l(5);

	tap_ok(value_of("auc", 0, 4, constant, first) == 0.5, "a constant score: auc is 1/2");
	tap_ok(near(value_of("ndcg", 0, 4, constant, first), discounts / 4), "ndcg is the mean over the places");
	tap_ok(near(value_of("ndcg", 1, 4, constant, first), 0.25L), "ndcg@1");
	tap_ok(near(value_of("mrr", 0, 4, constant, first), 25 / 48.0L), "mrr");
	tap_ok(near(value_of("mrr", 0, 4, constant, two), 13 / 18.0L), "mrr of two positives");
	tap_ok(near(value_of("mrr", 2, 4, constant, two), 2 / 3.0L), "mrr@2 of two positives");
	tap_ok(near(value_of("recall", 1, 4, constant, first), 0.25L), "recall@1");
	tap_ok(near(value_of("precision", 2, 4, constant, first), 0.25L), "precision@2");
	tap_ok(near(value_of("hit", 2, 4, constant, first), 0.5L), "hit@2");
	tap_ok(near(value_of("hit", 2, 4, constant, two), 5 / 6.0L), "hit@2 of two positives");
	tap_ok(value_of("hit", 3, 4, constant, two) == 1, "hit@3 of two positives is certain");
}

static void
test_classes(void)
{
	static const double score[] = {0.8, 0.4, 0, 1};
	static const float label[] = {1, 0, 1, 0};
	static const double half[] = {0.5, 0.51, 0.49}, choice[] = {0.2, 0.7, 0.1};
	static const float half_label[] = {0, 1, 1}, one[] = {1, 0, 0}, both[] = {1, 1, 0};

	tap_ok(near(value_of("logloss", 0, 2, score, label), -(logl(0.8L) + logl(0.6L)) / 2), "logloss");
	tap_ok(near(value_of("logloss", 0, 2, score + 2, label + 2), -logl(1e-15L)), "logloss: 0 and 1 count as 1e-15 from there");
	tap_ok(near(value_of("accuracy", 0, 3, half, half_label), 2 / 3.0L), "accuracy: a half is no 1");
	tap_ok(near(value_of("nll", 0, 3, choice, one), -logl(0.2L)), "nll");
	tap_ok(isnan(value_of("nll", 0, 3, choice, both)) && isnan(value_of("nll", 0, 2, choice + 1, one + 1)), "nll: one positive, or no value");
}

static void
test_mean(void)
{
	static const double value[] = {1, NAN, 2, 3}, weight[] = {3, 7, 1}, two[] = {1, NAN, 0};
	struct metric_estimate e = metric_mean(value, NULL, 4);

	tap_ok(e.value == 2 && near(e.variance, 1 / 3.0L) && e.n == 3 && e.freedom == 2, "a mean and its variance");
	e = metric_mean(two, weight, 3);
	tap_ok(e.value == 0.75 && near(e.variance, 0.140625L) && e.n == 4 && e.freedom == 1, "a weighted mean and its variance");
	e = metric_mean(value, NULL, 2);
	tap_ok(e.value == 1 && isinf(e.variance), "the variance of one group is unknown");
	e = metric_mean(value + 1, NULL, 1);
	tap_ok(isnan(e.value) && e.n == 0, "nor has none a mean");
}

/* ---- by definition ---- */

/* AUC and the variance of Obuchowski 1997, his sums as he writes them; one group a record: DeLong's. */
static struct metric_estimate
naive_auc(const struct metric_record *r, size_t n, size_t n_groups)
{
	long double m = 0, k = 0, pairs = 0, theta, s10 = 0, s01 = 0, s11 = 0, i10 = 0, i01 = 0, i = (long double)n_groups;

	for (size_t a = 0; a < n; a++) {
		*(r[a].label > 0 ? &m : &k) += 1;
		for (size_t b = 0; r[a].label > 0 && b < n; b++)
			if (!(r[b].label > 0))
				pairs += r[a].score > r[b].score ? 1 : r[a].score == r[b].score ? 0.5L : 0;
	}
	if (m == 0 || k == 0)
		return (struct metric_estimate){.value = NAN};
	theta = pairs / (m * k);
	for (size_t g = 0; g < n_groups; g++) {
		long double v10 = 0, v01 = 0, mi = 0, ki = 0;

		for (size_t a = 0; a < n; a++) {
			bool positive = r[a].label > 0;

			if (r[a].group != g)
				continue;
			*(positive ? &mi : &ki) += 1;
			for (size_t b = 0; b < n; b++)
				if ((r[b].label > 0) != positive) {
					double high = positive ? r[a].score : r[b].score, low = positive ? r[b].score : r[a].score;
					long double psi = high > low ? 1 : high == low ? 0.5L : 0;

					*(positive ? &v10 : &v01) += psi / (positive ? k : m);
				}
		}
		i10 += mi > 0;
		i01 += ki > 0;
		s10 += (v10 - mi * theta) * (v10 - mi * theta);
		s01 += (v01 - ki * theta) * (v01 - ki * theta);
		s11 += (v10 - mi * theta) * (v01 - ki * theta);
	}
	s10 = i10 < 2 ? INFINITY : s10 * i10 / ((i10 - 1) * m);
	s01 = i01 < 2 ? INFINITY : s01 * i01 / ((i01 - 1) * k);
	s11 = i < 2 ? 0 : s11 * i / (i - 1);
	return (struct metric_estimate){(double)theta, (double)fmaxl(0, s10 / m + s01 / k + 2 * s11 / (m * k)), INFINITY, n};
}

static long double
naive_logloss(const struct metric_record *r, size_t n)
{
	long double sum = 0;

	for (size_t i = 0; i < n; i++) {
		long double p = r[i].label > 0 ? (long double)r[i].score : 1 - (long double)r[i].score;

		sum -= logl(p < 1e-15L ? 1e-15L : p);
	}
	return sum / (long double)n;
}

/* NDCG where a record of a tie takes the mean discount of its places. */
static long double
naive_ndcg(const struct metric_record *r, size_t n, size_t k)
{
	long double dcg = 0, best = 0;

	for (size_t i = 0; i < n; i++) {
		size_t better = 0, same = 0, greater = 0;
		long double discount = 0;

		for (size_t j = 0; j < n; j++) {
			better += r[j].score > r[i].score;
			same += r[j].score == r[i].score;
			greater += r[j].label > r[i].label || (r[j].label == r[i].label && j < i);
		}
		for (size_t place = better; place < better + same; place++)
			discount += k == 0 || place < k ? 1 / log2l((long double)place + 2) : 0;
		dcg += (long double)r[i].label * discount / (long double)same;
		best += k == 0 || greater < k ? (long double)r[i].label / log2l((long double)greater + 2) : 0;
	}
	return best > 0 ? dcg / best : NAN;
}

/* A metric of one order of records, equal scores or not. */
static long double
plain_value(const char *name, const struct metric_record *r, size_t n, size_t k)
{
	long double hits = 0, positive = 0, dcg = 0, rank = 0;
	size_t limit = k && k < n ? k : n;

	for (size_t i = 0; i < n; i++) {
		positive += r[i].label > 0;
		if (i >= limit)
			continue;
		hits += r[i].label > 0;
		dcg += (powl(2, (long double)r[i].label) - 1) / log2l((long double)i + 2);
		if (r[i].label > 0 && rank == 0)
			rank = (long double)i + 1;
	}
	if (strcmp(name, "mrr") == 0)
		return rank > 0 ? 1 / rank : 0;
	if (strcmp(name, "recall") == 0)
		return hits / positive;
	if (strcmp(name, "precision") == 0)
		return hits / (long double)(k ? k : n);
	if (strcmp(name, "hit") == 0)
		return hits > 0;
	return dcg;
}

/* Sum of a metric over the orders of records i.. that fall in score, and their number. */
static void
visit_orders(const char *name, struct metric_record *r, size_t n, size_t k, size_t i, long double *sum, long double *orders)
{
	if (i == n) {
		*sum += plain_value(name, r, n, k);
		*orders += 1;
	}
	for (size_t j = i; j < n; j++) {
		struct metric_record swapped = r[i];
		bool best = true;

		for (size_t l = i; l < n; l++)
			best = best && r[l].score <= r[j].score;
		if (!best)
			continue;
		r[i] = r[j];
		r[j] = swapped;
		visit_orders(name, r, n, k, i + 1, sum, orders);
		r[j] = r[i];
		r[i] = swapped;
	}
}

static long double
naive_mean(const char *name, const struct metric_record *records, size_t n, size_t k)
{
	struct metric_record r[MOST];
	long double sum = 0, orders = 0;

	memcpy(r, records, n * sizeof *r);
	visit_orders(name, r, n, k, 0, &sum, &orders);
	return sum / orders;
}

static long double
naive_ranking(const char *name, const struct metric_record *r, size_t n, size_t k)
{
	struct metric_record best[MOST];
	bool positive = false;

	for (size_t i = 0; i < n; i++) {
		best[i] = r[i];
		best[i].score = r[i].label;
		positive = positive || r[i].label > 0;
	}
	if (!positive)
		return NAN;
	return strcmp(name, "ndcg_exp") == 0 ? naive_mean(name, r, n, k) / naive_mean(name, best, n, k)
	                                     : naive_mean(name, r, n, k);
}

/* Records of few scores and groups, each group there at least once. */
static size_t
draw_records(struct metric_record *r, size_t n_groups, size_t most, size_t n_labels)
{
	size_t n = n_groups + draw(most - n_groups + 1), n_scores = 1 + draw(n);

	for (size_t i = 0; i < n; i++)
		r[i] = (struct metric_record){(double)draw(n_scores + 1) / (double)n_scores, (float)draw(n_labels),
		                              (uint32_t)(i < n_groups ? i : draw(n_groups))};
	return n;
}

/* The records of group g, in the order they came. */
static size_t
take_group(struct metric_record *to, const struct metric_record *r, size_t n, uint32_t g)
{
	size_t taken = 0;

	for (size_t i = 0; i < n; i++)
		if (r[i].group == g)
			to[taken++] = r[i];
	return taken;
}

static void
test_random(void)
{
	size_t wrong_auc = 0, wrong_variance = 0, wrong_logloss = 0, wrong_ndcg = 0;

	for (size_t i = 0; i < CASES; i++) {
		struct metric_record r[MOST], all[MOST], grouped[MOST], own[MOST];
		struct metric_cluster cluster[MOST] = {{0}};
		struct metric_list list[MOST];
		float ideal[MOST];
		size_t end[MOST], n_groups = 1 + draw(MOST_GROUPS), n = draw_records(r, n_groups, MOST, 2), k = draw(8);
		struct metric_estimate got, want;

		if (i % 4 == 0) /* a group a record */
			for (n_groups = 0; n_groups < n; n_groups++)
				r[n_groups].group = (uint32_t)n_groups;
		want = naive_auc(r, n, n_groups);
		memcpy(all, r, n * sizeof *r);
		metric_deal(n, n_groups, list, grouped, ideal, end, all);
		got = metric_auc_overall(&(struct metric_list){all, NULL, n}, n_groups, cluster);
		wrong_auc += !near(got.value, (long double)want.value);
		wrong_variance += !isnan(want.value) && got.variance != want.variance && !near(got.variance, (long double)want.variance);
		for (uint32_t g = 0; g < n_groups; g++) {
			size_t own_n = take_group(own, r, n, g);

			wrong_auc += !near(metric_auc(&list[g], 0), (long double)naive_auc(own, own_n, 1).value);
			wrong_logloss += !near(metric_logloss(&list[g], 0), naive_logloss(own, own_n));
			wrong_ndcg += !near(metric_ndcg(&list[g], k), naive_ndcg(own, own_n, k));
		}
	}
	tap_ok(wrong_auc == 0, "auc equals the count of pairs, all and by group: %zu of %d cases differ", wrong_auc, CASES);
	tap_ok(wrong_variance == 0, "its variance is Obuchowski's: %zu differ", wrong_variance);
	tap_ok(wrong_logloss == 0, "logloss equals its definition: %zu differ", wrong_logloss);
	tap_ok(wrong_ndcg == 0, "ndcg gives each tied record the mean discount of the places: %zu differ", wrong_ndcg);
}

/*
 * What pairs are compared by: their mean is the metric, their variance by their number is its variance. Each group has
 * a record of each class, so that AUC's corrections for groups without one are all the same.
 */
static void
test_spread(void)
{
	size_t wrong_mean = 0, wrong_auc = 0;

	for (size_t i = 0; i < CASES; i++) {
		struct metric_record all[MOST], grouped[MOST];
		struct metric_cluster cluster[MOST_GROUPS] = {{0}};
		struct metric_list list[MOST_GROUPS], whole = {all, NULL, 0};
		float ideal[MOST];
		size_t end[MOST_GROUPS], n_groups = 2 + draw(MOST_GROUPS - 1), n = 2 * n_groups + draw(MOST - 2 * MOST_GROUPS);
		double value[MOST_GROUPS], weight[MOST_GROUPS];
		struct metric_estimate want, got;

		for (size_t j = 0; j < n; j++)
			all[j] = (struct metric_record){(double)draw(20) / 20, (float)(j < 2 * n_groups ? j % 2 : draw(2)),
			                                (uint32_t)(j < 2 * n_groups ? j / 2 : draw(n_groups))};
		metric_deal(n, n_groups, list, grouped, ideal, end, all);
		for (size_t g = 0; g < n_groups; g++) {
			value[g] = i % 2 && g == 0 ? NAN : metric_logloss(&list[g], 0);
			weight[g] = (double)list[g].n;
		}
		want = metric_mean(value, weight, n_groups);
		metric_unweigh(value, weight, n_groups);
		got = metric_mean(value, NULL, n_groups);
		wrong_mean += !near(got.value, (long double)want.value) ||
		              (isfinite(want.variance) && !near(got.variance, (long double)want.variance));
		whole.n = n;
		want = metric_auc_overall(&whole, n_groups, cluster);
		metric_spread(n_groups, value, want.value, cluster);
		got = metric_mean(value, NULL, n_groups);
		wrong_auc += !near(got.value, (long double)want.value) || !near(got.variance, (long double)want.variance);
	}
	tap_ok(wrong_mean == 0, "values made of weighted ones have their mean and its variance: %zu of %d cases differ", wrong_mean, CASES);
	tap_ok(wrong_auc == 0, "so have those made of auc's influences: %zu differ", wrong_auc);
}

static void
test_orders(void)
{
	static const char *const name[] = {"mrr", "recall", "precision", "hit", "ndcg_exp"};

	for (size_t m = 0; m < sizeof name / sizeof *name; m++) {
		size_t wrong = 0;

		for (size_t i = 0; i < CASES; i++) {
			struct metric_record r[MOST], all[MOST], grouped[MOST];
			struct metric_list list;
			float ideal[MOST];
			size_t end, n = draw_records(r, 1, 6, 2 + draw(3)), k = draw(8);

			memcpy(all, r, n * sizeof *r);
			metric_deal(n, 1, &list, grouped, ideal, &end, all);
			wrong += !near(metric_named(name[m])->value(&list, k), naive_ranking(name[m], r, n, k));
		}
		tap_ok(wrong == 0, "%s is its mean over all orders of ties: %zu of %d cases differ", name[m], wrong, CASES);
	}
}

int
main(void)
{
	test_rankings();
	test_ties();
	test_classes();
	test_mean();
	test_random();
	test_spread();
	test_orders();
	return tap_done();
}
