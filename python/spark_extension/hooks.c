/* What only tests that compare plans ask for; it looks below the public headers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "spark_extension.h"

#include "sparkconnect/plan.h"

PyObject *pys_reset_plan_ids(PyObject *module, PyObject *none)
{
  (void)module;
  (void)none;
  sparkp_plan_id_reset();
  Py_INCREF(Py_None);
  return Py_None;
}

PyObject *pys_encode_command(PyObject *module, PyObject *args)
{
  PyObject *dict, *out = NULL;
  const char *type;
  const sparkc_field *fields;
  size_t count;
  pys_values values = {0};
  sparkc_error err = {0};
  sparkp_node *node;
  (void)module;
  if (!PyArg_ParseTuple(args, "sO:_encode_command", &type, &dict)) return NULL;
  if (pys_fields(&values, dict, &fields, &count)) {
    if (sparkp_command_make(sparkp_column_alloc, type, fields, count, &node, &err) == SPARKC_OK) {
      const ProtobufCMessage *message = &node->message.base;
      out =
          PyBytes_FromStringAndSize(NULL, (Py_ssize_t)protobuf_c_message_get_packed_size(message));
      if (out) protobuf_c_message_pack(message, (uint8_t *)(void *)PyBytes_AsString(out));
      sparkp_node_unref(node);
    } else {
      pys_raise(&err);
    }
  }
  pys_values_free(&values);
  return out;
}
