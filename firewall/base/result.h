// Result<T>: a value, or the reason why there is none.
//
// Used wherever a network peer, an operator or the operating system can be at fault. Carries one human sentence, without
// a trailing full stop or newline. Not for programming errors: those are `assert`.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace sallyport {

struct Error {
  std::string message;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}  // NOLINT(google-explicit-constructor): `return value;` reads best
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }
  const std::string& error() const {
    assert(!ok());
    return std::get<Error>(state_).message;
  }
  T& operator*() & { return Get(); }
  const T& operator*() const& { return std::get<T>(state_); }
  T&& operator*() && { return std::move(Get()); }
  T* operator->() { return &Get(); }
  const T* operator->() const { return &std::get<T>(state_); }

 private:
  T& Get() {
    assert(ok());
    return std::get<T>(state_);
  }
  std::variant<T, Error> state_;
};

// Success, or the reason of a failure.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error.message)), failed_(true) {}  // NOLINT(google-explicit-constructor)
  bool ok() const { return !failed_; }
  explicit operator bool() const { return ok(); }
  const std::string& error() const { return error_; }

 private:
  std::string error_;
  bool failed_ = false;
};

}  // namespace sallyport
