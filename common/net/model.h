/*
 * model.h - net to safetensors and back, with what it needs to be used, resumed and traced.
 *
 * Tensors are named as in a PyTorch state_dict; the optimiser's states ride along as "optim.TENSOR.STATE". The
 * metadata hold the architecture, how the weights were learnt, and the checksum of the model they started from.
 */
#ifndef WEIR_MODEL_H
#define WEIR_MODEL_H

#include "../io/safetensors.h"
#include "train.h"

#define MODEL_FORMAT "weir 1"

struct model {
	struct net net;
	const struct optimiser *optimiser;  /* NULL for beliefs */
	struct optimiser_settings set;
	uint64_t batch;                     /* records of a step, at least 1 */
	uint64_t seed;
	double variance;                    /* of a fresh belief */
	double drift;                       /* by which beliefs widen with each record */
	bool stateless;                     /* the optimiser's states are not known */
	bool pulled;                        /* by a prior, which is set; its states follow those of the optimiser */
	struct prior prior;
	struct progress progress;           /* of the first pass; its records count all passes */
	char parent[SAFETENSORS_DIGITS + 1]; /* checksum of the source model; "" for none */
	char transfer[64];                  /* how it came from the parent: "shift 0.01"; "" for not at all */
	struct safetensors file;            /* that the tensors view, between model_open and model_own or model_free */
};

/* The model file at path cannot be used. Strangers' bytes in the message are printable when it is printed. */
CLI_PRINTF(2, 3)
_Noreturn static inline void
model_refuse(const char *path, const char *format, ...)
{
	char why[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof why, format, arguments);
	va_end(arguments);
	for (char *c = why; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	errno = 0;
	die_system("%s: %s", path, why);
}

static inline const char *
model_text(const struct safetensors *file, const char *path, const char *key)
{
	const char *text = safetensors_metadata(file, key);

	if (!text)
		model_refuse(path, "no \"%s\" in its metadata: not a model of weir", key);
	return text;
}

/* A number of the metadata, at least 0. */
static inline double
model_number(const struct safetensors *file, const char *path, const char *key)
{
	const char *text = model_text(file, path, key);
	double value;

	if (!number_parse(view_of(text), &value) || value < 0)
		model_refuse(path, "its \"%s\" is no number: \"%.40s\"", key, text);
	return value;
}

static inline uint64_t
model_count(const struct safetensors *file, const char *path, const char *key)
{
	struct view text = view_of(model_text(file, path, key));
	uint64_t value;

	if (!text.n || number_whole(text, &value) != text.n)
		model_refuse(path, "its \"%s\" is no count: \"%.40s\"", key, text.at);
	return value;
}

/* A sum of the metadata, which models made before it was kept lack: 0. */
static inline double
model_sum(const struct safetensors *file, const char *path, const char *key)
{
	const char *text = safetensors_metadata(file, key);
	double value = 0;

	if (text && !number_parse(view_of(text), &value))
		model_refuse(path, "its \"%s\" is no number: \"%.40s\"", key, text);
	return value;
}

static inline void
model_read_progress(struct progress *p, const struct safetensors *file, const char *path)
{
	p->records = model_count(file, path, "examples");
	p->weight = model_number(file, path, "weight_sum");
	p->loss = model_number(file, path, "loss_sum");
	p->right = model_number(file, path, "right_sum");
	p->ones = model_sum(file, path, "ones_sum");
	p->skill = model_sum(file, path, "skill_sum");
	p->spread = model_sum(file, path, "spread_sum");
}

/* Every variance of a belief is above 0; NaN and infinity were refused with the file. */
static inline bool
model_variances(const struct tensor *t)
{
	bool good = true;

	for (size_t i = 1; i < t->n; i += 2)
		good &= t->width == sizeof(float) ? tensor_floats(t)[i] > 0 : ((const double *)t->data)[i] > 0;
	return good;
}

/* Lets the tensor view its data in the file. */
static inline void
model_view(struct model *m, struct tensor *t, const char *path)
{
	const struct safetensor *found = safetensors_find(&m->file, t->name);

	if (!found)
		model_refuse(path, "tensor \"%s\" is missing", t->name);
	if (found->rank != t->rank || memcmp(found->shape, t->shape, t->rank * sizeof *t->shape) != 0 ||
	    found->type != (t->width == sizeof(double) ? SAFETENSORS_F64 : SAFETENSORS_F32))
		model_refuse(path, "tensor \"%s\" has not the shape and type of its architecture", t->name);
	t->data = (void *)(uintptr_t)found->data;
	if (m->net.beliefs && !model_variances(t))
		model_refuse(path, "tensor \"%s\" has variances that are not above 0", t->name);
}

static inline void
model_state_name(char *to, size_t n, const struct tensor *t, const char *state)
{
	snprintf(to, n, "optim.%s.%s", t->name, state);
}

/* States of each tensor. */
static inline size_t
model_states(const struct model *m)
{
	return m->optimiser ? m->optimiser->n_states + (m->pulled ? PRIOR_STATES : 0) : 0;
}

/* The name of the state s. */
static inline const char *
model_state(const struct model *m, size_t s)
{
	return s < m->optimiser->n_states ? m->optimiser->state[s] : prior_states[s - m->optimiser->n_states];
}

/* Lets the tensors view their optimiser states in the file. Returns how many there are. */
static inline size_t
model_view_states(struct model *m, const char *path)
{
	size_t found = 0;

	for (size_t i = 0; i < m->net.table.n; i++)
		for (size_t s = 0; s < model_states(m); s++) {
			struct tensor *t = &m->net.table.tensor[i];
			const struct safetensor *state;
			char name[2 * TENSOR_NAME];

			model_state_name(name, sizeof name, t, model_state(m, s));
			state = safetensors_find(&m->file, name);
			if (!state || state->type != SAFETENSORS_F32 || state->bytes != t->n * sizeof(float))
				model_refuse(path, "tensor \"%s\" is missing, or not of its weights' shape", name);
			t->state[s] = (float *)(uintptr_t)state->data;
			found++;
		}
	return found;
}

/* What the metadata of a model say of it, and its architecture. */
static inline void
model_read(struct model *m, struct arch *arch, const char *path)
{
	const char *text = model_text(&m->file, path, "format");
	struct arch_fault fault;

	if (strcmp(text, MODEL_FORMAT) != 0)
		model_refuse(path, "format \"%.40s\"; this program reads \"%s\" (score, finetune: -a gives the layers of others)", text,
		             MODEL_FORMAT);
	if (!arch_parse(arch, model_text(&m->file, path, "architecture"), &fault))
		model_refuse(path, "architecture: %s: \"%.*s\"", fault.rule, (int)fault.word.n, fault.word.at);
	text = model_text(&m->file, path, "optimizer");
	m->optimiser = optimiser_find(text);
	if (!m->optimiser && (strcmp(text, "beliefs") != 0 || !arch_log_linear(arch)))
		model_refuse(path, "no such optimizer for it: \"%.40s\"", text);
	m->batch = 1;
	if (m->optimiser) {
		m->set.rate = model_number(&m->file, path, "rate");
		m->set.l1 = model_number(&m->file, path, "l1");
		m->set.l2 = model_number(&m->file, path, "l2");
		m->set.step = model_count(&m->file, path, "steps");
		m->batch = model_count(&m->file, path, "batch");
		if (m->batch == 0)
			model_refuse(path, "its \"batch\" is 0");
		m->pulled = safetensors_metadata(&m->file, "prior_records") != NULL;
	}
	m->variance = m->optimiser ? BELIEF_VARIANCE : model_number(&m->file, path, "variance");
	if (!(m->variance > 0))
		model_refuse(path, "its \"variance\" is 0");
	if (m->pulled) {
		m->prior.records = model_count(&m->file, path, "prior_records");
		m->prior.time = model_number(&m->file, path, "prior_time");
		m->prior.steps = model_count(&m->file, path, "prior_steps");
	}
	if (!m->optimiser && safetensors_metadata(&m->file, "forget"))
		m->drift = model_number(&m->file, path, "forget");
	m->seed = model_count(&m->file, path, "seed");
	model_read_progress(&m->progress, &m->file, path);
	snprintf(m->parent, sizeof m->parent, "%s", model_text(&m->file, path, "parent"));
	snprintf(m->transfer, sizeof m->transfer, "%s", model_text(&m->file, path, "transfer"));
}

/* A file that says nothing of an architecture holds plain weights of the one given, and no states. */
static inline void
model_assume(struct model *m, struct arch *arch, const char *architecture)
{
	struct arch_fault fault;

	if (!arch_parse(arch, architecture, &fault))
		die_usage("--architecture: %s: \"%.*s\"", fault.rule, (int)fault.word.n, fault.word.at);
	m->optimiser = optimiser_find("adam");
	m->set.rate = m->optimiser->rate;
	m->batch = 1;
	m->variance = BELIEF_VARIANCE;
	m->stateless = true;
}

/*
 * Opens a model to be read: its tensors view the mapped file, which was checked to the last byte. A file that is
 * no model, or not of this format, is an error of the system. Where an architecture is given, a file of another program
 * may hold its tensors, a state_dict of PyTorch; such a model is without states.
 */
static inline void
model_open_as(struct model *m, const char *path, const char *architecture)
{
	struct arch arch;
	size_t states;

	*m = (struct model){0};
	safetensors_open(&m->file, path);
	if (!architecture)
		model_read(m, &arch, path);
	else if (safetensors_metadata(&m->file, "architecture"))
		die_usage("--architecture: the model has its own: %s", path);
	else
		model_assume(m, &arch, architecture);
	net_lay_out(&m->net, &arch, !m->optimiser);
	for (size_t i = 0; i < m->net.table.n; i++)
		model_view(m, &m->net.table.tensor[i], path);
	states = m->stateless ? 0 : model_view_states(m, path);
	if (m->file.n != m->net.table.n + states)
		model_refuse(path, "it has tensors that are not of its architecture");
}

/* Opens a model of this project's programs. */
static inline void
model_open(struct model *m, const char *path)
{
	model_open_as(m, path, NULL);
}

/* Gives an opened model memory of its own, so that it can be trained; the file is closed. */
static inline void
model_own(struct model *m)
{
	struct tensors *table = &m->net.table, file = *table;
	size_t states = model_states(m);

	tensors_allocate(table);
	tensors_allocate_states(table, states);
	for (size_t i = 0; i < table->n; i++) {
		memcpy(table->tensor[i].data, file.tensor[i].data, file.tensor[i].n * file.tensor[i].width);
		for (size_t s = 0; s < states; s++)
			memcpy(table->tensor[i].state[s], file.tensor[i].state[s], file.tensor[i].n * sizeof(float));
	}
	safetensors_close(&m->file);
}

static inline void
model_free(struct model *m)
{
	net_free(&m->net);
	safetensors_close(&m->file);
}

/* Metadata under construction: keys, and values in memory of their own. */
struct model_metadata {
	struct safetensors_entry entry[24];
	char text[24][ARCH_TEXT];
	size_t n;
};

CLI_PRINTF(3, 4)
static inline void
model_note(struct model_metadata *meta, const char *key, const char *format, ...)
{
	char *text = meta->text[meta->n];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, ARCH_TEXT, format, arguments);
	va_end(arguments);
	meta->entry[meta->n++] = (struct safetensors_entry){key, text};
}

static inline void
model_note_number(struct model_metadata *meta, const char *key, double value)
{
	char text[NUMBER_MAX];

	model_note(meta, key, "%.*s", (int)number_print_exact(text, value), text);
}

static inline void
model_note_progress(struct model_metadata *meta, const struct progress *p)
{
	model_note(meta, "examples", "%" PRIu64, p->records);
	model_note(meta, "loss", "%.9g", p->weight > 0 ? p->loss / p->weight : 0);
	model_note_number(meta, "loss_sum", p->loss);
	model_note_number(meta, "right_sum", p->right);
	model_note_number(meta, "weight_sum", p->weight);
	if (!(p->ones > 0 || p->spread > 0))
		return;
	model_note_number(meta, "ones_sum", p->ones);
	model_note_number(meta, "skill_sum", p->skill);
	model_note_number(meta, "spread_sum", p->spread);
}

static inline void
model_describe(const struct model *m, struct model_metadata *meta)
{
	model_note(meta, "format", "%s", MODEL_FORMAT);
	model_note(meta, "architecture", "%s", "");
	arch_print(&m->net.arch, meta->text[meta->n - 1]);
	model_note(meta, "optimizer", "%s", m->optimiser ? m->optimiser->name : "beliefs");
	if (m->optimiser) {
		model_note_number(meta, "rate", m->set.rate);
		model_note_number(meta, "l1", m->set.l1);
		model_note_number(meta, "l2", m->set.l2);
		model_note(meta, "batch", "%" PRIu64, m->batch);
		model_note(meta, "steps", "%" PRIu64, m->set.step);
	} else {
		model_note_number(meta, "variance", m->variance);
		if (m->drift > 0)
			model_note_number(meta, "forget", m->drift);
	}
	if (m->pulled) {
		model_note(meta, "prior_records", "%" PRIu64, m->prior.records);
		model_note_number(meta, "prior_time", m->prior.time);
		model_note(meta, "prior_steps", "%" PRIu64, m->prior.steps);
	}
	model_note(meta, "seed", "%" PRIu64, m->seed);
	model_note_progress(meta, &m->progress);
	model_note(meta, "parent", "%s", m->parent);
	model_note(meta, "transfer", "%s", m->transfer);
}

static inline struct safetensor
model_tensor(const struct tensor *t, const char *name, const void *data, size_t width)
{
	struct safetensor st = {.name = name, .type = width == sizeof(double) ? SAFETENSORS_F64 : SAFETENSORS_F32,
	                        .rank = t->rank, .data = data, .bytes = t->n * width};

	memcpy(st.shape, t->shape, sizeof t->shape);
	return st;
}

/* Writes the tensors, each with so many states of the optimiser, and what meta says, in the place of what is at path. */
static inline void
model_write(const struct model *m, const char *path, size_t states, const struct model_metadata *meta)
{
	struct safetensor tensor[TENSORS * (1 + TENSOR_STATES)];
	char name[TENSORS * TENSOR_STATES][2 * TENSOR_NAME];
	const struct tensors *table = &m->net.table;
	size_t n = 0, named = 0;

	for (size_t i = 0; i < table->n; i++)
		tensor[n++] = model_tensor(&table->tensor[i], table->tensor[i].name, table->tensor[i].data,
		                           table->tensor[i].width);
	for (size_t i = 0; i < table->n; i++)
		for (size_t s = 0; s < states; s++, named++) {
			model_state_name(name[named], sizeof *name, &table->tensor[i], model_state(m, s));
			tensor[n++] = model_tensor(&table->tensor[i], name[named], table->tensor[i].state[s], sizeof(float));
		}
	safetensors_save(path, tensor, n, meta->entry, meta->n);
}

/* Writes the model in the place of what is at path, whole or not at all. */
static inline void
model_save(const struct model *m, const char *path)
{
	struct model_metadata *meta = allocate_zero(1, sizeof *meta);

	model_describe(m, meta);
	model_write(m, path, model_states(m), meta);
	free(meta);
}

/* Writes the weights alone, as safetensors.torch.save_file does a state_dict, in the place of what is at path. */
static inline void
model_save_weights(const struct model *m, const char *path)
{
	struct model_metadata *meta = allocate_zero(1, sizeof *meta);

	model_note(meta, "format", "pt");
	model_write(m, path, 0, meta);
	free(meta);
}

#endif
