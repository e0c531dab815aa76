/*
 * The settings of `serve`: a flag wins over the environment, that over the file; numbers have
 * bounds.
 */
#include "serve/config.h"
#include "test.h"

static enum fault read_flags(struct config *c, char **flags, int n, const char *says)
{
	char *why = NULL;
	enum fault fault = config_read(c, n, flags, &why);
	if (says && !CHECK(why && strstr(why, says)))
		fprintf(stderr, "     %s\n", why ? why : "nothing");
	free(why);
	return fault;
}

static enum fault read_flag(const char *flag, const char *says)
{
	struct config c;
	char *flags[] = {(char *)(uintptr_t)flag};
	enum fault fault = read_flags(&c, flags, 1, says);
	config_release(&c);
	return fault;
}

static void test_bounds(void)
{
	static const struct {
		const char *name;
		unsigned long long least, most;
	} bounds[] = {{"write-lanes", 1, 64},
		      {"read-lanes", 1, 64},
		      {"statement-ms", 1000, 600000},
		      {"lock-ms", 1000, 60000},
		      {"segment-mib", 32, 1024}};
	char flag[64];
	for (unsigned i = 0; i < COUNT_OF(bounds); i++) {
		unsigned long long values[] = {bounds[i].least - 1, bounds[i].least, bounds[i].most,
					       bounds[i].most + 1};
		for (unsigned v = 0; v < COUNT_OF(values); v++) {
			bool good = v == 1 || v == 2;
			snprintf(flag, sizeof(flag), "--%s=%llu", bounds[i].name, values[v]);
			CHECK_INT(read_flag(flag, good ? NULL : bounds[i].name),
				  good ? OK : FAULT_USAGE);
		}
	}
	CHECK_INT(read_flag("--segment-mib=0", NULL), OK);
	CHECK_INT(read_flag("--calls-per-s=0", NULL), OK);
	CHECK_INT(read_flag("--calls-per-s=1000000", NULL), OK);
	CHECK_INT(read_flag("--calls-per-s=1000001", "calls-per-s"), FAULT_USAGE);
	CHECK_INT(read_flag("--burst=10000000", NULL), OK);
	CHECK_INT(read_flag("--burst=10000001", "burst"), FAULT_USAGE);
	CHECK_INT(read_flag("--write-lanes=many", "wants a number"), FAULT_USAGE);
}

static void test_sources(void)
{
	struct config c;
	char *flags[] = {(char *)(uintptr_t) "--read-lanes=20"};
	must(setenv("COUPONRY_READ_LANES", "10", 1) == 0);
	must(setenv("COUPONRY_WRITE_LANES", "6", 1) == 0);
	CHECK_INT(read_flags(&c, flags, 1, NULL), OK);
	CHECK_INT(c.read_lanes, 20);
	CHECK_INT(c.write_lanes, 6);
	CHECK_INT(c.lock_ms, 10000);
	config_release(&c);
	must(setenv("COUPONRY_WRITE_LANES", "0", 1) == 0);
	CHECK_INT(read_flags(&c, flags, 1, "write-lanes is 1..64, not 0"), FAULT_USAGE);
	config_release(&c);
}

int main(void)
{
	test_bounds();
	test_sources();
	return test_end();
}
