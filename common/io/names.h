/*
 * names.h - the tokens of each index: a file of lines index, TAB, token, as featurize --names writes it.
 */
#ifndef WEIR_NAMES_H
#define WEIR_NAMES_H

#include "line.h"
#include "number.h"

struct name {
	uint64_t index;
	size_t at, n; /* bytes of the token */
};

/* All 0 is none. */
struct names {
	struct name *name; /* owned, by index */
	size_t n, capacity;
	char *bytes;       /* owned: of all tokens */
	size_t n_bytes, bytes_capacity;
};

/* For qsort: by index, then in the order of the file. */
static int
name_order(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return x->index != y->index ? (x->index > y->index) - (x->index < y->index) : (x->at > y->at) - (x->at < y->at);
}

/* Reads a file into names that are none; it refuses, and dies, as input does. */
static inline void
names_read(struct names *names, const char *path)
{
	struct input file = INPUT_DEFAULTS;
	char *operand[] = {(char *)(uintptr_t)path};
	struct view line;

	input_open(&file, 1, operand, 0, NULL);
	while (input_line(&file, &line)) {
		uint64_t index;
		size_t digits = number_whole(line, &index);

		if (digits == 0 || digits == line.n || line.at[digits] != '\t') {
			input_refuse(&file, (struct fault){.rule = "not an index, TAB and token", .value = line});
			continue;
		}
		line = (struct view){line.at + digits + 1, line.n - digits - 1};
		names->name = grow(names->name, &names->capacity, names->n + 1, sizeof *names->name);
		names->name[names->n++] = (struct name){index, names->n_bytes, line.n};
		names->bytes = grow(names->bytes, &names->bytes_capacity, names->n_bytes + line.n, 1);
		memcpy(names->bytes + names->n_bytes, line.at, line.n);
		names->n_bytes += line.n;
	}
	input_close(&file);
	if (names->n)
		qsort(names->name, names->n, sizeof *names->name, name_order);
}

/* Writes the tokens of an index, which is none below that of the last call with the same *next; 0 at first. */
static inline void
names_put(const struct names *names, uint64_t index, size_t *next, struct writer *out)
{
	bool first = true;

	while (*next < names->n && names->name[*next].index < index)
		++*next;
	for (size_t i = *next; i < names->n && names->name[i].index == index; i++, first = false) {
		writer_text(out, first ? "" : " | ");
		writer_put(out, names->bytes + names->name[i].at, names->name[i].n);
	}
}

static inline void
names_free(struct names *names)
{
	free(names->name);
	free(names->bytes);
	*names = (struct names){0};
}

#endif
