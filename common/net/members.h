/*
 * members.h - models that learnt apart and are to become one: their parts in it, and whether they go together.
 *
 * A model that does not go with the others is refused as one that cannot be used (model_refuse): the program ends.
 */
#ifndef WEIR_MEMBERS_H
#define WEIR_MEMBERS_H

#include "model.h"

enum role { ADDED, TAKEN_OUT, DAMPED };

/* A model that is read. */
struct member {
	const char *path;
	enum role role;
	struct model model;
	bool child;     /* it learnt from a model that is taken out: what it knows is that model's evidence and its own */
	bool parent;    /* it is that model */
};

struct members {
	struct member *member; /* owned; sorted, in an order that does not depend on that of the command line */
	size_t n;
};

/* Room for `most` members; none yet. */
static inline void
members_allocate(struct members *all, size_t most)
{
	*all = (struct members){.member = allocate_zero(most, sizeof *all->member)};
}

static inline void
members_add(struct members *all, const char *path, enum role role)
{
	struct member *m = &all->member[all->n++];

	m->path = path;
	m->role = role;
	model_open(&m->model, path);
}

/* For qsort. */
static int
member_order(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->role != y->role ? (x->role > y->role) - (x->role < y->role)
	                          : strcmp(x->model.file.checksum, y->model.file.checksum);
}

static inline void
members_sort(struct members *all)
{
	qsort(all->member, all->n, sizeof *all->member, member_order);
}

/* Learnt in one way: what the metadata say of it is the same. */
static inline void
members_check_settings(const struct members *all)
{
	static const char *const key[] = {
		"architecture", "optimizer", "variance", "forget", "rate", "l1", "l2", "batch", "seed",
	};
	const struct member *first = all->member;

	for (size_t i = 1; i < all->n; i++)
		for (size_t j = 0; j < sizeof key / sizeof *key; j++) {
			const struct member *m = &all->member[i];
			const char *mine = safetensors_metadata(&m->model.file, key[j]);
			const char *its = safetensors_metadata(&first->model.file, key[j]);

			if ((mine || its) && (!mine || !its || strcmp(mine, its) != 0))
				model_refuse(m->path, "its %s is \"%.40s\"; that of %.40s is \"%.40s\"", key[j], mine ? mine : "",
				             first->path, its ? its : "");
		}
	for (size_t i = 0; i < all->n; i++)
		if (all->member[i].model.pulled)
			model_refuse(all->member[i].path,
			             "it was fine-tuned with --prior, which has no mean; beliefs do that and pool");
}

/* Finds models that learnt from one whose evidence is taken out. */
static inline void
members_find_children(struct members *all)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t j = 0; j < all->n; j++) {
			struct member *child = &all->member[i], *parent = &all->member[j];

			if (child->role != ADDED || parent->role != TAKEN_OUT ||
			    strcmp(child->model.parent, parent->model.file.checksum) != 0)
				continue;
			if (strcmp(child->model.transfer, "shift 0") != 0)
				model_refuse(child->path,
				             "it took less than all from its source; finetune --shift 0 takes all");
			child->child = parent->parent = true;
		}
}

/* The others started from one model; returns the first of them. */
static inline const struct member *
members_check_start(const struct members *all)
{
	const struct member *first = NULL;

	for (size_t i = 0; i < all->n; i++) {
		const struct member *m = &all->member[i];

		if (m->child)
			continue;
		if (!first)
			first = m;
		if (strcmp(m->model.parent, first->model.parent) != 0 ||
		    strcmp(m->model.transfer, first->model.transfer) != 0)
			model_refuse(m->path, "it did not start from what %.60s started from", first->path);
	}
	return first;
}

static inline void
members_free(struct members *all)
{
	for (size_t i = 0; i < all->n; i++)
		model_free(&all->member[i].model);
	free(all->member);
	*all = (struct members){0};
}

#endif
