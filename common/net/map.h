/*
 * map.h - the vectors of one net's features, from those of another's: for what one domain knows and the other does not.
 *
 * Both nets have a first layer of vectors, a row for each feature (embed, fm). Where both have learnt a row, say that
 * of a user of both domains, the two are a pair. A linear map learnt from the pairs makes rows of the target out of
 * those that the source alone has learnt (Man et al. 2017, EMCDR).
 */
#ifndef WEIR_MAP_H
#define WEIR_MAP_H

#include "../num/ridge.h"
#include "net.h"

/* Penalties that are tried, per pair; the last leaves little but the mean of the target's rows. */
static const double map_penalties[] = {1e-4, 1e-3, 1e-2, 0.1, 1, 1e4};
enum { MAP_PENALTIES = sizeof map_penalties / sizeof *map_penalties, MAP_HOLD = 5 };

/* What came of it. */
struct map_result {
	size_t pairs, mapped;  /* rows that both have learnt; that were made */
	double explained;      /* of the variance of pairs that were held out, the share; NAN for too few pairs */
};

/* Has a net learnt a row? Then its optimiser's last state is no longer 0. */
static inline bool
map_learnt(const struct net *net, size_t row)
{
	const struct tensor *t = &net->table.tensor[net->layer[0].weight];
	const float *state = t->state[1] ? t->state[1] : t->state[0];
	size_t O = net->layer[0].O;

	for (size_t i = 0; i < O; i++)
		if (state[row * O + i] > 0)
			return true;
	return false;
}

static inline float *
map_row(const struct net *net, size_t row)
{
	return tensor_floats(&net->table.tensor[net->layer[0].weight]) + row * net->layer[0].O;
}

/*
 * Fits map[I + 1][O] to the pairs with this penalty; every MAP_HOLD-th is left out where `held` says so. xx is scratch,
 * [I + 1][I + 1].
 */
static inline bool
map_fit(const struct net *to, const struct net *from, const size_t *pair, size_t n, bool held, double penalty, double *xx,
        double *map)
{
	size_t I = from->layer[0].O, O = to->layer[0].O;

	memset(xx, 0, (I + 1) * (I + 1) * sizeof *xx);
	memset(map, 0, (I + 1) * O * sizeof *map);
	for (size_t i = 0; i < n; i++)
		if (!held || i % MAP_HOLD)
			ridge_add(I, O, xx, map, map_row(from, pair[i]), map_row(to, pair[i]));
	return ridge_solve(I, O, xx, map, penalty * (double)n);
}

/* The sum of squares by which a map misses the pairs that were left out; y[O] is scratch. */
static inline double
map_miss(const struct net *to, const struct net *from, const size_t *pair, size_t n, const double *map, float *y)
{
	size_t I = from->layer[0].O, O = to->layer[0].O;
	double sum = 0;

	for (size_t i = 0; i < n; i += MAP_HOLD) {
		ridge_map(I, O, y, map_row(from, pair[i]), map);
		for (size_t o = 0; o < O; o++)
			sum += ((double)y[o] - (double)map_row(to, pair[i])[o]) * ((double)y[o] - (double)map_row(to, pair[i])[o]);
	}
	return sum;
}

/*
 * Maps rows of `from` that `to` has not learnt into it; both have as many rows. The penalty is the one that predicts
 * every fifth pair best from the others; the largest of all where there are too few pairs to tell.
 */
static inline struct map_result
map_rows(struct net *to, const struct net *from)
{
	size_t rows = from->layer[0].I, I = from->layer[0].O, O = to->layer[0].O;
	size_t *pair = allocate(rows, sizeof *pair), best = MAP_PENALTIES - 1;
	double *xx = allocate((I + 1) * (I + 1), sizeof *xx), *map = allocate((I + 1) * O, sizeof *map);
	double miss[MAP_PENALTIES], mean = 0;
	float *y = allocate(O, sizeof *y);
	struct map_result result = {0};

	for (size_t row = 0; row < rows; row++)
		if (map_learnt(from, row) && map_learnt(to, row))
			pair[result.pairs++] = row;
	for (size_t i = MAP_PENALTIES; i-- && result.pairs > MAP_HOLD;) {
		bool fits = map_fit(to, from, pair, result.pairs, true, map_penalties[i], xx, map);

		miss[i] = fits ? map_miss(to, from, pair, result.pairs, map, y) : INFINITY;
		mean = i == MAP_PENALTIES - 1 ? miss[i] : mean;
		best = miss[i] < miss[best] ? i : best;
	}
	result.explained = mean > 0 ? 1 - miss[best] / mean : NAN;
	if (map_fit(to, from, pair, result.pairs, false, map_penalties[best], xx, map))
		for (size_t row = 0; row < rows; row++)
			if (map_learnt(from, row) && !map_learnt(to, row)) {
				ridge_map(I, O, map_row(to, row), map_row(from, row), map);
				result.mapped++;
			}
	free(pair);
	free(xx);
	free(map);
	free(y);
	return result;
}

#endif
