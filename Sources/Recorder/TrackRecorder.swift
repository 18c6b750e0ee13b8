import LibAV

/// One of the tape's streams in the making: takes the source's packets, leaves units in the spool.
protocol TrackRecorder: AnyObject {
  /// The source's stream whose packets it wants.
  var streamIndex: Int { get }
  /// What has come out so far, on the source's clock, in coding order.
  var units: [Unit] { get }
  /// When the first of it is meant to be seen or heard, on the source's clock, 90 kHz: units before that only serve to
  /// get a decoder going.
  var start: Int64? { get }
  /// Packets that were damaged and left out.
  var skipped: Int { get }

  func record(_ packet: borrowing Packet, _ spool: inout Spool) throws
  /// No more will come.
  func finish(_ spool: inout Spool) throws
  /// For the muxer; after `finish`.
  func parameters() throws -> CodecParameters
}

/// The picture cannot be copied after all: begin again, and transcode it.
struct PictureNeedsTranscoding: Error {
  /// And it stands still for so long at a time that pictures must be repeated.
  var hasPauses = false
}
