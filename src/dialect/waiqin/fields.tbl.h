/*
 * The fields of seed document 001, in its order. Bounds: VARCHAR(n) counts characters, TEXT bytes.
 *
 * In: F(wire name, member of the decoder's struct, kind, max, presence).
 */
/* clang-format off */

/* addOrUpdateCampaign -> struct save_fields. The four dept_ fields: the first that is not empty counts. */
#define WAIQIN_SAVE_FIELDS(F)                                                              \
	F(source_code,          cmd.source_code,   TEXT,       NAME_LENGTH_MAX, REQUIRED)  \
	F(code,                 cmd.code,          TEXT,       NAME_LENGTH_MAX, REQUIRED)  \
	F(name,                 cmd.name,          TEXT,       NAME_LENGTH_MAX, REQUIRED)  \
	F(type_code,            cmd.type_code,     TEXT,       NAME_LENGTH_MAX, REQUIRED)  \
	F(event_status,         cmd.status,        INT,        3,               REQUIRED)  \
	F(start_date,           cmd.begin,         DAY,        0,               REQUIRED)  \
	F(end_date,             cmd.end,           DAY,        0,               REQUIRED)  \
	F(register_url,         cmd.register_url,  TEXT,       NAME_LENGTH_MAX, REQUIRED)  \
	F(event_information,    cmd.information,   TEXT_BYTES, TEXT_BYTES_MAX,  REQUIRED)  \
	F(dept_id,              departments[0],    TEXT,       NAME_LENGTH_MAX, OPTIONAL)  \
	F(dept_code,            departments[1],    TEXT,       NAME_LENGTH_MAX, OPTIONAL)  \
	F(dept_name,            departments[2],    TEXT,       NAME_LENGTH_MAX, OPTIONAL)  \
	F(dept_source_code,     departments[3],    TEXT,       NAME_LENGTH_MAX, OPTIONAL)

/* applyCallBack -> struct register_fields. One of the three cm_ fields must be given. */
#define WAIQIN_REGISTER_FIELDS(F)                                                                  \
	F(campaign_source_code, cmd.campaign_source_code, TEXT,       NAME_LENGTH_MAX, REQUIRED)   \
	F(campaign_code,        cmd.campaign_code,        TEXT,       NAME_LENGTH_MAX, REQUIRED)   \
	F(cm_ids,               customers[0],             TEXT_BYTES, TEXT_BYTES_MAX,  OPTIONAL)   \
	F(cm_codes,             customers[1],             TEXT_BYTES, TEXT_BYTES_MAX,  OPTIONAL)   \
	F(cm_names,             customers[2],             TEXT_BYTES, TEXT_BYTES_MAX,  OPTIONAL)   \
	F(registered_time,      cmd.registered_at,        SECOND,     0,               REQUIRED)   \
	F(merchant_information, cmd.information,          TEXT_BYTES, TEXT_BYTES_MAX,  REQUIRED)

/* queryCampaign -> struct campaign_query_cmd. The document says VARCHAR(32), but codes may have 100. */
#define WAIQIN_QUERY_FIELDS(F)                                                     \
	F(activity_source_code, source_code,     TEXT,   NAME_LENGTH_MAX, OPTIONAL)   \
	F(activity_code,        code,            TEXT,   NAME_LENGTH_MAX, OPTIONAL)   \
	F(before_create_time,   created_before,  SECOND, 0,               OPTIONAL)   \
	F(after_create_time,    created_after,   SECOND, 0,               OPTIONAL)   \
	F(before_modify_time,   modified_before, SECOND, 0,               OPTIONAL)   \
	F(after_modify_time,    modified_after,  SECOND, 0,               OPTIONAL)   \
	F(activity_type_code,   type_code,       TEXT,   NAME_LENGTH_MAX, OPTIONAL)

/* Out, the scalars of one campaign: A(wire name, how, from). We know no name of a type: "". */
#define WAIQIN_CAMPAIGN_FIELDS(A)                     \
	A(activity_source_code, TEXT,    c->source_code)  \
	A(activity_code,        TEXT,    c->code)         \
	A(activity_type_code,   TEXT,    c->type_code)    \
	A(activity_type_name,   TEXT,    TEXT_NONE)       \
	A(activity_name,        TEXT,    c->name)         \
	A(start_date,           DAY,     c->begin)        \
	A(end_date,             DAY,     c->end)          \
	A(event_status,         NUMBER,  c->status)       \
	A(event_information,    TEXT,    c->information)  \
	A(register_url,         TEXT,    c->register_url)

#define WAIQIN_DEPARTMENT_FIELDS(A)               \
	A(id,                   TEXT, d->department_id)   \
	A(code,                 TEXT, d->code)            \
	A(name,                 TEXT, d->name)

/* A customer; of those who signed up merchant_information follows. */
#define WAIQIN_CUSTOMER_FIELDS(A)                 \
	A(id,                   TEXT, c->customer_id)     \
	A(code,                 TEXT, c->code)            \
	A(name,                 TEXT, customer_label(c))  \
	A(source_code,          TEXT, c->source_code)

/* What the domain calls otherwise: W(operation, the command's member, wire name). */
#define WAIQIN_WORDS(W)                                                 \
	W(addOrUpdateCampaign, status,          event_status)           \
	W(addOrUpdateCampaign, begin,           start_date)             \
	W(addOrUpdateCampaign, end,             end_date)               \
	W(addOrUpdateCampaign, information,     event_information)      \
	W(applyCallBack,       registered_at,   registered_time)        \
	W(applyCallBack,       information,     merchant_information)   \
	W(queryCampaign,       source_code,     activity_source_code)   \
	W(queryCampaign,       code,            activity_code)          \
	W(queryCampaign,       type_code,       activity_type_code)     \
	W(queryCampaign,       created_before,  before_create_time)     \
	W(queryCampaign,       created_after,   after_create_time)      \
	W(queryCampaign,       modified_before, before_modify_time)     \
	W(queryCampaign,       modified_after,  after_modify_time)
/* clang-format on */
