import Foundation
import Playout
import SyntheticTape
import Tape
import Testing
import TransportStream

@testable import Recorder

/// Real tapes that are cut on the air: a decoder must have nothing to complain of.
@Suite struct CutTests {
  private static let identity = StationIdentity(number: 1, name: "Quay", provider: "Harbour", transportStreamID: 1)

  /// Cuts at dates that are drawn, and at every picture of one, with switches in the middle of programmes in between.
  private func air(_ tapes: [Tape], _ clips: Clips, eras count: Int, seed: UInt64 = 1) throws -> (
    path: String, faults: [String]
  ) {
    var eras = [try Era(.always(tapes), tapes: tapes)]
    let begin = Ticks.seconds(1_800_000_000)
    var date = begin + .seconds(3)
    var generator = SplitMix(state: seed)
    for number in 0..<count {
      let lineup = try tapes.map { tape in
        let duration = Int64.random(in: 90_000...tape.info.duration.count / 300, using: &generator)
        return Showing(tape, cut: try tape.cut(at: .ninetyKilohertz(duration)))
      }
      let boundary = try eras[number].boundary(after: date, at: number % 3 == 0 ? .date : .randomAccess)
      eras.append(try boundary.era(lineup, startingWith: number % lineup.count))
      date = boundary.date + .milliseconds(Int64.random(in: 1_000...3_000, using: &generator))
    }
    let station = try #require(Station(identity: Self.identity, eras: eras))
    return try clips.air(station, after: begin, programmes: 4 * count)
  }

  @Test(arguments: [
    "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 0 -g 25",
    "-c:v libx264 -preset fast -pix_fmt yuv420p -bf 3 -b_strategy 0 -g 15 -b:v 2M",
    "-c:v libx265 -preset ultrafast -x265-params log-level=none:bframes=4:keyint=20:open-gop=1",
    "-c:v mpeg2video -bf 2 -g 12 -b:v 2M",
  ])
  func aDecoderHasNothingToComplainOf(encoder: String) throws {
    let clips = try Clips()
    let one = try clips.make(
      "one.mkv", "-f lavfi -i testsrc2=s=320x180:r=25:d=4 -f lavfi -i sine=440:r=48000:d=4 \(encoder) -c:a aac")
    let two = try clips.make(
      "two.mkv", "-f lavfi -i testsrc=s=320x180:r=30:d=3 -f lavfi -i sine=880:r=48000:d=3 \(encoder) -c:a aac")
    let tapes = [try clips.record(one, as: "one")]
    let all = tapes + [try clips.record(two, house: tapes[0].info.format, as: "two")]
    let air = try air(all, clips, eras: 24)
    #expect(air.faults == [])
    let complaints = try Clips.complaints(air.path)
    #expect(complaints == "")
  }

  @Test(arguments: ["-c:a aac -b:a 64k", "-c:a mp2 -b:a 192k", "-c:a ac3 -b:a 128k"])
  func norHasARadio(encoder: String) throws {
    let clips = try Clips()
    let one = try clips.make("one.mkv", "-f lavfi -i sine=440:r=48000:d=5 -ac 2 \(encoder)")
    let two = try clips.make("two.mkv", "-f lavfi -i sine=880:r=48000:d=3 -ac 2 \(encoder)")
    let tapes = [try clips.record(one, as: "one"), try clips.record(two, as: "two")]
    let air = try air(tapes, clips, eras: 24)
    #expect(air.faults == [])
    let complaints = try Clips.complaints(air.path, hasPicture: false)
    #expect(complaints == "")
  }

  /// Just before the tables of a random access point every access unit that has begun is complete.
  @Test func atARandomAccessPointAllIsComplete() throws {
    let clips = try Clips()
    let clip = try clips.make("clip.mp4", "\(Clips.picture) \(Clips.sound) \(Clips.h264) -bf 2 -g 10 -c:a aac")
    let tape = try clips.record(clip)
    var date = Ticks.milliseconds(100)
    var points = 0
    while let point = tape.randomAccess(notBefore: date) {
      var next: [UInt16: Bool] = [:]
      var bytes = [UInt8](repeating: 0, count: 1_316)
      for number in tape.firstDatagram(notBefore: point)..<tape.datagramCount {
        var span = bytes.mutableSpan
        for offset in stride(from: 0, to: tape.copy(number, to: &span), by: TSPacket.size) {
          guard let packet = TSPacket(bytes.span, at: offset), packet.hasPayload else { continue }
          if next.isEmpty { #expect(packet.pid == PID.pat) }
          if next[packet.pid] == nil { next[packet.pid] = packet.payloadUnitStart }
        }
      }
      #expect(next.count >= 5 && next.values.allSatisfy { $0 }, "\(next)")
      points += 1
      date = point + .ninetyKilohertz(1)
    }
    #expect(points == 4)
  }
}
