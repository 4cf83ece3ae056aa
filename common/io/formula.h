/*
 * formula.h - the formula language: text to a label, factors and terms.
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
 *
 * formula_lexer.h has the words, formula_label.h the left side, formula_factor.h the functions, formula_term.h the
 * operators; formula_columns.h binds what was parsed to the columns of a header, and tokens.h takes rows through it.
 */
#ifndef WEIR_FORMULA_H
#define WEIR_FORMULA_H

#include "formula_columns.h"
#include "formula_label.h"
#include "formula_term.h"

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

#endif
