/*
 * arch.c - the architecture language: what it takes, what it refuses and at which word, its one spelling.
 */
#include "../common/net/arch.h"
#include "tap.h"

/* A text that is refused: the rule begins so, the word is this one. */
static void
refuses(const char *text, const char *rule, const char *word)
{
	struct arch a;
	struct arch_fault fault = {.rule = "taken"};
	bool taken = arch_parse(&a, text, &fault);
	bool inside = !taken && fault.word.at >= text && fault.word.at + fault.word.n <= text + strlen(text);

	if (!tap_ok(!taken && inside && strncmp(fault.rule, rule, strlen(rule)) == 0 && view_equal(fault.word, view_of(word)),
	            "\"%s\": %s: \"%s\"", text, rule, word))
		printf("# %s: \"%.*s\"\n", fault.rule, (int)fault.word.n, fault.word.at);
}

/* A text that is taken: printed, it is the canonical spelling, which parses to the same layers. */
static void
takes(const char *text, const char *canonical)
{
	struct arch a, again;
	struct arch_fault fault;
	char printed[ARCH_TEXT] = "refused", twice[ARCH_TEXT] = "refused";
	bool same;

	if (arch_parse(&a, text, &fault))
		arch_print(&a, printed);
	if (arch_parse(&again, printed, &fault))
		arch_print(&again, twice);
	same = strcmp(printed, canonical) == 0 && strcmp(twice, printed) == 0 && again.n == a.n;
	same = same && memcmp(a.layer, again.layer, a.n * sizeof *a.layer) == 0;
	tap_ok(same, "\"%s\" is \"%s\"", text, printed);
}

static void
test_taken(void)
{
	takes("hash 22, dense 1 sigmoid", "hash 22, dense 1 sigmoid");
	takes("  hash  1 ,dense 2   softmax  ", "hash 1, dense 2 softmax");
	takes("hash 030,dense 1 choice", "hash 30, dense 1 choice");
	takes("hash 3, dense 1", "hash 3, dense 1");
	takes("hash 3, dense 1 linear", "hash 3, dense 1");
	takes("hash 3, dense 7 relu, dense 5 tanh, dense 3 sigmoid, dense 4 softmax, dense 6, dense 1048576 softmax",
	      "hash 3, dense 7 relu, dense 5 tanh, dense 3 sigmoid, dense 4 softmax, dense 6, dense 1048576 softmax");
	takes("image 28 28 1, conv 32 3 relu, flatten, dense 10 softmax", "image 28 28 1, conv 32 3 relu, flatten, dense 10 softmax");
	takes("image 9 8 3, conv 4 3 relu same stride 2, pool 2 mean stride 1, dropout 25, conv 2 1 valid stride 1, pool 2 max, flatten, dense 1",
	      "image 9 8 3, conv 4 3 stride 2 same relu, pool 2 stride 1 mean, dropout 25, conv 2 1, pool 2, flatten, dense 1");
	takes("hash 22, embed 16 mean, dropout 10, dense 1 sigmoid", "hash 22, embed 16 mean, dropout 10, dense 1 sigmoid");
	takes("hash 22, embed 16 sum, dense 1 sigmoid", "hash 22, embed 16, dense 1 sigmoid");
	takes("hash 22, fm 16, dense 1 sigmoid", "hash 22, fm 16, dense 1 sigmoid");
	takes("vector 100, dense 64 relu, dense 1 sigmoid", "vector 100, dense 64 relu, dense 1 sigmoid");
	takes("ids 40000, embed 64, gru 100, dense 40000 softmax", "ids 40000, embed 64, gru 100, dense 40000 softmax");
	takes("ids 9, embed 4 seq, gru 5, dense 1", "ids 9, embed 4, gru 5, dense 1");
	takes("ids 9, embed 4 sum, dense 1", "ids 9, embed 4 sum, dense 1");
	takes("hash 9, embed 4 seq, gru 5, dense 1", "hash 9, embed 4 seq, gru 5, dense 1");
}

static void
test_refused(void)
{
	const char *const dense = "dense UNITS [ACTIVATION]", *const conv = "conv CHANNELS SIZE";

	refuses("", "no such layer", "");
	refuses("hsah 22, dense 1 sigmoid", "no such layer", "hsah");
	refuses("hash 22, dens 1 sigmoid", "no such layer", "dens");
	refuses("hash 22, dense 1 sigmoid,", "no such layer", "");
	refuses("hash 22,, dense 1 sigmoid", "no such layer", ",");
	refuses("hash\t22, dense 1 sigmoid", "no such layer", "hash\t22");
	refuses("dense 1 sigmoid", "the first layer is an input", "dense");
	refuses("hash 3, hash 4, dense 1 sigmoid", "hash is an input", "hash");
	refuses("hash 3, vector 4, dense 1 sigmoid", "vector is an input", "vector");
	refuses("hash 3, image 4 4 1, dense 1 sigmoid", "image is an input", "image");
	refuses("hash 3, dense 1 choice, dense 2 softmax", "choice is a head", "dense");
	refuses("hash, dense 1", "hash BITS", ",");
	refuses("hash 0, dense 1", "hash BITS", "0");
	refuses("hash 31, dense 1", "hash BITS, 1 to 30", "31");
	refuses("hash 3x, dense 1", "hash BITS", "3x");
	refuses("hash -3, dense 1", "hash BITS", "-3");
	refuses("hash 18446744073709551619, dense 1", "hash BITS", "18446744073709551619");
	refuses("hash 3 relu, dense 1", "hash BITS", "relu");
	refuses("hash 3, dense sigmoid", dense, "sigmoid");
	refuses("hash 3, dense", dense, "");
	refuses("hash 3, dense 0 sigmoid", dense, "0");
	refuses("hash 3, dense 1048577 softmax", dense, "1048577");
	refuses("hash 3, dense 1 sigmoyd", dense, "sigmoyd");
	refuses("hash 3, dense 1 Sigmoid", dense, "Sigmoid");
	refuses("hash 3, dense 1 relu sigmoid", dense, "sigmoid");
	refuses("hash 3, dense 1 same", dense, "same");
	refuses("hash 3, dense 1 stride 2", dense, "stride");
	refuses("hash 3, dense 4 relu dense 1 sigmoid", dense, "dense");
	refuses("hash 3", "the last layer is a head", "hash");
	refuses("image 4 4 1, flatten", "the last layer is a head", "flatten");
	refuses("hash 3, embed 4", "the last layer is a head", "embed");
	refuses("hash 3, dense 4 relu", "the last layer is a head", "relu");
	refuses("hash 3, dense 1 tanh", "the last layer is a head", "tanh");
	refuses("hash 3, dense 1 softmax", "softmax needs two units", "1");
	refuses("hash 3, dense 2 sigmoid", "this head has one unit", "2");
	refuses("hash 3, dense 3 choice", "this head has one unit", "3");
	refuses("hash 3, dense 4", "this head has one unit", "4");
	refuses("image 4 4 1, conv 2 3 softmax, flatten, dense 1", "a conv has relu, tanh, sigmoid or linear", "conv");
	refuses("image 4 4 1, conv 2 3 choice, flatten, dense 1", "a conv has relu, tanh, sigmoid or linear", "conv");
	refuses("image 4 4, dense 1", "image HEIGHT WIDTH CHANNELS", ",");
	refuses("image 4 4 1, dense 1", "dense takes a vector: flatten an image", "dense");
	refuses("vector 4, flatten, dense 1", "flatten takes an image", "flatten");
	refuses("vector 4, conv 1 1, dense 1", "conv takes an image", "conv");
	refuses("vector 4, pool 2, dense 1", "pool takes an image", "pool");
	refuses("vector 4, embed 2, dense 1", "embed takes hash or ids", "embed");
	refuses("ids 4, dense 1", "dense takes a vector: ", "dense");
	refuses("ids 4, embed 3, dense 1", "dense takes a vector: ", "dense");
	refuses("ids 4, embed 3 sum, gru 2, dense 1", "gru takes a sequence: embed UNITS seq", "gru");
	refuses("ids 4, embed 3 max, gru 2, dense 1", "embed UNITS [mean|seq|sum]", "max");
	refuses("ids 4, embed 3, gru 2 relu, dense 1", "gru UNITS", "relu");
	refuses("ids 4, embed 3, gru 2, gru 2, dense 1", "gru takes a sequence", "gru");
	refuses("ids 4, embed 3, dropout 2, gru 2, dense 1", "dropout takes a vector or an image", "dropout");
	refuses("ids 0, embed 3, gru 2, dense 1", "ids N", "0");
	refuses("ids 4, embed 3, gru 2", "the last layer is a head", "gru");
	refuses("vector 4, fm 2, dense 1", "fm takes hash", "fm");
	refuses("hash 4, dropout 20, dense 1", "dropout takes a vector or an image", "dropout");
	refuses("vector 4, dropout 100, dense 1", "dropout PERCENT, 1 to 99", "100");
	refuses("vector 1048577, dense 1", "vector N, 1 to 1048576", "1048577");
	refuses("image 4 9000 1, dense 1", "image HEIGHT WIDTH CHANNELS, each 1 to 8192", "9000");
	refuses("image 4 4 1, conv 3, flatten, dense 1", conv, ",");
	refuses("image 4 4 1, conv 3 2 max, flatten, dense 1", conv, "max");
	refuses("image 4 4 1, conv 3 2 same valid, flatten, dense 1", conv, "valid");
	refuses("image 4 4 1, conv 3 2 stride, flatten, dense 1", conv, ",");
	refuses("image 4 4 1, conv 3 2 stride 0, flatten, dense 1", conv, "0");
	refuses("image 4 4 1, conv 3 2 stride 1 stride 1, flatten, dense 1", conv, "stride");
	refuses("image 4 5 1, conv 3 5, flatten, dense 1", "its window is larger than the image", "conv");
	refuses("image 5 4 1, pool 5, flatten, dense 1", "its window is larger than the image", "pool");
	refuses("image 8192 8192 8192, flatten, dense 1", "its result is too large", "image");
	refuses("image 8192 8192 1, conv 8192 3, flatten, dense 1", "its result is too large", "conv");
	refuses("hash 3, dense 1, dense 1, dense 1, dense 1, dense 1, dense 1, dense 1, dense 1, dense 1, dense 1, dense 1, "
	        "dense 1, dense 1, dense 1, dense 1, dense 9 softmax", "too many layers", "dense");
}

/* Layers put on top of a net, as finetune does. */
static void
test_appended(void)
{
	struct arch a;
	struct arch_fault fault;
	char printed[ARCH_TEXT];

	arch_parse(&a, "hash 3, dense 1 sigmoid", &fault);
	tap_ok(arch_append(&a, "dense 4 relu, dense 2 softmax", &fault) && a.n == 4, "layers are appended");
	arch_print(&a, printed);
	tap_ok(strcmp(printed, "hash 3, dense 1 sigmoid, dense 4 relu, dense 2 softmax") == 0, "behind those that were there");
	tap_ok(arch_head(&a) == SOFTMAX && !arch_log_linear(&a), "the head is the new one");
	tap_ok(!arch_append(&a, "hash 3, dense 1", &fault) && view_equal(fault.word, view_of("hash")), "a second input is refused");
	arch_parse(&a, "hash 3, dense 1 choice", &fault);
	tap_ok(arch_log_linear(&a), "a choice is log-linear");
	tap_ok(!arch_append(&a, "dense 1 sigmoid", &fault), "nothing goes on top of a choice");
	arch_parse(&a, "hash 3, dense 1", &fault);
	tap_ok(!arch_log_linear(&a), "squared loss is not");
}

int
main(void)
{
	test_taken();
	test_refused();
	test_appended();
	return tap_done();
}
