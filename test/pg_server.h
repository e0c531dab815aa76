/*
 * A PostgreSQL of a test's own: initdb in a new folder, one server on a Unix socket there, no TCP.
 * Nobody may run PostgreSQL as root: then it runs as `postgres`, or `nobody` where there is none.
 */
#pragma once

#include "base/base.h"

#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct pg_server {
	char programs[256]; /* folder of initdb and postgres */
	char dir[128];
	char url[256];
	bool fsync;
	pid_t pid;
};

/* False: PostgreSQL's programs are not on this machine. */
static inline bool pg_server_find(struct pg_server *s)
{
	glob_t found;
	bool there = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0;
	if (there) {
		const char *newest = found.gl_pathv[found.gl_pathc - 1];
		snprintf(s->programs, sizeof(s->programs), "%.*s",
			 (int)(strrchr(newest, '/') - newest), newest);
	}
	globfree(&found);
	return there;
}

static inline void pg_server_become_user(void)
{
	const struct passwd *user = getpwnam("postgres");
	if (geteuid() != 0)
		return;
	if (!user)
		user = getpwnam("nobody");
	must(user && setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0);
}

/* In the child: runs a program of PostgreSQL with what it says in DIR/log. */
static inline pid_t pg_server_run(const struct pg_server *s, char *const *words)
{
	char path[512], log[256];
	snprintf(path, sizeof(path), "%s/%s", s->programs, words[0]);
	snprintf(log, sizeof(log), "%s/log", s->dir);
	pid_t child = fork();
	if (child != 0)
		return child;
	pg_server_become_user();
	/* a test that ends in must() leaves no server behind */
	must(prctl(PR_SET_PDEATHSIG, SIGQUIT) == 0);
	int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	must(out >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0 && chdir(s->dir) == 0);
	execv(path, words);
	_exit(127);
}

static inline void pg_server_launch(struct pg_server *s)
{
	char data[160];
	snprintf(data, sizeof(data), "%s/data", s->dir);
	char *words[] = {"postgres",
			 "-D",
			 data,
			 "-k",
			 s->dir,
			 "-c",
			 "listen_addresses=",
			 "-c",
			 s->fsync ? "fsync=on" : "fsync=off",
			 "-c",
			 "shared_buffers=64MB",
			 "-c",
			 "max_connections=50",
			 NULL};
	s->pid = pg_server_run(s, words);
	must(s->pid > 0);
}

/* Whether it takes connections within some seconds. */
static inline bool pg_server_wait(const struct pg_server *s)
{
	char *words[] = {"pg_isready", "-q", "-h", (char *)(uintptr_t)s->dir, NULL};
	for (unsigned i = 0; i < 300; i++) {
		int status = 0;
		pid_t asks = pg_server_run(s, words);
		must(waitpid(asks, &status, 0) == asks);
		if (status == 0)
			return true;
		usleep(50 * 1000);
	}
	return false;
}

/* `s` is zeroed, but for fsync. False: there is no PostgreSQL, and a line says so. */
static inline bool pg_server_start(struct pg_server *s)
{
	int status;
	if (!pg_server_find(s)) {
		printf("skipped: the programs of PostgreSQL are not installed\n");
		return false;
	}
	snprintf(s->dir, sizeof(s->dir), "/tmp/couponry-pg-XXXXXX");
	must(mkdtemp(s->dir) && chmod(s->dir, 0777) == 0);
	snprintf(s->url, sizeof(s->url), "postgresql:///postgres?host=%s&user=couponry", s->dir);
	char *words[] = {"initdb", "-D", "data", "-U",		"couponry", "-A",
			 "trust",  "-E", "UTF8", "--no-locale", "-N",	    NULL};
	pid_t child = pg_server_run(s, words);
	must(waitpid(child, &status, 0) == child && status == 0);
	pg_server_launch(s);
	must(pg_server_wait(s));
	return true;
}

static inline void pg_server_kill(struct pg_server *s, int signal)
{
	if (s->pid > 0) {
		kill(s->pid, signal);
		waitpid(s->pid, NULL, 0);
	}
	s->pid = 0;
}

static inline void pg_server_stop(struct pg_server *s)
{
	char command[256];
	pg_server_kill(s, SIGQUIT);
	snprintf(command, sizeof(command), "rm -rf '%s'", s->dir);
	must(system(command) == 0);
}
