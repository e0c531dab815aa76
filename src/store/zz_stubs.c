/* TEMPORARY: removed when verify.c and backup.c arrive */
#include "store/engine.h"
__attribute__((weak)) enum fault reader_try(struct reader *r, struct write *w){(void)r;(void)w;return FAULT_BUSY;}
__attribute__((weak)) enum fault engine_verify(struct engine *e, void (*p)(void *, uint64_t, uint64_t),void *c, struct ledger_report *ret, char **w){(void)e;(void)p;(void)c;(void)ret;(void)w;return FAULT_BUSY;}
__attribute__((weak)) enum fault engine_ledger_scan(struct engine *e, bool (*s)(void *, const struct ledger_entry *),void *c){(void)e;(void)s;(void)c;return FAULT_BUSY;}
__attribute__((weak)) enum fault engine_backup(struct engine *e, const char *t, char **w){(void)e;(void)t;(void)w;return FAULT_BUSY;}
__attribute__((weak)) enum fault engine_restore(const char *f, const char *d, const char *m, char **w){(void)f;(void)d;(void)m;(void)w;return FAULT_BUSY;}
