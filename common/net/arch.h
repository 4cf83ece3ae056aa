/*
 * arch.h - the architecture language: layers in order, as in Keras' Sequential.
 *
 *     hash 22, dense 1 sigmoid
 *     hash 22, dense 64 relu, dense 10 softmax
 *
 * The first layer says what the input is: `hash BITS`, sparse features below 2^BITS. `dense UNITS [ACTIVATION]`
 * follows. The last activation is the head: it decides the loss and what a label may be.
 */
#ifndef WEIR_ARCH_H
#define WEIR_ARCH_H

#include <stdio.h>

#include "../io/number.h"

enum layer_kind { LAYER_HASH, LAYER_DENSE };

enum activation { LINEAR, RELU, TANH, SIGMOID, SOFTMAX, CHOICE };

/* The names of the language, in the order of the enums. */
static const char *const layer_names[] = {"hash", "dense"};
static const char *const activation_names[] = {"linear", "relu", "tanh", "sigmoid", "softmax", "choice"};

enum { ARCH_LAYERS = 16, ARCH_TEXT = 1024, ARCH_BITS = 30, ARCH_UNITS = 1 << 20 };

struct arch_layer {
	enum layer_kind kind;
	uint32_t size; /* hash: bits; dense: units */
	enum activation activation;
};

struct arch {
	struct arch_layer layer[ARCH_LAYERS];
	size_t n;
};

/* What is wrong with a text, and where. */
struct arch_fault {
	const char *rule;
	struct view word; /* views the text; empty at its end */
};

static inline bool
arch_refuse(struct arch_fault *fault, const char *rule, struct view word)
{
	*fault = (struct arch_fault){rule, word};
	return false;
}

/* The next word or comma of the text, which moves on behind it; empty at the end. */
static inline struct view
arch_word(struct view *text)
{
	struct view word;

	while (text->n && *text->at == ' ')
		text->at++, text->n--;
	word = (struct view){text->at, 0};
	if (text->n && *text->at == ',')
		word.n = 1;
	else
		while (word.n < text->n && word.at[word.n] != ' ' && word.at[word.n] != ',')
			word.n++;
	text->at += word.n;
	text->n -= word.n;
	return word;
}

/* The place of a word among names; n when it is none of them. */
static inline size_t
arch_lookup(struct view word, const char *const *names, size_t n)
{
	size_t i = 0;

	while (i < n && !view_equal(word, view_of(names[i])))
		i++;
	return i;
}

static inline bool
arch_is_comma(struct view word)
{
	return word.n == 1 && *word.at == ',';
}

/* May a layer of this kind follow those that are there? Its name is the word. */
static inline bool
arch_check_order(const struct arch *a, enum layer_kind kind, struct view word, struct arch_fault *fault)
{
	if (a->n == ARCH_LAYERS)
		return arch_refuse(fault, "too many layers", word);
	if (kind == LAYER_HASH && a->n)
		return arch_refuse(fault, "hash is an input and comes first", word);
	if (kind != LAYER_HASH && !a->n)
		return arch_refuse(fault, "the first layer is an input: hash BITS", word);
	if (a->n && a->layer[a->n - 1].activation == CHOICE)
		return arch_refuse(fault, "choice is a head and comes last", word);
	return true;
}

/* Is the last layer a head? The words are its size and its activation. */
static inline bool
arch_check_head(const struct arch *a, struct view size, struct view activation, struct arch_fault *fault)
{
	const struct arch_layer *last = &a->layer[a->n - 1];

	if (a->n < 2)
		return arch_refuse(fault, "a layer follows the input: dense UNITS ACTIVATION", activation);
	if (last->activation == RELU || last->activation == TANH)
		return arch_refuse(fault, "the last layer is a head: sigmoid, softmax, choice or linear", activation);
	if (last->activation == SOFTMAX && last->size < 2)
		return arch_refuse(fault, "softmax needs two units or more", size);
	if (last->activation != SOFTMAX && last->size != 1)
		return arch_refuse(fault, "this head has one unit", size);
	return true;
}

/* Appends the layers of a text. False, and *fault says what and where, when it does not follow the language. */
static inline bool
arch_append(struct arch *a, const char *text, struct arch_fault *fault)
{
	struct view rest = view_of(text), word, units, activation;

	do {
		struct arch_layer layer = {.activation = LINEAR};
		size_t kind = arch_lookup(word = arch_word(&rest), layer_names, 2);
		uint64_t size;

		if (kind == 2)
			return arch_refuse(fault, "no such layer (hash, dense)", word);
		layer.kind = kind == 0 ? LAYER_HASH : LAYER_DENSE;
		if (!arch_check_order(a, layer.kind, word, fault))
			return false;
		units = arch_word(&rest);
		if (!units.n || number_whole(units, &size) != units.n || size < 1 ||
		    size > (layer.kind == LAYER_HASH ? (uint64_t)ARCH_BITS : (uint64_t)ARCH_UNITS))
			return arch_refuse(fault, layer.kind == LAYER_HASH ? "hash needs its bits, 1 to 30"
			                                                   : "dense needs its units, 1 to 1048576", units);
		layer.size = (uint32_t)size;
		word = activation = arch_word(&rest);
		if (word.n && !arch_is_comma(word)) {
			size_t named = arch_lookup(word, activation_names, 6);

			if (named == 6 || layer.kind == LAYER_HASH)
				return arch_refuse(fault, layer.kind == LAYER_HASH ? "hash takes its bits only"
				                   : "no such activation (linear, relu, tanh, sigmoid, softmax, choice)", word);
			layer.activation = (enum activation)named;
			word = arch_word(&rest);
			if (word.n && !arch_is_comma(word))
				return arch_refuse(fault, "a comma is missing before", word);
		}
		a->layer[a->n++] = layer;
	} while (arch_is_comma(word));
	return arch_check_head(a, units, activation, fault);
}

static inline bool
arch_parse(struct arch *a, const char *text, struct arch_fault *fault)
{
	a->n = 0;
	return arch_append(a, text, fault);
}

/* hash BITS, dense 1 sigmoid: logistic regression, where no architecture is named. */
static inline struct arch
arch_logistic(uint32_t bits)
{
	return (struct arch){{{LAYER_HASH, bits, LINEAR}, {LAYER_DENSE, 1, SIGMOID}}, 2};
}

/* Writes the architecture in its one canonical spelling, at most ARCH_TEXT bytes with the final NUL. */
static inline void
arch_print(const struct arch *a, char *to)
{
	size_t at = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct arch_layer *l = &a->layer[i];

		at += (size_t)snprintf(to + at, ARCH_TEXT - at, "%s%s %u", i ? ", " : "", layer_names[l->kind], l->size);
		if (l->activation != LINEAR)
			at += (size_t)snprintf(to + at, ARCH_TEXT - at, " %s", activation_names[l->activation]);
	}
}

/* The head: the last activation. */
static inline enum activation
arch_head(const struct arch *a)
{
	return a->layer[a->n - 1].activation;
}

/* A log-linear model: the input, then one layer. Its weights can be beliefs, unless the loss is squared. */
static inline bool
arch_log_linear(const struct arch *a)
{
	return a->n == 2 && arch_head(a) != LINEAR;
}

#endif
