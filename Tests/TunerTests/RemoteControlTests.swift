import Testing
import Wire

@testable import Tuner

struct RemoteControlTests {
  private func press(_ keys: String, _ remote: inout RemoteControl, now: Int64 = 0) -> [RemoteControl.Wish] {
    keys.utf8.compactMap { remote.press($0, now: now) }
  }

  private func page(_ numbers: [Int], more: Bool = false, state: StationState = .onAir) -> ServerMessage.Stations {
    .init(
      stations: numbers.map {
        StationSummary(
          number: $0, name: "\($0)", state: state, group: "239.255.66.1", port: 5004, encapsulation: .rtp, bitrate: 1,
          radio: false)
      }, more: more ? true : nil)
  }

  @Test func digitsAndEnter() {
    var remote = RemoteControl()
    #expect(press("12\n", &remote) == [.typing("1"), .typing("12"), .station(12)])
    #expect(press("\r", &remote) == [])
    #expect(press("1\u{7F}3\r", &remote) == [.typing("1"), .typing(""), .typing("3"), .station(3)])
    #expect(press("0\n", &remote) == [.typing("0"), .typing("")])
    #expect(press("123456\n", &remote).last == .station(12_345))
  }

  @Test func aNumberThatStandsIsMeant() {
    var remote = RemoteControl()
    #expect(remote.press(UInt8(ascii: "7"), now: 5) == .typing("7"))
    #expect(remote.tick(now: 1_900_000_000) == nil)
    #expect(remote.tick(now: 2_000_000_005) == .station(7))
    #expect(remote.tick(now: 9_000_000_000) == nil)
  }

  @Test func arrowsUpAndDown() {
    // Left, right, F5 and Alt-x are nothing; what follows them counts again.
    let keys = [
      ("\u{1B}[A", 2), ("\u{1B}[B", 5), ("\u{1B}OA", 2), ("\u{1B}[1;5B", 5), ("+", 2), ("j", 5),
      ("\u{1B}[C\u{1B}[D\u{1B}[15~\u{1B}xk", 2),
    ]
    for (keys, station) in keys {
      var remote = RemoteControl()
      #expect(press(keys, &remote) == [.list])
      #expect(remote.receive(page([1, 2, 5]), current: 1) == station)
    }
    var remote = RemoteControl()
    #expect(press("4\u{1B}[A\n", &remote) == [.typing("4"), .list])
    #expect(remote.press(0x04, now: 0) == .quit)
  }

  /// Thirty presses a second make five questions, and every press counts.
  @Test(arguments: [Int64(1_000_000), 130_000_000]) func aKeyThatIsHeldDownAsksSeldom(roundTrip: Int64) {
    var remote = RemoteControl()
    var current = 0
    var (asked, answers): (Int, [Int64]) = (0, [])
    func take(_ wish: RemoteControl.Wish?, _ now: Int64) {
      guard wish == .list else { return }
      asked += 1
      answers.append(now + roundTrip)
    }
    for millisecond in 0..<2000 {
      let now = Int64(millisecond) * 1_000_000
      if millisecond < 1000, millisecond % 33 == 0 { take(remote.press(UInt8(ascii: "+"), now: now), now) }
      if millisecond % 250 == 0 { take(remote.tick(now: now), now) }
      if answers.first.map({ $0 <= now }) == true {
        answers.removeFirst()
        current = remote.receive(page(Array(0..<100)), current: current) ?? current
      }
    }
    #expect(current == 31)
    #expect((4...7).contains(asked), "\(asked)")
  }

  @Test func upAndDownIsNowhere() {
    var remote = RemoteControl()
    #expect(press("+-", &remote) == [.list])
    #expect(remote.receive(page([1, 2, 5]), current: 1) == nil)
    #expect(press("+", &remote, now: 1_000_000_000) == [.list])
    #expect(remote.receive(page([1, 2, 5]), current: 1) == 2)
  }

  @Test func aListThatDoesNotComeIsAskedForAgain() {
    var remote = RemoteControl()
    #expect(press("+", &remote) == [.list])
    #expect(remote.tick(now: 4_900_000_000) == nil)
    #expect(remote.tick(now: 5_000_000_000) == .list)
    #expect(remote.receive(page([1, 2, 5]), current: 1) == 2)
  }

  @Test func theListIsGoneThroughInPages() {
    var remote = RemoteControl()
    #expect(remote.receive(page([1, 2, 3], more: false), current: 1) == nil)
    _ = press("\u{1B}[A\u{1B}[A", &remote)
    #expect(remote.receive(page([1, 2], more: true), current: 1) == nil)
    #expect(remote.receive(page([3], more: true, state: .preparing), current: 1) == nil)
    #expect(remote.receive(page([7], more: false), current: 1) == 7)
    #expect(remote.receive(page([7], more: false), current: 1) == nil)
  }

  @Test func neighboursGoRound() {
    #expect(RemoteControl.neighbour(of: 2, by: 1, among: [1, 2, 5]) == 5)
    #expect(RemoteControl.neighbour(of: 5, by: 1, among: [5, 2, 1]) == 1)
    #expect(RemoteControl.neighbour(of: 1, by: -1, among: [1, 2, 5]) == 5)
    #expect(RemoteControl.neighbour(of: 3, by: -1, among: [1, 2, 5]) == 2)
    #expect(RemoteControl.neighbour(of: 3, by: 1, among: [1, 2, 5]) == 5)
    #expect(RemoteControl.neighbour(of: 3, by: 1, among: [3]) == nil)
  }
}
