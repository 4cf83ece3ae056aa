/*
 * formula_lexer.h - the words of the formula language: names, numbers, texts in quotes, single characters.
 */
#ifndef WEIR_FORMULA_LEXER_H
#define WEIR_FORMULA_LEXER_H

#include "formula_parts.h"

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

#endif
