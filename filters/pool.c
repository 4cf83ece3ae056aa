/*
 * pool - make one model of models that learnt apart
 *
 * reads: models that started from one prior
 * writes: a model file (-o)
 * memory: O(model); the models are mapped
 */
#include "../common/net/members.h"
#include "../common/net/pool.h"
#include "../common/net/transfer.h"

static const char *prior_path, *out_path, *damp_path;
static struct cli_texts without;
static double damping = 0.5;
static bool verbose;

static const struct cli_option options[] = {
	{'m', "model", "FILE", "the model that all started from, where it was not a fresh one", CLI_TEXT, &prior_path, 0, 0},
	{'o', "output", "FILE", "where the model goes; it is replaced whole or not at all", CLI_TEXT, &out_path, 0, 0},
	{'v', "verbose", NULL, "say on stderr what was pooled", CLI_FLAG, &verbose, 0, 0},
	{'\0', "damp", "FILE", "mix the evidence with that of this model", CLI_TEXT, &damp_path, 0, 0},
	{'\0', "damping", "PART", "of --damp: how much of its evidence stays", CLI_REAL, &damping, 0, 1},
	{'\0', "without", "FILE", "take this model's evidence out again; may come more than once", CLI_TEXTS, &without, 0, 0},
};

static const struct cli cli = {"pool", "make one model of models that learnt apart", "model ...", options,
                               sizeof options / sizeof *options};

static struct members members;
static struct model prior;      /* becomes the pooled one */
static struct progress started; /* what the prior's counts say, where those of the members include them */

static void
read_members(int n, char **path)
{
	members_allocate(&members, (size_t)n + without.n + 1);
	for (int i = 0; i < n; i++)
		members_add(&members, path[i], ADDED);
	for (size_t i = 0; i < without.n; i++)
		members_add(&members, without.text[i], TAKEN_OUT);
	if (damp_path)
		members_add(&members, damp_path, DAMPED);
	members_sort(&members);
}

/* Whether they can be pooled; returns the first of those that started from one model. */
static const struct member *
check_members(void)
{
	members_check_settings(&members);
	if (members.member->model.optimiser && (without.n || damp_path))
		die_usage("--%s: for beliefs; plain weights are averaged", damp_path ? "damp" : "without");
	members_find_children(&members);
	return members_check_start(&members);
}

/* ---- the prior ---- */

/* The prior of models that were fine-tuned from a source: that source, widened. */
static void
widen(const struct member *first)
{
	const char *shift = first->model.transfer;
	double q;

	if (strncmp(shift, "shift ", 6) != 0 || !number_parse(view_of(shift + 6), &q) || q < 0)
		model_refuse(first->path, "its prior is not known: it was fine-tuned by \"%s\", not with --shift", shift);
	for (size_t i = 0; i < prior.net.table.n; i++) {
		const struct tensor *mine = &first->model.net.table.tensor[i];
		struct tensor *source = &prior.net.table.tensor[i];

		source->frozen = memcmp(mine->data, source->data, mine->n * mine->width) == 0;
	}
	transfer_widen(&prior.net, q, prior.variance, 1);
}

/* The model that -m names: the source all were fine-tuned from, or that they resumed. */
static void
open_prior(const struct member *first)
{
	const struct model *m = &first->model;
	bool source;

	model_open(&prior, prior_path);
	source = strcmp(m->parent, prior.file.checksum) == 0;
	if (!source && (strcmp(m->parent, prior.parent) != 0 || strcmp(m->transfer, prior.transfer) != 0))
		model_refuse(first->path, "it did not start from %.80s", prior_path);
	if (strcmp(safetensors_metadata(&prior.file, "architecture"), safetensors_metadata(&m->file, "architecture")) != 0 ||
	    prior.optimiser != m->optimiser)
		model_refuse(prior_path, "its architecture or optimizer is not that of %.80s", first->path);
	if (!source)
		started = prior.progress;
	for (size_t i = 0; i < members.n; i++)
		if (!members.member[i].child && members.member[i].model.progress.records < started.records)
			model_refuse(members.member[i].path, "it did not go on from %.60s: it has seen fewer records", prior_path);
	model_own(&prior);
	if (source && prior.net.beliefs)
		widen(first);
}

/* The prior of models that started afresh; of nets, which need none, memory for their mean. */
static void
make_prior(const struct member *first)
{
	const struct model *m = &first->model;

	if (m->net.beliefs && *m->parent)
		model_refuse(first->path, "it started from another model; -m names that");
	net_init(&prior.net, &m->net.arch, m->net.beliefs, m->variance, m->seed);
	tensors_allocate_states(&prior.net.table, m->optimiser ? m->optimiser->n_states : 0);
}

/* ---- pooling ---- */

enum { SUMS = 6 };

/* Adds f times the sums of a model's progress, in the order of the struct. */
static void
add_sums(struct pool_sum sum[SUMS], const struct progress *p, double f)
{
	const double part[SUMS] = {p->weight, p->loss, p->right, p->ones, p->spread, p->skill};

	for (size_t i = 0; i < SUMS; i++)
		pool_add(&sum[i], f * part[i]);
}

/* Adds what a member has learnt since the prior to the counts, or takes it away. */
static void
add_progress(const struct member *m, uint64_t *records, struct pool_sum *sum)
{
	const struct progress *p = &m->model.progress, none = {0}, *from = m->child ? &none : &started;
	double f = m->role == ADDED ? 1 : -1;

	if (m->parent || m->role == DAMPED)
		return;
	if (m->role == ADDED)
		*records += p->records - from->records;
	else if (*records - started.records < p->records - from->records)
		model_refuse(m->path, "it has seen more records than what it is to be taken out of");
	else
		*records -= p->records - from->records;
	add_sums(sum, p, f);
	add_sums(sum, from, -f);
}

/* Counts and settings of the pooled model. */
static void
describe(const struct member *first)
{
	struct pool_sum sum[SUMS] = {{0}};
	uint64_t records = started.records;
	double total[SUMS];

	add_sums(sum, &started, 1);
	for (size_t i = 0; i < members.n; i++) {
		add_progress(&members.member[i], &records, sum);
		if (members.member[i].model.set.step > prior.set.step)
			prior.set.step = members.member[i].model.set.step;
	}
	for (size_t i = 0; i < SUMS; i++)
		total[i] = sum[i].high + sum[i].low;
	for (size_t i = 0; i < SUMS - 1; i++)
		total[i] = fmax(0, total[i]);
	prior.progress = (struct progress){records, total[0], total[1], total[2], total[3], total[4], total[5]};
	prior.optimiser = first->model.optimiser;
	prior.set = (struct optimiser_settings){first->model.set.rate, first->model.set.l1, first->model.set.l2, prior.set.step};
	prior.batch = first->model.batch;
	prior.seed = first->model.seed;
	prior.variance = first->model.variance;
	prior.drift = first->model.drift;
	memcpy(prior.parent, first->model.parent, sizeof prior.parent);
	memcpy(prior.transfer, first->model.transfer, sizeof prior.transfer);
}

/* How often the evidence of a member counts. */
static double
evidence_factor(const struct member *m)
{
	double kept = damp_path ? damping : 0;

	return m->role == DAMPED ? kept : m->role == ADDED ? 1 - kept : kept - 1;
}

static void
pool(void)
{
	struct pool_part *part = allocate(members.n, sizeof *part);
	const float **numbers = allocate(members.n, sizeof *numbers);
	bool none = prior.progress.records == started.records;

	for (size_t i = 0; i < members.n; i++) {
		const struct model *m = &members.member[i].model;

		part[i].net = &m->net;
		part[i].factor = m->net.beliefs ? evidence_factor(&members.member[i])
		                 : none         ? 1
		                                : (double)(m->progress.records - started.records);
	}
	if (!prior.net.beliefs)
		pool_means(members.n, part, prior.optimiser->n_states, &prior.net, numbers);
	else if (!pool_beliefs(members.n, part, &prior.net))
		model_refuse(members.member->path, "no precision would be left: not all of these learnt from the same prior");
	free(part);
	free(numbers);
}

int
main(int argc, char **argv)
{
	int n = cli_parse(&cli, argc, argv);
	const struct member *first;

	if (!out_path || n == argc)
		die_usage("operands are the models to pool, -o names the file that the pooled one goes to");
	replacement_try(out_path);
	read_members(argc - n, argv + n);
	first = check_members();
	if (prior_path)
		open_prior(first);
	else
		make_prior(first);
	describe(first);
	pool();
	model_save(&prior, out_path);
	if (verbose)
		warn("%zu models, %" PRIu64 " records", members.n, prior.progress.records);
	members_free(&members);
	model_free(&prior);
	return 0;
}
