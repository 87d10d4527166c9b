#include "common/rpc/grpc_status.h"

#include <sstream>

namespace daftar {
namespace {

struct CodePair {
  Code code;
  grpc::StatusCode rpc;
};

constexpr CodePair kCodes[] = {
    {Code::invalid, grpc::StatusCode::INVALID_ARGUMENT},
    {Code::not_found, grpc::StatusCode::NOT_FOUND},
    {Code::exists, grpc::StatusCode::ALREADY_EXISTS},
    {Code::refused, grpc::StatusCode::PERMISSION_DENIED},
    {Code::conflict, grpc::StatusCode::ABORTED},
    {Code::unavailable, grpc::StatusCode::UNAVAILABLE},
    {Code::corrupt, grpc::StatusCode::DATA_LOSS},
    {Code::too_large, grpc::StatusCode::OUT_OF_RANGE},
    {Code::io, grpc::StatusCode::RESOURCE_EXHAUSTED},
    {Code::cancelled, grpc::StatusCode::CANCELLED},
    {Code::newer_version, grpc::StatusCode::UNIMPLEMENTED},
    {Code::forked, grpc::StatusCode::FAILED_PRECONDITION},
    {Code::internal, grpc::StatusCode::INTERNAL},
};

}  // namespace

grpc::Status to_grpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  std::string arguments;
  for (const std::string& argument : status.arguments()) arguments += argument + "\n";
  grpc::StatusCode rpc = grpc::StatusCode::INTERNAL;
  for (const CodePair& pair : kCodes) {
    if (pair.code == status.code()) rpc = pair.rpc;
  }
  return {rpc, std::string(message_id(status.message())), arguments};
}

Status from_grpc(const grpc::Status& status) {
  if (status.ok()) return {};
  const std::optional<Msg> message = find_message(status.error_message());
  if (!message) {
    // OpenSSL's own words, in gRPC's, in the message of a call that never began.
    if (status.error_message().find("certificate verify failed") != std::string::npos) {
      return {Code::refused, Msg::certificate_untrusted, {"certificate verify failed"}};
    }
    // gRPC's own words name sockets and files; a person is helped by which of the two it was.
    const bool no_line = status.error_code() == grpc::StatusCode::UNAVAILABLE;
    return {Code::unavailable,
            Msg::hub_unreachable,
            {no_line ? "UNAVAILABLE" : status.error_message()}};
  }
  std::vector<std::string> arguments;
  std::istringstream lines(status.error_details());
  for (std::string line; std::getline(lines, line);) arguments.push_back(line);
  Code code = Code::internal;
  for (const CodePair& pair : kCodes) {
    if (pair.rpc == status.error_code()) code = pair.code;
  }
  return {code, *message, arguments};
}

}  // namespace daftar
