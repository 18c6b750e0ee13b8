import LinuxIO
import Synchronization
import Wire

/// The thread that receives: from the sockets through reception and the player's feed into the player. It never waits for
/// the player, and allocates nothing for a packet.
///
/// While a station is tuned in to, it is woken by whatever comes. After that it looks every few milliseconds: the kernel
/// keeps what comes meanwhile, with its time of arrival, and a wake-up costs more than the packets do.
package final class Receiver: Sendable {
  private struct Orders {
    /// Counts changes, so that the thread sees one with a glance.
    var count = 0
    var tuning: Tuning
    var sink: any Sink
    /// Counts stations tuned to, and which of them the player gets.
    var tuned = 0
    var fed = -1
    var stopped = false
    var figures = ReceptionFigures()
    var reply: StreamReply?
    var sinkFault: SystemError?
  }

  private let orders: Mutex<Orders>
  private let bell: WakeUp
  private let thread = Mutex<RealTimeThread?>(nil)

  /// Starts receiving.
  package init(_ tuning: Tuning, sink: any Sink) throws(SystemError) {
    bell = try WakeUp()
    orders = Mutex(Orders(tuning: tuning, sink: sink))
    let started = try RealTimeThread(name: "receiver", priority: nil) { [self] in
      var desk = ReceiverDesk(tuning, sink: sink)
      run(&desk)
    }
    thread.withLock { $0 = started }
  }

  /// Receives another station. The former one goes on at the player until the new one has a random access point to begin
  /// with. A new sink gets the stream from there; without one the former sink goes on, its timeline unbroken.
  package func tune(_ tuning: Tuning, sink: (any Sink)? = nil) {
    change {
      $0.tuning = tuning
      $0.tuned += 1
      $0.figures = ReceptionFigures()
      $0.reply = nil
      if let sink {
        $0.sink = sink
        $0.sinkFault = nil
      }
    }
  }

  /// Receives the station from more sources; those that were there go on.
  package func add(_ sources: [Tuning.Source]) {
    change { orders in orders.tuning.sources += sources.filter { !orders.tuning.sources.contains($0) } }
  }

  /// Leaves the group and ends the thread; returns when that is done.
  package func stop() {
    change { $0.stopped = true }
    thread.withLock { $0.take() }?.join()
  }

  /// How the station goes that was tuned to last.
  package var figures: ReceptionFigures { orders.withLock(\.figures) }

  /// What a server said first of the station that was tuned to last: where reception begins, and what was on; nil before.
  package var reply: StreamReply? { orders.withLock(\.reply) }

  /// Whether the player gets the station that was tuned to last, no more the one before.
  package var isFeeding: Bool { orders.withLock { $0.fed == $0.tuned } }

  /// Why the player or file takes nothing any more; EPIPE when it was closed.
  package var sinkFault: SystemError? { orders.withLock(\.sinkFault) }

  private func change(_ body: (inout Orders) -> Void) {
    orders.withLock {
      body(&$0)
      $0.count += 1
    }
    bell.ring()
  }

  private func run(_ desk: inout ReceiverDesk) {
    var polls = PollSet(capacity: 16)
    var seen = 0
    while true {
      let (count, tuned, stopped) = orders.withLock { ($0.count, $0.tuned, $0.stopped) }
      if stopped { return desk.finish() }
      if count != seen {
        seen = count
        let (tuning, sink) = orders.withLock { ($0.tuning, $0.sink) }
        desk.take(tuning, sink: sink, tuned: tuned, now: SteadyClock.now)
      }
      desk.turn(now: SteadyClock.now)
      let (figures, reply, fed, fault) = (desk.figures, desk.reply, desk.fed, desk.sinkFault)
      orders.withLock {
        guard $0.count == seen else { return }
        $0.figures = figures
        $0.reply = reply
        $0.fed = fed
        $0.sinkFault = fault
      }
      polls.removeAll()
      polls.add(bell.descriptor)
      let date = desk.watch(&polls, now: SteadyClock.now)
      polls.wait(until: date)
      bell.clear()
    }
  }
}
