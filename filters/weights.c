/*
 * weights - print the weights of a model, or make a model of printed ones
 *
 * reads: a model (-m); with --load weights, one a line
 * writes: tensor, index, mean, of beliefs the standard deviation, with --names the tokens; or a file (-o): with --load a
 *     model, else the weights alone
 * memory: O(1), and the names; with --load O(model)
 */
#include "../common/io/names.h"
#include "../common/net/learner.h"
#include "../common/net/weight_text.h"

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
static struct names names;
static struct writer out;

/* ---- model to text ---- */

static void
print_tensor(const struct tensor *t, bool inputs)
{
	size_t n = weight_count(&model.net, t), wide = weight_columns(&model.net, t), next = 0;

	for (size_t i = 0; i < n; i++) {
		if (!all && weight_fresh(&model.net, t, i, model.variance))
			continue;
		weight_put(&model.net, t, i, &out);
		if (names_path) {
			writer_char(&out, '\t');
			if (inputs)
				names_put(&names, i / wide, &next, &out);
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
		names_read(&names, names_path);
	model_open(&model, path);
	writer_init(&out, STDOUT_FILENO, "stdout");
	if (info)
		print_info();
	else
		print_weights();
	writer_close(&out);
	names_free(&names);
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
		else if (!weight_take(&model.net, &record, seen, &fault))
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
