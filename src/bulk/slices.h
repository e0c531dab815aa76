/* walk.c: what each kind writes of its next records. */
#pragma once

#include "bulk/bulk.h"

enum fault slice_departments(struct bulk_walk *w, struct buffer *out);
enum fault slice_customers(struct bulk_walk *w, struct buffer *out);
enum fault slice_templates(struct bulk_walk *w, struct buffer *out);
enum fault slice_coupons(struct bulk_walk *w, struct buffer *out);
enum fault slice_campaigns(struct bulk_walk *w, struct buffer *out);
enum fault slice_audience(struct bulk_walk *w, struct buffer *out);
enum fault slice_events(struct bulk_walk *w, struct buffer *out);
enum fault slice_webhooks(struct bulk_walk *w, struct buffer *out);
