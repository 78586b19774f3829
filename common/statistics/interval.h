#ifndef KVWIRE_COMMON_STATISTICS_INTERVAL_H_
#define KVWIRE_COMMON_STATISTICS_INTERVAL_H_

namespace kvwire {

// A closed interval of numbers, of a proportion's unless something else is said.
struct Interval {
  double lower = 0;
  double upper = 1;

  bool Contains(double value) const { return lower <= value && value <= upper; }
};

}  // namespace kvwire

#endif  // KVWIRE_COMMON_STATISTICS_INTERVAL_H_
