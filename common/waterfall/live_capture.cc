#include "common/waterfall/live_capture.h"

#include <pcap/pcap.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

// More than any packet has.
constexpr int kSnapLength = 262144;
// What the kernel holds while this process does not get to read it.
constexpr int kBufferBytes = 128 << 20;
// How long the kernel may keep a packet to itself.
constexpr int kKernelMilliseconds = 10;
// A capture that has seen nothing for so long after the connection closed has seen all.
constexpr absl::Duration kQuiet = absl::Milliseconds(200);

absl::Status ActivationError(int code, const std::string& interface, pcap_t* capture) {
  if (code == PCAP_ERROR_PERM_DENIED) {
    return absl::PermissionDeniedError(absl::StrCat(
        "capturing packets on ", interface,
        " needs the privilege CAP_NET_RAW: run as root, or let an administrator capture with "
        "tcpdump and read the file with kvwire waterfall"));
  }
  return absl::InvalidArgumentError(absl::StrCat("cannot capture on ", interface, ": ",
                                                 pcap_statustostr(code), " ",
                                                 pcap_geterr(capture)));
}

absl::Status SetFilter(pcap_t* capture, int port) {
  bpf_program program;
  const std::string filter = absl::StrCat("tcp port ", port);
  if (pcap_compile(capture, &program, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    return absl::InternalError(pcap_geterr(capture));
  }
  const int set = pcap_setfilter(capture, &program);
  pcap_freecode(&program);
  return set == 0 ? absl::OkStatus() : absl::InternalError(pcap_geterr(capture));
}

}  // namespace

// The capture and the thread that writes it down.
class LiveCapture::Recorder {
 public:
  Recorder() = default;
  ~Recorder() {
    EndThread();
    if (dumper_ != nullptr) pcap_dump_close(dumper_);  // closes the file
    if (capture_ != nullptr) pcap_close(capture_);
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  absl::Status Open(const std::string& interface, int port, const std::string& path);
  absl::StatusOr<FILE*> Stop();

 private:
  absl::Status OpenFile(const std::string& path);
  void Record();
  void EndThread() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  pcap_t* capture_ = nullptr;
  pcap_dumper_t* dumper_ = nullptr;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
  absl::Status status_;  // the thread's, once it has ended
};

absl::Status LiveCapture::Recorder::Open(const std::string& interface, int port,
                                         const std::string& path) {
  char error[PCAP_ERRBUF_SIZE] = "";
  capture_ = pcap_create(interface.c_str(), error);
  if (capture_ == nullptr) return absl::InternalError(error);
  pcap_set_snaplen(capture_, kSnapLength);
  pcap_set_buffer_size(capture_, kBufferBytes);
  pcap_set_timeout(capture_, kKernelMilliseconds);
  const int activated = pcap_activate(capture_);
  if (activated < 0) return ActivationError(activated, interface, capture_);
  KVWIRE_RETURN_IF_ERROR(SetFilter(capture_, port));
  if (pcap_setnonblock(capture_, 1, error) != 0) return absl::InternalError(error);
  KVWIRE_RETURN_IF_ERROR(OpenFile(path));
  thread_ = std::thread([this] { Record(); });
  return absl::OkStatus();
}

absl::Status LiveCapture::Recorder::OpenFile(const std::string& path) {
  FILE* const file = path.empty() ? std::tmpfile() : std::fopen(path.c_str(), "w+be");
  if (file != nullptr) dumper_ = pcap_dump_fopen(capture_, file);
  if (dumper_ != nullptr) return absl::OkStatus();
  if (file != nullptr) std::fclose(file);
  return absl::InvalidArgumentError(
      absl::StrCat(path.empty() ? "a temporary file" : path, " cannot be written"));
}

void LiveCapture::Recorder::Record() {
  absl::Time last = absl::Now();
  while (!stopping_ || absl::Now() - last < kQuiet) {
    pollfd ready = {.fd = pcap_get_selectable_fd(capture_), .events = POLLIN};
    poll(&ready, 1, kKernelMilliseconds);
    const bool was_stopping = stopping_;
    const int count =
        pcap_dispatch(capture_, -1, pcap_dump, reinterpret_cast<u_char*>(dumper_));
    if (count < 0) {
      status_ = absl::UnknownError(absl::StrCat("capturing failed: ", pcap_geterr(capture_)));
      return;
    }
    // The quiet time begins with the request to stop.
    if (count > 0 || !was_stopping) last = absl::Now();
  }
}

absl::StatusOr<FILE*> LiveCapture::Recorder::Stop() {
  EndThread();
  KVWIRE_RETURN_IF_ERROR(status_);
  pcap_stat seen = {};
  if (pcap_stats(capture_, &seen) != 0) return absl::UnknownError(pcap_geterr(capture_));
  if (seen.ps_drop != 0) {
    return absl::DataLossError(absl::StrCat("the kernel dropped ", seen.ps_drop, " of ",
                                            seen.ps_recv, " packets of the capture"));
  }
  FILE* const file = pcap_dump_file(dumper_);
  if (pcap_dump_flush(dumper_) != 0 || std::ferror(file) != 0) {
    return absl::UnknownError("the capture cannot be written");
  }
  // A stream of its own: that of the dumper ends with it.
  FILE* const again = fdopen(dup(fileno(file)), "rb");
  if (again == nullptr) return absl::UnknownError("the capture cannot be read again");
  std::rewind(again);
  return again;
}

LiveCapture::LiveCapture(std::unique_ptr<Recorder> recorder)
    : recorder_(std::move(recorder)) {}
LiveCapture::LiveCapture(LiveCapture&&) noexcept = default;
LiveCapture& LiveCapture::operator=(LiveCapture&&) noexcept = default;
LiveCapture::~LiveCapture() = default;

absl::StatusOr<LiveCapture> LiveCapture::Start(const std::string& interface, int port,
                                               const std::string& path) {
  auto recorder = std::make_unique<Recorder>();
  KVWIRE_RETURN_IF_ERROR(recorder->Open(interface, port, path));
  return LiveCapture(std::move(recorder));
}

absl::StatusOr<FILE*> LiveCapture::Stop() { return recorder_->Stop(); }

}  // namespace kvwire
