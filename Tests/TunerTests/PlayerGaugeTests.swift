import LinuxIO
import Synchronization
import Testing

@testable import Tuner

struct PlayerGaugeTests {
  private func lines(_ text: String) -> [GaugeText.Line] {
    var gauge = GaugeText()
    return text.utf8.compactMap { gauge.take($0) }
  }

  @Test func clocksAreToldFromMessages() {
    // Three versions of ffplay: 5.1, 4.3 and 7.
    let text =
      "    nan    :  0.000 fd=   0 aq=    0KB vq=    0KB sq=    0B f=0/0   \r"
      + "  12.34 A-V: -0.021 fd=   0 aq=    9KB vq=   83KB sq=    0B f=1/2   \r"
      + "2000.05 M-A:  0.000 fd=   1 aq=    9KB vq=    0KB sq=    0B f=0/0   \r"
      + "  -0.52 M-V:  0.000 fd=   1 aq=    0KB vq=    7KB sq=    0B \r"
      + "[h264 @ 0x55] error while decoding MB 20 1\n\n  1.00 A-V: unfinished"
    #expect(
      lines(text) == [
        .clock(12.34), .clock(2000.05), .clock(-0.52), .message("[h264 @ 0x55] error while decoding MB 20 1"),
      ])
  }

  @Test func aLineWithoutEndTakesNoMemory() {
    #expect(lines(String(repeating: "x", count: 5000) + "\n") == [.message(String(repeating: "x", count: 1000))])
  }

  @Test func listensToAPlayer() async throws {
    let clocks = Mutex<[Double]>([])
    let gauge = try PlayerGauge()
    let player = try ChildProcess(
      ["/bin/sh", "-c", #"printf ' 1.50 A-V: 0.0 fd= 0 aq= 1KB vq= 1KB\r 1.53 A-V: 0.0 fd= 0 aq= 1KB vq= 1KB\r' >&2"#],
      output: gauge.output)
    try gauge.listen { clock in clocks.withLock { $0.append(clock) } }
    for _ in 0..<500 where clocks.withLock(\.count) < 2 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(clocks.withLock(\.self) == [1.5, 1.53])
    withExtendedLifetime(player) {}
  }
}
