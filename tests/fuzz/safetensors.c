/*
 * safetensors.c - a model file of any bytes: refused with a reason, or its tensors fill its data.
 *
 * Input that starts with { is a header up to the first newline and data behind it, and gets its length and padding
 * here, so that mutations reach further than the length. Other input is the file as it is.
 */
#include "../../common/io/safetensors.h"

static char *
file_of(const uint8_t *data, size_t n, size_t *n_file)
{
	const uint8_t *newline = n && *data == '{' ? memchr(data, '\n', n) : NULL;
	uint64_t header = newline ? (uint64_t)(newline - data) : 0, length = (header + 7) / 8 * 8;
	char *file;

	if (!newline) {
		*n_file = n;
		return memcpy(allocate(n, 1), data, n);
	}
	*n_file = 8 + length + (n - header - 1);
	file = allocate(*n_file, 1);
	memcpy(file, &length, 8);
	memset(file + 8, ' ', length);
	memcpy(file + 8, data, header);
	memcpy(file + 8 + length, newline + 1, n - header - 1);
	return file;
}

static void
check(const struct safetensors *st, const char *file, size_t n)
{
	const char *at = st->n ? st->tensor[0].data : file + n;

	for (size_t i = 0; i < st->n; i++) {
		const struct safetensor *t = &st->tensor[i];
		size_t elements = 1;

		for (size_t j = 0; j < t->rank; j++)
			elements *= t->shape[j];
		if (t->data != at || elements * safetensors_types[t->type].size != t->bytes ||
		    safetensors_find(st, t->name) != t)
			abort();
		at += t->bytes;
	}
	if (at != file + n || (st->n && (const char *)st->tensor[0].data < file + 8))
		abort();
	safetensors_metadata(st, "architecture");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct safetensors st;
	size_t n_file;
	char *file = file_of(data, n, &n_file);

	if (safetensors_read(&st, file, n_file))
		check(&st, file, n_file);
	else if (!*st.fault)
		abort();
	safetensors_close(&st);
	free(file);
	return 0;
}
