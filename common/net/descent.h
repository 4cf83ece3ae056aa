/*
 * descent.h - a step of the optimiser: of blocks of the tensors and of the rows of a sparse first layer that the step
 * touched, once the lanes are through; of the classes of a sampled head, once nothing needs them any more.
 */
#ifndef WEIR_DESCENT_H
#define WEIR_DESCENT_H

#include "lane.h"

/* Gives each row of the first layer that the step touches a slot. */
static inline void
trainer_slots(struct trainer *t)
{
	size_t first = t->batch->start[t->from], last = t->batch->start[t->from + t->B], O = t->net->layer[0].O;

	t->slot = grow(t->slot, &t->slot_capacity, last, sizeof *t->slot);
	t->row = grow(t->row, &t->row_capacity, last - first, sizeof *t->row);
	indexes_begin(&t->seen, last - first);
	for (size_t i = first; i < last; i++) {
		bool fresh;

		t->slot[i] = indexset_slot(&t->seen, t->batch->features.index[i], &fresh);
		t->row[t->slot[i]] = t->batch->features.index[i];
	}
	for (size_t l = 0; l < t->lanes; l++)
		t->lane[l].row_gradient = grow(t->lane[l].row_gradient, &t->lane[l].row_gradient_capacity, t->seen.n * O,
		                               sizeof *t->lane[l].row_gradient);
}

/* The gradient of a block, in the scratch of a worker. */
static inline float *
trainer_block_gradient(const struct trainer *t, const struct block *b, size_t worker)
{
	const struct net_layer *l = &t->net->layer[b->layer];
	float *g = t->scratch[worker];

	if (b->dense) {
		dense_backward_weights(t->B, l->I, l->O, b->rows, b->columns, g,
		                       net_input(t->net, &t->pass, b->layer) + b->at % l->I,
		                       t->pass.grad[b->layer] + b->at / l->I, g + TRAIN_BLOCK);
		return g;
	}
	memcpy(g, t->lane[0].gradient[b->tensor] + b->at, b->columns * sizeof *g);
	for (size_t i = 1; i < t->lanes; i++)
		vec_add(b->columns, g, t->lane[i].gradient[b->tensor] + b->at);
	return g;
}

/* Slots of the rows that are one task: about as many numbers as a block has. */
static inline size_t
trainer_rows(const struct trainer *t)
{
	return TRAIN_BLOCK / t->net->layer[0].O + 1;
}

/* Tasks that step blocks or rows: the first of those that step classes. */
static inline size_t
trainer_plain_tasks(const struct trainer *t)
{
	return t->n_blocks + (t->seen.n + trainer_rows(t) - 1) / trainer_rows(t);
}

/* Blocks of the classes of a sampled head that are stepped with all else: where nothing is clipped they need not wait. */
static inline size_t
trainer_late_blocks(const struct trainer *t)
{
	return t->popularity && t->clip > 0 ? sampled_blocks(&t->sampled) : 0;
}

/* Tasks of a step of the optimiser: blocks, then rows, then blocks of classes. */
static inline size_t
trainer_tasks(const struct trainer *t)
{
	return trainer_plain_tasks(t) + trainer_late_blocks(t);
}

/* The gradient of a block of n classes in the scratch of a worker: [n][sampled_row(I)]. */
static inline float *
trainer_class_gradient(const struct trainer *t, size_t block, size_t worker)
{
	size_t last = t->net->n_layers - 1, I = t->net->layer[last].I;
	const float *x = net_input(t->net, &t->pass, last);
	float *g = t->scratch[worker], *scratch = g + SAMPLED_BLOCK * sampled_row(I);

	for (size_t round = 0; round < t->rounds; round++) {
		const size_t first = trainer_round(t, round), B = trainer_round(t, round + 1) - first;

		sampled_backward_weights(&t->sampled, first, B, t->kept + first * sampled_kept(&t->sampled), block, I, g,
		                         round > 0, t->share + first, x + first * I, scratch);
	}
	return g;
}

/* The first slot of a task behind the blocks. */
static inline size_t
trainer_first_slot(const struct trainer *t, size_t task)
{
	size_t slot = (task - t->n_blocks) * trainer_rows(t);

	return slot < t->seen.n ? slot : t->seen.n;
}

/* A task: the sum of squares of a gradient. */
static inline void
trainer_square(void *trainer, size_t task, size_t worker)
{
	const struct trainer *t = trainer;
	const float *g;
	size_t O = t->net->layer[0].O, n;
	double square = 0;

	if (task >= trainer_plain_tasks(t)) {
		size_t block = task - trainer_plain_tasks(t);

		g = trainer_class_gradient(t, block, worker);
		n = sampled_block(&t->sampled, block) * sampled_row(t->net->layer[t->net->n_layers - 1].I);
	} else if (task < t->n_blocks) {
		g = trainer_block_gradient(t, &t->block[task], worker);
		n = trainer_rests(t, t->block[task].tensor) ? 0 : t->block[task].rows * t->block[task].columns;
	} else {
		g = t->lane[0].row_gradient + trainer_first_slot(t, task) * O;
		n = (trainer_first_slot(t, task + 1) - trainer_first_slot(t, task)) * O;
	}
	for (size_t i = 0; i < n; i++)
		square += (double)g[i] * (double)g[i];
	t->squares[task] = square;
}

/* The settings of a tensor's pulls, whose time is that of the pace; and of its steps, but for the pace. */
static inline struct optimiser_settings
trainer_settings(const struct trainer *t, size_t tensor)
{
	struct optimiser_settings set = t->set;

	set.rate *= t->net->table.tensor[tensor].pace;
	return set;
}

/* Pulls the rows of the first layer that the batch touches to where the steps so far would have pulled them. */
static inline void
trainer_pull_rows(struct trainer *t)
{
	size_t i = t->net->layer[0].weight;
	struct optimiser_settings set;

	if (!t->prior || !t->net->sparse || !t->prior->centred[i] || trainer_rests(t, i))
		return;
	set = trainer_settings(t, i);
	for (size_t slot = 0; slot < t->seen.n; slot++)
		prior_pull_row(t->prior, t->optimiser, &set, &t->net->table.tensor[i], i, t->row[slot], t->net->layer[0].O);
}

/* Keeps the first layer's rows as they were left, for training to go on, and pulls all of them. */
static inline void
trainer_settle(struct trainer *t)
{
	size_t i = t->net->layer[0].weight, O = t->net->layer[0].O;
	struct tensor *w = &t->net->table.tensor[i];
	struct optimiser_settings set;

	if (!t->prior || !t->net->sparse || !t->prior->centred[i])
		return;
	memcpy(w->state[t->prior->states + PRIOR_LEFT], w->data, w->n * sizeof(float));
	set = trainer_settings(t, i);
	for (size_t row = 0; !w->frozen && row < w->n / O; row++)
		prior_pull(t->prior, t->optimiser, &set, w, i, row * O, O,
		           (double)(float)t->prior->time - (double)w->state[t->prior->states + PRIOR_TIME][row * O]);
}

/* Undoes trainer_settle, so that training goes on as if it had not stopped. */
static inline void
trainer_unsettle(struct trainer *t)
{
	size_t i = t->net->layer[0].weight;
	struct tensor *w = &t->net->table.tensor[i];

	if (t->prior && t->net->sparse && t->prior->centred[i])
		memcpy(w->data, w->state[t->prior->states + PRIOR_LEFT], w->n * sizeof(float));
}

/* Steps n numbers of a tensor from `at` on by the gradient g, which is scaled first. */
static inline void
trainer_move(const struct trainer *t, const struct optimiser_settings *set, size_t tensor, size_t at, size_t n,
             float *g)
{
	const struct tensor *w = &t->net->table.tensor[tensor];
	float *a = w->state[0], *b = w->state[1];

	for (size_t i = 0; t->scale < 1 && i < n; i++)
		g[i] *= t->scale;
	t->optimiser->step(set, n, tensor_floats(w) + at, a ? a + at : NULL, b ? b + at : NULL, g);
}

/*
 * Asks for n numbers of a tensor from `at` on, and their states, some time before they are stepped. always_inline as
 * net_fetch is.
 */
__attribute__((always_inline))
static inline void
trainer_fetch(const struct trainer *t, size_t tensor, size_t at, size_t n)
{
	enum { LINE = 16 }; /* floats */
	const struct tensor *w = &t->net->table.tensor[tensor];

	for (size_t i = 0; i < n; i += LINE) {
		__builtin_prefetch(tensor_floats(w) + at + i, 1);
		for (size_t s = 0; s < t->optimiser->n_states; s++)
			__builtin_prefetch(w->state[s] + at + i, 1);
	}
}

/* Steps a block of classes: so many of them are on the way while one is stepped. */
static inline void
trainer_step_classes(const struct trainer *t, size_t block, size_t worker)
{
	const struct net_layer *l = &t->net->layer[t->net->n_layers - 1];
	struct optimiser_settings weights = trainer_settings(t, l->weight), biases = trainer_settings(t, l->bias);
	enum { AHEAD = 8 };
	const uint32_t *class = t->sampled.class + block * SAMPLED_BLOCK;
	size_t n = sampled_block(&t->sampled, block);
	float *g = trainer_class_gradient(t, block, worker);

	weights.rate *= t->stride;
	biases.rate *= t->stride;
	for (size_t j = 0; j < n; j++, g += sampled_row(l->I)) {
		if (j + AHEAD < n)
			trainer_fetch(t, l->weight, class[j + AHEAD] * l->I, l->I);
		if (!trainer_rests(t, l->weight))
			trainer_move(t, &weights, l->weight, class[j] * l->I, l->I, g);
		if (!trainer_rests(t, l->bias))
			trainer_move(t, &biases, l->bias, class[j], 1, g + l->I);
	}
}

/* A task: steps a block, and pulls it where there is a prior; or steps some rows. */
static inline void
trainer_step(void *trainer, size_t task, size_t worker)
{
	const struct trainer *t = trainer;
	bool by_row = task >= t->n_blocks;
	const struct block *b = by_row ? NULL : &t->block[task];
	size_t tensor = by_row ? t->net->layer[0].weight : b->tensor, O = t->net->layer[0].O;
	struct optimiser_settings pull = trainer_settings(t, tensor), set = pull;
	float *g;

	if (task >= trainer_plain_tasks(t)) {
		trainer_step_classes(t, task - trainer_plain_tasks(t), worker);
		return;
	}
	if (trainer_rests(t, tensor))
		return;
	set.rate *= t->stride;
	for (size_t i = by_row ? trainer_first_slot(t, task) : 1; by_row && i < trainer_first_slot(t, task + 1); i++)
		trainer_move(t, &set, tensor, t->row[i] * O, O, t->lane[0].row_gradient + i * O);
	if (by_row)
		return;
	g = trainer_block_gradient(t, b, worker);
	for (size_t row = 0; row < b->rows; row++) {
		trainer_move(t, &set, tensor, b->at + row * b->ld, b->columns, g + row * b->columns);
		if (t->prior && t->prior->centred[tensor])
			prior_pull(t->prior, t->optimiser, &pull, &t->net->table.tensor[tensor], tensor, b->at + row * b->ld,
			           b->columns, t->time);
	}
}

/* A task: the lanes' gradients of some rows are added up in the first lane. */
static inline void
trainer_gather_rows(void *trainer, size_t task, size_t worker)
{
	const struct trainer *t = trainer;
	size_t O = t->net->layer[0].O, from = trainer_first_slot(t, t->n_blocks + task) * O;
	size_t to = trainer_first_slot(t, t->n_blocks + task + 1) * O;

	(void)worker;
	for (size_t l = 1; l < t->lanes; l++)
		vec_add(to - from, t->lane[0].row_gradient + from, t->lane[l].row_gradient + from);
}

/* By how much the gradient is shortened: its length is the clip at most (Pascanu, Mikolov and Bengio 2013). */
static inline float
trainer_scale(struct trainer *t)
{
	size_t tasks = trainer_tasks(t);
	double square = 0;

	if (!(t->clip > 0))
		return 1;
	t->squares = grow(t->squares, &t->squares_capacity, tasks, sizeof *t->squares);
	team_run(&t->team, tasks, trainer_square, t);
	for (size_t i = 0; i < tasks; i++)
		square += t->squares[i];
	return square > t->clip * t->clip ? (float)(t->clip / sqrt(square)) : 1;
}

#endif
