/*
 * Every record of the store, once. From these rows come the structs, their bytes, their keys,
 * unique values and lists (and later the columns of PostgreSQL).
 *
 * A table is a macro NAME_FIELDS(F) of rows F(kind, member, role). Records evolve by APPENDING
 * rows; a row is never removed or moved. Kinds and the member they make:
 *   NUMBER uint64_t · SIGNED int64_t · FLAG bool · INSTANT struct instant · MONEY struct money ·
 *   TEXT struct text (clean UTF-8) · BYTES struct text (any bytes)
 * Roles: KEY (part of the primary key, in order; NUMBER, TEXT or BYTES) · PLAIN · PERSONAL (sealed
 * in the ledger under the key in the record's `key_slot`) · SECRET (sealed everywhere under the
 * master key: see store_seal) · SLOT (the number of the customer's key).
 *
 * The merchant is part of every key and in no struct: a transaction works for one merchant.
 * Merchant 0 is the store itself: it owns merchants, credentials and the origin.
 */

/* clang-format off */
#define RECORDS(R)                              \
	R(origin,     ORIGIN,     1)            \
	R(merchant,   MERCHANT,   2)            \
	R(credential, CREDENTIAL, 3)            \
	R(department, DEPARTMENT, 4)            \
	R(customer,   CUSTOMER,   5)            \
	R(template,   TEMPLATE,   6)            \
	R(tally,      TALLY,      7)            \
	R(holding,    HOLDING,    8)            \
	R(coupon,     COUPON,     9)            \
	R(campaign,   CAMPAIGN,   10)           \
	R(member,     MEMBER,     11)           \
	R(request,    REQUEST,    12)           \
	R(edition,    EDITION,    13)           \
	R(purchase,   PURCHASE,   14)           \
	R(series,     SERIES,     15)           \
	R(webhook,    WEBHOOK,    16)           \
	R(notice,     NOTICE,     17)           \
	R(delivery,   DELIVERY,   18)           \
	R(provider,   PROVIDER,   19)           \
	R(errand,     ERRAND,     20)           \
	R(lease,      LEASE,      21)           \
	R(job,        JOB,        22)

/* merchant 0: the store. `epoch` is random, 20 bits, new at every restore: part of every public id. */
#define ORIGIN_FIELDS(F)                        \
	F(NUMBER,  number,           KEY)   /* always 1 */ \
	F(NUMBER,  epoch,            PLAIN)     \
	F(INSTANT, created,          PLAIN)

#define MERCHANT_FIELDS(F)                      \
	F(NUMBER,  number,           KEY)       \
	F(TEXT,    name,             PLAIN)     \
	F(INSTANT, created,          PLAIN)     \
	F(SIGNED,  from_utc8,        PLAIN) /* minutes that its clocks are ahead of UTC+8 */ \
	F(FLAG,    sandbox,          PLAIN) /* may have a clock of its own */ \
	F(SIGNED,  clock_ms,         PLAIN) /* how far that clock is ahead; only ever grows */ \
	F(NUMBER,  revision,         PLAIN)

#define CREDENTIAL_FIELDS(F)                    \
	F(NUMBER,  dialect,          KEY)   /* enum dialect */ \
	F(TEXT,    name,             KEY)   /* app_key, openid, openId; native: a digest of the key */ \
	F(NUMBER,  owner,            PLAIN) /* merchant */ \
	F(BYTES,   secret,           SECRET)    \
	F(BYTES,   token,            SECRET)    \
	F(NUMBER,  sign_mode,        PLAIN) /* enum sign_mode */ \
	F(FLAG,    typed,            PLAIN)     \
	F(FLAG,    require_session,  PLAIN)     \
	F(NUMBER,  skew_s,           PLAIN) /* 0: the dialect's default */ \
	F(TEXT,    trusted,          PLAIN) /* CIDRs with commas; empty: everybody */ \
	F(FLAG,    demo,             PLAIN)     \
	F(INSTANT, created,          PLAIN)     \
	F(TEXT,    label,            PLAIN) /* native: what people call it */ \
	F(NUMBER,  scopes,           PLAIN) /* native: bits of enum scope */ \
	F(INSTANT, expires,          PLAIN) /* none: never */ \
	F(FLAG,    revoked,          PLAIN)     \
	F(NUMBER,  calls_per_s,      PLAIN) /* 0: the server's setting */ \
	F(NUMBER,  burst,            PLAIN) /* calls at once; 0: two seconds' worth */

#define DEPARTMENT_FIELDS(F)                    \
	F(NUMBER,  number,           KEY)       \
	F(TEXT,    department_id,    PLAIN)     \
	F(TEXT,    code,             PLAIN)     \
	F(TEXT,    name,             PLAIN)     \
	F(TEXT,    source_code,      PLAIN)     \
	F(INSTANT, created,          PLAIN)     \
	F(INSTANT, updated,          PLAIN)

#define CUSTOMER_FIELDS(F)                      \
	F(NUMBER,  number,           KEY)       \
	F(NUMBER,  key_slot,         SLOT)      \
	F(TEXT,    customer_id,      PLAIN)     \
	F(TEXT,    code,             PERSONAL)  \
	F(TEXT,    name,             PERSONAL)  \
	F(TEXT,    source_code,      PERSONAL)  \
	F(TEXT,    nick,             PERSONAL)  \
	F(TEXT,    phone,            PERSONAL)  \
	F(TEXT,    card_no,          PERSONAL)  \
	F(BYTES,   label_tag,        PLAIN) /* store_tag of the name as shown: name, else nick */ \
	F(INSTANT, created,          PLAIN)     \
	F(INSTANT, updated,          PLAIN)     \
	F(INSTANT, erased,           PLAIN) /* none: not; then nothing PERSONAL is ever here again */ \
	F(NUMBER,  alias_of,         PLAIN) /* merged into that customer, who is no alias; 0: not */ \
	F(FLAG,    merged,           PLAIN) /* others were merged into it */ \
	F(FLAG,    unsettled,        PLAIN) /* an erasure or a merge has work left: customer_settle */ \
	F(NUMBER,  walked,           PLAIN) /* campaigns that this work has passed .. */ \
	F(NUMBER,  walked_to,        PLAIN) /* .. and the number of the last of them */

/* What a coupon gives, where and how often: of a template, and of each edition of it that coupons
 * were issued under. Texts of several lines are sets, one item a line. */
#define TERMS_FIELDS(F)                         \
	F(NUMBER,  benefit,          PLAIN) /* enum benefit; 0: not said (imported, WangJuBao) */ \
	F(NUMBER,  basis_points,     PLAIN) /* BENEFIT_PERCENT_OFF: 2000 takes a fifth off */ \
	F(FLAG,    has_cap,          PLAIN)     \
	F(MONEY,   cap,              PLAIN) /* the most it takes off */ \
	F(NUMBER,  buy,              PLAIN) /* BENEFIT_BUY_GET: of buy + get pieces, .. */ \
	F(NUMBER,  get,              PLAIN) /* .. get are free; BENEFIT_FREE_ITEM: pieces, 0 is 1 */ \
	F(NUMBER,  rounding,         PLAIN) /* enum rounding */ \
	F(NUMBER,  splitting,        PLAIN) /* enum splitting */ \
	F(TEXT,    shops_in,         PLAIN) /* empty: all */ \
	F(TEXT,    shops_out,        PLAIN)     \
	F(TEXT,    categories_in,    PLAIN)     \
	F(TEXT,    categories_out,   PLAIN)     \
	F(TEXT,    products_in,      PLAIN)     \
	F(TEXT,    products_out,     PLAIN)     \
	F(TEXT,    channels_in,      PLAIN)     \
	F(TEXT,    channels_out,     PLAIN)     \
	F(TEXT,    hours,            PLAIN) /* lines "12345 0900-1730"; empty: always */ \
	F(NUMBER,  uses,             PLAIN) /* of one coupon; 0 is 1 */ \
	F(NUMBER,  uses_per_person,  PLAIN) /* of all that one customer has; 0: no limit */ \
	F(NUMBER,  uses_per_period,  PLAIN) /* of one customer in one `period`; 0: no limit */ \
	F(NUMBER,  period,           PLAIN) /* enum period */ \
	F(TEXT,    stack_group,      PLAIN) /* at most one of a group in an order; empty: any */ \
	F(FLAG,    exclusive,        PLAIN) /* alone in an order */ \
	F(NUMBER,  priority,         PLAIN) /* higher ones take off first */ \
	F(NUMBER,  per_order,        PLAIN) /* of this template in an order; 0: no limit */ \
	F(NUMBER,  give_back,        PLAIN) /* enum give_back */

#define TEMPLATE_FIELDS(F)                      \
	F(NUMBER,  number,           KEY)       \
	F(FLAG,    live,             PLAIN) /* false: deleted, kept because coupons show it */ \
	F(NUMBER,  template_id,      PLAIN) /* 1 .. 2^63-1 */ \
	F(NUMBER,  maker,            PLAIN) /* enum maker */ \
	F(TEXT,    name,             PLAIN)     \
	F(TEXT,    type,             PLAIN)     \
	F(FLAG,    has_amount,       PLAIN)     \
	F(MONEY,   amount,           PLAIN)     \
	F(FLAG,    has_threshold,    PLAIN)     \
	F(MONEY,   threshold,        PLAIN)     \
	F(INSTANT, begin,            PLAIN) /* none: no bound */ \
	F(INSTANT, end,              PLAIN) /* the last second it is good; none: no bound */ \
	F(TEXT,    shops,            PLAIN)     \
	F(TEXT,    categories,       PLAIN)     \
	F(TEXT,    description,      PLAIN)     \
	F(TEXT,    channel,          PLAIN)     \
	F(FLAG,    has_total,        PLAIN)     \
	F(NUMBER,  total,            PLAIN) /* coupons there may be, when has_total */ \
	F(NUMBER,  per_person,       PLAIN) /* at least 1 */ \
	F(TEXT,    object,           PLAIN) /* WJB: the caller's object, server-set members taken out */ \
	F(NUMBER,  changed,          PLAIN) /* bits of enum object_member that another dialect has changed since */ \
	F(INSTANT, created,          PLAIN)     \
	F(INSTANT, updated,          PLAIN)     \
	TERMS_FIELDS(F)                         \
	F(NUMBER,  edition,          PLAIN) /* of these terms; coupons say which they were issued under */ \
	F(NUMBER,  recast,           PLAIN) /* coupons of earlier editions go by this one */ \
	F(NUMBER,  revision,         PLAIN) /* counts changes: ETag */ \
	F(FLAG,    is_relative,      PLAIN) /* begin and end are counted from receipt */ \
	F(NUMBER,  starts_after_days, PLAIN)    \
	F(NUMBER,  lasts_days,       PLAIN) /* at least 1 when is_relative */ \
	F(NUMBER,  per_day,          PLAIN) /* issued in a day; 0: no limit */ \
	F(NUMBER,  per_person_day,   PLAIN) /* to one customer in a day; 0: no limit */ \
	F(FLAG,    has_budget,       PLAIN)     \
	F(MONEY,   budget,           PLAIN) /* what all its coupons may take off together */ \
	F(TEXT,    code_prefix,      PLAIN)     \
	F(TEXT,    code_charset,     PLAIN) /* empty: codes are made from ids */ \
	F(NUMBER,  code_length,      PLAIN) /* without prefix and check digit */ \
	F(FLAG,    code_check,       PLAIN) /* a check digit comes last */ \
	F(NUMBER,  provider,         PLAIN) /* who issues its coupons; 0: we do */

/* What an edition keeps of its template: what it looked like, and its terms. */
#define KEPT_FIELDS(F)                          \
	F(TEXT,    name,             PLAIN)     \
	F(TEXT,    type,             PLAIN)     \
	F(FLAG,    has_amount,       PLAIN)     \
	F(MONEY,   amount,           PLAIN)     \
	F(FLAG,    has_threshold,    PLAIN)     \
	F(MONEY,   threshold,        PLAIN)     \
	F(TEXT,    shops,            PLAIN)     \
	F(TEXT,    categories,       PLAIN)     \
	F(TEXT,    description,      PLAIN)     \
	TERMS_FIELDS(F)

/* The terms of a template before they were changed. */
#define EDITION_FIELDS(F)                       \
	F(NUMBER,  template,         KEY)       \
	F(NUMBER,  edition,          KEY)       \
	KEPT_FIELDS(F)

/* Counters are rows of their own, never fields of a record that holds text. */
#define TALLY_FIELDS(F)                         \
	F(NUMBER,  kind,             KEY)   /* enum tally_kind */ \
	F(NUMBER,  of,               KEY)   /* number of the template, ... */ \
	F(NUMBER,  count,            PLAIN)

/* What one customer has of one template. */
#define HOLDING_FIELDS(F)                       \
	F(NUMBER,  customer,         KEY)       \
	F(NUMBER,  template,         KEY)       \
	F(NUMBER,  issued,           PLAIN)     \
	F(NUMBER,  last,             PLAIN) /* ordinal of the last one in the wallet */ \
	F(NUMBER,  day,              PLAIN) /* the day of the last issue, since 1970 .. */ \
	F(NUMBER,  day_issued,       PLAIN) /* .. and what was issued on it */ \
	F(NUMBER,  used,             PLAIN) /* uses that stand, where the template limits them */ \
	F(NUMBER,  period,           PLAIN) /* number of the period of the last use .. */ \
	F(NUMBER,  period_used,      PLAIN) /* .. and the uses in it that stand */

/* Lives in the wallet: the key's last part is the ordinal in that list, given by the first put. */
#define COUPON_FIELDS(F)                        \
	F(NUMBER,  customer,         KEY)   /* 0: nobody's yet */ \
	F(NUMBER,  shelf,            KEY)   /* its template while customer is 0, else 0 */ \
	F(NUMBER,  ordinal,          KEY)       \
	F(NUMBER,  id,               PLAIN) /* epoch and number: see public_id */ \
	F(TEXT,    code,             PLAIN) /* empty: made by the server from the id (coupon_code) */ \
	F(NUMBER,  template,         PLAIN) /* its number */ \
	F(TEXT,    channel,          PLAIN) /* its own, else its template's at that time */ \
	F(NUMBER,  state,            PLAIN) /* enum coupon_state */ \
	F(INSTANT, issued,           PLAIN)     \
	F(INSTANT, begin,            PLAIN)     \
	F(INSTANT, end,              PLAIN)     \
	F(INSTANT, updated,          PLAIN)     \
	F(TEXT,    attribute,        PLAIN)     \
	F(NUMBER,  edition,          PLAIN) /* of its template */ \
	F(NUMBER,  used,             PLAIN) /* uses that stand */ \
	F(NUMBER,  revision,         PLAIN) /* counts events: ETag */ \
	F(FLAG,    held,             PLAIN) /* with COUPON_FROZEN: promised, not yet given */ \
	F(INSTANT, until,            PLAIN) /* frozen till then; none: till somebody says */ \
	F(NUMBER,  due,              PLAIN) /* held: the minute after `until`; else 0 */ \
	F(BYTES,   timeline,         PLAIN) /* what happened to it: domain/timeline.h */ \
	F(NUMBER,  campaign,         PLAIN) /* whose reward it is; 0: nobody's */ \
	F(NUMBER,  errand,           PLAIN) /* with which its provider is asked; 0: ours */

/* Coupons redeemed under one order number. */
#define PURCHASE_FIELDS(F)                      \
	F(TEXT,    order_no,         KEY)       \
	F(BYTES,   uses,             PLAIN) /* varints: coupon id, number of the use in its timeline */ \
	F(INSTANT, created,          PLAIN)

/* How far the codes of one pattern are given out; tag: of prefix, charset, length, check. */
#define SERIES_FIELDS(F)                        \
	F(BYTES,   tag,              KEY)       \
	F(NUMBER,  next,             PLAIN)

#define CAMPAIGN_FIELDS(F)                      \
	F(NUMBER,  number,           KEY)       \
	F(FLAG,    live,             PLAIN) /* false: deleted; its audience goes by and by */ \
	F(NUMBER,  activity_id,      PLAIN) /* below 2^53 */ \
	F(NUMBER,  maker,            PLAIN) /* enum maker */ \
	F(FLAG,    made_by_wjb,      PLAIN)     \
	F(TEXT,    source_code,      PLAIN)     \
	F(TEXT,    code,             PLAIN)     \
	F(TEXT,    name,             PLAIN)     \
	F(TEXT,    type_code,        PLAIN)     \
	F(NUMBER,  status,           PLAIN) /* 1 online, 2 stopped, 3 ended */ \
	F(INSTANT, begin,            PLAIN)     \
	F(INSTANT, end,              PLAIN)     \
	F(TEXT,    register_url,     PLAIN)     \
	F(TEXT,    information,      PLAIN)     \
	F(BYTES,   departments,      PLAIN) /* varints: their numbers */ \
	F(BYTES,   prizes,           PLAIN) /* varints: numbers of their templates, each once */ \
	F(TEXT,    object,           PLAIN) /* as template.object */ \
	F(NUMBER,  changed,          PLAIN)     \
	F(NUMBER,  cover,            PLAIN) /* generation of the covered marks, from 1; unswept: those left */ \
	F(INSTANT, created,          PLAIN)     \
	F(INSTANT, modified,         PLAIN)     \
	F(FLAG,    unswept,          PLAIN) /* deleted, and some of its audience may still be there */ \
	F(BYTES,   rewards,          PLAIN) /* of covered members: varints: template number, count .. */ \
	F(BYTES,   register_rewards, PLAIN) /* the same, of registrations */ \
	F(FLAG,    approval,         PLAIN) /* registrations wait for approval */ \
	F(INSTANT, starts,           PLAIN) /* when rewards go out; none: when it begins */ \
	F(NUMBER,  phase,            PLAIN) /* enum campaign_phase: what was done of its schedule */ \
	F(FLAG,    running,          PLAIN) /* the courier looks after it */ \
	F(BYTES,   fill,             PLAIN) /* where more of its audience comes from, and how far that is */

/* A member of a campaign's audience. No mark: the row is dead and swept by and by. */
#define MEMBER_FIELDS(F)                        \
	F(NUMBER,  campaign,         KEY)       \
	F(NUMBER,  customer,         KEY)       \
	F(NUMBER,  key_slot,         SLOT)      \
	F(NUMBER,  cover,            PLAIN) /* covered if equal to campaign.cover; 0: not */ \
	F(FLAG,    invited,          PLAIN)     \
	F(FLAG,    registered,       PLAIN)     \
	F(INSTANT, registered_at,    PLAIN)     \
	F(TEXT,    information,      PERSONAL) /* merchant_information of the registration */ \
	F(NUMBER,  todo,             PLAIN) /* bits of enum todo: rewards that it is still to get */ \
	F(FLAG,    pending,          PLAIN) /* a registration that waits for approval */ \
	F(NUMBER,  given,            PLAIN) /* bits of enum todo: rewards that it got */

/* A write that was accepted, so that its repeat gets the same answer. Key: see request.c. */
#define REQUEST_FIELDS(F)                       \
	F(NUMBER,  class,            KEY)   /* enum request_class: how long it is kept */ \
	F(NUMBER,  bucket,           KEY)   /* end of its life / retention */ \
	F(BYTES,   tag,              KEY)   /* 16 bytes */ \
	F(BYTES,   result,           PLAIN) /* from which the answer is made again */

/* Somebody who wants to be told what happens: docs/webhooks.md. */
#define WEBHOOK_FIELDS(F)                       \
	F(NUMBER,  number,           KEY)       \
	F(FLAG,    live,             PLAIN) /* false: deleted */ \
	F(TEXT,    url,              PLAIN)     \
	F(NUMBER,  kinds,            PLAIN) /* bits 1 << enum notice_kind */ \
	F(TEXT,    label,            PLAIN)     \
	F(BYTES,   secret,           SECRET)    \
	F(BYTES,   old_secret,       SECRET) /* signs too, until .. */ \
	F(INSTANT, old_until,        PLAIN)     \
	F(INSTANT, created,          PLAIN)     \
	F(INSTANT, failing,          PLAIN) /* since when every try failed; none: the last was good */ \
	F(INSTANT, suspended,        PLAIN) /* none: it is not */ \
	F(INSTANT, recovered,        PLAIN) /* what was tried up to then is due at once */

/* What happened, for whom it may concern. `number`: with the epoch, as of public ids: it stays the
 * same after a restore. No personal data: the message is made of what these name, when it is sent,
 * and only of what never changes, so that every try sends the same bytes. */
#define NOTICE_FIELDS(F)                        \
	F(NUMBER,  number,           KEY)       \
	F(NUMBER,  kind,             PLAIN) /* enum notice_kind */ \
	F(NUMBER,  subject,          PLAIN) /* coupon's id; number of the template, campaign .. */ \
	F(NUMBER,  event,            PLAIN) /* of the coupon's timeline; 0: none stands there */ \
	F(NUMBER,  customer,         PLAIN) /* whose the coupon was then; 0: nobody's */ \
	F(NUMBER,  figure,           PLAIN) /* of coupons whose event is 0: their end, in ms */ \
	F(TEXT,    word,             PLAIN)     \
	F(INSTANT, happened,         PLAIN)     \
	F(SIGNED,  from_utc8,        PLAIN) /* the merchant's zone then: times are printed in it */ \
	F(BYTES,   webhooks,         PLAIN) /* varints: numbers of those it goes to */

/* A notice on its way to one webhook. Those of one lane go out in their order. */
#define DELIVERY_FIELDS(F)                      \
	F(NUMBER,  webhook,          KEY)       \
	F(NUMBER,  notice,           KEY)       \
	F(NUMBER,  lane,             PLAIN) /* 1.. */ \
	F(FLAG,    waiting,          PLAIN) /* neither delivered nor given up */ \
	F(NUMBER,  tries,            PLAIN)     \
	F(INSTANT, due,              PLAIN) /* not before; none: at once */ \
	F(INSTANT, tried,            PLAIN)     \
	F(NUMBER,  status,           PLAIN) /* of the last answer; 0: none came */ \
	F(TEXT,    answer,           PLAIN) /* its beginning, or why there is none */

/* Issues coupons of its own when asked ("coupon provide"). One for all templates of one endpoint. */
#define PROVIDER_FIELDS(F)                      \
	F(NUMBER,  number,           KEY)       \
	F(TEXT,    endpoint,         PLAIN) /* url, a blank, app_key */ \
	F(TEXT,    url,              PLAIN)     \
	F(TEXT,    app_key,          PLAIN)     \
	F(BYTES,   secret,           SECRET)    \
	F(BYTES,   access_token,     SECRET)    \
	F(NUMBER,  failures,         PLAIN) /* in a row, of calls without a usable answer */ \
	F(INSTANT, open_until,       PLAIN) /* the breaker: not called before; none: closed */ \
	F(TEXT,    trouble,          PLAIN) /* what was wrong last; empty: nothing */ \
	F(INSTANT, updated,          PLAIN)

/* One call to a provider: coupons promised to at most SPI_NICKS_MAX customers, each once. It is
 * repeated under the same request_id until it is known of each what became of it. */
#define ERRAND_FIELDS(F)                        \
	F(NUMBER,  number,           KEY)       \
	F(NUMBER,  provider,         PLAIN)     \
	F(NUMBER,  template,         PLAIN)     \
	F(NUMBER,  campaign,         PLAIN) /* 0: asked for by a call */ \
	F(BYTES,   coupons,          PLAIN) /* varints: ids of the held coupons */ \
	F(BYTES,   outcomes,         PLAIN) /* varints: enum outcome of each */ \
	F(FLAG,    waiting,          PLAIN) /* to be sent, or sent again */ \
	F(FLAG,    unknown,          PLAIN) /* given up: somebody has to find out */ \
	F(NUMBER,  tries,            PLAIN)     \
	F(INSTANT, due,              PLAIN) /* not before; none: at once */ \
	F(INSTANT, tried,            PLAIN)     \
	F(BYTES,   digest,           PLAIN) /* store_tag of the body that was sent first */ \
	F(TEXT,    trouble,          PLAIN) /* of the last try; empty: none */ \
	F(INSTANT, created,          PLAIN)

/* Which courier works at something. It is nobody's from `until` on. */
#define LEASE_FIELDS(F)                         \
	F(NUMBER,  kind,             KEY)   /* enum lease_kind */ \
	F(NUMBER,  of,               KEY)       \
	F(NUMBER,  owner,            PLAIN)     \
	F(INSTANT, until,            PLAIN)

/* Work on many rows. */
#define JOB_FIELDS(F)                           \
	F(NUMBER,  number,           KEY)       \
	F(NUMBER,  kind,             PLAIN) /* enum job_kind */ \
	F(NUMBER,  state,            PLAIN) /* enum job_state */ \
	F(FLAG,    open,             PLAIN) /* the courier works at it, or may */ \
	F(TEXT,    what,             PLAIN) /* its order: a JSON object of the kind's members */ \
	F(TEXT,    actor,            PLAIN) /* who asked for it */ \
	F(NUMBER,  node,             PLAIN) /* of the store's nodes, on whose disk its files are; 0: any */ \
	F(NUMBER,  total,            PLAIN) /* rows; 0: not known yet */ \
	F(NUMBER,  read,             PLAIN) /* rows that are done */ \
	F(NUMBER,  refused,          PLAIN) /* of them */ \
	F(NUMBER,  read_bytes,       PLAIN) /* of the input, up to the first row that is not done */ \
	F(NUMBER,  written_bytes,    PLAIN) /* of the result, that go with `read` */ \
	F(TEXT,    trouble,          PLAIN)     \
	F(INSTANT, created,          PLAIN)     \
	F(INSTANT, ended,            PLAIN)     \
	F(NUMBER,  input_bytes,      PLAIN) /* of the whole input; 0: there is none, or not all is there */ \
	F(NUMBER,  position,         PLAIN) /* export: where it goes on */

/* UNIQUE(name, id, table, member when not zero, value): at most one record of a merchant has the
 * value. Empty texts and 0 do not count. */
#define UNIQUES(U)                                                              \
	U(MERCHANT_BY_NAME,       1,  merchant,   number,      name)             \
	U(DEPARTMENT_BY_ID,       2,  department, number,      department_id)    \
	U(DEPARTMENT_BY_CODE,     3,  department, number,      code)             \
	U(DEPARTMENT_BY_SOURCE,   4,  department, number,      source_code)      \
	U(CUSTOMER_BY_ID,         5,  customer,   number,      customer_id)      \
	U(CUSTOMER_BY_CODE,       6,  customer,   number,      code)             \
	U(CUSTOMER_BY_SOURCE,     7,  customer,   number,      source_code)      \
	U(CUSTOMER_BY_NICK,       8,  customer,   number,      nick)             \
	U(CUSTOMER_BY_PHONE,      9,  customer,   number,      phone)            \
	U(CUSTOMER_BY_CARD,       10, customer,   number,      card_no)          \
	U(TEMPLATE_BY_ID,         11, template,   live,        template_id)      \
	U(COUPON_BY_ID,           12, coupon,     id,          id)               \
	U(COUPON_BY_CODE,         13, coupon,     id,          code)             \
	U(CAMPAIGN_BY_ACTIVITY,   14, campaign,   live,        activity_id)      \
	U(CAMPAIGN_BY_SOURCE,     15, campaign,   live,        source_code)      \
	U(PROVIDER_BY_ENDPOINT,   16, provider,   number,      endpoint)

/* LIST(name, id, table, member when not zero, owners): records in the order they came in. A record
 * whose owner changes leaves the old list and comes last in the new. Owners: OWNER0, OWNER1(member),
 * OWNER2(member, member). */
#define LISTS(L)                                                                \
	L(MERCHANTS,              1,  merchant,   number,      OWNER0)           \
	L(CREDENTIALS,            2,  credential, created,     OWNER0)           \
	L(DEPARTMENTS,            3,  department, number,      OWNER0)           \
	L(DEPARTMENTS_BY_NAME,    4,  department, name,        OWNER1(department, name)) \
	L(CUSTOMERS,              5,  customer,   number,      OWNER0)           \
	L(CUSTOMERS_BY_LABEL,     6,  customer,   label_tag,   OWNER1(customer, label_tag)) \
	L(TEMPLATES,              7,  template,   live,        OWNER0)           \
	L(WALLET,                 8,  coupon,     id,          OWNER2(coupon, customer, shelf)) \
	L(COUPONS,                9,  coupon,     id,          OWNER0)           \
	L(COUPONS_BY_CHANNEL,     10, coupon,     channel,     OWNER1(coupon, channel)) \
	L(CAMPAIGNS,              11, campaign,   live,        OWNER0)           \
	L(CAMPAIGNS_OF_WJB,       12, campaign,   made_by_wjb, OWNER0)           \
	L(CAMPAIGNS_BY_CHANGE,    13, campaign,   live,        OWNER0)           \
	L(COVERED,                14, member,     cover,       OWNER2(member, campaign, cover)) \
	L(INVITED,                15, member,     invited,     OWNER1(member, campaign)) \
	L(REGISTERED,             16, member,     registered,  OWNER1(member, campaign)) \
	L(CAMPAIGNS_UNSWEPT,      17, campaign,   unswept,     OWNER0)           \
	L(CUSTOMERS_ERASED,       18, customer,   erased,      OWNER0)           \
	L(CUSTOMERS_UNSETTLED,    19, customer,   unsettled,   OWNER0)           \
	L(ALIASES,                20, customer,   alias_of,    OWNER1(customer, alias_of)) \
	L(COUPONS_DUE,            21, coupon,     due,         OWNER1(coupon, due))  \
	L(TODO,                   22, member,     todo,        OWNER1(member, campaign)) \
	L(PENDING,                23, member,     pending,     OWNER1(member, campaign)) \
	L(WEBHOOKS,               24, webhook,    live,        OWNER0)           \
	L(NOTICES,                25, notice,     number,      OWNER0)           \
	L(DELIVERIES,             26, delivery,   notice,      OWNER1(delivery, webhook)) \
	L(DELIVERIES_WAITING,     27, delivery,   waiting,     OWNER2(delivery, webhook, lane)) \
	L(PROVIDERS,              28, provider,   number,      OWNER0)           \
	L(ERRANDS,                29, errand,     number,      OWNER0)           \
	L(ERRANDS_WAITING,        30, errand,     waiting,     OWNER1(errand, provider)) \
	L(ERRANDS_UNKNOWN,        31, errand,     unknown,     OWNER0)           \
	L(CAMPAIGNS_RUNNING,      32, campaign,   running,     OWNER0)           \
	L(JOBS,                   33, job,        number,      OWNER0)           \
	L(JOBS_OPEN,              34, job,        open,        OWNER0) \
	L(CREDENTIALS_OF,         35, credential, created,     OWNER1(credential, owner))
/* clang-format on */
