/*
 * The columns of each CSV file, in the order they are exported: C(name, member of the command, form,
 * bound, required). form: TEXT (bound in characters), LONG (in bytes), NUMBER, SECOND, STATUS, YUAN
 * (bound: where the command keeps whether it was given). required: the cell must not be empty.
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
	C("template_id",  template.template_id,     NUMBER, 0,     1) \
	C("name",         template.name,            TEXT,   100,   0) \
	C("type",         template.type,            TEXT,   32,    0) \
	C("amount",       template.amount,          YUAN,   offsetof(struct template_save_cmd, template.has_amount), 0) \
	C("threshold",    template.threshold,       YUAN,   offsetof(struct template_save_cmd, template.has_threshold), 0) \
	C("begin_at",     template.begin,           SECOND, 0,     0) \
	C("end_at",       template.end,             SECOND, 0,     0) \
	C("shops",        template.shops,           LONG,   TEXT_BYTES_MAX, 0) \
	C("categories",   template.categories,      LONG,   TEXT_BYTES_MAX, 0) \
	C("description",  template.description,     LONG,   TEXT_BYTES_MAX, 0) \
	C("channel",      template.channel,         TEXT,   100,   0)

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

/* Import only. */
#define COLUMNS_audience(C) \
	C("source_code",  source_code,              TEXT,   100,   0) \
	C("customer_id",  customer.customer_id,     TEXT,   100,   0) \
	C("phone",        customer.phone,           TEXT,   100,   0) \
	C("card_no",      customer.card_no,         TEXT,   100,   0) \
	C("nick",         customer.nick,            TEXT,   100,   0)

/* clang-format on */
