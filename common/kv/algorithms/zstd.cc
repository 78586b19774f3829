// The wrapper zstd: each section as a frame of Zstandard (RFC 8878), without a checksum
// and without its length, which stand around it. Releases of libzstd may write other frames
// for the same bytes: all of them are read, so a section has more than one spelling.

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/compressed_cache.h"
#include "common/kv/registry.h"

namespace kvwire {
namespace {

constexpr int kDefaultLevel = 3;
constexpr int kMostLevel = 19;  // above, windows are longer than readers of frames take
constexpr int kLeastWindowLog = 10;
constexpr int kMostWindowLog = 27;
constexpr size_t kPieceBytes = size_t{1} << 16;

absl::StatusOr<int64_t> LevelOf(const AlgorithmSpec& spec) {
  return spec.IntOption("level", kDefaultLevel, 1, kMostLevel);
}

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

absl::Status NoMemory() {
  return absl::ResourceExhaustedError("there is no memory for libzstd");
}

class ZstdEncoder : public ByteFilter {
 public:
  ZstdEncoder(int level, int64_t bytes)
      : context_(ZSTD_createCCtx()), out_(kPieceBytes, '\0') {
    if (context_ == nullptr) return;
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_contentSizeFlag, 0);
    ZSTD_CCtx_setPledgedSrcSize(context_.get(), static_cast<uint64_t>(bytes));
  }

  absl::Status Append(std::string_view bytes, ByteSink sink) override {
    return Run(bytes, ZSTD_e_continue, sink);
  }
  // Always with nothing left to take: how the pieces were cut then makes no difference.
  absl::Status Finish(ByteSink sink) override { return Run({}, ZSTD_e_end, sink); }

 private:
  absl::Status Run(std::string_view bytes, ZSTD_EndDirective directive, ByteSink sink) {
    if (context_ == nullptr) return NoMemory();
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (size_t left = 1; in.pos < in.size || (directive == ZSTD_e_end && left > 0);) {
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      left = ZSTD_compressStream2(context_.get(), &out, &in, directive);
      if (ZSTD_isError(left) != 0) {
        return absl::InternalError(absl::StrCat("libzstd: ", ZSTD_getErrorName(left)));
      }
      if (out.pos > 0) KVWIRE_RETURN_IF_ERROR(sink({out_.data(), out.pos}));
    }
    return absl::OkStatus();
  }

  std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
  std::string out_;
};

class ZstdDecoder : public ByteFilter {
 public:
  // A frame of `bytes` needs no longer a window than they are, and gets none.
  explicit ZstdDecoder(int64_t bytes) : context_(ZSTD_createDCtx()), out_(kPieceBytes, '\0') {
    if (context_ == nullptr) return;
    const int log = std::bit_width(static_cast<uint64_t>(std::max(int64_t{1}, bytes) - 1));
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax,
                           std::clamp(log, kLeastWindowLog, kMostWindowLog));
  }

  absl::Status Append(std::string_view bytes, ByteSink sink) override {
    if (context_ == nullptr) return NoMemory();
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (bool full = false; in.pos < in.size || full;) {
      if (ended_) return absl::DataLossError("bytes after the end of a zstd frame");
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      const size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
      if (ZSTD_isError(left) != 0) {
        return absl::DataLossError(absl::StrCat("a zstd frame: ", ZSTD_getErrorName(left)));
      }
      ended_ = left == 0;
      full = !ended_ && out.pos == out.size;
      if (out.pos > 0) KVWIRE_RETURN_IF_ERROR(sink({out_.data(), out.pos}));
    }
    return absl::OkStatus();
  }

  absl::Status Finish(ByteSink) override {
    return ended_ ? absl::OkStatus() : absl::DataLossError("a zstd frame is not complete");
  }

 private:
  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  std::string out_;
  bool ended_ = false;
};

class ZstdCodec : public SectionCodec {
 public:
  explicit ZstdCodec(int level) : level_(level) {}

  std::unique_ptr<ByteFilter> NewEncoder(const SnapshotSection& section) const override {
    return std::make_unique<ZstdEncoder>(level_, section.bytes());
  }
  std::unique_ptr<ByteFilter> NewDecoder(const SnapshotSection& section) const override {
    return std::make_unique<ZstdDecoder>(section.bytes());
  }
  bool has_one_spelling() const override { return false; }

 private:
  int level_;
};

absl::Status CheckOptions(const AlgorithmSpec& spec) { return LevelOf(spec).status(); }

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup,
                                                const AlgorithmSpec& spec,
                                                std::unique_ptr<KvCache> inner) {
  KVWIRE_ASSIGN_OR_RETURN(const int64_t level, LevelOf(spec));
  return std::make_unique<CompressedCache>(
      setup, std::move(inner), std::make_unique<ZstdCodec>(static_cast<int>(level)));
}

constexpr AlgorithmOption kOptions[] = {
    {"level", "3", "effort, 1 to 19: higher levels are slower and make shorter frames"}};

}  // namespace

KvWrapper DescribeZstd() {
  return {.name = "zstd",
          .code = 2,
          .summary = "every section as a frame of Zstandard",
          .reference = "Collet, Kucherawy 2021, RFC 8878",
          .options = kOptions,
          .codes_sections = true,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
