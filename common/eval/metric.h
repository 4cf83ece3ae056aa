/*
 * metric.h - what predictions and rankings are worth: a metric is one function and one row of the table below.
 */
#ifndef WEIR_METRIC_H
#define WEIR_METRIC_H

#include "metric_catalogue.h"
#include "metric_class.h"
#include "metric_list.h"
#include "metric_mean.h"
#include "metric_rank.h"

/* What a metric asks of records, and how it is used. */
enum {
	METRIC_NUMBER = 1,       /* labels are numbers, and scores no larger than they may be */
	METRIC_GAIN = 2,         /* labels are at least 0 */
	METRIC_GRADE = 4,        /* and at most METRIC_MOST_GRADE */
	METRIC_BINARY = 8,       /* labels are 0 or 1 */
	METRIC_PROBABILITY = 16, /* scores are within [0, 1] */
	METRIC_ITEM = 32,        /* records have items */
	METRIC_INFORMATION = 64, /* and it is known how popular they are */
	METRIC_CATEGORY = 128,   /* records have categories */
	METRIC_CUT = 256,        /* its argument is a cutoff, 1 or more */
	METRIC_BINS = 512,       /* a number of bins */
	METRIC_THRESHOLD = 1024, /* a score */
	METRIC_SHARE = 2048,     /* within (0, 1) */
	METRIC_RANKED = 4096,    /* without a positive a ranking has no value, or counts as 0 */
	METRIC_ROOT = 8192,      /* what is printed is the square root of the mean */
	METRIC_STANDARD = 16384, /* printed where no metric is named; with a cutoff, where k is given */
	METRIC_LOSS = 32768      /* less is better */
};

static const float METRIC_MOST_GRADE = 100;

struct metric {
	const char *name;
	unsigned flags;
	double usual; /* its argument where none is given */
	/* The value for one group; NaN: it has none, and does not count. NULL: groups have none. */
	double (*value)(const struct metric_list *, double at);
	/* What a group weighs in the mean over groups; NULL: 1 each. */
	double (*weight)(const struct metric_list *, double at);
	/* The value over all records as one list; NULL: it is the mean of the groups'. G clusters, all 0, are added to. */
	struct metric_estimate (*overall)(const struct metric_list *, double at, size_t n_groups, struct metric_cluster *);
	/* The same value from n levels, best first. */
	double (*of_levels)(size_t n, const struct metric_level *, double at);
	/* The value from how often each of the items is shown; NULL: it is no metric of the whole catalogue. */
	double (*catalogue)(size_t n_items, uint64_t *shown);
};

enum {
	METRIC_PREDICTION = METRIC_BINARY | METRIC_PROBABILITY,
	METRIC_DECISION = METRIC_PREDICTION | METRIC_THRESHOLD,
	METRIC_RANKING = METRIC_GAIN | METRIC_RANKED | METRIC_CUT,
	METRIC_SHOWN = METRIC_ITEM | METRIC_CUT
};

static const struct metric metrics[] = {
	{.name = "auc", .flags = METRIC_BINARY | METRIC_STANDARD, .value = metric_auc, .overall = metric_auc_overall,
	 .of_levels = metric_auc_of_levels},
	{.name = "gauc", .flags = METRIC_BINARY | METRIC_STANDARD, .value = metric_auc, .weight = metric_records},
	{.name = "logloss", .flags = METRIC_PREDICTION | METRIC_LOSS | METRIC_STANDARD, .value = metric_logloss,
	 .weight = metric_records},
	{.name = "brier", .flags = METRIC_PREDICTION | METRIC_LOSS, .value = metric_mse, .weight = metric_records},
	{.name = "ece", .flags = METRIC_PREDICTION | METRIC_BINS | METRIC_LOSS, .usual = 10, .value = metric_ece,
	 .overall = metric_ece_overall, .of_levels = metric_ece_of_levels},
	{.name = "accuracy", .flags = METRIC_DECISION | METRIC_STANDARD, .usual = 0.5, .value = metric_accuracy,
	 .weight = metric_records},
	{.name = "ppv", .flags = METRIC_DECISION, .usual = 0.5, .value = metric_ppv, .weight = metric_said},
	{.name = "tpr", .flags = METRIC_DECISION, .usual = 0.5, .value = metric_tpr, .weight = metric_relevant},
	{.name = "f1", .flags = METRIC_DECISION, .usual = 0.5, .value = metric_f1, .weight = metric_said_and_relevant},
	{.name = "mse", .flags = METRIC_NUMBER | METRIC_LOSS, .value = metric_mse, .weight = metric_records},
	{.name = "rmse", .flags = METRIC_NUMBER | METRIC_LOSS | METRIC_ROOT, .value = metric_mse, .weight = metric_records},
	{.name = "mae", .flags = METRIC_NUMBER | METRIC_LOSS, .value = metric_mae, .weight = metric_records},
	{.name = "nll", .flags = METRIC_PREDICTION | METRIC_LOSS, .value = metric_nll},
	{.name = "ndcg", .flags = METRIC_RANKING | METRIC_STANDARD, .value = metric_ndcg},
	{.name = "ndcg_exp", .flags = METRIC_RANKING | METRIC_GRADE, .value = metric_ndcg_exp},
	{.name = "map", .flags = METRIC_RANKING, .value = metric_map},
	{.name = "mrr", .flags = METRIC_RANKING | METRIC_STANDARD, .value = metric_mrr},
	{.name = "recall", .flags = METRIC_RANKING | METRIC_STANDARD, .value = metric_recall},
	{.name = "precision", .flags = METRIC_RANKING | METRIC_STANDARD, .value = metric_precision},
	{.name = "hit", .flags = METRIC_RANKING | METRIC_STANDARD, .value = metric_hit},
	{.name = "rprec", .flags = METRIC_GAIN | METRIC_RANKED, .value = metric_rprec},
	{.name = "bpref", .flags = METRIC_GAIN | METRIC_RANKED, .value = metric_bpref},
	{.name = "rbp", .flags = METRIC_GAIN | METRIC_RANKED | METRIC_SHARE, .usual = 0.8, .value = metric_rbp},
	{.name = "coverage", .flags = METRIC_SHOWN, .catalogue = metric_coverage},
	{.name = "gini", .flags = METRIC_SHOWN, .catalogue = metric_gini},
	{.name = "novelty", .flags = METRIC_SHOWN | METRIC_INFORMATION, .value = metric_novelty},
	{.name = "diversity", .flags = METRIC_SHOWN | METRIC_CATEGORY, .value = metric_diversity},
};

enum { N_METRICS = sizeof metrics / sizeof *metrics };

/* The row of a name of n bytes; NULL: there is none. */
static inline const struct metric *
metric_find(const char *name, size_t n)
{
	for (size_t i = 0; i < N_METRICS; i++)
		if (strlen(metrics[i].name) == n && memcmp(metrics[i].name, name, n) == 0)
			return &metrics[i];
	return NULL;
}

/* The value of a group; NaN: it has none. */
static inline double
metric_value(const struct metric *m, const struct metric_list *l, double at)
{
	return m->value ? m->value(l, at) : NAN;
}

static inline double
metric_weight(const struct metric *m, const struct metric_list *l, double at)
{
	return m->weight ? m->weight(l, at) : 1;
}

#endif
