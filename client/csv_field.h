#ifndef KVWIRE_CLIENT_CSV_FIELD_H_
#define KVWIRE_CLIENT_CSV_FIELD_H_

// Fields of CSV (RFC 4180).

#include <string>

namespace kvwire {

// `text` as one field, quoted where it has to be.
std::string CsvField(const std::string& text);

// In nine digits.
std::string CsvField(double value);

}  // namespace kvwire

#endif  // KVWIRE_CLIENT_CSV_FIELD_H_
