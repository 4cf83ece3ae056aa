/*
 * finetune - adapt a model of one domain to another
 *
 * reads: a source model (-m); records of the target domain, group first, label last but one, features last
 * writes: a model file (-o)
 * memory: O(model); with -e above 1 the records go to a temporary file
 */
#include "../common/net/experts.h"
#include "../common/net/learn.h"

static struct learn learn = LEARN_DEFAULTS;
static const char *source_path, *append, *head, *freeze, *experts;
static double shift = NAN;
static bool warm, adaptive, blend;

static const struct cli_option options[] = {
	{'m', "model", "FILE", "source model", CLI_TEXT, &source_path, 0, 0},
	{'\0', "auto", NULL, "beliefs: eight ways to start, side by side; the best is kept (what is done if nothing is said)", CLI_FLAG, &adaptive, 0, 0},
	{'\0', "append", "LAYERS", "put new layers on top of the source", CLI_TEXT, &append, 0, 0},
	{'\0', "experts", "FILE", "with --auto: keep the eight here, for --resume", CLI_TEXT, &experts, 0, 0},
	{'\0', "freeze", "NAMES", "tensors or layers to leave as they are, by comma", CLI_TEXT, &freeze, 0, 0},
	{'\0', "head", "LAYERS", "put new layers in the place of the last one", CLI_TEXT, &head, 0, 0},
	{'\0', "mixture", NULL, "as --auto, and their mixture is kept", CLI_FLAG, &blend, 0, 0},
	{'\0', "shift", "Q", "beliefs: one way to start, with this variance between the domains", CLI_REAL, &shift, 0, 1e6},
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

/* What the target takes from the source's layers, and how it is called. */
static void
transfer(struct model *m, const struct model *source)
{
	transfer_layers(&m->net, &source->net, source->net.n_layers - (head != NULL));
	freeze_tensors(&m->net.table);
	if (m->optimiser) {
		snprintf(m->transfer, sizeof m->transfer, "%s", append ? "append" : head ? "head" : "warm");
		return;
	}
	if (adaptive)
		return;
	snprintf(m->transfer, sizeof m->transfer, "shift %g", shift);
	transfer_widen(&m->net, shift, m->variance);
}

/* A model for the target, its weights fresh or the source's. */
static void
start(struct model *m, const struct model *source)
{
	struct arch arch = target_architecture(&source->net);

	learn_choose(&learn, m, &arch, append || head ? NULL : source->optimiser ? source->optimiser->name : "beliefs");
	if (!m->optimiser && source->optimiser)
		die_usage("--optimizer: the source's weights are no beliefs; it was learnt with %s", source->optimiser->name);
	if (m->optimiser && (!isnan(shift) || adaptive))
		die_usage("--%s: for beliefs, and this model is learnt with %s", adaptive ? "auto" : "shift", m->optimiser->name);
	adaptive |= !m->optimiser && isnan(shift) && !warm;
	if (adaptive && freeze)
		die_usage("--freeze: with --shift; the eight ways of --auto start from scratch too");
	if (experts && !adaptive)
		die_usage("--experts: with --auto");
	if (warm)
		shift = 0;
	m->variance = source->variance;
	memcpy(m->parent, source->file.checksum, sizeof m->parent);
	net_init(&m->net, &arch, !m->optimiser, m->variance, m->seed);
	tensors_allocate_states(&m->net.table, m->optimiser ? m->optimiser->n_states : 0);
	transfer(m, source);
}

/* Keeps what the experts of a mixture learnt, and says which was best. */
static void
keep(struct model *m, const struct mixture *mixture)
{
	size_t winner = mixture_winner(mixture);
	const char *name = mixture_experts[winner].name;
	double weight[MIXTURE_EXPERTS], only[MIXTURE_EXPERTS] = {0};

	mixture_weights(mixture, weight);
	only[winner] = 1;
	mixture_keep(mixture, blend ? weight : only, &m->net);
	snprintf(m->transfer, sizeof m->transfer, "%s%s", blend ? "mixture, most of it " : "auto, ", name);
	warn("%s is best, with probability %.2f: %.1f nats better than from scratch, %.1f than the source alone", name,
	     weight[winner], mixture->loss[MIXTURE_SCRATCH] - mixture->loss[winner],
	     mixture->loss[MIXTURE_SOURCE] - mixture->loss[winner]);
	if (winner == MIXTURE_SCRATCH)
		warn("negative transfer: these records are learnt better without the source");
	if (experts)
		experts_save(mixture, m, experts);
}

/* The options that start a model; with --resume the experts of an adaptive one are there. */
static void
check_options(void)
{
	int ways = (append != NULL) + (head != NULL) + warm + !isnan(shift) + adaptive + blend;

	if (!source_path || !learn.out)
		die_usage("-m names the source model, -o the file that the new one goes to");
	if (ways > 1)
		die_usage("--append, --auto, --head, --mixture, --shift and --warm exclude each other");
	adaptive |= blend;
	if (!learn.resume)
		return;
	learn_check_resume(&learn);
	if (ways && !experts)
		die_usage("--resume: the model says how it started");
}

/* Fine-tunes by a mixture of ways to start. */
static void
learn_adaptively(struct model *model, const struct model *source, int argc, char **argv, int first)
{
	struct mixture mixture;

	mixture_init(&mixture, &source->net, source->variance);
	if (learn.resume)
		experts_load(&mixture, model, experts);
	learn_run(&learn, model, &mixture, argc, argv, first);
	keep(model, &mixture);
	mixture_free(&mixture);
}

int
main(int argc, char **argv)
{
	struct model model = {0}, source = {0};
	int first = cli_parse(&cli, argc, argv);

	check_options();
	if (learn.resume && !experts) {
		model_open(&model, source_path);
		model_own(&model);
		freeze_tensors(&model.net.table);
	} else {
		model_open(&source, source_path);
		start(&model, &source);
	}
	if (adaptive)
		learn_adaptively(&model, &source, argc, argv, first);
	else
		learn_run(&learn, &model, NULL, argc, argv, first);
	learn_save(&learn, &model);
	model_free(&source);
	model_free(&model);
	return 0;
}
