import NIOCore
import Testing
import Wire

@testable import ControlLoad

/// The load program's own judgement: answers in pieces, answers that change, answers that are wrong.
@Suite struct AnswersTests {
  private func answer(_ count: Int, revision: Int, since: Int? = nil, reason: String? = nil) throws -> ByteBuffer {
    let stations = try (0..<count).map { index in
      try EncodedStation(
        StationSummary(
          number: index + 1, name: "S", state: .onAir, reason: reason, group: "239.1.1.1", port: 5004))
    }
    return EncodedStation.list(stations, revision: revision, since: since)
  }

  /// What comes out of `stream`, fed in pieces of so many bytes: revisions, nil for what is wrong.
  private func judge(_ stream: ByteBuffer, pieces: Int, stations: Int) -> (verdicts: [Int?], parsed: Int) {
    var (rest, answers, reader): (ByteBuffer, Answers, AnswerReader) = (stream, Answers(stations: stations), .init())
    var verdicts: [Int?] = []
    while var piece = rest.readSlice(length: min(pieces, rest.readableBytes)), piece.readableBytes > 0 {
      reader.take(&piece, &answers) { verdicts.append(try? $0.get().revision) }
    }
    return (verdicts, answers.parsed)
  }

  @Test(arguments: [1, 7, 100, 1_000_000])
  func parsesEachDistinctAnswerOnce(pieces: Int) throws {
    var stream = ByteBuffer()
    for revision in [1, 1, 1, 2, 2, 1, 2] { stream.writeImmutableBuffer(try answer(3, revision: revision)) }
    let (verdicts, parsed) = judge(stream, pieces: pieces, stations: 3)
    #expect(verdicts == [1, 1, 1, 2, 2, 1, 2])
    #expect(parsed == 2)
  }

  @Test(arguments: [13, 70_000])
  func takesAnAnswerOfSeveralLinesAsOne(pieces: Int) throws {
    var stream = ByteBuffer()
    let long = String(repeating: "x", count: 30_000)
    for revision in [4, 4, 5] { stream.writeImmutableBuffer(try answer(5, revision: revision, reason: long)) }
    #expect(judge(stream, pieces: pieces, stations: 5).verdicts == [4, 4, 5])
  }

  @Test func seesWhatIsWrong() throws {
    var stream = try answer(3, revision: 1)
    stream.writeImmutableBuffer(try answer(2, revision: 2))
    stream.writeString("{\"type\":\"error\",\"code\":\"busy\",\"message\":\"No.\"}\n")
    var bent = try answer(3, revision: 1)
    bent.setInteger(UInt8(ascii: "#"), at: bent.writerIndex - 5)
    stream.writeImmutableBuffer(bent)
    stream.writeImmutableBuffer(try answer(1, revision: 9, since: 8))
    stream.writeImmutableBuffer(try answer(3, revision: 1))
    #expect(judge(stream, pieces: 50, stations: 3).verdicts == [1, nil, nil, nil, 9, 1])
  }
}
