import LibAV
import LinuxIO
import Synchronization
import Tape

/// A transport stream that comes in datagrams, bare (udp:) or in RTP (rtp:; RFC 2250, payload type 33): to a multicast
/// group, or to this machine.
///
/// The socket is our own, not libav's: nothing is ever sent from it (libav answers RTP with receiver reports, to the group
/// as well, by whatever interface the routing table names), and what RTP has brought out of order is put in order again.
final class DatagramFeed: FeedBytes {
  private var receiver: MulticastReceiver
  private var order = RTPOrder()
  /// Transport stream packets that libav has not taken yet, from `taken` on.
  private var ready: [UInt8] = []
  private var taken = 0

  /// Since when nothing but foreign datagrams has come: nanoseconds.
  private var foreignSince: Int64?
  /// All that has come for a while is something else than a transport stream: it ends for that.
  private(set) var isForeign = false
  /// When transport stream packets came last, steady nanoseconds.
  private(set) var heardAt: Int64?

  /// So long only foreign datagrams may come, nanoseconds: less than nothing at all may.
  private static let tolerance: Int64 = 1_500_000_000
  /// Half a second of 60 Mb/s: more than libav is ever busy for.
  private static let receiveBuffer = 4 << 20
  /// How long one `read` waits, milliseconds.
  private static let patience = 20

  init(_ url: FeedURL) throws(RecorderError) {
    do {
      let place = try url.options["localaddr"].map { name throws(SystemError) in try NetworkInterface(name) }
      if url.isMulticast {
        receiver = try MulticastReceiver(
          group: url.host, port: url.port, interface: place, receiveBuffer: DatagramFeed.receiveBuffer)
      } else {
        let address = url.host.isEmpty ? place?.address ?? "0.0.0.0" : url.host
        receiver = try MulticastReceiver(
          unicast: address, port: url.port, receiveBuffer: DatagramFeed.receiveBuffer)
      }
    } catch {
      throw RecorderError(.inputOutput, "\(url.shown): \(error)")
    }
  }

  func read(into bytes: inout MutableSpan<UInt8>) -> Int? {
    if taken == ready.count {
      ready.removeAll(keepingCapacity: true)
      taken = 0
      let foreign = order.foreign
      do {
        _ = try receiver.receive(timeoutMilliseconds: DatagramFeed.patience) { datagram, _ in
          order.take(datagram, at: SteadyClock.now, into: &ready)
        }
      } catch {
        return nil
      }
      let now = SteadyClock.now
      if ready.isEmpty { order.giveUpWaiting(at: now, into: &ready) }
      if !ready.isEmpty {
        (heardAt, foreignSince) = (now, nil)
      } else if order.foreign > foreign {
        let since = foreignSince ?? now
        foreignSince = since
        isForeign = now - since > DatagramFeed.tolerance
      }
    }
    if isForeign { return nil }
    let count = min(bytes.count, ready.count - taken)
    for index in 0..<count { bytes[index] = ready[taken + index] }
    taken += count
    return count
  }
}
