/*
 * safetensors.c - the model file: what is saved comes back, what was damaged or made to harm is refused, and no
 * kill or failed write costs the old file. With an argument: writes the golden file there, for other readers.
 */
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "../common/io/safetensors.h"
#include "../common/io/view.h"
#include "tap.h"

static char folder[256], target[300], other[300];

/* ---- the golden file ---- */

static const float golden_weight[] = {1, -2.5f, 0, 4};
static const double golden_bias[] = {0.5};
static const unsigned char golden_mask[] = {7, 0, 255};

static const struct safetensor golden_tensor[] = {
	{"0.weight", SAFETENSORS_F32, 2, {2, 2}, golden_weight, sizeof golden_weight},
	{"frozen \"\xc3\xa9\"", SAFETENSORS_U8, 1, {3}, golden_mask, sizeof golden_mask},
	{"none", SAFETENSORS_F32, 2, {0, 8}, NULL, 0},
	{"0.bias", SAFETENSORS_F64, 0, {0}, golden_bias, sizeof golden_bias},
};

static const struct safetensors_entry golden_metadata[] = {
	{"architecture", "hash 1, dense 2 softmax"}, {"seed", "1"}, {"a\\b", "x\ty\n"},
};

enum { GOLDEN_TENSORS = 4, GOLDEN_METADATA = 3 };

static const char golden[] =
	"\xb8\x01\0\0\0\0\0\0"
	"{\"__metadata__\": {\"weir.xxh3\": \"aad9f728161adc8b\", \"architecture\": \"hash 1, dense 2 softmax\", "
	"\"seed\": \"1\", \"a\\\\b\": \"x\\ty\\n\"}, "
	"\"0.bias\": {\"dtype\": \"F64\", \"shape\": [], \"data_offsets\": [0, 8]}, "
	"\"0.weight\": {\"dtype\": \"F32\", \"shape\": [2, 2], \"data_offsets\": [8, 24]}, "
	"\"none\": {\"dtype\": \"F32\", \"shape\": [0, 8], \"data_offsets\": [24, 24]}, "
	"\"frozen \\\"\xc3\xa9\\\"\": {\"dtype\": \"U8\", \"shape\": [3], \"data_offsets\": [24, 27]}}"
	"                                   "
	"\0\0\0\0\0\0\xe0\x3f"
	"\0\0\x80\x3f\0\0\x20\xc0\0\0\0\0\0\0\x80\x40"
	"\x07\0\xff";

static void
golden_save(const char *path)
{
	safetensors_save(path, golden_tensor, GOLDEN_TENSORS, golden_metadata, GOLDEN_METADATA);
}

/* ---- tools ---- */

/* The bytes of a file, in memory of exactly that size, so that a read past its end is seen. */
static char *
slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *bytes;
	long size;

	if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		die_system("%s", path);
	rewind(f);
	*n = (size_t)size;
	bytes = allocate(*n, 1);
	if (fread(bytes, 1, *n, f) != *n)
		die_system("%s", path);
	fclose(f);
	return bytes;
}

static bool
file_is(const char *path, const char *bytes, size_t n)
{
	size_t got_n;
	char *got = slurp(path, &got_n);
	bool same = got_n == n && memcmp(got, bytes, n) == 0;

	free(got);
	return same;
}

static void
spit(const char *path, const char *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
		die_system("%s", path);
}

/* Removes temporary files from the folder. Returns how many there were. */
static int
strays(void)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(d))) {
		char path[sizeof folder + sizeof entry->d_name + 1];

		if (strncmp(entry->d_name, "model.st.", 9) != 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		unlink(path);
		n++;
	}
	closedir(d);
	return n;
}

/* Runs `act` in a child. Returns its status, and its last words in said. */
static int
run(void (*act)(const char *), const char *argument, char *said, size_t room)
{
	int out[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	fflush(stdout);
	if (pipe(out) < 0 || (pid = fork()) < 0)
		die_system("fork");
	if (pid == 0) {
		dup2(out[1], STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		act(argument);
		_exit(0);
	}
	close(out[1]);
	while ((got = read(out[0], said + n, room - 1 - n)) > 0)
		n += (size_t)got;
	said[n] = '\0';
	close(out[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Holds that `act` ends with status 4 and one line with those words. */
static void
dies(const char *what, void (*act)(const char *), const char *argument, const char *words)
{
	char said[1024];
	int status = run(act, argument, said, sizeof said);
	const char *newline = strchr(said, '\n');

	if (!tap_ok(status == STATUS_SYSTEM && strstr(said, words) && newline && !newline[1], "%s", what))
		printf("# status %d, said: %s# words: %s\n", status, said, words);
}

static void
open_close(const char *path)
{
	struct safetensors st;

	safetensors_open(&st, path);
	safetensors_close(&st);
}

/* ---- tests ---- */

static bool
same_tensor(const struct safetensor *a, const struct safetensor *b)
{
	return a && strcmp(a->name, b->name) == 0 && a->type == b->type && a->rank == b->rank && a->bytes == b->bytes &&
	       memcmp(a->shape, b->shape, sizeof a->shape) == 0 && (!b->bytes || memcmp(a->data, b->data, b->bytes) == 0);
}

static void
test_round_trip(void)
{
	struct safetensors st;
	bool same = true, aligned = true;
	struct stat status;

	umask(027);
	golden_save(target);
	umask(022);
	tap_ok(stat(target, &status) == 0 && (status.st_mode & 0777) == 0640, "a new file's mode is what umask says");
	tap_ok(file_is(target, golden, sizeof golden - 1), "the golden file, byte for byte");
	tap_ok(strays() == 0, "no temporary file is left");
	safetensors_open(&st, target);
	tap_ok(st.n == GOLDEN_TENSORS && !st.foreign, "all tensors come back, and the checksum is ours");
	for (size_t i = 0; i < GOLDEN_TENSORS; i++) {
		const struct safetensor *t = safetensors_find(&st, golden_tensor[i].name);

		same = same && same_tensor(t, &golden_tensor[i]);
		aligned = aligned && (uintptr_t)t->data % safetensors_types[t->type].size == 0;
	}
	tap_ok(same, "names, types, shapes and data as they were");
	tap_ok(aligned && (uintptr_t)st.tensor[0].data % SAFETENSORS_ALIGN == 0, "data are aligned");
	same = true;
	for (size_t i = 0; i < GOLDEN_METADATA; i++)
		same = same && strcmp(safetensors_metadata(&st, golden_metadata[i].key), golden_metadata[i].value) == 0;
	tap_ok(same, "metadata as they were");
	tap_ok(!safetensors_find(&st, "1.bias") && !safetensors_metadata(&st, "1.bias"), "what is not there is NULL");
	safetensors_close(&st);
	safetensors_close(&st);
	safetensors_save(target, NULL, 0, NULL, 0);
	safetensors_open(&st, target);
	tap_ok(st.n == 0, "a file without tensors and metadata");
	safetensors_close(&st);
}

static void
test_damage(const char *file, size_t n)
{
	struct safetensors st;
	size_t accepted = 0, flips = 0;
	char *copy;

	for (size_t cut = 0; cut < n; cut++) {
		copy = memcpy(allocate(cut, 1), file, cut);
		accepted += safetensors_read(&st, copy, cut);
		safetensors_close(&st);
		free(copy);
	}
	tap_ok(accepted == 0, "each of %zu truncations is refused", n);
	copy = memcpy(allocate(n + 1, 1), file, n);
	copy[n] = ' ';
	tap_ok(!safetensors_read(&st, copy, n + 1), "so is a byte more");
	safetensors_close(&st);
	tap_ok(safetensors_read(&st, copy, n), "and the file itself is not");
	safetensors_close(&st);
	for (size_t at = 0; at < n; at++) {
		for (int mask = 1; mask < 256; mask = mask < 32 ? mask + 1 : mask * 2, flips++) {
			copy[at] = (char)(file[at] ^ mask);
			if (safetensors_read(&st, copy, n) && accepted++ < 5)
				printf("# accepted: byte %zu as %02x\n", at, (unsigned char)copy[at]);
			safetensors_close(&st);
		}
		copy[at] = file[at];
	}
	tap_ok(accepted == 0, "each of %zu changes of one byte is refused", flips);
	free(copy);
}

/*
 * A file of another program from its header, padded with spaces to a multiple of 8 and `more`, and n data bytes.
 * Only headers that name tensors are padded: the others are read as they are.
 */
static bool
read_foreign(struct safetensors *st, struct view header, size_t more, const void *data, size_t n)
{
	static _Alignas(8) char file[8192]; /* the tensors view it */
	uint64_t length = header.n;

	memcpy(file + 8, header.at, header.n);
	if (strstr(header.at, "dtype"))
		while (length % 8 != more)
			file[8 + length++] = ' ';
	memcpy(file, &length, 8);
	memcpy(file + 8 + length, data, n);
	return safetensors_read(st, file, 8 + length + n);
}

#define F32(name, shape, begin, end) \
	"\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

static const struct {
	const char *what, *header;
	size_t n;           /* data bytes */
	const char *fault;  /* NULL: accepted */
} hostile[] = {
	{"a plain file", "{" F32("a", "[2]", 0, 8) "}", 8, NULL},
	{"two tensors, listed out of order", "{" F32("a", "[1]", 4, 8) "," F32("b", "[1]", 0, 4) "}", 8, NULL},
	{"metadata of PyTorch", "{\"__metadata__\":{\"format\":\"pt\"}," F32("a", "[2]", 0, 8) "}", 8, NULL},
	{"no tensors", "{}", 0, NULL},
	{"a number", "{" F32("a", "[]", 0, 4) "}", 4, NULL},
	{"rank 8", "{" F32("a", "[1,1,1,1,1,1,1,1]", 0, 4) "}", 4, NULL},
	{"rank 9", "{" F32("a", "[1,1,1,1,1,1,1,1,1]", 0, 4) "}", 4, "tensor \"a\": its shape is not"},
	{"overlap", "{" F32("a", "[2]", 0, 8) "," F32("b", "[2]", 4, 12) "}", 12,
	 "tensor \"b\": its data overlap tensor \"a\""},
	{"one inside the other", "{" F32("a", "[4]", 0, 16) "," F32("b", "[1]", 4, 8) "}", 16, "overlap"},
	{"twice the same place", "{" F32("a", "[2]", 0, 8) "," F32("b", "[2]", 0, 8) "}", 8, "overlap"},
	{"a hole", "{" F32("a", "[1]", 0, 4) "," F32("b", "[1]", 8, 12) "}", 12, "tensor \"b\": a hole"},
	{"a hole at the start", "{" F32("a", "[1]", 4, 8) "}", 8, "tensor \"a\": a hole"},
	{"bytes at the end", "{" F32("a", "[1]", 0, 4) "}", 8, "4 bytes after the last tensor"},
	{"data, but no tensors", "{}", 4, "4 bytes after"},
	{"missing data", "{" F32("a", "[4]", 0, 16) "}", 12, "tensor \"a\": 4 bytes of its data are missing"},
	{"offsets far past the end", "{" F32("a", "[1]", 4611686018427387904, 4611686018427387908) "}", 4, "are missing"},
	{"offsets that end before they begin", "{" F32("a", "[1]", 8, 4) "}", 8, "no range"},
	{"negative offsets", "{" F32("a", "[1]", -4, 0) "}", 4, "no range"},
	{"fractional offsets", "{" F32("a", "[1]", 0.0, 4) "}", 4, "no range"},
	{"offsets that do not fit the shape", "{" F32("a", "[2]", 0, 4) "}", 4, "do not fit its shape"},
	{"offsets between elements", "{" F32("a", "[1]", 0, 5) "}", 5, "do not fit its shape"},
	{"a shape that overflows 2^64 to what fits", "{" F32("a", "[4294967296,4294967296,1]", 0, 0) "}", 0, "overflows"},
	{"a shape that overflows but for a 0", "{" F32("a", "[0,4294967296,4294967296]", 0, 0) "}", 0, "overflows"},
	{"bytes that overflow 2^64 to what fits", "{" F32("a", "[4611686018427387905]", 0, 4) "}", 4, "overflows"},
	{"a dimension beyond 2^63", "{" F32("a", "[18446744073709551617]", 0, 4) "}", 4, "header: not JSON"},
	{"a negative dimension", "{" F32("a", "[-1]", 0, 4) "}", 4, "its shape is not"},
	{"two negative dimensions", "{" F32("a", "[-1,-1]", 0, 4) "}", 4, "its shape is not"},
	{"a fractional dimension", "{" F32("a", "[1.0]", 0, 4) "}", 4, "its shape is not"},
	{"a dimension that is a string", "{" F32("a", "[\"1\"]", 0, 4) "}", 4, "its shape is not"},
	{"a shape that is a number", "{" F32("a", "1", 0, 4) "}", 4, "its shape is not"},
	{"a shape that is nested", "{" F32("a", "[[1]]", 0, 4) "}", 4, "its shape is not"},
	{"a key twice", "{" F32("a", "[1]", 0, 4) "," F32("a", "[1]", 0, 4) "}", 4, "a key comes twice"},
	{"unknown dtype", "{\"a\":{\"dtype\":\"F31\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "unknown dtype"},
	{"dtype that is a number", "{\"a\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "not dtype, shape"},
	{"no dtype", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "not dtype, shape"},
	{"no shape", "{\"a\":{\"dtype\":\"F32\",\"Shape\":[1],\"data_offsets\":[0,4]}}", 4, "its shape is not"},
	{"one offset", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4]}}", 4, "not dtype, shape"},
	{"three offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4, "not dtype, shape"},
	{"an unknown member", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"b\":0}}", 4,
	 "not dtype, shape"},
	{"a tensor that is a list", "{\"a\":[]}", 0, "not dtype, shape"},
	{"a control character in a name", "{" F32("a\\u001b[2J", "[1]", 0, 4) "}", 4, "control characters"},
	{"a delete in a name", "{" F32("a\x7f", "[1]", 0, 4) "}", 4, "control characters"},
	{"an empty tensor where another begins", "{" F32("a", "[1]", 0, 4) "," F32("b", "[0]", 0, 0) "}", 4, NULL},
	{"metadata that are a list", "{\"__metadata__\":[]}", 0, "metadata"},
	{"metadata that are a number", "{\"__metadata__\":{\"a\":1}}", 0, "metadata"},
	{"metadata that are nested", "{\"__metadata__\":{\"a\":{}}}", 0, "metadata"},
	{"a list for a header", "[]", 0, "no JSON object"},
	{"no header", "", 0, "no JSON object"},
	{"a space before it", " {}", 0, "no JSON object"},
	{"a newline behind it", "{}\n", 0, "no JSON object"},
	{"spaces behind it", "{}   ", 0, NULL},
	{"a second object", "{}{}", 0, "not JSON"},
	{"broken JSON", "{\"a\":}", 0, "not JSON, at byte 6"},
	{"invalid UTF-8", "{\"\xff\":{}}", 0, "not JSON"},
	{"escaped NUL", "{\"\\u0000\":{}}", 0, "not JSON"},
	{"half a checksum", "{\"__metadata__\": {\"weir.xxh3\": \"0\"}}", 0, "header: damaged"},
	{"a wrong checksum", "{\"__metadata__\": {\"weir.xxh3\": \"0123456789abcdef\"}}", 0, "do not give its checksum"},
	{"a checksum cut by the header", "{\"__metadata__\": {\"weir.xxh3\": \"\"}}", 0, "header: damaged"},
	{"a checksum copied by another program", "{\"__metadata__\":{\"weir.xxh3\":\"0123456789abcdef\"}}", 0, NULL},
	{"a mark with one byte wrong", "{\"__metadata__\": {\"weir.xxh4\": \"0123456789abcdef\"}}", 0, "header: damaged"},
};

/* Holds that one value, of n bytes, is refused with those words; NULL: that it is accepted. */
static void
reads_value(const char *what, const char *header, size_t more, const void *value, size_t n, const char *words)
{
	struct safetensors st;
	bool good = read_foreign(&st, view_of(header), more, value, n);

	tap_ok(words ? !good && strstr(st.fault, words) : good, "%s is %s", what, words ? "refused" : "accepted");
	safetensors_close(&st);
}

static void
test_hostile(void)
{
	static const char zeros[64];
	static const char one[] = "{" F32("a", "[1]", 0, 4) "}";
	static const char two[] = "{" F32("a", "[2]", 0, 8) "}";
	static const char wide[] = "{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}";
	static const char pair[] = "{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}";
	static const uint32_t nan = 0x7fc00001, infinity = 0xff800000, largest = 0x7f7fffff;
	static const uint64_t nan64 = UINT64_C(0xfff0000000000001), largest64 = UINT64_C(0xffefffffffffffff);
	static const float nans[] = {NAN, 1};
	static const double nans64[] = {NAN, 1};
	char deep[4096];
	struct safetensors st;

	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		const char *fault = hostile[i].fault;
		bool good = read_foreign(&st, view_of(hostile[i].header), 0, zeros, hostile[i].n);

		if (!tap_ok(fault ? !good && strstr(st.fault, fault) : good, "%s: %s", hostile[i].what,
		            fault ? "refused" : "accepted"))
			printf("# fault: %s\n", st.fault);
		safetensors_close(&st);
	}
	tap_ok(!read_foreign(&st, (struct view){"{\0}", 3}, 0, zeros, 0) && strstr(st.fault, "no JSON"),
	       "NUL in the header is refused");
	safetensors_close(&st);
	memset(deep, '[', sizeof deep);
	memcpy(deep, "{\"a\":", 5);
	memcpy(deep + sizeof deep - 2, "}", 2);
	tap_ok(!read_foreign(&st, view_of(deep), 0, zeros, 0) && strstr(st.fault, "not JSON"), "4,000 brackets are refused");
	safetensors_close(&st);
	reads_value("a float off its alignment", one, 2, &largest, 4, "not aligned to 4");
	reads_value("a double off its alignment", wide, 4, &largest64, 8, "not aligned to 8");
	reads_value("NaN, and a number after it", two, 0, nans, 8, "tensor \"a\": has NaN");
	reads_value("a double's NaN, and a number after it", pair, 0, nans64, 16, "tensor \"a\": has NaN");
	reads_value("NaN", one, 0, &nan, 4, "tensor \"a\": has NaN");
	reads_value("infinity", one, 0, &infinity, 4, "infinite");
	reads_value("the largest float", one, 0, &largest, 4, NULL);
	reads_value("a double's NaN", wide, 0, &nan64, 8, "NaN");
	reads_value("the largest double", wide, 0, &largest64, 8, NULL);
}

static void
test_lengths(void)
{
	static const struct { uint64_t length; const char *fault; } table[] = {
		{UINT64_C(1) << 60, "a header of 1152921504606846976 bytes"}, {UINT64_MAX, "a header of"},
		{(1 << 20) + 1, "a header of 1048577 bytes"}, {1 << 20, "header: 1048560 bytes are missing"},
		{17, "header: 1 bytes are missing"}, {16, "no JSON"}, {0, "no JSON"},
	};
	struct safetensors st;
	char file[24] = {0};
	char *nothing = allocate_zero(8, 1);

	tap_ok(!safetensors_read(&st, nothing, 8), "a file that ends after the length is refused, and not read beyond");
	free(nothing);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		memcpy(file, &table[i].length, 8);
		tap_ok(!safetensors_read(&st, file, sizeof file) && strstr(st.fault, table[i].fault),
		       "a header length of %" PRIu64 " is refused", table[i].length);
		safetensors_close(&st);
	}
}

static void
test_open(void)
{
	mkfifo(other, 0600);
	dies("a FIFO is refused, and not waited for", open_close, other, "not a regular file");
	unlink(other);
	spit(other, "", 0);
	dies("an empty file is refused", open_close, other, "empty");
	spit(other, "abc", 3);
	dies("a short file is refused", open_close, other, "it has 3 bytes");
	unlink(other);
	dies("a missing file is refused", open_close, other, "No such file");
	dies("a folder is refused", open_close, folder, "not a regular file");
	dies("a device is refused", open_close, "/dev/null", "not a regular file");
}

/* ---- what goes wrong while saving ---- */

static void
save_nan(const char *path)
{
	float x[2] = {1, NAN};

	safetensors_save(path, &(struct safetensor){"w", SAFETENSORS_F32, 1, {2}, x, sizeof x}, 1, NULL, 0);
}

static void
save_long_metadata(const char *path)
{
	char *text = allocate(SAFETENSORS_HEADER, 1);

	memset(text, 'x', SAFETENSORS_HEADER - 1);
	text[SAFETENSORS_HEADER - 1] = '\0';
	safetensors_save(path, NULL, 0, &(struct safetensors_entry){"a", text}, 1);
}

static void
save_latin1(const char *path)
{
	safetensors_save(path, NULL, 0, &(struct safetensors_entry){"a", "caf\xe9"}, 1);
}

static void
save_latin1_name(const char *path)
{
	safetensors_save(path, &(struct safetensor){"caf\xe9", SAFETENSORS_F32, 1, {0}, NULL, 0}, 1, NULL, 0);
}

/* The disk is full after 100 bytes, as far as this process can tell. */
static void
save_to_full_disk(const char *path)
{
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, 100});
	golden_save(path);
}

static void
test_save_faults(void)
{
	char link[300], nested[300];

	golden_save(target);
	dies("NaN is not saved", save_nan, target, "not saved: tensor \"w\": has NaN");
	dies("nor a header of more than 1 MiB", save_long_metadata, target, "longer than 1 MiB");
	dies("nor metadata that are not UTF-8", save_latin1, target, "is not UTF-8");
	dies("nor such a name", save_latin1_name, target, "is not UTF-8");
	dies("a full disk is an error", save_to_full_disk, target, ": File too large");
	tap_ok(file_is(target, golden, sizeof golden - 1) && strays() == 0, "the old file is as it was, and alone");
	dies("a folder is not replaced", golden_save, folder, "not a regular file");
	mkfifo(other, 0600); /* ours: were this check broken, a real device would be replaced */
	dies("nor is a FIFO", golden_save, other, "not a regular file");
	unlink(other);
	snprintf(nested, sizeof nested, "%s/no/model.st", folder);
	dies("a missing folder is an error", golden_save, nested, "No such file");

	snprintf(link, sizeof link, "%s/link", folder);
	spit(target, "old", 3);
	tap_ok(symlink("model.st", link) == 0, "a link");
	golden_save(link);
	tap_ok(file_is(target, golden, sizeof golden - 1), "the file that a link names is replaced");
	tap_ok(readlink(link, nested, sizeof nested) == 8, "and the link stays");
	unlink(link);
	tap_ok(symlink("link", link) == 0, "a link to itself");
	dies("is an error", golden_save, link, "symbolic links");
	unlink(link);
}

/* jansson's k-th allocation fails, as malloc would. */
static int allocations_left;

static void *
failing_malloc(size_t n)
{
	if (allocations_left-- > 0)
		return malloc(n);
	errno = ENOMEM;
	return NULL;
}

static void
act_without_memory(void (*act)(const char *), const char *what)
{
	char said[1024];
	int k = 0, status, right = 0;

	json_object_seed(1);
	json_set_alloc_funcs(failing_malloc, free);
	do {
		allocations_left = k++;
		status = run(act, target, said, sizeof said);
		right += status == STATUS_SYSTEM && (strstr(said, "out of memory") || strstr(said, "Cannot allocate"));
	} while (status != 0 && k < 1000);
	json_set_alloc_funcs(malloc, free);
	tap_ok(k > 10 && right == k - 1, "%s: each of %d failed allocations is an error of the system", what, k - 1);
	if (right != k - 1)
		printf("# %d were; the last said: %s\n", right, said);
}

/* ---- kills ---- */

enum { BIG = 50000 };
static float big[BIG];

static void
big_save(float value)
{
	for (size_t i = 0; i < BIG; i++)
		big[i] = value;
	safetensors_save(target, &(struct safetensor){"w", SAFETENSORS_F32, 1, {BIG}, big, sizeof big}, 1, NULL, 0);
}

/* A process that saves without end is killed at a random moment: the file is there and whole each time. */
static void
test_kills(int kills)
{
	int torn = 0, interrupted = 0;
	uint32_t random = 1;

	big_save(0);
	for (int i = 0; i < kills; i++) {
		struct safetensors st;
		size_t n;
		char *file;
		pid_t pid = fork();

		if (pid == 0)
			for (float value = 1;; value++)
				big_save(value);
		random = random * 1664525 + 1013904223;
		nanosleep(&(struct timespec){0, (long)(random >> 8) % 5000000}, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		interrupted += strays() > 0;
		if (access(target, R_OK) < 0) {
			torn++;
			continue;
		}
		file = slurp(target, &n);
		torn += !safetensors_read(&st, file, n);
		safetensors_close(&st);
		free(file);
	}
	tap_ok(torn == 0, "%d kills, %d within a save: no file is torn or missing", kills, interrupted);
	tap_ok(interrupted > 0, "and some did strike within");
}

int
main(int argc, char **argv)
{
	char *file;
	size_t n;

	cli_program = "test";
	if (argc > 1) {
		golden_save(argv[1]);
		return 0;
	}
	snprintf(folder, sizeof folder, "%s/weir.XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(folder))
		die_system("%s", folder);
	snprintf(target, sizeof target, "%s/model.st", folder);
	snprintf(other, sizeof other, "%s/other", folder);
	test_round_trip();
	golden_save(target);
	file = slurp(target, &n);
	test_damage(file, n);
	free(file);
	test_hostile();
	test_lengths();
	test_open();
	test_save_faults();
	act_without_memory(golden_save, "saving");
	act_without_memory(open_close, "opening");
	test_kills(300);
	unlink(target);
	tap_ok(rmdir(folder) == 0, "nothing is left behind");
	return tap_done();
}
