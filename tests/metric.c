/*
 * metric.c - metrics against cases worked by hand, and against definitions written out in long double: AUC pair by
 * pair, rankings over every order of their ties; sums that do not depend on the order of groups.
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

static struct metric_record
record_of(double score, float label, uint32_t group)
{
	return (struct metric_record){.score = score, .label = label, .group = group};
}

/* The metric, with its argument, of n records of one group. */
static double
value_of(const char *name, double at, size_t n, const double *score, const float *label)
{
	struct metric_record all[MOST], grouped[MOST], scratch[MOST];
	struct metric_list list;
	float ideal[MOST];
	size_t end;

	for (size_t i = 0; i < n; i++)
		all[i] = record_of(score[i], label[i], 0);
	metric_deal(n, 1, &list, grouped, ideal, &end, scratch, all);
	return metric_named(name)->value(&list, at);
}

/* ---- by hand ---- */

static void
test_rankings(void)
{
	static const double score[] = {0.5, 0.9, 0.7, 0.6, 0.8};
	static const float label[] = {0, 1, 1, 0, 0}, none[] = {0, 0, 0, 0, 0}, all[] = {1, 1, 1, 1, 1};
	static const float graded[] = {0, 3, 0, 1, 2}; /* by score: 3 2 0 1 0 */
	static const float unjudged[] = {0, 1, 1, 0, -1}, late[] = {1, 1, 0, 0}; /* by score: 1 - 1 0 0, and 1 0 0 1 */

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
	tap_ok(near(value_of("map", 0, 5, score, label), (1 + 2 / 3.0L) / 2), "map");
	tap_ok(value_of("map", 2, 5, score, label) == 0.5, "map@2 divides by all positives");
	tap_ok(value_of("rprec", 0, 5, score, label) == 0.5 && value_of("rprec", 0, 5, score, graded) == 2 / 3.0, "rprec");
	tap_ok(value_of("bpref", 0, 5, score, label) == (1 + 0.5) / 2, "bpref");
	tap_ok(value_of("bpref", 0, 5, score, unjudged) == 1, "bpref: what is not judged does not matter");
	tap_ok(value_of("bpref", 0, 4, score, late) == 0.5, "bpref: no more negatives than positives count");
	tap_ok(near(value_of("rbp", 0.8, 5, score, label), 0.2L * (1 + 0.64L)), "rbp");
	tap_ok(value_of("hit", 1, 5, score, label) == 1 && value_of("hit", 1, 3, score + 2, label + 2) == 0, "hit");
	for (size_t i = 0; i < N_METRICS; i++)
		if (metrics[i].flags & METRIC_RANKED)
			tap_ok(isnan(value_of(metrics[i].name, metrics[i].flags & METRIC_CUT ? 1 : metrics[i].usual, 5, score, none)),
			       "%s: no value without a positive", metrics[i].name);
}

/* A list with positives that are not in it. */
static void
test_missing(void)
{
	static const float ideal[] = {1, 1, 1, 1};
	struct metric_record record[] = {{.score = 2, .label = 1}, {.score = 1, .label = 0}};
	struct metric_list list = {.record = record, .n = 2, .ideal = ideal, .n_positive = 4, .n_negative = 1}, none = list;

	none.n = 0;
	tap_ok(metric_recall(&list, 0) == 0.25 && metric_map(&list, 0) == 0.25 && metric_rprec(&list, 0) == 0.25 &&
	       metric_bpref(&list, 0) == 0.25 && metric_precision(&list, 0) == 0.5, "positives that are not in the list are not found");
	tap_ok(near(metric_ndcg(&list, 0), 1 / (1 + 1 / log2l(3) + 1 / log2l(4) + 1 / log2l(5))) &&
	       near(metric_ndcg(&list, 2), 1 / (1 + 1 / log2l(3))), "but the best ranking has them");
	for (size_t i = 0; i < N_METRICS; i++)
		if (metrics[i].flags & METRIC_RANKED)
			tap_ok(metrics[i].value(&none, metrics[i].usual) == 0, "%s of a list without records", metrics[i].name);
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
	tap_ok(near(value_of("map", 0, 4, constant, first), 25 / 48.0L), "map of one positive is mrr");
	tap_ok(near(value_of("rprec", 0, 4, constant, two), 0.5L), "rprec");
	tap_ok(near(value_of("bpref", 0, 4, constant, two), 0.5L), "bpref");
	tap_ok(near(value_of("rbp", 0.5, 4, constant, first), 15 / 64.0L), "rbp");
}

static void
test_classes(void)
{
	static const double score[] = {0.8, 0.4, 0, 1};
	static const float label[] = {1, 0, 1, 0};
	static const double half[] = {0.5, 0.51, 0.49}, choice[] = {0.2, 0.7, 0.1};
	static const float half_label[] = {0, 1, 1}, one[] = {1, 0, 0}, both[] = {1, 1, 0};
	static const double number[] = {1.5, -5}, tied[] = {0.2, 0.2, 0.2, 0.9};
	static const float number_label[] = {2, -2};

	tap_ok(near(value_of("logloss", 0, 2, score, label), -(logl(0.8L) + logl(0.6L)) / 2), "logloss");
	tap_ok(near(value_of("logloss", 0, 2, score + 2, label + 2), -logl(1e-15L)), "logloss: 0 and 1 count as 1e-15 from there");
	tap_ok(near(value_of("accuracy", 0.5, 3, half, half_label), 2 / 3.0L), "accuracy: a half is no 1");
	tap_ok(near(value_of("nll", 0, 3, choice, one), -logl(0.2L)), "nll");
	tap_ok(near(value_of("brier", 0, 4, score, label), (0.04L + 0.16L + 1 + 1) / 4), "brier");
	tap_ok(near(value_of("mse", 0, 2, number, number_label), (0.25L + 9) / 2) &&
	       near(value_of("mae", 0, 2, number, number_label), (0.5L + 3) / 2), "mse and mae, of any numbers");
	tap_ok(value_of("ppv", 0.5, 4, score, label) == 0.5 && value_of("tpr", 0.5, 4, score, label) == 0.5, "ppv and tpr");
	tap_ok(value_of("ppv", 0.4, 4, score, label) == 0.5 && value_of("ppv", 0.8, 4, score, label) == 0, "a score at the threshold is no 1");
	tap_ok(near(value_of("f1", 0.3, 4, score, label), 2 / 5.0L), "f1");
	tap_ok(isnan(value_of("ppv", 1, 4, score, label)) && isnan(value_of("tpr", 0.5, 1, score + 1, label + 1)) &&
	       isnan(value_of("f1", 0.5, 1, score + 1, label + 1)), "ppv, tpr and f1 of nothing");
	tap_ok(near(value_of("ece", 2, 4, score, label), (fabsl(1.8L - 1) + fabsl(0.4L - 1)) / 4), "ece: two bins");
	tap_ok(near(value_of("ece", 1, 4, score, label), 0.2L / 4), "ece: a bin");
	tap_ok(near(value_of("ece", 4, 4, tied, label), (fabsl(0.6L - 2) + 0.9L) / 4), "ece: equal scores share a bin");
	tap_ok(isnan(value_of("nll", 0, 3, choice, both)) && isnan(value_of("nll", 0, 2, choice + 1, one + 1)), "nll: one positive, or no value");
}

static void
test_catalogue(void)
{
	/* items 0 1 2, and 0 2 3, of a catalogue of 5 */
	struct metric_record record[] = {{.score = 3, .item = 0, .category = 0}, {.score = 2, .item = 1, .category = 1},
	                                 {.score = 1, .item = 2, .category = 0}, {.score = 3, .item = 0, .category = 2},
	                                 {.score = 2, .item = 2, .category = 2}, {.score = 1, .item = 3, .category = 2}};
	static const double information[] = {1, 2, 4, 8, 16};
	struct metric_list list[] = {{.record = record, .n = 3, .information = information},
	                             {.record = record + 3, .n = 3, .information = information}};
	uint64_t shown[5] = {0}, alike[5] = {2, 2, 2, 2, 2}, one[5] = {0, 0, 7, 0, 0};

	metric_count_shown(2, list, 2, shown);
	tap_ok(shown[0] == 2 && shown[1] == 1 && shown[2] == 1 && shown[3] == 0, "items shown in the first two places");
	tap_ok(metric_coverage(5, shown) == 0.6, "coverage");
	tap_ok(near(metric_gini(5, shown), (0 * 1 + 2 * 1 + 4 * 2) / (4.0L * 4)), "gini");
	tap_ok(metric_gini(5, alike) == 0 && metric_gini(5, one) == 1 && isnan(metric_gini(1, alike)), "gini: all alike, one alone");
	tap_ok(metric_novelty(&list[0], 2) == 1.5 && metric_novelty(&list[1], 0) == 13 / 3.0, "novelty");
	tap_ok(near(metric_diversity(&list[0], 0), 2 / 3.0L) && metric_diversity(&list[0], 2) == 1 &&
	       metric_diversity(&list[1], 0) == 0 && isnan(metric_diversity(&list[0], 1)), "diversity");
}

static struct metric_estimate
mean_of(const double *value, const double *weight, size_t n)
{
	struct metric_sums sums = {0};

	for (size_t i = 0; i < n; i++)
		metric_sums_add(&sums, value[i], weight ? weight[i] : 1);
	return metric_sums_estimate(&sums);
}

static void
test_mean(void)
{
	static const double value[] = {1, NAN, 2, 3}, weight[] = {3, 7, 1}, two[] = {1, NAN, 0}, far[] = {1e15 - 1, 1e15, 1e15 + 1};
	struct metric_estimate e = mean_of(value, NULL, 4);

	tap_ok(e.value == 2 && near(e.variance, 1 / 3.0L) && e.n == 3 && e.freedom == 2, "a mean and its variance");
	e = mean_of(two, weight, 3);
	tap_ok(e.value == 0.75 && near(e.variance, 0.140625L) && e.n == 4 && e.freedom == 1, "a weighted mean and its variance");
	e = mean_of(value, NULL, 2);
	tap_ok(e.value == 1 && isinf(e.variance), "the variance of one group is unknown");
	e = mean_of(value + 1, NULL, 1);
	tap_ok(isnan(e.value) && e.n == 0, "nor has none a mean");
	e = mean_of(far, NULL, 3);
	tap_ok(e.value == 1e15 && near(e.variance, 1 / 3.0L), "the variance of values far from 0 does not cancel");
	e = metric_root((struct metric_estimate){4, 0.16, 7, 3});
	tap_ok(e.value == 2 && near(e.variance, 0.01L), "the root of a mean and its variance");
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

/* Mean of (score - label)^2. */
static long double
naive_brier(const struct metric_record *r, size_t n)
{
	long double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += ((long double)r[i].score - (long double)r[i].label) * ((long double)r[i].score - (long double)r[i].label);
	return sum / (long double)n;
}

/* Mean over the positives, and the places of their ties, of the precision expected there. */
static long double
naive_map(const struct metric_record *r, size_t n)
{
	long double sum = 0, positives = 0;

	for (size_t i = 0; i < n; i++) {
		size_t better = 0, same = 0, hits = 0, others = 0;

		for (size_t j = 0; j < n; j++) {
			better += r[j].score > r[i].score;
			same += r[j].score == r[i].score;
			hits += r[j].score > r[i].score && r[j].label > 0;
			others += j != i && r[j].score == r[i].score && r[j].label > 0;
		}
		for (size_t place = better; r[i].label > 0 && place < better + same; place++) {
			long double above = same > 1 ? (long double)(place - better) / (long double)(same - 1) : 0;

			sum += (1 + (long double)hits + above * (long double)others) / (long double)(place + 1) / (long double)same;
		}
		positives += r[i].label > 0;
	}
	return positives > 0 ? sum / positives : NAN;
}

/* n over k */
static long double
ways(size_t n, size_t k)
{
	long double product = 1;

	for (size_t i = 1; i <= k; i++)
		product = product * (long double)(n - k + i) / (long double)i;
	return k <= n ? product : 0;
}

/* 1 / rank of the first positive: of the ways to place those of its tie, the ways that leave none before a place. */
static long double
naive_mrr(const struct metric_record *r, size_t n)
{
	double best = -INFINITY;
	size_t better = 0, same = 0, positive = 0;
	long double sum = 0;

	for (size_t i = 0; i < n; i++)
		if (r[i].label > 0 && r[i].score > best)
			best = r[i].score;
	for (size_t i = 0; i < n; i++) {
		better += r[i].score > best;
		same += r[i].score == best;
		positive += r[i].score == best && r[i].label > 0;
	}
	for (size_t j = 0; j < same; j++)
		sum += ways(same - 1 - j, positive - 1) / ways(same, positive) / (long double)(better + j + 1);
	return positive ? sum : NAN;
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
	long double hits = 0, positive = 0, negative = 0, dcg = 0, rank = 0, precisions = 0, rbp = 0, worse = 0, wrong = 0;
	size_t limit = k && k < n ? k : n;

	for (size_t i = 0; i < n; i++) {
		positive += r[i].label > 0;
		negative += r[i].label == 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(name, "rprec") == 0)
			limit = (size_t)positive;
		if (r[i].label > 0 && wrong > 0)
			worse += fminl(wrong, positive) / fminl(negative, positive);
		wrong += r[i].label == 0;
		if (r[i].label > 0)
			rbp += 0.2L * powl(0.8L, (long double)i);
		if (i >= limit)
			continue;
		hits += r[i].label > 0;
		precisions += r[i].label > 0 ? hits / (long double)(i + 1) : 0;
		dcg += r[i].label > 0 ? (powl(2, (long double)r[i].label) - 1) / log2l((long double)i + 2) : 0;
		if (r[i].label > 0 && rank == 0)
			rank = (long double)i + 1;
	}
	if (strcmp(name, "mrr") == 0)
		return rank > 0 ? 1 / rank : 0;
	if (strcmp(name, "recall") == 0 || strcmp(name, "rprec") == 0)
		return hits / positive;
	if (strcmp(name, "map") == 0)
		return precisions / positive;
	if (strcmp(name, "bpref") == 0)
		return (positive - worse) / positive;
	if (strcmp(name, "rbp") == 0)
		return rbp;
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
		r[i] = record_of((double)draw(n_scores + 1) / (double)n_scores, (float)draw(n_labels),
		                 (uint32_t)(i < n_groups ? i : draw(n_groups)));
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
	size_t wrong_auc = 0, wrong_variance = 0, wrong_logloss = 0, wrong_brier = 0, wrong_ndcg = 0, wrong_map = 0, wrong_mrr = 0;

	for (size_t i = 0; i < CASES; i++) {
		struct metric_record r[MOST], all[MOST], grouped[MOST], scratch[MOST], own[MOST];
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
		metric_deal(n, n_groups, list, grouped, ideal, end, scratch, all);
		metric_sort(n, all, scratch);
		got = metric_auc_overall(&(struct metric_list){.record = all, .n = n}, 0, n_groups, cluster);
		wrong_auc += !near(got.value, (long double)want.value);
		wrong_variance += !isnan(want.value) && got.variance != want.variance && !near(got.variance, (long double)want.variance);
		for (uint32_t g = 0; g < n_groups; g++) {
			size_t own_n = take_group(own, r, n, g);

			wrong_auc += !near(metric_auc(&list[g], 0), (long double)naive_auc(own, own_n, 1).value);
			wrong_logloss += !near(metric_logloss(&list[g], 0), naive_logloss(own, own_n));
			wrong_brier += !near(metric_mse(&list[g], 0), naive_brier(own, own_n));
			wrong_map += !near(metric_map(&list[g], 0), naive_map(own, own_n));
			wrong_mrr += !near(metric_mrr(&list[g], 0), naive_mrr(own, own_n));
			wrong_ndcg += !near(metric_ndcg(&list[g], (double)k), naive_ndcg(own, own_n, k));
		}
	}
	tap_ok(wrong_auc == 0, "auc equals the count of pairs, all and by group: %zu of %d cases differ", wrong_auc, CASES);
	tap_ok(wrong_variance == 0, "its variance is Obuchowski's: %zu differ", wrong_variance);
	tap_ok(wrong_logloss == 0, "logloss equals its definition: %zu differ", wrong_logloss);
	tap_ok(wrong_brier == 0, "so does brier: %zu differ", wrong_brier);
	tap_ok(wrong_map == 0, "map is the precision expected at the places of the positives: %zu differ", wrong_map);
	tap_ok(wrong_mrr == 0, "mrr counts the ways to place a tie: %zu differ", wrong_mrr);
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
		struct metric_record all[MOST], grouped[MOST], scratch[MOST];
		struct metric_cluster cluster[MOST_GROUPS] = {{0}};
		struct metric_list list[MOST_GROUPS], whole = {.record = all};
		float ideal[MOST];
		size_t end[MOST_GROUPS], n_groups = 2 + draw(MOST_GROUPS - 1), n = 2 * n_groups + draw(MOST - 2 * MOST_GROUPS);
		double value[MOST_GROUPS], weight[MOST_GROUPS];
		struct metric_estimate want, got;

		for (size_t j = 0; j < n; j++)
			all[j] = record_of((double)draw(20) / 20, (float)(j < 2 * n_groups ? j % 2 : draw(2)),
			                   (uint32_t)(j < 2 * n_groups ? j / 2 : draw(n_groups)));
		metric_deal(n, n_groups, list, grouped, ideal, end, scratch, all);
		for (size_t g = 0; g < n_groups; g++) {
			value[g] = i % 2 && g == 0 ? NAN : metric_logloss(&list[g], 0);
			weight[g] = (double)list[g].n;
		}
		want = mean_of(value, weight, n_groups);
		metric_unweigh(value, weight, n_groups);
		got = mean_of(value, NULL, n_groups);
		wrong_mean += !near(got.value, (long double)want.value) ||
		              (isfinite(want.variance) && !near(got.variance, (long double)want.variance));
		whole.n = n;
		metric_sort(n, all, scratch);
		want = metric_auc_overall(&whole, 0, n_groups, cluster);
		metric_spread(n_groups, value, want.value, cluster);
		got = mean_of(value, NULL, n_groups);
		wrong_auc += !near(got.value, (long double)want.value) || !near(got.variance, (long double)want.variance);
	}
	tap_ok(wrong_mean == 0, "values made of weighted ones have their mean and its variance: %zu of %d cases differ", wrong_mean, CASES);
	tap_ok(wrong_auc == 0, "so have those made of auc's influences: %zu differ", wrong_auc);
}

/* The side a record's bin errs on, times its error: its part in ece. Bins are of five, worked out place by place. */
static double
signed_error(const struct metric_list *whole, size_t i)
{
	long double errors[5] = {0};
	size_t bin[MOST];

	for (size_t j = 0; j < whole->n; j++) {
		size_t above = 0;

		while (whole->record[above].score > whole->record[j].score)
			above++;
		bin[j] = above * 5 / whole->n;
		errors[bin[j]] += (long double)whole->record[j].score - (long double)whole->record[j].label;
	}
	return (errors[bin[i]] > 0 ? 1 : -1) * (whole->record[i].score - (double)whole->record[i].label);
}

/* ece is a mean over records, once it is known on which side each bin errs; the root of mse has the spread of mse. */
static void
test_overall(void)
{
	size_t wrong_ece = 0, wrong_root = 0;

	for (size_t i = 0; i < CASES; i++) {
		struct metric_record all[MOST], scratch[MOST];
		struct metric_cluster cluster[MOST_GROUPS] = {{0}};
		struct metric_list whole = {.record = all};
		size_t n_groups = 2 + draw(MOST_GROUPS - 1), n = draw_records(all, n_groups, MOST, 2);
		double value[MOST_GROUPS] = {0}, weight[MOST_GROUPS] = {0};
		struct metric_estimate want, got;

		whole.n = n;
		for (size_t j = 0; j < n; j++)
			all[j].score = round(all[j].score * 16) / 16; /* sums without rounding: no doubt about a side */
		metric_sort(n, all, scratch);
		for (size_t j = 0; j < n; j++) {
			value[all[j].group] += signed_error(&whole, j);
			weight[all[j].group]++;
		}
		for (size_t g = 0; g < n_groups; g++)
			value[g] /= weight[g];
		want = mean_of(value, weight, n_groups);
		got = metric_ece_overall(&whole, 5, n_groups, cluster);
		wrong_ece += !near(got.value, (long double)want.value) || !near(got.variance, (long double)want.variance);
		for (size_t g = 0; g < n_groups; g++)
			value[g] = i % 2 && g == 0 ? NAN : (double)draw(20);
		want = metric_root(mean_of(value, NULL, n_groups));
		metric_unroot(value, n_groups);
		got = mean_of(value, NULL, n_groups);
		wrong_root += want.value > 0 && isfinite(want.variance) &&
		              (!near(got.value, (long double)want.value) || !near(got.variance, (long double)want.variance));
	}
	tap_ok(wrong_ece == 0, "ece and its variance are those of errors whose sides are given: %zu of %d cases differ", wrong_ece, CASES);
	tap_ok(wrong_root == 0, "values made of those under a root have its mean and variance: %zu differ", wrong_root);
}

static void
test_orders(void)
{
	static const char *const name[] = {"mrr", "recall", "precision", "hit", "ndcg_exp", "map", "rprec", "bpref", "rbp"};

	for (size_t m = 0; m < sizeof name / sizeof *name; m++) {
		const struct metric *metric = metric_named(name[m]);
		size_t wrong = 0, wrong_ordered = 0;

		for (size_t i = 0; i < CASES; i++) {
			struct metric_record r[MOST], all[MOST], grouped[MOST], scratch[MOST];
			struct metric_list list;
			float ideal[MOST];
			size_t end, n = draw_records(r, 1, 6, 2 + draw(3)), k = draw(8);
			double at = metric->flags & METRIC_CUT ? (double)k : metric->usual;
			long double want;

			for (size_t j = 0; i % 2 && j < n; j++)
				r[j].label = draw(4) ? r[j].label : -1;
			memcpy(all, r, n * sizeof *r);
			metric_deal(n, 1, &list, grouped, ideal, &end, scratch, all);
			wrong += !near(metric->value(&list, at), naive_ranking(name[m], r, n, k));
			list.ordered = true;
			want = strcmp(name[m], "ndcg_exp") == 0 ? metric_ndcg_exp(&list, at) : plain_value(name[m], grouped, n, k);
			wrong_ordered += list.n_positive && !near(metric->value(&list, at), want);
		}
		tap_ok(wrong == 0, "%s is its mean over all orders of ties: %zu of %d cases differ", name[m], wrong, CASES);
		tap_ok(wrong_ordered == 0, "or that of the order as it stands: %zu differ", wrong_ordered);
	}
}

static void
test_sort(void)
{
	size_t wrong = 0;

	for (size_t i = 0; i < CASES; i++) {
		struct metric_record r[200], scratch[200];
		size_t n = draw(200), n_scores = 1 + draw(100);
		uint32_t sum = 0;

		for (size_t j = 0; j < n; j++) {
			double score = ldexp((double)draw(n_scores) - 20, (int)draw(3) * 300);

			if (i % 3 == 0) /* all near each other, but for one and zeros of both signs */
				score = !j ? (i % 2 ? 1e300 : 0x1p900) : draw(4) ? 1 + (double)draw(1 << 20) * 0x1p-50 : 0;
			r[j] = record_of(i % 2 == 0 || draw(9) ? score : -score, (float)draw(3) - 1, (uint32_t)j);
		}
		metric_sort(n, r, scratch);
		for (size_t j = 0; j < n; j++) {
			wrong += j > 0 && metric_compare(&r[j - 1], &r[j]) > 0;
			sum += r[j].group + 1;
		}
		wrong += sum != n * (n + 1) / 2;
	}
	tap_ok(wrong == 0, "records are sorted by score, then label, and none is lost: %zu wrong", wrong);
}

/* Sums of groups in any order, or added up apart, have the same bytes; levels added up have the value of the records. */
static void
test_merge(void)
{
	size_t wrong = 0, wrong_levels = 0;

	for (size_t i = 0; i < CASES; i++) {
		struct metric_sums once = {0}, apart[2] = {{0}, {0}};
		struct metric_record all[MOST], scratch[MOST];
		struct metric_list whole = {.record = all};
		struct metric_level level[MOST];
		struct metric_estimate a, b;
		size_t n = 1 + draw(MOST), n_levels = 0;
		double value[MOST], weight[MOST];

		for (size_t j = 0; j < n; j++) {
			value[j] = draw(9) ? random_uniform(2, drawn++) : NAN;
			weight[j] = 1 + (double)draw(5);
			metric_sums_add(&once, value[j], weight[j]);
			all[j] = record_of((double)draw(20) / 20, (float)draw(2), 0);
		}
		for (size_t j = n; j--;)
			metric_sums_add(&apart[draw(2)], value[j], weight[j]);
		metric_sums_merge(&apart[0], &apart[1]);
		a = metric_sums_estimate(&once);
		b = metric_sums_estimate(&apart[0]);
		wrong += memcmp(&a, &b, sizeof a) != 0;
		whole.n = n;
		metric_sort(n, all, scratch);
		for (size_t from = 0; from < n;)
			level[n_levels++] = metric_level(&whole, &from);
		wrong_levels += metric_auc(&whole, 0) != metric_auc_of_levels(n_levels, level, 0) && !isnan(metric_auc(&whole, 0));
		wrong_levels += metric_ece(&whole, 7) != metric_ece_of_levels(n_levels, level, 7);
	}
	tap_ok(wrong == 0, "sums do not depend on the order of groups, nor on where they are cut: %zu of %d differ", wrong, CASES);
	tap_ok(wrong_levels == 0, "auc and ece are the same from levels: %zu differ", wrong_levels);
}

int
main(void)
{
	test_rankings();
	test_missing();
	test_ties();
	test_classes();
	test_catalogue();
	test_mean();
	test_random();
	test_spread();
	test_overall();
	test_orders();
	test_sort();
	test_merge();
	return tap_done();
}
