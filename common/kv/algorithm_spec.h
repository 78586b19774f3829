#ifndef KVWIRE_COMMON_KV_ALGORITHM_SPEC_H_
#define KVWIRE_COMMON_KV_ALGORITHM_SPEC_H_

// The textual name of an algorithm with its options:
//   spec   = layer *( "+" layer )            an algorithm, then what is wrapped around it
//   layer  = name [ ":" option *( "," option ) ]
//   option = key "=" value
//   name, key = one or more of a-z, 0-9, "-", "_"
//   value  = one or more printable ASCII characters but ",", "=" and "+"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace kvwire {

class AlgorithmSpec {
 public:
  // Returns INVALID_ARGUMENT, with the grammar, on text that does not follow it,
  // that names an option twice, or that is longer than 256 characters. Knows no
  // algorithm: the registry checks names and options.
  static absl::StatusOr<AlgorithmSpec> Parse(std::string_view text);

  // Of the algorithm itself, the first layer.
  const std::string& name() const { return name_; }
  // In order of key.
  const std::map<std::string, std::string, std::less<>>& options() const { return options_; }
  void Set(std::string_view key, std::string_view value);
  void Erase(std::string_view key);

  // What is wrapped around it, innermost first; none of them has wrappers of its own.
  const std::vector<AlgorithmSpec>& wrappers() const { return wrappers_; }
  void Wrap(AlgorithmSpec wrapper);
  AlgorithmSpec WithoutWrappers() const;

  // The one spelling of this spec: options in order of key. Parse() inverts it.
  std::string ToString() const;

  // The option as a whole number in [low, high]; `fallback` where it is absent.
  // Returns INVALID_ARGUMENT, naming option and range, otherwise, and on a second
  // spelling of a number ("064", "+64"): equal algorithms have equal text.
  absl::StatusOr<int64_t> IntOption(std::string_view key, int64_t fallback, int64_t low,
                                    int64_t high) const;

  // The option as a number in [low, high], written as digits with or without a fraction;
  // `fallback` where it is absent. Errors as IntOption: no sign, exponent, or zero that
  // could be left out ("0.50", ".5").
  absl::StatusOr<double> RealOption(std::string_view key, double fallback, double low,
                                    double high) const;

  // The option's place among `choices`; 0, the default, where it is absent. Returns
  // INVALID_ARGUMENT, listing them, otherwise.
  absl::StatusOr<int> ChoiceOption(std::string_view key,
                                   absl::Span<const char* const> choices) const;

 private:
  static absl::StatusOr<AlgorithmSpec> ParseLayer(std::string_view text);

  std::string name_;
  std::map<std::string, std::string, std::less<>> options_;
  std::vector<AlgorithmSpec> wrappers_;
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_KV_ALGORITHM_SPEC_H_
