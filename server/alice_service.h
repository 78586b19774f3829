#ifndef KVWIRE_SERVER_ALICE_SERVICE_H_
#define KVWIRE_SERVER_ALICE_SERVICE_H_

// AliceService (proto/kvwire/v1/alice.proto): the driver's edge to Alice.

#include <atomic>

#include "common/wire/algorithm_client.h"
#include "kvwire/v1/alice.grpc.pb.h"
#include "server/work_pool.h"

namespace kvwire {

class AliceServiceHost final : public v1::AliceService::CallbackService {
 public:
  // More runs at once are refused; each takes a thread while it works.
  static constexpr int kMaxRuns = 16;

  explicit AliceServiceHost(const Endpoint& algorithm)
      : algorithm_(algorithm), pool_(kMaxRuns) {}

  grpc::ServerReadReactor<v1::SpeakRequest>* Speak(grpc::CallbackServerContext* context,
                                                   v1::SpeakResponse* response) override;

 private:
  AlgorithmClient algorithm_;
  std::atomic<int> runs_ = 0;
  WorkPool pool_;
};

}  // namespace kvwire

#endif  // KVWIRE_SERVER_ALICE_SERVICE_H_
