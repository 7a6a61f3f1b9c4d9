/* GS: what a Spark Connect server, or the way to it, does not give. SPDX-License-Identifier:
 * Apache-2.0 */
#include "base/register.h"

static const gni_diagnostic rows[] = {
    {.code = "GS001",
     .title = "the Spark server cannot be reached",
     .meaning = "Nobody answers at the address, the name is not known, or the connection was cut "
                "and stayed so through several attempts. A server that wants TLS cuts a connection "
                "without it.",
     .example = "gnomon spark ping sc://localhost:15003, while the server listens at 15002",
     .mend = "Look at host and port, at the network, and whether the server runs and wants "
             "';use_ssl=true'."},
    {.code = "GS002",
     .title = "TLS is refused",
     .meaning = "The server's certificate is not signed by anyone who is trusted, is too old or "
                "is another host's; or our own certificates cannot be read. Nothing was sent.",
     .example = "gnomon spark ping 'sc://spark.example;use_ssl=true', whose certificate the "
                "company signed itself",
     .mend = "Name who signed it: ';tls_ca_file=/path/ca.pem'; the name in the certificate: "
             "';tls_server_name=NAME'; our own: ';tls_cert_file=…;tls_key_file=…'."},
    {.code = "GS003",
     .title = "the Spark server does not let us in",
     .meaning = "The server, or what stands before it, refuses the token, or there is none.",
     .example = "gnomon spark ping 'sc://spark.example;token=expired'",
     .mend = "Give a valid token: ';token=TOKEN', which goes over TLS."},
    {.code = "GS004",
     .title = "Spark refused it, or failed",
     .meaning = "The message is Spark's own: the class in brackets, and the SQLSTATE at its end, "
                "are those of Spark's documentation. --verbose shows the plan that Spark adds; "
                "its stack, too, where the server gives it.",
     .example = "gnomon spark sql sc://localhost \"SELECT nme FROM people\"   "
                "# UNRESOLVED_COLUMN.WITH_SUGGESTION",
     .mend = "Mend the statement or the table that the message names."},
    {.code = "GS005",
     .title = "the Spark server took too long",
     .meaning = "The connection was not made, or an answer did not come, in time. What was begun "
                "may still run on the server.",
     .example = "gnomon spark ping 'sc://10.255.255.1;connect_timeout_ms=500'",
     .mend = "Try again, or allow more time: ';connect_timeout_ms=30000'. What still runs ends "
             "with: gnomon spark interrupt URL."},
    {.code = "GS006",
     .title = "the session is gone",
     .meaning = "The server was started anew, or it ended the session, and with it its views, "
                "settings and running operations.",
     .example = "gnomon spark config 'sc://localhost;session_id=…' after that session was released",
     .mend = "Open another session: leave ';session_id=…' away, or give a new id."},
    {.code = "GS007",
     .title = "an address that is none",
     .meaning = "The address of a server is sc://HOST[:PORT][/;NAME=VALUE…] or unix:PATH, from "
                "the command line or $SPARK_REMOTE. A token goes over TLS, or to this machine, "
                "unless ';allow_plaintext_token=true'.",
     .example = "gnomon spark ping sc://localhost:port",
     .mend = "gnomon spark ping sc://localhost:15002"},
    {.code = "GS008",
     .title = "an answer above a ceiling",
     .meaning = "A message, or the whole result, is larger than server or client allow. The "
                "message names the ceiling.",
     .example = "a row of 200 MB, where messages end at 128 MB",
     .mend = "Ask for less, or raise what is named: ';grpc_max_message_size=BYTES' of the "
             "address, or the server's own setting."},
    {.code = "GS009",
     .title = "the Spark server does not offer it",
     .meaning = "The server is older than what is asked, is none of Spark Connect, or speaks no "
                "HTTP/2.",
     .example = "gnomon spark ping 'sc://www.example:443;use_ssl=true', a server of web pages",
     .mend = "Ask a server of Spark 4.0 or later, whose Connect service listens at the port."},
    {.code = "GS010",
     .title = "interrupted from elsewhere",
     .meaning = "The operation was ended on the server by somebody else. Nothing here asked for "
                "it; Ctrl-C is told as GE017.",
     .example = "gnomon spark interrupt 'sc://localhost;session_id=…' while the session's query "
                "runs",
     .mend = "Run it again when it is wanted."},
};

const gnp_family gnp_spark_codes = {"Spark Connect", rows, sizeof rows / sizeof *rows};
