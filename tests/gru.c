/*
 * gru.c - sequences: forward against a plain net in double, record by record; backward against its central differences;
 * and records of one session, which go through the net as one sequence, give what they give one by one.
 */
#include "plain.h"

enum { ITEMS = 11, LONGEST = 9 };

static double
plain_sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

/* Row o of a gate's sums: W x + b. */
static double
plain_sum(const struct plain *p, size_t weight, size_t bias, size_t o, size_t n, const double *x)
{
	double sum = p->w[p->at[bias] + o];

	for (size_t i = 0; i < n; i++)
		sum += p->w[p->at[weight] + o * n + i] * x[i];
	return sum;
}

/* One step of the gru, by the equations. */
static void
plain_step(const struct plain *p, const double *x, double *h)
{
	const struct net_layer *l = &p->net->layer[1];
	size_t ih = l->weight, hh = ih + 1, b_ih = ih + 2, b_hh = ih + 3, H = l->O;
	double next[16];

	for (size_t i = 0; i < H; i++) {
		double r = plain_sigmoid(plain_sum(p, ih, b_ih, i, l->I, x) + plain_sum(p, hh, b_hh, i, H, h));
		double z = plain_sigmoid(plain_sum(p, ih, b_ih, H + i, l->I, x) + plain_sum(p, hh, b_hh, H + i, H, h));
		double n = tanh(plain_sum(p, ih, b_ih, 2 * H + i, l->I, x) + r * plain_sum(p, hh, b_hh, 2 * H + i, H, h));

		next[i] = (1 - z) * n + z * h[i];
	}
	memcpy(h, next, H * sizeof *h);
}

/* z[K]: logits of record b. */
static void
plain_logits(const struct plain *p, const struct batch *batch, size_t b, double *z)
{
	const struct net_layer *top = &p->net->layer[2];
	size_t D = p->net->layer[0].O;
	double x[16], h[16] = {0};

	for (size_t i = batch->start[b]; i < batch->start[b + 1]; i++) {
		for (size_t d = 0; d < D; d++)
			x[d] = (double)batch->features.value[i] * p->w[batch->features.index[i] * D + d];
		plain_step(p, x, h);
	}
	for (size_t k = 0; k < top->O; k++)
		z[k] = plain_sum(p, top->weight, top->bias, k, top->I, h);
}

static double
plain_loss(const struct plain *p, const struct batch *batch)
{
	size_t K = net_outputs(p->net);
	double z[8], loss = 0;

	for (size_t b = 0; b < batch->n; b++) {
		double sum = 0;

		plain_logits(p, batch, b, z);
		if (K == 1) {
			loss += (double)batch->weight[b] * log(1 + exp(batch->label[b] > 0 ? -z[0] : z[0]));
			continue;
		}
		for (size_t k = 0; k < K; k++)
			sum += exp(z[k]);
		loss += (double)batch->weight[b] * (log(sum) - z[(size_t)batch->label[b]]);
	}
	return loss / (double)batch->n;
}

/*
 * B records: sessions whose records begin with what the one before has, and one index more, or the same once more; some
 * that begin with another value of the same index; every fourth session is one long record.
 */
static void
make_batch(struct batch *batch, const struct net *net, size_t B, uint64_t seed)
{
	size_t K = net_outputs(net), length = 0, session = 0;

	for (size_t b = 0; b < B; b++) {
		size_t before = b ? batch->start[b - 1] : 0;
		uint64_t bits = random_bits(seed, b);

		features_reserve(&batch->features, LONGEST);
		if (b == 0 || length == LONGEST || bits % 4 == 0) {
			length = ++session % 4 ? 1 : 5;
			for (size_t i = 0; i < length; i++)
				features_add(&batch->features, (uint32_t)(random_bits(seed + 1, b * LONGEST + i) % ITEMS),
				             bits % 8 == 0 ? 0.5f : 1);
		} else {
			for (size_t i = 0; i < length; i++)
				features_add(&batch->features, batch->features.index[before + i], batch->features.value[before + i]);
			if (bits % 4 != 1) {
				features_add(&batch->features, (uint32_t)(bits >> 8) % ITEMS, bits % 16 == 6 ? -0.7f : 1);
				length++;
			}
		}
		batch_close_record(batch, (float)((bits >> 40) % (K == 1 ? 2 : K)), 0.5f + (float)(b % 3));
	}
}

static void
make_net(struct net *net, const char *layers)
{
	struct arch arch;
	struct arch_fault fault;

	if (!arch_parse(&arch, layers, &fault))
		printf("# %s: %s\n", layers, fault.rule);
	net_init(net, &arch, false, 0, 1);
	for (size_t i = 0; i < net->table.n; i++)
		for (size_t j = 0; j < net->table.tensor[i].n; j++)
			tensor_floats(&net->table.tensor[i])[j] = (float)(0.7 * random_normal(3 + i, j));
	net_reserve(net);
}

/* Logits are the plain net's, and those of a record alone are those of it among others, bit for bit; also once weights moved. */
static void
test_logits(const char *layers, size_t B)
{
	static struct plain plain;
	struct net net;
	struct net_pass pass;
	struct batch batch = {0};
	double *s, z[8], alone[8], off = 0;
	bool same = true;
	size_t K;

	make_net(&net, layers);
	make_batch(&batch, &net, B, B);
	net_pass_init(&pass, &net, 0);
	K = net_outputs(&net);
	s = allocate(B * K, sizeof *s);
	net_logits(&net, &pass, &batch, 0, B, s);
	for (size_t i = 0; i < net.table.n; i++)
		for (size_t j = 0; j < net.table.tensor[i].n; j++)
			tensor_floats(&net.table.tensor[i])[j] += 0.1f * (float)(j % 3);
	plain_copy(&plain, &net);
	net_logits(&net, &pass, &batch, 0, B, s);
	for (size_t b = 0; b < B; b++) {
		plain_logits(&plain, &batch, b, z);
		net_logits(&net, &pass, &batch, b, 1, alone);
		same &= memcmp(alone, s + b * K, K * sizeof *alone) == 0;
		for (size_t k = 0; k < K; k++)
			off = fmax(off, fabs(s[b * K + k] - z[k]));
	}
	if (!tap_ok(off < 1e-5, "%s, %zu records: logits", layers, B))
		printf("# off by %g\n", off);
	tap_ok(same, "%s, %zu records: the same bits as one by one", layers, B);
	net_pass_free(&pass);
	net_free(&net);
	batch_free(&batch);
	free(s);
}

static void
test_gradient(const char *layers, size_t B)
{
	static struct plain plain;
	struct net net;
	struct batch batch = {0};

	make_net(&net, layers);
	make_batch(&batch, &net, B, 100 + B);
	plain_copy(&plain, &net);
	plain_gradient(layers, &plain, &net, &batch, plain_loss);
	batch_free(&batch);
	net_free(&net);
}

/* Three threads learn what one does, whatever rests. */
static void
test_threads(const char *layers)
{
	for (size_t frozen = 0; frozen < 5; frozen++) {
		struct net net[2];
		bool same = true, rested = true;

		for (size_t i = 0; i < 2; i++) {
			struct trainer t;
			struct batch batch = {0};

			make_net(&net[i], layers);
			make_batch(&batch, &net[i], 400, 7);
			tensors_allocate_states(&net[i].table, 2);
			net[i].table.tensor[frozen].frozen = frozen < 4;
			trainer_init(&t, &net[i], 0, optimiser_find("adam"), (struct optimiser_settings){.rate = 0.1}, i ? 3 : 1);
			t.clip = 1;
			train(&t, &batch, 0, 150);
			train(&t, &batch, 150, 250);
			trainer_free(&t);
			batch_free(&batch);
		}
		for (size_t j = 0; j < net[0].table.n; j++) {
			const struct tensor *a = &net[0].table.tensor[j], *b = &net[1].table.tensor[j];
			struct net fresh;

			same &= memcmp(a->data, b->data, a->n * sizeof(float)) == 0;
			make_net(&fresh, layers);
			rested &= (memcmp(a->data, fresh.table.tensor[j].data, a->n * sizeof(float)) == 0) == (j == frozen && frozen < 4);
			net_free(&fresh);
		}
		tap_ok(same, "%s: three threads learn what one does", layers);
		tap_ok(rested, "%s: %s learn", layers, frozen < 4 ? "all tensors but the frozen one" : "all tensors");
		net_free(&net[0]);
		net_free(&net[1]);
	}
}

/* How records are laid out, by hand. */
static void
test_layout(void)
{
	const uint32_t index[] = {5, 5, 6, 7, 7, 8, 7, 8, 9, 7, 8, 9};
	const size_t length[] = {1, 2, 1, 2, 3, 3};
	const size_t feature[] = {9, 1, 10, 2, 11}, row[] = {1, 3, 0, 2, 4, 4};
	struct sequences s = {0};
	struct batch batch = {0};

	features_reserve(&batch.features, 12);
	for (size_t b = 0, at = 0; b < 6; b++) {
		for (size_t i = 0; i < length[b]; i++)
			features_add(&batch.features, index[at++], 1);
		batch_close_record(&batch, 0, 1);
	}
	sequences_lay_out(&s, &batch, 0, 6);
	tap_ok(s.runs == 2 && s.steps == 3 && s.rows == 5, "two runs, of six records");
	tap_ok(s.first[0] == 0 && s.first[1] == 2 && s.first[2] == 4 && s.first[3] == 5, "rows of each step");
	tap_ok(memcmp(s.feature, feature, sizeof feature) == 0, "of which features");
	tap_ok(memcmp(s.row, row, sizeof row) == 0, "where records end");
	batch.features.value[0] = 2;
	sequences_lay_out(&s, &batch, 0, 6);
	tap_ok(s.runs == 3 && s.rows == 6, "another value is another sequence");
	sequences_lay_out(&s, &batch, 4, 1);
	tap_ok(s.runs == 1 && s.rows == 3 && s.row[0] == 2, "one record alone");
	sequences_free(&s);
	batch_free(&batch);
}

int
main(void)
{
	static const char *const layers[] = {
		"ids 11, embed 3, gru 1, dense 1 sigmoid", "ids 11, embed 1 seq, gru 5, dense 3 softmax",
		"hash 4, embed 7 seq, gru 9, dense 4 softmax",
	};

	test_layout();
	for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
		for (size_t B = 1; B <= 150; B = 4 * B + 1) {
			test_logits(layers[i], B);
			test_gradient(layers[i], B);
		}
		test_threads(layers[i]);
	}
	return tap_done();
}
