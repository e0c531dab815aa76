/*
 * A transaction's life, and the verbs that read. Verbs that write are in put.c.
 */
#include "base/crypto.h"
#include "base/varint.h"
#include "store/entry.h"
#include "store/list.h"

/* --- life --- */

static void init(struct tx *tx, struct rows *rows, struct keyring *keys, uint64_t merchant)
{
	must(merchant <= UINT32_MAX);
	tx->rows = rows;
	tx->keys = keys;
	tx->merchant = merchant;
	tx->writing = false;
	tx->has_put = false;
	tx->wrote_credential = false;
	tx->wrote_origin = false;
	tx->wrote_outbox = 0;
	rows->guess = false;
}

void tx_init_read(struct tx *tx, struct rows *rows, struct keyring *keys, uint64_t merchant,
		  const struct env *env, struct detail *detail)
{
	init(tx, rows, keys, merchant);
	tx->env = *env;
	tx->detail = detail;
}

static struct instant later(struct instant a, struct instant b)
{
	return a.ms > b.ms ? a : b;
}

static void init_buffers(struct tx *tx)
{
	if (tx->ops.capacity_max == 0) {
		buffer_init(&tx->ops, ENTRY_BYTES_MAX);
		buffer_init(&tx->value, ENTRY_BYTES_MAX);
		buffer_init(&tx->sealed, ENTRY_BYTES_MAX);
		buffer_init(&tx->touched_keys, (size_t)TX_TOUCHED_MAX * KEY_BYTES_MAX);
	}
	buffer_clear(&tx->ops);
	buffer_clear(&tx->touched_keys);
	tx->op_count = 0;
	tx->touched_count = 0;
}

void tx_init_write(struct tx *tx, struct rows *rows, struct keyring *keys, uint64_t merchant,
		   const struct env *env, struct detail *detail, unsigned command,
		   struct text actor)
{
	init(tx, rows, keys, merchant);
	init_buffers(tx);
	tx->env = *env;
	tx->detail = detail;
	tx->writing = true;
	tx->command = command;
	tx->actor = actor;
	if (!head_read(rows, merchant, &tx->head))
		tx->head.next_number = 1;
	tx->head.instant = later(later(env->now, env->instant), tx->head.instant);
	if (env->ahead_ms > tx->head.ahead_ms)
		tx->head.ahead_ms = env->ahead_ms;
	tx->env.ahead_ms = tx->head.ahead_ms;
	tx->env.now.ms += tx->env.ahead_ms;
	tx->env.instant.ms = tx->head.instant.ms + tx->env.ahead_ms;
	tx->head.number++;
}

uint64_t tx_finish(struct tx *tx, struct buffer *out)
{
	must(tx->writing);
	if (!tx->has_put)
		return 0;
	list_finish(tx);
	struct entry_envelope envelope = {tx->merchant, tx->head.number,  tx->head.next_number,
					  tx->op_count, tx->head.instant, tx->actor,
					  tx->command,	tx->head.ahead_ms};
	buffer_clear(&tx->value);
	entry_envelope_add(&tx->value, &envelope);
	must(!tx->value.full && !tx->ops.full);
	struct text parts[] = {{(const char *)tx->head.hash, sizeof(tx->head.hash)},
			       buffer_get(&tx->value),
			       buffer_get(&tx->ops)};
	must(parts[1].size + parts[2].size <= ENTRY_BYTES_MAX);
	uint8_t hash[sizeof(tx->head.hash)];
	digest_parts(DIGEST_SHA256, parts, COUNT_OF(parts), hash);
	memcpy(tx->head.hash, hash, sizeof(hash));
	buffer_text(out, parts[1]);
	buffer_text(out, parts[2]);
	head_write(tx->rows, tx->merchant, &tx->head);
	tx->has_put = false;
	return tx->head.number;
}

void tx_discard(struct tx *tx)
{
	tx->has_put = false;
}

void tx_release(struct tx *tx)
{
	/* The handler put something and then refused. */
	must(!tx->writing || !tx->has_put);
	tx->writing = false;
}

void tx_free(struct tx *tx)
{
	tx_release(tx);
	buffer_release(&tx->ops);
	buffer_release(&tx->value);
	buffer_release(&tx->sealed);
	buffer_release(&tx->touched_keys);
	free(tx->touched);
	free(tx->slots);
	*tx = (struct tx){0};
}

/* --- reading --- */

static enum fault get(struct tx *tx, const struct record_shape *shape, const struct key *k,
		      void *record, bool *ret_found)
{
	struct text value;
	*ret_found = row_get(tx->rows, key_get(k), &value);
	if (*ret_found && !record_decode(shape, value, record))
		return FAULT_DATA_DAMAGED;
	return OK;
}

enum fault store_get(struct tx *tx, enum table table, void *record, bool *ret_found)
{
	struct key k;
	key_record(&k, tx->merchant, table, record);
	return get(tx, &record_shapes[table], &k, record, ret_found);
}

/* The record that a unique value or a list entry names: it must be there. */
static enum fault get_named(struct tx *tx, enum table table, struct text pk, void *record)
{
	struct key k;
	bool found;
	if (!key_named(&k, tx->merchant, table, pk, record))
		return FAULT_DATA_DAMAGED;
	TRY(get(tx, &record_shapes[table], &k, record, &found));
	return found ? OK : FAULT_DATA_DAMAGED;
}

enum fault epoch_read(struct tx *tx, uint64_t *ret_epoch)
{
	struct origin origin = {.number = 1};
	bool found;
	TRY(store_get(tx, TABLE_ORIGIN, &origin, &found));
	*ret_epoch = found ? origin.epoch : 0;
	return OK;
}

enum fault store_get_guess(struct tx *tx, enum table table, void *record, bool *ret_found)
{
	bool before = tx->rows->guess;
	tx->rows->guess = true;
	enum fault fault = store_get(tx, table, record, ret_found);
	tx->rows->guess = before;
	return fault;
}

enum fault store_find_guess(struct tx *tx, enum unique unique, void *record, bool *ret_found)
{
	bool before = tx->rows->guess;
	tx->rows->guess = true;
	enum fault fault = store_find(tx, unique, record, ret_found);
	tx->rows->guess = before;
	return fault;
}

enum fault store_find(struct tx *tx, enum unique unique, void *record, bool *ret_found)
{
	const struct unique_shape *u = &unique_shapes[unique];
	struct key k;
	struct text pk;
	*ret_found = false;
	if (!field_is_set(&record_shapes[u->table].fields[u->value], record))
		return OK;
	key_unique(&k, tx->merchant, unique, record);
	*ret_found = row_get(tx->rows, key_get(&k), &pk);
	return *ret_found ? get_named(tx, (enum table)u->table, pk, record) : OK;
}

/* Records of a clustered list: their key is owner and ordinal, all numbers. */
static void key_clustered(struct key *k, const struct tx *tx, const struct list_view *v,
			  uint64_t ordinal)
{
	key_init(k, ROW_RECORD, list_shapes[v->list].table, tx->merchant);
	key_add_parts(k, key_rest(&v->key));
	key_add_number(k, ordinal);
}

/* Those of one page have all of their key but its end in common: it is made, and read, once. */
static enum fault get_clustered(struct tx *tx, const struct list_view *v, const uint64_t *ordinals,
				unsigned n, char *rows)
{
	const struct record_shape *shape = &record_shapes[list_shapes[v->list].table];
	const struct field *fields = shape->fields, *last = fields + shape->key_count - 1;
	struct key k;
	bool found;
	key_clustered(&k, tx, v, n ? ordinals[0] : 0);
	must(n == 0 || key_read_record(shape, key_rest(&k), rows));
	for (unsigned i = 0; i < n; i++) {
		char *record = rows + i * shape->size;
		for (const struct field *f = fields; f < last; f++)
			*field_place(f, record) = field_number(f, rows);
		*field_place(last, record) = ordinals[i];
		k.size = v->key.size;
		key_add_number(&k, ordinals[i]);
		TRY(get(tx, shape, &k, record, &found));
		if (!found)
			return FAULT_DATA_DAMAGED;
	}
	return OK;
}

static enum fault get_member(struct tx *tx, const struct list_view *v, uint64_t ordinal,
			     void *record)
{
	struct instant in;
	struct text pk;
	TRY(list_entry(v, ordinal, &in, &pk));
	return get_named(tx, (enum table)list_shapes[v->list].table, pk, record);
}

/* The rows of members by which they are fetched: the record comes with its entry. */
static void want_members(struct tx *tx, const struct list_view *v, const uint64_t *ordinals,
			 unsigned n)
{
	for (unsigned i = 0; store_fetches(tx) && i < n; i++) {
		struct key k;
		if (v->list == LIST_CLUSTERED)
			key_clustered(&k, tx, v, ordinals[i]);
		else
			list_entry_key(v, ordinals[i], &k);
		row_want(tx->rows, key_get(&k));
	}
}

static unsigned page_size(const struct page *page, uint64_t count)
{
	if (page->from >= count)
		return 0;
	return count - page->from < page->n ? (unsigned)(count - page->from) : page->n;
}

enum fault store_page(struct tx *tx, const struct page *page, void *ret_rows, unsigned *ret_n,
		      uint64_t *ret_count)
{
	struct list_view v;
	size_t size = record_shapes[list_shapes[page->list].table].size;
	TRY(list_open(tx, page->list, page->owner, &v));
	must(!v.put_into); /* decide first, put last */
	unsigned n = page_size(page, v.ordinals.count);
	char *rows = arena_take(tx->env.arena, n * size);
	uint64_t *ordinals = arena_take(tx->env.arena, n * sizeof(*ordinals));
	if (!rows || !ordinals)
		return FAULT_ANSWER_TOO_LARGE;
	TRY(list_ordinals(&v, page->from, n, page->oldest_first, ordinals));
	want_members(tx, &v, ordinals, n);
	if (v.list == LIST_CLUSTERED)
		TRY(get_clustered(tx, &v, ordinals, n, rows));
	for (unsigned i = 0; v.list != LIST_CLUSTERED && i < n; i++)
		TRY(get_member(tx, &v, ordinals[i], rows + i * size));
	*(void **)ret_rows = rows;
	*ret_n = n;
	*ret_count = v.ordinals.count;
	return OK;
}

enum fault store_page_guess(struct tx *tx, const struct page *page, void *ret_rows, unsigned *ret_n,
			    uint64_t *ret_count)
{
	bool before = tx->rows->guess;
	tx->rows->guess = true;
	enum fault fault = store_page(tx, page, ret_rows, ret_n, ret_count);
	tx->rows->guess = before;
	/* A state that is at hand leads to entries that are not. */
	if (fault == OK || !tx->rows->guessed)
		return fault;
	*ret_n = 0;
	*ret_count = 0;
	return OK;
}

enum fault store_count(struct tx *tx, enum list list, const void *owner, uint64_t *ret_count)
{
	struct list_view v;
	TRY(list_open(tx, list, owner, &v));
	*ret_count = v.ordinals.count;
	return OK;
}

enum { MIDDLES = 64 };

/* Where the next entry is not at hand, those that the next six steps may ask come with it. */
static void want_middles(const struct list_view *v, uint64_t low, uint64_t high)
{
	struct {
		uint64_t low, high;
	} spans[MIDDLES] = {{low, high}};
	if (!v->rows->verbs->want || v->ordinals.count != v->ordinals.next - v->ordinals.first)
		return;
	for (unsigned at = 0, n = 1; at < n; at++) {
		uint64_t middle = spans[at].low + (spans[at].high - spans[at].low) / 2;
		struct key k;
		list_entry_key(v, v->ordinals.first + middle, &k);
		if (row_want(v->rows, key_get(&k)) && at == 0)
			return;
		if (spans[at].low < middle && n < MIDDLES)
			spans[n].low = spans[at].low, spans[n++].high = middle;
		if (middle + 1 < spans[at].high && n < MIDDLES)
			spans[n].low = middle + 1, spans[n++].high = spans[at].high;
	}
}

/* How many members of the list came in before `bound`: bisection over ranks, oldest first. */
static enum fault count_before(const struct list_view *v, int64_t bound_ms, uint64_t *ret)
{
	uint64_t low = 0, high = v->ordinals.count, ordinal;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		struct instant in;
		struct text pk;
		want_middles(v, low, high);
		TRY(list_ordinals(v, middle, 1, true, &ordinal));
		TRY(list_entry(v, ordinal, &in, &pk));
		if (in.ms < bound_ms)
			low = middle + 1;
		else
			high = middle;
	}
	*ret = low;
	return OK;
}

enum fault store_window(struct tx *tx, enum list list, const void *owner, struct instant from,
			struct instant to, uint64_t *ret_first, uint64_t *ret_count)
{
	struct list_view v;
	uint64_t begin = 0, end;
	must(list != LIST_CLUSTERED); /* no entry rows, and `issued` may be anything */
	TRY(list_open(tx, list, owner, &v));
	must(!v.put_into);
	end = v.ordinals.count;
	if (!instant_is_none(from))
		TRY(count_before(&v, from.ms, &begin));
	if (!instant_is_none(to) && to.ms < INT64_MAX)
		TRY(count_before(&v, to.ms + 1, &end));
	*ret_first = v.ordinals.count - (end > begin ? end : begin);
	*ret_count = end > begin ? end - begin : 0;
	return OK;
}

bool store_fetches(const struct tx *tx)
{
	return tx->rows->verbs->want != NULL;
}

void store_want(struct tx *tx, enum table table, const void *record)
{
	struct key k;
	if (!store_fetches(tx))
		return;
	key_record(&k, tx->merchant, table, record);
	row_want(tx->rows, key_get(&k));
}

void store_want_unique(struct tx *tx, enum unique unique, const void *record)
{
	const struct unique_shape *u = &unique_shapes[unique];
	struct key k;
	if (!store_fetches(tx) || !field_is_set(&record_shapes[u->table].fields[u->value], record))
		return;
	key_unique(&k, tx->merchant, unique, record);
	row_want(tx->rows, key_get(&k));
}

void store_want_page(struct tx *tx, const struct page *page)
{
	struct list_view v;
	struct key k;
	uint64_t ordinals[1000];
	if (!store_fetches(tx))
		return;
	key_list(&k, tx->merchant, page->list, page->owner);
	if (!row_want(tx->rows, key_get(&k)) || page->n == 0 ||
	    list_open(tx, page->list, page->owner, &v) != OK)
		return;
	unsigned n = page_size(page, v.ordinals.count);
	n = n < COUNT_OF(ordinals) ? n : COUNT_OF(ordinals);
	n = list_want_ordinals(&v, page->from, n, page->oldest_first, ordinals);
	want_members(tx, &v, ordinals, n);
}

uint64_t store_merchant(const struct tx *tx)
{
	return tx->merchant;
}

enum fault refuse(struct tx *tx, enum fault fault, struct text field, struct text value)
{
	if (tx->detail) {
		tx->detail->field = field;
		tx->detail->value = arena_text(tx->env.arena, value);
	}
	return fault;
}

enum { STALE_LOOK_MAX = 4096 }; /* rows deleted and not yet fed that a look may pass over */

/* Rows of that class stand by bucket, then tag. Fed rows may be deleted since: asked again. */
enum fault store_stale_requests(struct tx *tx, uint64_t class, uint64_t bucket, unsigned n,
				struct request *ret_rows, unsigned *ret_n)
{
	struct key prefix, at;
	struct text key, value;
	*ret_n = 0;
	key_init(&prefix, ROW_RECORD, TABLE_REQUEST, tx->merchant);
	key_add_number(&prefix, class);
	at = prefix;
	for (unsigned look = 0; *ret_n < n && look < n + STALE_LOOK_MAX; look++) {
		struct request r = {0};
		if (!tx->rows->verbs->next_fed(tx->rows, key_get(&prefix), key_get(&at), &key,
					       &value))
			break;
		if (key.size > KEY_BYTES_MAX)
			return FAULT_DATA_DAMAGED;
		at.size = 0;
		key_add_parts(&at, key);
		if (!key_read_record(&record_shapes[TABLE_REQUEST], key_rest(&at), &r))
			return FAULT_DATA_DAMAGED;
		if (r.bucket >= bucket)
			break;
		if (!row_get(tx->rows, key_get(&at), &value))
			continue;
		r.tag = arena_text(tx->env.arena, r.tag);
		ret_rows[(*ret_n)++] = r;
	}
	return OK;
}

/* --- numbers, tags, secrets --- */

enum fault store_head(struct tx *tx, uint64_t *ret_number, struct instant *ret_instant,
		      uint8_t ret_hash[32])
{
	struct head head;
	must(!tx->writing); /* a command's own entry is not there yet, others of its batch are */
	(void)head_read(tx->rows, tx->merchant, &head);
	*ret_number = head.number;
	*ret_instant = head.instant;
	memcpy(ret_hash, head.hash, sizeof(head.hash));
	return OK;
}

uint64_t store_number(struct tx *tx)
{
	must(tx->writing && tx->head.next_number < NEXT_NUMBER_MAX);
	return tx->head.next_number++;
}

/* Only a put needs one. */
uint64_t store_key_slot(struct tx *tx)
{
	must(tx->writing);
	tx->rows->guess = true;
	tx->head.slots = tx->keys->take_slot(tx->keys, tx->merchant);
	return tx->head.slots;
}

enum { TAG_PARTS_MAX = 8192 }; /* a call of 1,000 people has some thousands of fields */

/* Of one constant text, asked for by call after call. */
static bool is_last_tag(const struct tx *tx, const struct text *parts, size_t n)
{
	const struct last_tag *last = &tx->last_tag;
	return n == 1 && last->keys == tx->keys && last->merchant == tx->merchant &&
	       text_equal(parts[0], (struct text){last->of, last->size});
}

static void keep_tag(struct tx *tx, const struct text *parts, size_t n, const uint8_t *tag)
{
	struct last_tag *last = &tx->last_tag;
	if (n != 1 || parts[0].size == 0 || parts[0].size > sizeof(last->of))
		return;
	last->keys = tx->keys;
	last->merchant = tx->merchant;
	last->size = parts[0].size;
	memcpy(last->of, parts[0].data, parts[0].size);
	memcpy(last->tag, tag, TAG_SIZE);
}

struct text store_tag(struct tx *tx, const struct text *parts, size_t n)
{
	must(n <= TAG_PARTS_MAX);
	uint8_t mac[DIGEST_SIZE_MAX];
	if (is_last_tag(tx, parts, n))
		return arena_text(tx->env.arena,
				  (struct text){(const char *)tx->last_tag.tag, TAG_SIZE});
	uint8_t *size = arena_take(tx->env.arena, (n + 1) * VARINT_SIZE_MAX);
	struct text *in = arena_take(tx->env.arena, (2 * n + 1) * sizeof(*in));
	must(size && in);
	in[0] = (struct text){(const char *)size, varint_put(size, tx->merchant)};
	for (size_t i = 0; i < n; i++) {
		size += VARINT_SIZE_MAX;
		in[2 * i + 1] = (struct text){(const char *)size, varint_put(size, parts[i].size)};
		in[2 * i + 2] = parts[i];
	}
	hmac_of(&tx->keys->master_tag, in, 2 * n + 1, mac);
	struct text tag = arena_text(tx->env.arena, (struct text){(const char *)mac, TAG_SIZE});
	must(tag.size == TAG_SIZE);
	keep_tag(tx, parts, n, mac);
	return tag;
}

enum { SECRET_VERSION = 1, SECRET_ABOUT_MAX = 4 * VARINT_SIZE_MAX + KEY_BYTES_MAX };

struct secret_place {
	enum table table;
	struct text about;
	uint64_t entry;
};

static struct text secret_about(const struct tx *tx, const struct secret_place *place,
				uint8_t memory[SECRET_ABOUT_MAX])
{
	struct buffer b;
	buffer_init_fixed(&b, memory, SECRET_ABOUT_MAX);
	buffer_varint(&b, tx->merchant);
	buffer_varint(&b, place->table);
	buffer_varint(&b, place->entry);
	buffer_slice(&b, place->about);
	must(!b.full);
	return buffer_get(&b);
}

/* Version, number of the master key, number of the entry, AES-SIV. An empty secret stays empty. */
struct text store_seal(struct tx *tx, enum table table, struct text about, struct text clear)
{
	uint8_t memory[SECRET_ABOUT_MAX];
	must(tx->writing);
	if (clear.size == 0)
		return TEXT_NONE;
	uint8_t *out =
	    arena_take(tx->env.arena, 1 + 2 * VARINT_SIZE_MAX + clear.size + SEAL_OVERHEAD);
	must(out);
	size_t size = 0;
	out[size++] = SECRET_VERSION;
	size += varint_put(out + size, tx->keys->master_id);
	size += varint_put(out + size, tx->head.number);
	struct secret_place place = {table, about, tx->head.number};
	seal(tx->keys->master_seal, secret_about(tx, &place, memory), clear, out + size);
	return (struct text){(const char *)out, size + clear.size + SEAL_OVERHEAD};
}

/* The key with that number: the one that seals now, or an older one. */
static bool master_key(const struct keyring *k, uint64_t id, uint8_t ret_key[SEAL_KEY_SIZE])
{
	if (id != k->master_id)
		return k->master && k->master(k, id, ret_key);
	memcpy(ret_key, k->master_seal, SEAL_KEY_SIZE);
	return true;
}

bool store_open_sealed(struct tx *tx, enum table table, struct text about, struct text sealed,
		       struct text *ret_clear)
{
	uint8_t memory[SECRET_ABOUT_MAX], key[SEAL_KEY_SIZE];
	struct secret_place place = {.table = table, .about = about};
	uint64_t version, master;
	*ret_clear = TEXT_NONE;
	if (sealed.size == 0)
		return true;
	if (!varint_take(&sealed, &version) || version != SECRET_VERSION ||
	    !varint_take(&sealed, &master) || !varint_take(&sealed, &place.entry) ||
	    sealed.size < SEAL_OVERHEAD || !master_key(tx->keys, master, key))
		return false;
	uint8_t *clear = arena_take(tx->env.arena, sealed.size);
	bool good = clear && seal_open(key, secret_about(tx, &place, memory), sealed, clear);
	secret_wipe(key, sizeof(key));
	if (!good)
		return false;
	*ret_clear = (struct text){(const char *)clear, sealed.size - SEAL_OVERHEAD};
	return true;
}
