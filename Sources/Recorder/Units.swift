/// Where a payload lies in the spool.
struct Extent: Hashable, Sendable {
  var offset: Int64
  var size: Int
}

/// One coded picture or one coded audio frame on its way from the source to the tape.
struct Unit: Hashable, Sendable {
  /// Presentation time, 90 kHz. At first on the source's clock, later from the tape's start.
  var pts: Int64
  /// 90 kHz; 0 when unknown.
  var duration: Int64
  /// Decoding can begin here.
  var isKey: Bool
  /// Decoding can even begin here right behind another programme: nothing that the decoder still remembers disturbs it.
  var isClean = true
  var payload: Extent
}

/// One PES packet to be: a picture, or some audio frames that belong together. Times in 90 kHz from the tape's start.
struct ElementaryPacket: Hashable, Sendable {
  /// Position among the tape's streams: video first if there is any, then audio.
  var stream: Int
  var pts: Int64
  var dts: Int64
  var isKey: Bool
  /// Bytes of all payloads together.
  var size: Int
  var payloads: [Extent]
}

/// How many samples an audio frame has, at which rate.
struct AudioFrameLength: Hashable, Sendable {
  var samples: Int64
  var rate: Int64

  /// Where frame `count` of a gapless row begins, from the row's first: 90 kHz, rounded to the nearest.
  func ticks(_ count: Int64) -> Int64 { (count * samples * HouseTime.perSecond + rate / 2) / rate }

  /// What the stream's own timestamps say where the container's word is doubtful: the most usual distance.
  func corrected(by units: [Unit]) -> AudioFrameLength {
    guard units.count > 8 else { return self }
    let distances = zip(units.dropFirst(), units).map { $0.pts - $1.pts }.sorted()
    let median = distances[distances.count / 2]
    guard median > 0 else { return self }
    // Containers that count in milliseconds are off by one, which is no reason for doubt.
    if samples > 0, abs(median - ticks(1)) <= max(95, ticks(1) / 20) { return self }
    let guess = (Double(median) * Double(rate) / Double(HouseTime.perSecond) / 32).rounded() * 32
    return AudioFrameLength(samples: max(32, Int64(guess)), rate: rate)
  }
}
