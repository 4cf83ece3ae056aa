/*
 * safetensors.h - the model file: named tensors and a few strings, mapped, checked to the last byte.
 *
 * A file is 8 bytes of header length (little-endian), a JSON header, and the data of the tensors without holes:
 *
 *     {"__metadata__": {"weir.xxh3": "0123456789abcdef", key: string...},
 *      name: {"dtype": "F32", "shape": [4, 2], "data_offsets": [0, 32]}...}
 *
 * Written here, the header is padded with spaces until the data start at a multiple of 64; wide types go first, and
 * else tensors stand as given, so each is aligned to its type. Equal content gives equal bytes.
 *
 * The checksum is XXH3-64 of the whole file with its own 16 digits taken as zeros. Its place is fixed, in front of
 * all else, and known by the mark before it. So no byte can change unseen: in the mark, the file is one byte from
 * being ours and is refused; in the digits, they differ; elsewhere, the sum does. Files of other programs have no
 * such mark and open without; every other check is the same.
 */
#ifndef WEIR_SAFETENSORS_H
#define WEIR_SAFETENSORS_H

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "../cli.h"
#include "replace.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files are little-endian and mapped as they are"
#endif

enum safetensors_type {
	SAFETENSORS_F64, SAFETENSORS_I64, SAFETENSORS_U64, SAFETENSORS_F32, SAFETENSORS_I32, SAFETENSORS_U32,
	SAFETENSORS_F16, SAFETENSORS_BF16, SAFETENSORS_I16, SAFETENSORS_U16, SAFETENSORS_F8_E4M3, SAFETENSORS_F8_E5M2,
	SAFETENSORS_I8, SAFETENSORS_U8, SAFETENSORS_BOOL, SAFETENSORS_TYPES
};

static const struct {
	const char *name;
	size_t size; /* bytes of an element; the table goes from wide to narrow */
} safetensors_types[SAFETENSORS_TYPES] = {
	{"F64", 8}, {"I64", 8}, {"U64", 8}, {"F32", 4}, {"I32", 4}, {"U32", 4}, {"F16", 2}, {"BF16", 2}, {"I16", 2},
	{"U16", 2}, {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"I8", 1}, {"U8", 1}, {"BOOL", 1},
};

enum { SAFETENSORS_RANK = 8, SAFETENSORS_HEADER = 1 << 20, SAFETENSORS_ALIGN = 64, SAFETENSORS_DIGITS = 16 };

/*
 * How the header of a file written here begins, right before the digits of its checksum. The spaces are part of it:
 * libraries that copy our metadata into a file of theirs write none, and the sum they copied is not taken for ours.
 */
static const char safetensors_mark[] = "{\"__metadata__\": {\"weir.xxh3\": \"";

struct safetensor {
	const char *name;
	enum safetensors_type type;
	size_t rank;                      /* 0: one number */
	uint64_t shape[SAFETENSORS_RANK]; /* its product fits 2^60 */
	const void *data;                 /* row-major, aligned to its type */
	size_t bytes;
};

/* A string of the metadata. */
struct safetensors_entry {
	const char *key, *value;
};

struct safetensors {
	struct safetensor *tensor; /* owned, in the order of their data; names live in json, data in the file */
	size_t n;
	json_t *json;              /* owned: the header */
	void *map;                 /* owned: the file; NULL when the bytes are the caller's */
	size_t map_bytes;
	bool foreign;              /* without a checksum of ours */
	char checksum[SAFETENSORS_DIGITS + 1]; /* of the file, foreign or not: its identity */
	char fault[160];           /* why it was refused */
};

/* Notes why the file is refused. Always false. */
CLI_PRINTF(2, 3)
static inline bool
safetensors_refuse(struct safetensors *st, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(st->fault, sizeof st->fault, format, arguments);
	va_end(arguments);
	return false;
}

/* ---- the header ---- */

static inline bool
safetensors_whole(const json_t *json, uint64_t *value)
{
	*value = (uint64_t)json_integer_value(json);
	return json_is_integer(json) && json_integer_value(json) >= 0;
}

/* Elements of a shape into *elements. False when there are more than 2^60, or would be if no dimension were 0. */
static inline bool
safetensors_elements(const struct safetensor *t, uint64_t *elements)
{
	uint64_t n = 1, zero = 1;

	for (size_t i = 0; i < t->rank; i++) {
		if (t->shape[i] == 0)
			zero = 0;
		else if (t->shape[i] > (UINT64_C(1) << 60) / n)
			return false;
		else
			n *= t->shape[i];
	}
	*elements = n * zero;
	return true;
}

static inline bool
safetensors_shape(struct safetensor *t, const json_t *shape)
{
	t->rank = json_array_size(shape);
	if (!json_is_array(shape) || t->rank > SAFETENSORS_RANK)
		return false;
	for (size_t i = 0; i < t->rank; i++)
		if (!safetensors_whole(json_array_get(shape, i), &t->shape[i]))
			return false;
	return true;
}

/* One tensor of the header; its data lie within the n bytes at `data`, which start at byte `from` of the file. */
static inline bool
safetensors_tensor(struct safetensors *st, const char *name, const json_t *entry, const char *data, size_t n,
                   size_t from)
{
	struct safetensor *t = &st->tensor[st->n++];
	const json_t *offsets = json_object_get(entry, "data_offsets");
	const char *type = json_string_value(json_object_get(entry, "dtype"));
	uint64_t begin, end, elements;
	size_t size;

	*t = (struct safetensor){.name = name};
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			return safetensors_refuse(st, "a tensor's name has control characters");
	if (json_object_size(entry) != 3 || !type || json_array_size(offsets) != 2)
		return safetensors_refuse(st, "tensor \"%.40s\": not dtype, shape and data_offsets", name);
	while (t->type < SAFETENSORS_TYPES && strcmp(type, safetensors_types[t->type].name) != 0)
		t->type++;
	if (t->type == SAFETENSORS_TYPES)
		return safetensors_refuse(st, "tensor \"%.40s\": unknown dtype", name);
	if (!safetensors_shape(t, json_object_get(entry, "shape")))
		return safetensors_refuse(st, "tensor \"%.40s\": its shape is not at most %d whole numbers",
		                          name, SAFETENSORS_RANK);
	if (!safetensors_elements(t, &elements))
		return safetensors_refuse(st, "tensor \"%.40s\": its shape overflows", name);
	if (!safetensors_whole(json_array_get(offsets, 0), &begin) || !safetensors_whole(json_array_get(offsets, 1), &end) ||
	    begin > end)
		return safetensors_refuse(st, "tensor \"%.40s\": its offsets are no range", name);
	size = safetensors_types[t->type].size;
	if (elements != (end - begin) / size || (end - begin) % size != 0)
		return safetensors_refuse(st, "tensor \"%.40s\": its offsets do not fit its shape", name);
	if (end > n)
		return safetensors_refuse(st, "tensor \"%.40s\": %" PRIu64 " bytes of its data are missing", name, end - n);
	if ((from + begin) % size != 0)
		return safetensors_refuse(st, "tensor \"%.40s\": its data are not aligned to %zu bytes", name, size);
	t->data = data + begin;
	t->bytes = (size_t)(end - begin);
	return true;
}

/* For qsort: by place of the data, empty ones first. */
static inline int
safetensors_order(const void *a, const void *b)
{
	const struct safetensor *x = a, *y = b;

	if (x->data != y->data)
		return (const char *)x->data < (const char *)y->data ? -1 : 1;
	return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* Puts the tensors into the order of their data, which must fill the n bytes at `data`. */
static inline bool
safetensors_arrange(struct safetensors *st, const char *data, size_t n)
{
	const char *next = data;

	if (st->n)
		qsort(st->tensor, st->n, sizeof *st->tensor, safetensors_order);
	for (size_t i = 0; i < st->n; i++) {
		const struct safetensor *t = &st->tensor[i];

		if ((const char *)t->data < next)
			return safetensors_refuse(st, "tensor \"%.40s\": its data overlap tensor \"%.40s\"",
			                          t->name, t[-1].name);
		if ((const char *)t->data > next)
			return safetensors_refuse(st, "tensor \"%.40s\": a hole before its data", t->name);
		next += t->bytes;
	}
	if (next != data + n)
		return safetensors_refuse(st, "%zu bytes after the last tensor", (size_t)(data + n - next));
	return true;
}

static inline bool
safetensors_strings(const json_t *metadata)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)metadata, key, value)
		if (!json_is_string(value))
			return false;
	return json_is_object(metadata);
}

/* The JSON text of n bytes into st->json: an object, and nothing but spaces behind it. */
static inline bool
safetensors_json(struct safetensors *st, const char *text, size_t n)
{
	json_error_t error;

	while (n && text[n - 1] == ' ')
		n--;
	if (!n || text[0] != '{' || text[n - 1] != '}' || memchr(text, '\0', n))
		return safetensors_refuse(st, "not a safetensors file: its header is no JSON object");
	errno = 0;
	st->json = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
	if (st->json)
		return true;
	if (errno == ENOMEM) /* jansson does not always know */
		return safetensors_refuse(st, "header: out of memory");
	if (json_error_code(&error) == json_error_duplicate_key)
		return safetensors_refuse(st, "header: a key comes twice, at byte %d", error.position);
	return safetensors_refuse(st, "header: not JSON, at byte %d", error.position);
}

/* Every entry of the header, of which `length` bytes stand at file + 8. */
static inline bool
safetensors_header(struct safetensors *st, const char *file, size_t n, size_t length)
{
	size_t from = 8 + length;
	const char *name;
	json_t *entry;

	if (!safetensors_json(st, file + 8, length))
		return false;
	st->tensor = allocate(json_object_size(st->json), sizeof *st->tensor);
	json_object_foreach(st->json, name, entry) {
		if (strcmp(name, "__metadata__") != 0) {
			if (!safetensors_tensor(st, name, entry, file + from, n - from, from))
				return false;
		} else if (!safetensors_strings(entry)) {
			return safetensors_refuse(st, "header: its metadata are not strings");
		}
	}
	return safetensors_arrange(st, file + from, n - from);
}

/* ---- the data ---- */

/*
 * Whether the values are finite. NaN and infinity have all bits of the exponent set: one more at its lowest bit
 * carries into the sign.
 */
static inline bool
safetensors_finite(enum safetensors_type type, const char *data, size_t bytes)
{
	uint64_t carry64 = 0, x64;
	uint32_t carry32 = 0, x32;

	if (type == SAFETENSORS_F32) {
		for (size_t i = 0; i < bytes; i += sizeof x32) {
			memcpy(&x32, data + i, sizeof x32);
			carry32 |= (x32 & UINT32_C(0x7fffffff)) + UINT32_C(0x00800000);
		}
	} else if (type == SAFETENSORS_F64) {
		for (size_t i = 0; i < bytes; i += sizeof x64) {
			memcpy(&x64, data + i, sizeof x64);
			carry64 |= (x64 & UINT64_C(0x7fffffffffffffff)) + UINT64_C(0x0010000000000000);
		}
	}
	return !(carry32 >> 31) && !(carry64 >> 63);
}

/*
 * One pass over all bytes: the checksum of n bytes of length and header and of the tensors behind them into
 * st->checksum. False when a value is not finite.
 */
static inline bool
safetensors_sum(struct safetensors *st, const char *header, size_t n)
{
	enum { BLOCK = 1 << 15 }; /* fits the cache twice over: read once from memory, used twice */
	static const char zeros[SAFETENSORS_DIGITS + 1] = "0000000000000000";
	size_t mark = 8 + sizeof safetensors_mark - 1, digits = st->foreign ? 0 : SAFETENSORS_DIGITS;
	XXH3_state_t state;
	uint64_t sum;

	XXH3_64bits_reset(&state);
	if (!st->foreign) {
		XXH3_64bits_update(&state, header, mark);
		XXH3_64bits_update(&state, zeros, digits);
		header += mark + digits;
		n -= mark + digits;
	}
	XXH3_64bits_update(&state, header, n);
	for (size_t i = 0; i < st->n; i++) {
		const struct safetensor *t = &st->tensor[i];

		for (size_t at = 0; at < t->bytes; at += BLOCK) {
			const char *block = (const char *)t->data + at;
			size_t bytes = t->bytes - at < BLOCK ? t->bytes - at : BLOCK;

			if (!safetensors_finite(t->type, block, bytes))
				return safetensors_refuse(st, "tensor \"%.40s\": has NaN or infinite values", t->name);
			XXH3_64bits_update(&state, block, bytes);
		}
	}
	sum = XXH3_64bits_digest(&state);
	snprintf(st->checksum, sizeof st->checksum, "%016" PRIx64, sum);
	return true;
}

/* ---- reading ---- */

/*
 * Reads a file that is in memory: n bytes, aligned to 8, that the tensors go on to view. False, and st->fault says
 * why, when it is refused. safetensors_close either way.
 */
static inline bool
safetensors_read(struct safetensors *st, const char *file, size_t n)
{
	const size_t mark = sizeof safetensors_mark - 1;
	size_t differ = 0;
	uint64_t length;

	*st = (struct safetensors){0};
	if (n < sizeof length)
		return safetensors_refuse(st, "not a safetensors file: it has %zu bytes", n);
	memcpy(&length, file, sizeof length);
	if (length > SAFETENSORS_HEADER)
		return safetensors_refuse(st, "not a safetensors file: a header of %" PRIu64 " bytes", length);
	if (length > n - sizeof length)
		return safetensors_refuse(st, "header: %" PRIu64 " bytes are missing", length - (n - sizeof length));
	for (size_t i = 0; i < mark; i++)
		differ += i >= length || file[8 + i] != safetensors_mark[i];
	st->foreign = differ > 0;
	if (differ == 1 || (differ == 0 && length < mark + SAFETENSORS_DIGITS))
		return safetensors_refuse(st, "header: damaged");
	if (!safetensors_header(st, file, n, (size_t)length) || !safetensors_sum(st, file, 8 + (size_t)length))
		return false;
	if (!st->foreign && memcmp(st->checksum, file + 8 + mark, SAFETENSORS_DIGITS) != 0)
		return safetensors_refuse(st, "damaged: its bytes do not give its checksum");
	return true;
}

static inline void
safetensors_close(struct safetensors *st)
{
	json_decref(st->json);
	free(st->tensor);
	if (st->map)
		munmap(st->map, st->map_bytes);
	*st = (struct safetensors){0};
}

/*
 * Maps a file and checks all of it; a file that is not what it should be is an error of the system. Nobody may
 * write into the file while it is open; to replace it is fine.
 */
static inline void
safetensors_open(struct safetensors *st, const char *path)
{
	struct stat status;
	void *map;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) < 0)
		die_system("%s", path);
	errno = 0;
	if (!S_ISREG(status.st_mode))
		die_system("%s: not a regular file", path);
	if (status.st_size == 0 || (uintmax_t)status.st_size > SIZE_MAX)
		die_system("%s: %s", path, status.st_size ? "larger than memory can map" : "empty, and no safetensors file");
	map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		die_system("%s", path);
	close(fd);
	if (!safetensors_read(st, map, (size_t)status.st_size)) {
		errno = 0;
		die_system("%s: %s", path, st->fault);
	}
	st->map = map;
	st->map_bytes = (size_t)status.st_size;
}

/* The tensor of that name; NULL when there is none. */
static inline const struct safetensor *
safetensors_find(const struct safetensors *st, const char *name)
{
	for (size_t i = 0; i < st->n; i++)
		if (strcmp(st->tensor[i].name, name) == 0)
			return &st->tensor[i];
	return NULL;
}

/* The string of that key in the metadata; NULL when there is none. */
static inline const char *
safetensors_metadata(const struct safetensors *st, const char *key)
{
	return json_string_value(json_object_get(json_object_get(st->json, "__metadata__"), key));
}

/* ---- writing ---- */

static inline json_t *
safetensors_entry_json(const struct safetensor *t, uint64_t begin)
{
	json_t *shape = json_array();

	for (size_t i = 0; i < t->rank; i++)
		json_array_append_new(shape, json_integer((json_int_t)t->shape[i]));
	return json_pack("{s:s, s:o, s:[I, I]}", "dtype", safetensors_types[t->type].name, "shape", shape, "data_offsets",
	                 (json_int_t)begin, (json_int_t)(begin + t->bytes));
}

/*
 * The header of st->tensor as JSON, zeros for its checksum. Owned by the caller; NULL when a text is not UTF-8, or
 * with ENOMEM in errno.
 */
static inline char *
safetensors_text(const struct safetensors *st, const struct safetensors_entry *metadata, size_t n)
{
	json_t *json = json_object(), *strings = json_object();
	uint64_t begin = 0;
	bool good = json_object_set_new(strings, "weir.xxh3", json_string("0000000000000000")) == 0;
	char *text;

	for (size_t i = 0; i < n; i++) {
		assert(!json_object_get(strings, metadata[i].key));
		good &= json_object_set_new(strings, metadata[i].key, json_string(metadata[i].value)) == 0;
	}
	good &= json_object_set_new(json, "__metadata__", strings) == 0;
	for (size_t i = 0; i < st->n; i++) {
		const struct safetensor *t = &st->tensor[i];

		assert(!json_object_get(json, t->name));
		good &= json_object_set_new(json, t->name, safetensors_entry_json(t, begin)) == 0;
		begin += t->bytes;
	}
	text = good ? json_dumps(json, 0) : NULL;
	json_decref(json);
	return text;
}

/* Length and header as they begin the file, *n bytes in all. Owned by the caller. */
static inline char *
safetensors_front(const struct safetensors *st, const struct safetensors_entry *metadata, size_t n_metadata,
                  const char *path, size_t *n)
{
	char *text, *front;
	uint64_t length;
	size_t used;

	errno = 0;
	if (!(text = safetensors_text(st, metadata, n_metadata)))
		die_system(errno ? "%s: not saved" : "%s: not saved: a name, or a string of its metadata, is not UTF-8",
		           path);
	used = strlen(text);
	*n = (8 + used + SAFETENSORS_ALIGN - 1) / SAFETENSORS_ALIGN * SAFETENSORS_ALIGN;
	length = *n - 8;
	if (length > SAFETENSORS_HEADER) {
		errno = 0;
		die_system("%s: not saved: its header is longer than 1 MiB", path);
	}
	front = allocate(*n, 1);
	memcpy(front, &length, 8);
	memcpy(front + 8, text, used);
	memset(front + 8 + used, ' ', *n - 8 - used);
	free(text);
	return front;
}

/*
 * Writes a file in the place of what is at path, whole or not at all. Names and keys are distinct; names have no
 * control characters. Values that are not finite are an error: the training diverged.
 */
static inline void
safetensors_save(const char *path, const struct safetensor *tensor, size_t n, const struct safetensors_entry *metadata,
                 size_t n_metadata)
{
	struct safetensors st = {.tensor = allocate(n, sizeof *st.tensor)};
	struct replacement file;
	size_t n_front;
	char *front;

	for (size_t size = 8; size; size /= 2)
		for (size_t i = 0; i < n; i++)
			if (safetensors_types[tensor[i].type].size == size)
				st.tensor[st.n++] = tensor[i];
	front = safetensors_front(&st, metadata, n_metadata, path, &n_front);
	if (!safetensors_sum(&st, front, n_front)) {
		errno = 0;
		die_system("%s: not saved: %s", path, st.fault);
	}
	memcpy(front + 8 + sizeof safetensors_mark - 1, st.checksum, SAFETENSORS_DIGITS);
	replacement_open(&file, path);
	replacement_write(&file, front, n_front);
	for (size_t i = 0; i < st.n; i++)
		replacement_write(&file, st.tensor[i].data, st.tensor[i].bytes);
	replacement_commit(&file);
	free(front);
	safetensors_close(&st);
}

#endif
