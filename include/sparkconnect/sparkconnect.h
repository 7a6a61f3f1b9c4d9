/* A Spark Connect client in C: all of it that is not experimental. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef SPARKCONNECT_SPARKCONNECT_H
#define SPARKCONNECT_SPARKCONNECT_H

#include <sparkconnect/arrow.h>
#include <sparkconnect/artifact.h>
#include <sparkconnect/column.h>
#include <sparkconnect/dataframe.h>
#include <sparkconnect/error.h>
#include <sparkconnect/functions.h>
#include <sparkconnect/protocol.h>
#include <sparkconnect/result.h>
#include <sparkconnect/session.h>
#include <sparkconnect/writer.h>

#endif
