/// The frames of one audio track in the time of its tape: gapless, and neither before the programme nor after it.
enum AudioTimeline {
  /// Rounding may put a frame this much over the edge, 90 kHz.
  private static let tolerance: Int64 = 2

  /// Lays a track's frames on a grid of whole frames.
  ///
  /// Frames that begin before the programme or end after it are dropped (what an encoder needs to get going, sound
  /// that outlasts the picture), and those that overlap what is there already. A hole at the start, a hole of more
  /// than two frames in the middle and a hole at the end are filled with silence as far as whole frames fit.
  /// - Parameters:
  ///   - units: on the source's clock, in order.
  ///   - start: the programme's start on that clock.
  ///   - duration: of the programme, 90 kHz; nil takes all there is.
  ///   - silence: the payload of a silent frame of the same length; nil leaves holes.
  /// - Returns: frames with PTS from the programme's start.
  static func fit(
    _ units: [Unit], length: AudioFrameLength, start: Int64, duration: Int64?, silence: Extent?
  ) -> [Unit] {
    let frame = length.ticks(1)
    let end = duration.map { $0 + tolerance } ?? .max
    var row = Row(length: length, silence: silence)
    for unit in units {
      let pts = unit.pts - start
      guard pts >= -tolerance, pts <= end - frame else { continue }
      let late = pts - row.next
      if row.frames.isEmpty {
        row.begin(at: silence == nil ? max(0, pts) : max(0, pts) % frame)
        row.fill(until: max(0, pts))
        row.next(max(0, pts))
      } else if late < -frame / 2 {
        continue
      } else if late > 2 * frame {
        row.fill(until: pts)
        row.next(pts)
      } else if late > frame / 2 {
        row.next(pts)
      }
      guard row.next <= end - frame else { break }
      row.append(unit.payload)
    }
    if duration != nil { row.fill(until: end) }
    return row.frames
  }

  /// Frames one after the other; counted in samples from an anchor, so that nothing adds up.
  private struct Row {
    let length: AudioFrameLength
    let silence: Extent?
    var frames: [Unit] = []
    private var anchor: Int64 = 0
    private var count: Int64 = 0

    init(length: AudioFrameLength, silence: Extent?) {
      self.length = length
      self.silence = silence
    }

    /// Where the next frame goes.
    var next: Int64 { anchor + length.ticks(count) }

    mutating func begin(at pts: Int64) { (anchor, count) = (pts, 0) }

    /// Moves the next frame to `pts`, unless it is there but for rounding.
    mutating func next(_ pts: Int64) { if abs(pts - next) > tolerance { begin(at: pts) } }

    mutating func append(_ payload: Extent) {
      let pts = next
      count += 1
      frames.append(Unit(pts: pts, duration: next - pts, isKey: true, payload: payload))
    }

    mutating func fill(until end: Int64) {
      guard let silence else { return }
      while anchor + length.ticks(count + 1) <= end { append(silence) }
    }
  }

  /// Puts frames together to PES packets of at most `HouseTime.audioPacket`: stamped once, sent as one.
  static func packets(_ frames: [Unit], stream: Int) -> [ElementaryPacket] {
    var packets: [ElementaryPacket] = []
    var end: Int64 = 0
    for frame in frames {
      let pts = frame.pts + HouseTime.lead
      if let last = packets.last, abs(pts - end) <= tolerance, last.size + frame.payload.size < 32_000,
        pts + frame.duration - last.pts <= HouseTime.audioPacket
      {
        packets[packets.count - 1].payloads.append(frame.payload)
        packets[packets.count - 1].size += frame.payload.size
      } else {
        packets.append(
          ElementaryPacket(
            stream: stream, pts: pts, dts: pts, isKey: true, size: frame.payload.size, payloads: [frame.payload]))
      }
      end = pts + frame.duration
    }
    return packets
  }
}
