/*
 * formula_term.h - the terms of a formula: +, : and * multiplied out.
 *
 * The operators work on the end of the list of terms, [from, n_terms).
 */
#ifndef WEIR_FORMULA_TERM_H
#define WEIR_FORMULA_TERM_H

#include "formula_factor.h"

static inline bool
formula_push(struct formula *f, struct formula_term term)
{
	if (f->n_terms == FORMULA_TERMS)
		return formula_fail(f, f->at, "more than 4096 terms");
	f->term = grow(f->term, &f->term_capacity, f->n_terms + 1, sizeof *f->term);
	f->term[f->n_terms++] = term;
	return true;
}

static inline bool
term_has(const struct formula_term *t, uint32_t factor)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->factor[i] == factor)
			return true;
	return false;
}

/* The same factors, in whatever order. */
static inline bool
term_equal(const struct formula_term *a, const struct formula_term *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!term_has(b, a->factor[i]))
			return false;
	return a->n == b->n;
}

/* Drops the terms of [from, n_terms) that stand there before. */
static inline void
formula_distinct(struct formula *f, size_t from)
{
	size_t n = from;

	for (size_t i = from; i < f->n_terms; i++) {
		size_t j = from;

		while (j < n && !term_equal(&f->term[i], &f->term[j]))
			j++;
		if (j == n)
			f->term[n++] = f->term[i];
	}
	f->n_terms = n;
}

static inline void
formula_drop(struct formula *f, size_t from, size_t end)
{
	memmove(f->term + from, f->term + end, (f->n_terms - end) * sizeof *f->term);
	f->n_terms -= end - from;
}

/* Behind the list, every term of [left, left_end) with every one of [right, right_end). */
static inline bool
formula_multiply(struct formula *f, size_t left, size_t left_end, size_t right, size_t right_end)
{
	for (size_t i = left; i < left_end; i++)
		for (size_t j = right; j < right_end; j++) {
			struct formula_term a = f->term[i], b = f->term[j];

			for (size_t k = 0; k < b.n; k++) {
				if (term_has(&a, b.factor[k]))
					continue;
				if (a.n == FORMULA_FACTORS)
					return formula_fail(f, f->at, "a cross of more than 8 factors ends here");
				a.factor[a.n++] = b.factor[k];
			}
			if (!formula_push(f, a))
				return false;
		}
	return true;
}

/* ---- parse ---- */

static inline bool formula_sum(struct formula *f, int depth);

static inline bool
formula_atom(struct formula *f, int depth)
{
	struct formula_factor x = {.text = {"", 0}};

	if (formula_peek(f) == '(') {
		if (depth == FORMULA_NEST)
			return formula_fail(f, f->at, "too many parentheses in parentheses");
		f->at++;
		return formula_sum(f, depth + 1) && formula_expect(f, ')', "a closing parenthesis is missing");
	}
	if (!formula_factor(f, &x)) {
		factor_free(&x);
		return false;
	}
	return formula_push(f, (struct formula_term){{formula_factor_id(f, &x)}, 1});
}

static inline bool
formula_cross(struct formula *f, int depth)
{
	size_t left = f->n_terms;

	if (!formula_atom(f, depth))
		return false;
	while (formula_take(f, ':')) {
		size_t right = f->n_terms, end;

		if (!formula_atom(f, depth))
			return false;
		end = f->n_terms;
		if (!formula_multiply(f, left, right, right, end))
			return false;
		formula_drop(f, left, end);
		formula_distinct(f, left);
	}
	return true;
}

static inline bool
formula_product(struct formula *f, int depth)
{
	size_t left = f->n_terms;

	if (!formula_cross(f, depth))
		return false;
	while (formula_take(f, '*')) {
		size_t right = f->n_terms;

		if (!formula_cross(f, depth) || !formula_multiply(f, left, right, right, f->n_terms))
			return false;
		formula_distinct(f, left);
	}
	return true;
}

static inline bool
formula_sum(struct formula *f, int depth)
{
	size_t from = f->n_terms;

	do
		if (!formula_product(f, depth))
			return false;
	while (formula_take(f, '+'));
	formula_distinct(f, from);
	return true;
}

#endif
