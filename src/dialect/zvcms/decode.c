/* params -> the command. Only identify's order of checks comes before: the token was right. */
#include "dialect/zvcms/zvcms.h"

struct wallet_fields {
	struct text customer_id, card_id;
	uint64_t use_status; /* NOT_GIVEN: any */
};
#define NOT_GIVEN UINT64_MAX

static const struct field wallet_fields[] = {
#define F(wire, to, how, bound, presence)              \
	{.name = #wire,                                \
	 .member = offsetof(struct wallet_fields, to), \
	 .kind = FIELD_##how,                          \
	 .max = bound,                                 \
	 .required = presence},
    ZVCMS_PARAMS(F)
#undef F
};

enum fault zvcms_decode_wallet(struct call *call, void *cmd)
{
	const struct zvcms_state *s = call->state;
	struct coupon_wallet_cmd *wallet = cmd;
	struct wallet_fields in = {.use_status = NOT_GIVEN};
	if (!s->params_valid)
		return call_refuse(call, FAULT_PARAMETER_INVALID,
				   s->v2 ? TEXT("Params") : TEXT("params"), TEXT_NONE);
	TRY(decode_fields(call, &(struct field_source){.object = &s->params}, "", wallet_fields,
			  COUNT_OF(wallet_fields), &in));
	wallet->has_state = in.use_status != NOT_GIVEN;
	if (wallet->has_state && !zvcms_state_of(in.use_status, &wallet->state))
		return call_refuse(call, FAULT_PARAMETER_INVALID, TEXT("useStatus"), TEXT_NONE);
	wallet->customer_id = in.customer_id;
	wallet->code = in.card_id;
	return OK;
}

bool zvcms_state_of(uint64_t use_status, enum coupon_state *ret)
{
	switch (use_status) {
#define U(number, state)               \
	case number:                   \
		*ret = COUPON_##state; \
		return true;
		ZVCMS_USE_STATUS(U)
#undef U
	default:
		return false;
	}
}
