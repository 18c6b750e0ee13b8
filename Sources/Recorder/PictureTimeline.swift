/// The pictures of a programme in the time of its tape.
struct PictureTimeline: Sendable {
  /// The source's time of the first picture: the programme's start, 90 kHz.
  let start: Int64
  /// From the first picture to the end of the last one, 90 kHz.
  let duration: Int64
  /// The longest time that one picture is shown, 90 kHz.
  let longestPause: Int64
  /// Over how much time pictures are reordered, 90 kHz.
  let reordering: Int64
  /// In decoding order.
  let packets: [ElementaryPacket]

  /// A last picture is not held for longer than ten seconds, whatever the container says.
  private static let longestPicture = 10 * HouseTime.perSecond

  /// - Parameters:
  ///   - units: in decoding order, on the source's clock.
  ///   - usual: how long a picture lasts where nothing tells, 90 kHz.
  /// - Returns: nil when there is no key frame to begin with.
  ///
  /// What cannot be shown from the first key frame on is left out: what comes before it, and pictures behind it in
  /// the file that are shown before it (they refer to what is missing).
  init?(_ units: [Unit], usual: Int64) {
    guard let first = units.firstIndex(where: { $0.isKey && $0.isClean }) else { return nil }
    let start = units[first].pts
    var pictures = units[first...].filter { $0.pts >= start }
    let order = pictures.indices.sorted { (pictures[$0].pts, $0) < (pictures[$1].pts, $1) }
    // No two pictures at one time.
    for (previous, this) in zip(order, order.dropFirst()) where pictures[this].pts <= pictures[previous].pts {
      pictures[this].pts = pictures[previous].pts + 1
    }
    let shown = order.map { pictures[$0].pts }
    guard let last = order.last else { return nil }
    let distances = zip(shown.dropFirst(), shown).map { $0 - $1 }.sorted()
    let typical = distances.isEmpty ? usual : distances[distances.count / 2]
    let hold = pictures[last].duration > 0 ? pictures[last].duration : max(typical, 1)

    self.start = start
    duration = pictures[last].pts - start + min(hold, PictureTimeline.longestPicture)
    longestPause = max(distances.last ?? 0, min(hold, PictureTimeline.longestPicture))
    reordering = zip(shown, pictures).map { $0 - $1.pts }.max() ?? 0
    let decoded = PictureTimeline.decodingTimes(
      pictures.map { $0.pts - start + HouseTime.lead }, shown: shown.map { $0 - start + HouseTime.lead })
    packets = zip(pictures, decoded).map { picture, dts in
      ElementaryPacket(
        stream: 0, pts: picture.pts - start + HouseTime.lead, dts: dts, isKey: picture.isKey,
        size: picture.payload.size, payloads: [picture.payload])
    }
  }

  /// A DTS for each picture in decoding order, given their PTS in that order and in order of presentation.
  ///
  /// The i-th picture to be decoded is decoded `HouseTime.reorder` before the i-th picture to be shown is shown: any
  /// order that reorders over no more time than that is decodable then. So the first DTS is the same on all tapes, the
  /// last one stays as far before the end, they rise strictly even where the frame rate varies, and the container's
  /// own (often invented) DTS do not matter. Where pictures are reordered over more time, DTS is lowered to PTS.
  static func decodingTimes(_ pts: [Int64], shown: [Int64]) -> [Int64] {
    var times = shown.map { $0 - HouseTime.reorder }
    var ceiling = Int64.max
    for index in pts.indices.reversed() {
      ceiling = min(pts[index], ceiling - 1)
      times[index] = min(times[index], ceiling)
    }
    return times
  }
}
