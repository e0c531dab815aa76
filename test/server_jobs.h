/*
 * What a server runs by itself, behind all calls: it may take more rounds (store/rounds.h).
 */
#pragma once

#include "domain/domain.h"

static inline bool is_server_job(unsigned command)
{
	return command == COMMAND_customer_settle || command == COMMAND_campaign_sweep ||
	       command == COMMAND_hold_sweep || command == COMMAND_request_forget ||
	       command == COMMAND_campaign_run || command == COMMAND_campaign_walk ||
	       command == COMMAND_notice_forget;
}
