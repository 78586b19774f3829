#include "common/waterfall/http2_tap.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace kvwire {
namespace {

// Below half of the smallest window: the session, which thinks that it announces windows
// of its own, then never sees them overrun.
constexpr size_t kPieceBytes = size_t{1} << 14;

constexpr std::string_view kPathName = ":path";

// Those that say how the other end may write; the rest restricts nothing here.
bool ShapesFrames(const nghttp2_settings_entry& entry) {
  return entry.settings_id == NGHTTP2_SETTINGS_HEADER_TABLE_SIZE ||
         entry.settings_id == NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE ||
         entry.settings_id == NGHTTP2_SETTINGS_MAX_FRAME_SIZE;
}

void DiscardOutput(nghttp2_session* session) {
  const uint8_t* output = nullptr;
  while (nghttp2_session_mem_send(session, &output) > 0) {
  }
}

}  // namespace

// What one end sends, and the session that hears it.
struct Http2Tap::End {
  End(Http2Tap& the_tap, Sender the_sender);
  ~End() { nghttp2_session_del(session); }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  const char* name() const { return sender == Sender::kClient ? "Alice's" : "Bob's"; }
  nghttp2_session* opposite() const {
    return (sender == Sender::kClient ? tap.server_ : tap.client_)->session;
  }

  Http2Tap& tap;
  Sender sender;
  nghttp2_session* session = nullptr;
  int64_t bytes = 0;
  int64_t framed_bytes = 0;  // in the preface and the frames that began
  std::string complaint;     // of the library
};

// What the library calls.
struct Http2Tap::Callbacks {
  static int OnBeginFrame(nghttp2_session*, const nghttp2_frame_hd* header, void* data) {
    End& end = *static_cast<End*>(data);
    const auto payload_bytes = static_cast<int64_t>(header->length);
    end.framed_bytes += kFrameHeaderBytes + payload_bytes;
    end.tap.visitor_.VisitFrame(end.sender, header->type, payload_bytes);
    return 0;
  }

  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    const End& end = *static_cast<End*>(data);
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    nghttp2_session* const opposite = end.opposite();
    nghttp2_session_set_next_stream_id(opposite, frame->hd.stream_id);
    nghttp2_submit_request(opposite, nullptr, nullptr, 0, nullptr, nullptr);
    DiscardOutput(opposite);
    return 0;
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_length, const uint8_t* value, size_t value_length, uint8_t,
                      void* data) {
    const End& end = *static_cast<End*>(data);
    if (end.sender == Sender::kClient &&
        std::string_view(reinterpret_cast<const char*>(name), name_length) == kPathName) {
      end.tap.visitor_.VisitPath(frame->hd.stream_id,
                                 {reinterpret_cast<const char*>(value), value_length});
    }
    return 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    const End& end = *static_cast<End*>(data);
    if (frame->hd.type != NGHTTP2_SETTINGS || (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
      return 0;
    }
    std::vector<nghttp2_settings_entry> entries;
    std::copy_if(frame->settings.iv, frame->settings.iv + frame->settings.niv,
                 std::back_inserter(entries), ShapesFrames);
    // Empty or not: the acknowledgement that follows must have something to acknowledge.
    nghttp2_submit_settings(end.opposite(), NGHTTP2_FLAG_NONE, entries.data(), entries.size());
    DiscardOutput(end.opposite());
    return 0;
  }

  static int OnData(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* bytes,
                    size_t length, void* data) {
    const End& end = *static_cast<End*>(data);
    end.tap.status_ = end.tap.visitor_.VisitData(
        end.sender, stream, {reinterpret_cast<const char*>(bytes), length});
    return end.tap.status_.ok() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  // Frames of types that HTTP/2 does not know are begun only if somebody takes them.
  static int OnUnknownFrame(nghttp2_session*, void** payload, const nghttp2_frame_hd*, void*) {
    *payload = nullptr;
    return 0;
  }

  static int OnInvalidFrame(nghttp2_session*, const nghttp2_frame*, int code, void* data) {
    static_cast<End*>(data)->complaint = nghttp2_strerror(code);
    return 0;
  }

  static int OnError(nghttp2_session*, int, const char* message, size_t length, void* data) {
    static_cast<End*>(data)->complaint = std::string(message, length);
    return 0;
  }
};

Http2Tap::End::End(Http2Tap& the_tap, Sender the_sender) : tap(the_tap), sender(the_sender) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, Callbacks::OnBeginFrame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks,
                                                          Callbacks::OnBeginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::OnHeader);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::OnFrame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::OnData);
  nghttp2_session_callbacks_set_unpack_extension_callback(callbacks,
                                                          Callbacks::OnUnknownFrame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks,
                                                               Callbacks::OnInvalidFrame);
  nghttp2_session_callbacks_set_error_callback2(callbacks, Callbacks::OnError);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  // The answers that it hears are to requests that it has not made.
  nghttp2_option_set_no_http_messaging(option, 1);
  for (int type = NGHTTP2_CONTINUATION + 1; type <= std::numeric_limits<uint8_t>::max();
       ++type) {
    nghttp2_option_set_user_recv_extension_type(option, static_cast<uint8_t>(type));
  }
  const auto create =
      sender == Sender::kClient ? nghttp2_session_server_new2 : nghttp2_session_client_new2;
  create(&session, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
}

Http2Tap::Http2Tap(Http2Visitor& visitor)
    : visitor_(visitor),
      client_(std::make_unique<End>(*this, Sender::kClient)),
      server_(std::make_unique<End>(*this, Sender::kServer)) {}

Http2Tap::~Http2Tap() = default;

absl::Status Http2Tap::Append(Sender sender, std::string_view bytes) {
  End& end = sender == Sender::kClient ? *client_ : *server_;
  while (status_.ok() && !bytes.empty()) {
    status_ = Feed(end, bytes.substr(0, kPieceBytes));
    bytes.remove_prefix(std::min(bytes.size(), kPieceBytes));
  }
  return status_;
}

absl::Status Http2Tap::Feed(End& end, std::string_view piece) {
  const bool opening = end.sender == Sender::kClient && end.bytes < kPrefaceBytes;
  end.bytes += static_cast<int64_t>(piece.size());
  const auto taken = nghttp2_session_mem_recv(
      end.session, reinterpret_cast<const uint8_t*>(piece.data()), piece.size());
  KVWIRE_RETURN_IF_ERROR(status_);
  if (taken < 0) end.complaint = nghttp2_strerror(static_cast<int>(taken));
  DiscardOutput(end.session);
  if (!end.complaint.empty()) {
    return absl::DataLossError(
        absl::StrCat(end.name(), " bytes are not HTTP/2: ", end.complaint));
  }
  if (opening && end.bytes >= kPrefaceBytes) end.framed_bytes += kPrefaceBytes;
  return absl::OkStatus();
}

absl::Status Http2Tap::Finish() const {
  KVWIRE_RETURN_IF_ERROR(status_);
  KVWIRE_RETURN_IF_ERROR(CheckWhole(*client_));
  return CheckWhole(*server_);
}

absl::Status Http2Tap::CheckWhole(const End& end) {
  if (end.bytes == end.framed_bytes) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(end.name(), " ", end.bytes,
                                          " bytes are not whole frames of HTTP/2, which have ",
                                          end.framed_bytes));
}

}  // namespace kvwire
