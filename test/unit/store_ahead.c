/*
 * A ledger read ahead is seen as one that is walked: the same batches to the same end, with the
 * hashes of each merchant's chain; a fault of who sees them ends it there, and damage is told
 * behind all batches that are good.
 */
#include "../engine_kit.h"

#include "base/varint.h"
#include "store/ahead.h"
#include "store/heads.h"

#include <fcntl.h>

enum { MERCHANTS = 3, COMMANDS = 400, ROWS = 6000, SEGMENT = 1024 * 1024 };

static const char *dir;

static void make_ledger(void)
{
	struct engine_config config = kit_config(dir);
	config.segment_bytes = SEGMENT;
	struct engine *e = kit_open(&config);
	for (uint64_t i = 0; i < COMMANDS; i++) {
		struct kit_set set = {.kind = 1, .of = i, .n = i % 5 ? 1 : ROWS, .count = i};
		CHECK_INT(kit_run(e, 1 + i % MERCHANTS, kit_set, &set, NULL), OK);
	}
	engine_close(e);
}

/* --- what was seen --- */

struct seen {
	struct heads heads;
	uint64_t batches, entries, checksums, wrong, stop_at;
	struct place end;
};

static enum fault see(void *context, const struct batch *b)
{
	struct seen *s = context;
	s->batches++;
	s->entries += b->count;
	s->checksums = s->checksums * 31 + b->after.checksum;
	s->end = b->after;
	return s->batches == s->stop_at ? FAULT_BUSY : OK;
}

static enum fault see_hashes(void *context, const struct batch *b, const uint8_t (*hashes)[32])
{
	struct seen *s = context;
	struct text body = b->body, entry, actor;
	uint64_t merchant, number;
	struct instant instant;
	unsigned command;
	bool fresh;
	for (uint32_t i = 0; body.size; i++) {
		must(slice_take(&body, &entry));
		must(entry_envelope(entry, &merchant, &number, &instant, &actor, &command));
		struct head *head = heads_at(&s->heads, merchant, &fresh);
		entry_hash(head->hash, entry, head->hash);
		s->wrong += memcmp(head->hash, hashes[i], sizeof(head->hash)) != 0;
	}
	return see(s, b);
}

/* --- both ways --- */

static void compare(uint64_t until, uint64_t stop_at)
{
	struct seen walked = {.stop_at = stop_at}, ahead = {.stop_at = stop_at};
	struct ledger_damage damages[2];
	struct place ends[2];
	struct ledger ledger;
	char *why;
	must(ledger_open(&ledger, dir, NULL, &why) == OK);
	struct ahead a = {.ledger = &ledger, .until = until, .see = see_hashes, .context = &ahead};
	enum fault fault = ledger_walk(&ledger, a.from, until, see, &walked, &ends[0], &damages[0]);
	CHECK_INT(ahead_walk(&a, &ends[1], &damages[1]), fault);
	CHECK_INT(ahead.batches, walked.batches);
	CHECK_INT(ahead.entries, walked.entries);
	CHECK_INT(ahead.checksums, walked.checksums);
	CHECK_INT(ahead.wrong, 0);
	CHECK_INT(ahead.end.offset, walked.end.offset);
	if (!stop_at) {
		CHECK_INT(ends[1].batch, ends[0].batch);
		CHECK_INT(damages[1].segment, damages[0].segment);
		CHECK_INT(damages[1].offset, damages[0].offset);
		CHECK_INT(damages[1].torn, damages[0].torn);
	}
	ledger_close(&ledger);
	heads_release(&ahead.heads);
}

static void damage(unsigned segment, off_t at)
{
	char *path = text_print("%s/ledger/%06u.seg", dir, segment);
	char byte;
	int file = open(path, O_RDWR);
	must(file >= 0 && pread(file, &byte, 1, at) == 1);
	byte ^= 1;
	must(pwrite(file, &byte, 1, at) == 1);
	close(file);
	free(path);
}

int main(void)
{
	dir = kit_dir("ahead");
	make_ledger();
	compare(UINT64_MAX, 0);
	compare(1, 0);
	compare(COMMANDS / 2, 0);
	compare(UINT64_MAX, 1);
	compare(UINT64_MAX, COMMANDS / 3);
	damage(3, SEGMENT / 3);
	compare(UINT64_MAX, 0);
	compare(UINT64_MAX, 2);
	damage(1, LEDGER_ALIGN + 5);
	compare(UINT64_MAX, 0);
	return test_end();
}
