#include "server/process/unknown_methods.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace kvwire {
namespace {

class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(const std::string& method) {
    constexpr size_t kLongestName = 128;
    Finish(
        grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                     absl::StrCat("this port does not serve ", method.substr(0, kLongestName),
                                  ": is it that of another service?")));
  }

  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerGenericBidiReactor* UnknownMethods::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  return new Refusal(context->method());
}

}  // namespace kvwire
