#include "common/trust/enrolment_message.h"

#include <nlohmann/json.hpp>

#include "common/base/limits.h"
#include "common/ledger/checkpoint.h"

namespace daftar {
namespace {

using Json = nlohmann::json;

std::string text_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

uint64_t number_in(const Json& object, const char* name, uint64_t most) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) return 0;
  const auto number = found->get<uint64_t>();
  return number <= most ? number : 0;
}

Status failure_in(const Json& body, unsigned http_status) {
  const auto error = body.is_object() ? body.find("error") : body.end();
  const auto message = body.is_object() && error != body.end() && error->is_object()
                           ? find_message(text_in(*error, "id"))
                           : std::nullopt;
  if (!message) return {Code::unavailable, Msg::hub_unreachable, {std::to_string(http_status)}};
  std::vector<std::string> arguments;
  const auto listed = error->find("arguments");
  if (listed != error->end() && listed->is_array()) {
    for (const Json& one : *listed) {
      if (one.is_string()) arguments.push_back(one.get<std::string>());
    }
  }
  Code code = Code::unavailable;
  if (http_status == 400) code = Code::invalid;
  if (http_status == 403) code = Code::refused;
  return {code, *message, std::move(arguments)};
}

}  // namespace

std::string encode_enrolment_request(const EnrolmentRequest& request) {
  Json body = {{"request", request.signing_request}};
  if (!request.token.empty()) body["token"] = request.token;
  if (request.follows != 0) body["follows"] = request.follows;
  return body.dump();
}

Result<EnrolmentRequest> decode_enrolment_request(std::string_view body) {
  const Json object = Json::parse(body, nullptr, false);
  if (!object.is_object()) return Status(Code::invalid, Msg::signing_request_bad);
  return EnrolmentRequest{text_in(object, "request"), text_in(object, "token"),
                          number_in(object, "follows", limits::kNumber)};
}

std::string encode_enrolment_answer(const EnrolmentAnswer& answer) {
  Json object{{"certificate", answer.certificate},
              {"device", answer.device},
              {"user", answer.user},
              {"hub_name", answer.hub_name},
              {"hub_key", key_text(answer.hub_key)},
              {"sync_port", answer.sync_port}};
  if (answer.role) object["role"] = *answer.role;
  return object.dump();
}

std::string enrolment_failure(const Status& status) {
  return Json{{"error", {{"id", message_id(status.message())}, {"arguments", status.arguments()}}}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<EnrolmentAnswer> decode_enrolment_answer(unsigned http_status, std::string_view body) {
  const Json object = Json::parse(body, nullptr, false);
  if (http_status != 200 || !object.is_object()) return failure_in(object, http_status);
  EnrolmentAnswer answer;
  answer.certificate = text_in(object, "certificate");
  answer.device = number_in(object, "device", limits::kNumber);
  answer.user = number_in(object, "user", limits::kNumber);
  if (object.contains("role")) answer.role = number_in(object, "role", limits::kNumber);
  answer.hub_name = text_in(object, "hub_name");
  answer.sync_port = static_cast<int>(number_in(object, "sync_port", 65'535));
  const Result<PublicKey> key = parse_key(text_in(object, "hub_key"));
  if (answer.device == 0 || answer.sync_port == 0 || !is_hub_name(answer.hub_name) || !key.ok()) {
    return Status(Code::corrupt, Msg::enrolment_answer_bad);
  }
  answer.hub_key = *key;
  return answer;
}

}  // namespace daftar
