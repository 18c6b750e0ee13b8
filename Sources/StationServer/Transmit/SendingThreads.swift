import LinuxIO
import Playout
import Synchronization

/// The sending threads of this process, each with its share of the stations.
final class SendingThreads: Sendable {
  /// Ahead of all ordinary threads, behind the kernel's own.
  private static let priority: Int32 = 50

  /// Whether the kernel granted all of them a real-time priority.
  let isRealTime: Bool
  private let mailboxes: [Mailbox]

  /// - Parameter onLeft: called on the last of the threads when all have left the air, as the terms ask.
  init(count: Int, terms: AirTerms, onLeft: @escaping @Sendable () -> Void) throws(SystemError) {
    mailboxes = (0..<count).map { _ in Mailbox() }
    terms.threads.store(count, ordering: .relaxed)
    var areRealTime = true
    for (index, mailbox) in mailboxes.enumerated() {
      do {
        let thread = try RealTimeThread(name: "transmitter \(index)", priority: Self.priority) {
          Transmitter(terms: terms, mailbox: mailbox, keepsClock: index == 0).run()
          if terms.threads.subtract(1, ordering: .relaxed).newValue == 0 { onLeft() }
        }
        if !thread.isRealTime { areRealTime = false }
      } catch {
        // Those that run leave, and with them the process: whoever wanted it starts another.
        terms.end.store(0, ordering: .relaxed)
        if terms.threads.subtract(count - index, ordering: .relaxed).newValue == 0 { onLeft() }
        throw error
      }
    }
    isRealTime = areRealTime
  }

  /// Gives each thread its roster, and a socket of its own if there is a new way; returns when all are in use.
  ///
  /// - Throws: when a socket cannot be made.
  func carryOut(_ rosters: consuming [AirRoster<Station>], way: PlannedAir.Way?) throws(SystemError) {
    // Each leaves its place here before it is posted: where two hold it, the sending thread would have to copy it.
    var rest = rosters
    for mailbox in mailboxes.reversed() {
      guard let roster = rest.popLast() else { break }
      mailbox.post(AirOrder(roster: roster, sender: try way?.open()))
    }
    for mailbox in mailboxes { mailbox.waitUntilTaken() }
  }
}
