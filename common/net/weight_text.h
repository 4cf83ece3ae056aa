/*
 * weight_text.h - a weight as a line of text: tensor, index, mean and, of a belief, the standard deviation.
 *
 * The index is the row, from 0, and in a matrix ",column" behind it. Numbers have as many digits as bring the same ones
 * back. Of beliefs, mean and variance are two numbers of a tensor but one weight.
 */
#ifndef WEIR_WEIGHT_TEXT_H
#define WEIR_WEIGHT_TEXT_H

#include "../io/number.h"
#include "../io/record.h"
#include "net.h"

/* Numbers of a tensor that are one weight. */
static inline size_t
weight_numbers(const struct net *net)
{
	return net->beliefs ? 2 : 1;
}

/* Weights in a tensor. */
static inline size_t
weight_count(const struct net *net, const struct tensor *t)
{
	return t->n / weight_numbers(net);
}

/* Columns of a matrix; 1 for a vector. */
static inline size_t
weight_columns(const struct net *net, const struct tensor *t)
{
	return t->rank - net->beliefs == 2 ? (size_t)t->shape[1] : 1;
}

/* Number i of a tensor, of either width. */
static inline double
weight_number(const struct tensor *t, size_t i)
{
	return t->width == sizeof(double) ? ((const double *)t->data)[i] : (double)tensor_floats(t)[i];
}

static inline void
weight_set_number(struct tensor *t, size_t i, double value)
{
	if (t->width == sizeof(double))
		((double *)t->data)[i] = value;
	else
		tensor_floats(t)[i] = (float)value;
}

/* Was nothing learnt of weight i: is it 0 and, a belief, as wide as a fresh one? `variance` is that of fresh weights. */
static inline bool
weight_fresh(const struct net *net, const struct tensor *t, size_t i, double variance)
{
	double fresh = t->width == sizeof(double) ? belief_bias_variance(t->n / 2) : (double)(float)variance;

	if (!net->beliefs)
		return weight_number(t, i) == 0;
	return weight_number(t, 2 * i) == 0 && weight_number(t, 2 * i + 1) == fresh;
}

/* ---- out ---- */

/* Nine digits bring a float back, which is what a writer's numbers have. */
static inline void
weight_put_number(const struct tensor *t, double value, struct writer *out)
{
	char text[NUMBER_MAX];

	if (t->width == sizeof(double))
		writer_put(out, text, number_print_exact(text, value));
	else
		writer_number(out, value);
}

/* Writes weight i, without the end of the line. */
static inline void
weight_put(const struct net *net, const struct tensor *t, size_t i, struct writer *out)
{
	size_t step = weight_numbers(net), wide = weight_columns(net, t);

	writer_text(out, t->name);
	writer_char(out, '\t');
	writer_whole(out, i / wide);
	if (wide > 1) {
		writer_char(out, ',');
		writer_whole(out, i % wide);
	}
	writer_char(out, '\t');
	weight_put_number(t, weight_number(t, i * step), out);
	if (step == 2) {
		writer_char(out, '\t');
		weight_put_number(t, sqrt(weight_number(t, 2 * i + 1)), out);
	}
}

/* ---- in ---- */

/* The weight that an index as weight_put writes it means. */
static inline bool
weight_parse_index(const struct net *net, const struct tensor *t, struct view text, size_t *weight)
{
	size_t wide = weight_columns(net, t), n;
	uint64_t row, column = 0;

	n = number_whole(text, &row);
	if (n == 0 || row >= weight_count(net, t) / wide)
		return false;
	if (wide > 1) {
		struct view rest = {text.at + n + 1, text.n - n - 1};

		if (n >= text.n || text.at[n] != ',' || (n = number_whole(rest, &column)) == 0 || column >= wide)
			return false;
		text = rest;
	}
	*weight = (size_t)row * wide + (size_t)column;
	return n == text.n;
}

/*
 * Takes a line that weight_put wrote into the net; fields behind it do not matter. seen[place][weight] marks what came
 * before. False where the line is refused, and *fault, all 0 until then, says why.
 */
static inline bool
weight_take(struct net *net, const struct record *r, bool **seen, struct fault *fault)
{
	size_t step = weight_numbers(net), place = 0, weight = 0;
	struct tensors *table = &net->table;
	struct tensor *t;
	double mean = 0, sd = 0;

	if (r->n < 2 + step)
		return *fault = (struct fault){.rule = "too few fields", .value = r->line}, false;
	while (place < table->n && !view_equal(r->field[0], view_of(table->tensor[place].name)))
		place++;
	t = &table->tensor[place];
	if (place == table->n)
		*fault = (struct fault){1, "tensor", "none of the architecture's", r->field[0], NULL};
	else if (!weight_parse_index(net, t, r->field[1], &weight))
		*fault = (struct fault){2, "index", "not a weight of its tensor", r->field[1], NULL};
	else if (seen[place][weight])
		*fault = (struct fault){2, "index", "this weight came before", r->field[1], NULL};
	else if (!number_parse(r->field[2], &mean) || !(fabs(mean) <= 1e38))
		*fault = (struct fault){3, "mean", "not a number", r->field[2], number_hint(r->field[2])};
	else if (step == 2 && !(number_parse(r->field[3], &sd) && sd >= 1e-18 && sd <= 1e18))
		*fault = (struct fault){4, "sd", "not a number above 0", r->field[3], number_hint(r->field[3])};
	if (fault->rule)
		return false;
	seen[place][weight] = true;
	weight_set_number(t, weight * step, mean);
	if (step == 2)
		weight_set_number(t, weight * step + 1, sd * sd);
	return true;
}

#endif
