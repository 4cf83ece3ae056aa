/*
 * mixture.c - adaptive transfer: every expert is a pass with its method alone, and the mixture is never far behind.
 */
#include <sys/wait.h>

#include "../common/net/experts.h"
#include "tap.h"

enum { BITS = 5, RECORDS = 400, SOURCE_SEED = 7 };

/*
 * Records of a few features each; labels by a rule that depends on the seed, turned round where `flip` says. The source
 * never sees the last eight features.
 */
static void
make_records(struct batch *batch, enum activation head, size_t K, size_t n, uint64_t seed, bool (*flip)(size_t))
{
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = random_bits(seed, i);
		uint32_t known = (1 << BITS) - (seed == SOURCE_SEED ? 8 : 0);
		size_t in_group = i % 5;
		float label;

		features_reserve(&batch->features, 4);
		for (uint32_t j = 0; j < 4; j++)
			features_add(&batch->features, (uint32_t)(bits >> 8 * j) % known, j ? 1 : 0.5f);
		features_merge(&batch->features, batch->n ? batch->start[batch->n] : 0);
		label = (float)(bits % 3 == 0);
		if (head == SOFTMAX)
			label = (float)(bits % K);
		else if (head == CHOICE)
			label = (float)(in_group == 2);
		if (flip && head == SIGMOID && flip(i))
			label = 1 - label;
		batch_close_record(batch, label, head == CHOICE ? 1 : 0.5f + (float)(i % 2));
	}
}

static void
learn(struct trainer *t, const struct batch *batch, enum activation head)
{
	size_t step = head == CHOICE ? 5 : 1;

	for (size_t at = 0; at < batch->n; at += step)
		train(t, batch, at, step);
}

static void
make_source(struct net *source, const char *layers)
{
	struct arch arch;
	struct arch_fault fault;
	struct batch batch = {0};
	struct trainer t;

	if (!arch_parse(&arch, layers, &fault))
		abort();
	net_init(source, &arch, true, 0.3, 1);
	trainer_init(&t, source, 0, NULL, (struct optimiser_settings){0}, 1);
	make_records(&batch, arch_head(&arch), net_outputs(source), RECORDS, SOURCE_SEED, NULL);
	learn(&t, &batch, arch_head(&arch));
	trainer_free(&t);
	batch_free(&batch);
}

static bool
same_tensors(const struct net *a, const struct net *b)
{
	bool same = true;

	for (size_t i = 0; i < a->table.n; i++)
		same &= memcmp(a->table.tensor[i].data, b->table.tensor[i].data,
		               a->table.tensor[i].n * a->table.tensor[i].width) == 0;
	return same;
}

/* What the expert would have learnt by itself. */
static void
learn_alone(struct net *net, size_t e, const struct net *source, const struct batch *batch, double *loss)
{
	enum activation head = arch_head(&source->arch);
	struct trainer t;

	net_init(net, &source->arch, true, 0.3, 1);
	if (e >= MIXTURE_SOURCE)
		transfer_layers(net, source, 1);
	for (size_t i = 0; e == MIXTURE_BIAS && i < net->table.n; i++)
		if (net->table.tensor[i].width == sizeof(float)) {
			for (size_t j = 0; j < net->table.tensor[i].n; j += 2)
				if (transfer_unknown((double)tensor_floats(&source->table.tensor[i])[j],
				                     (double)tensor_floats(&source->table.tensor[i])[j + 1], 0.3))
					tensor_floats(&net->table.tensor[i])[j + 1] = 0.9f;
		} else {
			double *bias = memcpy(net->table.tensor[i].data, source->table.tensor[i].data, net->table.tensor[i].n * sizeof *bias);

			for (size_t j = 1; j < net->table.tensor[i].n; j += 2)
				bias[j] += 0.01;
		}
	if (e > MIXTURE_SOURCE)
		transfer_widen(net, mixture_experts[e].shift, 0.3, mixture_experts[e].fresh);
	for (size_t i = 0; e == MIXTURE_SOURCE && i < net->table.n; i++)
		net->table.tensor[i].frozen = true;
	trainer_init(&t, net, 0, NULL, (struct optimiser_settings){0}, 1);
	learn(&t, batch, head);
	*loss = t.progress.loss;
	trainer_free(&t);
}

static void
test_experts(const char *layers, const struct mixture_kernel *kernel)
{
	struct net source, kept, alone;
	struct mixture m;
	struct trainer t;
	struct batch batch = {0};
	enum activation head;

	make_source(&source, layers);
	head = arch_head(&source.arch);
	make_records(&batch, head, net_outputs(&source), RECORDS, 8, NULL);
	net_init(&kept, &source.arch, true, 0.3, 1);
	mixture_init(&m, &source, 0.3);
	m.kernel = kernel;
	trainer_init(&t, &kept, 0, NULL, (struct optimiser_settings){0}, 1);
	t.mixture = &m;
	learn(&t, &batch, head);
	for (size_t e = 0; e < MIXTURE_EXPERTS; e++) {
		double only[MIXTURE_EXPERTS] = {0}, loss;

		only[e] = 1;
		mixture_keep(&m, only, &kept);
		learn_alone(&alone, e, &source, &batch, &loss);
		tap_ok(same_tensors(&kept, &alone) && fabs(loss - m.loss[e]) < 1e-9 * loss, "%s, %s: %s is a pass by itself, bit for bit",
		       kernel->name, layers, mixture_experts[e].name);
		net_free(&alone);
	}
	tap_ok(fabs(t.progress.loss - m.mixed) < 1e-9 * m.mixed, "%s, %s: the progress is the mixture's", kernel->name,
	       layers);
	mixture_free(&m);
	trainer_free(&t);
	batch_free(&batch);
	net_free(&kept);
	net_free(&source);
}

static bool
never(size_t i)
{
	(void)i;
	return false;
}

static bool
always(size_t i)
{
	(void)i;
	return true;
}

static bool
late(size_t i)
{
	return i > RECORDS / 3;
}

static bool
to_and_fro(size_t i)
{
	return i / 20 % 2;
}

/* Without a record the experts are as probable as their priors, and the source is given a chance. */
static void
test_priors(void)
{
	struct mixture m = {.kernel = mixture_kernels + sizeof mixture_kernels / sizeof *mixture_kernels - 1};
	double sum = 0, worst = 0, mixed = m.kernel->weigh(m.weight, m.loss);

	for (size_t e = 0; e < MIXTURE_EXPERTS; e++) {
		sum += mixture_priors[e];
		worst = fmax(worst, fabs(m.weight[e] - mixture_priors[e]));
	}
	tap_ok(fabs(sum - 1) < 1e-15 && worst < 1e-15 && fabs(mixed) < 1e-15,
	       "without a record the experts' weights are their priors");
	tap_ok(mixture_experts[mixture_winner(&m)].shift == 0.01, "without a record a shift of 0.01 is kept");
	tap_ok(fabs(mixture_use(&m) - 10.0 / 12) < 1e-12, "and the source is likelier of use than not");
	m.loss[4] = -1;
	mixed = m.kernel->weigh(m.weight, m.loss);
	tap_ok(fabs(m.weight[4] - exp(1) / (11 + exp(1))) < 1e-12 && fabs(mixed + log((11 + exp(1)) / 12)) < 1e-12,
	       "an expert who is a nat ahead is as probable as Bayes has it");
	tap_ok(mixture_winner(&m) == 4, "and then the median"); /* 3 + 1 and 5 beside 2.7 */
	m.loss[4] = 0;
	m.loss[7] = -log(4); /* 3 1 1 3 1 4: the likeliest, but on the fringe */
	m.kernel->weigh(m.weight, m.loss);
	tap_ok(mixture_likeliest(&m) == 7 && mixture_winner(&m) == 5, "the likeliest at one end is not the median");
	m.loss[7] = -log(9); /* 9 of 18 */
	m.kernel->weigh(m.weight, m.loss);
	tap_ok(mixture_winner(&m) == 7, "unless all others together are no likelier");
	m.loss[7] = 0;
	for (size_t e = MIXTURE_SCRATCH; e <= MIXTURE_BIAS; e++) {
		m.loss[e] = -log(8.9); /* 9.9 of 19.9 */
		m.kernel->weigh(m.weight, m.loss);
		tap_ok(mixture_winner(&m) == MIXTURE_USUAL, "%s does not win as long as the source is likelier of use", mixture_experts[e].name);
		m.loss[e] = -log(9.1);
		m.kernel->weigh(m.weight, m.loss);
		tap_ok(mixture_winner(&m) == MIXTURE_SCRATCH, "but then scratch is kept");
		m.loss[e] = 0;
	}
}

/* Of who is far off each kernel says so, and of others it judges as belief.h and loss.h do one by one. */
static void
test_judge(const struct mixture_kernel *kernel)
{
	double s[MIXTURE_EXPERTS], S[MIXTURE_EXPERTS], p[MIXTURE_EXPERTS], loss[MIXTURE_EXPERTS], gain[MIXTURE_EXPERTS];
	double shrink[MIXTURE_EXPERTS];
	struct mixture_view view = {s, S, p, loss, gain, shrink};
	size_t wrong = 0, n_far = 0;

	for (uint64_t i = 0; i < 20000; i++) {
		double y = (double)(i % 2), weight = i % 3 ? 1 : 2.5;
		bool far = false, judged;

		for (size_t e = 0; e < MIXTURE_EXPERTS; e++) {
			S[e] = i % 5 ? random_uniform(i, 2 * e) : 0;
			s[e] = (i % 7 ? 8 : 16.2) * (2 * random_uniform(i, 2 * e + 1) - 1) * sqrt(1 + MATH_PI / 8 * S[e]);
			far |= fabs(belief_moderate(s[e], S[e])) > 16;
		}
		if (i == 14)
			s[5] = NAN, far = true;
		judged = kernel->judge(y, weight, view);
		wrong += judged == far;
		n_far += far;
		for (size_t e = 0; e < MIXTURE_EXPERTS && judged; e++) {
			double z = belief_moderate(s[e], S[e]), probability, own_gain, own_shrink;

			head_probability(SIGMOID, 1, 1, &probability, &z);
			belief_gain(probability, y, S[e], e == MIXTURE_SOURCE ? 0 : weight, &own_gain, &own_shrink);
			wrong += p[e] != probability || loss[e] != weight * head_loss(SIGMOID, 1, &z, &probability, (float)y) ||
			         gain[e] != own_gain || shrink[e] != own_shrink;
		}
	}
	tap_ok(wrong == 0 && n_far > 100, "%s judges as one expert by itself, bit for bit", kernel->name);
}

/* Weights as they are defined, also of experts without a chance. */
static void
test_weigh(const struct mixture_kernel *kernel)
{
	double loss[MIXTURE_EXPERTS], weight[MIXTURE_EXPERTS], likelihood[MIXTURE_EXPERTS];
	size_t wrong = 0;

	for (uint64_t i = 0; i < 5000; i++) {
		double best = INFINITY, sum = 0;

		for (size_t e = 0; e < MIXTURE_EXPERTS; e++) {
			loss[e] = 1000 + (i % 2 ? 3 : 1500) * random_uniform(i, e);
			best = fmin(best, loss[e]);
		}
		for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
			sum += likelihood[e] = mixture_priors[e] * math_exp(best - loss[e]);
		wrong += kernel->weigh(weight, loss) != best - math_log(sum);
		for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
			wrong += weight[e] != likelihood[e] / sum;
	}
	tap_ok(wrong == 0, "%s weighs as it is defined, bit for bit", kernel->name);
}

static void
test_kernel(const struct mixture_kernel *kernel)
{
	if (!mixture_runs(kernel)) {
		tap_ok(true, "%s # SKIP not on this machine", kernel->name);
		return;
	}
	test_judge(kernel);
	test_weigh(kernel);
	test_experts("hash 5, dense 1 sigmoid", kernel);
	test_experts("hash 5, dense 3 softmax", kernel);
	test_experts("hash 5, dense 1 choice", kernel);
}

/* What the mixture says of record i before it learns it. */
static double
foresee(struct mixture *m, const struct batch *batch, size_t i)
{
	size_t first = batch->start[i], n = batch->start[i + 1] - first;
	double loss[MIXTURE_EXPERTS], p = 0;
	struct mixture_view view;

	mixture_reserve(m, 1, n);
	view = (struct mixture_view){m->s, m->S, m->p, loss, m->gain, m->shrink};
	for (size_t j = 0; j < n; j++)
		m->row[j] = mixture_row(m, batch->features.index[first + j]);
	m->kernel->sums(1, m->s, m->S, n, m->row, batch->features.value + first, m->bias);
	m->kernel->judge(1, 1, view);
	for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
		p += m->weight[e] * m->p[e];
	return p;
}

/*
 * Whatever comes, the mixture's loss is at most -ln prior above that of every expert, at every record. To an adversary comes
 * what the mixture thinks less likely; then nobody learns anything.
 */
static void
test_regret(const char *what, bool (*flip)(size_t), bool adverse)
{
	struct net source, kept;
	struct mixture m;
	struct trainer t;
	struct batch batch = {0};
	double worst = -INFINITY;

	make_source(&source, "hash 5, dense 1 sigmoid");
	make_records(&batch, SIGMOID, 1, RECORDS, 9, flip);
	net_init(&kept, &source.arch, true, 0.3, 1);
	mixture_init(&m, &source, 0.3);
	trainer_init(&t, &kept, 0, NULL, (struct optimiser_settings){0}, 1);
	t.mixture = &m;
	for (size_t i = 0; i < batch.n; i++) {
		if (adverse)
			batch.label[i] = (float)(foresee(&m, &batch, i) < 0.5);
		train(&t, &batch, i, 1);
		for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
			worst = fmax(worst, m.mixed - m.loss[e] + log(mixture_priors[e]));
	}
	if (adverse)
		tap_ok(t.progress.right == 0 && m.mixed > t.progress.weight * log(2), "%s: it leaves nothing to be right about", what);
	if (!tap_ok(worst <= 1e-9 && worst > (adverse ? -2 : -1), "%s: regret within -ln prior of each expert", what))
		printf("# %g\n", worst);
	mixture_free(&m);
	trainer_free(&t);
	batch_free(&batch);
	net_free(&kept);
	net_free(&source);
}

/* Loads experts in a process of its own, for it may be refused; its status. */
static int
load(const struct mixture *m, const char *path)
{
	struct mixture to = *m;
	struct model model = {.parent = "source"};
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(99);
		experts_load(&to, &model, path);
		_exit(memcmp(to.weight, m->weight, sizeof to.weight) != 0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Experts come back from their file; but a row that is there already is refused: it would be one twice. */
static void
test_file(void)
{
	struct net source, kept;
	struct mixture m, fresh;
	struct trainer t;
	struct batch batch = {0};
	struct model model = {.parent = "source"};
	char path[] = "/tmp/experts-XXXXXX";
	int fd = mkstemp(path);

	make_source(&source, "hash 5, dense 1 sigmoid");
	make_records(&batch, SIGMOID, 1, RECORDS, 9, NULL);
	net_init(&kept, &source.arch, true, 0.3, 1);
	mixture_init(&m, &source, 0.3);
	mixture_init(&fresh, &source, 0.3);
	trainer_init(&t, &kept, 0, NULL, (struct optimiser_settings){0}, 1);
	t.mixture = &m;
	learn(&t, &batch, SIGMOID);
	experts_save(&m, &model, path);
	memcpy(fresh.weight, m.weight, sizeof fresh.weight);
	tap_ok(load(&fresh, path) == 0, "experts come back from a file, with their weights");
	tap_ok(load(&m, path) == 4, "a row that is there twice is refused");
	close(fd);
	unlink(path);
	mixture_free(&m);
	mixture_free(&fresh);
	trainer_free(&t);
	batch_free(&batch);
	net_free(&kept);
	net_free(&source);
}

/* Moments by hand: N(0, 1) and N(2, 3), three to one, are of mean 0.5 and variance 1.5 + 0.75. */
static void
test_match(void)
{
	double weight[MIXTURE_EXPERTS] = {0.75, 0.25}, mean[MIXTURE_EXPERTS] = {0, 2}, variance[MIXTURE_EXPERTS] = {1, 3};
	double matched_mean, matched_variance;

	mixture_match(weight, mean, variance, &matched_mean, &matched_variance);
	tap_ok(fabs(matched_mean - 0.5) < 1e-15 && fabs(matched_variance - 2.25) < 1e-15, "moments are matched");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof mixture_kernels / sizeof *mixture_kernels; i++)
		test_kernel(&mixture_kernels[i]);
	test_priors();
	test_regret("the target is as the source", never, false);
	test_regret("the target is the source turned round", always, false);
	test_regret("the target turns", late, false);
	test_regret("the target turns to and fro", to_and_fro, false);
	test_regret("an adversary", NULL, true);
	test_file();
	test_match();
	return tap_done();
}
