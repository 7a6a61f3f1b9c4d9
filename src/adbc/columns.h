/* Arrow columns that the driver makes itself. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_ADBC_COLUMNS_H
#define GNOMON_SRC_ADBC_COLUMNS_H

#include "adbc/driver.h"
#include "data/data.h"

#define ADBCP_TABLE "TABLE"
#define ADBCP_VIEW "VIEW"
#define ADBCP_TEMPORARY "LOCAL TEMPORARY"

typedef struct adbcp_block {
  void *ptr;
  size_t size;
} adbcp_block;

/* A schema of `like`'s format, name and flags, which are static, over children that move into it;
 * those are left released. */
int adbcp_schema_wrap(const gn_alloc *alloc, const struct ArrowSchema *like,
                      struct ArrowSchema **children, size_t count, struct ArrowSchema *out,
                      sparkc_error *err);
/* The same of an array without nulls; `owned`, unless it is NULL, is freed with it. */
int adbcp_array_wrap(const gn_alloc *alloc, int64_t length, const void *const *buffers,
                     size_t buffer_count, struct ArrowArray **children, size_t count,
                     const adbcp_block *owned, struct ArrowArray *out, sparkc_error *err);
/* Counts rows on their way to Spark, and turns columns that it does not read (unsigned, views,
 * dictionaries, other units of time) into such that it does; the others pass as they are. `from`
 * stays the caller's and outlives the converter, which outlives its stream. */
typedef struct adbcp_converter {
  gn_alloc alloc;
  struct ArrowArrayStream *from;
  struct ArrowSchema schema; /* of `from`, once it was asked for */
  int64_t rows;
  gn_arena arena;
  sparkc_error err;
} adbcp_converter;
void adbcp_converter_init(adbcp_converter *converter, const gn_alloc *alloc,
                          struct ArrowArrayStream *from, struct ArrowArrayStream *out);
void adbcp_converter_deinit(adbcp_converter *converter);

/* One batch as a stream; both are moved from. */
int adbcp_stream_of(const gn_alloc *alloc, struct ArrowSchema *schema, struct ArrowArray *array,
                    struct ArrowArrayStream *out, sparkc_error *err);
/* The builder's rows as a stream. */
int adbcp_batch_stream(const gni_type *type, gni_builder *builder, const gn_alloc *alloc,
                       struct ArrowArrayStream *out, sparkc_error *err);

#endif
