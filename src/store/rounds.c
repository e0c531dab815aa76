/* One round after the other. */
#include "store/rounds.h"

#include "base/varint.h"
#include "store/entry.h"

void rounds_init(struct rounds *r)
{
	*r = (struct rounds){0};
	buffer_init(&r->bytes, 2 * (size_t)ENTRY_BYTES_MAX);
	r->entries = calloc(ROUNDS_BATCH_MAX, sizeof(*r->entries));
	r->marks = calloc(ROUNDS_BATCH_MAX, sizeof(*r->marks));
	must(r->entries && r->marks);
}

void rounds_release(struct rounds *r)
{
	tx_free(&r->tx);
	buffer_release(&r->bytes);
	free(r->entries);
	free(r->marks);
	*r = (struct rounds){0};
}

void rounds_set_head(struct loaded *rows, uint64_t merchant, const struct head *head)
{
	uint8_t memory[HEAD_SIZE_MAX];
	struct buffer value;
	struct key k;
	key_head(&k, merchant);
	buffer_init_fixed(&value, memory, sizeof(memory));
	head_encode(head, &value);
	struct text bytes = buffer_get(&value);
	loaded_replace(rows, key_get(&k), head->number ? &bytes : NULL);
}

void rounds_lock_head(struct loaded *rows, uint64_t merchant, const struct head *head)
{
	rounds_set_head(rows, merchant, head);
	rows->merchant = merchant;
	rows->next_number = head->next_number;
}

/* ---- one command ---- */

/* As it was before the command ran for the first time. */
static void reset(struct rounds *r, struct write *w)
{
	w->arena->full = false;
	arena_rewind(w->arena, r->marks[r->at]);
	w->detail = (struct detail){0};
	w->entry = 0;
	if (w->ret_size)
		memset(w->ret, 0, w->ret_size);
}

static void run_command(void *context)
{
	struct rounds *r = context;
	struct write *w = r->writes[r->at];
	struct env env = r->env;
	env.arena = w->arena;
	env.from_utc8 = w->clock.from_utc8;
	env.ahead_ms = w->clock.ahead_ms;
	tx_init_write(&r->tx, &r->rows->rows, r->keys, r->merchant, &env, &w->detail, w->command,
		      w->actor);
	w->fault = w->handle(&r->tx, &r->tx.env, w->cmd, w->ret);
	must(w->fault == OK || !r->tx.has_put || r->rows->rows.guessed); /* decide first */
	if (w->fault == OK)
		w->entry = tx_finish(&r->tx, &r->bytes);
	w->tells = w->entry ? r->tx.wrote_outbox : 0;
}

static void add_entry(struct rounds *r, struct write *w, size_t at)
{
	struct rounds_entry *e = &r->entries[r->entry_count++];
	*e = (struct rounds_entry){.write = w,
				   .at = at,
				   .size = r->bytes.size - at,
				   .number = w->entry,
				   .instant = r->tx.head.instant};
	memcpy(e->hash, r->tx.head.hash, sizeof(e->hash));
	r->last = r->tx.head;
	r->wrote_credential |= r->tx.wrote_credential;
	r->wrote_origin |= r->tx.wrote_origin;
}

/* A guessed command that came to its end leaves its rows, so that those behind it name what they
 * will want then, with the numbers that they will have. */
static void run_one(struct rounds *r)
{
	struct write *w = r->writes[r->at];
	uint32_t mark = loaded_mark(r->rows);
	size_t at = r->bytes.size;
	reset(r, w);
	bool whole = loaded_try(r->rows, run_command, r);
	must(!r->bytes.full);
	if (!whole || w->fault != OK)
		loaded_undo(r->rows, mark);
	tx_discard(&r->tx);
	tx_release(&r->tx);
	if (whole && w->entry)
		add_entry(r, w, at);
}

/* ---- rounds ---- */

static void begin_round(struct rounds *r)
{
	loaded_round(r->rows);
	buffer_clear(&r->bytes);
	r->entry_count = 0;
	r->wrote_credential = r->wrote_origin = false;
	r->ran = 0;
	r->rounds++;
}

/* r->ran: those that are clean. */
static void run_round(struct rounds *r)
{
	begin_round(r);
	for (r->at = 0; r->at < r->n && r->bytes.size < r->bytes_stop; r->at++) {
		uint32_t step = loaded_mark(r->rows);
		unsigned entries = r->entry_count;
		run_one(r);
		if (!r->rows->rows.guessed)
			r->ran = r->at + 1;
		else if (r->rounds >= ROUNDS_MAX && r->ran > 0) {
			/* Enough: what comes from here on is the next batch's. */
			loaded_undo(r->rows, step);
			r->entry_count = entries;
			r->rows->rows.guessed = false;
			return;
		}
	}
}

static void mark_from(struct rounds *r, unsigned first)
{
	must(r->n > 0 && r->n <= ROUNDS_BATCH_MAX);
	for (unsigned i = first; i < r->n; i++)
		r->marks[i] = arena_mark(r->writes[i]->arena);
}

static void take_more(struct rounds *r)
{
	unsigned first = r->n;
	if (r->rounds > 1 || !r->more)
		return;
	r->n += r->more(r->context, r->writes + r->n);
	mark_from(r, first);
}

static void first_round(struct rounds *r)
{
	mark_from(r, 0);
	r->rounds = 0;
	run_round(r);
}

bool rounds_want(const struct rounds *r)
{
	return r->rows->rows.guessed || r->blind;
}

enum fault rounds_step(struct rounds *r)
{
	r->blind = false;
	if (r->rounds == ROUNDS_LAST)
		return FAULT_DATA_DAMAGED;
	TRY(r->load(r->context, r->rows));
	loaded_filled(r->rows);
	take_more(r);
	run_round(r);
	return OK;
}

enum fault rounds_go_on(struct rounds *r)
{
	while (rounds_want(r))
		TRY(rounds_step(r));
	return OK;
}

enum fault rounds_run(struct rounds *r)
{
	first_round(r);
	return rounds_go_on(r);
}

void rounds_look(struct rounds *r)
{
	must(r->blind);
	first_round(r);
}
