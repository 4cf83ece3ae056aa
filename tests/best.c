/*
 * best.c - the likeliest classes: against all logits, their softmax in double, and a sort; ties; any number of records.
 */
#include "../common/net/best.h"
#include "tap.h"

enum { MOST_B = BEST_RECORDS };

/* Classes of a net with K of them, by best.h and by the book. */
static void
test_net(size_t K, size_t B, size_t k, bool tied)
{
	struct arch arch;
	struct arch_fault fault;
	struct net net;
	struct net_pass pass;
	struct best_inputs x;
	struct batch batch = {.features.rows = true};
	struct best best[MOST_B], plain;
	struct best_class *list = allocate(B * k, sizeof *list), *sorted = allocate(K, sizeof *sorted);
	double own[MOST_B], alone, *z = allocate(B * K, sizeof *z), worst = 0;
	char layers[64];
	bool same = true, right = true;

	snprintf(layers, sizeof layers, "vector 3, dense 5 tanh, dense %zu softmax", K);
	arch_parse(&arch, layers, &fault);
	net_init(&net, &arch, false, 0, 1);
	for (size_t i = 0; i < net.table.n; i++)
		for (size_t j = 0; j < net.table.tensor[i].n; j++)
			tensor_floats(&net.table.tensor[i])[j] = tied && i > 1 ? (float)(j % 2 && i == 3) : (float)(3 * random_normal(i, j));
	for (size_t b = 0; b < B; b++) {
		features_reserve(&batch.features, 3);
		for (size_t i = 0; i < 3; i++)
			batch.features.value[batch.features.n++] = (float)random_normal(9, 3 * b + i);
		batch_close_record(&batch, (float)(b * 7919 % K), 1);
		best[b] = (struct best){list + b * k, 0, k};
	}
	net_reserve(&net);
	net_pass_init(&pass, &net, 0);
	net_logits(&net, &pass, &batch, 0, B, z);
	best_inputs_init(&x, &net);
	best_classes(&net, &pass, &x, (struct piece){&batch, 0, 0, B}, best, batch.label, own);
	for (size_t b = 0; b < B; b++) {
		softmax(K, z + b * K, z + b * K);
		plain = (struct best){sorted, K, K};
		for (size_t i = 0; i < K; i++)
			sorted[i] = (struct best_class){z[b * K + i], (uint32_t)i};
		best_sort(&plain);
		right &= best[b].n == k;
		for (size_t i = 0; i < k; i++) {
			worst = fmax(worst, fabs(best[b].list[i].value / sorted[i].value - 1));
			right &= best[b].list[i].class == sorted[i].class;
		}
		worst = fmax(worst, fabs(own[b] / z[b * K + b * 7919 % K] - 1));
	}
	if (!tap_ok(right && worst < 1e-5, "%zu classes, %zu records, the best %zu%s", K, B, k, tied ? ", with ties" : ""))
		printf("# %s, off by %g\n", right ? "right classes" : "wrong classes", worst);
	for (size_t b = 0; b < B; b++) {
		struct best one = {sorted, 0, k};

		best_classes(&net, &pass, &x, (struct piece){&batch, b, 0, 1}, &one, batch.label + b, &alone);
		same &= alone == own[b];
		for (size_t i = 0; i < k; i++)
			same &= one.list[i].class == best[b].list[i].class && one.list[i].value == best[b].list[i].value;
	}
	tap_ok(same, "the same bits as one by one");
	best_inputs_free(&x);
	net_pass_free(&pass);
	net_free(&net);
	batch_free(&batch);
	free(list), free(sorted), free(z);
}

int
main(void)
{
	test_net(2, 1, 1, false);
	test_net(31, 5, 3, false);
	test_net(33, 17, 33, false);
	test_net(97, 16, 20, false);
	test_net(300, MOST_B, 20, false);
	test_net(1000, 3, 999, false);
	test_net(300, 9, 7, true);
	return tap_done();
}
