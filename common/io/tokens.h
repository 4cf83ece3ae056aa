/*
 * tokens.h - a row through a formula: the tokens of its factors, and the features of its terms.
 *
 * Token spellings are for ever: a model knows features by the hash of these bytes alone.
 *
 *	x                     x=value           bytes of the cell as they are
 *	num(x)                x                 with its value, as have the next three
 *	log1p(x) sqrt(x)      log1p(x)
 *	scale(x, 5, 1)        scale(x,5,1)      numbers as nine significant digits
 *	a function of those   scale(log1p(x),5,1)
 *	bin(x, 0, 10)         bin(x)=[0,10)     or bin(x)=[-inf,0), bin(x)=[10,inf)
 *	log2bin(x)            log2bin(x)=[4,8)  or log2bin(x)=0, log2bin(x)=(-8,-4]
 *	split(x, "|")         x=part            for every part that is not empty
 *	words(x)              words(x)=word     runs of letters, digits and bytes beyond ASCII; A-Z become a-z
 *	ngrams(x, 2)          ngrams(x,2)=a b   that many words in a row
 *	hour(t)               hour(t)=13
 *	weekday(t)            weekday(t)=1      Monday is 1
 *	na(x)                 na(x)             where the cell is empty
 *	a:b                   a=1:b=2           values multiply; where there are several tokens, every pair
 *
 * The hash is XXH3-64, seed 0; b bits of index are its lowest b, so fewer bits are the same index modulo 2^b.
 */
#ifndef WEIR_TOKENS_H
#define WEIR_TOKENS_H

#include "../num/math.h"
#include "formula_parts.h"
#include "keys.h"
#include "line.h"
#include "timestamp.h"

enum { TOKENS_MOST = 1 << 20 }; /* of a row: crosses of many parts have more than memory holds */

struct token {
	size_t at, n;  /* its bytes are there */
	double value;
	uint64_t id;   /* of a feature: hash, line number or place, by the formula's numbering */
};

struct token_range {
	size_t from, end;
};

struct tokens {
	const struct formula *formula; /* bound; not owned */
	const struct keys *lines;      /* index()'s file, line i as key i - 1; not owned */
	bool unknown_is_0;             /* for index(): else an error */
	char *bytes;                   /* owned: spellings of the row's tokens */
	size_t n_bytes, bytes_capacity;
	struct token *token;           /* owned: of the factors */
	size_t n_tokens, token_capacity;
	struct token_range *of;        /* owned: the tokens of each factor */
	struct token *feature;         /* owned: of the row, in the order of the terms */
	size_t n_features, feature_capacity;
};

static inline void
tokens_init(struct tokens *t, const struct formula *f, const struct keys *lines, bool unknown_is_0)
{
	*t = (struct tokens){.formula = f, .lines = lines, .unknown_is_0 = unknown_is_0};
	t->of = allocate(f->n_factors, sizeof *t->of);
	t->bytes = grow(NULL, &t->bytes_capacity, 1, 1);
}

static inline void
tokens_free(struct tokens *t)
{
	free(t->bytes);
	free(t->token);
	free(t->of);
	free(t->feature);
	*t = (struct tokens){0};
}

static inline struct view
tokens_text(const struct tokens *t, const struct token *token)
{
	return (struct view){t->bytes + token->at, token->n};
}

static inline bool
fault_set(struct fault *fault, const char *rule, const char *hint)
{
	fault->rule = rule;
	fault->hint = hint;
	return false;
}

/* ---- factors ---- */

static inline void
tokens_put(struct tokens *t, const char *p, size_t n)
{
	t->bytes = grow(t->bytes, &t->bytes_capacity, t->n_bytes + n, 1);
	memcpy(t->bytes + t->n_bytes, p, n);
	t->n_bytes += n;
}

/* The token prefix + text. */
static inline struct token *
tokens_add(struct tokens *t, const struct formula_factor *x, struct view text, double value)
{
	t->token = grow(t->token, &t->token_capacity, t->n_tokens + 1, sizeof *t->token);
	t->token[t->n_tokens] = (struct token){t->n_bytes, x->n_prefix + text.n, value, 0};
	tokens_put(t, x->prefix, x->n_prefix);
	tokens_put(t, text.at, text.n);
	return &t->token[t->n_tokens++];
}

/* The number of a cell after the factor's steps. */
static inline bool
factor_number(const struct formula_factor *x, struct view cell, double *value, struct fault *fault)
{
	if (!number_parse(cell, value))
		return fault_set(fault, "not a number", cell.n ? number_hint(cell) : "it is empty; na() allows that");
	for (size_t i = 0; i < x->n_steps; i++) {
		const struct formula_step *step = &x->step[i];

		if (step->kind == STEP_SCALE)
			*value = (*value - step->mean) / step->sd;
		else if (step->kind == STEP_SQRT && *value < 0)
			return fault_set(fault, "sqrt of a negative number", NULL);
		else if (step->kind == STEP_SQRT)
			*value = sqrt(*value);
		else if (*value <= -1)
			return fault_set(fault, "log1p of a number that is not above -1", NULL);
		else
			*value = math_log1p(*value);
	}
	return fabs(*value) <= 1e30 || fault_set(fault, "too large for a feature", NULL);
}

/* [low,high), or (low,high] where the interval is one of negative numbers that mirrors a positive one. */
static inline void
tokens_interval(struct tokens *t, const struct formula_factor *x, double low, double high, bool mirrored)
{
	char text[2 * NUMBER_MAX + 3];
	size_t n = 0;

	text[n++] = mirrored ? '(' : '[';
	n += number_print(text + n, low);
	text[n++] = ',';
	n += number_print(text + n, high);
	text[n++] = mirrored ? ']' : ')';
	tokens_add(t, x, (struct view){text, n}, 1);
}

static inline void
tokens_bin(struct tokens *t, const struct formula_factor *x, double value)
{
	size_t i = 0;

	while (i < x->n_cuts && value >= x->cut[i])
		i++;
	tokens_interval(t, x, i ? x->cut[i - 1] : -INFINITY, i < x->n_cuts ? x->cut[i] : INFINITY, false);
}

static inline void
tokens_log2bin(struct tokens *t, const struct formula_factor *x, double value)
{
	int exponent;

	if (value == 0) {
		tokens_add(t, x, view_of("0"), 1);
		return;
	}
	frexp(value, &exponent);
	if (value > 0)
		tokens_interval(t, x, ldexp(1, exponent - 1), ldexp(1, exponent), false);
	else
		tokens_interval(t, x, -ldexp(1, exponent), -ldexp(1, exponent - 1), true);
}

static inline void
tokens_split(struct tokens *t, const struct formula_factor *x, struct view cell)
{
	size_t from = 0;

	for (size_t i = 0; i <= cell.n; i++) {
		bool here = i + x->text.n <= cell.n && memcmp(cell.at + i, x->text.at, x->text.n) == 0;

		if (!here && i < cell.n)
			continue;
		if (i > from)
			tokens_add(t, x, (struct view){cell.at + from, i - from}, 1);
		if (here) {
			from = i + x->text.n;
			i = from - 1;
		}
	}
}

/* The cell's words in lower case, joined by single blanks, behind the bytes. */
static inline struct view
tokens_lower(struct tokens *t, struct view cell)
{
	size_t from = t->n_bytes;
	bool inside = false;

	for (size_t i = 0; i < cell.n; i++) {
		char c = cell.at[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!((c >= 'a' && c <= 'z') || is_digit(c) || (c & 0x80))) {
			inside = false;
			continue;
		}
		if (!inside && t->n_bytes > from)
			tokens_put(t, " ", 1);
		tokens_put(t, &c, 1);
		inside = true;
	}
	return (struct view){t->bytes + from, t->n_bytes - from};
}

/* Every n_words words in a row. */
static inline void
tokens_words(struct tokens *t, const struct formula_factor *x, struct view cell)
{
	struct view text = tokens_lower(t, cell);
	size_t base = (size_t)(text.at - t->bytes), first = 0, words = 0;

	for (size_t i = 0; i <= text.n; i++) {
		if (i < text.n && t->bytes[base + i] != ' ')
			continue;
		if (text.n && ++words >= x->n_words) {
			/* the text is among the bytes that grow */
			t->bytes = grow(t->bytes, &t->bytes_capacity, t->n_bytes + x->n_prefix + i - first, 1);
			tokens_add(t, x, (struct view){t->bytes + base + first, i - first}, 1);
			while (first < i && t->bytes[base + first] != ' ')
				first++;
			first++;
		}
	}
}

static inline bool
tokens_time(struct tokens *t, const struct formula_factor *x, struct view cell, struct fault *fault)
{
	struct timestamp time;
	char text[NUMBER_MAX];
	int value;

	if (!timestamp_parse(cell, &time))
		return fault_set(fault, "not a time", cell.n ? timestamp_hint(cell) : "it is empty; na() allows that");
	value = x->kind == FORMULA_HOUR ? timestamp_hour(time) : timestamp_weekday(time);
	if (value < 0)
		return fault_set(fault, "a date without a time of day", NULL);
	tokens_add(t, x, (struct view){text, number_print_whole(text, (uint64_t)value)}, 1);
	return true;
}

static inline bool
tokens_line(struct tokens *t, const struct formula_factor *x, struct view cell, struct fault *fault)
{
	uint32_t id;
	bool known = keys_find(t->lines, cell, &id);

	if (!known && !t->unknown_is_0)
		return fault_set(fault, "not in index()'s file", "--unknown gives 0");
	tokens_add(t, x, known ? cell : view_of(""), 1)->id = known ? (uint64_t)id + 1 : 0;
	return true;
}

/* The tokens of one factor in a row. */
static inline bool
tokens_factor(struct tokens *t, const struct formula_factor *x, struct view cell, struct fault *fault)
{
	double value;

	switch (x->kind) {
	case FORMULA_CATEGORY:
		if (cell.n)
			tokens_add(t, x, cell, 1);
		return true;
	case FORMULA_NA:
		if (!cell.n)
			tokens_add(t, x, cell, 1);
		return true;
	case FORMULA_SPLIT:
		tokens_split(t, x, cell);
		return true;
	case FORMULA_WORDS:
	case FORMULA_NGRAMS:
		tokens_words(t, x, cell);
		return true;
	case FORMULA_INDEX:
		return tokens_line(t, x, cell, fault);
	default:
		break;
	}
	if (!cell.n && x->empty_is_known)
		return true;
	if (x->kind == FORMULA_HOUR || x->kind == FORMULA_WEEKDAY)
		return tokens_time(t, x, cell, fault);
	if (!factor_number(x, cell, &value, fault))
		return false;
	if (x->kind == FORMULA_BIN)
		tokens_bin(t, x, value);
	else if (x->kind == FORMULA_LOG2BIN)
		tokens_log2bin(t, x, value);
	else if (value != 0 || t->formula->numbering == NUMBERING_DENSE)
		tokens_add(t, x, view_of(""), value);
	return true;
}

/* ---- terms ---- */

static inline bool
tokens_feature(struct tokens *t, struct token token, struct fault *fault)
{
	if (t->n_features == TOKENS_MOST)
		return fault_set(fault, "more than 1048576 features", NULL);
	if (!(fabs(token.value) <= 1e30))
		return fault_set(fault, "a product is too large for a feature", NULL);
	if (t->formula->numbering == NUMBERING_HASHED)
		token.id = XXH3_64bits(t->bytes + token.at, token.n);
	else if (t->formula->numbering == NUMBERING_DENSE)
		token.id = t->n_features;
	t->feature = grow(t->feature, &t->feature_capacity, t->n_features + 1, sizeof token);
	t->feature[t->n_features++] = token;
	return true;
}

/* The token that joins one token of each factor. */
static inline struct token
tokens_join(struct tokens *t, const struct formula_term *term, const size_t *chosen)
{
	struct token joined = {.at = t->n_bytes, .value = 1};

	for (size_t i = 0; i < term->n; i++) {
		struct token part = t->token[chosen[i]];

		t->bytes = grow(t->bytes, &t->bytes_capacity, t->n_bytes + part.n + 1, 1);
		if (i)
			t->bytes[t->n_bytes++] = ':';
		memcpy(t->bytes + t->n_bytes, t->bytes + part.at, part.n);
		t->n_bytes += part.n;
		joined.value *= part.value;
	}
	joined.n = t->n_bytes - joined.at;
	return joined;
}

/* Every choice of one token of each factor, the last factor's changing fastest. */
static inline bool
tokens_cross(struct tokens *t, const struct formula_term *term, struct fault *fault)
{
	size_t chosen[FORMULA_FACTORS], i;

	for (i = 0; i < term->n; i++) {
		const struct token_range *of = &t->of[term->factor[i]];

		if (of->from == of->end)
			return true;
		chosen[i] = of->from;
	}
	do {
		if (!tokens_feature(t, tokens_join(t, term, chosen), fault))
			return false;
		for (i = term->n; i && ++chosen[i - 1] == t->of[term->factor[i - 1]].end; i--)
			chosen[i - 1] = t->of[term->factor[i - 1]].from;
	} while (i);
	return true;
}

/* The features of a row into t->feature; false, and *fault says why, when a cell is not what its term needs. */
static inline bool
tokens_row(struct tokens *t, const struct view *field, struct fault *fault)
{
	const struct formula *f = t->formula;

	*fault = (struct fault){0};
	t->n_bytes = t->n_tokens = t->n_features = 0;
	for (size_t i = 0; i < f->n_factors; i++) {
		const struct formula_factor *x = &f->factor[i];

		t->of[i].from = t->n_tokens;
		if (!tokens_factor(t, x, field[x->place], fault)) {
			fault->field = (int)x->place + 1;
			fault->name = x->name;
			fault->value = field[x->place];
			return false;
		}
		t->of[i].end = t->n_tokens;
	}
	for (size_t i = 0; i < f->n_terms; i++) {
		const struct formula_term *term = &f->term[i];
		const struct token_range *of = &t->of[term->factor[0]];

		if (term->n > 1 && !tokens_cross(t, term, fault))
			return false;
		for (size_t j = of->from; term->n == 1 && j < of->end; j++)
			if (!tokens_feature(t, t->token[j], fault))
				return false;
	}
	return true;
}

/* ---- the label ---- */

static inline bool
label_compare(const struct formula_label *y, int order)
{
	switch (y->compare) {
	case COMPARE_LESS: return order < 0;
	case COMPARE_AT_MOST: return order <= 0;
	case COMPARE_MORE: return order > 0;
	case COMPARE_AT_LEAST: return order >= 0;
	case COMPARE_EQUAL: return order == 0;
	default: return order != 0;
	}
}

/*
 * The label of a row: the cell, a number; 1 or 0 for a comparison; `?` where the cell is `?` or the formula has
 * no left side. False, and *fault says why, for any other cell.
 */
static inline bool
label_row(const struct formula_label *y, const struct view *field, struct view *label, struct fault *fault)
{
	double value = 0;
	bool holds;

	*label = y->given ? field[y->place] : view_of("?");
	if (label->n == 1 && *label->at == '?')
		return true;
	if (!y->is_text && !number_parse(*label, &value)) {
		*fault = (struct fault){.field = (int)y->place + 1, .name = y->name, .rule = "not a number",
		                        .value = *label, .hint = number_hint(*label)};
		return false;
	}
	if (y->compare == COMPARE_NONE)
		return true;
	holds = label_compare(y, y->is_text ? !view_equal(*label, y->text) : (value > y->number) - (value < y->number));
	*label = view_of(holds ? "1" : "0");
	return true;
}

#endif
