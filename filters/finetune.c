/*
 * finetune - adapt a model of one domain to another
 *
 * reads: a source model (-m); records of the target domain, group first, label last but one, features last
 * writes: a model file (-o)
 * memory: O(model); with -e above 1 the records go to a temporary file
 */
#include "../common/net/experts.h"
#include "../common/net/learn.h"
#include "../common/net/map.h"

static struct learn learn = LEARN_DEFAULTS;
static const char *source_path, *architecture, *append, *head, *freeze, *experts, *origin;
static double shift = NAN, strength = NAN, layer_rate = NAN;
static int64_t unfreeze = -1;
static bool warm, adaptive, blend, fisher, mapped;

/* How a net starts. */
enum way { WAY_FULL, WAY_FROZEN, WAY_SCRATCH, WAYS };
static const char *const way_names[WAYS] = {"full", "frozen body", "scratch"};

/* The variance of the shift between domains of which nothing is known. */
static const double usual_shift = 0.01;

static const struct cli_option options[] = {
	{'a', "architecture", "LAYERS", "of a source model that another program made", CLI_TEXT, &architecture, 0, 0},
	{'m', "model", "FILE", "source model", CLI_TEXT, &source_path, 0, 0},
	{'\0', "auto", NULL, "try several ways to start and keep the best (what is done with beliefs if nothing is said)", CLI_FLAG, &adaptive, 0, 0},
	{'\0', "append", "LAYERS", "put new layers on top of the source", CLI_TEXT, &append, 0, 0},
	{'\0', "experts", "FILE", "with --auto: keep the eight here, for --resume", CLI_TEXT, &experts, 0, 0},
	{'\0', "fisher", NULL, "with --prior: weigh it by how sure the source is of each weight", CLI_FLAG, &fisher, 0, 0},
	{'\0', "freeze", "NAMES", "tensors or layers to leave as they are, by comma", CLI_TEXT, &freeze, 0, 0},
	{'\0', "head", "LAYERS", "put new layers in the place of the last one", CLI_TEXT, &head, 0, 0},
	{'\0', "layer-rate", "R", "nets: each layer at R times the rate of the one above", CLI_REAL, &layer_rate, 0, 1},
	{'\0', "map", NULL, "embed, fm: learn from scratch, then map the source's vectors of what the records lack", CLI_FLAG, &mapped, 0, 0},
	{'\0', "mixture", NULL, "as --auto, and their mixture is kept", CLI_FLAG, &blend, 0, 0},
	{'\0', "prior", "L", "penalty on half the square of the way from the source's weights", CLI_REAL, &strength, 0, 1e15},
	{'\0', "shift", "Q", "beliefs: one way to start, with this variance between the domains", CLI_REAL, &shift, 0, 1e6},
	{'\0', "source", "FILE", "with --resume and --prior: the source model", CLI_TEXT, &origin, 0, 0},
	{'\0', "unfreeze", "EVERY", "nets: from the top, one more layer learns every EVERY records", CLI_INT, &unfreeze, 0, 1e15},
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

/* Freezes and slows what the options say. */
static void
restrain(struct net *net)
{
	freeze_tensors(&net->table);
	if (isnan(layer_rate) && unfreeze < 0)
		return;
	if (net->beliefs || transfer_pace(net, isnan(layer_rate) ? 1 : layer_rate, unfreeze > 0 ? (uint64_t)unfreeze : 0) < 2)
		die_usage("--%s: the model has one layer", isnan(layer_rate) ? "unfreeze" : "layer-rate");
}

/* Centres a prior on the source's weights in the first `layers` layers. What the model knows of how far it is holds. */
static void
centre(struct model *m, const struct model *source, size_t layers)
{
	struct prior p = prior_of(strength, &source->net, layers, m->optimiser);
	const char *squares = source->optimiser ? source->optimiser->name : "";

	if (m->pulled) {
		p.records = m->prior.records;
		p.time = m->prior.time;
		p.steps = m->prior.steps;
	}
	if (fisher) {
		p.precision = source->optimiser ? PRIOR_SQUARES : PRIOR_BELIEFS;
		p.fresh = source->variance;
		p.batch = (double)source->batch;
		p.squares = strcmp(squares, "ftrl") == 0;
		if (source->optimiser && !p.squares && strcmp(squares, "adagrad") != 0)
			die_usage("--fisher: how sure the source is, beliefs, adagrad and ftrl know; it was learnt with %s", squares);
	}
	m->prior = p;
	m->pulled = true;
}

/* How many layers are the body, from the first: what the source has under a new layer, or under its own last one. */
static size_t
body_layers(const struct net *source)
{
	return source->n_layers - !append;
}

/* A net of plain weights takes what the way says from the source; and how that is called. */
static void
transfer_weights(struct model *m, const struct model *source, enum way way)
{
	size_t layers = source->net.n_layers - (head != NULL);
	const char *name = append ? "append" : head ? "head" : mapped ? "map" : "warm";

	if (way != WAY_SCRATCH && !mapped)
		transfer_layers(&m->net, &source->net, layers);
	if (way == WAY_FROZEN)
		transfer_freeze(&m->net, body_layers(&source->net));
	restrain(&m->net);
	if (!isnan(strength))
		centre(m, source, layers);
	if (adaptive)
		snprintf(m->transfer, sizeof m->transfer, "auto, %s%s%s", append || head ? name : "", append || head ? ", " : "",
		         way_names[way]);
	else if (!isnan(strength))
		snprintf(m->transfer, sizeof m->transfer, "%s, prior %g%s", name, strength, fisher ? " fisher" : "");
	else
		snprintf(m->transfer, sizeof m->transfer, "%s", name);
}

/* Beliefs start from the source's, widened; the experts of an adaptive model do so by themselves. */
static void
transfer_beliefs(struct model *m, const struct model *source)
{
	char text[NUMBER_MAX];

	transfer_layers(&m->net, &source->net, source->net.n_layers);
	restrain(&m->net);
	if (adaptive)
		return;
	snprintf(m->transfer, sizeof m->transfer, "shift %.*s", (int)number_print_exact(text, shift), text);
	transfer_widen(&m->net, shift, m->variance);
}

/* A model for the target, its weights fresh or the source's. */
static void
start(struct model *m, const struct model *source, enum way way)
{
	struct arch arch = target_architecture(&source->net);

	learn_choose(&learn, m, &arch, append || head ? NULL : source->optimiser ? source->optimiser->name : "beliefs");
	if (!m->optimiser && source->optimiser)
		die_usage("--optimizer: the source's weights are no beliefs; it was learnt with %s", source->optimiser->name);
	if (m->optimiser && (!isnan(shift) || blend))
		die_usage("--%s: for beliefs, and this model is learnt with %s", blend ? "mixture" : "shift", m->optimiser->name);
	if (!m->optimiser && !isnan(strength))
		die_usage("--prior: the source's beliefs are the prior; --shift says how far they are trusted");
	if (adaptive && learn.forget > 0)
		die_usage("--forget: with --shift or --warm; --auto knows no forgetting");
	if (!m->optimiser && isnan(shift) && learn.forget > 0)
		shift = usual_shift;
	adaptive |= !m->optimiser && isnan(shift) && !warm;
	if (adaptive && (freeze || !isnan(strength) || !isnan(layer_rate) || unfreeze >= 0))
		die_usage("--%s: with one way to start; --auto starts from scratch too",
		          freeze ? "freeze" : !isnan(strength) ? "prior" : unfreeze >= 0 ? "unfreeze" : "layer-rate");
	if (mapped && (!m->optimiser || !m->optimiser->n_states || !source->optimiser || !source->optimiser->n_states ||
	               source->stateless))
		die_usage("--map: adagrad, ftrl and adam know which vectors they have learnt");
	if (mapped && (!isnan(strength) || (arch.layer[1].kind != LAYER_EMBED && arch.layer[1].kind != LAYER_FM)))
		die_usage("--map: %s", !isnan(strength) ? "it starts from scratch, without --prior" : "the first layer is no embed or fm");
	if (experts && (!adaptive || m->optimiser))
		die_usage("--experts: with --auto, for beliefs");
	if (warm)
		shift = 0;
	m->variance = source->variance;
	memcpy(m->parent, source->file.checksum, sizeof m->parent);
	net_init(&m->net, &arch, !m->optimiser, m->variance, m->seed);
	if (m->optimiser)
		transfer_weights(m, source, way);
	else
		transfer_beliefs(m, source);
	tensors_allocate_states(&m->net.table, model_states(m));
}

/* The model goes on from where it stopped; its source is opened where a prior is centred on it. */
static void
resume(struct model *m, struct model *source)
{
	model_open(m, source_path);
	if (m->pulled != !isnan(strength))
		die_usage("--resume: %s", m->pulled ? "the model has a prior; --prior and --source name it again" : "the model has no prior");
	model_own(m);
	restrain(&m->net);
	if (!m->pulled)
		return;
	if (!origin)
		die_usage("--prior: with --resume, --source names the source model");
	model_open(source, origin);
	if (strcmp(m->parent, source->file.checksum) != 0)
		die_usage("--source: not what the model came from: %s", origin);
	centre(m, source, source->net.n_layers - (strncmp(m->transfer, "head", 4) == 0));
}

/* Keeps what the experts of a mixture learnt, and says which was best. */
static void
keep(struct model *m, const struct mixture *mixture)
{
	size_t winner = mixture_winner(mixture);
	const char *name = mixture_experts[winner].name;
	double only[MIXTURE_EXPERTS] = {0};

	only[winner] = 1;
	mixture_keep(mixture, blend ? mixture->weight : only, &m->net);
	snprintf(m->transfer, sizeof m->transfer, "%s%s", blend ? "mixture, most of it " : "auto, ", name);
	warn("%s is best, with probability %.2f: %.1f nats better than from scratch, %.1f than the source alone", name,
	     mixture->weight[winner], mixture->loss[MIXTURE_SCRATCH] - mixture->loss[winner],
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
	int ways = (append != NULL) + (head != NULL) + warm + !isnan(shift) + blend + mapped;

	if (!source_path || !learn.out)
		die_usage("-m names the source model, -o the file that the new one goes to");
	if (ways > 1 || (adaptive && ways && !append && !head))
		die_usage("--append, --auto, --head, --map, --mixture, --shift and --warm exclude each other");
	if (fisher && isnan(strength))
		die_usage("--fisher: with --prior");
	if (origin && (!learn.resume || isnan(strength)))
		die_usage("--source: with --resume and --prior");
	adaptive |= blend;
	if (!learn.resume)
		return;
	learn_check_resume(&learn);
	if (((ways || adaptive) && !experts) || architecture)
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

/* Fills in the rows that the records lacked, and says how well the source's tell those that they had. */
static void
map_source(struct model *m, const struct model *source)
{
	struct map_result result = map_rows(&m->net, &source->net);

	warn("%zu vectors mapped by %zu that both have; of the variance of those, held out, the map explains %.3g %%",
	     result.mapped, result.pairs, isnan(result.explained) ? 0 : 100 * result.explained);
}

/* Tries ways to start, judged on every fifth record, which they do not learn; the best then learns all of them. */
static void
learn_best(struct model *model, const struct model *source, int argc, char **argv, int first)
{
	double loss[WAYS] = {INFINITY, INFINITY, INFINITY};
	enum way best = WAY_FULL;
	struct progress judged;

	learn_store(&learn, model, argc, argv, first);
	for (enum way way = WAY_FULL; way < WAYS; way++) {
		struct model trial = {0};

		if (way == WAY_FROZEN && transfer_tensors(&source->net, body_layers(&source->net)) == 0)
			continue;
		start(&trial, source, way);
		judged = learn_trial(&learn, &trial, 5);
		loss[way] = judged.weight > 0 && isfinite(judged.loss) ? judged.loss / judged.weight : INFINITY;
		best = loss[way] < loss[best] ? way : best;
		model_free(&trial);
		if (isfinite(loss[way]))
			warn("%s: mean loss %.6g on %" PRIu64 " records held out", way_names[way], loss[way], judged.records);
	}
	warn("%s is best", way_names[best]);
	if (best == WAY_SCRATCH)
		warn("negative transfer: these records are learnt better without the source");
	model_free(model);
	*model = (struct model){0};
	start(model, source, best);
	learn_run(&learn, model, NULL, argc, argv, first);
}

int
main(int argc, char **argv)
{
	struct model model = {0}, source = {0};
	int first = cli_parse(&cli, argc, argv);

	check_options();
	if (learn.resume && !experts) {
		resume(&model, &source);
	} else {
		model_open_as(&source, source_path, architecture);
		start(&model, &source, WAY_FULL);
	}
	if (adaptive && model.optimiser)
		learn_best(&model, &source, argc, argv, first);
	else if (adaptive)
		learn_adaptively(&model, &source, argc, argv, first);
	else
		learn_run(&learn, &model, NULL, argc, argv, first);
	if (mapped)
		map_source(&model, &source);
	learn_save(&learn, &model);
	model_free(&source);
	model_free(&model);
	return 0;
}
