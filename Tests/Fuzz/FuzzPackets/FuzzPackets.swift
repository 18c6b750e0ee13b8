import TransportStream

/// libFuzzer's way in: everything that reads packets reads these bytes, as a receiver would and at every offset.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPackets(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  readPackets(unsafe Span(_unsafeStart: start, count: count))
  return 0
}

private func readPackets(_ bytes: Span<UInt8>) {
  for offset in -1...bytes.count { readOne(bytes, at: offset) }

  // On the air, each datagram comes 10 ms after the one before, except when its first byte is odd.
  var checker = StreamChecker()
  var (offset, arrival) = (0, Ticks.zero)
  while offset < bytes.count {
    let end = min(offset + TSPacket.size * (1 + Int(bytes[offset] & 7)), bytes.count)
    checker.check(bytes.extracting(offset..<end), arrival: arrival)
    arrival += bytes[offset] & 1 == 0 ? .milliseconds(10) : .milliseconds(-3)
    offset = end
  }
  let report = checker.report()
  precondition(report.packets == 0 || !report.faults.isEmpty || report.seconds > 0, "no clock, and no complaint")
}

private func readOne(_ bytes: Span<UInt8>, at offset: Int) {
  guard let packet = TSPacket(bytes, at: offset) else { return }
  precondition(packet.pid <= PID.null && packet.continuityCounter < 16)
  precondition((4...TSPacket.size).contains(packet.payloadOffset))
  if let place = packet.pcrOffset { precondition(ClockReference.read(bytes, at: offset + place) == packet.pcr) }
  if let header = PESHeader(bytes, at: offset + packet.payloadOffset, end: offset + TSPacket.size) {
    precondition(header.dts == nil || header.pts != nil)
    precondition((header.pts ?? 0) < UInt64(TimeStamp.modulus) && (header.dts ?? 0) < UInt64(TimeStamp.modulus))
  }
  guard let section = Section(packet: bytes, at: offset) else { return }
  _ = ProgramAssociation.programs(in: section)
  _ = ProgramMap(section)
  _ = ServiceDescription.service(in: section)
  // A section that was read can be written, and is then the same.
  if let copy = section.packet(pid: packet.pid) { precondition(Section(packet: copy.span) == section) }
}
