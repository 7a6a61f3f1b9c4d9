/* When a call is tried again: Spark's own policy. SPDX-License-Identifier: Apache-2.0
 *
 * Waits of 50 ms, 200 ms, 800 ms … up to a minute, at least as long as the server asks for, with a
 * jitter once they are long enough for clients to meet. */
#include "sparkconnect/client.h"

enum {
  FIRST_US = 50000,
  LARGEST_US = 60000000,
  GROWTH = 4,
  JITTER_FROM_US = 2000000,
  JITTER_US = 500000,
  SERVER_DELAY_US_MAX = 600000000,
  SLICE_US = 200000 /* how late a cancel may be seen */
};

int64_t sparkp_retry_next_us(sparkp_retry *retry)
{
  int64_t now_us = retry->next_us ? retry->next_us : FIRST_US;
  retry->next_us = now_us > LARGEST_US / GROWTH ? LARGEST_US : now_us * GROWTH;
  return now_us;
}

static void wait_or_stop(sparkc_session *session, const sparkp_retry *retry, int64_t wait_us)
{
  int64_t slice_us = retry->stop ? SLICE_US : wait_us;
  for (; wait_us > 0 && !(retry->stop && *retry->stop); wait_us -= slice_us)
    session->transport->wait_us(session->channel, wait_us < slice_us ? wait_us : slice_us);
}

bool sparkp_retry_wait(sparkc_session *session, sparkp_retry *retry, const sparkp_failure *failure,
                       const char *method, int64_t deadline_us)
{
  if (!failure->error.retryable || retry->attempts >= session->retries_max) return false;
  retry->attempts++;
  int64_t wait_us = sparkp_retry_next_us(retry);
  int64_t asked_us =
      failure->retry_us > SERVER_DELAY_US_MAX ? SERVER_DELAY_US_MAX : failure->retry_us;
  if (asked_us > wait_us) wait_us = asked_us;
  if (wait_us >= JITTER_FROM_US) wait_us += (int64_t)sparkp_random_below(session, JITTER_US);
  if (deadline_us != INT64_MAX && sparkp_now_us(session) + wait_us >= deadline_us) return false;
  sparkp_tell(session, &(sparkc_event){.kind = SPARKC_EVENT_RETRY,
                                       .method = method,
                                       .attempt = retry->attempts,
                                       .status = failure->error.status,
                                       .wait_us = wait_us});
  wait_or_stop(session, retry, wait_us);
  return true;
}
