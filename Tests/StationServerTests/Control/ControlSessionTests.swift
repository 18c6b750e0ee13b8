import Testing
import Wire

@testable import StationServer

@Suite struct ControlSessionTests {
  private func session() -> ControlSession {
    ControlSession(site: .init(name: "Hafen", contact: "noc@hafen"), stations: 3, now: 100)
  }

  private let summary = StationSummary(number: 2, name: "Two", state: .onAir, group: "239.1.1.1", port: 5004)

  private func code(_ action: ControlSession.Action?) -> ErrorCode? {
    if case .send(.error(let error)) = action { error.code } else { nil }
  }

  @Test func welcomesInTheOlderOfTwoVersions() {
    for (theirs, spoken) in [(1, 1), (7, 1), (0, 1), (-5, 1)] {
      var session = session()
      let actions = session.handle(.line(.success(.hello(.init(version: theirs)))), at: 100)
      #expect(
        actions == [
          .send(
            .welcome(
              .init(
                version: spoken, server: ControlSession.server, site: .init(name: "Hafen", contact: "noc@hafen"),
                stations: 3)))
        ])
    }
  }

  @Test func turnsMessagesIntoActionsAndAnswersIntoMessages() {
    var session = session()
    #expect(session.handle(.line(.success(.list())), at: 100) == [.list(since: nil)])
    #expect(session.handle(.line(.success(.list(since: 17))), at: 100) == [.list(since: 17)])
    #expect(session.handle(.line(.success(.join(.init(station: 2)))), at: 100) == [.join(2)])
    let joined = ServerMessage.Joined(station: summary, ssrc: 5, pmt: 0x1000, audio: [])
    #expect(session.handle(.joined(.joined(joined)), at: 100) == [.send(.joined(joined))])
    let error = ServerMessage.ErrorReply(code: .notOnAir, message: "No.")
    #expect(session.handle(.joined(.refused(error)), at: 100) == [.send(.error(error))])
    #expect(session.handle(.line(.success(.leave)), at: 100) == [.leave])
    #expect(session.handle(.left(2), at: 100) == [.send(.left(.init(station: 2)))])
  }

  @Test func passesReportsOn() {
    var session = session()
    let report = ClientMessage.Report(station: 1, received: 1, lost: 0, bitrate: 1)
    #expect(session.handle(.line(.success(.report(report))), at: 100) == [.report(report)])
    #expect(session.handle(.line(.success(.receptions)), at: 100) == [.receptions])
  }

  /// The name is shown on a terminal.
  @Test func remembersNoMoreOfAClientsNameThanPlainText() {
    var session = session()
    let name = "tuner \u{1B}[2J0.1\n" + String(repeating: "x", count: 100)
    _ = session.handle(.line(.success(.hello(.init(client: name)))), at: 100)
    #expect(session.client == "tuner [2J0.1" + String(repeating: "x", count: 52))
  }

  @Test func ignoresWhatItDoesNotKnow() {
    var session = session()
    #expect(session.handle(.line(.success(.unknown(type: "stream"))), at: 100) == [])
  }

  @Test func closesAtTheThirdMalformedLine() {
    var session = session()
    #expect(code(session.handle(.line(.failure(.notAnObject)), at: 100).first) == .malformed)
    #expect(session.handle(.line(.success(.list())), at: 100) == [.list(since: nil)])
    #expect(code(session.handle(.line(.failure(.lineTooLong)), at: 100).first) == .tooLong)
    let last = session.handle(.line(.failure(.missingType)), at: 100)
    #expect(code(last.first) == .malformed)
    #expect(last.last == .close)
    #expect(session.handle(.line(.success(.list())), at: 100) == [])
  }

  @Test func closesWhenNothingIsSaid() {
    var silent = session()
    #expect(silent.handle(.tick, at: 110) == [])
    #expect(code(silent.handle(.tick, at: 110.1).first) == .idle)

    var malformed = session()
    _ = malformed.handle(.line(.failure(.notAnObject)), at: 105)
    #expect(code(malformed.handle(.tick, at: 115.1).first) == .idle)

    var spoken = session()
    _ = spoken.handle(.line(.success(.hello(.init()))), at: 105)
    #expect(spoken.handle(.tick, at: 405) == [])
    #expect(spoken.handle(.tick, at: 405.1).last == .close)
  }

  @Test func closesOnAFlood() {
    var session = session()
    for _ in 0..<40 { #expect(session.handle(.line(.success(.list())), at: 100) == [.list(since: nil)]) }
    let actions = session.handle(.line(.success(.list())), at: 100)
    #expect(code(actions.first) == .busy)
    #expect(actions.last == .close)
  }

  @Test func bearsWhatWasSaidWhileItDidNotListen() {
    var session = session()
    for _ in 0..<40 { _ = session.handle(.line(.success(.list())), at: 100) }
    #expect(session.handle(.heldBack(seconds: 5), at: 100) == [])
    for _ in 0..<100 { #expect(session.handle(.line(.success(.list())), at: 100) == [.list(since: nil)]) }
    #expect(code(session.handle(.line(.success(.list())), at: 100).first) == .busy)
  }

  @Test func bearsAsManyMessagesAsItAllows() {
    var session = session()
    for index in 0..<1000 {
      let actions = session.handle(.line(.success(.list())), at: 100 + Double(index) / 19)
      #expect(actions == [.list(since: nil)])
    }
  }

  @Test func saysThatItStops() {
    var session = session()
    let actions = session.handle(.stopping, at: 100)
    #expect(code(actions.first) == .closing)
    #expect(actions.last == .close)
  }
}

@Suite struct AdmissionTests {
  @Test func hasRoomForSoManyAndNoMore() {
    let admission = Admission(total: 3, perAddress: 2)
    #expect(admission.enter("a"))
    #expect(admission.enter("a"))
    #expect(!admission.enter("a"))
    #expect(admission.enter("b"))
    #expect(!admission.enter("c"))
    admission.leave("a")
    #expect(admission.enter("c"))
    #expect(admission.count == 3)
  }

  @Test func leavesPlacesToOthersWhateverOneAddressMayHave() {
    let admission = Admission(total: 100, perAddress: 1000)
    #expect((0..<100).count { _ in admission.enter("a") } == 50)
    #expect((0..<100).count { _ in admission.enter("b") } == 25)
    #expect(admission.enter("c"))
    for _ in 0..<25 { admission.leave("b") }
    #expect(admission.enter("b"))
  }

  /// A host has 2^64 addresses of its network.
  @Test func countsNetworksOfIPv6() {
    let share = { ClientAddress.share(of: $0) }
    #expect(share("2001:db8:0:12::1") == share("2001:db8:0:12:ffff:0:a:b"))
    #expect(share("2001:db8:0:12::1") != share("2001:db8:0:13::1"))
    #expect(share("fe80::1%eth0") == share("fe80::2"))
    #expect(share("::1") == share("0:0::7") && share("::1") != share("1::"))
    #expect(share("10.0.0.1") == "10.0.0.1" && share("10.0.0.1") != share("10.0.0.2"))
    #expect(share("::ffff:10.0.0.1") == "10.0.0.1")
    #expect(share("?") == "?")
  }

  /// All hosts of a network share its first 64 bits: those of the server's own are told apart.
  @Test func countsNeighboursByThemselves() {
    let share = { ClientAddress.share(of: $0, at: "2001:db8:0:12::1") }
    #expect(share("2001:db8:0:12::7") != share("2001:db8:0:12::8"))
    #expect(share("2001:db8:0:13::7") == share("2001:db8:0:13::8"))
    let shareOnLink = { ClientAddress.share(of: $0, at: "fe80::1%eth0") }
    #expect(shareOnLink("fe80::7") != shareOnLink("fe80::8"))
    #expect(ClientAddress.share(of: "10.0.0.1", at: "10.0.0.2") == "10.0.0.1")
  }
}
