#include "client/sweep/result_columns.h"

namespace kvwire {
namespace {

constexpr Column kResultColumns[] = {
    {"outcome", "TEXT NOT NULL", "ok or failed, the verdict; refused: takes no such trial"},
    {"refusal", "TEXT", "the code of the refusal"},
    {"sharpness_used", "REAL", "C, solved where the trial says so"},
    {"payload_bits", "INTEGER", "L d, what Alice knows"},
    {"asked_bits", "INTEGER", "what Bob was asked for"},
    {"asked_errors", "INTEGER", "of these, wrong"},
    {"bit_errors", "INTEGER", "wrong ones of all payload bits"},
    {"floor_bits", "INTEGER", "what these errors force any message to carry"},
    {"soft_floor_bits", "REAL", "what Bob's confidences prove"},
    {"state_bits", "INTEGER", "the algorithm's claim of its memory"},
    {"snapshot_bytes", "INTEGER", "its memory as bytes, headers and all"},
    {"snapshot_sha256", "TEXT", "hexadecimal, of these bytes"},
};

constexpr Column kMeasuredColumns[] = {
    {"attempts", "INTEGER NOT NULL", "runs until one came to an end"},
    {"reasons", "TEXT NOT NULL", "a line a fault of the books, or why it was refused"},
    {"messages", "INTEGER", "of the channel, of every connection"},
    {"message_bytes", "INTEGER", "in them, as Protocol Buffers"},
    {"grpc_bytes", "INTEGER", "and their prefixes"},
    {"wire_bytes", "INTEGER", "the kernel's count of what Alice sent, first transmissions"},
    {"back_bytes", "INTEGER", "its count of what Bob sent"},
    {"retransmitted_bytes", "INTEGER", "by Alice, beyond wire_bytes"},
    {"connections", "INTEGER", "that the message took"},
    {"ingest_seconds", "REAL", "until Alice's algorithm had every token"},
    {"transfer_seconds", "REAL", "of the message"},
    {"attend_seconds", "REAL", "of Bob's answers"},
    {"total_seconds", "REAL", "of the run, as the driver saw it"},
    {"host", "TEXT NOT NULL", "where the driver ran"},
    {"version", "TEXT NOT NULL", "of kvwire"},
    {"finished", "TEXT NOT NULL", "UTC"},
};

}  // namespace

absl::Span<const Column> ResultColumns() { return kResultColumns; }
absl::Span<const Column> MeasuredColumns() { return kMeasuredColumns; }

}  // namespace kvwire
