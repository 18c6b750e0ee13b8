import Glibc
import LinuxIO
import Synchronization
import Wire

/// The thread that records a station: from the sockets through reception and a ``Recording`` into a file.
package final class RecordingReceiver: Sendable {
  /// How it goes.
  package struct Progress: Sendable {
    package var figures = ReceptionFigures()
    /// What the server said when it began; nil before.
    package var reply: StreamReply?
    /// When the file's first datagram was due: Unix time, 90 kHz; nil while there is none.
    package var start: Int64?
    /// When the file ends: Unix time, 90 kHz; nil while that is not known, or where it just goes on.
    package var end: Int64?
    /// 90 kHz of the programme in the file.
    package var length: Int64 = 0
    /// Bytes of the file.
    package var bytes: UInt64 = 0
    /// The file is complete, or what was to be had of it.
    package var isOver = false
    /// Why nothing can be written any more; EPIPE when the reader has gone.
    package var fault: SystemError?
    /// What the server said last when it refused a stream.
    package var refusal: ServerMessage.ErrorReply?
  }

  private struct Orders {
    var sources: [Tuning.Source]
    var count = 0
    var isFinished = false
    var isStopped = false
    var progress = Progress()
  }

  /// How long streams may take to their end after ``finish()``, in nanoseconds.
  private static let farewell: Int64 = 1_500_000_000
  /// How often it looks at the least, in nanoseconds.
  private static let beat: Int64 = 20_000_000

  private let orders: Mutex<Orders>
  private let bell: WakeUp
  private let thread = Mutex<RealTimeThread?>(nil)

  /// Starts recording.
  package init(_ tuning: Tuning, until end: Recording.End, sink: any Sink) throws(SystemError) {
    bell = try WakeUp()
    orders = Mutex(Orders(sources: tuning.sources))
    let started = try RealTimeThread(name: "recording", priority: nil) { [self] in run(tuning, end, sink) }
    thread.withLock { $0 = started }
  }

  package var progress: Progress { orders.withLock(\.progress) }

  /// Receives from more sources; those that were there go on.
  package func add(_ sources: [Tuning.Source]) {
    change { orders in orders.sources += sources.filter { !orders.sources.contains($0) } }
  }

  /// Ends the file well, and soon.
  package func finish() { change { $0.isFinished = true } }

  /// Ends the thread; returns when that is done.
  package func stop() {
    change { $0.isStopped = true }
    thread.withLock { $0.take() }?.join()
  }

  private func change(_ body: (inout Orders) -> Void) {
    orders.withLock {
      body(&$0)
      $0.count += 1
    }
    bell.ring()
  }

  private func run(_ tuning: Tuning, _ end: Recording.End, _ sink: any Sink) {
    let intake = Intake(tuning, now: SteadyClock.now)
    var recording = Recording(tuning, until: end)
    var polls = PollSet(capacity: 16)
    var fault: SystemError?
    var seen = 0
    var limit: Int64?
    while fault == nil {
      let (count, isFinished, isStopped) = orders.withLock { ($0.count, $0.isFinished, $0.isStopped) }
      if isStopped { return }
      let now = SteadyClock.now
      if count != seen {
        seen = count
        intake.take(orders.withLock(\.sources), now: now)
        if isFinished, limit == nil {
          recording.finish()
          limit = now + Self.farewell
        }
      }
      intake.turn(now: now, spare: 0)
      if case .ago(let seconds) = tuning.start, recording.start == nil, let now = intake.reply?.now {
        recording.count(from: Int64(((now - seconds) * 90_000).rounded()))
      }
      do throws(SystemError) {
        repeat {
          while recording.hasRoom, let head = intake.head { intake.take { recording.accept($0, date: head.date) } }
          try recording.drain { bytes throws(SystemError) in try sink.write(bytes) }
        } while recording.isDrained && intake.head != nil && !recording.isOver
      } catch {
        fault = error
      }
      let isLate = limit.map { now > $0 } == true
      let isOver = recording.isDrained && (recording.isOver || isLate)
      // Who ends a recording that nobody reads need not wait for a reader.
      if isLate, !isOver, (try? sink.isReady()) == false {
        fault = SystemError(operation: "write", subject: "a pipe", code: ENXIO)
      }
      let progress = Progress(
        figures: intake.figures, reply: intake.reply, start: recording.start, end: recording.end,
        length: recording.length, bytes: recording.bytes, isOver: isOver, fault: fault, refusal: intake.refusal)
      orders.withLock { $0.progress = progress }
      if isOver { return }
      polls.removeAll()
      polls.add(bell.descriptor)
      intake.watch(&polls)
      polls.wait(until: max(now, min(intake.wake, now + Self.beat)))
      bell.clear()
    }
  }
}
