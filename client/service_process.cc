#include "client/service_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

constexpr char kListening[] = "listening";

std::string BesideThisProgram(const std::string& program) {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
  const std::string self(path, length > 0 ? length : 0);
  return self.substr(0, self.rfind('/') + 1) + program;
}

// In the child: nothing but async-signal-safe calls until exec.
[[noreturn]] void BecomeService(const char* path, char* const* arguments, int output,
                                pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent was gone before prctl
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(output, STDOUT_FILENO);
  execv(path, arguments);
  _exit(127);
}

bool WaitExit(pid_t pid, absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  do {
    if (waitpid(pid, nullptr, WNOHANG) != 0) return true;
    absl::SleepFor(absl::Milliseconds(1));
  } while (absl::Now() < deadline);
  return false;
}

}  // namespace

absl::StatusOr<ServiceProcess> ServiceProcess::Start(
    const std::string& program, const std::vector<std::string>& arguments) {
  const std::string path = BesideThisProgram(program);
  if (access(path.c_str(), X_OK) != 0) {
    return absl::UnknownError(absl::StrCat("cannot run ", path, ": ", std::strerror(errno)));
  }
  std::vector<char*> argv = {const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return absl::UnknownError(absl::StrCat("no pipe: ", std::strerror(errno)));
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) BecomeService(path.c_str(), argv.data(), ends[1], parent);
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return absl::UnknownError(absl::StrCat("cannot start ", path, ": ", std::strerror(errno)));
  }
  return ServiceProcess(program, arguments, pid, ends[0]);
}

ServiceProcess::ServiceProcess(ServiceProcess&& other) noexcept
    : program_(std::move(other.program_)),
      arguments_(std::move(other.arguments_)),
      pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      endpoints_(std::move(other.endpoints_)) {}

ServiceProcess& ServiceProcess::operator=(ServiceProcess&& other) noexcept {
  std::swap(program_, other.program_);
  std::swap(arguments_, other.arguments_);
  std::swap(endpoints_, other.endpoints_);
  std::swap(pid_, other.pid_);
  std::swap(output_, other.output_);
  return *this;
}

ServiceProcess::~ServiceProcess() {
  if (output_ >= 0) close(output_);
  if (pid_ < 0) return;
  kill(pid_, SIGTERM);
  if (WaitExit(pid_, absl::Seconds(1))) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

absl::StatusOr<Endpoint> ServiceProcess::WaitListening(absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  std::string text;
  while (true) {
    for (size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
      const std::pair<std::string, std::string> line =
          absl::StrSplit(text.substr(0, end), absl::MaxSplits(' ', 1));
      const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(line.second);
      if (endpoint.ok()) endpoints_[line.first] = *endpoint;
      if (line.first == kListening) return endpoint;
    }
    pollfd ready{.fd = output_, .events = POLLIN, .revents = 0};
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    char bytes[256];
    if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) <= 0) {
      return absl::UnknownError(absl::StrCat(program_, " did not start in time"));
    }
    const ssize_t got = read(output_, bytes, sizeof(bytes));
    if (got <= 0)
      return absl::UnknownError(absl::StrCat(program_, " ended before it listened"));
    text.append(bytes, got);
  }
}

bool ServiceProcess::Running() {
  if (pid_ >= 0 && waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = -1;
  return pid_ >= 0;
}

absl::Status ServiceProcess::Restart(absl::Duration limit) {
  // The flags by which a service is told what it then prints.
  constexpr std::pair<const char*, const char*> kFlags[] = {{"--listen", kListening},
                                                            {"--channel-listen", "channel"}};
  for (const auto& [flag, label] : kFlags) {
    const auto at = std::find(arguments_.begin(), arguments_.end(), flag);
    const auto known = endpoints_.find(label);
    if (at == arguments_.end() || known == endpoints_.end()) continue;
    *std::next(at) = known->second.ToString();
  }
  KVWIRE_ASSIGN_OR_RETURN(ServiceProcess fresh, Start(program_, arguments_));
  KVWIRE_RETURN_IF_ERROR(fresh.WaitListening(limit).status());
  *this = std::move(fresh);
  return absl::OkStatus();
}

}  // namespace kvwire
