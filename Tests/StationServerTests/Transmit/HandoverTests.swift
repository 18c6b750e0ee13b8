import FoundationEssentials
import LinuxIO
import Synchronization
import Testing
import TransportStream

@testable import StationServer

@Suite struct HandoverTests {
  let directory: String

  init() throws {
    let path = FileManager.default.temporaryDirectory.path + "/handover-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    directory = path
  }

  private func handover() -> Handover {
    Handover(directory: directory, path: Handover.socketPath(directory: directory, pid: 1))
  }

  @Test func withoutAnElderTheAirIsFree() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try Data("x".utf8).write(to: URL(fileURLWithPath: "\(directory)/transmitter-1.sock"))
    try Data("x".utf8).write(to: URL(fileURLWithPath: "\(directory)/other"))
    let found = handover().findElders()
    #expect(found.elders.isEmpty && found.clockOffset == nil)
    #expect(handover().takeOver(from: []) { .seconds(5) } == nil)
    #expect(FileManager.default.fileExists(atPath: "\(directory)/other"))
  }

  @Test func anElderGivesItsClockAndLeavesAtTheDate() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let asked = Asked()
    let elder = try UnixServer(path: Handover.socketPath(directory: directory, pid: 2)) { line in
      let request = try? JSONDecoder().decode(TransmitRequest.self, from: Data(line.utf8))
      if let leave = request?.leave {
        asked.date.store(leave.at?.count ?? 0, ordering: .relaxed)
        return #"{"left":{"clockOffset":77}}"#
      }
      return #"{"figures":{"clockOffset":77,"residentBytes":1,"realTime":true,"stations":[]}}"#
    }
    defer { elder.close() }
    let found = handover().findElders()
    #expect(found.elders == [Handover.socketPath(directory: directory, pid: 2)])
    #expect(found.clockOffset == 77)
    let date = handover().takeOver(from: found.elders) { .seconds(5) }
    #expect(date == .seconds(5) + .milliseconds(200))
    #expect(asked.date.load(ordering: .relaxed) == date?.count)
  }

  @Test func anElderThatDiedMeanwhileLeavesTheAirFree() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = Handover.socketPath(directory: directory, pid: 3)
    #expect(handover().takeOver(from: [path]) { .seconds(5) } == nil)
  }
}

private final class Asked: Sendable {
  let date = Atomic<Int64>(0)
}

@Suite struct TransmitDeskTests {
  private func desk() -> TransmitDesk {
    TransmitDesk(handover: Handover(directory: "/nonexistent", path: "/nonexistent/transmitter-1.sock")) {}
  }

  private func reply(_ line: String) throws -> TransmitReply {
    try JSONDecoder().decode(TransmitReply.self, from: Data(desk().answer(line).utf8))
  }

  @Test(arguments: ["", "{", "[]", "{}", #"{"plan":{}}"#, #"{"plan":null}"#, #"{"leave":{"at":"soon"}}"#])
  func whatCannotBeReadIsAnError(line: String) throws {
    #expect(try reply(line).error != nil)
  }

  @Test func anUnknownInterfaceIsAnError() throws {
    let plan = #"{"plan":{"interface":"nosuch0","ttl":1,"dscp":0,"threads":1,"stations":[]}}"#
    #expect(try reply(plan).error?.contains("cannot find nosuch0") == true)
  }

  @Test func figuresWithoutAPlan() throws {
    let figures = try #require(try reply(#"{"figures":{}}"#).figures)
    #expect(figures.stations.isEmpty)
    #expect(figures.process.residentBytes > 1 << 20)
  }
}
