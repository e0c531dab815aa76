/*
 * pg_load: the keys are sorted into groups, one for each path and merchant (or, pg_load_many, for
 * each path); a group is one statement, all statements are one exchange. Rows come back with the
 * place of their key in the group, so what was not found is known, too.
 */
#include "base/varint.h"
#include "store/entry.h"
#include "store/pg_row.h"

enum { GROUP_KEYS_MAX = 4096, NO_GROUP = UINT16_MAX };

struct group {
	uint64_t merchant; /* of its first key, where it has several */
	unsigned path;
	unsigned *asked; /* places of its keys, in the statement's order */
	unsigned count;
};

struct load {
	struct link_reader reader; /* first */
	struct pg *p;
	const struct text *keys;
	size_t n;
	struct pg_sink *sink;
	struct group *groups;
	unsigned group_count, group_capacity;
	unsigned *asked; /* all groups' */
	uint16_t *group_of;
	bool *found;
	bool many;		       /* a group may be of several merchants */
	struct link_reader *beginning; /* of the write that begins with this load, or NULL */
};
/* Tags below are those of the beginning. */
enum { TAG_GROUPS = STATEMENT_COUNT };

/* Paths that are no table's rows: one statement each, whatever its keys. */
enum { PATH_LAST_SLOT = PATH_COUNT, PATH_HEAD };

/* --- sorting --- */

static unsigned find_group(struct load *l, unsigned path, uint64_t merchant)
{
	for (unsigned i = l->group_count; i-- > 0;) {
		const struct group *g = &l->groups[i];
		if (g->path == path && (l->many || g->merchant == merchant))
			return g->count < GROUP_KEYS_MAX ? i : l->group_count;
	}
	return l->group_count;
}

static void add_to_group(struct load *l, size_t key, unsigned path)
{
	uint64_t merchant = key_merchant(l->keys[key]);
	unsigned i = find_group(l, path, merchant);
	must(i < NO_GROUP);
	if (i == l->group_capacity) {
		l->group_capacity = l->group_capacity ? l->group_capacity * 2 : 32;
		l->groups = realloc(l->groups, l->group_capacity * sizeof(*l->groups));
		must(l->groups);
	}
	if (i == l->group_count)
		l->groups[l->group_count++] = (struct group){merchant, path, NULL, 0};
	l->groups[i].count++;
	l->group_of[key] = (uint16_t)i;
}

/* Folded texts are in no row: what stands in an index is bounded (domain/check.h). */
static bool can_be_there(struct text key, unsigned path)
{
	struct pg_value values[PATH_KEYS_MAX];
	unsigned n;
	return path_values(path, key, values, &n) && n == path_get(path)->key_count;
}

static void sort_keys(struct load *l)
{
	for (size_t i = 0; i < l->n; i++) {
		bool is_head = key_kind(l->keys[i]) == ROW_HEAD;
		unsigned path = is_head ? (unsigned)PATH_HEAD : path_of_key(l->keys[i]);
		l->group_of[i] = NO_GROUP;
		if (path >= PATH_COUNT || can_be_there(l->keys[i], path))
			add_to_group(l, i, path);
	}
	unsigned *asked = l->asked;
	for (unsigned i = 0; i < l->group_count; i++) {
		l->groups[i].asked = asked;
		asked += l->groups[i].count;
		l->groups[i].count = 0;
	}
	for (size_t i = 0; i < l->n; i++)
		if (l->group_of[i] != NO_GROUP) {
			struct group *g = &l->groups[l->group_of[i]];
			g->asked[g->count++] = (unsigned)i;
		}
}

/* --- sending --- */

static void add_keys(struct load *l, const struct group *g)
{
	const struct path *path = path_get(g->path);
	const struct sql_table *t = sql_table_get(path->table);
	struct pg_value values[PATH_KEYS_MAX];
	unsigned n;
	for (unsigned c = 0; c < path->key_count; c++)
		array_clear(&l->p->arrays[c]);
	for (unsigned i = 0; i < g->count; i++) {
		must(path_values(g->path, l->keys[g->asked[i]], values, &n));
		for (unsigned c = 0; c < path->key_count; c++)
			array_add(&l->p->arrays[c], t->columns[path->keys[c]].kind, &values[c]);
	}
}

static unsigned single(const struct load *l, unsigned path)
{
	if (path == PATH_HEAD)
		return l->many ? STATEMENT_NEWEST_ENTRIES : STATEMENT_NEWEST_ENTRY;
	return l->many ? STATEMENT_LAST_SLOTS : STATEMENT_LAST_SLOT;
}

static void begin_values(struct load *l, const struct group *g, struct link_values *v)
{
	if (!l->many) {
		values_begin(v, g->merchant);
		return;
	}
	array_clear(&l->p->merchants);
	for (unsigned i = 0; i < g->count; i++)
		merchants_add(l->p, key_merchant(l->keys[g->asked[i]]));
	values_begin_many(v, l->p);
}

static void send_group(struct load *l, unsigned i)
{
	const struct group *g = &l->groups[i];
	enum sql_action action = l->many ? SQL_LOAD_MANY : SQL_LOAD;
	struct link_values v;
	begin_values(l, g, &v);
	if (g->path >= PATH_COUNT) {
		unsigned id = single(l, g->path);
		link_send(l->p, (struct sql_statement){SQL_WRITTEN, id}, &v, TAG_GROUPS + i);
		return;
	}
	const struct path *path = path_get(g->path);
	const struct sql_table *t = sql_table_get(path->table);
	add_keys(l, g);
	for (unsigned c = 0; c < path->key_count; c++)
		values_add(&v, array_end(&l->p->arrays[c], t->columns[path->keys[c]].kind));
	link_send(l->p, (struct sql_statement){action, g->path}, &v, TAG_GROUPS + i);
}

/* --- reading --- */

static bool read_single(const struct group *g, const PGresult *r, int row, struct buffer *out)
{
	struct head head;
	int64_t slot;
	if (g->path == PATH_HEAD) {
		if (!link_head(r, row, &head))
			return false;
		head_encode(&head, out);
		return true;
	}
	if (!link_number(r, row, 0, &slot))
		return false;
	buffer_varint(out, (uint64_t)slot);
	return true;
}

/* One row; of several merchants, each with its place behind it. */
static enum fault see_single(struct load *l, const struct group *g, const PGresult *r)
{
	uint8_t memory[HEAD_SIZE_MAX];
	struct buffer b;
	int64_t nth = 1;
	for (int i = 0; i < PQntuples(r); i++) {
		buffer_init_fixed(&b, memory, sizeof(memory));
		if ((l->many && !link_number(r, i, PQnfields(r) - 1, &nth)) || nth < 1 ||
		    nth > g->count || !read_single(g, r, i, &b))
			return FAULT_DATA_DAMAGED;
		struct text value = buffer_get(&b);
		l->found[g->asked[nth - 1]] = true;
		l->sink->row(l->sink, l->keys[g->asked[nth - 1]], &value);
	}
	return OK;
}

static enum fault see_group(struct link_reader *reader, unsigned tag, const PGresult *r)
{
	struct load *l = (struct load *)(void *)reader;
	if (tag < TAG_GROUPS)
		return l->beginning->see(l->beginning, tag, r);
	const struct group *g = &l->groups[tag - TAG_GROUPS];
	int64_t nth;
	if (g->path >= PATH_COUNT)
		return see_single(l, g, r);
	for (int i = 0; i < PQntuples(r); i++) {
		if (!link_number(r, i, 0, &nth) || nth < 1 || nth > g->count)
			return FAULT_DATA_DAMAGED;
		unsigned asked = g->asked[nth - 1];
		if (!row_emit(l->p, g->path, key_merchant(l->keys[asked]), r, i, l->sink))
			return FAULT_DATA_DAMAGED;
		l->found[asked] = true;
	}
	return OK;
}

/* --- both --- */

static void send(struct load *l)
{
	must(l->n <= UINT32_MAX);
	l->asked = calloc(l->n + 1, sizeof(*l->asked));
	l->group_of = calloc(l->n + 1, sizeof(*l->group_of));
	l->found = calloc(l->n + 1, sizeof(*l->found));
	must(l->asked && l->group_of && l->found);
	sort_keys(l);
	if (l->group_count && !l->beginning)
		link_look(l->p);
	for (unsigned i = 0; i < l->group_count; i++)
		send_group(l, i);
	if (l->group_count || l->beginning)
		link_push(l->p);
}

static enum fault receive(struct load *l)
{
	if (l->group_count || l->beginning)
		TRY(link_pull(l->p, &l->reader));
	for (size_t i = 0; i < l->n; i++)
		if (!l->found[i])
			l->sink->row(l->sink, l->keys[i], NULL);
	return OK;
}

static void release(struct load *l)
{
	free(l->asked);
	free(l->group_of);
	free(l->found);
	free(l->groups);
}

static enum fault load(struct load *l)
{
	send(l);
	enum fault fault = receive(l);
	release(l);
	return fault;
}

enum fault pg_load(struct pg *p, const struct text *keys, size_t n, struct pg_sink *sink)
{
	struct load l = {.reader = {see_group}, .p = p, .keys = keys, .n = n, .sink = sink};
	return n ? load(&l) : OK;
}

enum fault load_many(struct pg *p, const struct pg_wants *wants, struct link_reader *beginning)
{
	struct load l = {.reader = {see_group},
			 .p = p,
			 .keys = wants->keys,
			 .n = wants->n,
			 .sink = wants->sink,
			 .many = true,
			 .beginning = beginning};
	return load(&l);
}

enum fault pg_load_many(struct pg *p, const struct pg_wants *wants)
{
	return load_many(p, wants, NULL);
}

/* --- a write's beginning --- */

struct beginning {
	struct load load; /* first */
	struct head_reader head;
};

void pg_begin_write_send(struct pg *p, uint64_t merchant, const struct pg_wants *wants)
{
	struct beginning *b = malloc(sizeof(*b));
	must(b && !p->begun);
	b->load = (struct load){.reader = {see_group},
				.p = p,
				.keys = wants->keys,
				.n = wants->n,
				.sink = wants->sink,
				.beginning = &b->head.reader};
	head_reader_init(&b->head);
	begin_send(p, merchant);
	send(&b->load);
	p->begun = &b->load;
}

enum fault pg_begin_write_receive(struct pg *p, struct pg_sink *sink, struct head *ret_head,
				  bool *ret_locked)
{
	struct beginning *b = (struct beginning *)(void *)p->begun;
	must(b);
	p->begun = NULL; /* what happens to the connection meanwhile is no matter of ours */
	b->load.sink = sink;
	enum fault fault = receive(&b->load);
	*ret_head = b->head.head;
	*ret_locked = b->head.locked;
	release(&b->load);
	free(b);
	return fault;
}

void load_forget(struct pg *p)
{
	if (!p->begun)
		return;
	release(p->begun);
	free(p->begun);
	p->begun = NULL;
}

enum fault pg_begin_write_loading(struct pg *p, uint64_t merchant, const struct pg_wants *wants,
				  struct head *ret_head, bool *ret_locked)
{
	TRY(link_connect(p));
	pg_begin_write_send(p, merchant, wants);
	return pg_begin_write_receive(p, wants->sink, ret_head, ret_locked);
}
