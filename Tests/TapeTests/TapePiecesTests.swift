import Glibc
import SyntheticTape
import Testing
import TransportStream

@testable import Tape

@Suite struct TapePiecesTests {
  let directory: TemporaryDirectory
  let tape: Tape

  init() throws {
    directory = try TemporaryDirectory()
    // 2,143 datagrams: nine pieces.
    try SyntheticTape(milliseconds: 30_000).write(to: directory.path("a.ts"))
    tape = try Tape(path: directory.path("a.ts"), verify: true)
  }

  /// A round in which all of these are wanted, again and again until they are here.
  private func round(_ pieces: inout TapePieces, _ ranges: [Range<Int>]) -> Bool {
    for _ in 0..<500 {
      let missing = ranges.compactMap { pieces.want($0) }
      pieces.endRound()
      if missing.isEmpty { return true }
      usleep(2_000)
    }
    return false
  }

  @Test func holdsWhatAnybodyWants() {
    var pieces = TapePieces(tape)
    #expect(pieces.isEmpty && pieces.heldBytes == 0)
    #expect(pieces.want(5..<5) == nil)
    #expect(round(&pieces, [0..<10, 600..<700]))
    let size = TapePieces.size * TSPacket.perDatagram * TSPacket.size
    #expect(pieces.heldBytes == 2 * size)
    // One listener moves on, another one stays: only what nobody wants is let go.
    #expect(round(&pieces, [250..<260, 600..<700]))
    #expect(pieces.heldBytes == 3 * size)
    #expect(round(&pieces, [600..<700]))
    #expect(pieces.heldBytes == size)
    #expect(round(&pieces, [0..<tape.datagramCount]))
    #expect(pieces.heldBytes == 15_000 * TSPacket.size)
    pieces.endRound()
    #expect(pieces.isEmpty)
  }

  @Test func whatTheFileNoLongerHasIsMissing() {
    var pieces = TapePieces(tape)
    #expect(unsafe truncate(directory.path("a.ts"), 400 * 7 * 188) == 0)
    #expect(!round(&pieces, [0..<tape.datagramCount]))
    #expect(pieces.want(10..<20) == nil)
    #expect(pieces.want(300..<1_000) == 300, "its piece ends behind the file's end")
    #expect(pieces.want(1_000..<1_001) == 1_000)
  }
}
