/*
 * formula.h - the formula language: text to a label, factors and terms, bound to the columns of a header.
 *
 *	formula  = [ label ] "~" sum | sum
 *	label    = column [ compare value ] | "(" column compare value ")"
 *	sum      = product { "+" product }
 *	product  = cross { "*" cross }           a*b is a + b + a:b
 *	cross    = atom { ":" atom }             every term on the left with every term on the right
 *	atom     = "(" sum ")" | column | function "(" argument { "," argument } ")"
 *	column   = letters, digits, _ and . that start with no digit, or anything in backquotes
 *	value    = number | string in quotes, single or double
 *
 * (Wilkinson and Rogers 1973, as in R.) A factor is a column or a function of one; a term is a set of factors.
 * A term said twice counts once, and so does a factor in a term.
 */
#ifndef WEIR_FORMULA_H
#define WEIR_FORMULA_H

#include <fnmatch.h>

#include "../cli.h"
#include "number.h"
#include "view.h"

enum formula_kind {
	FORMULA_CATEGORY,
	FORMULA_NUMBER,
	FORMULA_BIN,
	FORMULA_LOG2BIN,
	FORMULA_SPLIT,
	FORMULA_WORDS,
	FORMULA_NGRAMS,
	FORMULA_HOUR,
	FORMULA_WEEKDAY,
	FORMULA_NA,
	FORMULA_INDEX,
	FORMULA_DENSE
};

enum formula_step_kind { STEP_NUM, STEP_LOG1P, STEP_SQRT, STEP_SCALE };

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

enum {
	FORMULA_STEPS = 8,    /* functions of functions of a number */
	FORMULA_FACTORS = 8,  /* in a cross */
	FORMULA_TERMS = 4096, /* in a formula, and while it is multiplied out */
	FORMULA_NEST = 64,    /* parentheses in parentheses */
	FORMULA_WORDS_MOST = 8
};

struct formula_step {
	enum formula_step_kind kind;
	double mean, sd; /* of STEP_SCALE */
};

struct formula_factor {
	enum formula_kind kind;
	size_t at;          /* where it starts in the formula */
	struct view column; /* its name; of DENSE a pattern */
	struct formula_step step[FORMULA_STEPS];
	size_t n_steps;
	double *cut;        /* owned: of BIN, increasing */
	size_t n_cuts, cut_capacity;
	struct view text;   /* of SPLIT the separator, of INDEX the file */
	size_t n_words;     /* of NGRAMS, and 1 of WORDS */
	char *prefix;       /* owned: what its tokens start with */
	size_t n_prefix, prefix_capacity;

	/* once it is bound */
	const char *name;   /* of the column */
	size_t place;       /* of the column, from 0 */
	bool empty_is_known; /* na() of the column stands in the formula: an empty cell is no error */
};

struct formula_term {
	uint32_t factor[FORMULA_FACTORS];
	uint32_t n;
};

enum formula_compare {
	COMPARE_NONE, COMPARE_LESS, COMPARE_AT_MOST, COMPARE_MORE, COMPARE_AT_LEAST, COMPARE_EQUAL, COMPARE_OTHER
};

struct formula_label {
	bool given;
	size_t at;
	struct view column;
	enum formula_compare compare;
	bool is_text;       /* compared with text, else with number */
	struct view text;
	double number;
	const char *name;   /* once it is bound */
	size_t place;
};

/* What the indexes of the features are. */
enum formula_numbering {
	NUMBERING_HASHED,
	NUMBERING_EXACT, /* line numbers of index()'s file */
	NUMBERING_DENSE  /* the order of dense()'s columns */
};

struct formula {
	const char *source;            /* not owned: the text; views of the members point into it */
	struct formula_label label;
	struct formula_factor *factor; /* owned */
	size_t n_factors, factor_capacity;
	struct formula_term *term;     /* owned */
	size_t n_terms, term_capacity;
	enum formula_numbering numbering;
	size_t at;                     /* the parser is here */
	const char *rule;              /* what is wrong with it; NULL: nothing */
	size_t wrong_at;
};

/* ---- words of the language ---- */

static inline bool
formula_fail(struct formula *f, size_t at, const char *rule)
{
	f->rule = rule;
	f->wrong_at = at;
	return false;
}

/* The next character that is no blank; '\0' at the end. */
static inline char
formula_peek(struct formula *f)
{
	while (f->source[f->at] == ' ' || f->source[f->at] == '\t' || f->source[f->at] == '\n')
		f->at++;
	return f->source[f->at];
}

/* Where the next word starts. */
static inline size_t
formula_here(struct formula *f)
{
	formula_peek(f);
	return f->at;
}

static inline bool
formula_take(struct formula *f, char c)
{
	if (formula_peek(f) != c)
		return false;
	f->at++;
	return true;
}

static inline bool
formula_expect(struct formula *f, char c, const char *rule)
{
	return formula_take(f, c) || formula_fail(f, f->at, rule);
}

/* What stands between the quote here and its like. */
static inline bool
formula_quoted(struct formula *f, struct view *text)
{
	const char *start = f->source + f->at + 1, *end = strchr(start, start[-1]);

	if (!end)
		return formula_fail(f, f->at, "a quote opens here and never closes");
	*text = (struct view){start, (size_t)(end - start)};
	f->at += text->n + 2;
	return true;
}

static inline bool
formula_is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '.' || (c & 0x80);
}

/* The name of a column or a function. */
static inline bool
formula_name(struct formula *f, struct view *name)
{
	char c = formula_peek(f);
	size_t start = f->at, n = 0;

	if (c == '`')
		return formula_quoted(f, name) && (name->n || formula_fail(f, start, "a column without a name"));
	if (is_digit(c))
		return formula_fail(f, start, "not a column (a name that starts with a digit goes into backquotes)");
	while (formula_is_name(f->source[start + n]))
		n++;
	*name = (struct view){f->source + start, n};
	f->at = start + n;
	return n || formula_fail(f, start, "a column or a function is missing");
}

static inline bool
formula_number(struct formula *f, double *value)
{
	size_t start = formula_here(f);

	while (is_digit(f->source[f->at]) || (f->source[f->at] && strchr("+-.eE", f->source[f->at])))
		f->at++;
	return number_parse((struct view){f->source + start, f->at - start}, value) ||
	       formula_fail(f, start, "not a number");
}

static inline bool
formula_string(struct formula *f, struct view *text)
{
	char c = formula_peek(f);

	if (c != '"' && c != '\'')
		return formula_fail(f, f->at, "a text in quotes is missing");
	return formula_quoted(f, text);
}

/* ---- factors ---- */

/* Adds to what the factor's tokens start with. */
static inline void
factor_spell(struct formula_factor *x, struct view text)
{
	x->prefix = grow(x->prefix, &x->prefix_capacity, x->n_prefix + text.n, 1);
	memcpy(x->prefix + x->n_prefix, text.at, text.n);
	x->n_prefix += text.n;
}

static inline void
factor_spell_number(struct formula_factor *x, double value)
{
	char text[NUMBER_MAX];

	factor_spell(x, (struct view){text, number_print(text, value)});
}

static inline void
factor_free(struct formula_factor *x)
{
	free(x->cut);
	free(x->prefix);
}

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

/* ---- terms: the operators work on the list's end, [from, n_terms) ---- */

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

/* ---- the label ---- */

static inline enum formula_compare
formula_comparison(struct formula *f)
{
	static const struct {
		const char *text;
		enum formula_compare compare;
	} operators[] = {
		{"<=", COMPARE_AT_MOST}, {">=", COMPARE_AT_LEAST}, {"==", COMPARE_EQUAL}, {"!=", COMPARE_OTHER},
		{"<", COMPARE_LESS}, {">", COMPARE_MORE},
	};

	formula_peek(f);
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (strncmp(f->source + f->at, operators[i].text, strlen(operators[i].text)) == 0) {
			f->at += strlen(operators[i].text);
			return operators[i].compare;
		}
	return COMPARE_NONE;
}

/* Whether a left side, maybe an empty one, stands before a ~. */
static inline bool
formula_has_label(const char *text)
{
	char quote = '\0';

	for (; *text; text++) {
		if (quote)
			quote = *text == quote ? '\0' : quote;
		else if (*text == '`' || *text == '"' || *text == '\'')
			quote = *text;
		else if (*text == '~')
			return true;
	}
	return false;
}

static inline bool
formula_left(struct formula *f)
{
	struct formula_label *y = &f->label;
	bool parenthesis;
	char c;

	if (formula_take(f, '~'))
		return true;
	parenthesis = formula_take(f, '(');
	formula_peek(f);
	y->given = true;
	y->at = f->at;
	if (!formula_name(f, &y->column))
		return false;
	y->compare = formula_comparison(f);
	if (y->compare) {
		c = formula_peek(f);
		y->is_text = c == '"' || c == '\'';
		if (y->is_text && y->compare < COMPARE_EQUAL)
			return formula_fail(f, f->at, "text compares with == and != only");
		if (y->is_text ? !formula_string(f, &y->text) : !formula_number(f, &y->number))
			return false;
	}
	return (!parenthesis || formula_expect(f, ')', "a closing parenthesis is missing")) &&
	       formula_expect(f, '~', "the left side is a column or a comparison of one with a value; ~ is missing");
}

/* ---- the whole ---- */

static inline bool
formula_check_numbering(struct formula *f)
{
	const struct formula_factor *first = &f->factor[0];

	f->numbering = first->kind == FORMULA_INDEX ? NUMBERING_EXACT
	             : first->kind == FORMULA_DENSE ? NUMBERING_DENSE : NUMBERING_HASHED;
	for (size_t i = 0; i < f->n_terms; i++) {
		const struct formula_factor *x = &f->factor[f->term[i].factor[0]];

		if (f->numbering != NUMBERING_HASHED && f->term[i].n > 1)
			return formula_fail(f, x->at, "index() and dense() cannot be crossed");
	}
	for (size_t i = 1; i < f->n_factors; i++) {
		const struct formula_factor *x = &f->factor[i];
		bool alone = x->kind == FORMULA_INDEX || x->kind == FORMULA_DENSE;

		if ((alone || f->numbering != NUMBERING_HASHED) && x->kind != first->kind)
			return formula_fail(f, x->at, "index() and dense() stand beside their like only");
		if (!view_equal(x->text, first->text) && x->kind == FORMULA_INDEX)
			return formula_fail(f, x->at, "every index() of a formula has the same file");
	}
	return true;
}

/*
 * Parses a NUL-terminated formula, which must outlive f; f is all 0 before. False when it is wrong: f->rule says why,
 * and f->wrong_at where, as a byte from 0. formula_free in either case.
 */
static inline bool
formula_parse(struct formula *f, const char *text)
{
	f->source = text;
	if (formula_has_label(text) && !formula_left(f))
		return false;
	if (!formula_sum(f, 0))
		return false;
	if (formula_peek(f))
		return formula_fail(f, f->at, "terms are joined by +, : and *");
	return formula_check_numbering(f);
}

/*
 * For every token t also COLUMN=value:t, which belongs to the row's domain (Daume 2007): the formula times
 * (1 + COLUMN). The column's name must outlive f.
 */
static inline bool
formula_augment(struct formula *f, const char *column)
{
	struct formula_factor domain = {.column = view_of(column), .text = {"", 0}};
	size_t n = f->n_terms;

	if (f->numbering != NUMBERING_HASHED)
		return formula_fail(f, f->factor[0].at, "index() and dense() have no copies for a domain");
	factor_spell(&domain, domain.column);
	factor_spell(&domain, view_of("="));
	if (!formula_push(f, (struct formula_term){{formula_factor_id(f, &domain)}, 1}) ||
	    !formula_multiply(f, n, n + 1, 0, n))
		return false;
	formula_drop(f, n, n + 1);
	formula_distinct(f, 0);
	return true;
}

/* ---- columns ---- */

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

static inline void
formula_free(struct formula *f)
{
	for (size_t i = 0; i < f->n_factors; i++)
		factor_free(&f->factor[i]);
	free(f->factor);
	free(f->term);
	*f = (struct formula){0};
}

#endif
