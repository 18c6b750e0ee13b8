import AirWatch
import ArgumentParser
import Foundation
import LinuxIO
import Wire

/// Keeps a station's datagrams as they are on the air: what `aircheck compare` holds a tuner's output against.
struct CaptureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture",
    abstract: "Writes a group's RTP packets to a file, each behind its length (RFC 4571).",
    discussion: """
      aircheck capture --interface lo --group 239.255.66.1 --seconds 60 -o air.rtp

      A station without RTP gets headers here, numbered as its datagrams come and dated by their arrival.
      """)

  @Option(help: "The group, with its port if that is not 5004.")
  var group: String

  @Option(help: "The interface to listen on, by name or address.")
  var interface: String = "lo"

  @Option(help: "How the station's packets are wrapped: rtp or udp.")
  var encapsulation: AirWatch.Encapsulation = .rtp

  @Option(help: "How long to listen at the most; SIGTERM or Ctrl-C ends it earlier.")
  var seconds: Double = 60

  @Option(name: .shortAndLong, help: "The file.")
  var output: String

  func run() throws {
    let parts = group.split(separator: ":", maxSplits: 1)
    guard let address = parts.first, let port = parts.count > 1 ? UInt16(parts[1]) : 5004 else {
      throw ValidationError("--group \(group): an IPv4 multicast address is wanted, and a port from 1 to 65535.")
    }
    var receiver = try MulticastReceiver(
      group: String(address), port: port, interface: try NetworkInterface(interface), receiveBuffer: 32 << 20)
    let file = try Descriptor(opening: output, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
    let signals = try CaughtSignals([SIGINT, SIGTERM])
    let end = SteadyClock.now + Int64(seconds * 1e9)
    var frames: [UInt8] = []
    var count: UInt16 = 0
    while SteadyClock.now < end, try signals.wait(timeoutMilliseconds: 0) == nil {
      _ = try receiver.receive(timeoutMilliseconds: 50) { datagram, arrival in
        var header = [UInt8](repeating: 0, count: RTPFrame.headerSize)
        if encapsulation == .udp {
          header += [UInt8](repeating: 0, count: RTPHeader.size)
          var room = header.mutableSpan
          let timestamp = UInt32(truncatingIfNeeded: arrival / 100_000 * 9)
          RTPHeader(sequenceNumber: count, timestamp: timestamp, ssrc: 0).write(
            into: &room, at: RTPFrame.headerSize)
          count &+= 1
        }
        let length = header.count - RTPFrame.headerSize + datagram.count
        var room = header.mutableSpan
        RTPFrame.writeLength(UInt16(length), to: &room, at: 0)
        frames += header
        for index in 0..<datagram.count { frames.append(datagram[index]) }
      }
      if frames.count > 1 << 20 {
        try DescriptorIO.writeAll(frames.span, to: file.number)
        frames.removeAll(keepingCapacity: true)
      }
    }
    try DescriptorIO.writeAll(frames.span, to: file.number)
    guard receiver.kernelDrops == 0 else {
      throw ValidationError("This machine's kernel dropped \(receiver.kernelDrops) datagrams: the capture has gaps.")
    }
  }
}
