/*
 * pretrain - learn a model from records
 *
 * reads: records, group first, label last but one, features last
 * writes: a model file (-o)
 * memory: O(model); with -e above 1 the records go to a temporary file
 */
#include "../common/net/learn.h"

static struct learn learn = LEARN_DEFAULTS;
static const char *architecture;
enum { BITS = 22 };
static int64_t bits = BITS;
static double variance = BELIEF_VARIANCE;
static const char *source;

static const struct cli_option options[] = {
	{'a', "architecture", "LAYERS", "layers in order (hash BITS, dense 1 sigmoid)", CLI_TEXT, &architecture, 0, 0},
	{'b', "bits", "N", "bits of the hash, where no architecture says", CLI_INT, &bits, 1, ARCH_BITS},
	{'m', "model", "FILE", "model to resume; the output file where none is named", CLI_TEXT, &source, 0, 0},
	{'\0', "variance", "V", "of a fresh belief", CLI_REAL, &variance, 1e-6, 100},
	LEARN_OPTIONS(learn),
};

static const struct cli cli = {"pretrain", "learn a model from records", "[file ...]", options,
                               sizeof options / sizeof *options};

/* A fresh model of the architecture that the options name. */
static void
start(struct model *m)
{
	struct arch arch = arch_logistic((uint32_t)bits);
	struct arch_fault fault;

	if (architecture && bits != BITS)
		die_usage("--bits: the architecture says them");
	if (architecture && !arch_parse(&arch, architecture, &fault))
		die_usage("--architecture: %s: \"%.*s\"", fault.rule, (int)fault.word.n, fault.word.at);
	learn_choose(&learn, m, &arch, NULL);
	m->variance = variance;
	net_init(&m->net, &arch, !m->optimiser, variance, m->seed);
	tensors_allocate_states(&m->net.table, m->optimiser ? m->optimiser->n_states : 0);
}

/* The model to go on with, as it stopped; its own settings hold. */
static void
resume(struct model *m)
{
	if (architecture || bits != BITS || variance != BELIEF_VARIANCE)
		die_usage("--resume: the model says its architecture, its bits and its variance");
	learn_check_resume(&learn);
	model_open(m, source ? source : learn.out);
	if (m->pulled)
		die_usage("--resume: the model has a prior; finetune goes on with it");
	model_own(m);
}

int
main(int argc, char **argv)
{
	struct model model = {0};
	int first = cli_parse(&cli, argc, argv);

	if (!learn.out)
		die_usage("-o names the file that the model goes to");
	if (source && !learn.resume)
		die_usage("--model: with --resume; finetune starts from a model of another domain");
	if (learn.resume)
		resume(&model);
	else
		start(&model);
	learn_run(&learn, &model, NULL, argc, argv, first);
	learn_save(&learn, &model);
	model_free(&model);
	return 0;
}
