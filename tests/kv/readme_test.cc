// The README's table of algorithms is the registry's.

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/kv/registry.h"
#include "gtest/gtest.h"

namespace kvwire {
namespace {

// The rows that begin with a name in backquotes, by that name, in the section of algorithms.
std::map<std::string, std::string> ReadmeRows() {
  std::ifstream file(KVWIRE_README);
  std::map<std::string, std::string> rows;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("## ", 0) == 0) inside = line == "## The algorithms";
    if (!inside || line.rfind("| `", 0) != 0) continue;
    rows[line.substr(3, line.find('`', 3) - 3)] = line;
  }
  return rows;
}

template <typename Row>
void ExpectRow(std::map<std::string, std::string>& rows, const std::string& name,
               const Row& row) {
  ASSERT_EQ(rows.count(name), 1) << "the README has no row of " << name;
  for (const AlgorithmOption& option : row.options) {
    const std::string text = absl::StrCat("`", std::string(option.key), "=",
                                          std::string(option.default_value), "`");
    EXPECT_NE(rows[name].find(text), std::string::npos)
        << "the README's row of " << name << " lacks " << text;
  }
  rows.erase(name);
}

TEST(ReadmeTest, HasARowOfEveryAlgorithmAndWrapperWithItsOptions) {
  std::map<std::string, std::string> rows = ReadmeRows();
  for (const KvAlgorithm& algorithm : BuiltInAlgorithms()) {
    ExpectRow(rows, std::string(algorithm.name), algorithm);
  }
  for (const KvWrapper& wrapper : BuiltInWrappers()) {
    ExpectRow(rows, absl::StrCat("+", std::string(wrapper.name)), wrapper);
  }
  for (const auto& [name, row] : rows) {
    ADD_FAILURE() << "the README has a row of " << name << ", which there is not";
  }
}

}  // namespace
}  // namespace kvwire
