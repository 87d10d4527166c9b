// The one way in which Daftar's functions fail.
//
// A Status is success, or a code for programs plus a catalogue message for people (what happened,
// to what, what to do). Result<T> is a T or such a Status. Exceptions stop at the edges of the
// libraries that throw them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/messages.h"

namespace daftar {

/// What kind of failure it is; `exit_code` and the hub's gRPC adapter map it outward.
enum class Code {
  ok,
  invalid,        ///< the input is wrong: mend it
  not_found,      ///< the named thing does not exist
  exists,         ///< it exists already, or another program has it
  refused,        ///< a rule forbids it; the reason is in the message
  conflict,       ///< a person must decide between values
  unavailable,    ///< hub or line not there now: try again
  corrupt,        ///< stored or received bytes are not what they must be
  too_large,      ///< over one of limits.h
  io,             ///< the disk or the system failed
  cancelled,      ///< somebody asked to stop
  newer_version,  ///< made by a newer Daftar
  forked,         ///< this disk is a copy whose work went two ways
  internal,       ///< a fault of Daftar's own
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, Msg message, std::vector<std::string> arguments = {})
      : failure_(Failure{code, message, std::move(arguments)}) {}

  [[nodiscard]] bool ok() const { return !failure_.has_value(); }
  [[nodiscard]] Code code() const { return failure_ ? failure_->code : Code::ok; }
  /// The catalogue message. Precondition: !ok().
  [[nodiscard]] Msg message() const { return failure_->message; }
  [[nodiscard]] const std::vector<std::string>& arguments() const { return failure_->arguments; }
  /// The message's text, or "" for success.
  [[nodiscard]] std::string text(Language language = Language::english) const {
    return failure_ ? message_text(failure_->message, failure_->arguments, language) : "";
  }

 private:
  struct Failure {
    Code code;
    Msg message;
    std::vector<std::string> arguments;
  };
  std::optional<Failure> failure_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return value_.has_value(); }
  [[nodiscard]] const Status& status() const { return status_; }
  /// The value. Precondition: ok().
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace daftar

// NOLINTBEGIN(bugprone-macro-parentheses): names and declarations cannot be parenthesised.
#define DAFTAR_CONCAT_INNER(a, b) a##b
#define DAFTAR_CONCAT(a, b) DAFTAR_CONCAT_INNER(a, b)

/// Returns the Status of `expression` from the enclosing function unless it is ok.
// __COUNTER__, not __LINE__: a lambda inside the expression may use the macro too.
#define DAFTAR_RETURN_IF_ERROR(expression) \
  DAFTAR_RETURN_IF_ERROR_INNER(DAFTAR_CONCAT(daftar_status_, __COUNTER__), expression)
#define DAFTAR_RETURN_IF_ERROR_INNER(status, expression)                     \
  do {                                                                       \
    if (::daftar::Status status = (expression); !status.ok()) return status; \
  } while (false)

/// Evaluates a Result; returns its Status on failure, else moves the value into `declaration`.
#define DAFTAR_ASSIGN_OR_RETURN(declaration, expression) \
  DAFTAR_ASSIGN_OR_RETURN_INNER(DAFTAR_CONCAT(daftar_result_, __COUNTER__), declaration, expression)
#define DAFTAR_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                          \
  if (!result.ok()) return result.status();                            \
  declaration = *std::move(result)
// NOLINTEND(bugprone-macro-parentheses)
