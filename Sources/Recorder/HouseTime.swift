/// The times that all tapes have in common, so that any two of them join: 90 kHz counts from the tape's start.
enum HouseTime {
  /// 1/90,000 s a count (ISO/IEC 13818-1 §2.4.3.7).
  static let perSecond: Int64 = 90_000
  /// PTS of the first picture, and of the first sound: how far the stream runs ahead of what is seen. 0.9 s.
  static let lead: Int64 = 81_000
  /// By how much DTS runs ahead of the order of presentation: room to reorder pictures. 0.2 s. Whatever a programme's
  /// own delay, its first DTS is `lead - reorder`, so that DTS never goes back from one tape to the next.
  static let reorder: Int64 = 18_000
  /// A copy may reorder over a little more time, but then decoders guess at the order where programmes join. 0.3 s.
  static let mostReordering: Int64 = 27_000
  /// How long before its DTS an access unit must be there, all of it. 0.1 s.
  static let margin: Int64 = 9_000
  /// A PES packet of audio frames lasts at most this long: on the radio PAT and PMT stand before each. 0.08 s.
  static let audioPacket: Int64 = 7_200
  /// A picture is sent again when it is shown for longer: DTS never steps by more than a second. 0.9 s.
  static let longestPause: Int64 = 81_000
  /// A tape shorter than this is no programme. 0.2 s.
  static let shortest: Int64 = 18_000
  /// What claims to be longer than this is damaged. 30 hours.
  static let longest: Int64 = 30 * 3_600 * perSecond
}
