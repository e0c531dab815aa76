/*
 * The columns of each kind of row, in the order they are exported: C(name, member of the row's
 * struct, form, bound, use). use: 0 may be empty, 1 must not be, 2 is shown, and read without
 * being used. forms: bulk.h.
 */
/* clang-format off */
#define COLUMNS_departments(C) \
	C("department_id", department.department_id, TEXT,   100,   0) \
	C("code",         department.code,          TEXT,   100,   0) \
	C("name",         department.name,          TEXT,   100,   0) \
	C("source_code",  department.source_code,   TEXT,   100,   0)

#define COLUMNS_customers(C) \
	C("customer_id",  customer.customer_id,     TEXT,   100,   0) \
	C("code",         customer.code,            TEXT,   100,   0) \
	C("name",         customer.name,            TEXT,   100,   0) \
	C("source_code",  customer.source_code,     TEXT,   100,   0) \
	C("nick",         customer.nick,            TEXT,   100,   0) \
	C("phone",        customer.phone,           TEXT,   100,   0) \
	C("card_no",      customer.card_no,         TEXT,   100,   0)

#define COLUMNS_templates(C) \
	C("template_id",  save.template.template_id, NUMBER, 0,     1) \
	C("name",         save.template.name,       TEXT,   100,   0) \
	C("type",         save.template.type,       TEXT,   32,    0) \
	C("amount",       save.template.amount,     YUAN,   offsetof(struct bulk_template, save.template.has_amount), 0) \
	C("threshold",    save.template.threshold,  YUAN,   offsetof(struct bulk_template, save.template.has_threshold), 0) \
	C("begin_at",     save.template.begin,      SECOND, 0,     0) \
	C("end_at",       save.template.end,        SECOND, 0,     0) \
	C("shops",        save.template.shops,      LONG,   TEXT_BYTES_MAX, 0) \
	C("categories",   save.template.categories, LONG,   TEXT_BYTES_MAX, 0) \
	C("description",  save.template.description, LONG,   TEXT_BYTES_MAX, 0) \
	C("channel",      save.template.channel,    TEXT,   100,   0) \
	C("terms",        terms,                    OBJECT, CSV_ROW_BYTES_MAX, 0)

#define COLUMNS_coupons(C) \
	C("code",         code,                     TEXT,   100,   1) \
	C("template_id",  template_id,              NUMBER, 0,     1) \
	C("customer_id",  customer_id,              TEXT,   100,   0) \
	C("phone",        phone,                    TEXT,   100,   0) \
	C("card_no",      card_no,                  TEXT,   100,   0) \
	C("nick",         nick,                     TEXT,   100,   0) \
	C("channel",      channel,                  TEXT,   100,   0) \
	C("status",       state,                    STATUS, 0,     0) \
	C("issued_at",    issued,                   SECOND, 0,     0) \
	C("begin_at",     begin,                    SECOND, 0,     0) \
	C("end_at",       end,                      SECOND, 0,     0) \
	C("attribute",    attribute,                LONG,   TEXT_BYTES_MAX, 0)

#define COLUMNS_campaigns(C) \
	C("activity_id",  activity_id,              NUMBER, 0,     2) \
	C("source_code",  save.source_code,         TEXT,   100,   1) \
	C("code",         save.code,                TEXT,   100,   0) \
	C("name",         save.name,                TEXT,   100,   0) \
	C("type_code",    save.type_code,           TEXT,   100,   0) \
	C("status",       save.status,              COUNT,  0,     1) \
	C("begin_at",     save.begin,               SECOND, 0,     0) \
	C("end_at",       save.end,                 SECOND, 0,     0) \
	C("register_url", save.register_url,        LONG,   TEXT_BYTES_MAX, 0) \
	C("information",  save.information,         LONG,   TEXT_BYTES_MAX, 0) \
	C("created_at",   created,                  SECOND, 0,     2) \
	C("modified_at",  modified,                 SECOND, 0,     2) \
	C("plan",         plan,                     OBJECT, CSV_ROW_BYTES_MAX, 0) \
	C("departments",  departments,              LIST,   CSV_ROW_BYTES_MAX, 0)

/* A flag's bound: as an amount's. */
#define MARKED offsetof(struct audience_add_cmd, marks.given)
#define COLUMNS_audience(C) \
	C("source_code",  source_code,              TEXT,   100,   0) \
	C("customer_id",  customer.customer_id,     TEXT,   100,   0) \
	C("nick",         customer.nick,            TEXT,   100,   0) \
	C("phone",        customer.phone,           TEXT,   100,   0) \
	C("card_no",      customer.card_no,         TEXT,   100,   0) \
	C("covered",      marks.covered,            FLAG,   MARKED, 0) \
	C("invited",      marks.invited,            FLAG,   MARKED, 0) \
	C("registered",   marks.registered,         FLAG,   MARKED, 0) \
	C("registered_at", marks.registered_at,     SECOND, 0,     0) \
	C("information",  marks.information,        LONG,   TEXT_BYTES_MAX, 0) \
	C("pending",      marks.pending,            FLAG,   MARKED, 0) \
	C("rewarded",     marks.rewarded,           FLAG,   MARKED, 0) \
	C("register_rewarded", marks.register_rewarded, FLAG, MARKED, 0)

/* --- export only --- */
#define COLUMNS_events(C) \
	C("code",         code,                     TEXT,   100,   2) \
	C("number",       event.number,             COUNT,  0,     2) \
	C("kind",         event.kind,               EVENT,  0,     2) \
	C("at",           event.at,                 SECOND, 0,     2) \
	C("template_id",  template_id,              NUMBER, 0,     2) \
	C("customer_id",  customer_id,              TEXT,   100,   2) \
	C("status",       event.state,              STATUS, 0,     2) \
	C("order_no",     event.said.order_no,      TEXT,   100,   2) \
	C("shop",         event.said.shop,          TEXT,   100,   2) \
	C("operator",     event.said.operator,      TEXT,   100,   2) \
	C("reason",       event.said.reason,        TEXT,   100,   2) \
	C("amount",       event.amount,             YUAN,   offsetof(struct bulk_event, event.has_amount), 2) \
	C("discount",     event.discount,           YUAN,   offsetof(struct bulk_event, has_discount), 2) \
	C("reverses",     event.reverses,           COUNT,  0,     2) \
	C("gave_back",    event.gave_back,          FLAG,   0,     2) \
	C("end_at",       event.end,                SECOND, 0,     2) \
	C("other",        event.other,              TEXT,   100,   2)

/* Nothing that is secret. */
#define COLUMNS_webhooks(C) \
	C("webhook_id",   id,                       NUMBER, 0,     2) \
	C("url",          url,                      LONG,   0,     2) \
	C("events",       events,                   LONG,   0,     2) \
	C("label",        label,                    TEXT,   100,   2) \
	C("created_at",   created,                  SECOND, 0,     2) \
	C("failing_since", failing,                 SECOND, 0,     2) \
	C("suspended_at", suspended,                SECOND, 0,     2)

/* --- import only: rows of jobs --- */
#define COLUMNS_holders(C) \
	C("customer_id",  customer_id,              TEXT,   100,   0) \
	C("phone",        phone,                    TEXT,   100,   0) \
	C("card_no",      card_no,                  TEXT,   100,   0) \
	C("nick",         nick,                     TEXT,   100,   0) \
	C("code",         code,                     TEXT,   100,   0) \
	C("source_code",  source_code,              TEXT,   100,   0) \
	C("name",         name,                     TEXT,   100,   0)

#define COLUMNS_recalls(C) \
	C("code",         code,                     TEXT,   100,   1) \
	C("reason",       said.reason,              TEXT,   100,   0)

#define COLUMNS_extends(C) \
	C("code",         code,                     TEXT,   100,   1) \
	C("end_at",       until,                    SECOND, 0,     0) \
	C("reason",       said.reason,              TEXT,   100,   0)

/* --- what became of a job's rows --- */
#define COLUMNS_outcomes(C) \
	C("row",          row,                      COUNT,  0,     2) \
	C("result",       result,                   TEXT,   100,   2) \
	C("field",        field,                    TEXT,   100,   2) \
	C("code",         code,                     TEXT,   100,   2) \
	C("customer_id",  customer_id,              TEXT,   100,   2)

/* clang-format on */
