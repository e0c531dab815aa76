/*
 * The way of a call where the store is behind a network (server->waits). Nothing on a loop may wait
 * for it, but a write needs nothing of the store before the lane: who calls is mostly known. So it
 * begins on the loop, and what has to read goes to a slow thread, which goes on with the very step.
 * Reads are decoded, answered and encoded there.
 *
 *   RUNNING --identified, decoded: a write--> IN_LANE --done--> RUNNING at encode
 *   RUNNING --at home elsewhere (home.h)--> PASSED --answered--> FINISHED; --not taken--> RUNNING
 *   RUNNING --a read; a step that has to read; files--> SLOW
 *   SLOW    --decoded: a write--> IN_LANE; --at home elsewhere--> PASSED; --encoded--> FINISHED
 */
#include "serve/home.h"
#include "serve/journey.h"

/* ---- on a slow thread */

/* Up to the command; what it will read is named, unless nothing bounds it. */
static void look_there(struct slow_task *task, struct reader *reader, struct reader_look *ret)
{
	struct journey *j = journey_of_slow(task);

	journey_open(j, reader);
	j->call.now = j->call.env->now;
	if (j->actor)
		journey_merchant(j);
	j->fault = OK;
	while (j->fault == OK && j->step < STEP_APPLY) {
		if (j->step == STEP_DECODE && homes_look(j, j->home))
			break;
		j->fault = journey_step(j);
	}
	journey_close(j);
	if (j->fault == OK && !*j->home)
		journey_look(j, ret);
}

static void run_there(struct slow_task *task, struct reader *reader)
{
	struct journey *j = journey_of_slow(task);

	if (j->fault == OK && *j->home) {
		homes_pass(j);
		return;
	}
	if (j->fault == OK) {
		journey_open(j, reader);
		journey_merchant(j);
	}
	journey_go_on_there(j);
}

static void go_there(struct journey *j)
{
	j->slow.look = look_there;
	j->slow.run = run_there;
	turn_send(j);
}

/* ---- on the loop */

enum fault away_read(struct journey *j)
{
	j->asked = true;
	return FAULT_BUSY;
}

/* The step that asked runs again: nobody is held by half a step. */
static void step_back(struct journey *j)
{
	j->asked = false;
	j->step--;
	if (j->step == STEP_IDENTIFY && j->actor) {
		actor_release(j->actor);
		j->actor = NULL;
	}
	go_there(j);
}

/* Reads, and writes that decode files, are no loop's. */
static bool is_for_here(const struct journey *j)
{
	return journey_command(j, COMMAND_WRITE) && !j->call.method->slow;
}

static void go_on(struct journey *j)
{
	enum fault fault = OK;

	while (fault == OK && j->step < STEP_APPLY) {
		if (j->step == STEP_DECODE && homes_look(j, j->home)) {
			homes_pass(j);
			return;
		}
		if (j->step == STEP_DECODE && !is_for_here(j)) {
			go_there(j);
			return;
		}
		fault = journey_step(j);
		if (j->asked) {
			step_back(j);
			return;
		}
	}
	if (fault == OK)
		journey_write(j);
	else
		journey_finish(j, fault);
}

void away_begin(struct journey *j)
{
	j->call.now = wall_clock();
	go_on(j);
}

void away_stay(struct journey *j)
{
	j->stays = true;
	*j->home = '\0';
	go_on(j);
}
