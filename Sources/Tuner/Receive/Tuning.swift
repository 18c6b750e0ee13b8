import LinuxIO
import TransportStream
import Wire

/// All that the receiver must know of a station.
struct Tuning: Sendable, Equatable {
  var station: StationSummary
  /// RTP synchronization source; datagrams with another one are not this station's.
  var ssrc: UInt32
  /// The PID of the PMT.
  var pmt: UInt16
  var video: ElementaryStream?
  var audio: [ElementaryStream]
  /// Where the group is joined; nil for the interface that the routing table names.
  var interface: NetworkInterface?

  init(_ joined: ServerMessage.Joined, interface: NetworkInterface?) {
    station = joined.station
    ssrc = joined.ssrc
    pmt = joined.pmt
    video = joined.video
    audio = joined.audio
    self.interface = interface
  }

  /// The PID whose random access points a player can start at: the picture, or the sound of a radio station.
  var accessPID: UInt16 { video?.pid ?? audio.first?.pid ?? PID.firstAudio }

  /// Whether a player that plays `other` can go on with this: the same codecs on the same PIDs.
  func continues(_ other: Tuning) -> Bool {
    let streams: (Tuning) -> [String] = { tuning in
      ([tuning.video].compactMap(\.self) + tuning.audio).map { "\($0.pid) \($0.codec)" }
    }
    return pmt == other.pmt && (video == nil) == (other.video == nil) && streams(self) == streams(other)
  }

  /// Whether the receiver would do the same for both: same datagrams, same way in.
  func isReceivedAs(_ other: Tuning) -> Bool {
    station.number == other.station.number && station.group == other.station.group
      && station.port == other.station.port && station.encapsulation == other.station.encapsulation
      && ssrc == other.ssrc && pmt == other.pmt && accessPID == other.accessPID && interface == other.interface
  }
}
