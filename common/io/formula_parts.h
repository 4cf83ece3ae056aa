/*
 * formula_parts.h - what a formula is made of: a label, factors, and terms, which are sets of factors.
 */
#ifndef WEIR_FORMULA_PARTS_H
#define WEIR_FORMULA_PARTS_H

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

static inline bool
formula_fail(struct formula *f, size_t at, const char *rule)
{
	f->rule = rule;
	f->wrong_at = at;
	return false;
}

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
