import Testing
import Wire

@testable import Tuner

struct RemoteControlTests {
  private func press(_ keys: String, _ remote: inout RemoteControl) -> [RemoteControl.Wish] {
    keys.utf8.compactMap { remote.press($0, now: 0) }
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
    var remote = RemoteControl()
    #expect(press("\u{1B}[A\u{1B}[B\u{1B}OA\u{1B}[1;5B", &remote) == [.list, .list, .list, .list])
    // Left, right, F5 and Alt-x are nothing; what follows them counts again.
    #expect(press("\u{1B}[C\u{1B}[D\u{1B}[15~\u{1B}x+-q", &remote) == [.list, .list, .quit])
    #expect(press("4\u{1B}[A\n", &remote) == [.typing("4"), .list])
    #expect(remote.press(0x04, now: 0) == .quit)
  }

  @Test func theListIsGoneThroughInPages() {
    var remote = RemoteControl()
    func page(_ numbers: [Int], more: Bool, state: StationState = .onAir) -> ServerMessage.Stations {
      .init(
        stations: numbers.map {
          StationSummary(
            number: $0, name: "\($0)", state: state, group: "239.255.66.1", port: 5004, encapsulation: .rtp, bitrate: 1,
            radio: false)
        }, more: more ? true : nil)
    }
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
