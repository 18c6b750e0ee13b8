import TransportStream

/// Which pieces of a tape are in memory, so that whoever sends them never waits for a disk. It belongs to one thread, which
/// may wait; that thread says in turn what is wanted soon, and the rest is let go.
///
/// Nothing that is wanted by anybody is let go, so any number of stations may play the same tape at different places.
package struct TapePieces: Sendable {
  /// Datagrams in a piece: 256 of 1,316 bytes are 329 KiB, more than half a second of a 4.4 Mb/s station.
  package static let size = 256

  private struct Piece {
    /// The last round in which somebody wanted it.
    var round: Int
    var isHeld: Bool
  }

  private let tape: Tape
  private var pieces: [Int: Piece] = [:]
  private var round = 0

  /// Nothing of `tape` is wanted yet.
  package init(_ tape: Tape) { self.tape = tape }

  /// Whether nobody wants anything of it.
  package var isEmpty: Bool { pieces.isEmpty }

  /// Bytes of the tape's packets in memory for somebody's sake.
  package var heldBytes: Int { pieces.reduce(0) { $0 + ($1.value.isHeld ? span(of: $1.key).packets.count : 0) } }

  /// Says that these datagrams are sent soon.
  ///
  /// - Returns: the first of them that cannot be read yet without a wait; nil when all can.
  package mutating func want(_ datagrams: Range<Int>) -> Int? {
    guard !datagrams.isEmpty else { return nil }
    var missing: Int?
    for number in datagrams.lowerBound / Self.size...(datagrams.upperBound - 1) / Self.size {
      if !hold(number), missing == nil { missing = max(datagrams.lowerBound, number * Self.size) }
    }
    return missing
  }

  private mutating func hold(_ number: Int) -> Bool {
    if let known = pieces[number], known.round == round || known.isHeld {
      pieces[number]?.round = round
      return known.isHeld
    }
    let isHeld = bring(number)
    pieces[number] = Piece(round: round, isHeld: isHeld)
    return isHeld
  }

  /// Asks the kernel for a piece; whether it is in memory already.
  private func bring(_ number: Int) -> Bool {
    let (index, packets) = (tape.reader.index, tape.reader.packets)
    let entries = tape.reader.entrySpan(datagrams(of: number))
    index.prefetch(entries)
    // Where the rest lies stands in the index: not to be read before it is there.
    guard index.isCached(entries) else { return false }
    let span = span(of: number)
    index.prefetch(span.patches)
    packets.prefetch(span.packets)
    return index.isCached(span.patches) && packets.isCached(span.packets)
      && index.populate(entries) && index.populate(span.patches) && packets.populate(span.packets)
  }

  /// Ends a round of ``want(_:)``: what nobody wanted since the last one is let go.
  package mutating func endRound() {
    for (number, piece) in pieces where piece.round != round {
      if piece.isHeld {
        let span = span(of: number)
        tape.reader.packets.release(span.packets)
        tape.reader.index.release(span.patches)
        tape.reader.index.release(tape.reader.entrySpan(datagrams(of: number)))
      }
      pieces[number] = nil
    }
    round += 1
  }

  private func datagrams(of number: Int) -> Range<Int> { number * Self.size..<(number + 1) * Self.size }

  private func span(of number: Int) -> (packets: Range<Int>, patches: Range<Int>) {
    tape.reader.span(datagrams(of: number))
  }
}

extension Tape {
  /// Whether these datagrams can be read without a wait for a disk. Asks the kernel for them if not, and for those behind them.
  package func isReadable(_ datagrams: Range<Int>) -> Bool {
    let (index, packets) = (reader.index, reader.packets)
    let more = datagrams.lowerBound..<min(datagrams.upperBound + TapePieces.size, datagramCount)
    guard index.isCached(reader.entrySpan(datagrams)) else {
      index.prefetch(reader.entrySpan(more))
      return false
    }
    let span = reader.span(datagrams)
    if index.isCached(span.patches), packets.isCached(span.packets) { return true }
    let ahead = index.isCached(reader.entrySpan(more)) ? reader.span(more) : span
    index.prefetch(ahead.patches)
    packets.prefetch(ahead.packets)
    return false
  }
}

extension TapeReader {
  /// Where in the index the entries of datagrams stand, the one behind them included.
  fileprivate func entrySpan(_ datagrams: Range<Int>) -> Range<Int> {
    TapeIndex.headerSize + datagrams.lowerBound * TapeIndex.datagramSize..<TapeIndex.headerSize
      + (datagrams.upperBound + 1) * TapeIndex.datagramSize
  }

  /// Where the packets of datagrams stand, and in the index their patch points.
  fileprivate func span(_ datagrams: Range<Int>) -> (packets: Range<Int>, patches: Range<Int>) {
    let (first, end) = (entry(datagrams.lowerBound), entry(datagrams.upperBound))
    func range(_ first: UInt32, _ end: UInt32, _ size: Int, from base: Int) -> Range<Int> {
      base + Int(first) * size..<base + Int(max(first, end)) * size
    }
    return (
      range(first.firstPacket, end.firstPacket, TSPacket.size, from: 0),
      range(first.firstPatch, end.firstPatch, TapeIndex.patchSize, from: patchBase)
    )
  }
}
