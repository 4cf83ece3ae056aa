/*
 * line.c - the reader and the writer: each case runs in a process of its own, as a filter that prints every line
 * in brackets and refuses those that start with "bad".
 */
#include "../common/io/line.h"

#include <signal.h>
#include <sys/wait.h>

#include "tap.h"

static void
file_write(const char *name, struct view bytes)
{
	FILE *f = fopen(name, "wb");

	if (!f || fwrite(bytes.at, 1, bytes.n, f) != bytes.n || fclose(f) != 0)
		die_system("%s", name);
}

/* The first bytes of a file, NUL-terminated; *n of them. Empty where there is none. */
static const char *
file_read(const char *name, size_t *n)
{
	static char bytes[3][1 << 16];
	static int i;
	FILE *f = fopen(name, "rb");

	i = (i + 1) % 3;
	*n = f ? fread(bytes[i], 1, sizeof bytes[i] - 1, f) : 0;
	bytes[i][*n] = '\0';
	if (f)
		fclose(f);
	return bytes[i];
}

static bool
file_is(const char *name, struct view bytes)
{
	size_t n;
	const char *got = file_read(name, &n);

	if (view_equal((struct view){got, n}, bytes))
		return true;
	printf("# %s holds %zu bytes, not %zu: ", name, n, bytes.n);
	for (size_t i = 0; i < n && i < 200; i++)
		printf(got[i] == '\n' ? "\\n" : "%c", got[i]);
	putchar('\n');
	return false;
}

_Noreturn static void
brackets(struct input in, int argc, char **argv)
{
	struct writer out;
	struct view line;

	cli_program = "brackets";
	writer_init(&out, STDOUT_FILENO, "stdout");
	input_open(&in, argc, argv, 0, &out);
	while (input_line(&in, &line)) {
		if (line.n >= 3 && memcmp(line.at, "bad", 3) == 0) {
			input_refuse(&in, (struct fault){.field = 1, .name = "word", .rule = "is bad", .value = line,
			                                 .hint = "mend it"});
			continue;
		}
		writer_char(&out, '[');
		writer_view(&out, line);
		writer_text(&out, "]\n");
	}
	input_close(&in);
	writer_close(&out);
	exit(0);
}

/* Runs brackets over the operands; its output is in the files out and err. Returns its status. */
static int
run(struct input in, int argc, char **argv)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		die_system("fork");
	if (child == 0) {
		if (!freopen("in", "rb", stdin) || !freopen("out", "wb", stdout) ||
		    !freopen("err", "wb", stderr))
			_exit(99);
		setvbuf(stderr, NULL, _IONBF, 0); /* as stderr is where a program starts */
		brackets(in, argc, argv);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define BYTES(text) {(text), sizeof(text) - 1}

static const struct {
	const char *what;
	struct view in, out;
	int status;
	const char *err;      /* all of it; "" for silence */
	int64_t max_line, max_bad;
	struct view rejects;  /* expected; .at NULL where none are asked for */
} cases[] = {
	{"lines", BYTES("a\nbc\n"), BYTES("[a]\n[bc]\n"), 0, "", 99, 0, {0}},
	{"no final newline", BYTES("a\nbc"), BYTES("[a]\n[bc]\n"), 0, "", 99, 0, {0}},
	{"blank lines", BYTES("\n\na\n\n"), BYTES("[]\n[]\n[a]\n[]\n"), 0, "", 99, 0, {0}},
	{"nothing", BYTES(""), BYTES(""), 0, "", 99, 0, {0}},
	{"NUL and bytes that are no UTF-8", BYTES("a\0b\n\xFF\xFE\n"), BYTES("[a\0b]\n[\xFF\xFE]\n"), 0, "", 99, 0, {0}},
	{"CR LF loses its CR, which is said once", BYTES("a\r\nb\r\n"), BYTES("[a]\n[b]\n"), 0,
	 "brackets: stdin:1: line ends in CR LF; the CR is dropped here and below\n", 99, 0, {0}},
	{"one CR of two", BYTES("x\na\r\r\n"), BYTES("[x]\n[a\r]\n"), 0,
	 "brackets: stdin:2: line ends in CR LF; the CR is dropped here and below\n", 99, 0, {0}},
	{"a CR inside a line", BYTES("a\rb\n"), BYTES("[a\rb]\n"), 0, "", 99, 0, {0}},
	{"a byte order mark, at the start only", BYTES("\xEF\xBB\xBF""a\n\xEF\xBB\xBF\n"), BYTES("[a]\n[\xEF\xBB\xBF]\n"),
	 0, "", 99, 0, {0}},
	{"a line of --max-line bytes", BYTES("12345\r\n12345\n12345"), BYTES("[12345]\n[12345]\n[12345]\n"), 0,
	 "brackets: stdin:1: line ends in CR LF; the CR is dropped here and below\n", 5, 0, {0}},
	{"a line of one byte more", BYTES("1\n123456\n"), BYTES(""), 3,
	 "brackets: stdin:2: line is longer than 5 bytes\n", 5, 0, {0}},
	{"a bad line", BYTES("a\nbad\tx\nb\n"), BYTES("[a]\n"), 3,
	 "brackets: stdin:2: field 1 (word): is bad: \"bad\\tx\" (mend it)\n", 99, 0, {0}},
	{"a long value is cut, controls are escaped",
	 BYTES("bad\x1b\"\\567890123456789012345678901234567890123\n"), BYTES(""), 3,
	 "brackets: stdin:1: field 1 (word): is bad: \"bad\\x1b\\\"\\\\5678901234567890123456789012345678...\" (mend it)\n",
	 99, 0, {0}},
	{"as many bad lines as --max-bad", BYTES("bad1\na\nbad2\nb\n"), BYTES("[a]\n[b]\n"), 0,
	 "brackets: stdin:1: field 1 (word): is bad: \"bad1\" (mend it)\n"
	 "brackets: stdin:3: field 1 (word): is bad: \"bad2\" (mend it)\n"
	 "brackets: 2 of 4 lines refused\n", 99, 2, {0}},
	{"one more", BYTES("bad1\na\nbad2\nb\n"), BYTES("[a]\n"), 3,
	 "brackets: stdin:1: field 1 (word): is bad: \"bad1\" (mend it)\n"
	 "brackets: stdin:3: field 1 (word): is bad: \"bad2\" (mend it)\n", 99, 1, {0}},
	{"rejects are the bytes as they came", BYTES("\xEF\xBB\xBF""bad1\r\na\nbad\0two\nbad3"), BYTES("[a]\n"), 0,
	 "brackets: stdin:1: line ends in CR LF; the CR is dropped here and below\n"
	 "brackets: stdin:1: field 1 (word): is bad: \"bad1\" (mend it)\n"
	 "brackets: stdin:3: field 1 (word): is bad: \"bad\\x00two\" (mend it)\n"
	 "brackets: stdin:4: field 1 (word): is bad: \"bad3\" (mend it)\n"
	 "brackets: 3 of 4 lines refused\n", 99, 9, BYTES("\xEF\xBB\xBF""bad1\r\nbad\0two\nbad3")},
	{"rejects are whole when the program gives up", BYTES("bad1\nbad2\nbad3\n"), BYTES(""), 3,
	 "brackets: stdin:1: field 1 (word): is bad: \"bad1\" (mend it)\n"
	 "brackets: stdin:2: field 1 (word): is bad: \"bad2\" (mend it)\n", 99, 1, BYTES("bad1\nbad2\n")},
};

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct input in = {.max_line = cases[i].max_line, .max_bad = cases[i].max_bad,
		                   .rejects = cases[i].rejects.at ? "rejects" : NULL};
		int status;
		bool held;

		file_write("in", cases[i].in);
		status = run(in, 0, NULL);
		held = file_is("out", cases[i].out);
		held &= file_is("err", view_of(cases[i].err));
		held &= !cases[i].rejects.at || file_is("rejects", cases[i].rejects);
		tap_ok(status == cases[i].status && held, "%s: status %d", cases[i].what, status);
	}
}

static void
test_files(void)
{
	char one[] = "one", empty[] = "empty", standard[] = "-", two[] = "two", missing[] = "missing", folder[] = ".";
	struct input in = INPUT_DEFAULTS;

	file_write("one", (struct view)BYTES("a\nb"));
	file_write("empty", (struct view)BYTES(""));
	file_write("two", (struct view)BYTES("\xEF\xBB\xBF""c\nbad\n"));
	file_write("in", (struct view)BYTES("from stdin\n"));
	tap_ok(run(in, 4, (char *[]){one, empty, standard, two}) == STATUS_DATA &&
	       file_is("out", (struct view)BYTES("[a]\n[b]\n[from stdin]\n[c]\n")),
	       "operands are read in order, - is stdin; a file's last line ends with the file");
	tap_ok(file_is("err", view_of("brackets: two:2: field 1 (word): is bad: \"bad\" (mend it)\n")),
	       "each file has its own name and line numbers");
	tap_ok(run(in, 2, (char *[]){one, missing}) == STATUS_SYSTEM, "a file that is not there");
	tap_ok(run(in, 2, (char *[]){one, folder}) == STATUS_SYSTEM, "a folder is no file");
}

static int
lines_of(const char *name)
{
	size_t n;
	int lines = 0;

	for (const char *p = file_read(name, &n); (p = strchr(p, '\n')); p++)
		lines++;
	return lines;
}

static void
test_many_bad(void)
{
	enum { BAD = 50 };
	struct input in = INPUT_DEFAULTS;
	char text[BAD * 4 + 1] = "";

	for (int i = 0; i < BAD; i++)
		memcpy(text + 4 * i, "bad\n", 5);
	file_write("in", view_of(text));
	in.max_bad = BAD;
	tap_ok(run(in, 0, NULL) == 0 && lines_of("err") == 21, "of %d bad lines 20 are named, then all are counted", BAD);
	in.max_bad = BAD - 1;
	tap_ok(run(in, 0, NULL) == STATUS_DATA && lines_of("err") == 21, "the line that was one too many is named");
}

/* Bytes of line i of the long test: lengths about the read buffer's and about nothing. */
static size_t
long_line(char *to, unsigned i)
{
	static const size_t sizes[] = {0, 1, READ_BYTES - 2, 7, READ_BYTES - 1, READ_BYTES, 3, READ_BYTES + 1,
	                               3 * READ_BYTES + 5, 0, 100, 2 * READ_BYTES - 1, 4096};
	size_t n = sizes[i % (sizeof sizes / sizeof *sizes)];

	memset(to, 'a' + (int)(i % 26), n);
	to[n] = '\n';
	return n;
}

/* Long and short lines through a pipe, whose reads end anywhere. */
static void
test_long_lines(void)
{
	enum { LINES = 26 };
	char *bytes = allocate(4 * READ_BYTES, 1);
	struct input in = INPUT_DEFAULTS;
	struct view line;
	bool same = true;
	unsigned n = 0;
	int ends[2];
	pid_t child;

	if (pipe(ends) < 0 || (child = fork()) < 0)
		die_system("pipe");
	if (child == 0) {
		struct writer out;

		close(ends[0]);
		writer_init(&out, ends[1], "pipe");
		for (unsigned i = 0; i < LINES; i++)
			writer_put(&out, bytes, long_line(bytes, i) + 1);
		writer_close(&out);
		_exit(0);
	}
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	files.standard = false; /* it is another one */
	input_open(&in, 0, NULL, 0, NULL);
	for (; input_line(&in, &line) && same; n++)
		same = view_equal(line, (struct view){bytes, long_line(bytes, n)});
	tap_ok(same && n == LINES, "%u lines, some longer than a read, are what was written", n);
	input_close(&in);
	close(ends[0]);
	waitpid(child, NULL, 0);
	free(bytes);
}

static void
test_extend(void)
{
	struct input in = INPUT_DEFAULTS;
	struct view line;

	file_write("in", (struct view)BYTES("\xEF\xBB\xBF""one\r\ntwo\nthree\nfour"));
	if (!freopen("in", "rb", stdin))
		die_system("in");
	files.standard = false;
	input_open(&in, 0, NULL, 0, NULL);
	tap_ok(input_line(&in, &line) && view_equal(line, view_of("one")) && input_extend(&in, &line) &&
	       view_equal(line, view_of("one\r\ntwo")) && in.line == 1, "a line goes on, its inner end as it was");
	tap_ok(input_line(&in, &line) && view_equal(line, view_of("three")) && in.line == 3,
	       "the next line has its physical number");
	tap_ok(input_extend(&in, &line) && view_equal(line, view_of("three\nfour")), "a line goes on into the last");
	tap_ok(!input_extend(&in, &line) && view_equal(line, view_of("three\nfour")) && !input_line(&in, &line),
	       "and not beyond the file");
	input_close(&in);
}

/* What is known is seen before more is read: each answer is awaited before the next line is written. */
static void
test_live(void)
{
	enum { ROUNDS = 3 };
	struct input in = INPUT_DEFAULTS;
	int to[2], from[2], rounds = 0;
	char answer[8];
	pid_t child;

	if (pipe(to) < 0 || pipe(from) < 0 || (child = fork()) < 0)
		die_system("pipe");
	if (child == 0) {
		dup2(to[0], STDIN_FILENO);
		files.standard = false;
		dup2(from[1], STDOUT_FILENO);
		close(to[1]);
		close(from[0]);
		brackets(in, 0, NULL);
	}
	close(to[0]);
	close(from[1]);
	while (rounds < ROUNDS && write(to[1], "line\n", 5) == 5 && read(from[0], answer, 7) == 7 &&
	       memcmp(answer, "[line]\n", 7) == 0)
		rounds++;
	tap_ok(rounds == ROUNDS, "%d lines are answered before the next is written", rounds);
	close(to[1]);
	close(from[0]);
	waitpid(child, NULL, 0);
}

static void
test_writer(void)
{
	static const size_t pieces[] = {WRITER_BYTES - 1, 2, 0, WRITER_BYTES, 1, WRITER_BYTES + 1, 4095};
	struct writer w;
	char big[WRITER_BYTES + 1];
	size_t n = 0;
	int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0666);

	memset(big, 'x', sizeof big);
	writer_init(&w, fd, "out");
	writer_escaped(&w, (struct view)BYTES("a\tb\nc\rd\\e\0f"));
	writer_char(&w, ' ');
	writer_whole(&w, 42);
	writer_char(&w, ' ');
	writer_number(&w, -0.1);
	writer_text(&w, "\n");
	writer_close(&w);
	tap_ok(file_is("out", (struct view)BYTES("a\\tb\\nc\\rd\\\\e\0f 42 -0.1\n")), "what a writer writes");
	fd = open("out", O_RDWR | O_TRUNC);
	writer_init(&w, fd, "out");
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		writer_put(&w, big, pieces[i]);
		n += pieces[i];
	}
	writer_flush(&w);
	tap_ok((size_t)lseek(fd, 0, SEEK_CUR) == n, "%zu bytes in pieces up to more than its buffer", n);
	writer_close(&w);
}

/* The fields of a line, byte by byte. */
static size_t
cut_plainly(struct view line, char delimiter, struct view *field)
{
	size_t n = 0, start = 0;

	for (size_t i = 0; i <= line.n; i++)
		if (i == line.n || line.at[i] == delimiter) {
			field[n++] = (struct view){line.at + start, i - start};
			start = i + 1;
		}
	return n;
}

/* Lines of few and many delimiters among bytes that differ from them in one bit, or by one, up to 50 long. */
static void
test_cut(void)
{
	enum { LONGEST = 50, LINES = 200000 };
	static const char delimiters[] = {'\t', ',', '\x80', '\xff', '\1'};
	struct view *field = NULL, plain[LONGEST + 1];
	size_t capacity = 0;
	uint64_t state = 1;
	int wrong = 0;

	for (int i = 0; i < LINES; i++) {
		char delimiter = delimiters[i % 5], *bytes; /* of their own block, so that a read past the end is seen */
		const char other[] = {delimiter, (char)(delimiter ^ 0x80), (char)(delimiter ^ 1), (char)(delimiter - 1), 0, 'x', 'x', 'x'};
		struct view line = {NULL, (size_t)i % (LONGEST + 1)};
		size_t n;

		line.at = bytes = allocate(line.n, 1);
		for (size_t j = 0; j < line.n; j++) {
			state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
			bytes[j] = other[(state >> 60) < (uint64_t)i % 17 ? 0 : state >> 33 & 7];
		}
		n = line_cut(line, delimiter, &field, &capacity);
		wrong += n != cut_plainly(line, delimiter, plain) || n > capacity;
		for (size_t j = 0; j < n; j++)
			wrong += field[j].at != plain[j].at || field[j].n != plain[j].n;
		free(bytes);
	}
	tap_ok(wrong == 0, "%d lines are cut as they are byte by byte", LINES);
	free(field);
}

int
main(void)
{
	char folder[] = "/tmp/weir-line-XXXXXX";
	const char *const names[] = {"in", "out", "err", "rejects", "one", "two", "empty"};

	if (!mkdtemp(folder) || chdir(folder) < 0)
		die_system("%s", folder);
	alarm(60); /* a reader that waits for ever dies here */
	test_cases();
	test_files();
	test_many_bad();
	test_long_lines();
	test_extend();
	test_live();
	test_writer();
	test_cut();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		remove(names[i]);
	rmdir(folder);
	return tap_done();
}
