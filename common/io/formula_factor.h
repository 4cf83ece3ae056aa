/*
 * formula_factor.h - parses a factor: a column or a function of one, with its arguments.
 */
#ifndef WEIR_FORMULA_FACTOR_H
#define WEIR_FORMULA_FACTOR_H

#include "formula_lexer.h"

/* The functions. What they give is in tokens.h, a case each. */
static const struct formula_function {
	const char *name;
	enum formula_kind kind;
	bool numeric;                /* of a number, which other functions may have made; else of a column */
	enum formula_step_kind step; /* of FORMULA_NUMBER */
} formula_functions[] = {
	{"bin", FORMULA_BIN, true, 0},
	{"dense", FORMULA_DENSE, false, 0},
	{"hour", FORMULA_HOUR, false, 0},
	{"index", FORMULA_INDEX, false, 0},
	{"log1p", FORMULA_NUMBER, true, STEP_LOG1P},
	{"log2bin", FORMULA_LOG2BIN, true, 0},
	{"na", FORMULA_NA, false, 0},
	{"ngrams", FORMULA_NGRAMS, false, 0},
	{"num", FORMULA_NUMBER, true, STEP_NUM},
	{"scale", FORMULA_NUMBER, true, STEP_SCALE},
	{"split", FORMULA_SPLIT, false, 0},
	{"sqrt", FORMULA_NUMBER, true, STEP_SQRT},
	{"weekday", FORMULA_WEEKDAY, false, 0},
	{"words", FORMULA_WORDS, false, 0},
};

/* The function of that name when an argument list follows, else NULL. */
static inline const struct formula_function *
formula_function_of(struct formula *f, struct view name)
{
	if (formula_peek(f) == '(')
		for (size_t i = 0; i < sizeof formula_functions / sizeof *formula_functions; i++)
			if (view_equal(view_of(formula_functions[i].name), name))
				return &formula_functions[i];
	return NULL;
}

static inline bool
formula_column(struct formula *f, struct formula_factor *x)
{
	if (!formula_name(f, &x->column))
		return false;
	factor_spell(x, x->column);
	return true;
}

/* ---- functions of a number ---- */

/* `, mean, sd` of scale. */
static inline bool
formula_scale(struct formula *f, struct formula_factor *x, struct formula_step *step)
{
	size_t start;

	if (!formula_expect(f, ',', "scale(x, mean, sd): the mean is missing") || !formula_number(f, &step->mean) ||
	    !formula_expect(f, ',', "scale(x, mean, sd): the standard deviation is missing"))
		return false;
	start = formula_here(f);
	if (!formula_number(f, &step->sd))
		return false;
	if (!(step->sd > 0))
		return formula_fail(f, start, "the standard deviation is not above 0");
	factor_spell(x, view_of(","));
	factor_spell_number(x, step->mean);
	factor_spell(x, view_of(","));
	factor_spell_number(x, step->sd);
	return true;
}

/* A column that holds numbers, or a function of such: the innermost is the first of the factor's steps. */
static inline bool
formula_numeric(struct formula *f, struct formula_factor *x, int depth)
{
	size_t start = formula_here(f);
	const struct formula_function *function;
	struct formula_step step = {0};
	struct view name;

	if (!formula_name(f, &name))
		return false;
	function = formula_function_of(f, name);
	if (!function && formula_peek(f) == '(')
		return formula_fail(f, start, "no such function");
	if (!function) {
		x->column = name;
		factor_spell(x, name);
		return true;
	}
	if (function->kind != FORMULA_NUMBER)
		return formula_fail(f, start, "not a numeric term");
	if (depth == FORMULA_STEPS)
		return formula_fail(f, start, "too many functions of functions");
	f->at++;
	step.kind = function->step;
	if (step.kind != STEP_NUM) {
		factor_spell(x, name);
		factor_spell(x, view_of("("));
	}
	if (!formula_numeric(f, x, depth + 1) || (step.kind == STEP_SCALE && !formula_scale(f, x, &step)) ||
	    !formula_expect(f, ')', "a closing parenthesis is missing"))
		return false;
	if (step.kind != STEP_NUM) {
		factor_spell(x, view_of(")"));
		x->step[x->n_steps++] = step;
	}
	return true;
}

/* ---- the other functions ---- */

static inline bool
formula_cuts(struct formula *f, struct formula_factor *x)
{
	do {
		double cut;
		size_t start;

		if (!formula_expect(f, ',', "bin(x, cuts...): a cut is missing"))
			return false;
		start = formula_here(f);
		if (!formula_number(f, &cut))
			return false;
		if (x->n_cuts && cut <= x->cut[x->n_cuts - 1])
			return formula_fail(f, start, "the cut is not above the one before it");
		x->cut = grow(x->cut, &x->cut_capacity, x->n_cuts + 1, sizeof *x->cut);
		x->cut[x->n_cuts++] = cut;
	} while (formula_peek(f) == ',');
	return true;
}

static inline bool
formula_words(struct formula *f, struct formula_factor *x)
{
	size_t start;
	double n;

	if (!formula_expect(f, ',', "ngrams(x, n): the number of words is missing"))
		return false;
	start = formula_here(f);
	if (!formula_number(f, &n))
		return false;
	if (!(n >= 1 && n <= FORMULA_WORDS_MOST && n == floor(n)))
		return formula_fail(f, start, "not a whole number from 1 to 8");
	x->n_words = (size_t)n;
	factor_spell(x, view_of(","));
	factor_spell_number(x, n);
	return true;
}

/* Patterns hold *, ? and [, which mean something else elsewhere in a formula. */
static inline bool
formula_pattern(struct formula *f, struct formula_factor *x)
{
	size_t start, end;

	if (formula_peek(f) == '`')
		return formula_quoted(f, &x->column);
	start = end = f->at;
	while (f->source[f->at] && f->source[f->at] != ')')
		if (f->source[f->at++] != ' ')
			end = f->at;
	x->column = (struct view){f->source + start, end - start};
	return end > start || formula_fail(f, start, "dense(p*): the pattern is missing");
}

/* What stands between the function's parentheses. */
static inline bool
formula_arguments(struct formula *f, struct formula_factor *x, bool numeric)
{
	size_t start;

	if (x->kind == FORMULA_DENSE)
		return formula_pattern(f, x);
	if (numeric ? !formula_numeric(f, x, 0) : !formula_column(f, x))
		return false;
	switch (x->kind) {
	case FORMULA_BIN:
		return formula_cuts(f, x);
	case FORMULA_NGRAMS:
		return formula_words(f, x);
	case FORMULA_INDEX:
		return formula_expect(f, ',', "index(x, \"FILE\"): the file is missing") && formula_string(f, &x->text);
	case FORMULA_SPLIT:
		if (!formula_expect(f, ',', "split(x, \"|\"): the separator is missing"))
			return false;
		start = formula_here(f);
		return formula_string(f, &x->text) && (x->text.n || formula_fail(f, start, "the separator is empty"));
	default:
		x->n_words = 1;
		return true;
	}
}

/* A function that is no step of a number, from its opening parenthesis on. */
static inline bool
formula_call(struct formula *f, struct formula_factor *x, const struct formula_function *function)
{
	/* a part of a text is spelled as if it were the whole */
	bool spelled = function->kind != FORMULA_SPLIT && function->kind != FORMULA_INDEX;

	f->at++;
	x->kind = function->kind;
	if (spelled) {
		factor_spell(x, view_of(function->name));
		factor_spell(x, view_of("("));
	}
	if (!formula_arguments(f, x, function->numeric) || !formula_expect(f, ')', "a closing parenthesis is missing"))
		return false;
	if (spelled)
		factor_spell(x, view_of(")"));
	if (x->kind != FORMULA_NA)
		factor_spell(x, view_of("="));
	return true;
}

/* ---- factors ---- */

/* A column or a function of one. */
static inline bool
formula_factor(struct formula *f, struct formula_factor *x)
{
	const struct formula_function *function;
	bool quoted = formula_peek(f) == '`';
	struct view name;

	x->at = f->at;
	if (!formula_name(f, &name))
		return false;
	function = quoted ? NULL : formula_function_of(f, name);
	if (!function && formula_peek(f) == '(')
		return formula_fail(f, x->at, "no such function");
	if (!function) {
		x->column = name;
		factor_spell(x, name);
		factor_spell(x, view_of("="));
		return true;
	}
	if (function->kind != FORMULA_NUMBER)
		return formula_call(f, x, function);
	x->kind = FORMULA_NUMBER;
	f->at = x->at;
	return formula_numeric(f, x, 0);
}

static inline bool
factor_equal(const struct formula_factor *a, const struct formula_factor *b)
{
	return a->kind == b->kind && view_equal(a->column, b->column) && view_equal(a->text, b->text) &&
	       view_equal((struct view){a->prefix, a->n_prefix}, (struct view){b->prefix, b->n_prefix}) &&
	       a->n_cuts == b->n_cuts && (!a->n_cuts || memcmp(a->cut, b->cut, a->n_cuts * sizeof *a->cut) == 0);
}

/* The place of x in the list; it is added, or freed where its equal is there. */
static inline uint32_t
formula_factor_id(struct formula *f, struct formula_factor *x)
{
	uint32_t i = 0;

	while (i < f->n_factors && !factor_equal(&f->factor[i], x))
		i++;
	if (i < f->n_factors) {
		factor_free(x);
		return i;
	}
	f->factor = grow(f->factor, &f->factor_capacity, f->n_factors + 1, sizeof *x);
	f->factor[f->n_factors++] = *x;
	return i;
}

#endif
