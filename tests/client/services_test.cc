// Real processes: the programs that stand beside this test.

#include "client/services.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "client/service_process.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/status/status_matchers.h"

namespace kvwire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kUnknown = absl::StatusCode::kUnknown;
constexpr absl::Duration kAmple = absl::Seconds(60);

// Of /proc/PID/stat: the state, as in "Z" for ended and not waited for, and the parent.
std::pair<char, pid_t> StateAndParent(const std::filesystem::path& process) {
  std::string stat;
  std::getline(std::ifstream(process / "stat"), stat);
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {'X', 0};
  return {stat[name_end + 2], std::stoi(stat.substr(name_end + 4))};
}

// The processes that this one has started and not yet waited for.
std::set<pid_t> Children() {
  std::set<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (StateAndParent(entry.path()).second == getpid()) children.insert(std::stoi(name));
  }
  return children;
}

bool HasEnded(pid_t pid) {
  const char state = StateAndParent("/proc/" + std::to_string(pid)).first;
  return state == 'Z' || state == 'X';
}

bool Accepts(const Endpoint& endpoint) {
  sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(endpoint.port)};
  EXPECT_EQ(inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr), 1);
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  const bool connected =
      connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(descriptor);
  return connected;
}

absl::StatusOr<ServiceProcess> StartAlgorithm() {
  return ServiceProcess::Start("kvwire-algorithm", {"--listen", "127.0.0.1:0"});
}

TEST(ServicesTest, AServiceSaysWhereItListens) {
  auto process = StartAlgorithm();
  ASSERT_THAT(process, IsOk());
  const auto endpoint = process->WaitListening(kAmple);
  ASSERT_THAT(endpoint, IsOk());
  EXPECT_EQ(endpoint->host, "127.0.0.1");
  EXPECT_NE(endpoint->port, 0);
  EXPECT_TRUE(Accepts(*endpoint));
}

TEST(ServicesTest, AServiceEndsWithItsObject) {
  Endpoint endpoint;
  {
    auto process = StartAlgorithm();
    ASSERT_THAT(process, IsOk());
    ASSERT_THAT(Children(), SizeIs(1));
    endpoint = *process->WaitListening(kAmple);
  }
  EXPECT_THAT(Children(), IsEmpty());
  EXPECT_FALSE(Accepts(endpoint));
}

TEST(ServicesTest, AServiceThatDoesNotReactIsKilled) {
  {
    auto process = StartAlgorithm();
    ASSERT_THAT(process, IsOk());
    ASSERT_THAT(process->WaitListening(kAmple), IsOk());
    // A stopped process cannot end by SIGTERM.
    ASSERT_EQ(kill(*Children().begin(), SIGSTOP), 0);
  }
  EXPECT_THAT(Children(), IsEmpty());
}

TEST(ServicesTest, AServiceEndsWithTheThreadThatStartedIt) {
  absl::StatusOr<ServiceProcess> process = absl::UnknownError("not started");
  std::thread([&process] {
    process = StartAlgorithm();
    ASSERT_THAT(process, IsOk());
    EXPECT_THAT(process->WaitListening(kAmple), IsOk());
  }).join();
  ASSERT_THAT(Children(), SizeIs(1));
  const pid_t pid = *Children().begin();
  // Nothing else ends it; without that the test would run into its time limit.
  while (!HasEnded(pid)) absl::SleepFor(absl::Milliseconds(1));
}

TEST(ServicesTest, AMovedServiceEndsOnceWithItsLastObject) {
  auto first = StartAlgorithm();
  auto second = StartAlgorithm();
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  const Endpoint endpoint = *first->WaitListening(kAmple);
  {
    ServiceProcess moved = *std::move(second);
    moved = *std::move(first);
    EXPECT_THAT(Children(), SizeIs(2));
    EXPECT_TRUE(Accepts(endpoint));
  }
  // Assignment swaps: the second lives in what was the first.
  EXPECT_FALSE(Accepts(endpoint));
  EXPECT_THAT(Children(), SizeIs(1));
}

TEST(ServicesTest, AProgramThatIsNotThereIsNamed) {
  EXPECT_THAT(
      ServiceProcess::Start("kvwire-nobody", {}),
      StatusIs(kUnknown, AllOf(HasSubstr("cannot run /"), HasSubstr("/kvwire-nobody: "),
                               HasSubstr("No such file"))));
  EXPECT_THAT(Children(), IsEmpty());
}

TEST(ServicesTest, AServiceThatEndsAtOnceIsNamed) {
  auto process = ServiceProcess::Start("kvwire-algorithm", {"--listen", "nowhere"});
  ASSERT_THAT(process, IsOk());
  EXPECT_THAT(process->WaitListening(kAmple),
              StatusIs(kUnknown, HasSubstr("kvwire-algorithm ended before it listened")));
}

TEST(ServicesTest, AServiceThatSaysNothingIsNamed) {
  // Waits for a service on a port that never has one, and is silent meanwhile.
  auto process = ServiceProcess::Start("kvwire", {"health", "127.0.0.1:1", "--wait", "3600"});
  ASSERT_THAT(process, IsOk());
  EXPECT_THAT(process->WaitListening(absl::Milliseconds(50)),
              StatusIs(kUnknown, HasSubstr("kvwire did not start in time")));
}

TEST(ServicesTest, OwnServicesAreFourAndEndTogether) {
  {
    const auto services = PrepareServices({.timeout = absl::Seconds(7)});
    ASSERT_THAT(services, IsOk());
    EXPECT_EQ(services->timeout, absl::Seconds(7));
    EXPECT_FALSE(services->channel.has_value());
    EXPECT_THAT(services->own, SizeIs(4));
    EXPECT_THAT(Children(), SizeIs(4));
    EXPECT_NE(services->alice, services->bob);
    EXPECT_TRUE(Accepts(services->alice));
    EXPECT_TRUE(Accepts(services->bob));
  }
  EXPECT_THAT(Children(), IsEmpty());
}

TEST(ServicesTest, AForeignAlgorithmIsNotStarted) {
  EXPECT_THAT(PrepareServices({.alice_algorithm = "127.0.0.1:1"})->own, SizeIs(3));
  EXPECT_THAT(PrepareServices({.bob_algorithm = "127.0.0.1:1"})->own, SizeIs(3));
  EXPECT_THAT(
      PrepareServices({.alice_algorithm = "127.0.0.1:1", .bob_algorithm = "127.0.0.1:2"})->own,
      SizeIs(2));
}

TEST(ServicesTest, RunningServicesAreTakenAsTheyAre) {
  const auto services =
      PrepareServices({.alice = "a:1", .bob = "[::1]:2", .channel = "proxy:3"});
  ASSERT_THAT(services, IsOk());
  EXPECT_EQ(services->alice, (Endpoint{"a", 1}));
  EXPECT_EQ(services->bob, (Endpoint{"::1", 2}));
  EXPECT_EQ(services->channel, (Endpoint{"proxy", 3}));
  EXPECT_THAT(services->own, IsEmpty());
  EXPECT_FALSE(PrepareServices({.alice = "a:1", .bob = "b:2"})->channel.has_value());
}

TEST(ServicesTest, OptionsThatDoNotGoTogetherAreRefused) {
  const auto both = StatusIs(kInvalid, HasSubstr("--alice and --bob go together"));
  EXPECT_THAT(PrepareServices({.alice = "a:1"}), both);
  EXPECT_THAT(PrepareServices({.bob = "b:1"}), both);
  const auto own =
      StatusIs(kInvalid, HasSubstr("--alice-algorithm and --bob-algorithm are for"));
  EXPECT_THAT(PrepareServices({.alice = "a:1", .bob = "b:1", .alice_algorithm = "c:1"}), own);
  EXPECT_THAT(PrepareServices({.alice = "a:1", .bob = "b:1", .bob_algorithm = "c:1"}), own);
  EXPECT_THAT(PrepareServices({.channel = "c:1"}),
              StatusIs(kInvalid, HasSubstr("--channel is for running services")));
}

TEST(ServicesTest, ATimeoutIsAboveZeroAndAtMostAnHour) {
  for (const absl::Duration timeout :
       {absl::ZeroDuration(), -absl::Seconds(1), absl::Hours(1) + absl::Nanoseconds(1),
        absl::InfiniteDuration(), -absl::InfiniteDuration()}) {
    EXPECT_THAT(PrepareServices({.alice = "a:1", .bob = "b:1", .timeout = timeout}),
                StatusIs(kInvalid, HasSubstr("--timeout must be above 0 and at most 1h")));
  }
  EXPECT_THAT(PrepareServices({.alice = "a:1", .bob = "b:1", .timeout = absl::Hours(1)}),
              IsOk());
}

TEST(ServicesTest, AnEndpointThatIsNoneIsRefusedBeforeAnythingIsStarted) {
  const auto refused = StatusIs(kInvalid, HasSubstr("'nowhere' is not HOST:PORT"));
  EXPECT_THAT(PrepareServices({.alice = "nowhere", .bob = "b:1"}), refused);
  EXPECT_THAT(PrepareServices({.alice = "a:1", .bob = "nowhere"}), refused);
  EXPECT_THAT(PrepareServices({.alice = "a:1", .bob = "b:1", .channel = "nowhere"}), refused);
  EXPECT_THAT(PrepareServices({.alice_algorithm = "nowhere"}), refused);
  EXPECT_THAT(PrepareServices({.bob_algorithm = "nowhere"}), refused);
  EXPECT_THAT(Children(), IsEmpty());
}

TEST(ServicesTest, AServiceThatWasKilledIsStartedAgainWhereItListened) {
  auto services = PrepareServices({.threads = 1});
  ASSERT_THAT(services.status(), IsOk());
  EXPECT_FALSE(*services->Revive());
  for (OwnService& own : services->own) {
    ServiceProcess& process = own.process;
    const pid_t before = process.pid();
    kill(before, SIGKILL);
    while (process.Running()) absl::SleepFor(absl::Milliseconds(1));
    const auto revived = services->Revive();
    ASSERT_THAT(revived.status(), IsOk());
    EXPECT_TRUE(*revived);
    EXPECT_TRUE(process.Running());
    EXPECT_NE(process.pid(), before);
  }
  for (const Endpoint& endpoint : {services->alice, services->bob}) {
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(endpoint.port));
    EXPECT_EQ(connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    close(descriptor);
  }
}

}  // namespace
}  // namespace kvwire
