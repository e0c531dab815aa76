/* clang-format off */
/* METHOD(operation, command, decode, encode, slow) */
METHOD(addOrUpdateCampaign, campaign_save,     waiqin_decode_save,     waiqin_encode_done,  false)
METHOD(applyCallBack,       audience_register, waiqin_decode_register, waiqin_encode_done,  false)
METHOD(queryCampaign,       campaign_query,    waiqin_decode_query,    waiqin_encode_query, true)
