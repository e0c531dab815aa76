#include "store/engines.h"
enum fault pg_engine_open(const struct engine_config *config, struct engine **ret_engine,
			  char **ret_why)
{
	(void)config, (void)ret_engine, (void)ret_why;
	return FAULT_BUSY;
}
