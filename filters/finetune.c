/*
 * finetune - adapt a model of one domain to another
 *
 * reads: a source model (-m); records of the target domain, group first, label last but one, features last
 * writes: a model file (-o)
 * memory: O(model), and with --auto 64 bytes for each weight that the records touch; with -e above 1 the records go to
 *         a temporary file
 */
#include "../common/net/experts.h"
#include "../common/net/map.h"
#include "../common/net/start.h"

static struct learn learn = LEARN_DEFAULTS;
static struct start target = START_DEFAULTS;
static const char *source_path, *architecture;

static const struct cli_option options[] = {
	{'a', "architecture", "LAYERS", "of a source model that another program made", CLI_TEXT, &architecture, 0, 0},
	{'m', "model", "FILE", "source model", CLI_TEXT, &source_path, 0, 0},
	{'\0', "auto", NULL, "try several ways to start and keep one (what is done with beliefs if nothing is said)", CLI_FLAG, &target.adaptive, 0, 0},
	{'\0', "append", "LAYERS", "put new layers on top of the source", CLI_TEXT, &target.append, 0, 0},
	{'\0', "experts", "FILE", "with --auto: keep the eight here, for --resume", CLI_TEXT, &target.experts, 0, 0},
	{'\0', "fisher", NULL, "with --prior: weigh it by how sure the source is of each weight", CLI_FLAG, &target.fisher, 0, 0},
	{'\0', "freeze", "NAMES", "tensors or layers to leave as they are, by comma", CLI_TEXT, &target.freeze, 0, 0},
	{'\0', "fresh", "N", "with --shift: beliefs about what the source never saw, N times as wide as fresh", CLI_REAL, &target.fresh, 1e-6, 1e6},
	{'\0', "head", "LAYERS", "put new layers in the place of the last one", CLI_TEXT, &target.head, 0, 0},
	{'\0', "layer-rate", "R", "nets: each layer at R times the rate of the one above", CLI_REAL, &target.layer_rate, 0, 1},
	{'\0', "map", NULL, "embed, fm: learn from scratch, then map the source's vectors of what the records lack", CLI_FLAG, &target.mapped, 0, 0},
	{'\0', "mixture", NULL, "as --auto, and their mixture is kept", CLI_FLAG, &target.blend, 0, 0},
	{'\0', "prior", "L", "penalty on half the square of the way from the source's weights", CLI_REAL, &target.strength, 0, 1e15},
	{'\0', "shift", "Q", "beliefs: one way to start, with this variance between the domains", CLI_REAL, &target.shift, 0, 1e6},
	{'\0', "source", "FILE", "with --resume and --prior: the source model", CLI_TEXT, &target.origin, 0, 0},
	{'\0', "unfreeze", "EVERY", "nets: from the top, one more layer learns every EVERY records", CLI_INT, &target.unfreeze, 0, 1e15},
	{'\0', "warm", NULL, "start from the source's weights as they are (for nets this is all)", CLI_FLAG, &target.warm, 0, 0},
	LEARN_OPTIONS(learn),
};

static const struct cli cli = {"finetune", "adapt a model of one domain to another", "[file ...]", options,
                               sizeof options / sizeof *options};

/* To one decimal, as it is said: never -0. */
static double
tenths(double nats)
{
	return round(nats * 10) / 10 + 0.0;
}

/* Keeps what the experts of a mixture learnt, and says what of it. Of noise nothing is kept, whatever they made of it. */
static void
keep(struct model *m, const struct mixture *mixture, const struct progress *of_source)
{
	bool noise = progress_is_noise(of_source), blend = target.blend && !noise;
	size_t winner = noise ? MIXTURE_SCRATCH : blend ? mixture_likeliest(mixture) : mixture_winner(mixture);
	const char *name = mixture_experts[winner].name;
	double only[MIXTURE_EXPERTS] = {0}, use = mixture_use(mixture);

	only[winner] = 1;
	mixture_keep(mixture, blend ? mixture->weight : only, &m->net);
	snprintf(m->transfer, sizeof m->transfer, "%s%s", blend ? "mixture, most of it " : "auto, ", name);
	if (target.experts)
		experts_save(mixture, m, target.experts);
	if (noise) {
		warn("%s is kept: the source's weights are no more than noise; of its own %" PRIu64 " records they said no more "
		     "than a constant does (z = %.1f)", name, of_source->records, progress_z(of_source));
		return;
	}
	warn("%s%s is kept: the source is of use with probability %.2f; "
	     "%.1f nats better than from scratch, %.1f than the source alone",
	     blend ? "a mixture, most of it " : "", name, use, tenths(mixture->loss[MIXTURE_SCRATCH] - mixture->loss[winner]),
	     tenths(mixture->loss[MIXTURE_SOURCE] - mixture->loss[winner]));
	if (use < 0.5)
		warn("negative transfer: these records are learnt better without the source");
	else if (use < 1 - mixture_priors[MIXTURE_SCRATCH] - mixture_priors[MIXTURE_BIAS] - 1e-9)
		warn("few records to tell from: they speak against the source, but not enough to give it up");
}

/* The options that start a model; with --resume the experts of an adaptive one are there. */
static void
check_options(void)
{
	int ways = (target.append != NULL) + (target.head != NULL) + target.warm + !isnan(target.shift) +
	           target.blend + target.mapped;

	if (!source_path || !learn.out)
		die_usage("-m names the source model, -o the file that the new one goes to");
	if (ways > 1 || (target.adaptive && ways && !target.append && !target.head))
		die_usage("--append, --auto, --head, --map, --mixture, --shift and --warm exclude each other");
	if (!isnan(target.fresh) && isnan(target.shift))
		die_usage("--fresh: with --shift");
	if (target.fisher && isnan(target.strength))
		die_usage("--fisher: with --prior");
	if (target.origin && (!learn.resume || isnan(target.strength)))
		die_usage("--source: with --resume and --prior");
	target.adaptive |= target.blend;
	if (!learn.resume)
		return;
	learn_check_resume(&learn);
	if (((ways || target.adaptive) && !target.experts) || architecture)
		die_usage("--resume: the model says how it started");
}

/* Fine-tunes by a mixture of ways to start. */
static void
learn_adaptively(struct model *model, const struct model *source, int argc, char **argv, int first)
{
	struct mixture mixture;

	mixture_init(&mixture, &source->net, source->variance);
	if (learn.resume)
		experts_load(&mixture, model, target.experts);
	learn_run(&learn, model, &mixture, argc, argv, first);
	keep(model, &mixture, &source->progress);
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

/* The mean loss of a way to start on every fifth record, which it does not learn; on further fifths where these are few. */
static double
try_way(const struct model *source, enum way way)
{
	enum { FOLDS = 5, ENOUGH = 100 }; /* records that tell the ways apart */
	struct progress judged = {0};

	for (uint64_t fold = FOLDS; fold-- && judged.records < ENOUGH;) {
		struct model trial = {0};
		struct progress part;

		start_model(&target, &learn, &trial, source, way);
		part = learn_trial(&learn, &trial, FOLDS, fold);
		judged.records += part.records;
		judged.weight += part.weight;
		judged.loss += part.loss;
		model_free(&trial);
	}
	if (!(judged.weight > 0) || !isfinite(judged.loss))
		return INFINITY;
	warn("%s: mean loss %.6g on %" PRIu64 " records held out", way_names[way],
	     judged.loss / judged.weight, judged.records);
	return judged.loss / judged.weight;
}

/* Tries ways to start on records that are held out; the best then learns all of them. */
static void
learn_best(struct model *model, const struct model *source, int argc, char **argv, int first)
{
	bool body = transfer_tensors(&source->net, start_body(&target, &source->net)) > 0;
	double loss, least = INFINITY;
	enum way best = WAY_FULL;

	learn_store(&learn, model, argc, argv, first);
	for (enum way way = WAY_FULL; way < WAYS; way++) {
		if (!body && (way == WAY_FROZEN || way == WAY_FASTER))
			continue;
		loss = try_way(source, way);
		best = loss < least ? way : best;
		least = loss < least ? loss : least;
	}
	warn("%s is best", way_names[best]);
	if (best == WAY_SCRATCH)
		warn("negative transfer: these records are learnt better without the source");
	model_free(model);
	*model = (struct model){0};
	start_model(&target, &learn, model, source, best);
	learn_run(&learn, model, NULL, argc, argv, first);
}

int
main(int argc, char **argv)
{
	struct model model = {0}, source = {0};
	int first = cli_parse(&cli, argc, argv);

	check_options();
	if (learn.resume && !target.experts) {
		start_resumed(&target, &model, source_path, &source);
	} else {
		model_open_as(&source, source_path, architecture);
		start_model(&target, &learn, &model, &source, WAY_FULL);
	}
	if (target.adaptive && model.optimiser)
		learn_best(&model, &source, argc, argv, first);
	else if (target.adaptive)
		learn_adaptively(&model, &source, argc, argv, first);
	else
		learn_run(&learn, &model, NULL, argc, argv, first);
	if (target.mapped)
		map_source(&model, &source);
	learn_save(&learn, &model);
	model_free(&source);
	model_free(&model);
	return 0;
}
