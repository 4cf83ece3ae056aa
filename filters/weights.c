/*
 * weights - print the weights of a model, or make a model of printed ones
 *
 * reads: a model (-m); with --load weights, one a line
 * writes: tensor, index, mean, of beliefs the standard deviation, with --names the tokens; or a file (-o): with --load a
 *     model, else the weights alone
 * memory: O(1), and the names; with --load O(model)
 */
#include "../common/net/learn.h"

static const char *architecture, *path, *names_path, *out_path;
static int64_t bits = 22;
static struct learn learn = LEARN_DEFAULTS;
static double variance = BELIEF_VARIANCE;
static bool all, header, info, load;
static struct input in = INPUT_DEFAULTS;

static const struct cli_option options[] = {
	{'a', "architecture", "LAYERS", "--load: layers in order (hash BITS, dense 1 sigmoid)", CLI_TEXT, &architecture, 0, 0},
	{'b', "bits", "N", "--load: bits of the hash, where no architecture says", CLI_INT, &bits, 1, ARCH_BITS},
	{'H', "header", NULL, "print a header; with --load, the first line is one", CLI_FLAG, &header, 0, 0},
	{'m', "model", "FILE", "model to print", CLI_TEXT, &path, 0, 0},
	{'o', "output", "FILE", "with -m the weights go there, as a state_dict of PyTorch; with --load the model", CLI_TEXT, &out_path, 0, 0},
	{'\0', "all", NULL, "print also weights of which nothing was learnt", CLI_FLAG, &all, 0, 0},
	{'\0', "info", NULL, "print what the model says of itself instead", CLI_FLAG, &info, 0, 0},
	{'\0', "load", NULL, "read weights as they are printed, write a model", CLI_FLAG, &load, 0, 0},
	{'\0', "names", "FILE", "name the tokens of each index, from featurize --names", CLI_TEXT, &names_path, 0, 0},
	{'\0', "optimizer", "NAME", "--load: the learner that may go on with it, as of pretrain", CLI_TEXT, &learn.optimizer, 0, 0},
	{'\0', "variance", "V", "--load: of a fresh belief", CLI_REAL, &variance, 1e-6, 100},
	INPUT_OPTIONS(in),
};

static const struct cli cli = {"weights", "print the weights of a model, or make a model of printed ones", "[file ...]",
                               options, sizeof options / sizeof *options};

static struct model model;
static struct writer out;

/* ---- the numbers of a tensor ---- */

/* Of beliefs, mean and variance are two numbers but one weight. */
static size_t
numbers_of_weight(void)
{
	return model.net.beliefs ? 2 : 1;
}

/* Columns of a matrix; 1 for a vector. */
static size_t
columns(const struct tensor *t)
{
	return t->rank - model.net.beliefs == 2 ? (size_t)t->shape[1] : 1;
}

static double
number_at(const struct tensor *t, size_t i)
{
	return t->width == sizeof(double) ? ((const double *)t->data)[i] : (double)tensor_floats(t)[i];
}

static void
set_number(struct tensor *t, size_t i, double value)
{
	if (t->width == sizeof(double))
		((double *)t->data)[i] = value;
	else
		tensor_floats(t)[i] = (float)value;
}

/* The variance of a belief of which nothing was learnt. */
static double
fresh_variance(const struct tensor *t)
{
	return t->width == sizeof(double) ? BELIEF_BIAS_VARIANCE : (double)(float)model.variance;
}

/* ---- names ---- */

struct name {
	uint64_t index;
	size_t at, n; /* bytes of the token */
};

static struct {
	struct name *name; /* owned, by index */
	size_t n, capacity;
	char *bytes;       /* owned: of all tokens */
	size_t n_bytes, bytes_capacity;
} names;

/* For qsort: by index, then in the order of the file. */
static int
name_order(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return x->index != y->index ? (x->index > y->index) - (x->index < y->index) : (x->at > y->at) - (x->at < y->at);
}

static void
read_names(void)
{
	struct input file = INPUT_DEFAULTS;
	char *operand[] = {(char *)(uintptr_t)names_path};
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
		names.name = grow(names.name, &names.capacity, names.n + 1, sizeof *names.name);
		names.name[names.n++] = (struct name){index, names.n_bytes, line.n};
		names.bytes = grow(names.bytes, &names.bytes_capacity, names.n_bytes + line.n, 1);
		memcpy(names.bytes + names.n_bytes, line.at, line.n);
		names.n_bytes += line.n;
	}
	input_close(&file);
	if (names.n)
		qsort(names.name, names.n, sizeof *names.name, name_order);
}

/* Writes the tokens of an input, which is none below that of the last call with the same *next; 0 at first. */
static void
write_names(uint64_t index, size_t *next)
{
	bool first = true;

	while (*next < names.n && names.name[*next].index < index)
		++*next;
	for (size_t i = *next; i < names.n && names.name[i].index == index; i++, first = false) {
		writer_text(&out, first ? "" : " | ");
		writer_put(&out, names.bytes + names.name[i].at, names.name[i].n);
	}
}

/* ---- model to text ---- */

/* In as many digits as bring the same number back: nine do for a float. */
static void
write_number(const struct tensor *t, double value)
{
	char text[NUMBER_MAX];

	if (t->width == sizeof(double))
		writer_put(&out, text, number_print_exact(text, value));
	else
		writer_number(&out, value);
}

static void
print_tensor(const struct tensor *t, bool inputs)
{
	size_t step = numbers_of_weight(), wide = columns(t), next = 0;

	for (size_t i = 0; i < t->n / step; i++) {
		double mean = number_at(t, i * step), v = step == 2 ? number_at(t, 2 * i + 1) : 0;

		if (!all && mean == 0 && (step == 1 || v == fresh_variance(t)))
			continue;
		writer_text(&out, t->name);
		writer_char(&out, '\t');
		writer_whole(&out, i / wide);
		if (wide > 1) {
			writer_char(&out, ',');
			writer_whole(&out, i % wide);
		}
		writer_char(&out, '\t');
		write_number(t, mean);
		if (step == 2) {
			writer_char(&out, '\t');
			write_number(t, sqrt(v));
		}
		if (names_path) {
			writer_char(&out, '\t');
			if (inputs)
				write_names(i / wide, &next);
		}
		writer_char(&out, '\n');
	}
}

static void
print_weights(void)
{
	const struct tensors *table = &model.net.table;

	if (header) {
		writer_text(&out, "tensor\tindex\tmean");
		writer_text(&out, model.net.beliefs ? "\tsd" : "");
		writer_text(&out, names_path ? "\tname\n" : "\n");
	}
	for (size_t i = 0; i < table->n; i++)
		print_tensor(&table->tensor[i], i == model.net.layer[0].weight);
}

static void
print_info(void)
{
	struct model_metadata *meta = allocate_zero(1, sizeof *meta);

	model_describe(&model, meta);
	for (size_t i = 0; i < meta->n; i++) {
		writer_text(&out, meta->entry[i].key);
		writer_char(&out, '\t');
		writer_text(&out, meta->entry[i].value);
		writer_char(&out, '\n');
	}
	writer_text(&out, "checksum\t");
	writer_text(&out, model.file.checksum);
	writer_char(&out, '\n');
	free(meta);
}

static void
print(void)
{
	if (names_path)
		read_names();
	model_open(&model, path);
	writer_init(&out, STDOUT_FILENO, "stdout");
	if (info)
		print_info();
	else
		print_weights();
	writer_close(&out);
	free(names.name);
	free(names.bytes);
}

static void
export(void)
{
	model_open(&model, path);
	if (model.net.beliefs)
		die_usage("-o: the weights are beliefs, and a state_dict has no room for how sure they are: print them");
	model_save_weights(&model, out_path);
}

/* ---- text to model ---- */

/* A model of the options' architecture: fresh beliefs, or weights of 0. */
static void
make_model(void)
{
	struct arch arch = arch_logistic((uint32_t)bits);
	struct arch_fault fault;

	if (architecture && !arch_parse(&arch, architecture, &fault))
		die_usage("--architecture: %s: \"%.*s\"", fault.rule, (int)fault.word.n, fault.word.at);
	learn_choose(&learn, &model, &arch, NULL);
	model.variance = variance;
	net_init(&model.net, &arch, !model.optimiser, variance, model.seed);
	tensors_allocate_states(&model.net.table, model.optimiser ? model.optimiser->n_states : 0);
	for (size_t i = 0; !model.net.beliefs && i < model.net.table.n; i++)
		memset(model.net.table.tensor[i].data, 0, model.net.table.tensor[i].n * sizeof(float));
}

/* The weight that an index as print_tensor writes it means. */
static bool
parse_index(const struct tensor *t, struct view text, size_t *weight)
{
	size_t wide = columns(t), n;
	uint64_t row, column = 0;

	n = number_whole(text, &row);
	if (n == 0 || row >= t->n / numbers_of_weight() / wide)
		return false;
	if (wide > 1) {
		struct view rest = {text.at + n + 1, text.n - n - 1};

		if (n >= text.n || text.at[n] != ',' || (n = number_whole(rest, &column)) == 0 || column >= wide)
			return false;
		text = rest;
	}
	*weight = (size_t)row * wide + (size_t)column;
	return n == text.n;
}

/* Takes one line in. `seen` marks the weights of each tensor that came. NULL, or why it is refused and *fault where. */
static bool
load_weight(const struct record *r, bool **seen, struct fault *fault)
{
	size_t step = numbers_of_weight(), place = 0, weight = 0;
	struct tensors *table = &model.net.table;
	struct tensor *t;
	double mean = 0, sd = 0;

	if (r->n < 2 + step)
		return *fault = (struct fault){.rule = "too few fields", .value = r->line}, false;
	while (place < table->n && !view_equal(r->field[0], view_of(table->tensor[place].name)))
		place++;
	t = &table->tensor[place];
	if (place == table->n)
		*fault = (struct fault){1, "tensor", "none of the architecture's", r->field[0], NULL};
	else if (!parse_index(t, r->field[1], &weight))
		*fault = (struct fault){2, "index", "not a weight of its tensor", r->field[1], NULL};
	else if (seen[place][weight])
		*fault = (struct fault){2, "index", "this weight came before", r->field[1], NULL};
	else if (!number_parse(r->field[2], &mean) || !(fabs(mean) <= 1e38))
		*fault = (struct fault){3, "mean", "not a number", r->field[2], number_hint(r->field[2])};
	else if (step == 2 && !(number_parse(r->field[3], &sd) && sd >= 1e-18 && sd <= 1e18))
		*fault = (struct fault){4, "sd", "not a number above 0", r->field[3], number_hint(r->field[3])};
	if (fault->rule)
		return false;
	seen[place][weight] = true;
	set_number(t, weight * step, mean);
	if (step == 2)
		set_number(t, weight * step + 1, sd * sd);
	return true;
}

static void
load_weights(int argc, char **argv, int first)
{
	struct tensors *table = &model.net.table;
	bool *seen[TENSORS], titles = header;
	struct record record = {0};
	struct view line;

	make_model();
	for (size_t i = 0; i < table->n; i++)
		seen[i] = allocate_zero(table->tensor[i].n, sizeof(bool));
	input_open(&in, argc, argv, first, NULL);
	while (input_line(&in, &line)) {
		struct fault fault = {0};

		record_split(&record, line);
		if (titles)
			titles = false;
		else if (!load_weight(&record, seen, &fault))
			input_refuse(&in, fault);
	}
	input_close(&in);
	model_save(&model, out_path);
	for (size_t i = 0; i < table->n; i++)
		free(seen[i]);
	record_free(&record);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	if (load ? !out_path || path : !path || architecture || learn.optimizer)
		die_usage("to print a model name it with -m; to make one of weights, --load and -o");
	if (out_path && (all || info || names_path))
		die_usage("--%s: for what is printed: no -o", all ? "all" : info ? "info" : "names");
	if (!load && first < argc)
		die_usage("files are read with --load: \"%.40s\"", argv[first]);
	if (load)
		load_weights(argc, argv, first);
	else if (out_path)
		export();
	else
		print();
	model_free(&model);
	return 0;
}
