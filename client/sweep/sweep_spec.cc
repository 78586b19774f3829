#include "client/sweep/sweep_spec.h"

#include <charconv>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/secret_bits.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

using Json = nlohmann::ordered_json;

// One key of a grid: its values, and where one goes.
struct Axis {
  std::string key;
  std::vector<Json> values;
  std::function<void(const Json&, Trial&)> put;
};

enum class Kind { kText, kWhole, kNumber, kTextOrNumber };

const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "a text";
    case Kind::kWhole:
      return "a whole number of at least 0";
    case Kind::kNumber:
      return "a number";
    case Kind::kTextOrNumber:
      break;
  }
  return "a text or a number";
}

bool IsWhole(const Json& value) {
  return value.is_number_unsigned() &&
         value.get<uint64_t>() <= uint64_t{std::numeric_limits<int64_t>::max()};
}

bool Is(const Json& value, Kind kind) {
  switch (kind) {
    case Kind::kText:
      return value.is_string();
    case Kind::kWhole:
      return IsWhole(value);
    case Kind::kNumber:
      return value.is_number();
    case Kind::kTextOrNumber:
      break;
  }
  return value.is_string() || value.is_number();
}

// A number as the shortest text that reads back as it.
std::string Text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value.get<double>()).ptr;
  return {digits, end};
}

struct KeyOfGrid {
  const char* key;
  Kind kind;
  Json fallback;  // null: the key must be there
  void (*put)(const Json&, Trial&);
};

const std::vector<KeyOfGrid>& KeysOfGrid() {
  static const auto& keys = *new std::vector<KeyOfGrid>{
      {"problem", Kind::kText, "var", [](const Json& v, Trial& t) { t.problem = Text(v); }},
      {"d", Kind::kWhole, 256U, [](const Json& v, Trial& t) { t.dims = v.get<int64_t>(); }},
      {"frame", Kind::kText, "unit", [](const Json& v, Trial& t) { t.frame = Text(v); }},
      {"sharpness", Kind::kTextOrNumber, "solve",
       [](const Json& v, Trial& t) { t.sharpness = Text(v); }},
      {"encoding", Kind::kText, "bits", [](const Json& v, Trial& t) { t.encoding = Text(v); }},
      {"eta", Kind::kNumber, 0, [](const Json& v, Trial& t) { t.eta = v.get<double>(); }},
      {"eta_mode", Kind::kText, "worst",
       [](const Json& v, Trial& t) { t.eta_mode = Text(v); }},
      {"mask", Kind::kText, "private", [](const Json& v, Trial& t) { t.mask = Text(v); }},
      {"ask", Kind::kText, "", [](const Json& v, Trial& t) { t.ask = Text(v); }},
      {"memory_limit", Kind::kWhole, 0U,
       [](const Json& v, Trial& t) { t.memory_limit_bytes = v.get<int64_t>(); }},
      {"algorithm", Kind::kText, nullptr,
       [](const Json& v, Trial& t) { t.algorithm = Text(v); }},
  };
  return keys;
}

absl::StatusOr<std::vector<Json>> ValuesOf(const Json& value, const std::string& key,
                                           Kind kind) {
  std::vector<Json> values;
  if (value.is_array()) {
    values.assign(value.begin(), value.end());
  } else {
    values.push_back(value);
  }
  if (values.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(key, ": the list is empty"));
  }
  for (const Json& one : values) {
    if (Is(one, kind)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(key, ": ", one.dump(-1, ' ', true, Json::error_handler_t::replace),
                     " is not ", KindName(kind)));
  }
  return values;
}

// n and scales say the same thing in two ways, so their values share an axis.
absl::StatusOr<Axis> SizesOf(const Json& grid) {
  Axis axis{.key = "n or scales", .put = [](const Json& value, Trial& trial) {
              if (value.is_string()) {
                trial.scales = value.get<std::string>();
              } else {
                trial.n = value.get<int64_t>();
              }
            }};
  for (const auto& [key, kind] :
       {std::pair{"n", Kind::kWhole}, std::pair{"scales", Kind::kText}}) {
    if (!grid.contains(key)) continue;
    KVWIRE_ASSIGN_OR_RETURN(const std::vector<Json> values, ValuesOf(grid[key], key, kind));
    axis.values.insert(axis.values.end(), values.begin(), values.end());
  }
  if (axis.values.empty()) {
    return absl::InvalidArgumentError("n: there must be sizes, as n or as scales");
  }
  return axis;
}

absl::StatusOr<std::vector<Json>> CountedSeeds(const Json& first, const Json& count) {
  if (!IsWhole(first) || !IsWhole(count) || count < 1 || count > kMostTrials ||
      first > std::numeric_limits<int64_t>::max() - kMostTrials) {
    return absl::InvalidArgumentError(
        absl::StrCat("seeds: give a count from 1 to ", kMostTrials,
                     ", {\"first\": F, \"count\": N}, or a list of seeds"));
  }
  std::vector<Json> seeds;
  for (int64_t k = 0; k < count.get<int64_t>(); ++k) {
    seeds.emplace_back(first.get<int64_t>() + k);
  }
  return seeds;
}

absl::StatusOr<Axis> SeedsOf(const Json& grid) {
  Axis axis{.key = "seeds",
            .put = [](const Json& value, Trial& trial) { trial.seed = value.get<int64_t>(); }};
  const Json seeds = grid.value("seeds", Json(1U));
  if (seeds.is_array()) {
    KVWIRE_ASSIGN_OR_RETURN(axis.values, ValuesOf(seeds, "seeds", Kind::kWhole));
  } else if (seeds.is_object() && seeds.size() == 2) {
    KVWIRE_ASSIGN_OR_RETURN(
        axis.values, CountedSeeds(seeds.value("first", Json()), seeds.value("count", Json())));
  } else {
    KVWIRE_ASSIGN_OR_RETURN(axis.values, CountedSeeds(Json(1U), seeds));
  }
  return axis;
}

absl::StatusOr<std::vector<Axis>> AxesOf(const Json& grid) {
  if (!grid.is_object()) return absl::InvalidArgumentError("a grid is an object");
  std::set<std::string> known = {"n", "scales", "seeds"};
  for (const KeyOfGrid& key : KeysOfGrid()) known.insert(key.key);
  for (const auto& [key, value] : grid.items()) {
    if (known.contains(key)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "'", key, "' is no key of a grid; there are ", absl::StrJoin(known, ", ")));
  }
  std::vector<Axis> axes;
  for (const KeyOfGrid& key : KeysOfGrid()) {
    const Json value = grid.value(key.key, key.fallback);
    if (value.is_null()) {
      return absl::InvalidArgumentError(absl::StrCat(key.key, ": it must be there"));
    }
    Axis axis{.key = key.key, .put = key.put};
    KVWIRE_ASSIGN_OR_RETURN(axis.values, ValuesOf(value, key.key, key.kind));
    axes.push_back(std::move(axis));
  }
  KVWIRE_ASSIGN_OR_RETURN(Axis sizes, SizesOf(grid));
  axes.insert(axes.begin() + 1, std::move(sizes));
  KVWIRE_ASSIGN_OR_RETURN(Axis seeds, SeedsOf(grid));
  axes.push_back(std::move(seeds));
  return axes;
}

// Appends the combinations of all values, the last axis running fastest.
absl::Status Combine(const std::vector<Axis>& axes, const std::string& secret_seed,
                     std::vector<Trial>& trials) {
  auto room = static_cast<size_t>(kMostTrials) - trials.size();
  size_t count = 1;
  for (const Axis& axis : axes) {
    room /= axis.values.size();
    count *= room > 0 ? axis.values.size() : 1;
  }
  if (room == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("these are more than ", kMostTrials, " trials; make several sweeps"));
  }
  for (size_t k = 0; k < count; ++k) {
    Trial trial;
    size_t rest = k;
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
      axis->put(axis->values[rest % axis->values.size()], trial);
      rest /= axis->values.size();
    }
    trial.secret_seed = SecretSeedAt(secret_seed, static_cast<uint64_t>(trial.seed));
    trials.push_back(std::move(trial));
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> ParseObject(std::string_view text) {
  Json spec = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!spec.is_object() || !spec.contains("grids") || !spec["grids"].is_array() ||
      spec["grids"].empty()) {
    return absl::InvalidArgumentError(
        "the spec is no JSON object with a list of grids, as in {\"grids\": [{\"n\": 8, "
        "\"d\": 64, \"algorithm\": \"exact\", \"seeds\": 10}]}");
  }
  for (const auto& [key, value] : spec.items()) {
    if (key == "grids" || key == "secret_seed") continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the spec has a key '", key, "'; there are grids and secret_seed"));
  }
  return spec;
}

}  // namespace

absl::StatusOr<std::vector<Trial>> ParseSweepSpec(std::string_view text) {
  KVWIRE_ASSIGN_OR_RETURN(const Json spec, ParseObject(text));
  const Json secret = spec.value("secret_seed", Json("00"));
  if (!secret.is_string() || secret.get<std::string>().empty()) {
    return absl::InvalidArgumentError("secret_seed: it is a text of hexadecimal digits");
  }
  const auto secret_seed = secret.get<std::string>();
  KVWIRE_RETURN_IF_ERROR(CheckSecretSeeds(secret_seed));
  std::vector<Trial> trials;
  int number = 0;
  for (const Json& grid : spec["grids"]) {
    ++number;
    const absl::StatusOr<std::vector<Axis>> axes = AxesOf(grid);
    const absl::Status status =
        axes.ok() ? Combine(*axes, secret_seed, trials) : axes.status();
    if (status.ok()) continue;
    return absl::InvalidArgumentError(absl::StrCat("grid ", number, ": ", status.message()));
  }
  return trials;
}

}  // namespace kvwire
