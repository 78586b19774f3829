#include "client/question.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

bool ParseWhole(std::string_view text, int64_t& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end && value >= 0;
}

absl::Status BadQuestion(std::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("--ask ", std::string(text),
                   " is neither 'all', 'random:K' nor a list of positions i.j,i.j,..."));
}

absl::StatusOr<int64_t> ParsePosition(std::string_view text, int64_t tokens, int64_t dims) {
  const size_t dot = text.find('.');
  int64_t row = 0;
  int64_t coordinate = 0;
  if (dot == std::string_view::npos || !ParseWhole(text.substr(0, dot), row) ||
      !ParseWhole(text.substr(dot + 1), coordinate)) {
    return BadQuestion(text);
  }
  if (row >= tokens || coordinate >= dims) {
    return absl::OutOfRangeError(absl::StrCat("position ", row, ".", coordinate,
                                              " is not there: rows are 0 .. ", tokens - 1,
                                              ", coordinates 0 .. ", dims - 1));
  }
  return row * dims + coordinate;
}

}  // namespace

absl::StatusOr<Question> ParseQuestion(std::string_view text, int64_t tokens, int64_t dims) {
  constexpr std::string_view kRandom = "random:";
  Question question;
  if (text == "all") return question;
  question.all = false;
  const int64_t most = std::min(Question::kMaxPositions, tokens * dims);
  if (text.starts_with(kRandom)) {
    if (!ParseWhole(text.substr(kRandom.size()), question.random_count) ||
        question.random_count < 1 || question.random_count > most) {
      return absl::InvalidArgumentError(absl::StrCat("--ask ", std::string(text),
                                                     ": K must be from 1 to ", most,
                                                     "; 'all' asks for every position"));
    }
    return question;
  }
  while (true) {
    const size_t comma = text.find(',');
    KVWIRE_ASSIGN_OR_RETURN(const int64_t position,
                            ParsePosition(text.substr(0, comma), tokens, dims));
    question.positions.push_back(position);
    if (static_cast<int64_t>(question.positions.size()) > most) {
      return absl::InvalidArgumentError(absl::StrCat("--ask lists more than ", most,
                                                     " positions; 'all' asks for every one"));
    }
    if (comma == std::string_view::npos) return question;
    text.remove_prefix(comma + 1);
  }
}

absl::StatusOr<std::vector<int64_t>> DrawQuestion(const Question& question,
                                                  const SecretBits& secret,
                                                  int64_t payload_bits) {
  if (question.random_count == 0) return question.positions;
  return secret.DrawPositions(question.random_count, payload_bits);
}

}  // namespace kvwire
