import LinuxIO
import Synchronization

/// Something that takes a transport stream through a descriptor: a player's pipe, a file.
package protocol Sink: AnyObject, Sendable {
  var number: Int32 { get }
}

extension ChildProcess: Sink {
  package var number: Int32 { input.number }
}

/// A file, a pipe or standard output that the stream is written to.
package final class FileSink: Sink {
  private let descriptor: Descriptor

  package init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  package var number: Int32 { descriptor.number }
}

/// The thread that receives: from the multicast socket through a ``Reception`` into the player. It never waits for the
/// player, and allocates nothing for a packet.
package final class Receiver: Sendable {
  private struct Orders {
    /// Counts changes, so that the thread sees one with a glance.
    var count = 0
    var tuning: Tuning
    var sink: any Sink
    var stopped = false
    var figures = ReceptionFigures()
    var sinkFault: SystemError?
  }

  private let orders: Mutex<Orders>
  private let thread = Mutex<RealTimeThread?>(nil)
  /// Bytes that the kernel should hold for us: two seconds at 16 Mb/s.
  private static let receiveBuffer = 4 << 20

  /// How long a station that is left may take to finish its picture and its sound, in nanoseconds.
  private static let farewell: Int64 = 150_000_000

  /// Starts receiving.
  package init(_ tuning: Tuning, sink: any Sink) throws(SystemError) {
    orders = Mutex(Orders(tuning: tuning, sink: sink))
    let started = try RealTimeThread(name: "receiver", priority: nil) { [self] in run() }
    thread.withLock { $0 = started }
  }

  /// Leaves the station and receives another, from its next random access point on. A new sink gets the stream from
  /// there; without one the former sink goes on, its continuity counters unbroken.
  package func tune(_ tuning: Tuning, sink: (any Sink)? = nil) {
    orders.withLock {
      $0.tuning = tuning
      $0.figures = ReceptionFigures()
      if let sink {
        $0.sink = sink
        $0.sinkFault = nil
      }
      $0.count += 1
    }
  }

  /// Leaves the group and ends the thread; returns when that is done.
  package func stop() {
    orders.withLock {
      $0.stopped = true
      $0.count += 1
    }
    thread.withLock { $0.take() }?.join()
  }

  package var figures: ReceptionFigures { orders.withLock(\.figures) }

  /// Why the player or file takes nothing any more; EPIPE when it was closed.
  package var sinkFault: SystemError? { orders.withLock(\.sinkFault) }

  private func run() {
    var stamp = ContinuityStamp()
    var queue = DatagramQueue()
    var player: (any Sink)?
    while true {
      let (order, tuning, sink, stopped) = orders.withLock { ($0.count, $0.tuning, $0.sink, $0.stopped) }
      if stopped { return }
      if player !== sink {
        if player != nil { queue.clear() }
        player = sink
        stamp = ContinuityStamp()
      }
      stamp.splice()
      do {
        try receive(tuning, order, &stamp, &queue, sink)
      } catch {
        orders.withLock { if $0.count == order { $0.figures.fault = error } }
        // An interface may come back; a new order ends the wait.
        for _ in 0..<50 where isCurrent(order) { SteadyClock.sleep(until: SteadyClock.now + 20_000_000) }
      }
    }
  }

  /// Receives one station until there is another order; throws when its socket fails.
  private func receive(
    _ tuning: Tuning, _ order: Int, _ stamp: inout ContinuityStamp, _ queue: inout DatagramQueue, _ sink: any Sink
  ) throws(SystemError) {
    guard let source = tuning.sources.first else { return }
    var socket = try MulticastReceiver(
      group: source.group, port: UInt16(clamping: source.port), interface: source.interface,
      receiveBuffer: Self.receiveBuffer)
    var reception = PlainReception(tuning, droppedBefore: queue.dropped)
    let descriptor = sink.number
    var sinkFault: SystemError?
    var deadline: Int64?
    while true {
      if deadline == nil, !isCurrent(order) {
        reception.close()
        deadline = SteadyClock.now + Self.farewell
      }
      if let deadline, sinkFault != nil || reception.isClosed || SteadyClock.now > deadline { return }
      _ = try socket.receive(timeoutMilliseconds: queue.count > 0 ? 5 : 20) { datagram, _ in
        reception.accept(datagram, now: SteadyClock.now, stamp: &stamp, into: &queue)
      }
      reception.tick(now: SteadyClock.now, stamp: &stamp, into: &queue)
      if sinkFault == nil {
        do throws(SystemError) {
          try queue.drain { bytes throws(SystemError) in
            try DescriptorIO.write(bytes, to: descriptor, timeoutMilliseconds: 0)
          }
        } catch {
          sinkFault = error
        }
      }
      let figures = reception.figures
      orders.withLock {
        guard $0.count == order else { return }
        $0.figures = figures
        $0.sinkFault = sinkFault
      }
    }
  }

  private func isCurrent(_ order: Int) -> Bool { orders.withLock { $0.count == order } }
}
