/* Connection strings, and what stands beside them. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "kit/kit.h"
#include "sparkconnect/client.h"

static const char *no_environment(const char *name)
{
  (void)name;
  return NULL;
}

static const char *full_environment(const char *name)
{
  if (strcmp(name, "SPARK_USER") == 0) return "ada";
  if (strcmp(name, "USER") == 0) return "root";
  if (strcmp(name, "SPARK_CONNECT_AUTHENTICATE_TOKEN") == 0) return "from-environment";
  return NULL;
}

static gn_arena arena;
static bool arena_is_open;

static void close_arena(void *unused)
{
  (void)unused;
  gni_arena_deinit(&arena);
  arena_is_open = false;
}

/* Of the case that runs. */
static gn_arena *texts(void)
{
  if (arena_is_open) return &arena;
  gni_arena_init(&arena, test_alloc(), 1 << 20);
  arena_is_open = true;
  test_later(close_arena, NULL);
  return &arena;
}

static int parse(const char *url, sparkp_address *out, sparkc_error *err)
{
  return sparkp_uri_parse(url, texts(), out, err);
}

static int complete(const char *url, const sparkc_session_args *args,
                    const char *(*get)(const char *), sparkp_address *out, sparkc_error *err)
{
  int rc = sparkp_uri_parse(url, texts(), out, err);
  return rc == SPARKC_OK ? sparkp_address_complete(args, get, texts(), out, err) : rc;
}

static void places_are_read(void)
{
  static const struct {
    const char *url, *host;
    int port;
    const char *authority;
  } cases[] = {{"sc://localhost", "localhost", 15002, "localhost:15002"},
               {"sc://localhost/", "localhost", 15002, "localhost:15002"},
               {"sc://a.b-c.example:443", "a.b-c.example", 443, "a.b-c.example:443"},
               {"sc://10.0.0.1:1/;", "10.0.0.1", 1, "10.0.0.1:1"},
               {"sc://host;use_ssl=false", "host", 15002, "host:15002"},
               {"sc://[::1]:15003/", "::1", 15003, "[::1]:15003"},
               {"sc://[fe80::1]", "fe80::1", 15002, "[fe80::1]:15002"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sparkp_address a;
    sparkc_error err = {0};
    CHECK_INT(parse(cases[i].url, &a, &err), SPARKC_OK);
    CHECK_TEXT(a.host, cases[i].host);
    CHECK_INT(a.port, cases[i].port);
    CHECK_TEXT(a.authority, cases[i].authority);
  }
}

static void sockets_have_paths(void)
{
  sparkp_address a;
  sparkc_error err = {0};
  CHECK_INT(parse("unix:/run/spark.sock;user_id=ada", &a, &err), SPARKC_OK);
  CHECK_TEXT(a.unix_path, "/run/spark.sock");
  CHECK_TEXT(a.user_id, "ada");
  CHECK_INT(parse("unix:///run/spark.sock", &a, &err), SPARKC_OK);
  CHECK_TEXT(a.unix_path, "/run/spark.sock");
}

static void mistakes_are_named(void)
{
  static const struct {
    const char *url, *message;
  } cases[] = {
      {"http://localhost", "the URL does not begin with 'sc://' or 'unix:'"},
      {"", "the URL does not begin with 'sc://' or 'unix:'"},
      {"sc://", "there is no host"},
      {"sc:///", "there is no host"},
      {"sc://;token=x", "there is no host"},
      {"unix:", "there is no path of a socket"},
      {"sc://host:0", "'0' is no port"},
      {"sc://host:65536", "'65536' is no port"},
      {"sc://host:1x", "'1x' is no port"},
      {"sc://host:", "'' is no port"},
      {"sc://[::1", "']' is missing after the host"},
      {"sc://[::1]15002", "':' is missing before the port"},
      {"sc://user@host", "'user@host' is no host"},
      {"sc://host/path;a=b", "a path is not allowed: '/path'"},
      {"sc://host/;token", "'token' is not one key=value"},
      {"sc://host/;a=b=c", "'a=b=c' is not one key=value"},
      {"sc://host/;=b", "'=b' is not one key=value"},
      {"sc://host/;use_ssl=yes", "'use_ssl' is true or false, not 'yes'"},
      {"sc://host/;a=%4", "'a': '%' must begin two hexadecimal digits"},
      {"sc://host/;a=%zz", "'a': '%' must begin two hexadecimal digits"},
      {"sc://host/;a=%00", "'a' holds a zero byte"},
      {"sc://host/;grpc_max_message_size=big", "'grpc_max_message_size' is a number, not 'big'"},
      {"sc://host/;b%20d=1", "'b%20d' cannot be the name of a header"},
      {"sc://host/;te=x", "the header 'te' is not yours to set"},
      {"sc://host/;grpc-timeout=1S", "the header 'grpc-timeout' is not yours to set"},
      {"sc://host/;x-a=a%0Ab", "the header 'x-a' holds a control character"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sparkp_address a;
    sparkc_error err = {0};
    CHECK_INT(parse(cases[i].url, &a, &err), SPARKC_E_PLAN);
    CHECK_TEXT(err.message, cases[i].message);
  }
}

static void parameters_are_taken(void)
{
  sparkp_address a;
  sparkc_error err = {0};
  const char *url = "sc://h:1/;use_ssl=TRUE;;token=a%3Db;user_id=ada;user_agent=me%2F1;"
                    "session_id=0b0e1d4c-95f2-4f5d-8c56-7d5a2d7c9a01;grpc_max_message_size=1048576;"
                    "grpc_keepalive_time_ms=5000;grpc_keepalive_enabled=true;tls_verify=false;"
                    "tls_ca_file=/ca.pem;tls_server_name=spark;X-Org=7;x-empty=";
  CHECK_INT(parse(url, &a, &err), SPARKC_OK);
  CHECK(a.tls && a.tls_unchecked);
  CHECK_TEXT(a.token, "a=b");
  CHECK_TEXT(a.user_id, "ada");
  CHECK_TEXT(a.user_agent, "me/1");
  CHECK_INT(a.message_bytes_max, 1048576);
  CHECK_INT(a.keepalive_us, 5000000);
  CHECK_TEXT(a.ca_file, "/ca.pem");
  CHECK_TEXT(a.server_name, "spark");
  CHECK_INT(a.header_count, 2);
  CHECK_TEXT(a.headers[0].name, "x-org");
  CHECK_TEXT(a.headers[0].value, "7");
  CHECK_TEXT(a.headers[1].value, "");
}

static void a_token_goes_in_the_clear_to_this_machine_only(void)
{
  static const struct {
    const char *url;
    bool tls;
  } cases[] = {{"sc://localhost/;token=t", false},
               {"unix:/s;token=t", false},
               {"sc://127.0.0.1/;token=t", true},
               {"sc://spark.example/;token=t", true},
               {"sc://spark.example/;token=t;use_ssl=false", true},
               {"sc://spark.example/;token=t;allow_plaintext_token=true", false},
               {"sc://spark.example/", false},
               {"sc://localhost/;use_ssl=true", true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sparkp_address a;
    sparkc_error err = {0};
    CHECK_INT(complete(cases[i].url, SPARKC_SESSION_ARGS(.url = NULL), no_environment, &a, &err),
              SPARKC_OK);
    CHECK_INT(a.tls, cases[i].tls);
  }
}

static void arguments_win_over_the_url_and_it_over_the_environment(void)
{
  sparkp_address a;
  sparkc_error err = {0};
  CHECK_INT(
      complete("sc://localhost", SPARKC_SESSION_ARGS(.url = NULL), full_environment, &a, &err),
      SPARKC_OK);
  CHECK_TEXT(a.user_id, "ada");
  CHECK_TEXT(a.token, "from-environment");
  CHECK_TEXT(a.client_type, "gnomon/" GN_VERSION " spark/4.1.1 os/linux c/17");
  CHECK_INT(complete("sc://localhost/;user_id=url;token=url", SPARKC_SESSION_ARGS(.token = "arg"),
                     full_environment, &a, &err),
            SPARKC_OK);
  CHECK_TEXT(a.user_id, "url");
  CHECK_TEXT(a.token, "arg");
  CHECK_INT(a.message_bytes_max, 128 << 20);
}

static void a_session_has_a_uuid(void)
{
  sparkp_address a;
  sparkc_error err = {0};
  CHECK_INT(complete("sc://localhost", SPARKC_SESSION_ARGS(.url = NULL), no_environment, &a, &err),
            SPARKC_OK);
  CHECK(sparkp_is_uuid(gni_str(a.session_id)) && !a.has_session_id);
  CHECK(a.session_id[14] == '4');
  CHECK_INT(complete("sc://localhost/;session_id=mine", SPARKC_SESSION_ARGS(.url = NULL),
                     no_environment, &a, &err),
            SPARKC_E_PLAN);
  CHECK_TEXT(err.message, "the session id 'mine' is no UUID");
}

int main(void)
{
  static const test_case cases[] = {
      {"places are read", places_are_read},
      {"sockets have paths", sockets_have_paths},
      {"mistakes are named", mistakes_are_named},
      {"parameters are taken", parameters_are_taken},
      {"a token goes in the clear to this machine only",
       a_token_goes_in_the_clear_to_this_machine_only},
      {"arguments win over the URL, and it over the environment",
       arguments_win_over_the_url_and_it_over_the_environment},
      {"a session has a UUID", a_session_has_a_uuid},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
