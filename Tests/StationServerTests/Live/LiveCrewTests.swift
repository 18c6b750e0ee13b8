import FoundationEssentials
import Glibc
import LinuxIO
import Logging
import Playout
import Synchronization
import SyntheticTape
import Tape
import Testing
import TransportStream

@testable import StationServer

/// A crew whose recorders are shell scripts: the one that can make the directory "lock" is on duty.
private final class CrewLab: Sendable {
  let directory: TemporaryDirectory
  let reports = Mutex<[LiveReport]>([])
  let crew: Mutex<LiveCrew?> = Mutex(nil)

  /// Says that it stands by, waits for the lock, says that it is on duty, and obeys. Its log has a line for each event.
  static let script = #"""
    log() { echo "$1 $$" >> "$D/log"; }
    echo "$*" >> "$D/arguments"
    read -r source
    echo "$source" >> "$D/sources"
    log began
    echo '{"isOnDuty":false,"showsSource":false,"hasLeft":false}'
    exec 9>"$D/lock"
    flock 9
    log duty
    echo '{"isOnDuty":true,"showsSource":true,"hasLeft":false}'
    while read -r order; do
      echo "$order" >> "$D/orders"
      case $order in
      *leave*) echo '{"isOnDuty":true,"showsSource":false,"hasLeft":true}'; log left; exit 0 ;;
      *yield*) log yielded; exit 0 ;;
      esac
    done
    """#

  init(_ script: String = CrewLab.script) throws {
    directory = try TemporaryDirectory()
    try Scratch.write("D=\(directory.path)\n" + script, to: directory.path("script"))
  }

  /// From a date on that never comes: nobody misses the ring.
  func duty(_ source: LiveSource = .testCard(.init()), from: Ticks = .seconds(1 << 31)) -> LiveDuty {
    LiveDuty(
      station: 4, label: "station 4", name: "Four", source: source, ring: directory.path("ring"),
      format: StationTapes.standardFormat, base: AirCounts(), from: from, isAfterTape: false, seconds: 10)
  }

  func start(_ duty: LiveDuty, clock: AirTime = AirTime(offset: 0)) -> Task<Void, Never> {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    // The shell is the recorder, and the script comes before its arguments.
    let recorder = LiveRecorder(executable: "/bin/bash", leading: [directory.path("script")])
    let crew = LiveCrew(duty, recorder: recorder, clock: clock, logger: logger) { [self] _, report in
      reports.withLock { $0.append(report) }
    }
    self.crew.withLock { $0 = crew }
    return Task { await crew.run() }
  }

  func lines(_ file: String) -> [String] {
    ((try? String(contentsOfFile: directory.path(file), encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
  }

  func events(_ kind: String) -> [String] { lines("log").filter { $0.hasPrefix(kind) } }

  /// The process ids in the events of a kind.
  func processes(_ kind: String) -> [Int32] { events(kind).compactMap { Int32($0.split(separator: " ")[1]) } }

  func wait(_ what: String, _ condition: () async -> Bool) async throws {
    for _ in 0..<2_000 {
      if await condition() { return }
      try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("never: \(what); \(lines("log"))")
  }
}

@Suite(.timeLimit(.minutes(1))) struct LiveCrewTests {
  @Test func oneIsOnDutyAndOneStandsByUntilTheEnd() async throws {
    let lab = try CrewLab()
    let task = lab.start(lab.duty())
    try await lab.wait("two recorders") { lab.events("began").count == 2 && lab.events("duty").count == 1 }
    try await lab.wait("a report") { lab.reports.withLock { $0.contains { $0.isOnDuty } } }
    task.cancel()
    await task.value
    #expect(lab.processes("began").allSatisfy { kill($0, 0) < 0 }, "none is left over")
    #expect(lab.events("began").count == 2)
  }

  @Test func whenTheOneOnDutyIsKilledTheOtherGoesOnAndAThirdStandsBy() async throws {
    let lab = try CrewLab()
    let task = lab.start(lab.duty())
    for round in 1...4 {
      try await lab.wait("round \(round)") {
        lab.events("duty").count == round && lab.events("began").count == round + 1
      }
      try kill(#require(lab.processes("duty").last), SIGKILL)
    }
    try await lab.wait("the last one's pause") { lab.lines("arguments").contains { $0.contains("--hold 0.25") } }
    #expect(!lab.lines("arguments")[0].contains("--hold"))
    task.cancel()
    await task.value
  }

  @Test func anotherSourceComesWithARecorderThatIsReady() async throws {
    let lab = try CrewLab()
    let task = lab.start(lab.duty())
    try await lab.wait("two") { lab.events("began").count == 2 && lab.events("duty").count == 1 }
    // The crew has heard of it, too: else it would be ended as one that does nothing yet.
    try await lab.wait("a report") { lab.reports.withLock { $0.contains { $0.isOnDuty } } }
    let first = try #require(lab.processes("duty").first)
    let feed = LiveSource.stream(.init(url: "rtsp://user:secret@camera.example/live"))
    await lab.crew.withLock(\.self)?.change(to: lab.duty(feed))
    try await lab.wait("the other one") { lab.events("duty").count == 2 }
    #expect(lab.processes("yielded") == [first])
    try await lab.wait("a fourth") { lab.events("began").count == 4 }
    try await Task.sleep(for: .milliseconds(300))
    #expect(lab.events("began").count == 4, "two are enough")
    #expect(lab.lines("sources").map { $0.contains("camera.example") } == [false, false, true, true])
    // What anybody can see in a list of processes.
    #expect(lab.lines("arguments").allSatisfy { !$0.contains("secret") && !$0.contains("camera.example") })
    task.cancel()
    await task.value
  }

  @Test func leavesWhenToldAndEnds() async throws {
    let lab = try CrewLab()
    let task = lab.start(lab.duty())
    try await lab.wait("two") { lab.events("began").count == 2 && lab.events("duty").count == 1 }
    await lab.crew.withLock(\.self)?.leave(at: .seconds(7))
    await task.value
    #expect(lab.reports.withLock { $0.last?.hasLeft } == true)
    #expect(lab.lines("orders").first == #"{"leave":189000000}"#)
    #expect(lab.processes("began").allSatisfy { kill($0, 0) < 0 })
    #expect(lab.events("began").count == 2)
  }

  /// Killed before it is done: the one that stood by does what is left to do.
  @Test func leavesEvenIfTheOneOnDutyDies() async throws {
    let deaf = CrewLab.script.replacing(
      "log duty\n", with: "mkdir $D/first && { log duty; exec sleep 100; }\nlog duty\n")
    let lab = try CrewLab(deaf)
    let task = lab.start(lab.duty())
    try await lab.wait("two") { lab.events("began").count == 2 && lab.events("duty").count == 1 }
    await lab.crew.withLock(\.self)?.leave(at: .seconds(7))
    try kill(#require(lab.processes("duty").first), SIGKILL)
    await task.value
    #expect(lab.reports.withLock { $0.last?.hasLeft } == true)
  }

  @Test func passesTheAirsTimeOn() async throws {
    let lab = try CrewLab()
    let clock = AirTime(offset: 5_000_000)
    let task = lab.start(lab.duty(), clock: clock)
    try await lab.wait("two") { lab.events("duty").count == 1 }
    #expect(lab.lines("arguments")[0].contains("--clock-offset 5000000"))
    clock.transmitterOffset = 5_100_000
    try await lab.wait("an order") { lab.lines("orders") == [#"{"clockOffset":5100000}"#] }
    task.cancel()
    await task.value
  }

  /// A recorder that cannot even begin is not started in circles.
  @Test func waitsBeforeItStartsWhatDoesNotBegin() async throws {
    let lab = try CrewLab("echo x >> $D/log; exit 64")
    let task = lab.start(lab.duty())
    try await Task.sleep(for: .milliseconds(700))
    task.cancel()
    await task.value
    #expect((2...8).contains(lab.lines("log").count))
  }

  /// Nor is one that dies just after it has said that it stands by; and the one on duty does not notice.
  @Test func waitsBeforeItReplacesWhatCannotStandBy() async throws {
    let frail = CrewLab.script.replacing("flock 9", with: "flock -n 9 || exit 70")
    let lab = try CrewLab(frail)
    let task = lab.start(lab.duty())
    try await Task.sleep(for: .milliseconds(1_000))
    #expect((2...8).contains(lab.events("began").count))
    #expect(lab.events("duty").count == 1)
    task.cancel()
    await task.value
  }

  /// Another source whose recorders do not even begin: the station keeps both that it has.
  @Test func keepsItsRecordersUntilOneWithTheOtherSourceStandsBy() async throws {
    let picky = CrewLab.script.replacing(
      "log began", with: "case \"$source\" in *camera.example*) echo x >> $D/refused; exit 64 ;; esac\nlog began")
    let lab = try CrewLab(picky)
    let task = lab.start(lab.duty())
    try await lab.wait("two") { lab.events("began").count == 2 && lab.events("duty").count == 1 }
    await lab.crew.withLock(\.self)?.change(to: lab.duty(.stream(.init(url: "rtsp://camera.example/live"))))
    try await lab.wait("refusals") { lab.lines("refused").count == 2 }
    #expect(lab.processes("began").allSatisfy { kill($0, 0) == 0 })
    try kill(#require(lab.processes("duty").first), SIGKILL)
    try await lab.wait("the one that stood by") { lab.events("duty").count == 2 }
    task.cancel()
    await task.value
  }

  /// Each is told by itself, whatever the other one was told when it began.
  @Test func passesTheAirsTimeOnToBoth() async throws {
    let lab = try CrewLab()
    let clock = AirTime(offset: 5_000_000)
    let task = lab.start(lab.duty(), clock: clock)
    try await lab.wait("two") { lab.events("duty").count == 1 && lab.events("began").count == 2 }
    clock.transmitterOffset = 5_100_000
    let other = try #require(Set(lab.processes("began")).subtracting(lab.processes("duty")).first)
    kill(other, SIGKILL)  // its successor knows the new time; the one on duty has to be told all the same
    try await lab.wait("an order") { lab.lines("orders") == [#"{"clockOffset":5100000}"#] }
    task.cancel()
    await task.value
  }

  /// One that is on duty and writes nothing holds the lock for ever.
  @Test func endsARecorderThatHangs() async throws {
    let lab = try CrewLab()
    let task = lab.start(lab.duty(from: .seconds(1)))  // the ring never comes
    try await lab.wait("another one on duty") { lab.events("duty").count >= 2 }
    task.cancel()
    await task.value
  }
}
