/* See database.h. */
#include "database.h"
#include "store/pg_migrate.h"

#include <dirent.h>

static void place(struct pg_server *s, const char *folder)
{
	int n = snprintf(s->dir, sizeof(s->dir), "%s/pg", folder);
	must(n > 0 && n < (int)sizeof(s->dir) && pg_server_find(s));
	n = snprintf(s->url, sizeof(s->url), "postgresql:///postgres?host=%s&user=couponry",
		     s->dir);
	must(n > 0 && n < (int)sizeof(s->url));
}

/* PostgreSQL's user comes through both folders. */
static void open_folder(const struct pg_server *s, const char *folder)
{
	must(chmod(folder, 0755) == 0 && mkdir(s->dir, 0777) == 0 && chmod(s->dir, 0777) == 0);
}

static void run_to_end(const struct pg_server *s, char *const *words)
{
	int status = 0;
	pid_t child = pg_server_run(s, words);
	must(waitpid(child, &status, 0) == child && status == 0);
}

bool database_make(const char *folder)
{
	struct pg_server s = {0};
	char *why;
	char *words[] = {"initdb", "-D", "data", "-U",		"couponry", "-A",
			 "trust",  "-E", "UTF8", "--no-locale", "-N",	    NULL};
	if (!pg_server_find(&s)) {
		printf("PostgreSQL's programs are not installed\n");
		return false;
	}
	place(&s, folder);
	open_folder(&s, folder);
	run_to_end(&s, words);
	pg_server_launch(&s);
	must(pg_server_wait(&s));
	must(pg_migrate(&(struct migrate_config){.url = s.url}, &why) == OK);
	pg_server_kill(&s, SIGINT); /* an orderly end */
	return true;
}

void database_start(struct world *w, struct pg_server *s, const char *made, const char *folder)
{
	char command[600];
	place(s, folder);
	open_folder(s, folder);
	int n = snprintf(command, sizeof(command), "cp -a '%s/pg/data' '%s/'", made, s->dir);
	must(n > 0 && n < (int)sizeof(command) && system(command) == 0);
	pg_server_launch(s);
	if (!pg_server_wait(s))
		sim_fail(w, "PostgreSQL does not come up");
	must(strlen(s->url) < sizeof(w->twin));
	memcpy(w->twin, s->url, strlen(s->url) + 1);
}

/* --- killing --- */

static pid_t parent_of(const char *name)
{
	char path[300], line[300];
	int parent = 0;
	snprintf(path, sizeof(path), "/proc/%s/stat", name);
	FILE *f = fopen(path, "r");
	const char *end = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	if (f)
		fclose(f);
	return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

static unsigned children_of(pid_t parent, pid_t *ret, unsigned room)
{
	DIR *all = opendir("/proc");
	unsigned n = 0;
	must(all);
	for (struct dirent *d; (d = readdir(all)) && n < room;)
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && parent_of(d->d_name) == parent)
			ret[n++] = (pid_t)strtol(d->d_name, NULL, 10);
	closedir(all);
	return n;
}

/* A new server is refused while the old one's memory is still held: its processes go first. */
static void start_again(struct world *w, struct pg_server *s)
{
	for (unsigned i = 0; i < 100; i++) {
		pg_server_launch(s);
		for (unsigned j = 0; j < 20; j++) {
			char *words[] = {"pg_isready", "-q", "-h", s->dir, NULL};
			int status = 0;
			usleep(50 * 1000);
			pid_t asks = pg_server_run(s, words);
			must(waitpid(asks, &status, 0) == asks);
			if (status == 0)
				return;
			if (waitpid(s->pid, &status, WNOHANG) == s->pid)
				break;
		}
	}
	sim_fail(w, "PostgreSQL does not come up again");
}

void database_kill(struct world *w, struct pg_server *s)
{
	pid_t children[100];
	kill(s->pid, SIGSTOP); /* it starts nobody else */
	unsigned n = children_of(s->pid, children, COUNT_OF(children));
	pg_server_kill(s, SIGKILL);
	for (unsigned i = 0; i < n; i++)
		kill(children[i], SIGKILL);
	w->outages++;
	start_again(w, s);
}
