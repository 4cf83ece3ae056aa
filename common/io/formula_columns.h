/*
 * formula_columns.h - binds a formula to the columns of a header.
 */
#ifndef WEIR_FORMULA_COLUMNS_H
#define WEIR_FORMULA_COLUMNS_H

#include <fnmatch.h>

#include "formula_parts.h"

/* Every dense() becomes as many numbers as columns match it. */
static inline bool
formula_bind_dense(struct formula *f, char **name, size_t n)
{
	struct formula_factor *pattern = f->factor;
	size_t n_patterns = f->n_factors;
	bool found = true;

	f->factor = NULL;
	f->n_factors = f->factor_capacity = f->n_terms = 0;
	for (size_t i = 0; i < n_patterns; i++) {
		size_t before = f->n_factors;
		char *text = text_of(pattern[i].column.at, pattern[i].column.n);

		for (size_t j = 0; j < n; j++) {
			struct formula_factor x = {.kind = FORMULA_NUMBER, .at = pattern[i].at};

			if (fnmatch(text, name[j], 0) != 0)
				continue;
			x.column = view_of(name[j]);
			factor_spell(&x, x.column);
			f->factor = grow(f->factor, &f->factor_capacity, f->n_factors + 1, sizeof x);
			f->factor[f->n_factors++] = x;
			f->term = grow(f->term, &f->term_capacity, f->n_terms + 1, sizeof *f->term);
			f->term[f->n_terms++] = (struct formula_term){{(uint32_t)f->n_factors - 1}, 1};
		}
		if (f->n_factors == before)
			found = formula_fail(f, pattern[i].at, "matches no column of the header");
		free(text);
		factor_free(&pattern[i]);
	}
	free(pattern);
	return found;
}

static inline bool
formula_find(struct formula *f, char **name, size_t n, struct view column, size_t at, size_t *place)
{
	for (size_t i = 0; i < n; i++)
		if (view_equal(view_of(name[i]), column)) {
			*place = i;
			return true;
		}
	return formula_fail(f, at, "no such column in the header");
}

/* Finds the columns among the n names, which must outlive f. False, as formula_parse says it, when one is not there. */
static inline bool
formula_bind(struct formula *f, char **name, size_t n)
{
	struct formula_label *y = &f->label;

	if (y->given) {
		if (!formula_find(f, name, n, y->column, y->at, &y->place))
			return false;
		y->name = name[y->place];
	}
	if (f->numbering == NUMBERING_DENSE && !formula_bind_dense(f, name, n))
		return false;
	for (size_t i = 0; i < f->n_factors; i++) {
		struct formula_factor *x = &f->factor[i];

		if (!formula_find(f, name, n, x->column, x->at, &x->place))
			return false;
		x->name = name[x->place];
		if (y->given && x->place == y->place)
			return formula_fail(f, x->at, "the label is among the features");
	}
	for (size_t i = 0; i < f->n_factors; i++)
		for (size_t j = 0; j < f->n_factors; j++)
			if (f->factor[j].kind == FORMULA_NA && f->factor[j].place == f->factor[i].place)
				f->factor[i].empty_is_known = true;
	return true;
}

#endif
