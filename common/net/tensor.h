/*
 * tensor.h - the table of tensors: one drives initial values, save, load, transfer, freezing and the optimisers.
 *
 * All weights of a model are one block, which the table views; a model that is only read views the mapped file.
 */
#ifndef WEIR_TENSOR_H
#define WEIR_TENSOR_H

#include <sys/mman.h>

#include "../cli.h"

enum { TENSOR_NAME = 24, TENSOR_RANK = 4, TENSOR_STATES = 4, TENSORS = 32 };

struct tensor {
	char name[TENSOR_NAME];         /* as in a PyTorch state_dict: "0.weight" */
	size_t rank;
	uint64_t shape[TENSOR_RANK];    /* outermost first */
	size_t n;                       /* numbers in it */
	size_t width;                   /* bytes of a number: 4, float; 8, double (the bias of beliefs) */
	void *data;
	float *state[TENSOR_STATES];    /* the optimiser's, n floats each; NULL where it keeps none */
	bool frozen;                    /* training leaves it bit for bit */
	double pace;                    /* its steps' share of the rate; 1 where nothing was said */
	uint64_t wakes;                 /* frozen until so many records were learnt */
};

struct tensors {
	struct tensor tensor[TENSORS];
	size_t n;
	void *block;                    /* owned; NULL when the tensors view a file */
	void *states;                   /* owned */
};

/* The numbers of a tensor of floats. */
static inline float *
tensor_floats(const struct tensor *t)
{
	return t->data;
}

/* Adds a row to the table: rank sizes from shape, outermost first. No memory yet. */
static inline struct tensor *
tensors_add(struct tensors *table, const char *name, size_t width, size_t rank, const uint64_t *shape)
{
	struct tensor *t = &table->tensor[table->n++];

	*t = (struct tensor){.rank = rank, .n = 1, .width = width, .pace = 1};
	snprintf(t->name, sizeof t->name, "%s", name);
	for (size_t i = 0; i < rank; i++) {
		t->shape[i] = shape[i];
		t->n *= (size_t)shape[i];
	}
	return t;
}

/* Each tensor and state starts at a multiple of this many bytes. */
enum { TENSOR_ALIGN = 64 };

static inline size_t
tensor_space(size_t n, size_t width)
{
	return (n * width + TENSOR_ALIGN - 1) / TENSOR_ALIGN * TENSOR_ALIGN;
}

/*
 * A block of zeros that takes memory, in huge pages, where it is touched only; munmap(block, bytes) releases it. It may be
 * larger than the machine's memory.
 */
static inline void *
tensors_lazy_block(size_t bytes)
{
#ifdef MAP_NORESERVE
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
#else
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#endif
	void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (block == MAP_FAILED)
		die_system("a model of %zu bytes", bytes);
#ifdef MADV_HUGEPAGE
	madvise(block, bytes, MADV_HUGEPAGE);
#endif
	return block;
}

/* Memory for all tensors of the table, zeroed. */
static inline void
tensors_allocate(struct tensors *table)
{
	size_t bytes = 0, at = 0;

	for (size_t i = 0; i < table->n; i++)
		bytes += tensor_space(table->tensor[i].n, table->tensor[i].width);
	table->block = memset(allocate_huge(bytes), 0, bytes);
	for (size_t i = 0; i < table->n; i++) {
		table->tensor[i].data = (char *)table->block + at;
		at += tensor_space(table->tensor[i].n, table->tensor[i].width);
	}
}

/* Memory for `states` optimiser states of each tensor, zeroed. */
static inline void
tensors_allocate_states(struct tensors *table, size_t states)
{
	size_t bytes = 0, at = 0;

	for (size_t i = 0; i < table->n; i++)
		bytes += states * tensor_space(table->tensor[i].n, sizeof(float));
	table->states = memset(allocate_huge(bytes), 0, bytes);
	for (size_t i = 0; i < table->n; i++)
		for (size_t s = 0; s < states; s++) {
			table->tensor[i].state[s] = (float *)(void *)((char *)table->states + at);
			at += tensor_space(table->tensor[i].n, sizeof(float));
		}
}

static inline void
tensors_free(struct tensors *table)
{
	free(table->block);
	free(table->states);
	*table = (struct tensors){0};
}

/* The place of a tensor by name; table->n when there is none. */
static inline size_t
tensors_find(const struct tensors *table, const char *name)
{
	size_t i = 0;

	while (i < table->n && strcmp(table->tensor[i].name, name) != 0)
		i++;
	return i;
}

/*
 * Freezes the tensors that a comma-separated list names: a whole name, "0.weight", or a layer, "0". False when
 * a part of the list names none; *part is that part.
 */
static inline bool
tensors_freeze(struct tensors *table, const char *list, const char **part)
{
	for (const char *p = list; *p;) {
		size_t n = strcspn(p, ",");
		bool found = false;

		for (size_t i = 0; i < table->n; i++) {
			struct tensor *t = &table->tensor[i];

			if (strncmp(t->name, p, n) == 0 && (t->name[n] == '\0' || t->name[n] == '.'))
				t->frozen = found = true;
		}
		*part = p;
		if (!found)
			return false;
		p += n + (p[n] == ',');
	}
	return true;
}

#endif
