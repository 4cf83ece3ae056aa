/*
 * arch.h - the architecture language: layers in order, as in Keras' Sequential.
 *
 *     hash 22, dense 1 sigmoid
 *     image 28 28 1, conv 32 3 relu, flatten, dense 10 softmax
 *     hash 22, embed 16 mean, dense 64 relu, dense 1 sigmoid
 *     ids 40000, embed 64, gru 100, dense 40000 softmax
 *
 * The first layer says what the input is. A layer is its name, its sizes, and words in any order: where it has one, its
 * activation. The last activation is the head: it decides the loss and what a label may be.
 */
#ifndef WEIR_ARCH_H
#define WEIR_ARCH_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "../io/number.h"

enum layer_kind {
	LAYER_HASH, LAYER_IDS, LAYER_VECTOR, LAYER_IMAGE, /* inputs */
	LAYER_DENSE, LAYER_CONV, LAYER_POOL, LAYER_FLATTEN, LAYER_EMBED, LAYER_GRU, LAYER_FM, LAYER_DROPOUT,
	LAYERS
};

enum activation { LINEAR, RELU, TANH, SIGMOID, SOFTMAX, CHOICE, ACTIVATIONS };

/* How a layer does what it does; the first of its row's is the usual one. */
enum layer_mode { VALID, SAME, MAX, MEAN, SUM, SEQ, MODES };

/* The names of the language, in the order of the enums. */
static const char *const activation_names[] = {"linear", "relu", "tanh", "sigmoid", "softmax", "choice"};
static const char *const mode_names[] = {"valid", "same", "max", "mean", "sum", "seq"};

/* What flows from a layer to the next. */
enum flow {
	FLOW_NOTHING,  /* before an input */
	FLOW_SPARSE,   /* indexes with values */
	FLOW_IDS,      /* indexes in order */
	FLOW_SEQUENCE, /* vectors in order */
	FLOW_FLAT,     /* a vector */
	FLOW_IMAGE     /* channels of rows of columns */
};

enum { ARCH_LAYERS = 16, ARCH_TEXT = 1024, ARCH_SIZES = 3, ARCH_BITS = 30, ARCH_UNITS = 1 << 20 };

/* A kind of layer: a row is all that the language knows of it. */
static const struct layer_row {
	const char *name;
	const char *usage;         /* its sizes and words, for messages */
	size_t n_sizes;
	uint32_t most;             /* of a size */
	unsigned from;             /* flows it takes: bits 1 << flow */
	unsigned modes;            /* that it may name: bits 1 << mode */
	enum layer_mode usual;
	bool activation, stride;
	const char *needs;         /* said when it takes not what comes */
} layer_rows[LAYERS] = {
	{"hash", "hash BITS", 1, ARCH_BITS, 1 << FLOW_NOTHING, 0, 0, false, false, "hash is an input and comes first"},
	{"ids", "ids N", 1, 1 << ARCH_BITS, 1 << FLOW_NOTHING, 0, 0, false, false, "ids is an input and comes first"},
	{"vector", "vector N", 1, ARCH_UNITS, 1 << FLOW_NOTHING, 0, 0, false, false, "vector is an input and comes first"},
	{"image", "image HEIGHT WIDTH CHANNELS", 3, 1 << 13, 1 << FLOW_NOTHING, 0, 0, false, false,
	 "image is an input and comes first"},
	{"dense", "dense UNITS [ACTIVATION]", 1, ARCH_UNITS, 1 << FLOW_SPARSE | 1 << FLOW_FLAT, 0, 0, true, false,
	 "dense takes a vector: flatten an image, embed ids, end a sequence with gru"},
	{"conv", "conv CHANNELS SIZE [stride N] [same|valid] [ACTIVATION]", 2, 1 << 13, 1 << FLOW_IMAGE,
	 1 << VALID | 1 << SAME, VALID, true, true, "conv takes an image"},
	{"pool", "pool SIZE [stride N] [max|mean]", 1, 1 << 13, 1 << FLOW_IMAGE, 1 << MAX | 1 << MEAN, MAX, false, true,
	 "pool takes an image"},
	{"flatten", "flatten", 0, 0, 1 << FLOW_IMAGE, 0, 0, false, false, "flatten takes an image"},
	{"embed", "embed UNITS [mean|seq|sum]", 1, ARCH_UNITS, 1 << FLOW_SPARSE | 1 << FLOW_IDS,
	 1 << SUM | 1 << MEAN | 1 << SEQ, SUM, false, false, "embed takes hash or ids"},
	{"gru", "gru UNITS", 1, 1 << 13, 1 << FLOW_SEQUENCE, 0, 0, false, false, "gru takes a sequence: embed UNITS seq"},
	{"fm", "fm FACTORS", 1, ARCH_UNITS, 1 << FLOW_SPARSE, 0, 0, false, false, "fm takes hash"},
	{"dropout", "dropout PERCENT", 1, 99, 1 << FLOW_FLAT | 1 << FLOW_IMAGE, 0, 0, false, false,
	 "dropout takes a vector or an image"},
};

struct arch_layer {
	enum layer_kind kind;
	uint32_t size[ARCH_SIZES]; /* as in the usage of its row */
	enum layer_mode mode;
	uint32_t stride;
	enum activation activation;
};

struct arch {
	struct arch_layer layer[ARCH_LAYERS];
	size_t n;
};

/* What flows, and how much: a vector has its length as channels, with height and width 1. */
struct arch_shape {
	enum flow flow;
	uint64_t channels, height, width;
};

/* What is wrong with a text, and where. */
struct arch_fault {
	const char *rule;
	struct view word; /* views the text; empty at its end */
	char made[96];    /* room for a rule that is made of numbers */
};

static inline bool
arch_refuse(struct arch_fault *fault, const char *rule, struct view word)
{
	*fault = (struct arch_fault){.rule = rule, .word = word};
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

static inline bool
arch_is_comma(struct view word)
{
	return word.n == 1 && *word.at == ',';
}

/* The place of a word among n names; n when it is none of them. */
static inline size_t
arch_lookup(struct view word, const char *const *names, size_t n)
{
	size_t i = 0;

	while (i < n && !view_equal(word, view_of(names[i])))
		i++;
	return i;
}

/* Rows or columns that a window leaves of n; 0 when it does not fit. */
static inline uint64_t
arch_window(const struct arch_layer *l, uint32_t window, uint64_t n)
{
	if (l->mode == SAME)
		return (n + l->stride - 1) / l->stride;
	return n < window ? 0 : (n - window) / l->stride + 1;
}

/* What a layer makes of a shape it takes; a length of 0 says that it cannot. */
static inline struct arch_shape
arch_flow(const struct arch_layer *l, struct arch_shape in)
{
	struct arch_shape out = in;

	switch (l->kind) {
	case LAYER_HASH:
		return (struct arch_shape){FLOW_SPARSE, (uint64_t)1 << l->size[0], 1, 1};
	case LAYER_IDS:
		return (struct arch_shape){FLOW_IDS, l->size[0], 1, 1};
	case LAYER_VECTOR:
		return (struct arch_shape){FLOW_FLAT, l->size[0], 1, 1};
	case LAYER_IMAGE:
		return (struct arch_shape){FLOW_IMAGE, l->size[2], l->size[0], l->size[1]};
	case LAYER_CONV:
		return (struct arch_shape){FLOW_IMAGE, l->size[0], arch_window(l, l->size[1], in.height),
		                           arch_window(l, l->size[1], in.width)};
	case LAYER_POOL:
		return (struct arch_shape){FLOW_IMAGE, in.channels, arch_window(l, l->size[0], in.height),
		                           arch_window(l, l->size[0], in.width)};
	case LAYER_FLATTEN:
		return (struct arch_shape){FLOW_FLAT, in.channels * in.height * in.width, 1, 1};
	case LAYER_EMBED:
		return (struct arch_shape){l->mode == SEQ ? FLOW_SEQUENCE : FLOW_FLAT, l->size[0], 1, 1};
	case LAYER_DENSE:
	case LAYER_GRU:
		return (struct arch_shape){FLOW_FLAT, l->size[0], 1, 1};
	case LAYER_FM: /* the sum of weights, and the factors' part of the pairs */
		return (struct arch_shape){FLOW_FLAT, l->size[0] + 1, 1, 1};
	default:
		return out;
	}
}

/* The mode of a kind of layer where none is named: what comes decides whether an embedding keeps the order. */
static inline enum layer_mode
arch_usual(enum layer_kind kind, struct arch_shape in)
{
	return kind == LAYER_EMBED && in.flow == FLOW_IDS ? SEQ : layer_rows[kind].usual;
}

/* Numbers in a shape; of a sequence, in one of its vectors. */
static inline uint64_t
arch_numbers(struct arch_shape shape)
{
	return shape.channels * shape.height * shape.width;
}

/* What flows out of the first n layers. */
static inline struct arch_shape
arch_shape_after(const struct arch *a, size_t n)
{
	struct arch_shape shape = {FLOW_NOTHING, 1, 1, 1};

	for (size_t i = 0; i < n; i++)
		shape = arch_flow(&a->layer[i], shape);
	return shape;
}

/* A word in the place of a size: none, or none that the row takes. */
static inline bool
arch_refuse_size(struct arch_fault *fault, const struct layer_row *row, struct view word)
{
	arch_refuse(fault, fault->made, word);
	snprintf(fault->made, sizeof fault->made, "%s, %s1 to %" PRIu32, row->usage, row->n_sizes > 1 ? "each " : "", row->most);
	return false;
}

/* The sizes of a layer, from the words that follow its name; *text moves on, *word is what follows them. */
static inline bool
arch_sizes(struct arch_layer *l, struct view *text, struct view *word, struct arch_fault *fault)
{
	const struct layer_row *row = &layer_rows[l->kind];

	*word = arch_word(text);
	for (size_t i = 0; i < row->n_sizes; i++) {
		uint64_t size;

		if (!word->n || number_whole(*word, &size) != word->n || size < 1 || size > row->most)
			return arch_refuse_size(fault, row, *word);
		l->size[i] = (uint32_t)size;
		*word = arch_word(text);
	}
	return true;
}

/* The words behind the sizes: stride, mode, activation, each once at most. */
static inline bool
arch_words(struct arch_layer *l, struct view *text, struct view *word, struct arch_fault *fault)
{
	const struct layer_row *row = &layer_rows[l->kind];
	bool moded = false, activated = false;

	for (; word->n && !arch_is_comma(*word); *word = arch_word(text)) {
		size_t mode = arch_lookup(*word, mode_names, MODES);
		size_t activation = arch_lookup(*word, activation_names, ACTIVATIONS);
		uint64_t stride;

		if (mode < MODES && (row->modes & 1u << mode) && !moded) {
			l->mode = (enum layer_mode)mode;
			moded = true;
		} else if (activation < ACTIVATIONS && row->activation && !activated) {
			l->activation = (enum activation)activation;
			activated = true;
		} else if (row->stride && !l->stride && view_equal(*word, view_of("stride"))) {
			*word = arch_word(text);
			if (!word->n || number_whole(*word, &stride) != word->n || stride < 1 || stride > row->most)
				return arch_refuse_size(fault, row, *word);
			l->stride = (uint32_t)stride;
		} else {
			return arch_refuse(fault, row->usage, *word);
		}
	}
	if (!l->stride)
		l->stride = l->kind == LAYER_POOL ? l->size[0] : 1;
	return true;
}

/* May the layer follow those that are there? The word is its name. */
static inline bool
arch_check_order(const struct arch *a, const struct arch_layer *l, struct view word, struct arch_fault *fault)
{
	struct arch_shape in = arch_shape_after(a, a->n);

	if (a->n == ARCH_LAYERS)
		return arch_refuse(fault, "too many layers", word);
	if (a->n && a->layer[a->n - 1].activation == CHOICE)
		return arch_refuse(fault, "choice is a head and comes last", word);
	if (l->kind == LAYER_CONV && l->activation >= SOFTMAX)
		return arch_refuse(fault, "a conv has relu, tanh, sigmoid or linear: softmax and choice are of a vector", word);
	if (in.flow == FLOW_NOTHING && !(layer_rows[l->kind].from & 1u << FLOW_NOTHING))
		return arch_refuse(fault, "the first layer is an input: hash, ids, vector or image", word);
	if (!(layer_rows[l->kind].from & 1u << in.flow))
		return arch_refuse(fault, layer_rows[l->kind].needs, word);
	in = arch_flow(l, in);
	if (arch_numbers(in) == 0)
		return arch_refuse(fault, "its window is larger than the image", word);
	if (arch_numbers(in) > (uint64_t)1 << 30)
		return arch_refuse(fault, "its result is too large", word);
	return true;
}

/* Is the last layer a head? The words from its name on are `words`. */
static inline bool
arch_check_head(const struct arch *a, struct view words, struct arch_fault *fault)
{
	const struct arch_layer *last = &a->layer[a->n - 1];
	struct view word = arch_word(&words);

	if (last->kind != LAYER_DENSE)
		return arch_refuse(fault, "the last layer is a head: dense UNITS with sigmoid, softmax, choice or linear", word);
	word = arch_word(&words);
	if (last->activation == RELU || last->activation == TANH)
		return arch_refuse(fault, "the last layer is a head: sigmoid, softmax, choice or linear", arch_word(&words));
	if (last->activation == SOFTMAX && last->size[0] < 2)
		return arch_refuse(fault, "softmax needs two units or more", word);
	if (last->activation != SOFTMAX && last->size[0] != 1)
		return arch_refuse(fault, "this head has one unit", word);
	return true;
}

/* Appends the layers of a text. False, and *fault says what and where, when it does not follow the language. */
static inline bool
arch_append(struct arch *a, const char *text, struct arch_fault *fault)
{
	struct view rest = view_of(text), word, name, words;

	do {
		struct arch_layer layer = {.activation = LINEAR};
		size_t kind = 0;

		words = rest;
		name = arch_word(&rest);
		while (kind < LAYERS && !view_equal(name, view_of(layer_rows[kind].name)))
			kind++;
		if (kind == LAYERS)
			return arch_refuse(fault, "no such layer: hash, ids, vector, image; dense, conv, pool, flatten, embed, "
			                          "gru, fm, dropout", name);
		layer.kind = (enum layer_kind)kind;
		layer.mode = arch_usual(layer.kind, arch_shape_after(a, a->n));
		if (!arch_sizes(&layer, &rest, &word, fault) || !arch_words(&layer, &rest, &word, fault) ||
		    !arch_check_order(a, &layer, name, fault))
			return false;
		a->layer[a->n++] = layer;
	} while (arch_is_comma(word));
	return arch_check_head(a, words, fault);
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
	return (struct arch){{{.kind = LAYER_HASH, .size = {bits}, .stride = 1},
	                      {.kind = LAYER_DENSE, .size = {1}, .stride = 1, .activation = SIGMOID}}, 2};
}

/* Appends words to a text of ARCH_TEXT bytes. */
__attribute__((format(printf, 3, 4)))
static inline void
arch_say(char *to, size_t *at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	*at += (size_t)vsnprintf(to + *at, ARCH_TEXT - *at, format, arguments);
	va_end(arguments);
}

/* Writes the architecture in its one canonical spelling, at most ARCH_TEXT bytes with the final NUL. */
static inline void
arch_print(const struct arch *a, char *to)
{
	size_t at = 0;

	*to = '\0';
	for (size_t i = 0; i < a->n; i++) {
		const struct arch_layer *l = &a->layer[i];
		const struct layer_row *row = &layer_rows[l->kind];

		arch_say(to, &at, "%s%s", i ? ", " : "", row->name);
		for (size_t j = 0; j < row->n_sizes; j++)
			arch_say(to, &at, " %u", l->size[j]);
		if (row->stride && l->stride != (l->kind == LAYER_POOL ? l->size[0] : 1))
			arch_say(to, &at, " stride %u", l->stride);
		if (row->modes && l->mode != arch_usual(l->kind, arch_shape_after(a, i)))
			arch_say(to, &at, " %s", mode_names[l->mode]);
		if (l->activation != LINEAR)
			arch_say(to, &at, " %s", activation_names[l->activation]);
	}
}

/* The head: the last activation. */
static inline enum activation
arch_head(const struct arch *a)
{
	return a->layer[a->n - 1].activation;
}

/* Indexes of features are below this. */
static inline uint32_t
arch_inputs(const struct arch *a)
{
	return (uint32_t)arch_numbers(arch_shape_after(a, 1));
}

/* Does the order of features matter? */
static inline bool
arch_ordered(const struct arch *a)
{
	return a->layer[0].kind == LAYER_IDS || (a->n > 1 && a->layer[1].kind == LAYER_EMBED && a->layer[1].mode == SEQ);
}

/* A log-linear model: hash, then one dense. Its weights can be beliefs, unless the loss is squared. */
static inline bool
arch_log_linear(const struct arch *a)
{
	return a->n == 2 && a->layer[0].kind == LAYER_HASH && arch_head(a) != LINEAR;
}

#endif
