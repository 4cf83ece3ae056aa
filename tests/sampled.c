/*
 * sampled.c - a head that is learnt by some of its classes: how classes are drawn; the gradient, against central
 * differences of the loss in double; a sample of all classes against the full softmax; threads, clipping, what rests.
 */
#include "../common/net/train.h"
#include "tap.h"

enum { K = 40, MOST_K = 700, ITEMS = 11, MOST = 4096, MOST_B = TRAIN_ROUND + 5 };

static void
make_net(struct net *net, const char *layers, size_t states)
{
	struct arch arch;
	struct arch_fault fault;

	if (!arch_parse(&arch, layers, &fault))
		printf("# %s: %s\n", layers, fault.rule);
	net_init(net, &arch, false, 0, 1);
	tensors_allocate_states(&net->table, states);
	for (size_t i = 0; i < net->table.n; i++)
		for (size_t j = 0; j < net->table.tensor[i].n; j++)
			tensor_floats(&net->table.tensor[i])[j] = (float)(0.5 * random_normal(3 + i, j));
}

/* Records of growing sequences, or of vectors; low classes are labels more often than high ones. */
static void
make_batch(struct batch *batch, const struct net *net, size_t B, uint64_t *seen)
{
	size_t I = net->layer[0].I, classes = net_outputs(net);

	batch->features.rows = !net->sparse;
	memset(seen, 0, classes * sizeof *seen);
	for (size_t b = 0; b < B; b++) {
		uint32_t class = (uint32_t)(random_uniform(2, b) * random_uniform(3, b) * (double)classes);
		size_t n = net->sparse ? b % 4 + 1 : I;

		features_reserve(&batch->features, n);
		for (size_t i = 0; i < n && net->sparse; i++)
			features_add(&batch->features, (uint32_t)(random_bits(4, b / 4 * 4 + i) % ITEMS), 1);
		for (size_t i = 0; i < n && !net->sparse; i++)
			batch->features.value[batch->features.n++] = (float)random_normal(5, b * n + i);
		batch_close_record(batch, (float)class, 0.5f + (float)(b % 3));
		seen[class]++;
	}
}

/* Every place of a line belongs to the first class that ends behind it, from wherever one looks. */
static void
test_place(void)
{
	enum { CLASSES = 6 };
	const uint64_t seen[CLASSES] = {0, 3, 1, 0, 0, 9};
	struct popularity p;
	bool found = true;

	popularity_init(&p, CLASSES, 4, seen);
	for (uint64_t place = 0; place < p.end[CLASSES - 1]; place++) {
		size_t class = 0;

		while (p.end[class] <= place)
			class++;
		for (size_t near = 0; near < CLASSES; near++)
			found &= popularity_at(&p, place, near) == class;
	}
	tap_ok(found && popularity_at(&p, p.end[CLASSES - 1], 0) == CLASSES - 1, "the class at a place is found from any near it");
	popularity_free(&p);
}

/* Every class is in a sample as often as is said, and those of a sample are in order. */
static void
test_draw(size_t marks)
{
	enum { DRAWS = 20000 };
	struct popularity p;
	struct sampled s = {0};
	uint64_t seen[K];
	size_t times[K] = {0};
	double worst = 0, share, all = 0;
	bool ordered = true, known = true;
	const float label[] = {K - 1, 0, K - 1, K - 2, 3};

	for (size_t k = 0; k < K; k++)
		seen[k] = k % 7 ? 1000 / (k + 1) : 0;
	popularity_init(&p, K, marks, seen);
	for (uint64_t seed = 0; seed < DRAWS; seed++) {
		sampled_draw(&s, &p, 5, label, seed);
		for (size_t j = 0; j < s.drawn; j++) {
			times[s.class[j]]++;
			ordered &= j == 0 || s.class[j] > s.class[j - 1];
		}
		for (size_t b = 0; b < 5; b++)
			known &= s.slot[b] < s.n && s.class[s.slot[b]] == (uint32_t)label[b];
		ordered &= s.n <= s.drawn + 4;
	}
	for (size_t k = 0; k < K; k++) {
		share = exp(-(double)p.surprise[k]);
		worst = fmax(worst, fabs((double)times[k] / DRAWS - share) / sqrt(share * (1 - share) / DRAWS + 1e-12));
	}
	for (size_t k = 0; k < K; k++)
		all += pow((double)seen[k] + 1, 0.75);
	share = pow((double)seen[1] + 1, 0.75) * (double)marks / all;
	tap_ok(fabs(exp(-(double)p.surprise[1]) - fmin(1, share)) < 1e-4, "%zu marks: by popularity^0.75", marks);
	if (!tap_ok(worst < 5, "%zu marks: classes come as often as is said", marks))
		printf("# %g standard deviations off\n", worst);
	tap_ok(ordered && known, "in order, none twice; labels are known");
	sampled_free(&s);
	popularity_free(&p);
}

/* The mean loss of a batch over these classes and each record's own, of a net in double: layers are dense and tanh. */
static double
plain_loss(const double *w, const struct net *net, const struct batch *batch, const struct popularity *p, const struct sampled *s)
{
	const struct net_layer *body = &net->layer[0], *top = &net->layer[1];
	const double *w1 = w, *b1 = w1 + body->I * body->O, *w2 = b1 + body->O, *b2 = w2 + top->I * top->O;
	double loss = 0;

	for (size_t b = 0; b < batch->n; b++) {
		double h[16], sum = 0, own = 0;

		for (size_t o = 0; o < body->O; o++) {
			h[o] = b1[o];
			for (size_t i = 0; i < body->I; i++)
				h[o] += w1[o * body->I + i] * (double)batch->features.value[batch->start[b] + i];
			h[o] = tanh(h[o]);
		}
		for (size_t j = 0; j < s->n; j++) {
			size_t k = s->class[j];
			double z = b2[k] + (double)p->surprise[k];

			for (size_t i = 0; i < top->I; i++)
				z += w2[k * top->I + i] * h[i];
			if (k == (size_t)batch->label[b])
				own = z;
			if (j < s->drawn || k == (size_t)batch->label[b])
				sum += exp(z);
		}
		loss += (double)batch->weight[b] * (log(sum) - own);
	}
	return loss / (double)batch->n;
}

static size_t
weights_of(double *to, const struct net *net)
{
	size_t n = 0;

	for (size_t i = 0; i < net->table.n; i++)
		for (size_t j = 0; j < net->table.tensor[i].n; j++)
			to[n++] = (double)tensor_floats(&net->table.tensor[i])[j];
	return n;
}

/* What one step of sgd at rate 1 subtracts is the central difference, of every parameter. */
static void
test_gradient(const char *layers, size_t marks, size_t B)
{
	static double w[MOST], moved[MOST];
	const double h = 1e-6;
	struct net net;
	struct trainer t;
	struct batch batch = {0};
	struct popularity p;
	struct sampled s = {0};
	uint64_t seen[MOST_K];
	double worst = 0, steepest = 0, told;
	size_t n;

	make_net(&net, layers, 0);
	make_batch(&batch, &net, B, seen);
	popularity_init(&p, net_outputs(&net), marks, seen);
	n = weights_of(w, &net);
	trainer_init(&t, &net, 0, optimiser_find("sgd"), (struct optimiser_settings){.rate = 1}, 1);
	trainer_sample(&t, &p);
	sampled_draw(&s, &p, B, batch.label, random_bits(TRAIN_SAMPLE, 0));
	told = plain_loss(w, &net, &batch, &p, &s);
	train(&t, &batch, 0, B);
	weights_of(moved, &net);
	for (size_t i = 0; i < n; i++) {
		double old = w[i], up, slope;

		w[i] = old + h;
		up = plain_loss(w, &net, &batch, &p, &s);
		w[i] = old - h;
		slope = (up - plain_loss(w, &net, &batch, &p, &s)) / (2 * h);
		w[i] = old;
		worst = fmax(worst, fabs(old - moved[i] - slope) / (1 + fabs(slope)));
		steepest = fmax(steepest, fabs(slope));
	}
	if (!tap_ok(worst < 3e-6 && steepest > 1e-3, "%s, %zu marks, %zu records: gradient of all %zu parameters", layers, marks, B, n))
		printf("# off by %g; steepest %g\n", worst, steepest);
	if (!tap_ok(fabs(t.progress.loss / (double)B - told) < 1e-5 * (1 + told), "the loss"))
		printf("# %g, not %g\n", t.progress.loss / (double)B, told);
	trainer_free(&t);
	batch_free(&batch);
	popularity_free(&p);
	sampled_free(&s);
	net_free(&net);
}

/* A net after two steps. */
static void
trained(struct net *net, const char *layers, size_t marks, size_t threads, size_t frozen, double clip)
{
	struct trainer t;
	struct batch batch = {0};
	struct popularity p;
	uint64_t seen[MOST_K];

	make_net(net, layers, 1);
	make_batch(&batch, net, 2 * MOST_B, seen);
	popularity_init(&p, net_outputs(net), marks ? marks : 1, seen);
	if (frozen < net->table.n)
		net->table.tensor[frozen].frozen = true;
	trainer_init(&t, net, 0, optimiser_find("adagrad"), (struct optimiser_settings){.rate = 0.1}, threads);
	t.clip = clip;
	if (marks)
		trainer_sample(&t, &p);
	train(&t, &batch, 0, MOST_B);
	train(&t, &batch, MOST_B, MOST_B);
	trainer_free(&t);
	batch_free(&batch);
	popularity_free(&p);
}

static double
distance(const struct net *a, const struct net *b)
{
	double far = 0;

	for (size_t i = 0; i < a->table.n; i++)
		for (size_t j = 0; j < a->table.tensor[i].n; j++)
			far = fmax(far, fabs((double)tensor_floats(&a->table.tensor[i])[j] - (double)tensor_floats(&b->table.tensor[i])[j]));
	return far;
}

static void
test_net(const char *layers, double clip)
{
	struct net a, b;

	trained(&a, layers, 1 << 20, 1, NO_TENSOR, clip);
	trained(&b, layers, 0, 1, NO_TENSOR, clip);
	if (!tap_ok(distance(&a, &b) < 2e-4, "%s, clip %g: a sample of all is the full softmax", layers, clip))
		printf("# %g\n", distance(&a, &b));
	net_free(&a);
	net_free(&b);
	trained(&a, layers, 9, 1, NO_TENSOR, clip);
	trained(&b, layers, 9, 3, NO_TENSOR, clip);
	tap_ok(distance(&a, &b) == 0, "%s, clip %g: three threads learn what one does", layers, clip);
	net_free(&b);
	for (size_t i = 0; i < a.table.n; i++) {
		struct net fresh;
		bool rested = true;

		trained(&b, layers, 9, 2, i, clip);
		make_net(&fresh, layers, 0);
		for (size_t j = 0; j < b.table.n; j++)
			rested &= (memcmp(b.table.tensor[j].data, fresh.table.tensor[j].data, b.table.tensor[j].n * sizeof(float)) == 0) == (i == j);
		tap_ok(rested, "%s: all learn but %s", layers, b.table.tensor[i].name);
		net_free(&fresh);
		net_free(&b);
	}
	net_free(&a);
}

/* Records are judged by all classes; many of them at once as few at a time. */
static void
test_judge(const char *layers)
{
	struct net net;
	struct trainer t;
	struct batch batch = {0};
	struct popularity p;
	struct progress whole = {0}, pieces = {0};
	uint64_t seen[MOST_K];

	make_net(&net, layers, 0);
	make_batch(&batch, &net, 2 * MOST_B, seen);
	popularity_init(&p, net_outputs(&net), 9, seen);
	trainer_init(&t, &net, 0, optimiser_find("sgd"), (struct optimiser_settings){.rate = 1}, 1);
	trainer_sample(&t, &p);
	train_judge(&t, &batch, 0, 2 * MOST_B, &whole);
	for (size_t from = 0, B; from < 2 * MOST_B; from += B) {
		B = 2 * MOST_B - from < 47 ? 2 * MOST_B - from : 47;
		train_judge(&t, &batch, from, B, &pieces);
	}
	if (!tap_ok(whole.records == pieces.records && fabs(whole.loss / pieces.loss - 1) < 1e-9 && whole.loss > 0,
	            "%s: %d records are judged at once as in pieces", layers, 2 * MOST_B))
		printf("# %g, not %g\n", whole.loss, pieces.loss);
	trainer_free(&t);
	batch_free(&batch);
	popularity_free(&p);
	net_free(&net);
}

int
main(void)
{
	test_place();
	test_draw(1);
	test_draw(9);
	test_draw(60);
	for (size_t B = 1; B <= MOST_B; B = 5 * B + 2)
		for (size_t marks = 1; marks <= 100; marks *= 10)
			test_gradient("vector 5, dense 7 tanh, dense 40 softmax", marks, B);
	/* more records than go in a round */
	test_gradient("vector 5, dense 7 tanh, dense 40 softmax", 10, MOST_B);
	/* several ranges; the last has classes of the sample, or labels alone that are not in it */
	test_gradient("vector 5, dense 7 tanh, dense 300 softmax", 250, 20);
	test_gradient("vector 5, dense 7 tanh, dense 300 softmax", 128, 20);
	/* ranges of several blocks, whose greatest logits come late or soon */
	test_gradient("vector 5, dense 3 tanh, dense 700 softmax", 650, 6);
	test_net("vector 5, dense 7 tanh, dense 40 softmax", 0);
	test_net("ids 11, embed 3, gru 5, dense 40 softmax", 0);
	test_net("ids 11, embed 3, gru 5, dense 40 softmax", 0.1);
	test_net("ids 11, embed 3, gru 5, dense 300 softmax", 0);
	test_judge("vector 5, dense 7 tanh, dense 40 softmax");
	test_judge("ids 11, embed 3, gru 5, dense 40 softmax");
	return tap_done();
}
