/*
 * The ledger file: append, walk, and what recovery does to its tail.
 *
 * A segment is made as NNNNNN.new, filled with zeros, synced, renamed to NNNNNN.seg, and the folder
 * synced; only then may the lane write into it. So the disk can only be full where nothing has been
 * appended. One batch is written at a time and synced before the next: at most the last one is
 * torn.
 */
#include "store/ledger.h"

#include "base/crypto.h"
#include "base/varint.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static const char batch_magic[8] = "CPNBATCH";
static const char segment_magic[8] = "CPNSEG01";
static const char zeros[256 * 1024];

struct walk {
	struct ledger *ledger;
	struct place at;
	uint64_t until;
	ledger_see *see;
	void *context;
	uint8_t *bytes; /* one segment */
	size_t size;
	struct ledger_damage *damage;
};

static void segment_name(char name[32], uint32_t segment, const char *suffix)
{
	snprintf(name, 32, "%06u.%s", segment, suffix);
}

/* ---- headers ---- */

static void segment_checksum(const struct segment_header *h, uint8_t ret[16])
{
	uint8_t digest[DIGEST_SIZE_MAX];
	struct text part = {(const char *)h, offsetof(struct segment_header, checksum)};
	digest_parts(DIGEST_SHA256, &part, 1, digest);
	memcpy(ret, digest, 16);
}

static bool segment_header_good(const struct segment_header *h, uint32_t segment)
{
	uint8_t checksum[16];
	segment_checksum(h, checksum);
	return memcmp(h->magic, segment_magic, 8) == 0 && h->segment == segment &&
	       memcmp(checksum, h->checksum, 16) == 0 && h->segment_bytes >= SEGMENT_BYTES_MIN &&
	       h->segment_bytes <= SEGMENT_BYTES_MAX;
}

static uint64_t batch_checksum(const struct batch_header *h, const void *body)
{
	uint8_t digest[DIGEST_SIZE_MAX];
	struct text parts[] = {{(const char *)h, offsetof(struct batch_header, checksum)},
			       {body, h->length}};
	uint64_t checksum;
	digest_parts(DIGEST_SHA256, parts, 2, digest);
	memcpy(&checksum, digest, sizeof(checksum));
	return checksum;
}

static size_t padded(size_t length)
{
	return (length + LEDGER_ALIGN - 1) / LEDGER_ALIGN * LEDGER_ALIGN;
}

/* ---- making segments ---- */

static enum fault fill_segment(int file, const struct segment_header *h)
{
	if (!file_write(file, h, sizeof(*h), 0))
		return FAULT_DISK_FULL;
	for (size_t at = sizeof(*h); at < h->segment_bytes;) {
		size_t n =
		    h->segment_bytes - at < sizeof(zeros) ? h->segment_bytes - at : sizeof(zeros);
		if (!file_write(file, zeros, n, at))
			return FAULT_DISK_FULL;
		at += n;
	}
	return fsync(file) == 0 ? OK : FAULT_DISK_FULL;
}

static enum fault make_segment(int folder, const struct segment_header *head, uint32_t segment,
			       int *ret_file)
{
	char name[32], fresh[32];
	segment_name(name, segment, "seg");
	segment_name(fresh, segment, "new");
	struct segment_header h = *head;
	memcpy(h.magic, segment_magic, 8);
	h.segment = segment;
	segment_checksum(&h, h.checksum);
	int file = openat(folder, fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file < 0)
		return FAULT_DISK_FULL;
	if (fill_segment(file, &h) != OK || renameat(folder, fresh, folder, name) != 0 ||
	    fsync(folder) != 0) {
		unlinkat(folder, fresh, 0);
		close(file);
		return FAULT_DISK_FULL;
	}
	*ret_file = file;
	return OK;
}

bool ledger_exists(const char *dir)
{
	char *path = text_print("%s/ledger/000001.seg", dir);
	bool there = access(path, F_OK) == 0;
	free(path);
	return there;
}

static int open_folder(const char *dir)
{
	char *path = text_print("%s/ledger", dir);
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(path);
	return folder;
}

enum fault ledger_create(const char *dir, const struct segment_header *head)
{
	TRY(folder_make(dir, "ledger"));
	int folder = open_folder(dir), file;
	if (folder < 0)
		return FAULT_FILE_UNREADABLE;
	enum fault fault = make_segment(folder, head, 1, &file);
	if (fault == OK)
		close(file);
	close(folder);
	return fault;
}

/* ---- opening ---- */

static int open_segment(struct ledger *l, uint32_t segment, int flags)
{
	char name[32];
	segment_name(name, segment, "seg");
	return openat(l->folder, name, flags | O_CLOEXEC);
}

enum fault ledger_open(struct ledger *l, const char *dir, struct bell *bell, char **ret_why)
{
	*l = (struct ledger){.file = -1, .next_file = -1, .bell = bell};
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->tended, NULL);
	l->folder = open_folder(dir);
	int file = l->folder < 0 ? -1 : open_segment(l, 1, O_RDONLY);
	if (file < 0)
		return FAULT_DATA_MISSING;
	int64_t got = file_read(file, &l->head, sizeof(l->head), 0);
	close(file);
	if (got < 0)
		return FAULT_FILE_UNREADABLE;
	if (got == sizeof(l->head) && segment_header_good(&l->head, 1))
		return OK;
	*ret_why = ledger_damage_text(&(struct ledger_damage){.segment = 1});
	return FAULT_DATA_DAMAGED;
}

void ledger_close(struct ledger *l)
{
	if (l->file >= 0)
		close(l->file);
	if (l->next_file >= 0)
		close(l->next_file);
	if (l->folder >= 0)
		close(l->folder);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->tended);
}

char *ledger_damage_text(const struct ledger_damage *d)
{
	return text_print("ledger segment %06u.seg is damaged at offset %u", d->segment, d->offset);
}

/* ---- walking ---- */

static bool all_zero(const uint8_t *bytes, size_t size)
{
	return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Does the header stand where it says, for this store? Says nothing of the body. */
static bool stands_here(const struct walk *w, uint32_t segment, size_t offset,
			struct batch_header *ret)
{
	if (offset + sizeof(*ret) > w->size)
		return false;
	memcpy(ret, w->bytes + offset, sizeof(*ret));
	return memcmp(ret->magic, batch_magic, 8) == 0 &&
	       ret->store_id == w->ledger->head.store_id && ret->segment == segment &&
	       ret->offset == offset;
}

static bool follows(const struct walk *w, const struct batch_header *h)
{
	size_t room = w->size - h->offset - sizeof(*h);
	return h->number == w->at.batch + 1 && h->previous == w->at.checksum && h->length <= room;
}

/* What stands at `offset` is no batch: torn, when the write of one batch explains it. */
static bool explains_tear(const struct walk *w, uint32_t segment, size_t offset)
{
	struct batch_header h;
	if (stands_here(w, segment, offset, &h)) {
		if (!follows(w, &h))
			return false;
		size_t end = offset + sizeof(h) + padded(h.length);
		return end >= w->size || all_zero(w->bytes + end, w->size - end);
	}
	for (size_t at = offset + LEDGER_ALIGN; at < w->size; at += LEDGER_ALIGN)
		if (stands_here(w, segment, at, &h))
			return false;
	return true;
}

static enum fault note_damage(struct walk *w, uint32_t segment, size_t offset, bool torn)
{
	*w->damage = (struct ledger_damage){segment, (uint32_t)offset, torn};
	return FAULT_DATA_DAMAGED;
}

/* OK, and *ret_more false at the zeros behind the last batch of this segment. */
static enum fault walk_batch(struct walk *w, uint32_t segment, size_t offset, bool *ret_more)
{
	struct batch_header h;
	*ret_more = false;
	if (all_zero(w->bytes + offset, w->size - offset))
		return OK;
	const uint8_t *body = w->bytes + offset + sizeof(h);
	if (!stands_here(w, segment, offset, &h) || !follows(w, &h) ||
	    batch_checksum(&h, body) != h.checksum)
		return note_damage(w, segment, offset, explains_tear(w, segment, offset));
	struct batch b = {
	    .before = w->at, .count = h.count, .body = {(const char *)body, h.length}};
	size_t end = offset + sizeof(h) + padded(h.length);
	if (end > w->size || !all_zero(body + h.length, padded(h.length) - h.length))
		return note_damage(w, segment, offset, false);
	b.after = (struct place){h.number, segment, (uint32_t)end, h.checksum, {h.wall_ms}};
	if (w->see)
		TRY(w->see(w->context, &b));
	w->at = b.after;
	*ret_more = w->at.batch < w->until;
	return OK;
}

/* *ret_found false: there is no such segment. */
static enum fault load_segment(struct walk *w, uint32_t segment, bool *ret_found)
{
	int file = open_segment(w->ledger, segment, O_RDONLY);
	*ret_found = file >= 0;
	if (file < 0)
		return errno == ENOENT ? OK : FAULT_FILE_UNREADABLE;
	w->size = w->ledger->head.segment_bytes;
	int64_t got = file_read(file, w->bytes, w->size, 0);
	close(file);
	if (got < 0)
		return FAULT_FILE_UNREADABLE;
	struct segment_header h;
	memcpy(&h, w->bytes, sizeof(h));
	if ((size_t)got != w->size || !segment_header_good(&h, segment) ||
	    h.store_id != w->ledger->head.store_id)
		return note_damage(w, segment, 0, false);
	return OK;
}

/* The highest number in the folder. */
static uint32_t last_segment(const struct ledger *l)
{
	unsigned number, last = 0;
	char rest[8];
	int folder = openat(l->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = folder < 0 ? NULL : fdopendir(folder);
	must(list);
	for (struct dirent *d; (d = readdir(list));)
		if (sscanf(d->d_name, "%6u.%7s", &number, rest) == 2 && strcmp(rest, "seg") == 0 &&
		    number > last)
			last = number;
	closedir(list);
	return last;
}

static enum fault walk_segments(struct walk *w)
{
	bool found, more;
	uint32_t first = w->at.segment ? w->at.segment : 1;
	struct ledger_damage torn = {0};
	for (uint32_t segment = first; w->at.batch < w->until; segment++) {
		TRY(load_segment(w, segment, &found));
		if (!found && (segment == first || last_segment(w->ledger) > segment))
			return note_damage(w, segment, 0, false);
		if (!found)
			break;
		size_t offset = w->at.segment == segment ? w->at.offset : LEDGER_ALIGN;
		more = offset < w->size;
		/* Only a segment of zeros may follow the one where the batches end. */
		if (torn.torn || (segment > first && w->at.segment + 1 < segment)) {
			if (!all_zero(w->bytes + LEDGER_ALIGN, w->size - LEDGER_ALIGN))
				return torn.torn ? note_damage(w, torn.segment, torn.offset, false)
						 : note_damage(w, segment, LEDGER_ALIGN, false);
			continue;
		}
		while (more) {
			enum fault fault = walk_batch(w, segment, offset, &more);
			if (fault == FAULT_DATA_DAMAGED && w->damage->torn) {
				torn = *w->damage;
				break;
			}
			TRY(fault);
			offset = w->at.offset;
			more = more && offset < w->size;
		}
	}
	if (!torn.torn)
		return OK;
	return note_damage(w, torn.segment, torn.offset, true);
}

enum fault ledger_walk(struct ledger *l, struct place from, uint64_t until, ledger_see *see,
		       void *context, struct place *ret_end, struct ledger_damage *ret_damage)
{
	*ret_damage = (struct ledger_damage){0};
	size_t size = l->head.segment_bytes;
	void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(bytes != MAP_FAILED);
	struct walk w = {.ledger = l,
			 .at = from,
			 .until = until,
			 .see = see,
			 .context = context,
			 .bytes = bytes,
			 .size = size,
			 .damage = ret_damage};
	enum fault fault = walk_segments(&w);
	munmap(bytes, size);
	*ret_end = w.at;
	return fault;
}

enum fault ledger_segment_start(struct ledger *l, uint32_t segment, struct place *ret)
{
	struct batch_header h;
	int file = open_segment(l, segment, O_RDONLY);
	if (file < 0)
		return errno == ENOENT ? FAULT_DATA_DAMAGED : FAULT_FILE_UNREADABLE;
	int64_t got = file_read(file, &h, sizeof(h), LEDGER_ALIGN);
	close(file);
	if (got < 0)
		return FAULT_FILE_UNREADABLE;
	if (got < (int64_t)sizeof(h) || memcmp(h.magic, batch_magic, 8) != 0 ||
	    h.segment != segment)
		return FAULT_DATA_DAMAGED;
	*ret = (struct place){h.number - 1, segment, LEDGER_ALIGN, h.previous, {0}};
	return OK;
}

/* ---- the tail at recovery ---- */

static enum fault zero_tail(int file, size_t from, size_t size)
{
	for (size_t at = from; at < size;) {
		size_t n = size - at < sizeof(zeros) ? size - at : sizeof(zeros);
		if (!file_write(file, zeros, n, at))
			return FAULT_FILE_UNWRITABLE;
		at += n;
	}
	return OK;
}

/* What the page cache shows need not be on the disk: a write that fails is forgotten there. */
static enum fault write_back(int file, size_t size)
{
	uint8_t *bytes = malloc(size);
	must(bytes);
	bool good =
	    file_read(file, bytes, size, 0) == (int64_t)size && file_write(file, bytes, size, 0);
	free(bytes);
	return good ? OK : FAULT_FILE_UNWRITABLE;
}

enum fault ledger_settle(struct ledger *l, struct place end, bool torn)
{
	uint32_t segment = end.segment ? end.segment : 1;
	uint32_t size = l->head.segment_bytes;
	size_t used = end.segment ? end.offset : LEDGER_ALIGN;
	/* A batch torn at the front of a segment leaves `end` in the one before. */
	int next = open_segment(l, segment + 1, O_RDWR);
	l->file = open_segment(l, segment, O_RDWR);
	if (l->file < 0) {
		if (next >= 0)
			close(next);
		return FAULT_FILE_UNWRITABLE;
	}
	l->next_file = next; /* ledger_close closes both */
	TRY(write_back(l->file, used));
	if (torn) {
		TRY(zero_tail(l->file, used, size));
		if (next >= 0)
			TRY(zero_tail(next, LEDGER_ALIGN, size));
	}
	if (fdatasync(l->file) != 0 || (next >= 0 && fsync(next) != 0) || fsync(l->folder) != 0)
		return FAULT_FILE_UNWRITABLE;
	ledger_end_at(l, end);
	return OK;
}

void ledger_end_at(struct ledger *l, struct place end)
{
	l->end = end;
	if (!end.segment) {
		l->end.segment = 1;
		l->end.offset = LEDGER_ALIGN;
	}
	atomic_store(&l->bytes,
		     (uint64_t)(l->end.segment - 1) * l->head.segment_bytes + l->end.offset);
}

/* ---- appending ---- */

static size_t body_room(const struct ledger *l)
{
	return l->head.segment_bytes - 2 * LEDGER_ALIGN;
}

size_t ledger_body_max(const struct ledger *l)
{
	size_t half = l->head.segment_bytes / 2;
	return body_room(l) < half ? body_room(l) : half;
}

static void die(const char *what, uint32_t segment, uint32_t offset)
{
	fprintf(stderr,
		"couponry: ledger segment %06u.seg: %s at offset %u failed: %s; stopping, because "
		"what is on the disk is not known\n",
		segment, what, offset, strerror(errno));
	abort();
}

enum fault ledger_room(struct ledger *l)
{
	size_t left = l->head.segment_bytes - l->end.offset;
	bool fits = left >= LEDGER_ALIGN + ledger_body_max(l);
	bool half_used = l->end.offset > l->head.segment_bytes / 2;
	if (fits && !half_used)
		return OK;
	pthread_mutex_lock(&l->lock);
	if (l->next_file < 0 && !l->next_wanted) {
		l->next_wanted = l->end.segment + 1;
		bell_ring(l->bell);
	}
	uint64_t attempts = l->attempts;
	if (!fits && atomic_load(&l->fault) == OK)
		while (l->next_file < 0 && l->attempts == attempts)
			pthread_cond_wait(&l->tended, &l->lock);
	bool ready = l->next_file >= 0;
	pthread_mutex_unlock(&l->lock);
	return fits || ready ? OK : FAULT_DISK_FULL;
}

static void take_next_segment(struct ledger *l)
{
	pthread_mutex_lock(&l->lock);
	must(l->next_file >= 0);
	close(l->file);
	l->file = l->next_file;
	l->next_file = -1;
	pthread_mutex_unlock(&l->lock);
	l->end.segment++;
	l->end.offset = LEDGER_ALIGN;
}

void ledger_append(struct ledger *l, struct buffer *batch, uint32_t count, struct instant wall)
{
	size_t length = batch->size - LEDGER_ALIGN, total = LEDGER_ALIGN + padded(length);
	buffer_add(batch, zeros, total - batch->size);
	must(!batch->full && length <= ledger_body_max(l));
	if (total > l->head.segment_bytes - l->end.offset)
		take_next_segment(l);
	struct batch_header h = {.store_id = l->head.store_id,
				 .number = l->end.batch + 1,
				 .segment = l->end.segment,
				 .offset = l->end.offset,
				 .length = (uint32_t)length,
				 .count = count,
				 .wall_ms = wall.ms,
				 .previous = l->end.checksum};
	memcpy(h.magic, batch_magic, 8);
	h.checksum = batch_checksum(&h, batch->data + LEDGER_ALIGN);
	memcpy(batch->data, &h, sizeof(h));
	if (!file_write(l->file, batch->data, total, h.offset))
		die("the write", h.segment, h.offset);
	if (fdatasync(l->file) != 0)
		die("the sync", h.segment, h.offset);
	ledger_end_at(
	    l, (struct place){h.number, h.segment, h.offset + (uint32_t)total, h.checksum, wall});
}

void ledger_tend(struct ledger *l)
{
	pthread_mutex_lock(&l->lock);
	uint32_t wanted = l->next_file < 0 ? l->next_wanted : 0;
	pthread_mutex_unlock(&l->lock);
	if (!wanted)
		return;
	int file = -1;
	enum fault fault = make_segment(l->folder, &l->head, wanted, &file);
	pthread_mutex_lock(&l->lock);
	l->next_file = file;
	if (fault == OK)
		l->next_wanted = 0;
	l->attempts++;
	atomic_store(&l->fault, fault);
	pthread_cond_broadcast(&l->tended);
	pthread_mutex_unlock(&l->lock);
}

enum fault ledger_ahead(struct ledger *l)
{
	if (l->next_file >= 0)
		return OK;
	l->next_wanted = l->end.segment + 1;
	ledger_tend(l);
	return atomic_load(&l->fault);
}
