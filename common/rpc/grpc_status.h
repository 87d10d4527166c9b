// The one place where Status and gRPC's status meet.
//
// A Status travels as a gRPC code, its message id as the error message and its arguments, one a
// line, as the details; so the other side can say it in its own language.
#pragma once

#include <grpcpp/support/status.h>

#include "common/base/status.h"

namespace daftar {

grpc::Status to_grpc(const Status& status);
/// A status that no Daftar made (a broken line, a deadline) becomes Code::unavailable.
Status from_grpc(const grpc::Status& status);

}  // namespace daftar
