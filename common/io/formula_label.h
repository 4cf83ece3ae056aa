/*
 * formula_label.h - parses the left side of a formula: a column, or a comparison of one with a value.
 */
#ifndef WEIR_FORMULA_LABEL_H
#define WEIR_FORMULA_LABEL_H

#include "formula_lexer.h"

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

#endif
