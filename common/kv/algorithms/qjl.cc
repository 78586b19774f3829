// Sections: of keys, the signs (content 4), the lengths, binary16 (6), and the channels of
// outliers (7; none if there are none), as qjl_key_codec.h says, and the keys that wait (2;
// none if buffer=1); of values, codes (4), ends of ranges (5) and those that wait (2; none
// if vbuffer=0).

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/kv/algorithms/qjl_key_codec.h"
#include "common/kv/coded_cache.h"
#include "common/kv/registry.h"
#include "common/kv/token_group_codec.h"

namespace kvwire {
namespace {

constexpr int64_t kMostRows = 65536;   // of the sketch
constexpr int64_t kMostTokens = 4096;  // in a buffer

// QJL keeps a key as signs of random projections and as its length (sign_sketch.h), and
// values by a plain quantiser. The authors' code (amirzandieh/QJL) sketches the keys of
// the first 15 layers with m=512,mout=128 and those of the others with the defaults here;
// it never quantises more than one value a step and keeps the 128 newest values.
struct QjlOptions {
  QjlKeyCodec::Layout keys;
  TokenGroupCodec::Layout values;

  static absl::StatusOr<QjlOptions> FromSpec(const AlgorithmSpec& spec);
};

absl::StatusOr<QjlOptions> QjlOptions::FromSpec(const AlgorithmSpec& spec) {
  QjlOptions options;
  QjlKeyCodec::Layout& keys = options.keys;
  TokenGroupCodec::Layout& values = options.values;
  KVWIRE_ASSIGN_OR_RETURN(keys.buffer, spec.IntOption("buffer", 128, 1, kMostTokens));
  KVWIRE_ASSIGN_OR_RETURN(keys.group, spec.IntOption("group", 32, 1, kMostTokens));
  KVWIRE_ASSIGN_OR_RETURN(keys.signs, spec.IntOption("m", 256, 1, kMostRows));
  KVWIRE_ASSIGN_OR_RETURN(keys.outlier_signs, spec.IntOption("mout", 256, 1, kMostRows));
  KVWIRE_ASSIGN_OR_RETURN(keys.outliers, spec.IntOption("outliers", 8, 0, 64));
  KVWIRE_ASSIGN_OR_RETURN(const int rows, spec.ChoiceOption("rows", kSketchRows));
  keys.orthogonal = rows == 0;
  KVWIRE_ASSIGN_OR_RETURN(const int64_t value_bits, spec.IntOption("vbits", 2, 1, 8));
  values.code_bits = static_cast<int>(value_bits);
  KVWIRE_ASSIGN_OR_RETURN(values.recent_rows, spec.IntOption("vbuffer", 128, 0, kMostTokens));
  KVWIRE_ASSIGN_OR_RETURN(values.group, spec.IntOption("vgroup", 32, 1, kMostTokens));
  if (keys.outliers > 0 && keys.buffer % keys.group != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "algorithm qjl: option buffer=", keys.buffer, " must be a multiple of group=",
        keys.group, ", for tokens of a group share their outliers"));
  }
  return options;
}

absl::Status CheckOptions(const AlgorithmSpec& spec) {
  return QjlOptions::FromSpec(spec).status();
}

absl::StatusOr<std::unique_ptr<KvCache>> Create(const CacheSetup& setup) {
  KVWIRE_ASSIGN_OR_RETURN(QjlOptions options, QjlOptions::FromSpec(setup.spec));
  options.keys.width = setup.row_width();
  options.values.width = setup.row_width();
  KVWIRE_ASSIGN_OR_RETURN(std::unique_ptr<RowCodec> keys,
                          QjlKeyCodec::Create(options.keys, setup.seed));
  return CodedCache::Create(setup, std::move(keys),
                            std::make_unique<TokenGroupCodec>(options.values));
}

constexpr AlgorithmOption kOptions[] = {
    {"buffer", "128", "keys that wait at 16 bits a number to be coded together"},
    {"group", "32", "tokens that share their outlier channels; divides buffer"},
    {"m", "256", "sign bits of a key"},
    {"mout", "256", "sign bits of its outlier channels"},
    {"outliers", "8",
     "channels of a group that are sketched apart: at most d - 1 are; 0: none"},
    {"rows", "orthogonal", "of the sketch: orthogonal in groups of d, or gaussian"},
    {"vbits", "2", "bits of a value's number"},
    {"vbuffer", "128", "newest values, kept at 16 bits a number"},
    {"vgroup", "32", "channels of a value that share a range"},
};

}  // namespace

KvAlgorithm DescribeQjl() {
  return {.name = "qjl",
          .code = 10,
          .kind = AlgorithmKind::kQuantizer,
          .summary = "QJL: keys by the signs of random projections, values at 2 bits",
          .reference = "Zandieh, Daliri, Han 2024, arXiv 2406.03482",
          .state_bits =
              "N (m + 16, and mout + 16 + o ceil(log2 d)/group if o > 0) + 16 d (n - N) + "
              "V (vbits d + 32 ceil(d/vgroup)) + 16 d (n - V); N = n - n mod buffer, "
              "V = max(0, n - vbuffer), o = min(outliers, d - 1)",
          .options = kOptions,
          .create = Create,
          .check_options = CheckOptions};
}

}  // namespace kvwire
