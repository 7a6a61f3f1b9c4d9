/* Messages in the user's context, of a session and of single calls. SPDX-License-Identifier:
 * Apache-2.0
 */
#include "sparkconnect/client.h"

static bool is_of(const sparkp_extension *one, const char *type_url)
{
  return !one->gone && (!type_url || strcmp(one->message.type_url, type_url) == 0);
}

static void fill_any(Google__Protobuf__Any *out, const char *type_url, const void *bytes,
                     size_t size)
{
  union {
    const void *in;
    uint8_t *out;
  } same = {bytes};
  google__protobuf__any__init(out);
  out->type_url = sparkp_member(type_url);
  out->has_value = size > 0;
  out->value.data = same.out;
  out->value.len = size;
}

/* One block: the record, the message, the URL. */
static sparkp_extension *copy_of(const gn_alloc *alloc, const sparkc_extension *given)
{
  size_t url_size = strlen(given->type_url) + 1;
  size_t size = gni_size_add(sizeof(sparkp_extension), gni_size_add(given->size, url_size));
  sparkp_extension *one = gni_alloc(alloc, size);
  if (!one) return NULL;
  *one = (sparkp_extension){.block_size = size};
  char *bytes = (char *)(one + 1), *url = bytes + given->size;
  if (given->size) memcpy(bytes, given->bytes, given->size);
  memcpy(url, given->type_url, url_size);
  fill_any(&one->message, url, bytes, given->size);
  return one;
}

int sparkc_extension_add(sparkc_session *session, const sparkc_extension *extension,
                         sparkc_error *err)
{
  size_t count = 0;
  if (!extension->type_url || !extension->type_url[0])
    return sparkp_fail(err, SPARKC_E_PLAN, "an extension has a type URL");
  sparkp_extension *one = copy_of(&session->alloc, extension);
  if (!one) return sparkp_nomem(err);
  pthread_mutex_lock(&session->lock);
  for (sparkp_extension *at = session->extensions; at; at = at->next) {
    if (is_of(at, extension->type_url)) at->gone = true;
    count += !at->gone;
  }
  bool fits = count < SPARKP_EXTENSIONS_MAX;
  if (fits) {
    one->next = session->extensions;
    session->extensions = one;
  }
  pthread_mutex_unlock(&session->lock);
  if (fits) return SPARKC_OK;
  gni_free(&session->alloc, one, one->block_size);
  return sparkp_fail(err, SPARKC_E_LIMIT, "a session carries at most %d extensions",
                     SPARKP_EXTENSIONS_MAX);
}

void sparkc_extension_remove(sparkc_session *session, const char *type_url)
{
  pthread_mutex_lock(&session->lock);
  for (sparkp_extension *at = session->extensions; at; at = at->next)
    if (is_of(at, type_url)) at->gone = true;
  pthread_mutex_unlock(&session->lock);
}

void sparkp_extensions_free(sparkc_session *session)
{
  while (session->extensions) {
    sparkp_extension *one = session->extensions;
    session->extensions = one->next;
    gni_free(&session->alloc, one, one->block_size);
  }
}

int sparkp_who_extend(sparkp_who *who, const sparkc_extension *extensions, size_t count,
                      sparkc_error *err)
{
  if (count > SPARKP_EXTENSIONS_MAX)
    return sparkp_fail(err, SPARKC_E_LIMIT, "an operation carries at most %d extensions",
                       SPARKP_EXTENSIONS_MAX);
  for (size_t i = 0; i < count; i++) {
    if (!extensions[i].type_url || !extensions[i].type_url[0])
      return sparkp_fail(err, SPARKC_E_PLAN, "an extension has a type URL");
    fill_any(&who->own[i], extensions[i].type_url, extensions[i].bytes, extensions[i].size);
    who->extensions[who->user.n_extensions++] = &who->own[i];
  }
  return SPARKC_OK;
}
