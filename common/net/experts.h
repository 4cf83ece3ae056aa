/*
 * experts.h - the experts of a mixture in a file, so that adaptive fine-tuning can go on where it stopped.
 *
 * Rows that no record touched are not in it: they are what the source says, which is there when it goes on.
 */
#ifndef WEIR_EXPERTS_H
#define WEIR_EXPERTS_H

#include "model.h"

#define EXPERTS_FORMAT "weir experts 2"

/* Writes the experts in the place of what is at path, whole or not at all. */
static inline void
experts_save(const struct mixture *m, const struct model *model, const char *path)
{
	const size_t row = mixture_row_size(m), n = m->rows;
	double loss[MIXTURE_EXPERTS];
	struct model_metadata *meta = allocate_zero(1, sizeof *meta);
	struct safetensor tensor[4];
	uint32_t *index;
	float *rows;
	size_t at = 0, n_tensors = 0;

	index = allocate(n, sizeof *index);
	rows = allocate(n, row * sizeof *rows);
	for (size_t i = 0; i < m->inputs; i++)
		if (m->slot[i]) {
			memcpy(rows + at * row, m->w + m->slot[i] * row, row * sizeof *rows);
			index[at++] = (uint32_t)i;
		}
	memcpy(loss, m->loss, sizeof m->loss);
	model_note(meta, "format", "%s", EXPERTS_FORMAT);
	model_note(meta, "parent", "%s", model->parent);
	model_note_progress(meta, &model->progress);
	tensor[n_tensors++] = (struct safetensor){"loss", SAFETENSORS_F64, 1, {MIXTURE_EXPERTS}, loss, sizeof loss};
	if (m->bias)
		tensor[n_tensors++] = (struct safetensor){"bias", SAFETENSORS_F64, 3, {m->K, 2, MIXTURE_EXPERTS}, m->bias,
		                                          row * sizeof *m->bias};
	tensor[n_tensors++] = (struct safetensor){"index", SAFETENSORS_U32, 1, {n}, index, n * sizeof *index};
	tensor[n_tensors++] = (struct safetensor){"rows", SAFETENSORS_F32, 4, {n, m->K, 2, MIXTURE_EXPERTS}, rows,
	                                          n * row * sizeof *rows};
	safetensors_save(path, tensor, n_tensors, meta->entry, meta->n);
	free(index);
	free(rows);
	free(meta);
}

/* A tensor of the file that has these bytes; any number of rows of them with `rows`. */
static inline const struct safetensor *
experts_tensor(const struct safetensors *file, const char *path, const char *name, enum safetensors_type type,
               size_t bytes, bool rows)
{
	const struct safetensor *t = safetensors_find(file, name);

	if (!t || t->type != type || (rows ? t->bytes % bytes != 0 : t->bytes != bytes))
		model_refuse(path, "no experts of this source: \"%s\" is missing, or of another shape", name);
	return t;
}

/* Sets a mixture, begun from the same source, to what is at path, and the model's progress with it. */
static inline void
experts_load(struct mixture *m, struct model *model, const char *path)
{
	const size_t row = mixture_row_size(m);
	struct safetensors file;
	const struct safetensor *index, *rows;
	const uint32_t *i;

	safetensors_open(&file, path);
	if (strcmp(model_text(&file, path, "format"), EXPERTS_FORMAT) != 0 ||
	    strcmp(model_text(&file, path, "parent"), model->parent) != 0)
		model_refuse(path, "not the experts of a pass that began from this source");
	memcpy(m->loss, experts_tensor(&file, path, "loss", SAFETENSORS_F64, sizeof m->loss, false)->data, sizeof m->loss);
	m->mixed = m->kernel->weigh(m->weight, m->loss);
	if (m->bias)
		memcpy(m->bias, experts_tensor(&file, path, "bias", SAFETENSORS_F64, row * sizeof *m->bias, false)->data,
		       row * sizeof *m->bias);
	index = experts_tensor(&file, path, "index", SAFETENSORS_U32, sizeof *i, true);
	rows = experts_tensor(&file, path, "rows", SAFETENSORS_F32, row * sizeof *m->w, true);
	i = index->data;
	if (rows->bytes / (row * sizeof *m->w) != index->bytes / sizeof *i)
		model_refuse(path, "as many rows as indexes are needed");
	for (size_t j = 0; j < index->bytes / sizeof *i; j++) {
		float *to;

		if (i[j] >= m->inputs || m->slot[i[j]])
			model_refuse(path, "a row beyond the model's, or twice");
		to = memcpy(mixture_add_row(m, i[j]), (const float *)rows->data + j * row, row * sizeof *m->w);
		for (size_t k = 0; k < row; k++)
			if (k % (2 * MIXTURE_EXPERTS) >= MIXTURE_EXPERTS && !(to[k] > 0))
				model_refuse(path, "a variance that is not above 0");
	}
	model_read_progress(&model->progress, &file, path);
	safetensors_close(&file);
}

#endif
