import FoundationEssentials
import Glibc
import LinuxIO
import Reception
import Synchronization
import Testing
import Wire

@testable import Tuner

struct SessionTests {
  static let status = SessionStatus(
    pid: 10, state: .playing, server: "127.0.0.1:9966", isConnected: true,
    station: StationSummary(
      number: 2, name: "Radio Quay", state: .onAir, now: Programme(title: "Morning", start: 0, end: 160),
      next: Programme(title: "Noon", start: 160, end: 200), group: "239.255.66.20", port: 5004, encapsulation: .udp,
      bitrate: 64_000, receivers: 1, radio: true),
    interface: "lo", output: "ffplay", playerPid: 11, seconds: 2.5, bitrate: 64_000, received: 100, lost: 3,
    duplicates: 1, foreign: 0, dropped: 0)

  @Test func statusIsStableJSON() {
    let line = StableJSON.line(Self.status)
    #expect(
      line == #"{"bitrate":64000,"dropped":0,"duplicates":1,"foreign":0,"interface":"lo","isConnected":true,"lost":3,"#
        + #""output":"ffplay","pid":10,"playerPid":11,"received":100,"seconds":2.5,"server":"127.0.0.1:9966","#
        + #""state":"playing","station":{"bitrate":64000,"encapsulation":"udp","group":"239.255.66.20","#
        + #""name":"Radio Quay","next":{"end":200,"start":160,"title":"Noon"},"#
        + #""now":{"end":160,"start":0,"title":"Morning"},"number":2,"port":5004,"radio":true,"receivers":1,"#
        + #""state":"onAir"}}"#)
    #expect(StableJSON.value(SessionStatus.self, line) == Self.status)
  }

  @Test func aRequestSaysWhereToBegin() {
    let line = { (beginning: Beginning) in
      StableJSON.line(SessionRequest(type: .tune, station: "2", beginning: beginning))
    }
    #expect(line(.live) == #"{"station":"2","type":"tune"}"#)
    #expect(line(.at(100.5)) == #"{"at":100.5,"station":"2","type":"tune"}"#)
    #expect(line(.startOver) == #"{"startOver":true,"station":"2","type":"tune"}"#)
    #expect(line(.ago(600)) == #"{"ago":600,"station":"2","type":"tune"}"#)
    for beginning in [Beginning.live, .at(100.5), .ago(600), .startOver] {
      #expect(StableJSON.value(SessionRequest.self, line(beginning))?.beginning == beginning)
    }
    // What is on began at 0; of a station that does not tell, there is only the present.
    var station = Self.status.station
    #expect(Beginning.startOver.start(station) == .at(0.2))
    station.now = nil
    #expect(Beginning.startOver.start(station) == .live)
    // How long ago is for the server to reckon, whatever time this machine has.
    #expect(Beginning.ago(600).start(station) == .ago(600))
    #expect(Tuning.Start.ago(600).date(now: 5000) == 4400 && Tuning.Start.live.date(now: 5000) == nil)
  }

  @Test func statusTellsWhatOfThePastIsPlayed() {
    var status = Self.status
    (status.position, status.past) = (40, Programme(title: "Tide", start: 0, end: 60))
    let text = StatusCommand.text(status, now: 642)
    #expect(text.contains("Playing    Tide, 0:20 left\nBehind     10:02\n"))
    #expect(StableJSON.line(status).contains(#""past":{"end":60,"start":0,"title":"Tide"},"pid":10"#))
  }

  static let quality = Quality(
    path: .multicast, repaired: 12, late: 1, reordered: 4, duplicated: 2, jitter: 314, delayFactor: 4_240,
    mediaLossRate: 7, clockJitter: 431, delay: 2.34, buffer: 310)

  @Test func statusTellsHowDatagramsArrive() {
    var status = Self.status
    status.quality = Self.quality
    let text = StatusCommand.text(status, now: 100).split(separator: "\n")
    #expect(text[3] == "Reception  64 kb/s by multicast, 100 packets, 3 lost")
    #expect(text[4] == "Repair     12 repaired, 1 late, 4 reordered, 2 duplicated")
    #expect(
      text[5] == "Arrival    jitter 0.31 ms, MDI 4.2:7 (DF in ms:MLR), clock jitter 0.43 ms, delay 2.3 ms")
    #expect(text[7] == "Output     ffplay (process 11), 310 ms ahead")
    status.quality?.path = .stream
    #expect(StatusCommand.text(status, now: 100).contains("64 kb/s over TCP, "))
    #expect(!StatusCommand.text(status, now: 100).contains("Arrival"))
    let line = StableJSON.line(status)
    #expect(
      line.contains(
        #""quality":{"buffer":310,"clockJitter":431,"delay":2.34,"delayFactor":4240,"duplicated":2,"jitter":314,"#
          + #""late":1,"mediaLossRate":7,"path":"stream","reordered":4,"repaired":12}"#))
  }

  @Test func statusNamesAllServers() {
    var status = Self.status
    status.servers = [
      .init(server: "a:9966", isConnected: true, isSending: true),
      .init(server: "b:9966", isConnected: false, isSending: false),
      .init(server: "c:9966", isConnected: true, isSending: false),
    ]
    let text = StatusCommand.text(status, now: 100)
    #expect(text.hasSuffix("Servers    a:9966, b:9966 (away), c:9966 (without the station)"))
    #expect(StableJSON.value(SessionStatus.self, StableJSON.line(status)) == status)
  }

  @Test func reportsAsOftenAsTheServerWants() {
    var pace = ReportPace()
    let ticks = { (pace: inout ReportPace, seconds: Range<Int64>) in
      (seconds.lowerBound * 4..<seconds.upperBound * 4).count { pace.isDue(at: $0 * 250_000_000 + $0 % 3 * 1_000_000) }
    }
    #expect(ticks(&pace, 0..<10) == 10)
    pace.set(5)
    #expect(ticks(&pace, 10..<30) == 4)
    pace.set(0)
    #expect(ticks(&pace, 30..<40) == 10)
    pace.set(.max)
    #expect(pace.interval == 120)
  }

  @Test func qualityIsWhatWasMeasuredOfMulticast() {
    var figures = ReceptionFigures()
    #expect(figures.quality == Quality(path: .waiting))
    (figures.repaired, figures.late, figures.reordered, figures.duplicates) = (5, 4, 3, 2)
    var second = ReceptionMeter.Second()
    (second.jitter, second.delayFactor, second.mediaLossRate, second.clockJitter, second.delay) = (9, 8, 7, 6, 1.5)
    (figures.second, figures.path, figures.buffer) = (second, .multicast, 250)
    #expect(
      figures.quality
        == Quality(
          path: .multicast, repaired: 5, late: 4, reordered: 3, duplicated: 2, jitter: 9, delayFactor: 8,
          mediaLossRate: 7, clockJitter: 6, delay: 1.5, buffer: 250))
    figures.path = .stream
    #expect(figures.quality.jitter == 0 && figures.quality.delay == nil)
  }

  @Test func statusForPeople() {
    #expect(
      StatusCommand.text(Self.status, now: 100) == """
        Station    2 Radio Quay
        Now        Morning, 1:00 left
        Group      239.255.66.20:5004 on lo
        Reception  64 kb/s, 100 packets, 3 lost
        Since      0:03 ago
        Output     ffplay (process 11)
        Server     127.0.0.1:9966
        """)
  }

  /// A directory of this test alone, removed at its end.
  final class Folder {
    let path: String

    init() throws {
      path = "/tmp/tuner-test-\(ThisProcess.pid)-\(UInt64.random(in: .min ... .max))"
      try PrivateDirectory.make(path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  @Test func nobodyIsThereAndAStaleSocketIsNobody() throws {
    let folder = try Folder()
    let place = try SessionPlace(directory: folder.path + "/run")
    #expect(try place.ask(SessionRequest(type: .status), timeoutMilliseconds: 1000) == nil)
    // A socket file that a killed process left behind: bound, but nobody listens.
    try leaveSocket(at: place.socket)
    #expect(try place.ask(SessionRequest(type: .status), timeoutMilliseconds: 1000) == nil)
    #expect(place.holder == nil)
    // And a new session takes its place.
    let server = try UnixServer(path: place.socket) { _ in StableJSON.line(SessionReply(message: "here")) }
    #expect(try place.ask(SessionRequest(type: .status), timeoutMilliseconds: 1000) == SessionReply(message: "here"))
    server.close()
    #expect(try place.ask(SessionRequest(type: .status), timeoutMilliseconds: 1000) == nil)
  }

  @Test func theSessionIsAskedInJSON() throws {
    let folder = try Folder()
    let place = try SessionPlace(directory: folder.path)
    let heard = Mutex<[String]>([])
    let server = try UnixServer(path: place.socket) { line in
      heard.withLock { $0.append(line) }
      return StableJSON.line(SessionReply(message: "done", status: Self.status))
    }
    defer { server.close() }
    let reply = try place.ask(SessionRequest(type: .tune, station: "radio \"q"), timeoutMilliseconds: 1000)
    #expect(reply?.status == Self.status)
    #expect(heard.withLock(\.self) == [#"{"station":"radio \"q","type":"tune"}"#])
  }

  @Test func aDirectoryOpenToOthersIsRefused() throws {
    let folder = try Folder()
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    #expect(throws: TunerError.self) { try SessionPlace(directory: folder.path) }
    #expect(throws: TunerError.self) { try SessionPlace(directory: folder.path + "/missing/deep") }
    #expect(throws: TunerError.self) { try SessionPlace(directory: "/dev/null") }
  }

  @Test func theRuntimeDirectoryIsUsedOnlyWhereItIsOurs() throws {
    let folder = try Folder()
    #expect(try SessionPlace(environment: ["XDG_RUNTIME_DIR": folder.path]).directory == folder.path + "/tuner")
    for other in ["/nonexistent", "relative", "/dev/null", ""] {
      #expect(
        try SessionPlace(environment: ["XDG_RUNTIME_DIR": other]).directory
          == "/tmp/tuner-\(PrivateDirectory.user)")
    }
  }

  @Test func anAnswerThatNeverComesIsNotWaitedForForEver() {
    let answer = Answer()
    #expect(answer.wait(seconds: 0).exitStatus == 75)
    answer.give(SessionReply(message: "late"))
    #expect(answer.wait(seconds: 1).message == "late")
  }

  /// What a killed process leaves: a socket's second name stays when the first is removed with its listener.
  private func leaveSocket(at path: String) throws {
    let server = try UnixServer(path: path + ".first") { $0 }
    try FileManager.default.linkItem(atPath: path + ".first", toPath: path)
    server.close()
  }
}

/// Runs a program to its end.
func run(_ arguments: [String]) throws -> ChildProcess.Ending? {
  let child = try ChildProcess(arguments)
  for _ in 0..<1000 {
    if let ending = child.poll() { return ending }
    SteadyClock.sleep(until: SteadyClock.now + 10_000_000)
  }
  return nil
}
