import SyntheticTape
import Tape
import Testing

@testable import StationServer

@Suite struct FNVTests {
  /// Vectors from the hash's authors' own test suite.
  @Test func agreesWithItsAuthors() {
    #expect(FNV.hash32("".utf8) == 0x811c_9dc5)
    #expect(FNV.hash32("a".utf8) == 0xe40c_292c)
    #expect(FNV.hash32("foobar".utf8) == 0xbf9c_f968)
    #expect(FNV.hash128("".utf8).hexadecimal == "6c62272e07bb014262b821756295c58d")
    #expect(FNV.hash128("a".utf8).hexadecimal == "d228cb696f1a8caf78912b704e4a8964")
  }

  @Test func keepsLeadingZeros() {
    #expect(UInt32(0xAB).hexadecimal == "000000ab")
    #expect(UInt128(1).hexadecimal.count == 32)
  }
}

@Suite struct TapeRequestTests {
  let source = SourceFile(path: "/m/a.mp4", size: 10, modified: 20)
  let plain: TapeRequest

  init() { plain = TapeRequest(source: source) }

  @Test func namesATapeByEverythingItDependsOn() {
    let house = HouseFormat(video: .init(codec: "h264"), audio: [])
    var others = [plain]
    others.append(TapeRequest(source: SourceFile(path: "/m/b.mp4", size: 10, modified: 20)))
    others.append(TapeRequest(source: SourceFile(path: "/m/a.mp4", size: 11, modified: 20)))
    others.append(TapeRequest(source: SourceFile(path: "/m/a.mp4", size: 10, modified: 21)))
    others.append(TapeRequest(source: SourceFile(path: "/m/a.mp4", size: 1, modified: 020)))
    others.append(TapeRequest(source: source, format: house))
    others.append(TapeRequest(source: source, bitrate: 4_000_000))
    others.append(TapeRequest(source: source, card: "One"))
    others.append(TapeRequest(cardWith: ["One"], format: house))
    others.append(TapeRequest(cardWith: ["One", "back soon"], format: house))
    #expect(Set(others.map(\.key)).count == others.count)
    #expect(others.allSatisfy { $0.key.count == 32 })
  }

  @Test func namesItTheSameEveryTime() {
    #expect(plain.key == TapeRequest(source: SourceFile(path: "/m/a.mp4", size: 10, modified: 20)).key)
    #expect(plain.key == FNV.hash128("3\0/m/a.mp4\010\020\0\00\0\0".utf8).hexadecimal)
  }

  @Test func looksAtFilesWithoutLinks() throws {
    let directory = try TemporaryDirectory()
    try Scratch.write("12345", to: directory.path("a"))
    try Scratch.link(directory.path("b"), to: directory.path("a"))
    let source = try SourceFile(directory.path("b"))
    #expect(source.path.hasSuffix("/a"))
    #expect(source.size == 5)
    #expect(source.modified > 1_500_000_000_000_000_000)
  }
}
