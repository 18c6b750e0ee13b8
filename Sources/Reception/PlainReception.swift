import LinuxIO
import TransportStream
import Wire

/// One station's way from datagrams to the player's queue: RTP off, in order, from a random access point on. No I/O.
struct PlainReception: ~Copyable {
  private(set) var figures = ReceptionFigures()

  private let isRTP: Bool
  private let droppedBefore: UInt64
  private let ssrc: UInt32
  private var reorder = ReorderBuffer()
  private var splice: Splice

  /// - Parameter droppedBefore: what the queue has dropped already.
  init(_ tuning: Tuning, droppedBefore: UInt64 = 0) {
    self.droppedBefore = droppedBefore
    isRTP = tuning.station.encapsulation != .udp
    ssrc = tuning.ssrc
    splice = Splice(pmt: tuning.pmt, access: tuning.accessPID, isRadio: tuning.video == nil)
  }

  /// Takes a datagram as it came from the network.
  mutating func accept(
    _ datagram: Span<UInt8>, now: Int64, stamp: inout ContinuityStamp, into queue: inout DatagramQueue
  ) {
    guard isRTP else {
      guard isTransportStream(datagram, 0..<datagram.count) else { return }
      figures.received += 1
      note(datagram.count, now)
      splice.accept(datagram, stamp: &stamp, into: &queue)
      update(queue)
      return
    }
    guard let (header, payload) = RTPHeader.parse(datagram), header.ssrc == ssrc,
      header.payloadType == RTPHeader.mpegTS
    else {
      figures.foreign += 1
      return
    }
    guard isTransportStream(datagram, payload) else { return }
    note(payload.count, now)
    reorder.accept(header.sequenceNumber, datagram.extracting(payload), now: now) {
      splice.accept($0, stamp: &stamp, into: &queue)
    }
    update(queue)
  }

  /// Lets time pass: what has been missing for too long is lost.
  mutating func tick(now: Int64, stamp: inout ContinuityStamp, into queue: inout DatagramQueue) {
    reorder.expire(now: now) { splice.accept($0, stamp: &stamp, into: &queue) }
    update(queue)
  }

  /// Ends each stream with its present PES packet.
  mutating func close() { splice.close() }

  /// Whether all streams have ended after ``close()``.
  var isClosed: Bool { splice.isClosed }

  private mutating func isTransportStream(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    if !range.isEmpty, range.count % TSPacket.size == 0, range.count <= DatagramQueue.slotSize,
      bytes[range.lowerBound] == TSPacket.syncByte
    {
      return true
    }
    figures.foreign += 1
    return false
  }

  private mutating func note(_ count: Int, _ now: Int64) {
    figures.bytes += UInt64(count)
    figures.lastArrival = now
  }

  private mutating func update(_ queue: borrowing DatagramQueue) {
    if isRTP {
      (figures.received, figures.lost, figures.duplicates) = (reorder.received, reorder.lost, reorder.duplicates)
    }
    figures.dropped = queue.dropped - droppedBefore
    figures.isPlaying = splice.isOpen
  }
}
