import TransportStream
import Wire

extension StationReception {
  /// Takes what multicast brought.
  ///
  /// - Parameters:
  ///   - source: which of the tuning's sources.
  ///   - arrival: when the kernel had it, in Unix nanoseconds; 0 where that is not known.
  mutating func datagram(_ bytes: Span<UInt8>, by source: Int, arrival: Int64, now: Int64) {
    self.now = max(self.now, now)
    guard isLive, sources.indices.contains(source) else { return }
    if isBare { return bare(bytes, by: source, arrival: arrival) }
    guard let (header, payload) = RTPHeader.parse(bytes), header.ssrc == tuning.ssrc,
      header.payloadType == RTPHeader.mpegTS, isTransportStream(bytes, payload)
    else {
      account(foreign: 1)
      return
    }
    let packets = bytes.extracting(payload)
    if mode == .waiting {
      guard mayBeginAlone, isConfirmed(header, source) else { return }
      sources[source].doubt = nil
      beginAlone(header, source, arrival: arrival)
    }
    guard let number = number(header, by: source, arrival: arrival) else { return }
    guard agrees(source, number, header.timestamp) else { return }
    arrive(number, header.timestamp, packets, by: source, arrival: arrival)
  }

  /// Takes an RTP packet that came over a stream connection.
  mutating func frame(_ packet: Span<UInt8>, by source: Int, now: Int64) {
    self.now = max(self.now, now)
    guard mode != .waiting, sources.indices.contains(source), sources[source].isOpen else { return }
    let parsed = RTPHeader.parse(packet)
    if isBare, let (header, payload) = parsed, header.payloadType == MarkFrame.payloadType {
      return marks(packet.extracting(payload), by: source)
    }
    // What was counted has other numbers.
    guard isAnchored, !bare.isCounting else { return }
    guard let (header, payload) = parsed, header.payloadType == RTPHeader.mpegTS, isTransportStream(packet, payload)
    else {
      account(foreign: 1)
      return
    }
    plan.hear(now: self.now)
    // What is asked for lies in the window or a little beyond; so all 16 bits of the number tell are put around it.
    let base = window.next - 16384
    let number = base + Int64(header.sequenceNumber &- UInt16(truncatingIfNeeded: base))
    guard agrees(source, number, header.timestamp) else { return }
    sources[source].heard = self.now
    if source == carrier { handOvers = 0 }
    let end = window.end
    let verdict = window.put(
      number, timestamp: header.timestamp, origin: ReceiveWindow.stream, packet.extracting(payload))
    switch verdict {
    case .new: account(number, bytes: payload.count, byStream: true)
    case .beyond: isOverrun = true
    case .differs: disagree(source)
    case .again, .duplicate: sources[source].disagreements = 0
    default: break
    }
    if sources[source].isFollowing, verdict != .beyond, number >= sources[source].position {
      sources[source].position = number + 1
    }
    if number > edge { note(edge: number, header.timestamp) }
    if number > told.number { told = (number, header.timestamp, self.now) }
    clock.reach(header.timestamp, now: self.now)
    if verdict == .new, number > end, mode == .multicast { plan.miss(end, number, now: self.now) }
    if verdict == .new { lookAtHead() }
    comeBack()
  }

  /// Whole transport packets, at most seven (RFC 2250, section 2).
  func isTransportStream(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    !range.isEmpty && range.count % TSPacket.size == 0 && range.count <= ReceiveWindow.slotSize
      && bytes[range.lowerBound] == TSPacket.syncByte
  }

  /// Puts a datagram that multicast brought in its place.
  mutating func arrive(
    _ number: Int64, _ timestamp: UInt32, _ packets: Span<UInt8>, by source: Int, arrival: Int64?
  ) {
    let isBehind = number < sources[source].newest
    if now - run.last > silence { comesBack() }
    var end = window.end
    var verdict = window.put(number, timestamp: timestamp, origin: min(source, ReceiveWindow.stream - 1), packets)
    // In stream mode, and no stream to be had for as long as multicast is back.
    let isOrphaned = mode == .stream && carrying(0) == nil && now >= awaited
    if verdict == .beyond, mode == .multicast || isOrphaned, window.contiguous == window.next {
      // What is missing at the head is more than can be held: over the stream, all of it; without one, on from here.
      if mode == .multicast, isAnchored, hasServer, isMadeUpFor(timestamp) {
        follow()
        comesBack()
      } else {
        giveUp(to: window.held > 0 ? max(window.firstHeld, number + 1 - Int64(window.capacity)) : number)
        end = window.end
        verdict = window.put(number, timestamp: timestamp, origin: min(source, ReceiveWindow.stream - 1), packets)
      }
    }
    account(verdict, isBehind: isBehind)
    if let arrival { arrived(timestamp, packets, at: arrival, isNew: verdict == .new || verdict == .again) }
    switch verdict {
    case .differs:
      disagree(source)
      return
    case .refused, .past: return
    default: break
    }
    sources[source].disagreements = 0
    sources[source].lastArrival = now
    sources[source].newest = max(sources[source].newest, number)
    if number > edge { note(edge: number, timestamp) }
    run.note(number, now: now, pause: silence)
    accountBehind(number)
    if verdict == .new {
      account(number, bytes: packets.count, byStream: false)
      if number > end, mode == .multicast { plan.miss(end, number, now: now) }
      lookAtHead()
    }
    comeBack()
  }

  /// Whether what is missing before a datagram is little enough to be made up for.
  private func isMadeUpFor(_ timestamp: UInt32) -> Bool {
    Int64(Int32(bitPattern: timestamp &- UInt32(truncatingIfNeeded: lastDate))) * 100_000 / 9 <= makeUp
  }

  // MARK: several sources

  /// Whether a source sends the same datagrams as the others, as far as can be judged.
  mutating func agrees(_ source: Int, _ number: Int64, _ timestamp: UInt32) -> Bool {
    if sources[source].agrees { return true }
    if let known = bare.board.mark(of: number)?.timestamp ?? window.timestamp(of: number) {
      guard known == timestamp else {
        account(foreign: 1)
        disagree(source)
        return false
      }
      sources[source].agrees = true
      sources[source].disagreements = 0
      account(source, isOutOfStep: false)
      // What its stream brought before could not be judged, and was not taken.
      isOverrun = isOverrun || (mode == .stream && source == carrier && sources[source].isFollowing)
      return true
    }
    // Nobody to compare it with: it is the only one that is left.
    for index in sources.indices where index != source && sources[index].agrees {
      if now - sources[index].lastArrival < silence || sources[index].isOpen { return false }
    }
    sources[source].agrees = true
    sources[source].disagreements = 0
    account(source, isOutOfStep: false)
    return true
  }

  mutating func disagree(_ source: Int) {
    guard sources.count > 1 else { return }
    sources[source].disagreements += 1
    guard sources[source].isOutOfStep else { return }
    sources[source].agrees = false
    account(source, isOutOfStep: true)
    // What it brings is not taken any more.
    if mode == .stream, source == carrier, let other = carrying(0), other != source { follow() }
  }
}
