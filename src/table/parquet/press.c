/* Room and compressor of the pages of all files of a writer. SPDX-License-Identifier: Apache-2.0 */
#include "table/parquet/encode.h"

#include <zstd.h>

/* Less than half the time of zstd's default, for files a tenth larger. */
enum { LEVEL = -1 };
#define PAGE_BYTES_MAX ((size_t)INT32_MAX) /* Parquet's own limit */

struct gnp_press {
  const gn_alloc *alloc;
  ZSTD_CCtx *context;
  gn_buf header, page, squeezed;
  uint32_t *indices;
  size_t index_capacity;
};

int gnp_press_new(const gn_alloc *alloc, gnp_press **out, gn_error *err)
{
  *out = NULL;
  gnp_press *press = gni_alloc_zero(alloc, sizeof *press);
  if (!press) return gni_fail_nomem(err, sizeof *press);
  press->alloc = alloc;
  gni_buf_init(&press->header, alloc, PAGE_BYTES_MAX);
  gni_buf_init(&press->page, alloc, PAGE_BYTES_MAX);
  gni_buf_init(&press->squeezed, alloc, PAGE_BYTES_MAX);
  press->context = ZSTD_createCCtx();
  if (!press->context) {
    gnp_press_free(press);
    return gni_fail_nomem(err, sizeof *press);
  }
  *out = press;
  return GN_OK;
}

void gnp_press_free(gnp_press *press)
{
  if (!press) return;
  ZSTD_freeCCtx(press->context);
  gni_buf_deinit(&press->header);
  gni_buf_deinit(&press->page);
  gni_buf_deinit(&press->squeezed);
  gni_free(press->alloc, press->indices, press->index_capacity * sizeof *press->indices);
  gni_free(press->alloc, press, sizeof *press);
}

gn_buf *gnp_press_page(gnp_press *press)
{
  gni_buf_reset(&press->page);
  return &press->page;
}

gn_buf *gnp_press_header(gnp_press *press)
{
  gni_buf_reset(&press->header);
  return &press->header;
}

uint32_t *gnp_press_indices(gnp_press *press, size_t count)
{
  size_t size = count * sizeof *press->indices;
  if (count <= press->index_capacity) return press->indices;
  uint32_t *grown = gni_resize(press->alloc, press->indices,
                               press->index_capacity * sizeof *press->indices, size);
  if (!grown) return NULL;
  press->index_capacity = count;
  return press->indices = grown;
}

int gnp_press_squeeze(gnp_press *press, gn_str *out, gn_error *err)
{
  gn_str page = gni_buf_view(&press->page);
  size_t bound = ZSTD_compressBound(page.len);
  gni_buf_reset(&press->squeezed);
  char *room = press->page.rc == GN_OK ? gni_buf_extend(&press->squeezed, bound) : NULL;
  if (!room) return gni_fail_nomem(err, bound);
  size_t size = ZSTD_compressCCtx(press->context, room, bound, page.ptr, page.len, LEVEL);
  if (ZSTD_isError(size))
    return gni_fail(err, GN_E_NOMEM, "cannot compress a page: %s", ZSTD_getErrorName(size));
  *out = (gn_str){room, size};
  return GN_OK;
}
