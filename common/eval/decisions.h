/*
 * decisions.h - logged decisions, from rows: each row is one, or each group, whose rows are the candidates.
 *
 * Where a row is a decision it has the target policy's probability of what was taken. Where it is a candidate it has a
 * score, from which the target policy is made once the group is whole.
 */
#ifndef WEIR_DECISIONS_H
#define WEIR_DECISIONS_H

#include "../io/columns.h"
#include "../io/keys.h"
#include "policy.h"

struct decisions {
	/* set by the options table */
	struct rows rows;
	struct column group, propensity, reward, score, target, model, expected; /* target: rows are decisions */
	double temperature; /* of the target policy that scores make; NaN: it takes the best */
	double epsilon;     /* with this probability it takes any */
	bool cascade;       /* a group is a ranking, place by place: weights multiply down it */

	double most; /* set by the program: rewards and predictions are from 0 to this; NaN: any number */

	struct policy_decision *decision; /* owned */
	size_t n, capacity;
	uint32_t n_groups;
	struct keys names;           /* of the groups, where there is such a column */
	size_t n_unsupported;        /* in which the target policy takes what the logging policy never does */
	double unsupported;          /* and with what probability, added up */

	struct policy_decision *above; /* owned: with cascade, of each group the decision at the place above */
	size_t above_capacity;

	/* where rows are candidates, those of the group in hand */
	struct policy_candidate *candidate; /* owned */
	bool *never;                 /* owned: the logging policy does not take this candidate */
	size_t n_candidates, candidate_capacity, never_capacity;
	size_t taken;                /* the place of the one that was taken; SIZE_MAX: none yet */
	double taken_propensity, taken_reward;
	struct origin *end;          /* owned: of each group the last row */
	size_t end_capacity;
};

#define DECISIONS_DEFAULTS                                                                                  \
	{.group = {.option = "group", .field = "1"}, .propensity = {.option = "propensity", .field = "-3"},     \
	 .reward = {.option = "label", .field = "-2"}, .score = {.option = "score", .field = "-1"},             \
	 .target = {.option = "target"}, .model = {.option = "predicted"}, .expected = {.option = "expected"},      \
	 .temperature = NAN, .most = NAN}

/* Which columns there are; after rows_open. In CSV decisions need not have a group: then each is one. */
static inline void
decisions_choose_columns(struct decisions *d)
{
	bool scored = !d->target.given;

	column_choose(&d->group, &d->rows, scored || d->cascade || !d->rows.csv);
	column_choose(&d->propensity, &d->rows, true);
	column_choose(&d->reward, &d->rows, true);
	column_choose(&d->score, &d->rows, scored);
	column_choose(&d->target, &d->rows, true);
	column_choose(&d->model, &d->rows, true);
	column_choose(&d->expected, &d->rows, true);
	column_shard(&d->group, &d->rows);
}

static inline void
decisions_find_columns(struct decisions *d)
{
	struct column *const columns[] = {&d->group, &d->propensity, &d->reward, &d->score, &d->target, &d->model, &d->expected};

	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		column_find(columns[i], &d->rows);
}

/* ---- a row ---- */

/* A reward or a prediction. */
static inline bool
decisions_amount(struct decisions *d, const struct column *c, double *value)
{
	return column_number(c, &d->rows, value) && (isnan(d->most) || (*value >= 0 && *value <= d->most) ||
	                                             column_refuse(c, &d->rows, "not within 0 and --max-reward", NULL));
}

/* Propensity and reward of an action that was taken. */
static inline bool
decisions_outcome(struct decisions *d, double *chance, double *gain)
{
	return column_probability(&d->propensity, &d->rows, chance) &&
	       (*chance > 0 || column_refuse(&d->propensity, &d->rows, "0, and yet it was taken", NULL)) &&
	       (isfinite(1 / *chance) || column_refuse(&d->propensity, &d->rows, "too small", NULL)) &&
	       decisions_amount(d, &d->reward, gain);
}

static inline void
decisions_add(struct decisions *d, struct policy_decision one)
{
	if (d->n == UINT32_MAX)
		die_data("more than %" PRIu32 " decisions", UINT32_MAX);
	if (one.group >= d->n_groups)
		d->n_groups = one.group + 1;
	d->decision = grow(d->decision, &d->capacity, d->n + 1, sizeof *d->decision);
	d->decision[d->n++] = one;
}

/* ---- a row is a decision ---- */

/* With cascade: a place of a ranking counts as often as all above it come out as they did. */
static inline struct policy_decision
decisions_descend(struct decisions *d, struct policy_decision one)
{
	if (one.group < d->n_groups) {
		one.weight *= d->above[one.group].weight;
		one.target *= d->above[one.group].target;
	}
	d->above = grow(d->above, &d->above_capacity, (size_t)one.group + 1, sizeof *d->above);
	return d->above[one.group] = one;
}

static inline void
decisions_read_one(struct decisions *d)
{
	struct policy_decision one;
	double chance;

	if (!decisions_outcome(d, &chance, &one.reward) || !column_probability(&d->target, &d->rows, &one.target) ||
	    !decisions_amount(d, &d->model, &one.predicted) || !decisions_amount(d, &d->expected, &one.expected))
		return;
	one.weight = one.target / chance;
	one.group = d->group.used ? keys_id(&d->names, column_value(&d->group, &d->rows), NULL) : (uint32_t)d->n;
	decisions_add(d, d->cascade ? decisions_descend(d, one) : one);
}

/* ---- a row is a candidate, a group a decision ---- */

static inline void
decisions_finish_group(struct decisions *d)
{
	struct policy_candidate *candidate = d->candidate;
	double lost = 0;

	if (d->taken == SIZE_MAX)
		die_data("%s:%" PRIu64 ": its group ends here, and no candidate was taken: each has ? for a reward",
		         d->end[d->n_groups].file, d->end[d->n_groups].line);
	if (isnan(d->temperature))
		policy_greedy(d->n_candidates, candidate);
	else
		policy_softmax(d->n_candidates, candidate, d->temperature);
	policy_explore(d->n_candidates, candidate, d->epsilon);
	for (size_t i = 0; i < d->n_candidates; i++)
		lost += d->never[i] ? candidate[i].probability : 0;
	d->unsupported += lost;
	d->n_unsupported += lost > 0;
	decisions_add(d, (struct policy_decision){
		.weight = candidate[d->taken].probability / d->taken_propensity, .target = candidate[d->taken].probability,
		.reward = d->taken_reward, .predicted = candidate[d->taken].predicted,
		.expected = policy_expected(d->n_candidates, candidate), .group = d->n_groups,
	});
	d->n_candidates = 0;
}

/* The row in hand is of the group in hand, or the first of a new one, before which that ends. */
static inline void
decisions_enter_group(struct decisions *d)
{
	const struct input *in = d->rows.in;
	bool fresh;
	uint32_t id = keys_id(&d->names, column_value(&d->group, &d->rows), &fresh);

	if (!fresh && id + 1 < d->names.n)
		die_data("%s:%" PRIu64 ": its group ended at %s:%" PRIu64 " (sort first)", in->name, in->line, d->end[id].file,
		         d->end[id].line);
	if (fresh && id)
		decisions_finish_group(d);
	if (fresh)
		d->taken = SIZE_MAX;
	d->end = grow(d->end, &d->end_capacity, d->names.n, sizeof *d->end);
	d->end[id] = input_origin(in);
}

/* The candidate in hand was taken. False when it was refused. */
static inline bool
decisions_read_taken(struct decisions *d)
{
	if (d->taken != SIZE_MAX)
		return column_refuse(&d->reward, &d->rows, "a second candidate of its group that was taken", NULL);
	d->taken = d->n_candidates;
	return decisions_outcome(d, &d->taken_propensity, &d->taken_reward);
}

static inline void
decisions_read_candidate(struct decisions *d)
{
	struct policy_candidate c;
	double chance = 1;

	decisions_enter_group(d);
	if (!column_number(&d->score, &d->rows, &c.score) || !decisions_amount(d, &d->model, &c.predicted))
		return;
	if (!column_unknown(&d->reward, &d->rows)) {
		if (!decisions_read_taken(d))
			return;
	} else if (!column_unknown(&d->propensity, &d->rows) && !column_probability(&d->propensity, &d->rows, &chance)) {
		return;
	}
	d->never = grow(d->never, &d->never_capacity, d->n_candidates + 1, sizeof *d->never);
	d->never[d->n_candidates] = chance == 0;
	d->candidate = grow(d->candidate, &d->candidate_capacity, d->n_candidates + 1, sizeof *d->candidate);
	d->candidate[d->n_candidates++] = c;
}

/* Reads all there are. */
static inline void
decisions_read(struct decisions *d)
{
	bool more = rows_next(&d->rows);

	if (more || d->rows.name)
		decisions_find_columns(d);
	for (; more; more = rows_next(&d->rows)) {
		if (d->target.used)
			decisions_read_one(d);
		else
			decisions_read_candidate(d);
	}
	if (d->n_candidates)
		decisions_finish_group(d);
	if (d->n == 0)
		die_data("no records");
}

/* What a bootstrap draws a group by: its name, whatever the order of the input, or its place. free() releases it. */
static inline uint64_t *
decisions_group_keys(const struct decisions *d)
{
	uint64_t *key = allocate(d->n_groups, sizeof *key);

	for (uint32_t g = 0; g < d->n_groups; g++)
		key[g] = d->group.used ? XXH3_64bits(keys_text(&d->names, g).at, keys_text(&d->names, g).n) : g;
	return key;
}

static inline void
decisions_free(struct decisions *d)
{
	free(d->decision);
	free(d->above);
	free(d->candidate);
	free(d->never);
	free(d->end);
	keys_free(&d->names);
	rows_free(&d->rows);
}

#endif
