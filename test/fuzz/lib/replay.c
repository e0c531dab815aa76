/*
 * Runs a fuzzer without libFuzzer: every file of test/fuzz/corpus/NAME, then N random mutations of
 * them. NAME is the program's. The same seed makes the same inputs.
 *
 *     out/debug/test/fuzz/json [--runs=N] [--seed=S] [FILE ...]
 *
 * When an input ends the process, its bytes go to out/NAME.crash: give that file as FILE to see it
 * again, and put it into the corpus once the cause is gone.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "fuzz/lib/fuzz.h"

enum { FILES_MAX = 4096, INPUT_BYTES_MAX = 64 * 1024, RUNS = 10000, RUN_SECONDS_MAX = 20 };

static struct text files[FILES_MAX];
static unsigned file_count;
static struct {
	const char *what; /* the file's name, or "mutation" */
	const uint8_t *data;
	size_t size;
	unsigned long run;
	char path[256];
} now;

/* --- what is told when an input ends the process --- */

static void crash_tell(void)
{
	char line[512];
	int n = snprintf(line, sizeof(line),
			 "FAIL in %s, run %lu, %zu bytes; kept as %s\n%lu passed, 1 failed\n",
			 now.what, now.run, now.size, now.path, now.run);
	int file = open(now.path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (!now.data)
		return;
	if (file < 0 || write(file, now.data, now.size) < 0)
		fprintf(stderr, "cannot write %s\n", now.path);
	if (write(STDOUT_FILENO, line, (size_t)n) < 0)
		_exit(2);
	now.data = NULL;
}

static void on_signal(int number)
{
	crash_tell();
	signal(number, SIG_DFL);
	raise(number);
}

void __sanitizer_set_death_callback(void (*tell)(void)) __attribute__((weak));

static void crash_watch(void)
{
	signal(SIGABRT, on_signal);
	signal(SIGALRM, on_signal); /* too slow */
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(crash_tell);
}

static void run(const char *what, struct text bytes)
{
	uint8_t *copy = malloc(bytes.size ? bytes.size : 1);
	must(copy);
	if (bytes.size)
		memcpy(copy, bytes.data, bytes.size);
	now.what = what;
	now.data = copy;
	now.size = bytes.size;
	alarm(RUN_SECONDS_MAX);
	LLVMFuzzerTestOneInput(copy, bytes.size);
	now.data = NULL;
	now.run++;
	free(copy);
}

/* --- the corpus --- */

static void file_run(const char *path)
{
	char *data = malloc(INPUT_BYTES_MAX);
	FILE *file = fopen(path, "rb");
	must(data && file && file_count < FILES_MAX);
	struct text bytes = {data, fread(data, 1, INPUT_BYTES_MAX, file)};
	fclose(file);
	run(path, bytes);
	files[file_count++] = bytes;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* the same order in every locale */
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void corpus_run(const char *name)
{
	char path[512];
	struct dirent **entries;
	snprintf(path, sizeof(path), "test/fuzz/corpus/%s", name);
	int n = scandir(path, &entries, not_hidden, by_name);
	if (n <= 0) {
		fprintf(stderr, "no corpus in %s (run from the project's folder)\n", path);
		exit(2);
	}
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "test/fuzz/corpus/%s/%s", name, entries[i]->d_name);
		file_run(path);
		free(entries[i]);
	}
	free(entries);
}

/* --- mutations --- */

static uint64_t random_state;

static uint64_t random_next(void)
{
	uint64_t z = random_state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static size_t random_below(size_t n)
{
	return n ? (size_t)(random_next() % n) : 0;
}

struct input {
	char data[INPUT_BYTES_MAX];
	size_t size;
};

static void input_delete(struct input *in, size_t at, size_t n)
{
	memmove(in->data + at, in->data + at + n, in->size - at - n);
	in->size -= n;
}

/* `bytes` may be a part of the input. */
static void input_insert(struct input *in, size_t at, struct text bytes)
{
	static char copy[INPUT_BYTES_MAX];
	if (bytes.size == 0 || bytes.size > INPUT_BYTES_MAX - in->size)
		return;
	memcpy(copy, bytes.data, bytes.size);
	memmove(in->data + at + bytes.size, in->data + at, in->size - at);
	memcpy(in->data + at, copy, bytes.size);
	in->size += bytes.size;
}

static struct text random_part(struct text t)
{
	size_t at = random_below(t.size), left = t.size - at;
	return (struct text){t.data + at, random_below((left < 64 ? left : 64) + 1)};
}

static const struct text tokens[] = {
    TEXT("\0"),
    TEXT("\r\n"),
    TEXT("\r"),
    TEXT("\n"),
    TEXT("\""),
    TEXT("\\"),
    TEXT("\\u0000"),
    TEXT("\\ud800"),
    TEXT("{"),
    TEXT("["),
    TEXT("}"),
    TEXT("]"),
    TEXT(","),
    TEXT(":"),
    TEXT("&"),
    TEXT("="),
    TEXT("%"),
    TEXT("%00"),
    TEXT("+"),
    TEXT("\xff"),
    TEXT("\xf1"),
    TEXT("\xf8"),
    TEXT("\xef\xbc\x8c"),
    TEXT("-1"),
    TEXT("0"),
    TEXT("1e308"),
    TEXT("0.001"),
    TEXT("null"),
    TEXT("''"),
    TEXT("\xed\xa0\x80"),
    TEXT("\x7f"),
    TEXT("4294967296"),
    TEXT("18446744073709551615"),
    TEXT("9223372036854775807"),
    TEXT("\xf0\x9f\x8e\x81"),
};

/* One change: a bit, a byte, a token, a stretch taken away, said twice, or from another file. */
static void mutate(struct input *in)
{
	size_t at = random_below(in->size + 1);
	struct text all = {in->data, in->size};
	switch (random_below(7)) {
	case 0:
		if (at < in->size)
			in->data[at] ^= (char)(1 << random_below(8));
		break;
	case 1:
		if (at < in->size)
			in->data[at] = (char)random_next();
		break;
	case 2:
		input_insert(in, at, tokens[random_below(COUNT_OF(tokens))]);
		break;
	case 3:
		input_delete(in, at, random_below(in->size - at < 32 ? in->size - at : 32));
		break;
	case 4:
		input_insert(in, at, random_part(all));
		break;
	case 5:
		input_insert(in, at, random_part(files[random_below(file_count)]));
		break;
	default:
		if (random_below(8) == 0)
			in->size = at;
	}
}

static void mutations_run(unsigned long runs)
{
	static struct input in;
	for (unsigned long i = 0; i < runs; i++) {
		struct text from = files[random_below(file_count)];
		memcpy(in.data, from.data, from.size);
		in.size = from.size;
		for (size_t n = 1 + random_below(6); n > 0; n--)
			mutate(&in);
		run("mutation", (struct text){in.data, in.size});
	}
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	unsigned long runs = RUNS;
	random_state = 1;
	snprintf(now.path, sizeof(now.path), "out/%s.crash", name);
	crash_watch();
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--runs=", 7) == 0)
			runs = strtoul(argv[i] + 7, NULL, 10);
		else if (strncmp(argv[i], "--seed=", 7) == 0)
			random_state = strtoull(argv[i] + 7, NULL, 10);
		else
			file_run(argv[i]);
	}
	if (file_count == 0) {
		corpus_run(name);
		mutations_run(runs);
	}
	for (unsigned i = 0; i < file_count; i++)
		free((void *)(uintptr_t)files[i].data);
	printf("%lu passed, 0 failed\n", now.run);
	return 0;
}
