/*
 * model.c - a model comes back from its file as it was; files that are safetensors but no model of ours are refused.
 */
#include <sys/wait.h>

#include "../common/net/model.h"
#include "tap.h"

/* A file about to be written, as model_save would, with something wrong. */
struct file {
	struct safetensor tensor[8];
	size_t n;
	struct safetensors_entry entry[20];
	size_t n_entries;
};

static char path[] = "/tmp/weir-model.XXXXXX";

static void
replace(struct file *f, const char *key, const char *value)
{
	for (size_t i = 0; i < f->n_entries; i++)
		if (strcmp(f->entry[i].key, key) == 0)
			f->entry[i].value = value;
}

static void
leave_out(struct file *f, const char *key)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_entries; i++)
		if (strcmp(f->entry[i].key, key) != 0)
			f->entry[n++] = f->entry[i];
	f->n_entries = n;
}

/* Status of a process that opens the file, and what it says in why[n]. */
static int
opened(char *why, size_t n)
{
	int ends[2], status = 0;
	size_t got = 0;
	ssize_t more;
	pid_t child;

	if (pipe(ends) < 0 || (child = fork()) < 0)
		abort();
	if (child == 0) {
		struct model m;

		dup2(ends[1], STDERR_FILENO);
		model_open(&m, path);
		_exit(0);
	}
	close(ends[1]);
	while ((more = read(ends[0], why + got, n - 1 - got)) > 0)
		got += (size_t)more;
	why[got] = '\0';
	close(ends[0]);
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The file is refused in one line, with status 4, for this reason. */
static void
refused(const char *what, const struct file *f, const char *reason)
{
	char why[512];
	int status;

	safetensors_save(path, f->tensor, f->n, f->entry, f->n_entries);
	status = opened(why, sizeof why);
	if (!tap_ok(status == STATUS_SYSTEM && strstr(why, reason) && strchr(why, '\n') == why + strlen(why) - 1, "%s", what))
		printf("# status %d: %s\n", status, why);
}

static void
make_model(struct model *m, const char *layers, const char *optimiser)
{
	struct arch arch;
	struct arch_fault fault;

	*m = (struct model){.optimiser = optimiser_find(optimiser), .batch = 7, .seed = 5, .variance = 0.1};
	if (!arch_parse(&arch, layers, &fault))
		printf("# %s\n", fault.rule);
	if (m->optimiser)
		m->set = (struct optimiser_settings){1.0 / 3, 0.1, 1e-5, 99};
	m->progress = (struct progress){1234567890123, 1.0 / 7, 2.0 / 3, 1e-300, 1.0 / 9, 1e-9, -1.0 / 3};
	snprintf(m->parent, sizeof m->parent, "0123456789abcdef");
	snprintf(m->transfer, sizeof m->transfer, "shift 0.25");
	net_init(&m->net, &arch, !m->optimiser, m->variance, 3);
	tensors_allocate_states(&m->net.table, m->optimiser ? m->optimiser->n_states : 0);
	for (size_t i = 0; m->optimiser && i < m->net.table.n; i++)
		for (size_t s = 0; s < m->optimiser->n_states; s++)
			m->net.table.tensor[i].state[s][0] = (float)(i + 10 * s + 1);
}

static void
test_round_trip(const char *layers, const char *optimiser)
{
	struct model m, back;
	bool same;

	make_model(&m, layers, optimiser);
	model_save(&m, path);
	model_open(&back, path);
	model_own(&back);
	same = back.optimiser == m.optimiser && back.seed == 5 && memcmp(&back.progress, &m.progress, sizeof m.progress) == 0 &&
	       strcmp(back.parent, m.parent) == 0 && strcmp(back.transfer, m.transfer) == 0 && back.net.table.n == m.net.table.n;
	same &= m.optimiser ? memcmp(&back.set, &m.set, sizeof m.set) == 0 && back.batch == 7 : back.variance == m.variance && back.batch == 1;
	for (size_t i = 0; same && i < m.net.table.n; i++) {
		const struct tensor *a = &m.net.table.tensor[i], *b = &back.net.table.tensor[i];

		same = strcmp(a->name, b->name) == 0 && a->n == b->n && memcmp(a->data, b->data, a->n * a->width) == 0;
		for (size_t s = 0; same && m.optimiser && s < m.optimiser->n_states; s++)
			same = memcmp(a->state[s], b->state[s], a->n * sizeof(float)) == 0;
	}
	tap_ok(same, "%s, %s: back as it was", layers, optimiser);
	model_free(&m);
	model_free(&back);
}

/* What model_save would write of a model, to be spoilt. */
static struct file
file_of(const struct model *m, const struct model_metadata *meta)
{
	struct file f = {.n = m->net.table.n, .n_entries = meta->n};

	memcpy(f.entry, meta->entry, meta->n * sizeof *f.entry);
	for (size_t i = 0; i < f.n; i++) {
		const struct tensor *t = &m->net.table.tensor[i];

		f.tensor[i] = model_tensor(t, t->name, t->data, t->width);
	}
	return f;
}

static void
test_refused_beliefs(void)
{
	static const char *const keys[] = {"format", "architecture", "optimizer", "variance", "seed", "examples",
	                                   "weight_sum", "loss_sum", "right_sum", "parent", "transfer"};
	struct model m;
	struct model_metadata *meta = allocate_zero(1, sizeof *meta);
	struct file good, f;
	char why[512];

	make_model(&m, "hash 3, dense 2 softmax", "beliefs");
	model_describe(&m, meta);
	f = good = file_of(&m, meta);
	safetensors_save(path, f.tensor, f.n, f.entry, f.n_entries);
	tap_ok(opened(why, sizeof why) == 0, "nothing wrong: it is taken");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		f = good;
		leave_out(&f, keys[i]);
		refused(keys[i], &f, "in its metadata: not a model of weir");
	}
	f = good, replace(&f, "format", "weir 2");
	refused("another format", &f, "format \"weir 2\"; this program reads \"weir 1\" (score, finetune: -a gives the layers of others)");
	f = good, replace(&f, "format", "\x1b[2J\n");
	refused("a format that would clear the screen", &f, "format \"?[2J?\"");
	f = good, replace(&f, "architecture", "hash 3, convolve 2");
	refused("an unknown layer", &f, "architecture: no such layer: hash, ids, vector, image; dense, conv, pool, flatten, embed, gru, fm, dropout: \"convolve\"");
	f = good, replace(&f, "architecture", "hash 4, dense 2 softmax");
	refused("another architecture", &f, "tensor \"0.weight\" has not the shape and type");
	f = good, replace(&f, "architecture", "hash 30, dense 1048576 softmax");
	refused("a huge architecture", &f, "tensor \"0.weight\" has not the shape and type");
	f = good, replace(&f, "architecture", "hash 3, dense 2 relu, dense 1 sigmoid");
	refused("beliefs of a net", &f, "no such optimizer for it: \"beliefs\"");
	f = good, replace(&f, "optimizer", "magic");
	refused("an unknown optimizer", &f, "no such optimizer for it: \"magic\"");
	f = good, replace(&f, "variance", "0");
	refused("a variance of 0", &f, "its \"variance\" is 0");
	f = good, replace(&f, "variance", "-1");
	refused("a variance below 0", &f, "its \"variance\" is no number: \"-1\"");
	f = good, replace(&f, "examples", "1e3");
	refused("a count that is none", &f, "its \"examples\" is no count: \"1e3\"");
	f = good, replace(&f, "loss_sum", "nan");
	refused("a sum that is none", &f, "its \"loss_sum\" is no number: \"nan\"");
	f = good, replace(&f, "skill_sum", "inf");
	refused("one that may be below 0", &f, "its \"skill_sum\" is no number: \"inf\"");
	f = good, leave_out(&f, "ones_sum"), leave_out(&f, "spread_sum"), leave_out(&f, "skill_sum");
	safetensors_save(path, f.tensor, f.n, f.entry, f.n_entries);
	tap_ok(opened(why, sizeof why) == 0, "a model made before it was kept whether weights are noise is taken");
	f = good, f.n--;
	refused("a tensor too few", &f, "tensor \"0.bias\" is missing");
	f = good, f.tensor[f.n] = f.tensor[0], f.tensor[f.n++].name = "2.weight";
	refused("a tensor too many", &f, "it has tensors that are not of its architecture");
	f = good, f.tensor[0].rank = 2, f.tensor[0].shape[1] = 4;
	refused("another rank", &f, "tensor \"0.weight\" has not the shape and type");
	f = good, f.tensor[0].type = SAFETENSORS_I32;
	refused("another type", &f, "tensor \"0.weight\" has not the shape and type");
	tensor_floats(&m.net.table.tensor[0])[7] = 0;
	refused("a variance of 0 in a tensor", &good, "tensor \"0.weight\" has variances that are not above 0");
	tensor_floats(&m.net.table.tensor[0])[7] = 1;
	((double *)m.net.table.tensor[1].data)[3] = -1;
	refused("a variance below 0 in the bias", &good, "tensor \"0.bias\" has variances that are not above 0");
	model_free(&m);
	free(meta);
}

static void
test_refused_optimiser(void)
{
	static const char *const keys[] = {"rate", "l1", "l2", "batch", "steps"};
	struct model m;
	struct model_metadata *meta = allocate_zero(1, sizeof *meta);
	struct file good, f;

	make_model(&m, "hash 3, dense 1 sigmoid", "adagrad");
	model_describe(&m, meta);
	good = file_of(&m, meta);
	refused("no states", &good, "tensor \"optim.0.weight.sum\" is missing, or not of its weights' shape");
	for (size_t i = 0; i < 2; i++) {
		const struct tensor *t = &m.net.table.tensor[i];

		good.tensor[good.n++] = model_tensor(t, i ? "optim.0.bias.sum" : "optim.0.weight.sum", t->state[0], sizeof(float));
	}
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		f = good;
		leave_out(&f, keys[i]);
		refused(keys[i], &f, "in its metadata: not a model of weir");
	}
	f = good, replace(&f, "batch", "0");
	refused("a batch of 0", &f, "its \"batch\" is 0");
	f = good, f.tensor[3].type = SAFETENSORS_I32;
	refused("states of another type", &f, "tensor \"optim.0.bias.sum\" is missing, or not of its weights' shape");
	model_free(&m);
	free(meta);
}

int
main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		die_system("%s", path);
	close(fd);
	test_round_trip("hash 3, dense 1 sigmoid", "beliefs");
	test_round_trip("hash 3, dense 5 softmax", "beliefs");
	test_round_trip("hash 3, dense 1 choice", "beliefs");
	test_round_trip("hash 3, dense 5 tanh, dense 3 softmax", "adam");
	test_round_trip("hash 3, dense 1", "ftrl");
	test_refused_beliefs();
	test_refused_optimiser();
	unlink(path);
	return tap_done();
}
