/*
 * A dialect's page of docs/: what its tables say, and prose for what no table can. Each dialect's
 * docs.c makes it of its methods.tbl.h, fields.tbl.h and docs.tbl.h; `couponry docs` prints it
 * (serve/docs_dialect.c). All texts are Markdown.
 */
#pragma once

#include "base/base.h"

/* A member of a request or of a reply. Kinds of requests: DOCS_ and a field kind's name. */
struct docs_field {
	const char *name, *alias; /* alias: may stand instead; NULL: none */
	const char *kind, *unit;  /* unit of max: "characters", "bytes", "" */
	uint64_t max;		  /* 0: no bound but the kind's */
	bool required;
	const char *note; /* NULL: see docs_text of "<table's id>.<name>" */
};
#define DOCS_TEXT	"text", "characters"
#define DOCS_TEXT_BYTES "text", "bytes"
#define DOCS_INT	"integer", ""
#define DOCS_YUAN	"yuan, at most 2 decimals", ""
#define DOCS_SECOND	"`yyyy-MM-dd HH:mm:ss`", ""
#define DOCS_DAY	"`yyyy-MM-dd`", ""
#define DOCS_LIST	"list", "items"
#define DOCS_OBJECT	"object", ""

struct docs_table {
	const char *id;	   /* what docs_text names its fields by */
	const char *of;	   /* the method's name; NULL: of the envelope */
	const char *title; /* "Request: `coupon`" */
	const struct docs_field *fields;
	unsigned count;
	bool reply; /* the columns of a reply are fewer */
};

/* Prose by name: of a method, of a field. */
struct docs_text {
	const char *name, *text;
};
struct docs_rule {
	const char *open, *here, *why;
};
struct dialect_docs {
	const char *title, *about, *signing, *errors;
	const struct dialect_row *also; /* a second row on the same page; NULL: none */
	const struct docs_text *where;	/* how each method is called */
	unsigned where_count;
	const struct docs_text *texts;
	unsigned text_count;
	const struct docs_table *tables;
	unsigned table_count;
	const struct docs_rule *rules;
	unsigned rule_count;
	/* The face is asked about every fault with this request, and these members are shown. */
	const char *probe_path, *probe_query;
	const char *const *error_members;
	unsigned error_member_count;
};
