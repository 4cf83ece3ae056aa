/*
 * layer.c - layers, activations and heads: forward against a plain net in double, backward against its central
 * differences; heads against the formula in long double; logits far out.
 */
#include "../common/net/train.h"
#include "tap.h"

enum { BITS = 4, MAX_B = 7, MAX_O = 8, PARAMETERS = 1024 };

/* A net in double, perturbed at will: the tensors of a net one after the other. */
struct plain {
	const struct net *net;
	double w[PARAMETERS];
	size_t at[TENSORS]; /* where each tensor begins */
	size_t n;
};

static void
plain_copy(struct plain *p, const struct net *net)
{
	p->net = net;
	p->n = 0;
	for (size_t i = 0; i < net->table.n; i++) {
		p->at[i] = p->n;
		for (size_t j = 0; j < net->table.tensor[i].n; j++)
			p->w[p->n++] = (double)tensor_floats(&net->table.tensor[i])[j];
	}
}

/* z[K]: the softmax, as the book has it: fine for the small logits of these tests. */
static void
plain_softmax(size_t K, double *z)
{
	double sum = 0;

	for (size_t k = 0; k < K; k++)
		sum += z[k] = exp(z[k]);
	for (size_t k = 0; k < K; k++)
		z[k] /= sum;
}

static double
plain_activation(enum activation a, double x)
{
	return a == RELU ? (x > 0 ? x : 0) : a == TANH ? tanh(x) : a == SIGMOID ? 1 / (1 + exp(-x)) : x;
}

/* z[K]: logits of record b. */
static void
plain_logits(const struct plain *p, const struct batch *batch, size_t b, double *z)
{
	const struct features *f = &batch->features;
	double x[MAX_O] = {0}, y[MAX_O];

	for (size_t i = 0; i < p->net->n_layers; i++) {
		const struct net_layer *l = &p->net->layer[i];
		const double *w = p->w + p->at[l->weight];

		for (size_t o = 0; o < l->O; o++) {
			y[o] = l->bias == NO_TENSOR ? 0 : p->w[p->at[l->bias] + o];
			for (size_t j = batch->start[b]; i == 0 && j < batch->start[b + 1]; j++)
				y[o] += w[f->index[j] * l->O + o] * (double)f->value[j];
			for (size_t j = 0; i > 0 && j < l->I; j++)
				y[o] += w[o * l->I + j] * x[j];
		}
		for (size_t o = 0; o < l->O; o++)
			x[o] = i + 1 < p->net->n_layers ? plain_activation(l->spec.activation, y[o]) : y[o];
		if (i + 1 < p->net->n_layers && l->spec.activation == SOFTMAX)
			plain_softmax(l->O, x);
	}
	memcpy(z, x, net_outputs(p->net) * sizeof *z);
}

/* What a step descends: mean loss by weight, half the square for a linear head; of a choice its one loss. */
static double
plain_loss(const struct plain *p, const struct batch *batch)
{
	enum activation head = arch_head(&p->net->arch);
	size_t K = net_outputs(p->net);
	double z[MAX_B][MAX_O], group[MAX_B], loss = 0;

	for (size_t b = 0; b < batch->n; b++) {
		double y = (double)batch->label[b], weight = (double)batch->weight[b] / (double)batch->n;

		plain_logits(p, batch, b, z[b]);
		group[b] = z[b][0];
		if (head == SOFTMAX) {
			plain_softmax(K, z[b]);
			loss -= weight * log(z[b][(size_t)y]);
		} else if (head == SIGMOID) {
			loss += weight * log(1 + exp(y > 0 ? -z[b][0] : z[b][0]));
		} else if (head == LINEAR) {
			loss += weight * 0.5 * (z[b][0] - y) * (z[b][0] - y);
		}
	}
	if (head != CHOICE)
		return loss;
	plain_softmax(batch->n, group);
	for (size_t b = 0; b < batch->n; b++)
		loss -= batch->label[b] > 0 ? (double)batch->weight[b] * log(group[b]) : 0;
	return loss;
}

/* B records of up to 5 features, the first without any; values of both signs, and weights. */
static void
make_batch(struct batch *batch, const struct net *net, size_t B, uint64_t seed)
{
	enum activation head = arch_head(&net->arch);
	size_t K = net_outputs(net);

	for (size_t b = 0; b < B; b++) {
		uint64_t bits = random_bits(seed, b);
		float label = head == CHOICE ? (float)(b == B / 2) : head == LINEAR ? (float)random_normal(seed, b)
		              : (float)(bits % (head == SOFTMAX ? K : 2));

		features_reserve(&batch->features, 5);
		for (uint32_t i = 0; i < (bits >> 8) % 6 && (b > 0 || B == 1); i++)
			features_add(&batch->features, (uint32_t)((bits >> 16) + 3 * i) % (1 << BITS),
			             (float)random_normal(seed, 100 * b + i));
		batch_close_record(batch, label, head == CHOICE ? 1.5f : 0.5f + (float)(b % 3));
	}
}

static void
make_net(struct net *net, const char *layers, uint64_t seed)
{
	struct arch arch;
	struct arch_fault fault;
	char text[ARCH_TEXT];

	snprintf(text, sizeof text, "hash %d, %s", BITS, layers);
	if (!arch_parse(&arch, text, &fault))
		printf("# %s: %s\n", text, fault.rule);
	net_init(net, &arch, false, 0, 1);
	for (size_t i = 0; i < net->table.n; i++)
		for (size_t j = 0; j < net->table.tensor[i].n; j++)
			tensor_floats(&net->table.tensor[i])[j] = (float)(0.7 * random_normal(seed + i, j));
}

/*
 * One step of sgd at rate 1 subtracts the gradient from the weights: what it subtracted is the central difference
 * of the loss in double, for every parameter. Floats of size 1 are exact to 6e-8.
 */
static void
test_gradient(const char *layers, size_t B)
{
	static struct plain plain, moved;
	const double h = 1e-6;
	struct net net;
	struct trainer t;
	struct batch batch = {0};
	double worst = 0, steepest = 0, off = 0, z[MAX_O];
	const float *logits;

	make_net(&net, layers, 5);
	make_batch(&batch, &net, B, 11 + B);
	plain_copy(&plain, &net);
	net_reserve(&net);
	logits = net_forward(&net, &batch, 0, B);
	for (size_t b = 0; b < B; b++) {
		plain_logits(&plain, &batch, b, z);
		for (size_t k = 0; k < net_outputs(&net); k++)
			off = fmax(off, fabs((double)logits[b * net_outputs(&net) + k] - z[k]));
	}
	tap_ok(off < 5e-6, "%s, %zu records: logits", layers, B);
	trainer_init(&t, &net, optimiser_find("sgd"), (struct optimiser_settings){.rate = 1});
	train(&t, &batch, 0, B);
	plain_copy(&moved, &net);
	for (size_t i = 0; i < plain.n; i++) {
		double w = plain.w[i], up, slope;

		plain.w[i] = w + h;
		up = plain_loss(&plain, &batch);
		plain.w[i] = w - h;
		slope = (up - plain_loss(&plain, &batch)) / (2 * h);
		plain.w[i] = w;
		worst = fmax(worst, fabs(w - moved.w[i] - slope) / (1 + fabs(slope)));
		steepest = fmax(steepest, fabs(slope));
	}
	if (!tap_ok(worst < 2e-6 && steepest > 1e-3, "%s, %zu records: gradient of all %zu parameters", layers, B, plain.n))
		printf("# off by %g; steepest %g\n", worst, steepest);
	trainer_free(&t);
	batch_free(&batch);
	net_free(&net);
}

static void
test_gradients(void)
{
	static const char *const layers[] = {
		"dense 1 sigmoid", "dense 1", "dense 1 choice", "dense 2 softmax", "dense 7 softmax",
		"dense 3, dense 1 sigmoid",
		"dense 7 relu, dense 3 tanh, dense 1 sigmoid",
		"dense 5 tanh, dense 7 relu, dense 3 softmax",
		"dense 7 sigmoid, dense 3 softmax, dense 1",
		"dense 1 sigmoid, dense 1 tanh, dense 1 choice",
		"dense 3 softmax, dense 5 sigmoid, dense 7 softmax",
	};

	for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
		for (size_t B = strstr(layers[i], "choice") ? 3 : 1; B <= MAX_B; B = 2 * B + 1)
			test_gradient(layers[i], B);
}

/* backward adds to the gradients of weights, and writes that of the input; what is NULL is left out. */
static void
test_contract(void)
{
	const float x[] = {1, -2, 3}, w[] = {0.5f, 1, -1, 2, 0, 1}, dy[] = {1, -1};
	const size_t start[] = {0, 2};
	const uint32_t slot[] = {1, 0};
	float scratch[4096], dx[3] = {9, 9, 9}, dw[6] = {1, 1, 1, 1, 1, 1}, dbias[2] = {1, 1}, rows[4] = {1, 1, 1, 1};

	dense_backward(1, 3, 2, dx, dw, false, dbias, x, w, dy, scratch);
	tap_ok(dx[0] == -1.5f && dx[1] == 1 && dx[2] == -2, "dense: dx is written");
	tap_ok(dw[0] == 2 && dw[1] == -1 && dw[2] == 4 && dw[3] == 0 && dw[4] == 3 && dw[5] == -2 && dbias[0] == 2 &&
	       dbias[1] == 0, "dense: dw and dbias are added to");
	dense_backward(1, 3, 2, NULL, NULL, false, NULL, x, w, dy, scratch);
	sparse_backward(1, 2, rows, dbias, start, slot, x, dy);
	tap_ok(rows[0] == -1 && rows[1] == 3 && rows[2] == 2 && rows[3] == 0 && dbias[0] == 3 && dbias[1] == -1,
	       "sparse: dw and dbias are added to, by slot");
	sparse_backward(1, 2, rows, NULL, start, slot, x, dy);
	tap_ok(dbias[0] == 3, "sparse: dbias may be NULL");
}

/* P(y | x) = exp(theta' f(x, y)) / Z, in long double, of a log-linear net with K classes. */
static void
test_formula(size_t K)
{
	struct net net;
	struct batch batch = {0};
	char layers[32];
	double s[MAX_O], S[MAX_O], p[MAX_O], worst = 0;

	snprintf(layers, sizeof layers, K == 1 ? "dense %zu sigmoid" : "dense %zu softmax", K);
	make_net(&net, layers, 3);
	make_batch(&batch, &net, MAX_B, 17);
	net_reserve(&net);
	for (size_t b = 0; b < MAX_B; b++) {
		long double e[MAX_O], Z = K == 1 ? 1 : 0;

		for (size_t k = 0; k < K; k++) {
			long double sum = (long double)tensor_floats(&net.table.tensor[1])[k];

			for (size_t i = batch.start[b]; i < batch.start[b + 1]; i++)
				sum += (long double)batch.features.value[i] *
				       (long double)tensor_floats(&net.table.tensor[0])[batch.features.index[i] * K + k];
			Z += e[k] = expl(sum);
		}
		net_logits(&net, &batch, b, s, S);
		head_probability(arch_head(&net.arch), 1, K, p, s);
		for (size_t k = 0; k < K; k++)
			worst = fmax(worst, (double)fabsl(p[k] - e[k] / Z));
	}
	if (!tap_ok(worst < 1e-6, "%s: exp(theta' f) / Z", layers))
		printf("# off by %g\n", worst);
	batch_free(&batch);
	net_free(&net);
}

static void
test_heads(void)
{
	double z[MAX_B], p[MAX_B], sum = 0, far[2] = {1e4, -1e4}, loss = 0;
	bool finite = true;

	for (size_t b = 0; b < MAX_B; b++)
		z[b] = 3 * random_normal(1, b);
	head_probability(CHOICE, MAX_B, 1, p, z);
	for (size_t b = 0; b < MAX_B; b++)
		sum += p[b];
	tap_ok(fabs(sum - 1) < 1e-15 && head_likeliest(MAX_B, p) == head_likeliest(MAX_B, z), "a choice adds up to 1");
	z[1] = z[0];
	head_probability(CHOICE, 1, 1, p, z);
	tap_ok(p[0] == 1, "a choice of one is certain");
	head_probability(SOFTMAX, 1, 3, z, z);
	tap_ok(fabs(z[0] + z[1] + z[2] - 1) < 1e-15 && z[0] == z[1], "p may be z");

	for (int i = 0; i < 2; i++)
		for (int y = 0; y < 2; y++) {
			head_probability(SIGMOID, 1, 1, p, &far[i]);
			loss = head_loss(SIGMOID, 1, &far[i], p, (float)y);
			finite &= isfinite(loss) && loss >= 0 && p[0] >= 0 && p[0] <= 1 && (loss > 9999) == (i == y);
			head_probability(SOFTMAX, 1, 2, p, far);
			loss = head_loss(SOFTMAX, 2, far, p, (float)y);
			finite &= isfinite(loss) && loss >= 0 && p[0] == 1 && p[1] == 0 && (loss > 100) == (y == 1);
			head_probability(CHOICE, 2, 1, p, far);
			loss = head_loss(CHOICE, 1, &far[i], &p[i], (float)y);
			finite &= isfinite(loss) && loss >= 0 && (loss > 100) == (i == 1 && y == 1);
		}
	tap_ok(finite, "logits of 10,000 and -10,000: probabilities and losses are finite");
	for (size_t most = 0; most < 3; most++) {
		double wide[3] = {-1e4, -1e4, 0};
		float floats[3] = {-1e4f, -1e4f, 0};

		wide[most] = floats[most] = 1e4f;
		softmax_floats(3, floats);
		finite &= fabs(softmax(3, wide, wide) - 1e4) < 1e-9 && wide[most] == 1 && floats[most] == 1;
	}
	tap_ok(finite, "wherever the largest stands");
	for (double logit = -40; logit <= 40; logit += 0.37) {
		long double one = log1pl(expl(-(long double)logit)), zero = log1pl(expl((long double)logit));

		p[0] = math_sigmoid(logit);
		finite &= fabsl(head_loss(SIGMOID, 1, &logit, p, 1) - one) < 1e-8L * one;
		finite &= fabsl(head_loss(SIGMOID, 1, &logit, p, 0) - zero) < 1e-8L * zero;
	}
	tap_ok(finite, "the logistic loss is ln(1 + e^-z), near and far");
	p[0] = 0.25, p[1] = 0.75;
	tap_ok(fabs(head_loss(SIGMOID, 1, (double[]){log(3)}, &p[1], 1) - log(4.0 / 3)) < 1e-15 &&
	       fabs(head_loss(SIGMOID, 1, (double[]){log(3)}, &p[1], 0) - log(4)) < 1e-15 &&
	       fabs(head_loss(SOFTMAX, 2, z, p, 0) - log(4)) < 1e-15 && fabs(head_loss(CHOICE, 1, z, p, 1) - log(4)) < 1e-15 &&
	       head_loss(CHOICE, 1, z, p, 0) == 0 && head_loss(LINEAR, 1, (double[]){3}, p, 1) == 4, "losses by hand");
}

int
main(void)
{
	test_gradients();
	test_contract();
	for (size_t K = 1; K <= 7; K += 2)
		test_formula(K);
	test_heads();
	return tap_done();
}
