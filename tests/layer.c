/*
 * layer.c - layers, activations and heads: forward against a plain net in double, backward against its central
 * differences; heads against the formula in long double; logits far out.
 */
#include "plain.h"

enum { BITS = 4, MAX_B = 40, MAX_O = 8, NUMBERS = 1024 };

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

/* An image's number, or 0 beyond its edges. */
static double
plain_pixel(const struct net_layer *l, const double *x, size_t c, ptrdiff_t row, ptrdiff_t column)
{
	bool inside = row >= 0 && row < (ptrdiff_t)l->in.height && column >= 0 && column < (ptrdiff_t)l->in.width;

	return inside ? x[((ptrdiff_t)c * (ptrdiff_t)l->in.height + row) * (ptrdiff_t)l->in.width + column] : 0;
}

/* Rows or columns of zeros before the image: half of those that are missing, rounded down. */
static ptrdiff_t
plain_frame(const struct net_layer *l, size_t side, uint64_t in, uint64_t out)
{
	ptrdiff_t missing = (ptrdiff_t)((out - 1) * l->spec.stride + side) - (ptrdiff_t)in;

	return l->spec.mode == SAME && missing > 0 ? missing / 2 : 0;
}

/* y[O] of a layer with a window, of one record; w and bias are NULL for a pool. */
static void
plain_window(const struct net_layer *l, double *y, const double *x, const double *w, const double *bias)
{
	size_t side = l->spec.size[w ? 1 : 0], s = l->spec.stride, C = (size_t)l->in.channels;
	ptrdiff_t top = plain_frame(l, side, l->in.height, l->out.height), left = plain_frame(l, side, l->in.width, l->out.width);

	for (size_t o = 0; o < l->out.channels; o++)
		for (size_t p = 0; p < l->out.height; p++)
			for (size_t q = 0; q < l->out.width; q++, y++) {
				*y = w ? bias[o] : l->spec.mode == MEAN ? 0 : -INFINITY;
				for (size_t c = w ? 0 : o; c < (w ? C : o + 1); c++)
					for (size_t i = 0; i < side; i++)
						for (size_t j = 0; j < side; j++) {
							double pixel = plain_pixel(l, x, c, (ptrdiff_t)(p * s + i) - top, (ptrdiff_t)(q * s + j) - left);

							if (w)
								*y += w[((o * C + c) * side + i) * side + j] * pixel;
							else if (l->spec.mode == MEAN)
								*y += pixel / (double)(side * side);
							else
								*y = fmax(*y, pixel);
						}
			}
}

/* y[O] of a first layer that takes sparse features, of record b. A factor's part of the pairs is summed over the pairs. */
static void
plain_sparse(const struct net_layer *l, const struct batch *batch, size_t b, double *y, const double *w, const double *bias)
{
	size_t from = batch->start[b], n = batch->start[b + 1] - from;
	const uint32_t *index = batch->features.index + from;
	const float *x = batch->features.value + from;

	for (size_t o = 0; o < l->O; o++) {
		y[o] = bias ? bias[o] : 0;
		for (size_t i = 0; i < n; i++) {
			double by = l->spec.kind == LAYER_EMBED && l->spec.mode == MEAN ? 1 / (double)n : 1;

			if (l->spec.kind != LAYER_FM || o == 0)
				y[o] += by * w[index[i] * l->O + o] * (double)x[i];
			for (size_t j = 0; l->spec.kind == LAYER_FM && o > 0 && j < i; j++)
				y[o] += w[index[i] * l->O + o] * w[index[j] * l->O + o] * (double)x[i] * (double)x[j];
		}
	}
}

/* z[K]: logits of record b. */
static void
plain_logits(const struct plain *p, const struct batch *batch, size_t b, double *z)
{
	double x[NUMBERS], y[NUMBERS];

	for (size_t i = batch->start[b]; batch->features.rows && i < batch->start[b + 1]; i++)
		x[i - batch->start[b]] = (double)batch->features.value[i];
	for (size_t i = 0; i < p->net->n_layers; i++) {
		const struct net_layer *l = &p->net->layer[i];
		const double *w = l->weight == NO_TENSOR ? NULL : p->w + p->at[l->weight];
		const double *bias = l->bias == NO_TENSOR ? NULL : p->w + p->at[l->bias];
		double share = l->spec.size[0] / 100.0;

		if (l->spec.kind == LAYER_CONV || l->spec.kind == LAYER_POOL)
			plain_window(l, y, x, w, bias);
		else if (l->in.flow == FLOW_SPARSE)
			plain_sparse(l, batch, b, y, w, bias);
		for (size_t o = 0; o < l->O; o++) {
			if (l->spec.kind == LAYER_FLATTEN)
				y[o] = x[o];
			if (l->spec.kind == LAYER_DROPOUT && !p->drops)
				y[o] = x[o];
			if (l->spec.kind == LAYER_DROPOUT && p->drops)
				y[o] = random_uniform(random_bits(random_bits(1, 0) | 1, i), b * l->O + o) < share ? 0 : x[o] / (1 - share);
			if (l->spec.kind == LAYER_DENSE && l->in.flow == FLOW_FLAT) {
				y[o] = bias ? bias[o] : 0;
				for (size_t j = 0; j < l->I; j++)
					y[o] += w[o * l->I + j] * x[j];
			}
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

/* The features of record b: up to 5 sparse ones, of the first record none; or a row, a third of it 0. */
static void
make_features(struct features *f, const struct net *net, size_t b, size_t B, uint64_t seed)
{
	uint64_t bits = random_bits(seed, b);

	features_reserve(f, net->layer[0].I + 5);
	for (uint32_t i = 0; f->rows && i < net->layer[0].I; i++)
		f->value[f->n++] = random_bits(seed + 1, NUMBERS * b + i) % 3 ? (float)random_normal(seed, NUMBERS * b + i) : 0;
	for (uint32_t i = 0; !f->rows && i < (bits >> 8) % 6 && (b > 0 || B == 1); i++)
		features_add(f, (uint32_t)((bits >> 16) + 3 * i) % (1 << BITS), (float)random_normal(seed, 100 * b + i));
}

/* B records; values of both signs, and weights. */
static void
make_batch(struct batch *batch, const struct net *net, size_t B, uint64_t seed)
{
	enum activation head = arch_head(&net->arch);
	size_t K = net_outputs(net);

	batch->features.rows = !net->sparse;
	for (size_t b = 0; b < B; b++) {
		float label = head == CHOICE ? (float)(b == B / 2) : head == LINEAR ? (float)random_normal(seed, b)
		              : (float)(random_bits(seed, b) % (head == SOFTMAX ? K : 2));

		make_features(&batch->features, net, b, B, seed);
		batch_close_record(batch, label, head == CHOICE ? 1.5f : 0.5f + (float)(b % 3));
	}
}

/* A net of these layers; hash BITS where they name no input. */
static void
make_net(struct net *net, const char *layers, uint64_t seed)
{
	struct arch arch;
	struct arch_fault fault;
	char text[ARCH_TEXT];
	bool whole = strncmp(layers, "vector", 6) == 0 || strncmp(layers, "image", 5) == 0;

	snprintf(text, sizeof text, "hash %d, %s", BITS, layers);
	if (!arch_parse(&arch, whole ? layers : text, &fault))
		printf("# %s: %s\n", text, fault.rule);
	net_init(net, &arch, false, 0, 1);
	for (size_t i = 0; i < net->table.n; i++)
		for (size_t j = 0; j < net->table.tensor[i].n; j++)
			tensor_floats(&net->table.tensor[i])[j] = (float)(0.7 * random_normal(seed + i, j));
}

/* The largest difference between the logits of a net and of the plain one. */
static double
logits_off(const struct net *net, const struct plain *plain, const struct batch *batch)
{
	size_t K = net_outputs(net);
	struct net_pass pass;
	double *s = allocate(batch->n * K, sizeof *s), z[MAX_O], off = 0;

	net_pass_init(&pass, net, 0);
	net_logits(net, &pass, batch, 0, batch->n, s);
	for (size_t b = 0; b < batch->n; b++) {
		plain_logits(plain, batch, b, z);
		for (size_t k = 0; k < K; k++)
			off = fmax(off, fabs(s[b * K + k] - z[k]));
	}
	net_pass_free(&pass);
	free(s);
	return off;
}

static void
test_gradient(const char *layers, size_t B)
{
	static struct plain plain;
	struct net net;
	struct batch batch = {0};
	double off;

	make_net(&net, layers, 5);
	make_batch(&batch, &net, B, 11 + B);
	plain_copy(&plain, &net);
	net_reserve(&net);
	plain.drops = false;
	off = logits_off(&net, &plain, &batch);
	if (!tap_ok(off < 2e-5, "%s, %zu records: logits", layers, B))
		printf("# off by %g\n", off);
	plain.drops = true;
	plain_gradient(layers, &plain, &net, &batch, plain_loss);
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
		"vector 7, dense 1 sigmoid",
		"vector 9, dense 5 tanh, dropout 40, dense 3 softmax",
		"image 3 5 2, flatten, dense 3 softmax",
		"image 5 4 1, conv 3 3 tanh, flatten, dense 1 sigmoid",
		"image 4 11 2, conv 3 3 tanh, flatten, dense 3 softmax",
		"image 5 19 1, conv 7 2 tanh, flatten, dense 1",
		"image 6 5 2, conv 3 3 stride 2 tanh, flatten, dense 2 softmax",
		"image 5 6 3, conv 2 3 same tanh, conv 3 2 same sigmoid, flatten, dense 1 sigmoid",
		"image 7 8 1, conv 2 3 same stride 2 tanh, conv 2 2 tanh, flatten, dense 1 sigmoid",
		"image 6 7 2, conv 3 1 tanh, pool 2, flatten, dense 3 softmax",
		"image 7 6 2, conv 2 2 tanh, pool 3 stride 1 mean, conv 3 2 tanh, pool 2, flatten, dense 2 softmax",
		"image 4 5 2, pool 2 stride 1, dropout 30, conv 2 2, flatten, dense 3 tanh, dense 1 sigmoid",
		"embed 3, dense 1 sigmoid", "embed 5 mean, dense 3 tanh, dense 3 softmax", "embed 2, dense 1 choice",
		"fm 1, dense 1 sigmoid", "fm 5, dense 2 tanh, dense 3 softmax",
		"embed 4 mean, dropout 30, dense 1 sigmoid",
	};

	for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
		for (size_t B = strstr(layers[i], "choice") ? 3 : 1; B <= 7; B = 2 * B + 1)
			test_gradient(layers[i], B);
	test_gradient("embed 3, dense 4 tanh, dense 3 softmax", MAX_B); /* several lanes, of two pieces */
	test_gradient("image 5 9 2, conv 3 3 tanh, flatten, dense 3 softmax", MAX_B);
	test_gradient("dense 3 tanh, dense 1 choice", 20);
}

/* backward adds to the gradients of biases, and writes that of the input; what is NULL is left out. */
static void
test_contract(void)
{
	const float x[] = {1, -2, 3}, w[] = {0.5f, 1, -1, 2, 0, 1}, dy[] = {1, -1};
	const size_t start[] = {0, 2};
	const uint32_t slot[] = {1, 0};
	float scratch[4096], dx[3] = {9, 9, 9}, dw[6] = {1, 1, 1, 1, 1, 1}, dbias[2] = {1, 1}, rows[4] = {1, 1, 1, 1};

	dense_backward(1, 3, 2, dx, dbias, w, dy, scratch);
	tap_ok(dx[0] == -1.5f && dx[1] == 1 && dx[2] == -2, "dense: dx is written");
	tap_ok(dbias[0] == 2 && dbias[1] == 0, "dense: dbias is added to");
	dense_backward(1, 3, 2, NULL, NULL, w, dy, scratch);
	dense_backward_weights(1, 3, 2, 2, 3, dw, x, dy, scratch);
	tap_ok(dw[0] == 1 && dw[1] == -2 && dw[2] == 3 && dw[3] == -1 && dw[4] == 2 && dw[5] == -3, "dense: dw is written");
	dense_backward_weights(1, 3, 2, 1, 2, dw, x + 1, dy + 1, scratch);
	tap_ok(dw[0] == 2 && dw[1] == -3 && dw[2] == 3, "dense: a block of dw");
	sparse_backward(1, 2, rows, dbias, start, slot, x, dy);
	tap_ok(rows[0] == -1 && rows[1] == 3 && rows[2] == 2 && rows[3] == 0 && dbias[0] == 3 && dbias[1] == -1,
	       "sparse: dw and dbias are added to, by slot");
	sparse_backward(1, 2, NULL, NULL, start, slot, x, dy);
	tap_ok(dbias[0] == 3, "sparse: both may be NULL");
}

/* A convolution by whatever kernel suits its sizes is the plain one, bit for bit. */
static void
test_conv_bits(void)
{
	bool good = true;

	for (uint32_t W = 1; W <= 40; W++)
		for (uint32_t K = 1; K <= 4; K++) {
			uint32_t H = K + W % 3, C = 1 + W % 2, O = 1 + (W * 7 + K) % 13;
			struct arch_layer spec = {.kind = LAYER_CONV, .size = {O, K}, .stride = 1, .mode = W < K || W % 2 ? SAME : VALID};
			struct net_layer l = {.spec = spec, .in = {FLOW_IMAGE, C, H, W}};
			float *x = allocate(C * H * W, sizeof *x), *w = allocate(O * C * K * K, sizeof *w), bias[13], *scratch, *y, *plain;
			size_t n, *at = allocate(2 * C * K * K, sizeof *at);
			struct window v;

			l.out = arch_flow(&l.spec, l.in);
			v = net_window(&l);
			v.at = at;
			window_place(&v, at, at + C * K * K);
			n = O * v.P * v.Q;
			scratch = allocate(conv_scratch(&v, O), sizeof *scratch);
			y = allocate(n, sizeof *y);
			plain = allocate(n, sizeof *plain);
			for (size_t i = 0; i < C * H * W; i++)
				x[i] = (float)random_normal(W, i);
			for (size_t i = 0; i < O * C * K * K; i++)
				w[i] = (float)random_normal(K, i);
			for (size_t i = 0; i < O; i++)
				bias[i] = (float)i;
			conv_forward(1, O, &v, y, x, w, bias, false, scratch);
			window_columns(&v, scratch, x);
			for (size_t d = 0; d < C * K * K; d++)
				at[d] = d * v.P * v.Q;
			gemm_slide_plain(O, v.P * v.Q, C * K * K, plain, v.P * v.Q, w, bias, false, scratch, at);
			good = good && memcmp(y, plain, n * sizeof *y) == 0;
			free(x), free(w), free(at), free(scratch), free(y), free(plain);
		}
	tap_ok(good, "a convolution is the plain one, whichever way it goes");
}

/*
 * A convolution and the dense layer behind it at once are the two one after the other, whatever the window, and any number of
 * images; what lies behind the results stays.
 */
static void
test_conv_dense(void)
{
	enum { KEPT = 77 };
	double worst = 0;
	bool kept = true;

	for (uint32_t W = 4; W <= 20; W++) {
		uint32_t K = 1 + W % 4, H = K + W % 5 + 3, C = 1 + W % 3, O = 1 + (W * 7 + K) % 13, top = 1 + W % 11;
		struct arch_layer spec = {.kind = LAYER_CONV, .size = {O, K}, .stride = 1, .mode = W % 2 ? SAME : VALID};
		struct net_layer l = {.spec = spec, .in = {FLOW_IMAGE, C, H, W}};
		size_t B = W - 4 < WINDOW_ABREAST ? W - 3 : WINDOW_ABREAST, D = C * K * K, image = C * H * W, n, *at = allocate(2 * D, sizeof *at);
		float *x = allocate(B * image, sizeof *x), *w = allocate(O * D, sizeof *w), bias[13], top_bias[11], z[16 * 11 + 1], plain[16 * 11];
		float *scratch, *y, *up;
		struct window v;

		l.out = arch_flow(&l.spec, l.in);
		v = net_window(&l);
		v.at = at;
		v.beside = at + D;
		window_place(&v, at, at + D);
		n = O * v.P * v.Q;
		scratch = allocate_aligned(conv_scratch(&v, O) + conv_dense_scratch(&v, top), sizeof *scratch);
		y = allocate(B * n, sizeof *y);
		up = allocate(top * n, sizeof *up);
		for (size_t i = 0; i < B * image; i++)
			x[i] = (float)random_normal(W, i);
		for (size_t i = 0; i < O * D; i++)
			w[i] = (float)random_normal(K, i);
		for (size_t i = 0; i < top * n; i++)
			up[i] = (float)(random_normal(7, i) / sqrt((double)n));
		for (size_t i = 0; i < O; i++)
			bias[i] = (float)i / 10;
		for (size_t i = 0; i < top; i++)
			top_bias[i] = (float)i - 2;
		z[B * top] = KEPT;
		conv_forward(B, O, &v, y, x, w, bias, true, scratch);
		dense_forward(B, n, top, plain, y, up, W % 3 ? top_bias : NULL);
		conv_dense_forward(B, O, &v, top, z, x, w, bias, up, W % 3 ? top_bias : NULL, scratch);
		for (size_t i = 0; i < B * top; i++)
			worst = fmax(worst, fabs((double)z[i] - (double)plain[i]) / (1 + fabs((double)plain[i])));
		kept = kept && z[B * top] == KEPT;
		free(x), free(w), free(at), free(scratch), free(y), free(up);
	}
	if (!tap_ok(worst < 2e-5 && kept, "a convolution and a dense layer at once are one after the other"))
		printf("# off by %g\n", worst);
}

/* What is not wanted of a convolution's gradients changes nothing of the others. Numbers are whole: sums are exact. */
static void
test_conv_wants(void)
{
	enum { O = 3, W = 22, K = 3, Q = W - K + 1, MOST = O * Q * Q };
	bool good = true;

	for (uint32_t side = 5; side <= W; side += W - 5)
		for (unsigned wants = 0; wants < 16; wants++) {
			const bool down = wants & 1, weights = wants & 2, biases = wants & 4, ramp = wants & 8;
			const uint32_t places = side - K + 1, n = O * places * places;
			float x[W * W], w[O * K * K], y[MOST], dy[2][MOST], dx[2][W * W] = {{0}}, dw[2][O * K * K] = {{0}};
			float dbias[2][O] = {{0}}, *scratch;
			size_t at[2 * K * K];
			struct window v = {1, side, side, K, 1, 0, 0, places, places, at, at + K * K};

			window_place(&v, at, at + K * K);
			scratch = allocate(conv_scratch(&v, O), sizeof *scratch);
			for (size_t i = 0; i < side * side; i++)
				x[i] = (float)(i * 7 % 5) - 2;
			for (size_t i = 0; i < O * K * K; i++)
				w[i] = (float)(i % 3) - 1;
			for (size_t i = 0; i < n; i++) {
				y[i] = (float)(i * 11 % 7 % 2);
				dy[0][i] = dy[1][i] = (float)(i * 13 % 9) - 3;
			}
			conv_backward(1, O, &v, dx[0], dw[0], dbias[0], x, w, dy[0], ramp ? y : NULL, scratch);
			conv_backward(1, O, &v, down ? dx[1] : NULL, weights ? dw[1] : NULL, biases ? dbias[1] : NULL, x, w, dy[1],
			              ramp ? y : NULL, scratch);
			good = good && (!down || memcmp(dx[0], dx[1], sizeof dx[0]) == 0);
			good = good && (!weights || memcmp(dw[0], dw[1], sizeof dw[0]) == 0);
			good = good && (!biases || memcmp(dbias[0], dbias[1], sizeof dbias[0]) == 0);
			good = good && dw[0][0] != 0 && dbias[0][0] != 0;
			free(scratch);
		}
	tap_ok(good, "gradients of a convolution that are not wanted change nothing of the others");
}

/* A net of which layers are computed together, where nothing goes back. */
static void
test_joined(const char *layers, size_t B)
{
	static struct plain plain;
	struct net net;
	struct batch batch = {0};
	double off;

	make_net(&net, layers, 3);
	make_batch(&batch, &net, B, 5);
	net_reserve(&net);
	plain_copy(&plain, &net);
	off = logits_off(&net, &plain, &batch);
	if (!tap_ok(net_joined(&net, 0) && off < 1e-5, "%s, %zu records: logits", layers, B))
		printf("# off by %g\n", off);
	batch_free(&batch);
	net_free(&net);
}

/* Weights after some steps, by so many threads. */
static void
trained(struct net *net, const char *layers, size_t threads, double clip)
{
	struct trainer t;
	struct batch batch = {0};

	make_net(net, layers, 3);
	make_batch(&batch, net, 120, 5);
	trainer_init(&t, net, 0, optimiser_find("sgd"), (struct optimiser_settings){.rate = 0.1}, threads);
	t.clip = clip;
	for (size_t i = 0; i < 120; i += 40)
		train(&t, &batch, i, 40);
	trainer_free(&t);
	batch_free(&batch);
}

static bool
same_weights(const struct net *a, const struct net *b)
{
	bool same = true;

	for (size_t i = 0; i < a->table.n; i++)
		same &= memcmp(a->table.tensor[i].data, b->table.tensor[i].data, a->table.tensor[i].n * sizeof(float)) == 0;
	return same;
}

static void
test_threads(void)
{
	static const char *const layers[] = {
		"embed 3, dense 4 tanh, dense 3 softmax", "fm 3, dense 1 choice",
		"image 7 19 2, conv 3 3 relu, dropout 20, flatten, dense 3 softmax",
	};

	for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
		for (int clip = 0; clip < 2; clip++) {
			struct net one, three;

			trained(&one, layers[i], 1, clip);
			trained(&three, layers[i], 3, clip);
			tap_ok(same_weights(&one, &three), "%s%s: three threads learn what one does", layers[i], clip ? ", clipped" : "");
			net_free(&one);
			net_free(&three);
		}
}

/* A step of sgd at rate 1 is as long as the gradient: no longer than the clip, and in its direction. */
static void
test_clip(const char *layers)
{
	struct net start, whole, half;
	double length[2] = {0}, dot = 0, clip;
	struct net *net[2] = {&whole, &half};

	make_net(&start, layers, 3);
	for (int i = 0; i < 2; i++) {
		struct trainer t;
		struct batch batch = {0};

		make_net(net[i], layers, 3);
		make_batch(&batch, net[i], 20, 5);
		trainer_init(&t, net[i], 0, optimiser_find("sgd"), (struct optimiser_settings){.rate = 1}, 1);
		t.clip = i ? sqrt(length[0]) / 2 : 0;
		train(&t, &batch, 0, 20);
		for (size_t j = 0; j < start.table.n; j++)
			for (size_t k = 0; k < start.table.tensor[j].n; k++) {
				double from = (double)tensor_floats(&start.table.tensor[j])[k];
				double step = from - (double)tensor_floats(&net[i]->table.tensor[j])[k];

				length[i] += step * step;
				dot += i ? step * (from - (double)tensor_floats(&whole.table.tensor[j])[k]) : 0;
			}
		trainer_free(&t);
		batch_free(&batch);
	}
	clip = sqrt(length[0]) / 2;
	tap_ok(fabs(sqrt(length[1]) / clip - 1) < 1e-5 && fabs(dot / (2 * clip * clip) - 1) < 1e-5,
	       "%s: a gradient of length %.3g is clipped to %.3g", layers, 2 * clip, clip);
	net_free(&start);
	net_free(&whole);
	net_free(&half);
}

/* P(y | x) = exp(theta' f(x, y)) / Z, in long double, of a log-linear net with K classes. */
static void
test_formula(size_t K)
{
	struct net net;
	struct batch batch = {0};
	char layers[32];
	struct net_pass pass;
	double s[MAX_O], p[MAX_O], worst = 0;

	snprintf(layers, sizeof layers, K == 1 ? "dense %zu sigmoid" : "dense %zu softmax", K);
	make_net(&net, layers, 3);
	make_batch(&batch, &net, 7, 17);
	net_reserve(&net);
	net_pass_init(&pass, &net, 0);
	for (size_t b = 0; b < 7; b++) {
		long double e[MAX_O], Z = K == 1 ? 1 : 0;

		for (size_t k = 0; k < K; k++) {
			long double sum = (long double)tensor_floats(&net.table.tensor[1])[k];

			for (size_t i = batch.start[b]; i < batch.start[b + 1]; i++)
				sum += (long double)batch.features.value[i] *
				       (long double)tensor_floats(&net.table.tensor[0])[batch.features.index[i] * K + k];
			Z += e[k] = expl(sum);
		}
		net_logits(&net, &pass, &batch, b, 1, s);
		head_probability(arch_head(&net.arch), 1, K, p, s);
		for (size_t k = 0; k < K; k++)
			worst = fmax(worst, (double)fabsl(p[k] - e[k] / Z));
	}
	if (!tap_ok(worst < 1e-6, "%s: exp(theta' f) / Z", layers))
		printf("# off by %g\n", worst);
	net_pass_free(&pass);
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
	test_conv_bits();
	test_conv_dense();
	test_joined("image 5 9 2, conv 3 3 relu, flatten, dense 3 softmax", 1);
	test_joined("image 5 9 2, conv 3 3 same relu, flatten, dense 4 tanh, dense 3 softmax", 21);
	test_conv_wants();
	test_threads();
	test_clip("embed 3, dense 4 tanh, dense 3 softmax");
	test_clip("image 5 9 2, conv 3 3 tanh, flatten, dense 3 softmax");
	for (size_t K = 1; K <= 7; K += 2)
		test_formula(K);
	test_heads();
	return tap_done();
}
