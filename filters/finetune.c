/*
 * finetune - adapt a model of one domain to another
 *
 * reads: a source model (-m); records of the target domain, group first, label last but one, features last
 * writes: a model file (-o)
 * memory: O(model); with -e above 1 the records go to a temporary file
 */
#include "../common/net/learn.h"
#include "../common/net/transfer.h"

static struct learn learn = LEARN_DEFAULTS;
static const char *source_path, *append, *head, *freeze;
static double shift = NAN;
static bool warm;

/* The variance of the shift between two domains of which nothing is known. */
static const double usual_shift = 0.01;

static const struct cli_option options[] = {
	{'m', "model", "FILE", "source model", CLI_TEXT, &source_path, 0, 0},
	{'\0', "append", "LAYERS", "put new layers on top of the source", CLI_TEXT, &append, 0, 0},
	{'\0', "freeze", "NAMES", "tensors or layers to leave as they are, by comma", CLI_TEXT, &freeze, 0, 0},
	{'\0', "head", "LAYERS", "put new layers in the place of the last one", CLI_TEXT, &head, 0, 0},
	{'\0', "shift", "Q", "beliefs: variance between the domains (0.01)", CLI_REAL, &shift, 0, 1e6},
	{'\0', "warm", NULL, "start from the source's weights as they are (for nets this is all)", CLI_FLAG, &warm, 0, 0},
	LEARN_OPTIONS(learn),
};

static const struct cli cli = {"finetune", "adapt a model of one domain to another", "[file ...]", options,
                               sizeof options / sizeof *options};

/* The target's architecture: the source's, with the layers that --append or --head names. */
static struct arch
target_architecture(const struct net *source)
{
	struct arch arch = source->arch;
	struct arch_fault fault;
	const char *layers = append ? append : head;

	if (head && --arch.n < 2)
		die_usage("--head: nothing of the source would be left; pretrain learns from scratch");
	if (layers && !arch_append(&arch, layers, &fault))
		die_usage("--%s: %s: \"%.*s\"", append ? "append" : "head", fault.rule, (int)fault.word.n, fault.word.at);
	return arch;
}

/* Freezes what --freeze names. */
static void
freeze_tensors(struct tensors *table)
{
	const char *part;

	if (!freeze || tensors_freeze(table, freeze, &part))
		return;
	for (size_t i = 0; i < table->n; i++)
		warn("tensor \"%s\"", table->tensor[i].name);
	die_usage("--freeze: none of the tensors above: \"%.*s\"", (int)strcspn(part, ","), part);
}

/* A model for the target, with what it takes from the source. */
static void
start(struct model *m)
{
	struct model source;
	struct arch arch;

	model_open(&source, source_path);
	arch = target_architecture(&source.net);
	learn_choose(&learn, m, &arch, append || head ? NULL : source.optimiser ? source.optimiser->name : "beliefs");
	if (!m->optimiser && source.optimiser)
		die_usage("--optimizer: the source's weights are no beliefs; it was learnt with %s", source.optimiser->name);
	if (m->optimiser && !isnan(shift))
		die_usage("--shift: for beliefs, and this model is learnt with %s", m->optimiser->name);
	if (!m->optimiser && isnan(shift))
		shift = warm ? 0 : usual_shift;
	m->variance = source.variance;
	memcpy(m->parent, source.file.checksum, sizeof m->parent);
	net_init(&m->net, &arch, !m->optimiser, m->variance, m->seed);
	tensors_allocate_states(&m->net.table, m->optimiser ? m->optimiser->n_states : 0);
	transfer_layers(&m->net, &source.net, source.net.n_layers - (head != NULL));
	freeze_tensors(&m->net.table);
	if (m->optimiser)
		snprintf(m->transfer, sizeof m->transfer, "%s", append ? "append" : head ? "head" : "warm");
	else
		snprintf(m->transfer, sizeof m->transfer, "shift %g", shift);
	if (!m->optimiser)
		transfer_widen(&m->net, shift, m->variance);
	model_free(&source);
}

int
main(int argc, char **argv)
{
	struct model model = {0};
	int first = cli_parse(&cli, argc, argv);

	if (!source_path || !learn.out)
		die_usage("-m names the source model, -o the file that the new one goes to");
	if ((append != NULL) + (head != NULL) + warm + !isnan(shift) + learn.resume > 1)
		die_usage("--append, --head, --shift, --warm and --resume exclude each other");
	if (learn.resume) {
		learn_check_resume(&learn);
		model_open(&model, source_path);
		model_own(&model);
		freeze_tensors(&model.net.table);
	} else {
		start(&model);
	}
	learn_run(&learn, &model, NULL, argc, argv, first);
	learn_save(&learn, &model);
	model_free(&model);
	return 0;
}
