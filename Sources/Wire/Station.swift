/// A string with a few known values. A value this version does not know survives decoding, so that a newer peer
/// can add one without an older peer refusing the whole message.
package protocol OpenValue: RawRepresentable, Codable, Hashable, Sendable where RawValue == String {
  init(rawValue: String)
}

/// Whether a station can be received.
package struct StationState: OpenValue {
  package var rawValue: String
  package init(rawValue: String) { self.rawValue = rawValue }

  /// Its programme is on the air.
  package static let onAir = StationState(rawValue: "onAir")
  /// It is on the air with its card and silence; `reason` says why, or `progress` how far its first tape is.
  package static let standby = StationState(rawValue: "standby")
  /// Its first tape is being made; `progress` says how far that is.
  package static let preparing = StationState(rawValue: "preparing")
  /// It has nothing to send; `reason` says why.
  package static let offAir = StationState(rawValue: "offAir")

  /// Whether datagrams are leaving now.
  package var isReceivable: Bool { self == .onAir || self == .standby }
}

/// What stands in a station's UDP datagrams.
package struct Encapsulation: OpenValue {
  package var rawValue: String
  package init(rawValue: String) { self.rawValue = rawValue }

  /// A 12-byte RTP header (RFC 3550), then one to seven TS packets (RFC 2250, section 2).
  package static let rtp = Encapsulation(rawValue: "rtp")
  /// One to seven TS packets and nothing else.
  package static let udp = Encapsulation(rawValue: "udp")
}

/// One item of a station's schedule, as it stands on the air.
package struct Programme: Codable, Hashable, Sendable {
  /// What receivers show while it plays.
  package var title: String
  /// When it begins, in seconds since the Unix epoch (UTC).
  package var start: Double
  /// When it ends and the next one begins, in seconds since the Unix epoch (UTC); its start where nobody knows: it is live.
  package var end: Double

  /// Whether nobody knows when it ends.
  package var isOpen: Bool { end <= start }

  package init(title: String, start: Double, end: Double) {
    self.title = title
    self.start = start
    self.end = end
  }
}

extension Programme {
  /// No programme is further from 1970 than this, some 8700 years, in seconds: whoever reckons with dates need not fear
  /// for their numbers.
  private static let dates: ClosedRange<Double> = -274_877_906_944...274_877_906_944

  private enum CodingKeys: String, CodingKey { case title, start, end }

  /// Throws also when a date is out of all reason.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    title = try fields.decode(String.self, forKey: .title)
    start = try fields.decode(Double.self, forKey: .start)
    end = try fields.decode(Double.self, forKey: .end)
    for (date, key) in [(start, CodingKeys.start), (end, .end)] where !Self.dates.contains(date) {
      throw DecodingError.dataCorruptedError(forKey: key, in: fields, debugDescription: "a date out of range")
    }
  }
}

/// What a station list says about one station.
package struct StationSummary: Codable, Hashable, Sendable {
  /// The number a viewer tunes to, from 1.
  package var number: Int
  /// What a viewer sees.
  package var name: String
  /// Whether it can be received.
  package var state: StationState
  /// Why the station shows no programme, in one sentence.
  package var reason: String?
  /// How much of the first tape is made while the station waits for it, in percent (0 to 100).
  package var progress: Int?
  /// What is on the air now; nil while nothing is.
  package var now: Programme?
  /// What follows; nil while nothing is on the air.
  package var next: Programme?
  /// The multicast group, dotted decimal.
  package var group: String
  /// The UDP port.
  package var port: Int
  /// What its datagrams carry.
  package var encapsulation: Encapsulation
  /// The mean rate of the transport stream in bit/s, without UDP and RTP headers; 0 while it is not known.
  package var bitrate: Int
  /// How many control connections have joined this station.
  package var receivers: Int
  /// Whether the station has sound and no picture.
  package var radio: Bool

  package init(
    number: Int, name: String, state: StationState, reason: String? = nil, progress: Int? = nil,
    now: Programme? = nil, next: Programme? = nil, group: String, port: Int, encapsulation: Encapsulation = .rtp,
    bitrate: Int = 0, receivers: Int = 0, radio: Bool = false
  ) {
    self.number = number
    self.name = name
    self.state = state
    self.reason = reason
    self.progress = progress
    self.now = now
    self.next = next
    self.group = group
    self.port = port
    self.encapsulation = encapsulation
    self.bitrate = bitrate
    self.receivers = receivers
    self.radio = radio
  }
}

/// One elementary stream of a station, as its PMT announces it.
package struct ElementaryStream: Codable, Hashable, Sendable {
  /// 13 bits, 0x0010 to 0x1FFE.
  package var pid: UInt16
  /// The codec's short name as FFmpeg spells it: "h264", "hevc", "mpeg2video", "aac", "ac3", "mp2" …
  package var codec: String
  /// ISO 639-2, three letters.
  package var language: String?

  package init(pid: UInt16, codec: String, language: String? = nil) {
    self.pid = pid
    self.codec = codec
    self.language = language
  }
}
