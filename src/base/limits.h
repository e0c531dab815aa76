/* Every bound of the server, each with its reason. Sizes in bytes, times in milliseconds. */
#pragma once

enum {
	/* http */
	HEADER_BYTES_MAX =
	    16 * 1024, /* what nginx and Node accept; a request line with a TOP query fits */
	HEADER_COUNT_MAX = 64,
	BODY_BYTES_MAX =
	    1024 * 1024, /* the largest legal body (1,000 nicks, 50 prizes) is far below */
	BODY_DRAIN_BYTES_MAX =
	    16 * 1024 * 1024, /* after a 413: read so much so that the sender sees it */
	BODY_DRAIN_MS_MAX = 1000,
	HEADER_MS_MAX = 10 * 1000, /* absolute deadline, from the first byte or from accept */
	BODY_MS_MAX = 30 * 1000,   /* absolute deadline for the body */
	IDLE_MS_MAX = 75 * 1000,   /* keep-alive */
	REPLY_MS_MAX = 60 * 1000,  /* a client that does not read its reply */
	NODE_ADDRESS_SIZE = 72,	   /* "[an IPv6 address]:port" and NUL, with room */
	CONNECTIONS_MAX = 20000,   /* per process; further ones are accepted and closed */
	REPLY_BYTES_MAX = 40 * 1024 * 1024, /* a Waiqin query of 32 MiB, escaped */
	CALL_BYTES_MAX = 64 * 1024 * 1024,  /* one call's arena */

	/* domain */
	NAME_LENGTH_MAX = 100,	    /* characters: the seed documents' VARCHAR(100) */
	TEXT_BYTES_MAX = 64 * 1024, /* the seed documents' TEXT */
	SPI_NICKS_MAX = 50,	    /* WangJuBao SPI document */
	TARGETS_MAX = 1000,	    /* one activity.target.add */
	PEOPLE_MAX = 1000,	    /* one applyCallBack */
	NAMESAKES_MAX = 100,	    /* looked at for a row that has a name only */
	DEPARTMENTS_MAX = 100,	    /* of one campaign */
	PRIZES_MAX = 50,	    /* of one campaign */
	WALLET_WALK_MAX = 10000,    /* rows a filter may walk before it is refused */
	ALIASES_MAX = 100,	    /* customers that were merged into one */
	SETTLE_MAX = 256,	    /* coupons, or campaigns, of one customer_settle */
	CAMPAIGN_QUERY_MAX = 1000,  /* campaigns of one Waiqin query */
	WALLET_QUERY_MAX = 1000,    /* coupons of one ZVCMS query */
	ANSWER_BYTES_MAX = 32 * 1024 * 1024,
	WEBHOOKS_MAX = 16,	  /* of a merchant: each event is written once for each */
	REWARDS_MAX = 20,	  /* templates among a campaign's rewards .. */
	REWARD_COUNT_MAX = 20,	  /* .. and coupons of each, for one member */
	RUN_MEMBERS_MAX = 256,	  /* members that one step of a campaign serves */
	RUN_COUPONS_MAX = 1024,	  /* coupons of one step, if it serves more than one member */
	FILLS_MAX = 8,		  /* of one campaign at once */
	FILTER_COUPONS_MAX = 100, /* of a customer that a filter looks at */
	JOBS_OPEN_MAX = 20,	  /* of a merchant: waiting or at work */

	CALLS_PER_S_MAX = 1000 * 1000, /* of a credential; more than a node answers is no limit */
	BURST_MAX = 10 * 1000 * 1000,

	/* courier: what goes out */
	URL_BYTES_MAX = 2000,		/* what others take, too; a row holds it */
	DIAL_CONNECT_MS_MAX = 5 * 1000, /* name, connection and TLS; a healthy one needs < 1 s */
	DIAL_CALL_MS_MAX = 60 * 1000,	/* whatever the caller asks for */
	DIAL_SLOW_MS_MAX = 20 * 1000,	/* so long below DIAL_SLOW_BYTES_PER_S: given up */
	DIAL_SLOW_BYTES_PER_S = 16,
	DIAL_HEAD_BYTES_MAX = 16 * 1024, /* of an answer, trailers too; as we take of a request */
	DIAL_IDLE_S_MAX = 4,		 /* servers close idle connections after 5 s and more */
	DIAL_AGE_S_MAX = 300,		 /* of a connection: then the name is looked up again */
	DIAL_IDLE_COUNT_MAX = 64,	 /* connections that are kept for the next call */

	/* store */
	KEY_BYTES_MAX = 511,		    /* LMDB's */
	RECORD_BYTES_MAX = 2 * 1024 * 1024, /* a raw WJB object of a body's size, plus fields */
	LANE_QUEUE_MAX = 8192,		    /* waiting writes; past it: busy */
	LANE_BATCH_MAX = 1024,		    /* commands of one flush */
	LANE_JOBS_MAX = 256,		    /* job rows of one flush */
};
