import NIOCore
import Wire

/// Answers that were parsed whole and found right: others are compared with them.
struct Answers {
  /// A right answer, all its lines.
  struct Known {
    let bytes: ByteBuffer
    let revision: Int?
    /// The revision that it says it goes on from; nil: it has all stations.
    let since: Int?
  }

  /// What is wrong with an answer: it was no list, or not of so many stations.
  struct Wrong: Error {}

  /// How many stations a whole list has.
  let stations: Int
  /// The newest last.
  private var known: [Known] = []
  private(set) var parsed = 0

  init(stations: Int) { self.stations = stations }

  /// The newest right answer: what the next one most likely is.
  var newest: Known? { known.last }

  /// Checks an answer, all its lines.
  mutating func check(_ bytes: ByteBuffer) throws(Wrong) -> Known {
    if let same = known.last(where: { $0.bytes == bytes }) { return same }
    parsed += 1
    var (rest, count, revision, since): (ByteBuffer, Int, Int?, Int?) = (bytes, 0, nil, nil)
    var decoder = MessageDecoder<ServerMessage>()
    while rest.readableBytes > 0 {
      guard case .success(.stations(let page)) = try? decoder.decode(buffer: &rest),
        (page.more == true) == (rest.readableBytes > 0)
      else { throw Wrong() }
      count += page.stations.count
      (revision, since) = (page.revision, page.since)
    }
    guard since == nil ? count == stations : count <= stations else { throw Wrong() }
    let answer = Known(bytes: bytes, revision: revision, since: since)
    known.append(answer)
    if known.count > 8 { known.removeFirst() }
    return answer
  }
}

/// The answers of one connection out of its bytes, as they come in pieces.
struct AnswerReader {
  /// What the answer that is coming most likely is, and how much of it has come.
  private var expected: Answers.Known?
  private var position = 0
  /// The answer that is coming, once it is another than expected.
  private var other: ByteBuffer?
  /// Where in it the line that is coming begins.
  private var lineStart = 0

  /// Takes in what came; `complete` is called for each answer that is complete with it.
  mutating func take(
    _ bytes: inout ByteBuffer, _ answers: inout Answers, _ complete: (Result<Answers.Known, Answers.Wrong>) -> Void
  ) {
    while bytes.readableBytes > 0 {
      if other == nil, position == 0 { expected = answers.newest }
      if other == nil, let expected {
        let count = min(bytes.readableBytes, expected.bytes.readableBytes - position)
        let start = expected.bytes.readerIndex + position
        if bytes.getSlice(at: bytes.readerIndex, length: count) == expected.bytes.getSlice(at: start, length: count) {
          bytes.moveReaderIndex(forwardBy: count)
          position += count
          if position == expected.bytes.readableBytes {
            position = 0
            complete(.success(expected))
          }
          continue
        }
      }
      collect(&bytes)
      if let answer = other, isComplete(answer) {
        (other, position, lineStart) = (nil, 0, 0)
        do throws(Answers.Wrong) {
          complete(.success(try answers.check(answer)))
        } catch {
          complete(.failure(error))
        }
      }
    }
  }

  /// Takes all up to the end of a line.
  private mutating func collect(_ bytes: inout ByteBuffer) {
    let begun = expected.flatMap { $0.bytes.getSlice(at: $0.bytes.readerIndex, length: position) }
    var all = other.take() ?? begun ?? ByteBuffer()
    let view = bytes.readableBytesView
    let end = view.firstIndex(of: 0x0A).map { view.distance(from: view.startIndex, to: $0) + 1 }
    if var piece = bytes.readSlice(length: end ?? bytes.readableBytes) { all.writeBuffer(&piece) }
    other = all
  }

  /// Whether its last line is there, which is the one without `more`; notes where the next one begins if not.
  private mutating func isComplete(_ answer: ByteBuffer) -> Bool {
    guard answer.readableBytesView.last == 0x0A else { return false }
    let more = #"{"more":true,"#
    let isLast = answer.getString(at: lineStart, length: min(more.utf8.count, answer.writerIndex - lineStart)) != more
    lineStart = answer.writerIndex
    return isLast
  }
}
